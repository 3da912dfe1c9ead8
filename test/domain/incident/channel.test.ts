import fc from "fast-check";
import { expect, test } from "vitest";
import {
  bookmarksOf,
  type ChannelRule,
  type ChannelWish,
  channelNameOf,
  channelRuleFor,
  type IncidentChannel,
  newChannel,
  nextStep,
  opensByItself,
  topicOf,
} from "../../../src/domain/incident/channel.ts";
import type { Incident } from "../../../src/domain/incident.ts";
import { parseMatcher } from "../../../src/domain/suppression/matcher.ts";
import { at, buildAlert, buildIncident } from "../build.ts";

const matcher = (text: string) => {
  const parsed = parseMatcher(text);
  if ("kind" in parsed) throw new Error(text);
  return parsed;
};
const rule: ChannelRule = {
  match: [],
  atLeast: "high",
  isPrivate: false,
  rotas: [],
  people: [],
  archiveAfterMs: 86_400_000,
  bookmarks: [],
};
const wanted = newChannel("slack", { incidentId: 1, before: null, askedBy: null }, at(0));
const open: IncidentChannel = { ...wanted, state: "open", channel: "C1", name: "inc-1" };

test.each([
  ["Checkout is slow", 0, "inc-12-checkout-is-slow"],
  ["Checkout is slow", 1, "inc-12-checkout-is-slow-2"],
  ["Zahlungen über EU-Süd: 5xx!", 0, "inc-12-zahlungen-uber-eu-sud-5xx"],
  ["<!channel> -- __", 0, "inc-12-channel"],
  ["決済が遅い", 0, "inc-12"],
  ["決済が遅い", 3, "inc-12-4"],
])("the name of an incident called %j, with %i taken, is %s", (title, taken, name) => {
  expect(channelNameOf("inc", { id: 12, title }, taken)).toBe(name);
});

test("every name is one that Slack takes, and names of one incident differ", () => {
  const title = fc.string({ unit: "grapheme", maxLength: 300 });
  fc.assert(
    fc.property(
      title,
      fc.integer({ min: 1, max: 2 ** 31 }),
      fc.integer({ min: 0, max: 20 }),
      (text, id, taken) => {
        const name = channelNameOf("a-prefix-of-twenty-c", { id, title: text }, taken);
        expect(name).toMatch(/^[a-z0-9_-]{1,80}$/);
        expect(channelNameOf("a-prefix-of-twenty-c", { id, title: text }, taken + 1)).not.toBe(name);
      },
    ),
  );
});

test("the first rule that one of the alerts matches is the incident's", () => {
  const payments = { ...rule, match: [matcher('team="payments"'), matcher('severity=~"critical|high"')] };
  const labels = { alertname: "Down", team: "payments" };
  const critical = buildAlert({ labels, severity: "critical" });
  expect(channelRuleFor([payments, rule], [critical])).toBe(payments);
  expect(channelRuleFor([payments, rule], [buildAlert({ labels, severity: "info" })])).toBe(rule);
  expect(channelRuleFor([payments], [buildAlert()])).toBeNull();
});

test.each<[string, Partial<Incident>, ChannelRule | null, Partial<IncidentChannel> | null, boolean]>([
  ["bad enough", { severity: "high" }, rule, null, true],
  ["worse", { severity: "critical" }, rule, null, true],
  ["not bad enough", { severity: "warning" }, rule, null, false],
  ["no rule", { severity: "critical" }, null, null, false],
  ["only by hand", { severity: "critical" }, { ...rule, atLeast: null }, null, false],
  ["muted", { severity: "critical", isMuted: true }, rule, null, false],
  ["over", { severity: "critical", state: "resolved" }, rule, null, false],
  ["it has one", { severity: "critical" }, rule, { state: "open" }, false],
  [
    "reopened after the bot archived it",
    { severity: "info" },
    rule,
    { state: "closed", closedBy: "time" },
    true,
  ],
  ["people archived it", { severity: "critical" }, rule, { state: "closed", closedBy: "people" }, false],
])("opens by itself: %s", (_name, incident, given, known, expected) => {
  const before = known === null ? null : { ...open, ...known };
  expect(opensByItself(buildIncident(incident), given, before)).toBe(expected);
});

test("the topic says how bad, how far and who has it", () => {
  const nameOf = (id: string) => (id === "ada" ? "Ada" : id);
  const say = (given: Partial<Incident>) => topicOf(buildIncident(given), nameOf);
  expect(say({ severity: "critical" })).toBe("critical · open · nobody has it yet");
  expect(say({ severity: "high", state: "acknowledged", acknowledgedBy: "ada" })).toBe(
    "high · acknowledged · Ada has it",
  );
  expect(say({ state: "resolved", assignedTo: "ada" })).toBe("warning · resolved");
});

