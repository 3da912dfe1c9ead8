import { createHmac } from "node:crypto";
import { expect, test } from "vitest";
import alertmanager from "../../../src/adapters/sources/alertmanager.ts";
import changes from "../../../src/adapters/sources/changes.ts";
import generic from "../../../src/adapters/sources/generic.ts";
import grafana from "../../../src/adapters/sources/grafana.ts";
import topology from "../../../src/adapters/sources/topology.ts";
import type { ParsedDelivery, ParseResult, RawDelivery } from "../../../src/ports/source.ts";

const receivedAt = new Date("2026-03-01T12:45:00.000Z");
const delivery: RawDelivery = { body: new Uint8Array(), headers: {}, receivedAt };
const labels = { alertname: "QueueGrows", service: "orders", severity: "high" };

function read(result: ParseResult): ParsedDelivery {
  if (result.kind === "unparseable") throw new Error(result.problem);
  return result.delivery;
}
const fromAlertmanager = (body: unknown) => read(alertmanager.parse(body, delivery, undefined));
const fromGrafana = (body: unknown) => read(grafana.parse(body, delivery, undefined));
const fromChanges = (body: unknown) => read(changes.parse(body, delivery, undefined)).changes;

// ---------- alertmanager ----------

test("alertmanager: a firing alert has its sender's fingerprint, times, address and no end", () => {
  const alert = {
    status: "firing",
    labels,
    annotations: { description: "Since ten minutes" },
    startsAt: "2026-03-01T12:00:00.123456789+01:00",
    endsAt: "2026-03-01T13:49:00Z",
    generatorURL: "http://prometheus.example.com/graph?g0.expr=up",
    fingerprint: "5ef77f1f8a3ecf8d",
  };
  expect(fromAlertmanager({ status: "firing", alerts: [alert] }).alerts).toMatchObject([
    {
      externalId: "5ef77f1f8a3ecf8d",
      source: "alertmanager",
      status: "firing",
      labels,
      name: "QueueGrows",
      service: "orders",
      severity: "high",
      summary: "Since ten minutes",
      url: "http://prometheus.example.com/graph?g0.expr=up",
      startsAt: new Date("2026-03-01T11:00:00.123Z"),
      endsAt: null,
    },
  ]);
});

test("alertmanager: identity follows the labels alone", () => {
  const one = fromAlertmanager({
    alerts: [{ labels, startsAt: "2026-03-01T12:00:00Z", annotations: { a: "1" } }],
  });
  const two = fromAlertmanager({ alerts: [{ labels: { ...labels }, startsAt: "2026-03-01T12:01:00Z" }] });
  const other = fromAlertmanager({ alerts: [{ labels: { ...labels, service: "mail" } }] });
  expect(one.alerts[0]?.fingerprint).toBe(two.alerts[0]?.fingerprint);
  expect(one.alerts[0]?.fingerprint).not.toBe(other.alerts[0]?.fingerprint);
});

test("alertmanager: the 2017 payload without fingerprint and annotations is read", () => {
  const alert = {
    status: "resolved",
    labels,
    startsAt: "2017-08-03T15:17:37.8-04:00",
    endsAt: "2017-08-03T20:00:00Z",
  };
  expect(fromAlertmanager({ version: "4", alerts: [alert] }).alerts).toMatchObject([
    { externalId: null, annotations: {}, summary: "QueueGrows", endsAt: new Date("2017-08-03T20:00:00Z") },
  ]);
});

test("alertmanager: the status of an alert counts more than that of its group", () => {
  const body = {
    status: "firing",
    alerts: [{ status: "resolved", labels }, { labels: { ...labels, pod: "a" } }],
  };
  expect(fromAlertmanager(body).alerts.map((alert) => alert.status)).toEqual(["resolved", "firing"]);
});

test.each([
  ["2026-03-01T12:44:59Z", "resolved"],
  ["2026-03-01T12:49:00Z", "firing"],
  ["0001-01-01T00:00:00Z", "firing"],
  [undefined, "firing"],
])("alertmanager: a bare list as Prometheus sends it, ending %s, is %s", (endsAt, status) => {
  expect(fromAlertmanager([{ labels, endsAt }]).alerts).toMatchObject([{ status }]);
});

test("alertmanager: an unreadable alert is named and hides no readable one", () => {
  const parsed = fromAlertmanager({ alerts: [{ labels }, null, { labels: {} }, "text"] });
  expect(parsed.alerts).toHaveLength(1);
  expect(parsed.problems).toEqual([
    "alerts[1] must be an object; got null",
    "alerts[2].labels must hold at least one label; got {}",
    'alerts[3] must be an object; got "text"',
  ]);
});

