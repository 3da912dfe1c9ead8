/** Who is told while nobody acknowledges an incident: the keys onCall, pagers and escalation of tocsin.yaml. */
import { z } from "zod";
import { severities } from "../domain/alert.ts";
import { parseDuration } from "../domain/command/options.ts";
import { isTimezone, type LocalTime } from "../domain/digest/schedule.ts";
import type { EscalationRule, EscalationStep, Recipient } from "../domain/people/escalation.ts";
import type { Rota } from "../domain/people/on-call.ts";
import type { Person } from "../domain/people/person.ts";
import { parseClock } from "../domain/suppression/maintenance.ts";
import { type PagerSettings, parseChannel } from "../ports.ts";
import { ConfigError } from "./error.ts";
import { matchersAt } from "./matchers.ts";
import type { CalendarConfig } from "./shape.ts";
import { name, secretName } from "./values.ts";

const maxSteps = 20;
const weekMs = 7 * 86_400_000;

/** `onCall`: people in turn, by name of the rota. */
export const onCallSchema = z
  .record(
    name,
    z.union([
      z.strictObject({
        people: z.array(name).min(1, "needs at least one person").max(50),
        from: z.string().describe("when the first began: 2026-03-02T09:00"),
        turnDays: z.int().min(1).max(28).default(7),
        timezone: z.string().default("UTC"),
        overrides: z
          .array(z.strictObject({ person: name, from: z.string(), to: z.string() }))
          .max(200)
          .default([]),
      }),
      z.strictObject({
        calendar: z.string().describe("address of an iCalendar, or env:NAME of one"),
        names: z.record(z.string().min(1).max(200), name).default({}),
        timezone: z.string().default("UTC"),
      }),
    ]),
  )
  .default({});

/** `pagers`: what wakes people outside chat. */
export const pagersSchema = z
  .record(
    name,
    z.discriminatedUnion("kind", [
      z.strictObject({
        kind: z.literal("pagerduty"),
        key: secretName,
        url: z.url().default("https://events.pagerduty.com/v2/enqueue"),
      }),
      z.strictObject({ kind: z.literal("webhook"), url: z.string(), secret: secretName.optional() }),
    ]),
  )
  .default({});

/** `escalation`: the first rule that fits an incident counts. */
export const escalationSchema = z
  .array(
    z.strictObject({
      name,
      match: z.array(z.string()).default([]),
      steps: z
        .array(
          z.strictObject({ after: z.string(), tell: z.array(z.string()).min(1, "tells nobody").max(10) }),
        )
        .min(1, "needs at least one step")
        .max(maxSteps),
      quietHours: z
        .strictObject({
          from: z.string(),
          to: z.string(),
          timezone: z.string().default("UTC"),
          evenAt: z.array(z.enum(severities)).default(["critical"]),
        })
        .optional(),
    }),
  )
  .max(100)
  .default([]);

/** `groups`: what chat calls a team, by our name of it. */
export const groupsSchema = z
  .record(name, z.strictObject({ slack: z.string().optional(), discord: z.string().optional() }))
  .default({});

type Output<Schema extends z.ZodType> = z.output<Schema>;

/** @throws ConfigError naming the rota, the value and the remedy. */
export function rotasOf(file: Output<typeof onCallSchema>, people: readonly Person[]): readonly Rota[] {
  return Object.entries(file).flatMap(([name, given]) => {
    if ("calendar" in given) return [];
    const at = `onCall.${name}`;
    for (const id of [...given.people, ...given.overrides.map(({ person }) => person)]) known(id, people, at);
    zone(given.timezone, at);
    const overrides = given.overrides.map(({ person, from, to }) => {
      const stretch = { person, from: momentOf(from, at), to: momentOf(to, at) };
      if (stretch.to <= stretch.from)
        throw wrong(at, `an override ends "${to}", not after "${from}"`, "correct one");
      return stretch;
    });
    const { turnDays, timezone } = given;
    return [{ name, people: given.people, from: localOf(given.from, at), turnDays, timezone, overrides }];
  });
}