test("bookmarks are the console, links per service and dashboards of models, each address once and only safe ones", () => {
  const links = bookmarksOf(
    { id: 7, services: ["pay ments", "cart"], state: "open" },
    {
      bookmarks: [
        { title: "Logs", url: "https://logs.example.com/?s={service}" },
        { title: "Runbooks", url: "https://wiki.example.com/run" },
        { title: "Again", url: "https://wiki.example.com/run" },
        { title: "Odd", url: "javascript:alert(1)" },
      ],
    },
    {
      consoleUrl: "https://tocsin.example.com/",
      models: [
        { services: ["cart"], dashboards: [{ name: "Model", url: "https://grafana.example.com/m" }] },
        { services: ["other"], dashboards: [{ name: "Other", url: "https://grafana.example.com/o" }] },
      ],
    },
  );
  expect(links).toEqual([
    { title: "Incident 7", url: "https://tocsin.example.com/incidents/7" },
    { title: "Logs: pay ments", url: "https://logs.example.com/?s=pay%20ments" },
    { title: "Logs: cart", url: "https://logs.example.com/?s=cart" },
    { title: "Again", url: "https://wiki.example.com/run" },
    { title: "Model", url: "https://grafana.example.com/m" },
  ]);
});

test.each([
  ["open", "https://tocsin.example.com", []],
  ["acknowledged", "https://tocsin.example.com", []],
  ["resolved", "https://tocsin.example.com", ["https://tocsin.example.com/incidents/7/report"]],
  ["resolved", null, []],
] as const)(
  "the report of one that is %s, with the console at %s, is at %j",
  (state, consoleUrl, reports) => {
    const links = bookmarksOf({ id: 7, services: [], state }, null, { consoleUrl, models: [] });
    expect(links.map(({ url }) => url).filter((url) => url.endsWith("/report"))).toEqual(reports);
  },
);

const wish = (incident: Partial<Incident>, more: Partial<ChannelWish> = {}): ChannelWish => ({
  incident: buildIncident(incident),
  purpose: "purpose",
  topic: "new",
  bookmarks: [{ title: "x", url: "https://x.example.com/" }],
  people: ["ada"],
  peopleUntil: null,
  archiveAfterMs: 86_400_000,
  ...more,
});
const done: IncidentChannel = {
  ...open,
  shown: {
    purpose: "purpose",
    topic: "new",
    topicAt: at(0).toISOString(),
    invited: { ada: "invited" },
    bookmarks: ["https://x.example.com/"],
  },
};
const resolved = { state: "resolved", resolvedAt: at(0) } as const;
const day = 24 * 60;

test.each<[string, IncidentChannel, ChannelWish, number, unknown]>([
  ["one that is wanted is made", wanted, wish({}), 0, { kind: "create" }],
  ["one whose incident is over is not", wanted, wish(resolved), 0, { kind: "give_up" }],
  ["one in doubt is looked at first", { ...done, doubtedAt: at(0) }, wish({}), 0, { kind: "look" }],
  ["a new one says what it is for", open, wish({}), 0, { kind: "purpose" }],
  ["then how things stand", { ...open, shown: { purpose: "p" } }, wish({}), 0, { kind: "topic" }],
  [
    "a change within half a minute waits",
    done,
    wish({}, { topic: "newer" }),
    0.25,
    { kind: "rest", until: at(0.5) },
  ],
  ["and is said after it", done, wish({}, { topic: "newer" }), 0.5, { kind: "topic" }],
  [
    "whoever comes later is invited",
    done,
    wish({}, { people: ["ada", "bo"] }),
    1,
    { kind: "invite", person: "bo" },
  ],
  [
    "who is on call is asked again when the turn ends",
    done,
    wish({}, { peopleUntil: at(8) }),
    1,
    { kind: "rest", until: at(8) },
  ],
  [
    "and before that the topic is said when it may be",
    done,
    wish({}, { peopleUntil: at(8), topic: "newer" }),
    0.25,
    { kind: "rest", until: at(0.5) },
  ],
  ["nothing is to be done", done, wish({}), 1, { kind: "rest", until: null }],
  ["a resolved one stays for a day", done, wish(resolved), 1, { kind: "rest", until: at(day) }],
  ["then says good-bye", done, wish(resolved), day, { kind: "farewell" }],
  [
    "and is archived",
    { ...done, shown: { ...done.shown, farewell: 5 } },
    wish(resolved),
    day,
    { kind: "archive" },
  ],
  [
    "unless that is switched off",
    done,
    wish(resolved, { archiveAfterMs: null }),
    day,
    { kind: "rest", until: null },
  ],
  [
    "a closed one is left alone",
    { ...done, state: "closed" },
    wish(resolved),
    day,
    { kind: "rest", until: null },
  ],
])("%s", (_name, known, wanting, minutes, step) => {
  expect(nextStep(known, wanting, { now: at(minutes), skipped: new Set() })).toEqual(step);
});

test("what is refused for now is left out, and the rest goes on", () => {
  const skipped = new Set(["purpose", "topic"] as const);
  expect(nextStep(open, wish({}), { now: at(0), skipped })).toEqual({ kind: "invite", person: "ada" });
  expect(nextStep(wanted, wish({}), { now: at(0), skipped: new Set(["create"] as const) })).toEqual({
    kind: "rest",
    until: null,
  });
});
