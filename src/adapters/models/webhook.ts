/**
 * Rollouts and retrains by whatever takes a signed HTTP request. The receiver reports back by signed messages, or is
 * asked, or both. What is sent and what was reported is kept in the database, so that any replica can take a report.
 */

import { isSignedMessage } from "../../domain/alert/sender.ts";
import { addElapsed, beginElapsed, readElapsed } from "../../domain/bake/elapsed.ts";
import { placesOf } from "../../domain/rollout/backend-settings.ts";
import { oddValue } from "../../domain/rollout/operation-template.ts";
import { HttpMishapError } from "../../ports/http-client.ts";
import {
  type BackendContext,
  type BackendPlan,
  defineModelBackend,
  type ExternalRef,
  type FindOperation,
  inverseOperation,
  type LiveVersion,
  type ModelBackend,
  NotStartedError,
  type Observed,
  type Operation,
  type OperationMessage,
  type OperationMessageAnswer,
  type PlannedOperation,
} from "../../ports/model.ts";
import type { OperationRecord } from "../../ports/operation-record.ts";
import { createReceiver } from "./webhook/receiver.ts";
import { type Applied, applyReport, notesOf, observedOf, report } from "./webhook/reports.ts";
import { parseWebhookSettings, type WebhookSettings } from "./webhook/settings.ts";

export default defineModelBackend({
  name: "webhook",
  summary: "a signed HTTP request, and signed reports that come back",
  create: createWebhook,
});

/** The most that one look adds to a silence, ms. */
const maxLookMs = 60_000;
/** Times a report is applied anew when another one was written at the same moment. */
const maxTries = 10;

