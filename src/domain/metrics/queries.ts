/**
 * What Kubernetes calls the pods of the workload with this name, and of no other whose name begins alike: `cart-db-0` is
 * none of `cart`. A Deployment's have the hash of its template (a number of 32 bits, each digit as one of ten letters)
 * and five characters of an alphabet without vowels; a CronJob's its minute and five such; a DaemonSet's and a Job's five
 * such; a StatefulSet's a number. A name has 63 characters at most: of a long one the end of the hash is cut off, with
 * the dash.
 * @see https://github.com/kubernetes/apimachinery/blob/master/pkg/util/rand/rand.go (SafeEncodeString)
 */
const ownPods = "{{service}}-((([4-9bcdf]{5,10}|[0-9]{8,10})-?)?[bcdfghjklmnpqrstvwxz2456789]{5}|[0-9]+)";

/**
 * What is asked of every suspect unless tocsin.yaml says otherwise: names that client libraries, cAdvisor and
 * kube-state-metrics use. A query whose metrics do not exist costs one question and says nothing. `or` takes the first
 * that does.
 */
export const shippedMetricQueries: readonly {
  readonly name: string;
  readonly query: string;
  readonly unit: string;
}[] = [
  {
    name: "error ratio",
    unit: "ratio",
    query:
      'sum(rate(http_requests_total{service="{{service}}",code=~"5.."}[2m])) / sum(rate(http_requests_total{service="{{service}}"}[2m]))' +
      ' or sum(rate(http_requests_total{job="{{service}}",code=~"5.."}[2m])) / sum(rate(http_requests_total{job="{{service}}"}[2m]))',
  },
  {
    name: "p99 latency",
    unit: "seconds",
    query:
      'histogram_quantile(0.99, sum by (le) (rate(http_request_duration_seconds_bucket{service="{{service}}"}[2m])))' +
      ' or histogram_quantile(0.99, sum by (le) (rate(http_request_duration_seconds_bucket{job="{{service}}"}[2m])))',
  },
  {
    name: "request rate",
    unit: "per second",
    query:
      'sum(rate(http_requests_total{service="{{service}}"}[2m])) or sum(rate(http_requests_total{job="{{service}}"}[2m]))',
  },
  {
    name: "CPU",
    unit: "cores",
    query:
      `sum(rate(container_cpu_usage_seconds_total{pod=~"${ownPods}",container!=""}[2m]))` +
      ' or sum(rate(process_cpu_seconds_total{job="{{service}}"}[2m]))',
  },
  {
    name: "memory",
    unit: "bytes",
    query:
      `sum(container_memory_working_set_bytes{pod=~"${ownPods}",container!=""})` +
      ' or sum(process_resident_memory_bytes{job="{{service}}"})',
  },
  {
    name: "restarts",
    unit: "",
    query: `sum(increase(kube_pod_container_status_restarts_total{pod=~"${ownPods}"}[5m]))`,
  },
  { name: "instances up", unit: "", query: 'sum(up{job="{{service}}"})' },
];
