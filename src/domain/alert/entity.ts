/** Which service an alert is about, and which it speaks of, whatever its sender calls them. */
import type { Alert, Labels } from "../alert.ts";

/** Labels that name another service the alert speaks of: the far end of a call. */
const peerLabels = [
  "destination_service",
  "destination_service_name",
  "destination_workload",
  "destination",
  "upstream",
  "upstream_service",
  "upstream_cluster",
  "dependency",
  "peer",
  "peer_service",
  "target_service",
  "server_address",
] as const;

/** Labels that name the near end of a call, where `service` is the far one. */
const callerLabels = ["source_service", "source_workload", "source", "downstream", "client"] as const;

/** Labels whose value is a machine, with or without a port. */
const hostLabels: ReadonlySet<string> = new Set([
  "instance",
  "exported_instance",
  "host",
  "hostname",
  "host_name",
  "host.name",
  "nodename",
  "node",
  "target",
  "server_address",
]);

/** Labels that name a pod, by the names that exporters, relabelling and OpenTelemetry give it. */
export const podLabels: readonly string[] = [
  "pod",
  "exported_pod",
  "pod_name",
  "k8s_pod_name",
  "k8s.pod.name",
];

/** All that name an end of a call: most alerts have none of them. */
const callLabels: ReadonlySet<string> = new Set<string>([...peerLabels, ...callerLabels]);

/**
 * What Kubernetes makes names of: no vowels, and no digits that look like letters.
 * @see https://github.com/kubernetes/apimachinery/blob/master/pkg/util/rand/rand.go (alphanums)
 */
const safe = "[bcdfghjklmnpqrstvwxz2456789]";
/** A replica set's hash, then a pod's suffix; older clusters and other schedulers write the hash in hexadecimal. */
const deploymentPod = new RegExp(`-(?:${safe}{6,10}|[a-f0-9]{6,10})-[a-z0-9]{5}$`);
const suffixedPod = new RegExp(`-${safe}{5}$`);
const replicaSet = new RegExp(`-(?=[a-z]*\\d)${safe}{8,10}$`);
/** A cron job's run: minutes or seconds since the epoch. */
const scheduledRun = /-\d{8,10}$/;
const ordinal = /-\d{1,4}$/;
/** Words of five letters that the suffix of a pod could be taken for, had it no digit. */
const wordsLikeSuffixes: ReadonlySet<string> = new Set([
  "https",
  "httpd",
  "grpcs",
  "mqtts",
  "mssql",
  "pgsql",
]);

/**
 * The workload behind a name of one of its parts: a pod of a deployment, replica set, daemon set, job, cron job or
 * stateful set; a replica set; a run of a cron job.
 * @see https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#pod-template-hash-label
 * @see https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/#schedule-syntax
 */
export function workloadOf(pod: string): string {
  const bare = withoutSuffix(pod);
  if (bare !== pod) return bare.replace(scheduledRun, "") || pod;
  return pod.replace(replicaSet, "").replace(scheduledRun, "").replace(ordinal, "") || pod;
}

function withoutSuffix(pod: string): string {
  if (deploymentPod.test(pod) && /\d/.test(pod.slice(pod.search(deploymentPod))))
    return pod.replace(deploymentPod, "");
  if (scheduledRun.test(pod.slice(0, -6))) return pod.replace(/-[a-z0-9]{5}$/, "");
  const suffix = pod.slice(-5);
  return wordsLikeSuffixes.has(suffix) ? pod : pod.replace(suffixedPod, "");
}

/**
 * What the last, telling part of an address is: the host of "host:9100" or of a URL, the name in a cluster address or
 * in an Envoy cluster, the resource of an ARN or of an Azure or Google resource id. Anything else is returned as it is.
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html
 * @see https://kubernetes.io/docs/concepts/services-networking/dns-pod-service/
 */
