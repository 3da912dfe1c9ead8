import type { Alert, Labels } from "./alert.ts";

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

const podHash = /-(?:[a-f0-9]{6,10}-)?[a-z0-9]{5}$/;
const ordinal = /-\d+$/;

/**
 * The workload behind a pod name: the replica set's hash and the pod's suffix go, so does a stateful set's ordinal.
 * @see https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#pod-template-hash-label
 */
export function workloadOf(pod: string): string {
  const withoutHash = pod.replace(podHash, (suffix) => (/\d/.test(suffix) ? "" : suffix));
  return withoutHash === pod ? pod.replace(ordinal, "") : withoutHash;
}

/** The service an alert is about; a pod's workload when only the pod is named; null when nothing is. */
export function entityOf(alert: Pick<Alert, "service" | "labels">): string | null {
  const service = alert.service;
  if (service === null || service === "") return null;
  return service === alert.labels["pod"] ? workloadOf(service) : service;
}

function firstOf(labels: Labels, names: readonly string[], but: string | null): string | null {
  for (const name of names) {
    const value = labels[name];
    if (value !== undefined && value !== "" && value !== but) return value;
  }
  return null;
}

/** The service at the other end of the call that the alert is about, with the direction; null when it names none. */
export function peerOf(
  alert: Pick<Alert, "service" | "labels">,
): { readonly peer: string; readonly isCallee: boolean } | null {
  const entity = entityOf(alert);
  const callee = firstOf(alert.labels, peerLabels, entity);
  if (callee !== null) return { peer: callee, isCallee: true };
  const caller = firstOf(alert.labels, callerLabels, entity);
  return caller === null ? null : { peer: caller, isCallee: false };
}
