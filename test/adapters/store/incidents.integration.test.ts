import postgres from "postgres";
import { expect, test } from "vitest";
import type { Change } from "../../../src/domain/change.ts";
import type { TimelineKind } from "../../../src/domain/incident.ts";
import { anAlert, anIncident, aStoredAlert, at, freshStore } from "./fixture.ts";

test("an incident and its alerts come back as they went in", async () => {
  const { store } = await freshStore();
  const incident = anIncident(3, {
    state: "resolved",
    services: ["checkout", "payments"],
    acknowledgedAt: at(5),
    acknowledgedBy: "oncall",
    resolvedAt: at(9),
    resolvedBy: "tocsin",
    reopenedCount: 2,
    mergedInto: 1,
    isMuted: true,
    revision: 8,
  });
  const stored = aStoredAlert(
    anAlert("HighLatency", {
      status: "resolved",
      externalId: "abc",
      annotations: { summary: 'quotes " and \\ and 🔔' },
      url: "https://example.org/a",
      endsAt: at(7),
      startsAt: new Date("2026-01-31T09:00:00.123Z"),
    }),
    { endedBy: "source", incidentId: 3, mutedBy: { by: "silence", id: 4, because: "planned work" } },
  );
  await store.incidents.save([incident]);
  await store.incidents.saveAlerts([stored]);
  expect(await store.incidents.find(3)).toEqual(incident);
  expect(await store.incidents.alerts(3, 10)).toEqual([stored]);
  expect(await store.incidents.findAlert(stored.key)).toEqual(stored);
});

test("saving again replaces, also within one call", async () => {
  const { store } = await freshStore();
  const alert = aStoredAlert(anAlert("A"), { mutedBy: { by: "silence", id: 1, because: "x" } });
  await store.incidents.saveAlerts([alert]);
  await store.incidents.saveAlerts([
    { ...alert, seenCount: 2 },
    { ...alert, seenCount: 3, mutedBy: null, incidentId: 9 },
  ]);
  expect(await store.incidents.findAlert(alert.key)).toMatchObject({
    seenCount: 3,
    mutedBy: null,
    incidentId: 9,
  });
  await store.incidents.save([anIncident(1)]);
  await store.incidents.save([anIncident(1, { revision: 2, state: "acknowledged" })]);
  expect(await store.incidents.find(1)).toMatchObject({ revision: 2, state: "acknowledged" });
});

test("hostile text in every field of one alert does not poison its batch", async () => {
  const { store } = await freshStore();
  const hostile = "a\0b\uD800c\\u0000d'; drop table alerts; --\u202E";
  const cleaned = "a\uFFFDb\uFFFDc\\u0000d'; drop table alerts; --\u202E";
  const bad = anAlert(hostile, {
    labels: { [hostile]: hostile, alertname: "x" },
    annotations: { [hostile]: "\uDC00" },
    externalId: hostile,
    service: hostile,
    summary: hostile.repeat(2_000),
    url: hostile,
    startsAt: new Date("0001-01-01T00:00:00Z"),
    endsAt: new Date(8.64e15),
  });
  const reasons = [{ signal: hostile, score: 1e-300, because: hostile }];
  const alerts = [aStoredAlert(anAlert("Good")), aStoredAlert(bad, { reasons })];
  await store.incidents.saveAlerts(alerts);
  await store.incidents.save([anIncident(1, { title: hostile, services: [hostile] })]);
  const read = await store.incidents.findAlert(alerts[1]?.key ?? "");
  expect(read?.alert).toMatchObject({
    name: cleaned,
    service: cleaned,
    url: cleaned,
    labels: { [cleaned]: cleaned, alertname: "x" },
    annotations: { [cleaned]: "\uFFFD" },
    startsAt: new Date("0001-01-01T00:00:00Z"),
    endsAt: new Date("9999-12-31T23:59:59.999Z"),
  });
  expect(read?.reasons).toEqual([{ signal: cleaned, score: 1e-300, because: cleaned }]);
  expect(await store.incidents.alerts(1, 10)).toHaveLength(2);
  expect((await store.incidents.find(1))?.title).toBe(cleaned);
  expect(await store.incidents.searchAlerts(hostile, 5)).toHaveLength(1);
});

