/** `watch:` in tocsin.yaml: conditions that the bot itself looks at, off unless switched on one by one. */
import { z } from "zod";
import { isTimezone } from "../domain/digest/schedule.ts";
import type { WatchRule } from "../domain/watch/rule.ts";
import { name } from "./values.ts";

const labels = z.record(
  z.string().regex(/^[a-zA-Z_][a-zA-Z0-9_]*$/, "must be a label's name"),
  z.string().min(1).max(200),
);

const common = {
  name,
  /** How long it must hold. */
  forMinutes: z.number().positive().max(1_440).optional(),
  unit: z.string().max(20).default(""),
  labels: labels.default({}),
  severity: z.enum(["critical", "high", "warning", "info"]).default("warning"),
  enabled: z.boolean().default(false),
};

const forecastSchema = z.strictObject({
  ...common,
  kind: z.literal("forecast"),
  query: z.string().min(1).max(2_000),
  limit: z.number(),
  direction: z.enum(["up", "down"]).optional(),
  horizonHours: z.number().min(0.5).max(336).default(6),
});
const anomalySchema = z
  .strictObject({
    ...common,
    kind: z.literal("anomaly"),
    query: z.string().min(1).max(2_000).optional(),
    alerts: z.strictObject({ labels: labels.default({}) }).optional(),
    deviations: z.number().min(2).max(50).optional(),
    direction: z.enum(["up", "down", "both"]).optional(),
    historyDays: z.number().min(1).max(35).default(28),
    /** Whose hours of the day and of the week are usual. */
    timezone: z
      .string()
      .refine(isTimezone, {
        error: ({ input }) => `is "${String(input)}"; expected an IANA name, for example "Europe/Berlin"`,
      })
      .default("UTC"),
  })
  .refine(
    (given) => (given.query === undefined) !== (given.alerts === undefined),
    "needs a query, or alerts, one of the two",
  );

/** Entries of `watch:`. */
export const watchSchema = z
  .array(z.discriminatedUnion("kind", [forecastSchema, anomalySchema]))
  .max(20, "has more than 20 rules; each is asked every few minutes")
  .refine(
    (rules) => new Set(rules.map((rule) => rule.name)).size === rules.length,
    "has two rules of one name; backtests and alerts are told apart by it",
  )
  .default([]);

const minute = 60_000;
const hour = 60 * minute;

/** The rules with their times in ms and what is not said filled in. */
export function watchOf(given: z.output<typeof watchSchema>): readonly WatchRule[] {
  return given.map((rule): WatchRule => {
    const { name: ruleName, unit, severity, enabled: isEnabled } = rule;
    const base = { name: ruleName, unit, labels: rule.labels, severity, isEnabled };
    if (rule.kind === "forecast")
      return {
        ...base,
        ...paceOf(5 * minute, rule.forMinutes ?? 15),
        kind: "forecast",
        what: { kind: "query", query: rule.query },
        limit: rule.limit,
        // What is free or left is never below zero, so it comes to that from above.
        direction: rule.direction ?? (rule.limit === 0 ? "down" : "up"),
        horizonMs: rule.horizonHours * hour,
      };
    const ofAlerts = rule.alerts !== undefined;
    const counted = { kind: "alerts", labels: rule.alerts?.labels ?? {} } as const;
    return {
      ...base,
      ...paceOf(ofAlerts ? 5 * minute : minute, rule.forMinutes ?? (ofAlerts ? 10 : 5)),
      kind: "anomaly",
      what: ofAlerts ? counted : { kind: "query", query: rule.query ?? "" },
      // Counts have a spread of their own and a floor under it, so that less is telling.
      deviations: rule.deviations ?? (ofAlerts ? 4 : 5),
      direction: rule.direction ?? (ofAlerts ? "up" : "both"),
      historyMs: rule.historyDays * 24 * hour,
      timezone: rule.timezone,
    };
  });
}

/** It must be over for twice as long as it held, and half an hour at least where looks are rare. */
function paceOf(everyMs: number, forMinutes: number): Pick<WatchRule, "everyMs" | "patience"> {
  const raiseAfter = Math.max(2, Math.round((forMinutes * minute) / everyMs));
  return {
    everyMs,
    patience: { raiseAfter, endAfter: Math.max(2 * raiseAfter, Math.ceil((10 * minute) / everyMs)) },
  };
}
