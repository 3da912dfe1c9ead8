/** `tocsin models export`: what served when, with who asked, who agreed and the audit entries that prove it. */
import { canonicalJson } from "../domain/audit.ts";
import type { Rollout } from "../domain/rollout.ts";
import {
  csvHeader,
  csvLine,
  type ExportedRollout,
  type ExportSpan,
  exportLineOf,
  overlaps,
} from "../domain/serving/export.ts";
import { type ModelEntry, type Store, systemClock } from "../ports.ts";
import { readServing } from "../queries/serving-history.ts";
import { withBot } from "./offline.ts";
import { openLineOutput } from "./output.ts";

export interface ExportArguments {
  readonly model?: string;
  readonly from?: string;
  readonly to?: string;
  readonly format: string;
  readonly out?: string;
}

const backendMs = 30_000;
const maxRetrains = 10_000;
/** Entries about one rollout. */
const maxEntries = 1_000;

/** @throws Error naming the argument that is not right. */
export async function exportModels(options: ExportArguments): Promise<void> {
  const { format } = options;
  if (format !== "csv" && format !== "jsonl")
    throw new Error(`--format is "${format}"; expected csv or jsonl`);
  const asked = { from: momentOf("--from", options.from), to: momentOf("--to", options.to) };
  const { write, end } = openLineOutput(options.out);
  await withBot(async (offline) => {
    const { models } = await offline.desk();
    if (format === "csv") await write(csvHeader());
    for (const entry of chosen(models, options.model)) {
      for await (const span of spansOf(entry, offline.store)) {
        if (!overlaps(span.interval, asked)) continue;
        const line = exportLineOf(span);
        await write(format === "csv" ? csvLine(line) : canonicalJson(line));
      }
    }
  });
  await end();
}

function momentOf(name: string, text: string | undefined): Date | null {
  if (text === undefined) return null;
  const moment = new Date(text);
  if (/^\d{4}-\d\d-\d\d(T.*(Z|[+-]\d\d:\d\d))?$/.test(text) && !Number.isNaN(moment.getTime())) return moment;
  throw new Error(`${name} is "${text}"; expected a day or a moment with its zone, 2026-11-01T12:00Z`);
}

function chosen(models: readonly ModelEntry[], name: string | undefined): readonly ModelEntry[] {
  if (name === undefined) return models;
  const found = models.filter((entry) => entry.name === name);
  if (found.length > 0) return found;
  const known = models.map((entry) => entry.name).join(", ");
  throw new Error(`--model is "${name}"; expected one of: ${known}`);
}

async function* spansOf(entry: ModelEntry, store: Store): AsyncGenerator<ExportSpan> {
  const { name: model, backend } = entry;
  const retrains = (await store.rollouts.list({ model, states: ["succeeded"], limit: maxRetrains })).filter(
    ({ plan }) => plan.kind === "retrain",
  );
  for (const environment of entry.environments) {
    const limits = { now: systemClock.now(), limitMs: backendMs };
    const history = await readServing({ model, environment, backend }, store, limits);
    // Said where the lines go to a person; the lines themselves stay fit for a program.
    if (history.backendProblem !== null)
      console.error(
        `${model} in ${environment}: without the backend's own account (${history.backendProblem})`,
      );
    if (history.isCut) console.error(`${model} in ${environment}: the oldest are left out`);
    for (const interval of history.intervals) {
      const rollout = interval.rolloutId === null ? null : await store.rollouts.find(interval.rolloutId);
      yield {
        model,
        environment,
        interval,
        rollout: rollout === null ? null : await exported(rollout, store),
        made: madeBy(interval.version, retrains),
      };
    }
  }
}

async function exported(rollout: Rollout, store: Store): Promise<ExportedRollout> {
  const { id, plan, requestedBy, operationId, planHash } = rollout;
  const approvals = await store.rollouts.approvals(id);
  const entries = await store.audit.list({ subject: `rollout:${id}`, limit: maxEntries });
  return {
    id,
    requestedBy,
    operationId,
    planHash,
    kind: plan.kind,
    reason: plan.reason,
    digest: plan.digest,
    approvedBy: approvals.filter(({ decision }) => decision === "approve").map(({ person }) => person),
    auditSeqs: entries.map(({ seq }) => seq).sort((a, b) => a - b),
  };
}

function madeBy(version: string | null, retrains: readonly Rollout[]): ExportSpan["made"] {
  const made = retrains.find(({ progress }) => version !== null && progress.newVersion === version);
  return made === undefined ? null : { id: made.id, manifest: made.plan.manifest ?? null };
}
