/**
 * Retraining as a Job. Its name comes of the operation id, so that the server itself refuses to make it twice. What it
 * made it says in its termination message, as JSON.
 */

import { createHash } from "node:crypto";
import { z } from "zod";
import type { RetrainManifest } from "../../../domain/rollout/retrain-manifest.ts";
import { jsonOf } from "../../../domain/text/json.ts";
import { redact } from "../../../domain/text/redaction.ts";
import { startOf } from "../../../domain/text/whole-words.ts";
import { duration, oneLine } from "../../../domain/view.ts";
import {
  type BackendPlan,
  type ExternalRef,
  NotStartedError,
  type Observed,
  type Operation,
  type PlannedOperation,
} from "../../../ports/model.ts";
import type { KubernetesClient } from "./client.ts";
import { KubernetesError, plainLine } from "./failure.ts";
import { jobBody, jobTemplate, type Training, trainingTitle } from "./job-template.ts";
import { condition, conditionOf, listOf, metadata } from "./object.ts";
import { type Pod, pod, reportOf } from "./pods.ts";
import { running } from "./progress.ts";
import { operationAnnotation } from "./record.ts";
import { containerOf } from "./template.ts";

const job = z.looseObject({
  metadata,
  spec: z.looseObject({ suspend: z.boolean().default(false) }),
  status: z
    .looseObject({
      active: z.number().default(0),
      succeeded: z.number().default(0),
      failed: z.number().default(0),
      conditions: z
        .array(condition)
        .nullish()
        .transform((conditions) => conditions ?? []),
    })
    .prefault({}),
});
const result = z.object({
  version: z.union([z.string(), z.number()]).transform(String).optional(),
  metrics: z.record(z.string(), z.number()).default({}),
  result: z.string().default(""),
});
/** The API server cuts the end of what is longer. */
const maxLogBytes = 8_000;
const logQuery = { tailLines: "60", limitBytes: String(maxLogBytes) };

/** "tocsin-3f2a…": at most 63 characters, which a label of its pods may have. */
export function jobName(operationId: string): string {
  const name = `tocsin-${operationId}`;
  return name.length <= 63
    ? name
    : `tocsin-${createHash("sha256").update(operationId).digest("hex").slice(0, 40)}`;
}

export async function planJob(training: Training, operation: PlannedOperation): Promise<BackendPlan> {
  const template = await jobTemplate(training);
  if (template.kind === "refuse") return template;
  const body = jobBody(
    training,
    template,
    { ...operation, operationId: "dry-run", requestedBy: "", fence: 0 },
    jobName("dry-run"),
  );
  if (body.kind === "refuse") return body;
  try {
    await training.client.create(
      { path: training.collection, query: { dryRun: "All" }, schema: z.unknown() },
      body.body,
    );
  } catch (error) {
    if (!(error instanceof KubernetesError) || error.mishap === "unclear") throw error;
    const remedy =
      error.status === 403
        ? "Grant the bot the Role of docs/models-kubernetes.md."
        : "Change the template, or what refuses it.";
    return {
      kind: "refuse",
      reason: "not_accepted",
      problem: `${trainingTitle(training)}: ${error.message}.`,
      remedy,
    };
  }
  return {
    kind: "plan",
    steps: [
      `create a Job from ${template.source} in ${training.namespace}`,
      `run ${body.image} with ${body.given}`,
    ],
    notes: [`stopped if it takes longer than ${duration(training.settings.timeoutSeconds * 1000)}`],
    expectedMs: null,
  };
}

export async function startJob(training: Training, operation: Operation): Promise<ExternalRef> {
  const name = jobName(operation.operationId);
  const template = await jobTemplate(training).catch(asNotStarted);
  if (template.kind === "refuse") throw new NotStartedError(`${template.problem} ${template.remedy}`);
  const body = jobBody(training, template, operation, name);
  if (body.kind === "refuse") throw new NotStartedError(`${body.problem} ${body.remedy}`);
  try {
    const made = await training.client.create({ path: training.collection, schema: job }, body.body);
    return refOf(training, operation.operationId, made.metadata.uid);
  } catch (error) {
    if (!(error instanceof KubernetesError)) throw error;
    if (error.mishap !== "conflict") return asNotStarted(error);
    // It is there: ours, from a start whose answer never came, or another's.
    const found = await findJob(training, operation.operationId);
    if (found !== null) return found;
    throw new NotStartedError(
      `${trainingTitle(training)} has another Job ${name}; delete it, then ask again`,
    );
  }
}

/** Refused means refused; anything else leaves it open. */
function asNotStarted(error: unknown): never {
  if (error instanceof KubernetesError && error.mishap !== "unclear")
    throw new NotStartedError(error.message, { cause: error });
  throw error;
}