test("alertmanager: an alert without labels of its own has those of its group", () => {
  const parsed = fromAlertmanager({ commonLabels: labels, alerts: [{ status: "firing" }] });
  expect(parsed.alerts).toMatchObject([{ labels, name: "QueueGrows" }]);
});

test.each([
  [{}, '"alerts" must be a list; got nothing'],
  [{ alerts: {} }, '"alerts" must be a list; got {}'],
  [{ alerts: [null] }, "alerts[0] must be an object; got null"],
  [[{ alerts: [{ labels }], labels }], "alerts[0] is a group"],
  ["text", '"alerts" must be a list'],
])("alertmanager: refuses %j", (body, problem) => {
  expect(alertmanager.parse(body, delivery, undefined)).toMatchObject({
    kind: "unparseable",
    problem: expect.stringContaining(problem),
  });
});

test("alertmanager: a delivery without alerts says nothing, and that is fine", () => {
  expect(fromAlertmanager({ alerts: [] }).alerts).toEqual([]);
  expect(alertmanager.readsCleanly?.({ alerts: [] })).toBe(true);
});

// ---------- grafana ----------

test("grafana: measured values become an annotation and a relative address none", () => {
  const alert = { status: "firing", labels, values: { B: 22, C: 1.5 }, generatorURL: "?orgId=1" };
  expect(fromGrafana({ alerts: [alert] }).alerts).toMatchObject([
    { annotations: { values: "B=22, C=1.5" }, url: null },
  ]);
});

test("grafana: where the rule's own address is relative, the panel's or the dashboard's is shown", () => {
  const alert = {
    labels,
    generatorURL: "/alerting/x",
    panelURL: "",
    dashboardURL: "https://grafana.example.com/d/x",
  };
  expect(fromGrafana({ alerts: [alert] }).alerts[0]?.url).toBe("https://grafana.example.com/d/x");
});

test.each([
  ["DatasourceNoData", {}, "No data for Queue"],
  ["DatasourceError", { Error: "connection refused" }, "The query of Queue fails: connection refused"],
  ["DatasourceError", { summary: "Own words" }, "Own words"],
])("grafana: %s with %j is summed up as %s", (alertname, annotations, summary) => {
  const alert = { status: "firing", labels: { alertname, rulename: "Queue" }, annotations };
  expect(fromGrafana({ alerts: [alert] }).alerts).toMatchObject([{ name: alertname, summary }]);
});

test("grafana: the legacy format is refused with a way out", () => {
  const result = grafana.parse({ ruleName: "CPU", state: "alerting", evalMatches: [] }, delivery, undefined);
  expect(result).toMatchObject({ kind: "unparseable", remedy: expect.stringContaining("use: generic") });
});

const body = Buffer.from('{"alerts":[]}');
const sign = (text: string) => createHmac("sha256", "key").update(text).digest("hex");
const seconds = String(receivedAt.getTime() / 1000);
const signature = "x-grafana-alerting-signature";

test.each<[string, Record<string, string>, { timestampHeader?: string } | undefined, boolean]>([
  ["over the body", { [signature]: sign(body.toString()) }, undefined, true],
  ["over another body", { [signature]: sign("{}") }, undefined, false],
  ["that is missing", {}, undefined, false],
  [
    "over the configured time and the body",
    { [signature]: sign(`${seconds}:${body}`), "x-time": seconds },
    { timestampHeader: "X-Time" },
    true,
  ],
  [
    "over the body alone, where a time is configured",
    { [signature]: sign(body.toString()) },
    { timestampHeader: "X-Time" },
    false,
  ],
  [
    "over the time in the header that the documentation uses",
    { [signature]: sign(`${seconds}:${body}`), "x-grafana-alerting-timestamp": seconds },
    undefined,
    true,
  ],
  [
    "over an old time",
    { [signature]: sign(`1:${body}`), "x-time": "1" },
    { timestampHeader: "x-time" },
    false,
  ],
])("grafana: a signature %s", (_name, headers, names, holds) => {
  expect(grafana.hmac?.isSigned({ body, headers, receivedAt }, "key", names)).toBe(holds);
});

// ---------- generic ----------

test("generic: one alert alone, with its name only", () => {
  expect(read(generic.parse({ name: "Smoke" }, delivery, undefined)).alerts).toMatchObject([
    {
      name: "Smoke",
      status: "firing",
      labels: { alertname: "Smoke" },
      startsAt: receivedAt,
      severity: "warning",
    },
  ]);
});