export function serviceNameOf(text: string): string {
  if (text.startsWith("arn:")) return nameInArn(text);
  if (/^\/?(?:subscriptions|projects)\//.test(text)) return lastSegment(text);
  const envoy = /^(?:outbound|inbound)\|\d*\|[^|]*\|([^|]+)$/.exec(text)?.[1];
  const host = envoy ?? /^[a-z][a-z0-9+.-]*:\/\/(?:[^@/]*@)?([^/?#]+)/i.exec(text)?.[1] ?? text;
  const bare = host.replace(/^\[([0-9a-f:]+)\](?::\d+)?$/i, "$1").replace(/^([^:]+):\d{1,5}$/, "$1");
  return bare.replace(/^([a-z0-9-]+)\.[a-z0-9-]+\.svc(?:\.[a-z0-9.-]+)?$/i, "$1");
}

/**
 * arn:aws:lambda:eu-west-1:1234:function:checkout, …:loadbalancer/app/shop/50dc6c495c0c9188, …:service/cluster/web,
 * …:log-group:/aws/lambda/checkout:*, …:table/orders/stream/2026-01-01T00:00:00.000, arn:aws:s3:::invoices/2026/1.pdf.
 */
function nameInArn(arn: string): string {
  const [, , system, , , ...resource] = arn.split(":");
  const [kind, ...rest] = resource.join(":").split(/[:/]/);
  if (system === "s3") return kind || arn;
  // The last part is a random id; before it stands the name that people gave.
  if (kind === "loadbalancer" || kind === "targetgroup" || kind === "task")
    return (rest.length > 1 ? rest.at(-2) : rest[0]) ?? arn;
  if (kind === "function" || kind === "table") return rest[0] ?? arn;
  return lastSegment(resource.join(":").replace(/:\*$/, "")) || arn;
}

function lastSegment(text: string): string {
  const parts = text.split(/[:/]/).filter((part) => part !== "");
  return parts.at(-1) ?? text;
}

/**
 * The service an alert is about, as the topology would call it: a pod's workload when only the pod is named, a machine
 * without its port, the resource of an ARN; null when nothing is named.
 */
export function entityOf(alert: Pick<Alert, "service" | "labels">): string | null {
  const { service, labels } = alert;
  if (service === null || service === "") return null;
  for (const name of podLabels) if (labels[name] === service) return workloadOf(ownName(service, labels));
  if (isAddress(service) || isHost(service, labels)) return serviceNameOf(service);
  return service === labels["replicaset"] || service === labels["job_name"] ? workloadOf(service) : service;
}

/** An ARN, a cluster address or an Envoy cluster: no name of a service has their form. */
function isAddress(service: string): boolean {
  return service.startsWith("arn:") || service.includes(".svc") || /^(?:out|in)bound\|/.test(service);
}

function isHost(service: string, labels: Labels): boolean {
  for (const name in labels) if (labels[name] === service && hostLabels.has(name)) return true;
  return false;
}

/** A static pod is called after its node, too. */
function ownName(pod: string, labels: Labels): string {
  const node = labels["node"];
  return node !== undefined && node !== "" && pod.endsWith(`-${node}`) ? pod.slice(0, -node.length - 1) : pod;
}

function firstOf(labels: Labels, names: readonly string[], but: string | null): string | null {
  for (const name of names) {
    const value = labels[name];
    if (value === undefined || value === "" || value === but) continue;
    const service = serviceNameOf(value);
    if (service !== but) return service;
  }
  return null;
}

function namesCall(labels: Labels): boolean {
  for (const name in labels) if (callLabels.has(name)) return true;
  return false;
}

/**
 * The service at the other end of the call that the alert is about, with the direction; null when it names none.
 * @param entity - its own service, where that is known already.
 */
export function peerOf(
  alert: Pick<Alert, "service" | "labels">,
  entity: string | null = entityOf(alert),
): { readonly peer: string; readonly isCallee: boolean } | null {
  if (!namesCall(alert.labels)) return null;
  const callee = firstOf(alert.labels, peerLabels, entity);
  if (callee !== null) return { peer: callee, isCallee: true };
  const caller = firstOf(alert.labels, callerLabels, entity);
  return caller === null ? null : { peer: caller, isCallee: false };
}