test("thousands of alerts are one statement", async () => {
  const { store } = await freshStore();
  const alerts = Array.from({ length: 5_000 }, (_, index) =>
    aStoredAlert(anAlert("A", { labels: { alertname: "A", instance: String(index) } })),
  );
  await store.incidents.saveAlerts(alerts);
  await store.incidents.saveAlerts(alerts.map((alert) => ({ ...alert, seenCount: 2 })));
  const read = await store.incidents.alerts(1, 10_000);
  expect(read).toHaveLength(5_000);
  expect(read.every((alert) => alert.seenCount === 2)).toBe(true);
});

test("two that save the same incidents in opposite order do not deadlock", async () => {
  const { store, another } = await freshStore();
  const other = await another();
  const ids = Array.from({ length: 200 }, (_, index) => index + 1);
  await store.incidents.save(ids.map((id) => anIncident(id)));
  const rounds = Array.from({ length: 10 }, () => [
    store.incidents.save(ids.map((id) => anIncident(id, { revision: 2 }))),
    other.incidents.save([...ids].reverse().map((id) => anIncident(id, { revision: 3 }))),
  ]);
  const outcomes = await Promise.allSettled(rounds.flat());
  expect(outcomes.filter((outcome) => outcome.status === "rejected")).toEqual([]);
});

test("lists leave out merged and muted incidents, newest first", async () => {
  const { store } = await freshStore();
  await store.incidents.save([
    anIncident(1),
    anIncident(2, { state: "resolved", resolvedAt: at(9) }),
    anIncident(3, { isMuted: true }),
    anIncident(4, { mergedInto: 1 }),
    anIncident(5, { services: ["search"], state: "acknowledged" }),
  ]);
  const ids = async (filter: Parameters<typeof store.incidents.list>[0]) =>
    (await store.incidents.list(filter)).map((incident) => incident.id);
  expect(await ids({ limit: 10 })).toEqual([5, 2, 1]);
  expect(await ids({ limit: 1 })).toEqual([5]);
  expect(await ids({ limit: 10, states: ["open", "acknowledged"] })).toEqual([5, 1]);
  expect(await ids({ limit: 10, service: "checkout" })).toEqual([2, 1]);
});

test("a number that can be no incident is not found", async () => {
  const { store } = await freshStore();
  for (const id of [0, -1, 1.5, Number.NaN, 99_999_999_999]) {
    expect(await store.incidents.find(id)).toBeNull();
    expect(await store.incidents.findForUpdate(id)).toBeNull();
    expect(await store.incidents.endSilence(id, at(0))).toBe(false);
    expect(await store.rollouts.find(id)).toBeNull();
  }
});

test("a row locked for update waits for its holder", async () => {
  const { store, another } = await freshStore();
  const other = await another();
  await store.incidents.save([anIncident(1), anIncident(2)]);
  const order: string[] = [];
  let second: Promise<void> = Promise.resolve();
  await store.transaction(async (tx) => {
    const [one, two] = await tx.incidents.findManyForUpdate([2, 1, 77]);
    expect([one?.id, two?.id]).toEqual([1, 2]);
    second = other.transaction(async (otherTx) => {
      const locked = await otherTx.incidents.findForUpdate(2);
      order.push(`second saw revision ${locked?.revision}`);
    });
    await tx.incidents.save([anIncident(2, { revision: 2 })]);
    order.push("first is done");
  });
  await second;
  expect(order).toEqual(["first is done", "second saw revision 2"]);
});

test("search finds firing alerts first, by key, name, service or label value", async () => {
  const { store } = await freshStore();
  const firing = aStoredAlert(anAlert("DiskFull", { labels: { host: "DB-7" }, service: "ledger" }));
  const resolved = aStoredAlert(
    anAlert("DiskSlow", { labels: { host: "db-7", x: "1" }, status: "resolved", endsAt: at(3) }),
    { seenAt: at(100) },
  );
  await store.incidents.saveAlerts([firing, resolved]);
  const names = async (text: string) =>
    (await store.incidents.searchAlerts(text, 10)).map((hit) => hit.alert.name);
  expect(await names("disk")).toEqual(["DiskFull", "DiskSlow"]);
  expect(await names("db-7")).toEqual(["DiskFull", "DiskSlow"]);
  expect(await names("LEDGER")).toEqual(["DiskFull"]);
  expect(await names(resolved.key.slice(0, 12))).toEqual(["DiskSlow"]);
  expect(await names("%")).toEqual([]);
  expect(await names(" ")).toEqual([]);
});

