/** What served when, for auditors: one line for each span of time, with who asked, who agreed and where that is proved. */
import { canonicalJson } from "../audit.ts";
import type { RetrainManifest } from "../rollout/retrain-manifest.ts";
import type { ServingInterval } from "./intervals.ts";

/** Columns in their order; of JSON the members. */
export const exportColumns = [
  "model",
  "environment",
  "from",
  "until",
  "state",
  "version",
  "otherVersion",
  "sources",
  "how",
  "by",
  "rollout",
  "kind",
  "reason",
  "requestedBy",
  "approvedBy",
  "operationId",
  "planHash",
  "digest",
  "auditSeqs",
  "madeByRollout",
  "manifest",
] as const;
export type ExportLine = Readonly<Record<(typeof exportColumns)[number], unknown>>;

/** What is known of the rollout that brought a version, beside the span itself. */
export interface ExportedRollout {
  readonly id: number;
  readonly kind: string;
  readonly reason: string;
  readonly requestedBy: string;
  readonly approvedBy: readonly string[];
  readonly operationId: string;
  readonly planHash: string;
  readonly digest: string | null;
  /** Entries of the audit log about it, in order. */
  readonly auditSeqs: readonly number[];
}

export interface ExportSpan {
  readonly model: string;
  readonly environment: string;
  readonly interval: ServingInterval;
  readonly rollout: ExportedRollout | null;
  /** The retrain that made the version; null when it was not one of ours. */
  readonly made: { readonly id: number; readonly manifest: RetrainManifest | null } | null;
}

export function exportLineOf({ model, environment, interval, rollout, made }: ExportSpan): ExportLine {
  const { from, to, state, version, otherVersion, sources, cause, by, auditSeq } = interval;
  return {
    model,
    environment,
    from: from?.toISOString() ?? null,
    until: to?.toISOString() ?? null,
    state,
    version,
    otherVersion,
    sources,
    how: cause,
    by,
    rollout: rollout?.id ?? null,
    kind: rollout?.kind ?? null,
    reason: rollout?.reason ?? null,
    requestedBy: rollout?.requestedBy ?? null,
    approvedBy: rollout?.approvedBy ?? [],
    operationId: rollout?.operationId ?? null,
    planHash: rollout?.planHash ?? null,
    digest: rollout?.digest ?? null,
    auditSeqs: rollout?.auditSeqs ?? (auditSeq === null ? [] : [auditSeq]),
    madeByRollout: made?.id ?? null,
    manifest: made?.manifest ?? null,
  };
}

/** True when the span and the time asked for have a moment in common; null is open. */
export function overlaps(
  { from, to }: Pick<ServingInterval, "from" | "to">,
  asked: { readonly from: Date | null; readonly to: Date | null },
): boolean {
  const isOver = to !== null && asked.from !== null && to <= asked.from;
  const isLater = from !== null && asked.to !== null && from >= asked.to;
  return !isOver && !isLater;
}

export function csvHeader(): string {
  return exportColumns.join(",");
}

/** RFC 4180. A text that a spreadsheet would take for a formula gets an apostrophe before it. */
export function csvLine(line: ExportLine): string {
  return exportColumns.map((column) => csvField(line[column])).join(",");
}

function csvField(value: unknown): string {
  if (value === null || value === undefined) return "";
  const text = Array.isArray(value)
    ? value.join(" ")
    : typeof value === "object"
      ? canonicalJson(value)
      : String(value);
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
