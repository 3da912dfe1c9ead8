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
      'sum(rate(container_cpu_usage_seconds_total{pod=~"{{service}}-.+",container!=""}[2m]))' +
      ' or sum(rate(process_cpu_seconds_total{job="{{service}}"}[2m]))',
  },
  {
    name: "memory",
    unit: "bytes",
    query:
      'sum(container_memory_working_set_bytes{pod=~"{{service}}-.+",container!=""})' +
      ' or sum(process_resident_memory_bytes{job="{{service}}"})',
  },
  {
    name: "restarts",
    unit: "",
    query: 'sum(increase(kube_pod_container_status_restarts_total{pod=~"{{service}}-.+"}[5m]))',
  },
  { name: "instances up", unit: "", query: 'sum(up{job="{{service}}"})' },
];