test("timeline entries get growing ids and come back in order", async () => {
  const { store } = await freshStore();
  const entries = ["opened", "joined", "resolved"].map((text, index) => ({
    incidentId: 1,
    at: at(index),
    kind: "note" as const,
    actor: "tocsin",
    text,
    data: { index },
    isPosted: index !== 1,
  }));
  const ids = await store.incidents.addTimeline(entries);
  expect(ids).toEqual([...ids].sort((a, b) => a - b));
  expect(await store.incidents.timeline(1, 10)).toEqual(
    entries.map((entry, index) => ({ ...entry, id: ids[index] })),
  );
  expect((await store.incidents.timeline(1, 2)).map((entry) => entry.text)).toEqual(["joined", "resolved"]);
  expect(await store.incidents.findTimelineEntry(ids[2] ?? 0)).toMatchObject({
    text: "resolved",
    isPosted: true,
  });
});

test("a line of the history says more, or is told, and keeps its place", async () => {
  const { store } = await freshStore();
  const entry = { incidentId: 1, at: at(0), kind: "joined", actor: "tocsin", isPosted: false } as const;
  const held = { ...entry, text: "a joined", data: { alerts: ["a"], heldUntil: "2026-01-31T09:00:30.000Z" } };
  const [first = 0, second = 0] = await store.incidents.addTimeline([held, held]);
  await store.incidents.reviseTimeline([]);
  const said = { text: "a and b's \\ joined", data: { alerts: ["a", "b"] } };
  await store.incidents.reviseTimeline([
    { id: first, incidentId: 1, isPosted: false, said },
    { id: second, incidentId: 1, isPosted: true },
  ]);
  expect(await store.incidents.timeline(1, 10)).toEqual([
    { ...entry, ...said, id: first },
    { ...held, id: second, isPosted: true },
  ]);
});

test("who takes over finds the newest lines that threads were told or are to be told, of what is not over", async () => {
  const { store } = await freshStore();
  const held = { heldUntil: "2026-01-31T09:00:30.000Z" };
  const add = async (incidentId: number, kind: TimelineKind, data: object = {}, isPosted = false) => {
    const entry = { incidentId, at: at(0), kind, actor: "tocsin", text: kind, data: { ...data }, isPosted };
    const [id] = await store.incidents.addTimeline([entry]);
    return id;
  };
  await store.incidents.save([
    anIncident(1),
    anIncident(2, { state: "acknowledged" }),
    anIncident(3, { state: "resolved", resolvedAt: at(1), resolvedBy: "tocsin" }),
    anIncident(4),
    anIncident(5),
    anIncident(6, { mergedInto: 1 }),
  ]);
  await add(1, "joined", {}, true);
  const joined = await add(1, "joined", held);
  const severity = await add(1, "severity_changed", held);
  await add(1, "joined");
  await add(1, "severity_changed");
  await add(1, "note", held, true);
  await add(2, "joined", held);
  const told = await add(2, "joined", held, true);
  // Over, put to sleep, and gone elsewhere: nothing of before is told.
  for (const incidentId of [3, 4, 5, 6]) await add(incidentId, "joined", held);
  await add(4, "resolved", {}, true);
  await add(5, "snoozed", {}, true);
  await add(4, "reopened", {}, true);
  const since = await add(4, "severity_changed", {}, true);
  const found = await store.incidents.threadLines();
  expect(found.map(({ id }) => id)).toEqual([joined, severity, told, since]);
  expect(found[0]).toMatchObject({ kind: "joined", at: at(0), data: held, isPosted: false });
});

test("changes are kept once by id, however long it is", async () => {
  const { store } = await freshStore();
  const change: Change = {
    id: "x".repeat(20_000),
    kind: "deploy",
    service: "checkout",
    title: "v2",
    text: "",
    author: null,
    url: null,
    at: at(10),
    rolloutId: null,
  };
  await store.incidents.saveChanges([
    change,
    { ...change, id: `${change.id}y` },
    { ...change, id: "short", at: at(11) },
  ]);
  await store.incidents.saveChanges([{ ...change, title: "v3" }]);
  const read = await store.incidents.changesBetween(at(0), at(20), 10);
  expect(read.map((found) => found.title).sort()).toEqual(["v2", "v2", "v3"]);
  expect(read.at(-1)).toEqual({ ...change, id: "short", at: at(11) });
  expect(await store.incidents.changesBetween(at(11), at(20), 10)).toHaveLength(1);
});

