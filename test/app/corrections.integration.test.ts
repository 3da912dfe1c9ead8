import path from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type OpenStore, openStore } from "../../src/adapters/store/store.ts";
import { createTriage, type Triage } from "../../src/app/triage.ts";
import { createCorrelator } from "../../src/domain/clustering.ts";
import type { Incident } from "../../src/domain/incident.ts";
import { checkCommand, loadFolders } from "../../src/load.ts";
import { type Alert, noMetrics, type StoredDelivery, silentLog, systemClock } from "../../src/ports.ts";
import { freshDatabase, type TestDatabase } from "../database.ts";
import { verifyChain } from "../domain/audit/chain.ts";
import { buildAlert, buildIncident, buildTracked } from "../domain/build.ts";
import { eventually } from "../e2e/process.ts";
import { createWorld, requestOf, shippedPolicy, type World } from "./rollout-world.ts";

let database: TestDatabase;
let world: World;
let store: OpenStore;
const stores: OpenStore[] = [];
const running: Triage[] = [];

beforeEach(async () => {
  database = await freshDatabase();
  store = await open();
  const commands = (await loadFolders([path.resolve("commands")], checkCommand)).plugins;
  const clock = { now: () => new Date(), pass: () => undefined };
  world = createWorld({ store, policy: await shippedPolicy(), models: [], commands, clock });
});

afterEach(async () => {
  for (const triage of running.splice(0)) await triage.stop();
  for (const one of stores.splice(0)) await one.close();
  await database.close();
});

async function open(): Promise<OpenStore> {
  const opened = await openStore({ url: database.url, maxConnections: 6 });
  stores.push(opened);
  return opened;
}

/** A leader whose deliveries are alerts as JSON. */
function lead(replica: string): Triage {
  const triage = createTriage({
    store,
    replica,
    parse: (delivery) => ({
      kind: "parsed",
      delivery: { alerts: [readAlert(delivery)], changes: [], topology: null },
    }),
    routes: [{ to: "console:incidents", match: [] }],
    createCorrelator: () => createCorrelator(),
    clock: systemClock,
    log: silentLog,
    metrics: noMetrics,
    timeoutMs: () => 3_600_000,
  });
  running.push(triage);
  triage.start();
  return triage;
}

function readAlert(delivery: StoredDelivery): Alert {
  const { service, name, startsAt } = JSON.parse(Buffer.from(delivery.body).toString()) as Record<
    string,
    string
  >;
  return buildAlert({ service: service ?? "", name: name ?? "", startsAt: new Date(startsAt ?? "") });
}

const start = Date.now() - 60_000;
/** Services fire so far apart that nothing groups them. */
const apartMs = 10 * 60_000;
const order = ["alpha", "beta", "gamma", "delta"];

/** Alerts that have nothing to do with one another unless they are of one service. */
async function fire(triage: Triage, ...services: readonly string[]): Promise<void> {
  const before = (await store.incidents.remembered(new Date(0), 1_000)).length;
  await store.deliveries.insert(
    services.map((service, index) => {
      const startsAt = new Date(
        start - order.indexOf(service) * apartMs + (before + index) * 10,
      ).toISOString();
      const body = Buffer.from(JSON.stringify({ service, name: `Down${before + index}`, startsAt }));
      return { source: "test", headers: {}, receivedAt: new Date(), body };
    }),
  );
  triage.wake();
  await eventually("the alerts", 10_000, async () =>
    (await store.incidents.remembered(new Date(0), 1_000)).length === before + services.length ? true : null,
  );
}

/** Runs a command, and waits until triage has carried out what follows from it. */
async function say(who: string, line: string): Promise<string> {
  const answer = await world.execute.execute(requestOf(who, line, new Date()));
  await carriedOut();
  return answer?.view.summary ?? "";
}

async function carriedOut(): Promise<void> {
  await eventually("the rulings", 10_000, async () =>
    (await store.feedback.waiting(1)).length === 0 ? true : null,
  );
}

/** Services by incident, from the rows. */
async function groups(): Promise<Record<number, readonly string[]>> {
  const found: Record<number, string[]> = {};
  for (const { incidentId, alert } of await store.incidents.remembered(new Date(0), 1_000))
    found[incidentId] = [...(found[incidentId] ?? []), alert.service ?? ""].sort();
  return found;
}

async function incident(id: number): Promise<Incident> {
  const found = await store.incidents.find(id);
  if (found === null) throw new Error(`there is no incident ${id}`);
  return found;
}