test("generic: every documented field is read", () => {
  const alert = {
    name: "BackupMissing",
    id: 9,
    status: "resolved",
    service: "ledger",
    severity: "sev1",
    summary: "No backup",
    labels: { region: "eu" },
    annotations: { owner: "storage" },
    startsAt: 1_772_366_400_000,
    endsAt: "2026-03-01T12:30:00Z",
    url: "https://backups.example.com/7",
  };
  expect(read(generic.parse({ alerts: [alert] }, delivery, undefined)).alerts).toMatchObject([
    {
      name: "BackupMissing",
      externalId: "9",
      status: "resolved",
      service: "ledger",
      severity: "critical",
      summary: "No backup",
      labels: { alertname: "BackupMissing", service: "ledger", id: "9", region: "eu" },
      annotations: { owner: "storage" },
      startsAt: new Date("2026-03-01T12:00:00Z"),
      endsAt: new Date("2026-03-01T12:30:00Z"),
      url: "https://backups.example.com/7",
    },
  ]);
});

test.each([
  [{ title: "x" }, undefined, '"name" must be a text; got nothing'],
  [{ name: "x", status: "DOWN" }, undefined, '"status" must be "firing" or "resolved"; got "DOWN"'],
  [{ name: "x", startsAt: "soon" }, undefined, '"startsAt" must be RFC 3339 or a Unix time; got "soon"'],
  [{ a: { nmae: "x" } }, { name: "a.name" }, 'name "a.name": there is no "name" in "a", which has nmae'],
  [{ a: null }, { name: "a" }, 'name "a" must be a text; got null'],
  [{ n: "x" }, { name: "n", items: "list" }, 'items "list": there is no "list" in the body, which has n'],
  [{ n: "x", list: {} }, { name: "n", items: "list" }, 'items "list" must be a list; got {}'],
  [
    { n: "x", s: "WARM" },
    { name: "n", status: "s", firing: ["HOT"], resolved: ["COLD"] },
    'status "s" is "WARM"; neither in "firing" nor in "resolved" (hot, cold)',
  ],
  [
    { n: "x", t: "soon" },
    { name: "n", startsAt: "t" },
    'startsAt "t" must be RFC 3339 or a Unix time; got "soon"',
  ],
])("generic: %j with the mapping %j is refused with what was there", (given, settings, problem) => {
  expect(generic.parse(given, delivery, settings)).toMatchObject({ kind: "unparseable", problem });
});

test.each([
  [undefined, null],
  [null, null],
  [{ name: "a.b" }, null],
  ["name: x", "settings must be an object"],
  [{}, "name: "],
  [{ name: "a..b" }, 'name: "a..b" is not a path'],
  [{ name: "a", status: "b" }, 'status: needs "firing" or "resolved"'],
  [{ name: "a", naem: "b" }, 'Unrecognized key: "naem"'],
  [{ name: "a", severity: { path: "b", map: { x: "severe" } } }, "severity"],
])("generic: of the settings %j says %j", (settings, problem) => {
  const said = generic.settingsProblem?.(settings);
  if (problem === null) expect(said).toBeNull();
  else expect(said).toContain(problem);
});

test("generic: with one list of words, every other word is the opposite", () => {
  const statusWith = (settings: object, state: string) =>
    read(generic.parse({ n: "x", s: state }, delivery, { name: "n", status: "s", ...settings })).alerts[0]
      ?.status;
  expect(statusWith({ firing: ["DOWN"] }, "down")).toBe("firing");
  expect(statusWith({ firing: ["DOWN"] }, "up")).toBe("resolved");
  expect(statusWith({ resolved: "ok" }, "OK")).toBe("resolved");
  expect(statusWith({ resolved: "ok" }, "no_data")).toBe("firing");
});

test("generic: a change of state is the start of a firing and the end of a resolved alert", () => {
  const settings = { name: "n", status: "s", firing: "down", changedAt: "at" };
  const at = new Date("2026-03-01T12:00:00Z");
  const alertOf = (s: string) =>
    read(generic.parse({ n: "x", s, at: at.getTime() }, delivery, settings)).alerts[0];
  expect(alertOf("down")).toMatchObject({ startsAt: at, endsAt: null });
  expect(alertOf("down")).not.toHaveProperty("isStartGuessed");
  expect(alertOf("up")).toMatchObject({ startsAt: at, endsAt: at, isStartGuessed: true });
});