test("the topology is the union of what every source last said", async () => {
  const { store } = await freshStore();
  await store.incidents.saveTopology("a", { edges: [["web", "old"]], services: ["web", "old"] }, at(0));
  await store.incidents.saveTopology("a", { edges: [["web", "api"]], services: ["web", "api"] }, at(1));
  await store.incidents.saveTopology(
    "b",
    {
      edges: [
        ["web", "api"],
        ["api", "db"],
      ],
      services: ["db"],
    },
    at(2),
  );
  const topology = await store.incidents.topology();
  expect(topology.edges).toEqual([
    ["web", "api"],
    ["api", "db"],
  ]);
  expect([...topology.services].sort()).toEqual(["api", "db", "web"]);
});

test("a silence ends when it is told to, once", async () => {
  const { store } = await freshStore();
  const silence = {
    matchers: [{ name: "service", op: "=~" as const, value: "check.*" }],
    reason: "planned work",
    createdBy: "oncall",
    createdIn: "console:incidents",
    startsAt: at(0),
    endsAt: at(100),
    createdAt: at(0),
  };
  const id = await store.incidents.saveSilence(silence);
  expect(await store.incidents.silences(at(50))).toEqual([{ ...silence, id, matchedAt: null }]);
  await store.incidents.markMatched([id], at(40));
  expect(await store.incidents.findSilence(id)).toMatchObject({ matchedAt: at(40) });
  expect(await store.incidents.silences(at(100))).toEqual([]);
  expect(await store.incidents.endSilence(id, at(60))).toBe(true);
  expect(await store.incidents.endSilence(id, at(60))).toBe(false);
  expect(await store.incidents.silences(at(60))).toEqual([]);
});

test("what is remembered for a takeover: recent or firing alerts by start, and live incidents", async () => {
  const { store } = await freshStore();
  const alert = (name: string, seconds: number, status: "firing" | "resolved") =>
    aStoredAlert(anAlert(name, { labels: { alertname: name }, status, startsAt: at(seconds) }));
  await store.incidents.saveAlerts([
    alert("old and over", 0, "resolved"),
    alert("old and firing", 1, "firing"),
    alert("recent", 100, "resolved"),
  ]);
  const names = (await store.incidents.remembered(at(50), 10)).map((known) => known.alert.name);
  expect(names).toEqual(["old and firing", "recent"]);
  expect((await store.incidents.remembered(at(50), 1)).map((known) => known.alert.name)).toEqual(["recent"]);
  await store.incidents.save([anIncident(1), anIncident(2, { state: "resolved" })]);
  const ids = async (since: Date) =>
    (await store.incidents.rememberedIncidents(since, 10)).map((known) => known.id);
  expect(await ids(new Date(0))).toEqual([1, 2]);
  expect(await ids(new Date(Date.now() + 60_000))).toEqual([1]);
});

test("of what is over the incidents touched last are remembered, until they have enough alerts", async () => {
  const { store } = await freshStore();
  const over = { state: "resolved", firingCount: 0 } as const;
  for (const [id, alertCount] of [3, 1, 2, 1].entries())
    await store.incidents.save([anIncident(id + 1, { ...over, alertCount })]);
  await store.incidents.save([anIncident(5, { ...over, mergedInto: 1 })]);
  await store.incidents.save([anIncident(6, { ...over, alertCount: 1, firingCount: 1 })]);
  await store.incidents.saveAlerts([aStoredAlert(anAlert("Fires"), { incidentId: 1 })]);
  await store.incidents.save([anIncident(7)]);
  const ids = async (most: number) =>
    (await store.incidents.rememberedIncidents(new Date(0), most)).map(({ id }) => id);
  // The first holds an alert that fires although it is called over.
  expect(await ids(0)).toEqual([1, 7]);
  expect(await ids(1)).toEqual([1, 6, 7]);
  expect(await ids(2)).toEqual([1, 4, 6, 7]);
  expect(await ids(3)).toEqual([1, 3, 4, 6, 7]);
  expect(await ids(4)).toEqual([1, 3, 4, 6, 7]);
  expect(await ids(5)).toEqual([1, 2, 3, 4, 6, 7]);
});