/** @throws ConfigError naming the rota, the value and the remedy. */
export function calendarsOf(
  file: Output<typeof onCallSchema>,
  people: readonly Person[],
  secretOf: (written: string, where: string) => string,
): readonly CalendarConfig[] {
  return Object.entries(file).flatMap(([name, given]) => {
    if (!("calendar" in given)) return [];
    const at = `onCall.${name}`;
    for (const id of Object.values(given.names)) known(id, people, at);
    zone(given.timezone, at);
    // The address of a shared calendar is the secret that opens it.
    const url = given.calendar.startsWith("env:")
      ? secretOf(given.calendar, `${at}.calendar`)
      : given.calendar;
    if (!/^https?:\/\//.test(url) || !URL.canParse(url))
      throw wrong(`${at}.calendar`, "it is no address", "expected https://… or env:NAME of one");
    return [{ name, url, aliases: given.names, timezone: given.timezone }];
  });
}

/** @throws ConfigError naming the pager and what is missing. */
export function pagersOf(
  file: Output<typeof pagersSchema>,
  secretOf: (written: string, where: string) => string,
): readonly PagerSettings[] {
  return Object.entries(file).map(([name, given]): PagerSettings => {
    const at = `pagers.${name}`;
    if (given.kind === "pagerduty") {
      const { kind, url } = given;
      return { kind, name, url, key: secretOf(given.key, `${at}.key`) };
    }
    // Addresses of webhooks often hold a token, so they may come from the environment.
    const url = given.url.startsWith("env:") ? secretOf(given.url, `${at}.url`) : given.url;
    if (!/^https?:\/\//.test(url) || !URL.canParse(url))
      throw wrong(`${at}.url`, "it is no address", "expected https://… or env:NAME of one");
    const secret = given.secret === undefined ? null : secretOf(given.secret, `${at}.secret`);
    return { kind: given.kind, name, url, secret };
  });
}

/** What names may stand in `tell`. */
export interface Tellable {
  readonly people: readonly Person[];
  readonly rotas: readonly Pick<Rota, "name">[];
  readonly pagers: readonly PagerSettings[];
  readonly groups: Output<typeof groupsSchema>;
}

/** @throws ConfigError naming the rule, the value and the remedy. */
export function escalationOf(
  file: Output<typeof escalationSchema>,
  tellable: Tellable,
): readonly EscalationRule[] {
  const names = new Set<string>();
  return file.map((given) => {
    const at = `escalation ${given.name}`;
    if (names.has(given.name)) throw wrong(at, "there are two of this name", "give each a name of its own");
    names.add(given.name);
    const match = matchersAt(given.match, at);
    return { name: given.name, match, steps: stepsOf(given.steps, at, tellable), quiet: quietOf(given, at) };
  });
}

function stepsOf(
  steps: Output<typeof escalationSchema>[number]["steps"],
  at: string,
  tellable: Tellable,
): readonly EscalationStep[] {
  let before = -1;
  return steps.map(({ after, tell }) => {
    const afterMs = parseDuration(after);
    if (afterMs === null || afterMs > weekMs)
      throw wrong(at, `after is "${after}"`, "expected a duration up to 7d, for example 5m");
    if (afterMs < before)
      throw wrong(
        at,
        `the step after "${after}" comes before the one above it`,
        "put steps in order of time",
      );
    before = afterMs;
    return { afterMs, tell: tell.map((text) => recipientOf(text, at, tellable)) };
  });
}

/** "ada", "onCall:primary", "group:sre", "pager:main" or a channel, "slack:C0123ABCD". */
function recipientOf(text: string, at: string, tellable: Tellable): Recipient {
  const [, kind = "person", name = ""] = /^(?:(onCall|group|pager):)?(.+)$/.exec(text) ?? [];
  if (kind === "onCall") {
    if (tellable.rotas.some((rota) => rota.name === name)) return { kind: "rota", rota: name };
    throw wrong(at, `tells "${text}"`, `add onCall.${name}, or correct it`);
  }
  if (kind === "pager") {
    if (tellable.pagers.some((pager) => pager.name === name)) return { kind: "pager", pager: name };
    throw wrong(at, `tells "${text}"`, `add pagers.${name}, or correct it`);
  }
  if (kind === "group") {
    const group = tellable.groups[name];
    if (group === undefined) throw wrong(at, `tells "${text}"`, `add groups.${name}, or correct it`);
    const accounts = Object.fromEntries(
      Object.entries(group).flatMap(([platform, id]) => (id === undefined ? [] : [[platform, id]])),
    );
    return { kind: "group", name, accounts };
  }
  if (parseChannel(text) !== null) return { kind: "channel", channel: text };
  known(text, tellable.people, at);
  return { kind: "person", person: text };
}

function quietOf(
  { quietHours }: Output<typeof escalationSchema>[number],
  at: string,
): EscalationRule["quiet"] {
  if (quietHours === undefined) return null;
  const { from, to, timezone, evenAt } = quietHours;
  zone(timezone, at);
  const [fromMinute, toMinute] = [parseClock(from), parseClock(to)];
  if (fromMinute === null || toMinute === null || fromMinute === toMinute || fromMinute === 1_440)
    throw wrong(at, `quietHours "${from}" to "${to}" is no stretch of a day`, 'expected "22:00" and "07:00"');
  const days = [0, 1, 2, 3, 4, 5, 6];
  const hours = {
    kind: "weekly",
    days,
    fromMinute,
    toMinute: toMinute === 0 ? 1_440 : toMinute,
    timezone,
  } as const;
  return { hours, evenAt };
}

function known(id: string, people: readonly Person[], at: string): void {
  if (people.some((person) => person.id === id)) return;
  const ids = people.map((person) => person.id).join(", ");
  throw wrong(at, `names "${id}", who is not under people`, `add them, or name one of: ${ids}`);
}

function zone(timezone: string, at: string): void {
  if (!isTimezone(timezone))
    throw wrong(at, `timezone is "${timezone}"`, 'expected an IANA name, for example "Europe/Berlin"');
}

function localOf(text: string, at: string): LocalTime {
  const match = /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2})$/.exec(text);
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0] = (match ?? []).slice(1).map(Number);
  const date = new Date(Date.UTC(year, month - 1, day, hour, minute));
  const isReal = match !== null && date.toISOString().startsWith(text);
  if (!isReal) throw wrong(at, `from is "${text}"`, 'expected local time, for example "2026-03-02T09:00"');
  return { year, month, day, hour, minute };
}

/** Only with a zone: without one nobody knows whose clock is meant. */
function momentOf(text: string, at: string): Date {
  const moment = new Date(text);
  if (!/(Z|[+-]\d{2}:\d{2})$/.test(text) || Number.isNaN(moment.getTime()))
    throw wrong(at, `"${text}" is no moment`, 'expected for example "2026-03-01T22:00:00+01:00"');
  return moment;
}

function wrong(where: string, what: string, remedy: string): ConfigError {
  return new ConfigError(`tocsin.yaml ${where}: ${what}; ${remedy}`);
}