export async function findJob(training: Training, operationId: string): Promise<ExternalRef | null> {
  const found = await readJob(training, operationId);
  return found === null ? null : refOf(training, operationId, found.metadata.uid);
}

async function readJob({ client, collection }: Training, operationId: string) {
  try {
    const found = await client.get({ path: `${collection}/${jobName(operationId)}`, schema: job });
    return found.metadata.annotations?.[operationAnnotation] === operationId ? found : null;
  } catch (error) {
    if (error instanceof KubernetesError && error.mishap === "absent") return null;
    throw error;
  }
}

function refOf({ model, environment }: Training, operationId: string, uid: string): ExternalRef {
  return { operationId, model, environment, uid, job: jobName(operationId) };
}

export async function observeJob(training: Training, ref: ExternalRef): Promise<Observed> {
  const { operationId = "", job: name = "" } = ref;
  const found = await readJob(training, operationId);
  if (found === null || found.metadata.uid !== ref["uid"])
    return { kind: "lost", problem: `${trainingTitle(training)}: the Job ${name} is gone`, logTail: "" };
  const { status, spec } = found;
  const path = `api/v1/namespaces/${training.namespace}/pods`;
  const query = { labelSelector: `job-name=${name}`, limit: "50" };
  const { data, nowMs } = await training.client.getWithTime({ path, query, schema: listOf(pod) });
  const { troubles } = reportOf(data.items, nowMs, { steadyMs: 0, maxRestarts: 20 });
  const logTail = [...troubles, await logOf(training.client, path, data.items)]
    .filter((line) => line !== "")
    .join("\n");
  const failed = conditionOf(status.conditions, "Failed");
  if (conditionOf(status.conditions, "Complete")?.status === "True")
    return succeeded(name, data.items, logTail);
  if (failed?.status === "True") {
    const why = troubles[0] ?? (plainLine(failed.message) || failed.reason);
    return { kind: "failed", problem: `the Job ${name} failed (${failed.reason}): ${why}`, logTail };
  }
  if (spec.suspend && status.active === 0) return { kind: "cancelled", logTail };
  const label = spec.suspend
    ? "the Job is being stopped"
    : `the Job ${name} runs (${status.active} pods, ${status.failed} failed)`;
  return running([label], logTail);
}

function succeeded(name: string, pods: readonly Pod[], logTail: string): Observed {
  const said = pods
    .flatMap(({ status }) => status.containerStatuses)
    .flatMap(({ state }) =>
      state.terminated?.exitCode === 0 ? [result.safeParse(jsonOf(state.terminated.message))] : [],
    )
    .find(({ success }) => success)?.data;
  return {
    kind: "succeeded",
    result: plainLine(said?.result ?? "") || `the Job ${name} is complete`,
    newVersion: said?.version === undefined ? null : plainLine(said.version, 200),
    metrics: said?.metrics ?? {},
    logTail,
  };
}

/** The end of the newest pod's log; nothing where it has none yet, or may not be read. */
async function logOf(client: KubernetesClient, path: string, pods: readonly Pod[]): Promise<string> {
  const [newest] = pods.toSorted((one, other) =>
    other.metadata.creationTimestamp.localeCompare(one.metadata.creationTimestamp),
  );
  if (newest === undefined || newest.status.phase === "Pending") return "";
  try {
    const text = await client.text(`${path}/${newest.metadata.name}/log`, logQuery);
    // Keys run over lines, so secrets go before the lines are taken apart.
    const isCut = Buffer.byteLength(text) >= maxLogBytes;
    return redact(isCut ? startOf(text, text.length - 1) : text)
      .text.split("\n")
      .slice(-60)
      .map((line) => oneLine(line, 300))
      .join("\n")
      .trim();
  } catch (error) {
    if (error instanceof KubernetesError && error.mishap !== "unclear") return "";
    throw error;
  }
}

/** Suspends it: its pods end, and the Job stays to be looked at. */
export async function cancelJob(training: Training, ref: ExternalRef): Promise<void> {
  const path = `${training.collection}/${ref["job"] ?? ""}`;
  await training.client.patch({ path, schema: z.unknown() }, [
    { op: "test", path: "/metadata/uid", value: ref["uid"] },
    { op: "add", path: "/spec/suspend", value: true },
  ]);
}

/** What the template says where nobody said otherwise. */
export async function proposeJobManifest(
  training: Training,
  given: RetrainManifest,
): Promise<RetrainManifest> {
  const template = await jobTemplate(training);
  if (template.kind === "refuse") return given;
  const image = containerOf(template.pod, { container: training.settings.container ?? null })?.image ?? "";
  return { ...given, image: given.image ?? /@(sha256:[0-9a-f]{64})$/.exec(image)?.[1] ?? null };
}