test("generic: severity words can be mapped, and known ones need not be", () => {
  const settings = { name: "n", severity: { path: "s", map: { Blocker: "critical", NORMAL: "info" } } };
  const severityOf = (s: unknown) =>
    read(generic.parse({ n: "x", s }, delivery, settings)).alerts[0]?.severity;
  expect(severityOf("blocker")).toBe("critical");
  expect(severityOf("Normal")).toBe("info");
  expect(severityOf("major")).toBe("high");
  expect(severityOf("constructor")).toBe("warning");
});

test("generic: of several items the unreadable are named and the rest stands", () => {
  const settings = { items: "hits", name: "rule", labels: { host: "host", team: '"storage"' } };
  const parsed = read(
    generic.parse({ hits: [{ rule: "A", host: "h1" }, {}, { rule: "B" }] }, delivery, settings),
  );
  expect(parsed.alerts.map((alert) => alert.labels)).toEqual([
    { alertname: "A", host: "h1", team: "storage" },
    { alertname: "B", team: "storage" },
  ]);
  expect(parsed.problems).toEqual(['entry 1: name "rule": there is no "rule" in the body, which is empty']);
});

// ---------- changes ----------

test("changes: a deploy with every field", () => {
  const change = {
    id: "d1",
    kind: "deploy",
    service: "cart",
    title: "cart 1.8.2",
    text: "faster",
    author: "release-bot",
    url: "https://ci.example.com/31",
    at: "2026-03-01T11:58:00Z",
  };
  expect(fromChanges({ changes: [change] })).toEqual([
    { ...change, at: new Date("2026-03-01T11:58:00Z"), rolloutId: null },
  ]);
});

test("changes: without an id, the same change sent twice is one, and another is another", () => {
  const change = { kind: "commit", title: "Cache prices", at: "2026-03-01T11:58:00Z" };
  const [once] = fromChanges(change);
  const [twice] = fromChanges([change]);
  const [other] = fromChanges([{ ...change, title: "Cache carts" }]);
  expect(once?.id).toBe(twice?.id);
  expect(once?.id).not.toBe(other?.id);
});

test("changes: nothing from outside can pose as a rollout of the bot's own", () => {
  const result = changes.parse(
    { changes: [{ kind: "rollout", title: "x", rolloutId: 7 }] },
    delivery,
    undefined,
  );
  expect(result).toMatchObject({ kind: "unparseable", problem: expect.stringContaining('got "rollout"') });
  expect(fromChanges({ kind: "deploy", title: "x", rolloutId: 7 })).toMatchObject([{ rolloutId: null }]);
});

test.each([
  ["deployment", "deploy"],
  ["Feature_Flag", "flag"],
  ["infrastructure", "infra"],
])("changes: %s means %s", (word, kind) => {
  expect(fromChanges({ kind: word, service: "cart" })).toMatchObject([
    { kind, title: `${kind} of cart`, at: receivedAt },
  ]);
});

test("changes: a time that cannot be read is a mistake worth telling", () => {
  const parsed = read(
    changes.parse(
      [
        { kind: "flag", title: "a", at: "soon" },
        { kind: "flag", title: "b" },
      ],
      delivery,
      null,
    ),
  );
  expect(parsed.changes).toHaveLength(1);
  expect(parsed.problems).toEqual(['changes[0].at must be a time such as 2026-01-31T12:00:00Z; got "soon"']);
});

// ---------- topology ----------

test("topology: edges in both forms, without repeats and without calls to oneself", () => {
  const given = {
    edges: [["a", "b"], { caller: "b", callee: "c" }, ["a", "b"], ["c", "c"]],
    services: ["a", "z", "z"],
  };
  expect(read(topology.parse(given, delivery, undefined)).topology).toEqual({
    edges: [
      ["a", "b"],
      ["b", "c"],
    ],
    services: ["a", "z"],
  });
});

test.each([
  [{ edges: [["a", "b"], ["a"]] }, "edges[1] must be"],
  [{ edges: [["a", ""]] }, "edges[0] must be"],
  [{ edges: "a->b" }, '"edges" must be a list'],
  [{ services: [null] }, "services[0] must be a name"],
  [{ nodes: [] }, 'neither "edges" nor "services"'],
  [{ edges: Array.from({ length: 100_001 }, () => ["a", "b"]) }, '"edges" may hold 100000; got 100001'],
])("topology: refuses a graph with a fault whole, since it replaces the one before", (given, problem) => {
  expect(topology.parse(given, delivery, undefined)).toMatchObject({
    kind: "unparseable",
    problem: expect.stringContaining(problem),
  });
});
