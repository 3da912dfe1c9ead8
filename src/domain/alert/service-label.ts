/** Which label of an alert names the service it is about. */
import type { Labels } from "../alert.ts";
import { podLabels, workloadOf } from "./entity.ts";

/**
 * Labels that name what an alert is about, most specific meaning first. What a scrape's own labels hid comes before them
 * (`exported_`); a pod before its containers, which are called "app" everywhere; a machine by name before its address.
 * @see https://opentelemetry.io/docs/specs/semconv/registry/attributes/service/
 */
const serviceLabels = [
  "exported_service",
  "service",
  "service_name",
  "service.name",
  "app",
  "app_kubernetes_io_name",
  "application",
  "deployment",
  "kube_deployment",
  "k8s_deployment_name",
  "k8s.deployment.name",
  "statefulset",
  "kube_stateful_set",
  "k8s_statefulset_name",
  "k8s.statefulset.name",
  "daemonset",
  "kube_daemon_set",
  "k8s_daemonset_name",
  "k8s.daemonset.name",
  "cronjob",
  "k8s_cronjob_name",
  "k8s.cronjob.name",
  "workload",
  "component",
  "function_name",
  "FunctionName",
  "dimension_FunctionName",
  "DBInstanceIdentifier",
  "dimension_DBInstanceIdentifier",
  "ServiceName",
  "dimension_ServiceName",
  "task_name",
  "task",
  "nomad_job",
  "exported_pod",
  "pod",
  "pod_name",
  "k8s_pod_name",
  "k8s.pod.name",
  "exported_container",
  "container",
  "container_name",
  "job_name",
  "exported_job",
  "job",
  "horizontalpodautoscaler",
  "persistentvolumeclaim",
  "consumergroup",
  "host",
  "hostname",
  "host_name",
  "host.name",
  "nodename",
  "node",
  "instance",
  "exported_instance",
] as const;

/** What measures others, with or without a port: an alert whose `job` it is speaks of something else, if it says of what. */
const measurer =
  /(?:^|[-_./])(?:kube-state-metrics|kubelet|cadvisor|pushgateway|yace|[a-z0-9]*exporter|blackbox(?:[-_][a-z0-9]+)?)(?::\d{1,5})?$/i;
/** Of these, those whose `instance` is what they measure and not they themselves. */
const ofMachines = /(?:^|[-_./])(?:node|windows|wmi|snmp|ipmi)[-_]?exporter|kubelet|cadvisor|blackbox/i;
/** Names of jobs that say only how something is scraped. */
const genericJob =
  /^(?:nodes?|hosts?|servers?|machines?|vms?|linux|windows|static|targets?|kubernetes-[a-z-]+)$/i;
const address = /^(?:\d{1,3}(?:\.\d{1,3}){3}|\[[0-9a-f:]+\])(?::\d{1,5})?$/i;

/** What an alert is about, from its labels; what merely measures it only where nothing else is named. Null when none says. */
export function serviceOf(labels: Labels): string | null {
  let measuring: string | null = null;
  for (const name of serviceLabels) {
    const value = labels[name];
    if (value === undefined || value === "") continue;
    if (!isMeasurer(name, value, measuring)) return value;
    measuring ??= value;
  }
  return measuring;
}

function isMeasurer(name: string, value: string, measuring: string | null): boolean {
  if (name === "job" && genericJob.test(value)) return true;
  if (measurer.test(podLabels.includes(name) ? workloadOf(value) : value)) return true;
  // The address is that of what measures.
  return name === "instance" && measuring !== null && !pointsOut(measuring) && address.test(value);
}

/** Whether an address beside this name is that of what is measured. */
function pointsOut(measuring: string): boolean {
  return ofMachines.test(measuring) || genericJob.test(measuring);
}