export function createWebhook(
  settings: ReadonlyMap<string, unknown>,
  context: Pick<BackendContext, "environment" | "clock" | "http" | "store">,
): ModelBackend {
  const { clock, store } = context;
  const records = store.operationRecords;
  const named = { backend: "webhook", setting: "url" };
  const { all: models, of: placeOf } = placesOf(named, settings, (model, given) => {
    const parsed = parseWebhookSettings(model, given, context.environment);
    return { settings: parsed, receiver: createReceiver(parsed, context) };
  });

  function plan(operation: PlannedOperation): Promise<BackendPlan> {
    const { settings: own } = placeOf(operation.model);
    const refusal = refusalOf(own, operation);
    if (refusal !== null) return Promise.resolve(refusal);
    const { origin, pathname } = new URL(own.url);
    const notes = own.live === undefined ? ["what serves is what the receiver last reported"] : [];
    const steps = [`send the ${operation.kind} to ${origin}${pathname}`, "wait for its report"];
    return Promise.resolve({ kind: "plan", steps, notes, expectedMs: null });
  }

  // ---------- start ----------

  async function start(operation: Operation): Promise<ExternalRef> {
    const { operationId, model } = operation;
    const { settings: own, receiver } = placeOf(model);
    const refusal = refusalOf(own, operation);
    if (refusal !== null) throw new NotStartedError(`webhook: ${refusal.problem}`);
    const kept = await records.keep({
      ...{ operation, backend: "webhook", state: "asked", askedAt: clock.now(), endedAt: null, notes: {} },
    });
    if (!kept) throw new Error(`webhook: ${operationId} was sent before and is not sent again`);
    try {
      const callback = own.callbackUrl === null ? null : `${own.callbackUrl}callbacks/webhook/${operationId}`;
      const body = { type: "start", callback, operation };
      const taken = await receiver.send(operationId, body, operation.fence);
      await noteTaken(operationId, taken?.url ?? "");
    } catch (error) {
      if (!(error instanceof HttpMishapError) || error.mishap === "unclear") throw error;
      await records.forget(operationId);
      throw new NotStartedError(error.message, { cause: error });
    }
    return { operationId, model };
  }

  /** The receiver has it. It may have reported already: then that stands. */
  async function noteTaken(operationId: string, url: string): Promise<void> {
    const record = await records.find(operationId);
    if (record?.state !== "asked") return;
    const notes = { ...record.notes, heardAt: clock.now().getTime(), url };
    await records.update({ ...record, state: "running", notes });
  }

  // ---------- find, observe ----------

  async function findByOperationId(operationId: string): Promise<FindOperation> {
    const record = await records.find(operationId);
    if (record === null || record.backend !== "webhook") return { kind: "absent" };
    const { model } = record.operation;
    const found = { kind: "found", ref: { operationId, model } } as const;
    if (record.state !== "asked") return found;
    const { settings: own, receiver } = placeOf(model);
    const problem = `${operationId} was sent, and nothing says whether it arrived: ask whoever runs ${new URL(own.url).origin}`;
    if (own.status === undefined) return { kind: "cannot_look", problem };
    const said = await receiver.status(operationId);
    // It may be on its way yet, and must not be sent twice.
    return said.state === "absent" ? { kind: "cannot_look", problem } : found;
  }

  async function observe({ operationId = "" }: ExternalRef, { model }: Operation): Promise<Observed> {
    const record = await records.find(operationId);
    if (record === null) return lost("the bot's record of what was sent is gone");
    const { settings: own, receiver } = placeOf(model);
    const known = notesOf(record);
    const isOver = record.state !== "asked" && record.state !== "running";
    if (isOver || own.status === undefined)
      return isOver ? observedOf(known.report, known.url ?? "") : await heard(own, record);
    const said = await receiver.status(operationId);
    if (said.state === "absent") return lost(`the receiver knows nothing of ${operationId}`);
    const id = `asked-${clock.now().getTime()}`;
    await take(operationId, { id, sentAt: known.sentAt, report: said });
    return observedOf(said, known.url ?? "");
  }

  /** By what was reported alone. Silence is time that was looked on: a clock that jumps is no silence. */
  async function heard(own: WebhookSettings, record: OperationRecord): Promise<Observed> {
    const known = notesOf(record);
    const since = new Date(known.heardAt ?? record.askedAt.getTime());
    const before = readElapsed(known.silence) ?? beginElapsed(since);
    const silence = addElapsed(before, clock.now(), maxLookMs);
    if (silence.ms > own.silentMs) return lost(`the receiver has said nothing since ${since.toISOString()}`);
    // When a report came in between, it stands.
    await records.update({ ...record, notes: { ...record.notes, silence } });
    return observedOf(known.report, known.url ?? "");
  }

  // ---------- reports ----------

  /** Whatever another replica writes meanwhile. */
  async function take(operationId: string, message: Parameters<typeof applyReport>[1]): Promise<Applied> {
    for (let tries = 0; tries < maxTries; tries += 1) {
      const record = await records.find(operationId);
      if (record === null) return { kind: "ignored" };
      const applied = applyReport(record, message, clock.now());
      if (applied.kind !== "changed") return applied;
      if (await records.update(applied.record)) return applied;
    }
    throw new Error(`webhook: ${operationId} is reported of more often than it can be written`);
  }

  async function receive(message: OperationMessage): Promise<OperationMessageAnswer> {
    const { operationId, headers, body } = message;
    const record = await records.find(operationId);
    const place = record?.backend === "webhook" ? models.get(record.operation.model) : undefined;
    // Whether there is such an operation is nobody's business who cannot sign.
    if (place === undefined || !isSigned(message, place.settings.callbackSecret)) return notSigned;
    const parsed = report.safeParse(jsonOf(body));
    if (!parsed.success) {
      const [issue] = parsed.error.issues;
      return {
        ...{ kind: "refused", status: 400, error: "bad_report" },
        message: `${issue?.path.join(".") || "the body"}: ${issue?.message ?? "not JSON"}`,
        remedy: 'send {"state": "running" | "succeeded" | "failed" | "cancelled", ...}',
      };
    }
    const sentAt = Number(headers["webhook-timestamp"]);
    const applied = await take(operationId, { id: headers["webhook-id"] ?? "", sentAt, report: parsed.data });
    if (applied.kind === "ended")
      return {
        ...{ kind: "refused", status: 409, error: "already_ended" },
        message: `${operationId} ended before: ${applied.state}`,
        remedy: "ask for a new rollout",
      };
    if (applied.kind === "changed") await wake(operationId);
    return { kind: "accepted" };
  }

  /** The card need not wait for the next look. A rollout's half for a registry has no rollout of its own. */
  async function wake(operationId: string): Promise<void> {
    const rollout = await store.rollouts.findByOperationId(operationId);
    if (rollout !== null) await store.jobs.add({ task: "apply", rolloutId: rollout.id });
  }

  // ---------- what serves ----------

  async function history(model: string, environment: string) {
    const target = { backend: "webhook", model, environment, state: "succeeded", limit: 50 } as const;
    const ended = await records.list(target);
    return ended.flatMap(({ operation, endedAt }) =>
      operation.to === null || endedAt === null
        ? []
        : [{ version: operation.to, from: endedAt, by: operation.requestedBy }],
    );
  }

  async function live(model: string, environment: string): Promise<LiveVersion> {
    const { settings: own, receiver } = placeOf(model);
    if (own.live === undefined) {
      const [last] = await history(model, environment);
      return { version: last?.version ?? null, since: last?.from ?? null, by: last?.by ?? null };
    }
    const { version, since, by } = await receiver.live(model, environment);
    return { version, since: since === undefined ? null : new Date(since), by: by ?? null };
  }

  async function versions(model: string) {
    const { settings: own, receiver } = placeOf(model);
    if (own.versions === undefined) return [];
    return (await receiver.versions(model)).map(({ createdAt, createdBy, digest, ...version }) => ({
      ...version,
      createdAt: createdAt === undefined ? null : new Date(createdAt),
      createdBy: createdBy ?? null,
      digest: digest ?? null,
    }));
  }

  return {
    name: "webhook",
    idempotency: "adopt",
    versions,
    live,
    history,
    snapshot: async (model, environment) => ({ version: (await live(model, environment)).version }),
    inverse: inverseOperation,
    plan,
    start,
    observe,
    cancel: ({ operationId = "" }, { model }) => placeOf(model).receiver.cancel(operationId),
    findByOperationId,
    receive,
  };
}

function refusalOf(
  own: WebhookSettings,
  operation: PlannedOperation,
): Extract<BackendPlan, { kind: "refuse" }> | null {
  const { kind, model } = operation;
  if (!own.kinds.includes(kind))
    return {
      kind: "refuse",
      reason: "not_its_kind",
      problem: `The receiver of ${model} takes no ${kind}.`,
      remedy: `Add it to models.${model}.settings.kinds once it does.`,
    };
  const odd = oddValue(operation);
  return odd === null ? null : { kind: "refuse", reason: "odd_value", ...odd };
}

const notSigned: OperationMessageAnswer = {
  kind: "refused",
  status: 401,
  error: "not_authenticated",
  message: "the report is not signed, not recent, or of no operation that is known",
  remedy: "sign id.timestamp.body with the secret: webhook-id, webhook-timestamp, webhook-signature",
};

function isSigned({ headers, body, receivedAt }: OperationMessage, key: string): boolean {
  return isSignedMessage({
    ...{ body, key, receivedAt },
    id: headers["webhook-id"] ?? "",
    timestamp: headers["webhook-timestamp"] ?? "",
    signature: headers["webhook-signature"] ?? "",
  });
}

function lost(problem: string): Observed {
  return { kind: "lost", problem, logTail: "" };
}

function jsonOf(body: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(body).toString("utf8"));
  } catch {
    return undefined;
  }
}