test("many incidents come back in one statement, and so do their alerts without parts", async () => {
  const { store } = await freshStore();
  await store.incidents.save([anIncident(3), anIncident(1), anIncident(2)]);
  expect((await store.incidents.findMany([3, 1, 99])).map(({ id }) => id)).toEqual([1, 3]);
  const late = aStoredAlert(anAlert("Late", { startsAt: at(9) }), { incidentId: 1 });
  const early = aStoredAlert(anAlert("Early"), { incidentId: 3 });
  const part = aStoredAlert(anAlert("Late", { startsAt: at(10) }), { incidentId: 1, partOf: late.key });
  await store.incidents.saveAlerts([late, early, part, aStoredAlert(anAlert("Other"), { incidentId: 2 })]);
  expect(await store.incidents.alertsOfMany([1, 3, 99])).toEqual([early, late]);
});

test("the newest firing of each fingerprint, also where another begins with the same digits", async () => {
  const { store } = await freshStore();
  const firing = (fingerprint: string, seconds: number) =>
    aStoredAlert(anAlert("A", { fingerprint, startsAt: at(seconds) }));
  const [a, b] = ["a".repeat(64), `${"a".repeat(63)}b`];
  const [old, newest, other] = [firing(a, 0), firing(a, 5), firing(b, 9)];
  const part = { ...firing(a, 7), partOf: newest.key };
  await store.incidents.saveAlerts([newest, old, other, part]);
  expect(await store.incidents.newestFirings([a, "c".repeat(64)])).toEqual([newest]);
  expect((await store.incidents.newestFirings([b, a])).map(({ key }) => key).sort()).toEqual(
    [newest.key, other.key].sort(),
  );
});

test("an alert that was heard of again keeps all but when and how often", async () => {
  const { store } = await freshStore();
  const alert = aStoredAlert(anAlert("A"), { mutedBy: { by: "silence", id: 1, because: "x" } });
  const other = aStoredAlert(anAlert("B"));
  await store.incidents.saveAlerts([alert, other]);
  await store.incidents.hearAlerts([{ key: alert.key, seenAt: at(60), seenCount: 7 }]);
  expect(await store.incidents.findAlert(alert.key)).toEqual({ ...alert, seenAt: at(60), seenCount: 7 });
  expect(await store.incidents.findAlert(other.key)).toEqual(other);
});

test("parts of an alert that flaps are kept, go where it goes, and are not shown beside it", async () => {
  const { store } = await freshStore();
  const flapping = {
    starts: [at(0), at(2), at(4)],
    windowMs: 1_800_000,
    since: at(4),
    count: 3,
    endedAt: at(5),
  };
  const held = aStoredAlert(anAlert("Flaps"), { incidentId: 3, flapping });
  const part = aStoredAlert(anAlert("Flaps", { startsAt: at(4) }), { incidentId: 3, partOf: held.key });
  await store.incidents.saveAlerts([held, part]);
  expect(await store.incidents.alerts(3, 10)).toEqual([held]);
  expect((await store.incidents.remembered(at(-60), 10)).map(({ key }) => key)).toEqual([held.key]);
  expect(await store.incidents.searchAlerts("flaps", 10)).toEqual([held]);
  await store.incidents.moveParts([{ key: held.key, incidentId: 9 }]);
  expect(await store.incidents.findAlert(part.key)).toEqual({ ...part, incidentId: 9 });
});

test("of incidents stored before services were counted, those that are listed count (issue 3)", async () => {
  const { store, url } = await freshStore();
  await store.incidents.save([anIncident(1, { services: ["api", "db"], serviceCount: 42 })]);
  expect(await store.incidents.find(1)).toMatchObject({ serviceCount: 42 });
  const client = postgres(url, { max: 1 });
  await client`update incidents set service_count = null`;
  await client.end();
  expect(await store.incidents.find(1)).toMatchObject({ serviceCount: 2 });
});