async function lines(id: number, kind: string): Promise<readonly string[]> {
  return (await store.incidents.timeline(id, 50))
    .filter((entry) => entry.kind === kind)
    .map(({ text }) => text);
}

describe("a correction", () => {
  test("merges within a second, into the incident that was named first, however small that is", async () => {
    const triage = lead("a");
    await fire(triage, "alpha", "beta", "beta", "beta");
    expect(await groups()).toEqual({ 1: ["beta", "beta", "beta"], 2: ["alpha"] });
    const asked = performance.now();
    await world.execute.execute(requestOf("oncall", "merge 2 1", new Date()));
    await carriedOut();
    expect(performance.now() - asked).toBeLessThan(2_000);
    expect(await groups()).toEqual({ 2: ["alpha", "beta", "beta", "beta"] });
    expect(await incident(2)).toMatchObject({ state: "open", alertCount: 4, mergedInto: null });
    expect(await incident(1)).toMatchObject({ state: "resolved", mergedInto: 2 });
    for (const id of [1, 2]) {
      const card = await store.posts.findBySubject("console", "incidents", "incident", id);
      expect(card?.desiredRevision).toBe((await incident(id)).revision);
    }
    expect(await lines(1, "merged")).toContain("merged into incident 2");
  });

  test("splits a family: the child names its parent, both threads say why, and whoever has the parent has the child", async () => {
    const triage = lead("a");
    await fire(triage, "alpha", "alpha", "alpha");
    await say("oncall", "ack 1");
    await say("oncall", "split 1 Down1");
    expect(await groups()).toEqual({ 1: ["alpha", "alpha"], 2: ["alpha"] });
    expect(await incident(2)).toMatchObject({ parentId: 1, state: "acknowledged", acknowledgedBy: "oncall" });
    expect((await store.incidents.children([1])).map(({ id }) => id)).toEqual([2]);
    expect((await lines(2, "split"))[0]).toMatch(/^split from incident 1: /);
    expect((await lines(1, "split"))[1]).toMatch(/^incident 2 split off with 1 alert: /);
    expect(await store.posts.findBySubject("console", "incidents", "incident", 2)).not.toBeNull();
    await say("ml", "split 2 Down1");
    await say("oncall", "split 1 Down2");
    // A family has one parent.
    expect(await incident(3)).toMatchObject({ parentId: 1 });
    await say("oncall", "merge 1 2");
    expect((await store.incidents.children([1])).map(({ id }) => id)).toEqual([3]);
  });

  test("holds for the next leader, and against alerts that come later", async () => {
    const first = lead("a");
    await fire(first, "alpha", "alpha", "beta");
    await say("oncall", "split 2 Down1");
    await say("oncall", "merge 2 1");
    const wanted = { 2: ["alpha", "beta"], 3: ["alpha"] };
    expect(await groups()).toEqual(wanted);
    await first.stop();
    const second = lead("b");
    await fire(second, "gamma");
    expect(await groups()).toEqual({ ...wanted, 4: ["gamma"] });
    // Alerts beside both sides bring them together no more.
    await fire(second, "alpha", "beta");
    const after = Object.values(await groups());
    expect(after.flat().sort()).toEqual(["alpha", "alpha", "alpha", "beta", "beta", "gamma"]);
    const [down0, down1] = (await store.incidents.searchAlerts("down", 20))
      .filter(({ alert }) => alert.name === "Down0" || alert.name === "Down1")
      .map(({ incidentId }) => incidentId);
    expect(down0).not.toBe(down1);
  });

  test("moves alerts that triage has long forgotten, and counts all of their incident", async () => {
    const old = new Date(Date.now() - 10 * 86_400_000);
    const ended = { status: "resolved", startsAt: old, endsAt: new Date(old.getTime() + 60_000) } as const;
    const alerts = ["alpha", "beta", "gamma"].map((service) =>
      buildTracked({ name: "Gone", service, ...ended }, { incidentId: 1, seenAt: old, endedBy: "source" }),
    );
    await store.incidents.saveAlerts(alerts);
    const resolved = { state: "resolved", resolvedAt: ended.endsAt, resolvedBy: "tocsin" } as const;
    await store.incidents.save([buildIncident({ id: 1, ...resolved, alertCount: 3, firingCount: 0 })]);
    const lease = await store.leases.acquire("default", "setup", 1_000);
    if (lease === null) throw new Error("nobody else leads");
    await store.leases.advance(lease, { cursor: 0, nextIncidentId: 2 });
    await store.leases.release(lease);
    lead("a");
    await say("oncall", "split 1 beta");
    expect(await groups()).toEqual({ 1: ["alpha", "gamma"], 2: ["beta"] });
    expect(await incident(1)).toMatchObject({ alertCount: 2, state: "resolved" });
    expect(await incident(2)).toMatchObject({ alertCount: 1, parentId: 1, state: "resolved" });
    await say("oncall", "move gamma 2");
    expect(await groups()).toEqual({ 1: ["alpha"], 2: ["beta", "gamma"] });
    await say("ml", "merge 2 1");
    expect(await groups()).toEqual({ 2: ["alpha", "beta", "gamma"] });
    expect(await incident(1)).toMatchObject({ mergedInto: 2 });
  });

  test("brings firing alerts to an incident that is over, and opens it again", async () => {
    const triage = lead("a");
    await fire(triage, "alpha", "beta");
    await say("oncall", "resolve 1 done");
    await say("oncall", "merge 1 2");
    expect(await incident(1)).toMatchObject({ state: "open", reopenedCount: 1, alertCount: 2 });
  });
});

