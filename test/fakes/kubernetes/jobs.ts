/** The Job controller: one pod at a time, until one succeeds or too many failed. */
import type { JsonObject } from "./objects.ts";
import { makePod, podsOf, resourceOf, timeOf } from "./pods.ts";
import { type KubeStore, objectField } from "./store.ts";

const jobs = resourceOf("jobs");

export function stepJobs(store: KubeStore): void {
  for (const job of store.list(jobs, null)) {
    const before = job.status ?? {};
    if (Array.isArray(before["conditions"]) && before["conditions"].length > 0) continue;
    const pods = podsOf(store, job);
    const phases = pods.map(({ status }) => status?.["phase"]);
    const failed = phases.filter((phase) => phase === "Failed").length;
    const succeeded = phases.filter((phase) => phase === "Succeeded").length;
    const running = pods.filter(
      ({ status }) => status?.["phase"] !== "Failed" && status?.["phase"] !== "Succeeded",
    );
    const isSuspended = job.spec["suspend"] === true;
    const isHopeless = failed > Number(job.spec["backoffLimit"] ?? 6);
    if (isSuspended)
      for (const { metadata } of running) store.remove(resourceOf("pods"), metadata.namespace, metadata.name);
    else if (running.length === 0 && succeeded === 0 && !isHopeless)
      makePod(store, job, objectField(job.spec, "template"), { "job-name": job.metadata.name });
    const time = timeOf(store);
    const startedMs = Date.parse(String(before["startTime"] ?? time));
    const deadlineMs = Number(job.spec["activeDeadlineSeconds"] ?? Number.POSITIVE_INFINITY) * 1_000;
    const isLate = store.nowMs() - startedMs > deadlineMs;
    const conditions: JsonObject[] = [
      ...(succeeded > 0 ? [{ type: "Complete", status: "True" }] : []),
      ...(isHopeless
        ? [
            {
              type: "Failed",
              status: "True",
              reason: "BackoffLimitExceeded",
              message: "Job has reached the specified backoff limit",
            },
          ]
        : []),
      ...(isLate && succeeded === 0 && !isHopeless
        ? [
            {
              type: "Failed",
              status: "True",
              reason: "DeadlineExceeded",
              message: "Job was active longer than specified deadline",
            },
          ]
        : []),
    ];
    const active = isSuspended ? 0 : podsOf(store, job).length - failed - succeeded;
    const status = { active, failed, succeeded, startTime: before["startTime"] ?? time, conditions };
    store.update(jobs, { ...job, status }, { manager: "kube-controller-manager", subresource: "status" });
  }
}
