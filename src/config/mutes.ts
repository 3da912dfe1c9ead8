/** The parts of tocsin.yaml that keep alerts from notifying, and the windows in which rollouts are not wanted. */
import { z } from "zod";
import { parseDuration } from "../domain/command/options.ts";
import { isTimezone } from "../domain/digest/schedule.ts";
import { freezeLabelNames } from "../domain/rollout/freeze.ts";
import { type FlappingRule, shippedFlapping } from "../domain/suppression/flapping.ts";
import type { InhibitionRule } from "../domain/suppression/inhibition.ts";
import { type MaintenanceSchedule, parseClock, parseDays } from "../domain/suppression/maintenance.ts";
import { formatMatcher, type Matcher, matchesAll } from "../domain/suppression/matcher.ts";
import { ConfigError } from "./error.ts";
import { matchersAt } from "./matchers.ts";

const minute = 60_000;
const day = 86_400_000;
const maxRules = 500;

const matchers = z.array(z.string()).default([]);
const pairs = z.record(z.string(), z.string()).default({});

/** `inhibit_rules`: Alertmanager's own shape, so that rules can be copied; the old `_match` forms as well. */
export const inhibitionSchema = z
  .array(
    z.strictObject({
      name: z.string().min(1).max(100).optional(),
      source_matchers: matchers,
      target_matchers: matchers,
      source_match: pairs,
      source_match_re: pairs,
      target_match: pairs,
      target_match_re: pairs,
      equal: z.array(z.string()).default([]),
    }),
  )
  .max(maxRules)
  .default([]);

/** When a window is: once (starts, ends), weekly (days, from, to) or by cron (cron, duration). */
const windowShape = z.strictObject({
  name: z
    .string()
    .regex(/^[a-z][a-z0-9_-]{0,62}$/, "must begin with a letter: lower-case letters, digits, - and _"),
  match: matchers,
  reason: z.string().min(1).max(500),
  starts: z.string().optional(),
  ends: z.string().optional(),
  days: z.union([z.string(), z.array(z.string())]).optional(),
  from: z.string().optional(),
  to: z.string().optional(),
  cron: z.string().optional(),
  duration: z.string().optional(),
  timezone: z.string().default("UTC"),
});

/** `maintenance`: which alerts, and when. */
export const maintenanceSchema = z
  .array(windowShape.extend({ match: z.array(z.string()).min(1, "needs at least one matcher") }))
  .max(maxRules)
  .default([]);

/** `freezes`: which rollouts, and when; without `match` all of them. */
export const freezesSchema = z.array(windowShape).max(maxRules).default([]);

export const flappingSchema = z
  .strictObject({
    firings: z.int().min(2).max(100).default(shippedFlapping.firings),
    withinMinutes: z
      .number()
      .positive()
      .max(1_440)
      .default(shippedFlapping.windowMs / minute),
    quietMinutes: z
      .number()
      .positive()
      .max(1_440)
      .default(shippedFlapping.quietMs / minute),
  })
  .prefault({});

export const remindersSchema = z
  .strictObject({
    remindMinutes: z.number().min(0).max(1_440).default(15),
    idleDays: z.number().min(0).max(30).default(7),
  })
  .prefault({});

/** A window of tocsin.yaml; what a cron expression means is found out at start. */
export interface ConfiguredMaintenance {
  readonly name: string;
  readonly matchers: readonly Matcher[];
  readonly reason: string;
  readonly schedule:
    | Exclude<MaintenanceSchedule, { kind: "cron" }>
    | Omit<Extract<MaintenanceSchedule, { kind: "cron" }>, "fields">;
}

export function flappingOf(file: z.output<typeof flappingSchema>): FlappingRule {
  const { firings, withinMinutes, quietMinutes } = file;
  return { firings, windowMs: withinMinutes * minute, quietMs: quietMinutes * minute };
}

export function remindersOf({ remindMinutes, idleDays }: z.output<typeof remindersSchema>): {
  readonly leadMs: number;
  readonly idleMs: number;
} {
  return { leadMs: remindMinutes * minute, idleMs: idleDays * day };
}

/** @throws ConfigError naming the rule, the value and the remedy. */
export function inhibitionOf(rules: z.output<typeof inhibitionSchema>): readonly InhibitionRule[] {
  return rules.map((rule, index) => {
    const at = `inhibit_rules.${index}`;
    const side = (kind: "source" | "target"): readonly Matcher[] => [
      ...matchersAt(rule[`${kind}_matchers`], `${at}.${kind}_matchers`),
      ...Object.entries(rule[`${kind}_match`]).map(([name, value]): Matcher => ({ name, op: "=", value })),
      ...matchersAt(
        Object.entries(rule[`${kind}_match_re`]).map(([name, value]) =>
          formatMatcher({ name, op: "=~", value }),
        ),
        `${at}.${kind}_match_re`,
      ),
    ];
    const [source, target] = [side("source"), side("target")];
    for (const [kind, list] of Object.entries({ source, target })) {
      if (list.length === 0)
        throw new ConfigError(
          `tocsin.yaml ${at}: has no ${kind}_matchers, so it would match every alert; name at least one`,
        );
    }
    return { name: rule.name ?? `${index + 1}`, source, target, equal: rule.equal };
  });
}