/** Numbers that look random and are the same every time. */
function numbersFrom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** Names of alerts by incident, from the rows. */
async function blocks(): Promise<Map<number, readonly string[]>> {
  const found = new Map<number, readonly string[]>();
  for (const { incidentId, alert } of await store.incidents.remembered(new Date(0), 1_000))
    found.set(incidentId, [...(found.get(incidentId) ?? []), alert.name].sort());
  return found;
}

function partitionOf(found: Iterable<readonly string[]>): readonly string[] {
  return [...found]
    .filter((names) => names.length > 0)
    .map((names) => [...names].sort().join(" "))
    .sort();
}

/** A command, and the grouping after it; null when there is nothing to correct by it. */
function correction(
  now: ReadonlyMap<number, readonly string[]>,
  number: (below: number) => number,
): { readonly line: string; readonly wanted: readonly (readonly string[])[] } | null {
  const ids = [...now.keys()];
  const [from, to] = [ids[number(ids.length)] ?? 0, ids[number(ids.length)] ?? 0];
  const [own, other] = [now.get(from) ?? [], now.get(to) ?? []];
  const rest = ids.filter((id) => id !== from && id !== to).map((id) => now.get(id) ?? []);
  const leaving = own.filter(() => number(2) === 0);
  const staying = own.filter((name) => !leaving.includes(name));
  const kind = number(3);
  const [moving = "", ...left] = own;
  if (kind === 0 && from !== to)
    return { line: `merge ${from} ${to}`, wanted: [...rest, [...own, ...other]] };
  if (kind === 1 && from !== to)
    return { line: `move ${moving} ${to}`, wanted: [...rest, left, [...other, moving]] };
  if (leaving.length === 0 || staying.length === 0) return null;
  const others = from === to ? rest : [...rest, other];
  return { line: `split ${from} ${leaving.join(", ")}`, wanted: [...others, leaving, staying] };
}

test.each([1, 2, 3])(
  "two people who correct one another end where the last word of each says, whoever leads (%i)",
  async (seed) => {
    const number = numbersFrom(seed);
    await fire(lead("a"), "alpha", "alpha", "alpha", "beta", "beta", "gamma", "delta", "delta");
    let count = 0;
    for (let step = 0; step < 14; step += 1) {
      const next = correction(await blocks(), number);
      if (next === null) continue;
      count += 1;
      const said = await say(step % 2 === 0 ? "oncall" : "ml", next.line);
      expect(partitionOf((await blocks()).values()), `${next.line}: ${said}`).toEqual(
        partitionOf(next.wanted),
      );
      if (step !== 7) continue;
      for (const triage of running.splice(0)) await triage.stop();
      lead("b");
    }
    expect(count).toBeGreaterThan(5);
    const now = await blocks();
    expect([...now.values()].flat().sort()).toEqual(Array.from({ length: 8 }, (_, index) => `Down${index}`));
    for (const [id, names] of now)
      expect(await incident(id)).toMatchObject({ mergedInto: null, alertCount: names.length, state: "open" });
    const audit = await store.audit.read(1, 1_000);
    expect(verifyChain(audit)).toMatchObject({ kind: "intact", entries: count });
    const said = await store.feedback.list(100);
    expect(said.map(({ person }) => person)).toEqual(audit.map(({ actor }) => actor));
  },
  60_000,
);
