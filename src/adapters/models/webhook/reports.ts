/** What a receiver reports of an operation, and how reports change what is known of it. */
import { z } from "zod";
import { redact } from "../../../domain/text/redaction.ts";
import { oneLine } from "../../../domain/view.ts";
import type { Observed } from "../../../ports/model.ts";
import type { OperationRecord } from "../../../ports/operation-record.ts";

export const report = z.object({
  state: z.enum(["running", "succeeded", "failed", "cancelled"]),
  steps: z
    .array(z.object({ label: z.string().max(200), state: z.enum(["waiting", "running", "done", "failed"]) }))
    .max(50)
    .default([]),
  log: z.string().max(16_384).default(""),
  result: z.string().max(1_000).default(""),
  problem: z.string().max(1_000).default(""),
  version: z
    .union([z.string().max(200), z.number()])
    .transform(String)
    .nullable()
    .default(null),
  metrics: z
    .record(z.string().max(200), z.number())
    .refine((metrics) => Object.keys(metrics).length <= 100, "at most 100 metrics")
    .default({}),
});
export type Report = z.infer<typeof report>;

/** What is kept beside an operation. */
const notes = z.object({
  report: report.optional(),
  /** When the receiver last spoke, ms since 1970. */
  heardAt: z.number().optional(),
  /** Time of the newest message applied, as its sender signed it, s since 1970. */
  sentAt: z.number().default(0),
  /** Ids of the newest messages: none is applied twice. */
  seen: z.array(z.string()).default([]),
  url: z.string().optional(),
  /** How long it was looked at since the receiver last spoke. */
  silence: z.unknown().optional(),
});
export type Notes = z.infer<typeof notes>;
const maxSeen = 100;

export function notesOf(record: OperationRecord): Notes {
  const parsed = notes.safeParse(record.notes);
  return parsed.success ? parsed.data : { sentAt: 0, seen: [] };
}

export type Applied =
  | { readonly kind: "changed"; readonly record: OperationRecord }
  /** Seen before, or older than what is known: answered as if it were new, and without effect. */
  | { readonly kind: "ignored" }
  /** It ended otherwise before. */
  | { readonly kind: "ended"; readonly state: string };

/** @param message.sentAt - s since 1970. */
export function applyReport(
  record: OperationRecord,
  message: { readonly id: string; readonly sentAt: number; readonly report: Report },
  now: Date,
): Applied {
  const known = notesOf(record);
  const { id, sentAt, report: said } = message;
  if (known.seen.includes(id) || sentAt < known.sentAt) return { kind: "ignored" };
  const isOver = record.state !== "asked" && record.state !== "running";
  if (isOver)
    return said.state === record.state ? { kind: "ignored" } : { kind: "ended", state: record.state };
  const seen = [...known.seen, id].slice(-maxSeen);
  return {
    kind: "changed",
    record: {
      ...record,
      state: said.state,
      endedAt: said.state === "running" ? null : now,
      notes: { ...known, report: said, heardAt: now.getTime(), sentAt, seen, silence: undefined },
    },
  };
}

/** A report in the words of the bot. @param url - where the receiver shows the work; empty when it did not say. */
export function observedOf(said: Report | undefined, url: string): Observed {
  const seen = seenOf(said);
  return url === "" ? seen : { ...seen, url };
}

function seenOf(said: Report | undefined): Observed {
  const logTail = redact(said?.log ?? "").text;
  if (said === undefined)
    return { kind: "running", steps: [{ label: "the receiver works", state: "running" }], logTail };
  switch (said.state) {
    case "running": {
      const steps = said.steps.map(({ label, state }) => ({
        label: oneLine(redact(label).text, 100),
        state,
      }));
      const working = [{ label: "the receiver works", state: "running" as const }];
      return { kind: "running", steps: steps.length === 0 ? working : steps, logTail };
    }
    case "succeeded":
      return {
        kind: "succeeded",
        result: said.result === "" ? "the receiver reports success" : oneLine(redact(said.result).text, 300),
        newVersion: said.version === null ? null : oneLine(said.version, 200),
        metrics: said.metrics,
        logTail,
      };
    case "failed": {
      const problem =
        said.problem === "" ? "the receiver reports a failure" : oneLine(redact(said.problem).text, 300);
      return { kind: "failed", problem, logTail };
    }
    case "cancelled":
      return { kind: "cancelled", logTail };
  }
}