/** @throws ConfigError naming the window, the value and the remedy. */
export function maintenanceOf(windows: readonly FileWindow[]): readonly ConfiguredMaintenance[] {
  return windowsOf(windows, "maintenance", (found, at, match) => {
    if (matchesAll(found, {}))
      throw wrong(
        at,
        `match ${JSON.stringify(match)} would mute every alert`,
        "add a matcher that an empty label does not satisfy",
      );
  });
}

/** @throws ConfigError naming the freeze, the value and the remedy. */
export function freezesOf(windows: readonly FileWindow[]): readonly ConfiguredMaintenance[] {
  return windowsOf(windows, "freezes", (found, at) => {
    const odd = found.find(({ name }) => !freezeLabelNames.some((known) => known === name));
    if (odd !== undefined)
      throw wrong(at, `match names "${odd.name}"`, `a rollout has ${freezeLabelNames.join(", ")}`);
  });
}

function windowsOf(
  windows: readonly FileWindow[],
  key: string,
  check: (found: readonly Matcher[], at: string, match: readonly string[]) => void,
): readonly ConfiguredMaintenance[] {
  const names = new Set<string>();
  return windows.map((window) => {
    const at = `${key} ${window.name}`;
    if (names.has(window.name)) throw wrong(at, "there are two of this name", "give each a name of its own");
    names.add(window.name);
    const found = matchersAt(window.match, `${at}: match`);
    check(found, at, window.match);
    if (!isTimezone(window.timezone))
      throw wrong(
        at,
        `timezone is "${window.timezone}"`,
        'expected an IANA name, for example "Europe/Berlin"',
      );
    return { name: window.name, matchers: found, reason: window.reason, schedule: scheduleOf(window, at) };
  });
}

type FileWindow = z.output<typeof windowShape>;

function scheduleOf(window: FileWindow, at: string): ConfiguredMaintenance["schedule"] {
  const { starts, ends, days, from, to, cron, duration } = window;
  const isOnce = starts !== undefined || ends !== undefined;
  const isWeekly = days !== undefined || from !== undefined || to !== undefined;
  const isCron = cron !== undefined || duration !== undefined;
  if (Number(isOnce) + Number(isWeekly) + Number(isCron) !== 1)
    throw wrong(
      at,
      "says not when, or says it twice",
      "give starts and ends; or days, from and to; or cron and duration",
    );
  if (isOnce) return onceOf(starts, ends, at);
  return isWeekly ? weeklyOf(window, at) : cronOf(window, at);
}

function onceOf(
  starts: string | undefined,
  ends: string | undefined,
  at: string,
): ConfiguredMaintenance["schedule"] {
  const [from, to] = [momentOf(starts, `${at}: starts`), momentOf(ends, `${at}: ends`)];
  if (to <= from) throw wrong(at, `ends "${ends}" is not after starts "${starts}"`, "correct one of them");
  return { kind: "once", from, to };
}

/** Only with a zone: without one nobody knows whose clock is meant. */
function momentOf(text: string | undefined, where: string): Date {
  const at = new Date(text ?? "");
  if (text === undefined || !/(Z|[+-]\d{2}:\d{2})$/.test(text) || Number.isNaN(at.getTime()))
    throw wrong(where, `is "${text ?? ""}"`, 'expected for example "2026-03-01T22:00:00+01:00"');
  return at;
}

function weeklyOf(window: FileWindow, at: string): ConfiguredMaintenance["schedule"] {
  const { days = "daily", from = "", to = "", timezone } = window;
  const text = typeof days === "string" ? days : days.join(",");
  const numbers = parseDays(text);
  if (numbers === null)
    throw wrong(at, `days are "${text}"`, "expected for example mon,wed or mon-fri or daily");
  const [fromMinute, toMinute] = [parseClock(from), parseClock(to)];
  if (fromMinute === null || toMinute === null || fromMinute === toMinute || fromMinute === 1_440)
    throw wrong(
      at,
      `from "${from}" to "${to}" is no stretch of a day`,
      'expected for example "02:00" and "04:00"',
    );
  return { kind: "weekly", days: numbers, fromMinute, toMinute: toMinute === 0 ? 1_440 : toMinute, timezone };
}

function cronOf(
  { cron = "", duration = "", timezone }: FileWindow,
  at: string,
): ConfiguredMaintenance["schedule"] {
  const durationMs = parseDuration(duration);
  if (durationMs === null || durationMs <= 0)
    throw wrong(at, `duration is "${duration}"`, "expected for example 90m or 2h");
  return { kind: "cron", cron, durationMs, timezone };
}

function wrong(where: string, what: string, remedy: string): ConfigError {
  return new ConfigError(`tocsin.yaml ${where}: ${what}; ${remedy}`);
}
