/** What triage let go, to keep within its bound, is read back: nothing is decided otherwise because of it. */
import fc from "fast-check";
import postgres from "postgres";
import { afterEach, describe, expect, test } from "vitest";
import { type OpenStore, openStore } from "../../../src/adapters/store/store.ts";
import type { Batch } from "../../../src/app/triage/batch.ts";
import { carryOutRulings } from "../../../src/app/triage/carry-out-rulings.ts";
import { commitBatch } from "../../../src/app/triage/commit-batch.ts";
import { type Leadership, takeOver } from "../../../src/app/triage/leadership.ts";
import type { Report } from "../../../src/app/triage/movement.ts";
import type { TriageOptions } from "../../../src/app/triage/options.ts";
import { readSettings } from "../../../src/app/triage/settings.ts";
import { tick } from "../../../src/app/triage/tick.ts";
import { type Alert, alertKey } from "../../../src/domain/alert.ts";
import { createCorrelator } from "../../../src/domain/clustering.ts";
import { shippedWeights } from "../../../src/domain/weights.ts";
import { noMetrics, silentLog } from "../../../src/ports.ts";
import { freshDatabase, type TestDatabase } from "../../database.ts";
import { buildAlert } from "../../domain/build.ts";

const open: { readonly database: TestDatabase; readonly store: OpenStore }[] = [];

afterEach(async () => {
  for (const { database, store } of open.splice(0)) {
    await store.close();
    await database.close();
  }
});

const minuteMs = 60_000;
const startMs = Date.now() - 6 * 3_600_000;
const topology = {
  edges: [
    ["web", "api"],
    ["api", "db"],
    ["mail", "queue"],
  ],
  services: [],
} as const;

/** Triage on a database and with a clock of its own, one step at a time. */
async function createTriage(mostRemembered: number) {
  const database = await freshDatabase();
  const store = await openStore({ url: database.url, maxConnections: 4 });
  open.push({ database, store });
  await store.incidents.saveTopology("test", topology, new Date(startMs));
  let nowMs = startMs;
  const sizes = new Map<string, number>();
  const leftOut = new Map<string, number>();
  const options: TriageOptions = {
    store,
    mostRemembered,
    createCorrelator: () => createCorrelator({ weights: shippedWeights }),
    parse: () => ({ kind: "unparseable", problem: "nothing is parsed here", remedy: "" }),
    routes: [{ to: "console:incidents", match: [] }],
    replica: "a",
    clock: { now: () => new Date(nowMs) },
    log: silentLog,
    metrics: {
      ...noMetrics,
      gauge: (name, value, labels) => {
        if (name === "tocsin_triage_size") sizes.set(labels?.["part"] ?? "", value);
      },
      count: (name, labels, by = 1) => {
        const limit = labels?.["limit"] ?? "";
        if (name === "tocsin_left_out_total" && by > 0) leftOut.set(limit, (leftOut.get(limit) ?? 0) + by);
      },
    },
    timeoutMs: () => 20 * minuteMs,
  };
  const lead = async (): Promise<Leadership> => {
    const lease = await store.leases.acquire("default", "a", 60_000);
    if (lease === null) throw new Error("nobody else leads");
    return await takeOver(options, lease, new Date(nowMs));
  };
  let leader = await lead();
  let deliveries = 0;
  return {
    store,
    sizes,
    leftOut,
    url: database.url,
    memory: () => leader.memory,
    now: () => new Date(nowMs),
    pass: (minutes: number) => {
      nowMs += minutes * minuteMs;
    },
    /** Another replica takes over. */
    change: async () => {
      leader = await lead();
    },
    async take(...alerts: readonly Alert[]): Promise<void> {
      deliveries += 1;
      const receivedAt = new Date(nowMs);
      const batch: Batch = {
        deliveries: [{ id: deliveries, source: "test", headers: {}, body: Buffer.from(""), receivedAt }],
        reports: alerts.map((alert): Report => ({ alert, receivedAt })),
        ...{ observations: [], changes: [], topologies: [], profiles: [], dead: [] },
      };
      await commitBatch(options, leader, { batch, settings: await readSettings(options) });
    },
    async tick(): Promise<void> {
      await carryOutRulings(options, leader);
      await tick(options, leader);
    },
  };
}

type World = Awaited<ReturnType<typeof createTriage>>;

/** All that is stored of alerts and incidents, and what was said of them. */
async function storedIn({ url }: World) {
  const sql = postgres(url, { max: 1, onnotice: () => undefined });
  try {
    return {
      alerts: await sql`select * from alerts order by key`,
      incidents: await sql`select * from incidents order by id`.then((rows) =>
        rows.map(({ updated_at: _touched, ...incident }) => incident),
      ),
      timeline: await sql`select incident_id, at, kind, text, data, is_posted from timeline order by id`,
      posts:
        await sql`select platform, channel, kind, subject, desired_revision from posts order by 1, 2, 3, 4`,
    };
  } finally {
    await sql.end({ timeout: 1 });
  }
}

const services = ["web", "api", "db", "mail", "queue", "lone"] as const;
const names = ["HighErrorRate", "HighLatency"] as const;

type Step =
  | {
      readonly kind: "fire" | "end" | "repeat" | "endOlder" | "guess";
      readonly service: number;
      readonly name: number;
    }
  | { readonly kind: "pass"; readonly minutes: number }
  | { readonly kind: "rule"; readonly together: boolean; readonly left: number; readonly right: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 10,
    arbitrary: fc.record({
      kind: fc.constantFrom("fire", "fire", "end", "end", "repeat", "endOlder", "guess"),
      service: fc.nat(services.length - 1),
      name: fc.nat(names.length - 1),
    }),
  },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant("pass"), minutes: fc.constantFrom(0.2, 1, 4, 25) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("rule"),
      together: fc.boolean(),
      left: fc.nat(20),
      right: fc.nat(20),
    }),
  },
);

/** Plays the same steps to a triage. */
async function play(world: World, steps: readonly Step[]): Promise<void> {
  const fired: Alert[] = [];
  const of = ({ service, name }: { readonly service: number; readonly name: number }) => ({
    service: services[service] ?? "web",
    name: names[name] ?? "HighErrorRate",
  });
  const firingsOf = (what: { readonly service: string; readonly name: string }) =>
    fired.filter(({ service, name }) => service === what.service && name === what.name);
  const reportsOf = (taken: Step): readonly Alert[] => {
    if (taken.kind === "pass" || taken.kind === "rule") return [];
    const what = of(taken);
    const known = firingsOf(what);
    const newest = known.at(-1);
    const now = world.now();
    if (taken.kind === "guess") {
      const ends = taken.service % 2 === 0;
      const guessed = { ...what, startsAt: now, isStartGuessed: true } as const;
      return [buildAlert(ends ? { ...guessed, status: "resolved", endsAt: now } : guessed)];
    }
    if (taken.kind === "fire" || newest === undefined) {
      const alert = buildAlert({ ...what, startsAt: now });
      fired.push(alert);
      return [alert];
    }
    const alert = taken.kind === "endOlder" ? (known.at(-2) ?? newest) : newest;
    return [taken.kind === "repeat" ? alert : { ...alert, status: "resolved", endsAt: now }];
  };
  for (const taken of steps) {
    if (taken.kind === "pass") world.pass(taken.minutes);
    if (taken.kind === "rule") {
      const [left, right] = [fired[taken.left], fired[taken.right]];
      if (left === undefined || right === undefined || left === right) continue;
      const kind = taken.together ? "together" : "apart";
      const said = { incidentId: 1, subject: "incident:1", person: "oncall", at: world.now(), data: {} };
      await world.store.feedback.add({ ...said, kind: taken.together ? "merge" : "split" }, [
        { kind, left: [alertKey(left)], right: [alertKey(right)] },
      ]);
    }
    const reports = reportsOf(taken);
    if (reports.length > 0) await world.take(...reports);
    world.pass(0.02);
    await world.tick();
  }
}

const alert = buildAlert({ service: "db", startsAt: new Date(startMs) });

function endOf(firing: Alert, world: World): Alert {
  return { ...firing, status: "resolved", endsAt: world.now() };
}

/** A triage in which one alert fired and ended, and which has let it go. */
async function createForgetful(): Promise<World> {
  const world = await createTriage(0);
  await world.take(alert);
  world.pass(1);
  await world.take(endOf(alert, world));
  world.pass(1);
  expect(world.memory().alerts.size).toBe(0);
  return world;
}

describe("with a memory of nothing that is over", () => {
  test("everything is stored and said as with a memory of everything", async () => {
    let recalled = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 40, maxLength: 90 }), async (steps) => {
        const [large, small] = [await createTriage(20_000), await createTriage(0)];
        await play(large, steps);
        await play(small, steps);
        expect(await storedIn(small)).toEqual(await storedIn(large));
        recalled += small.memory().gone.recalled;
        expect(large.memory().gone.recalled).toBe(0);
      }),
      { numRuns: 5, endOnFailure: true },
    );
    expect(recalled).toBeGreaterThan(0);
  });

  test("a repeat of an end that was let go is counted on it", async () => {
    const world = await createForgetful();
    await world.take(endOf(alert, world));
    expect(await world.store.incidents.findAlert(alertKey(alert))).toMatchObject({
      seenCount: 3,
      incidentId: 1,
      endedBy: "source",
    });
    expect(await world.store.incidents.find(1)).toMatchObject({ state: "resolved", alertCount: 1 });
    expect(await world.store.incidents.newest()).toBe(1);
  });

  test("an alert that timed out and was let go reopens its incident, and ends with it", async () => {
    const world = await createTriage(0);
    await world.take(alert);
    world.pass(25);
    await world.tick();
    expect(world.memory().alerts.size).toBe(0);
    await world.take(alert);
    expect(await world.store.incidents.find(1)).toMatchObject({ state: "open", reopenedCount: 1 });
    await world.take(endOf(alert, world));
    expect(await world.store.incidents.find(1)).toMatchObject({ state: "resolved", alertCount: 1 });
  });

  test("a further firing stays with the one that was let go", async () => {
    const world = await createForgetful();
    await world.take(buildAlert({ service: "db", startsAt: world.now() }));
    expect(await world.store.incidents.find(1)).toMatchObject({
      state: "open",
      reopenedCount: 1,
      alertCount: 2,
      firingCount: 1,
    });
    expect(await world.store.incidents.newest()).toBe(1);
  });

  test("what is remembered, what went and what was read back are metrics", async () => {
    const world = await createForgetful();
    await world.take(endOf(alert, world));
    await world.tick();
    expect(Object.fromEntries(world.sizes)).toEqual({
      ...{ alerts: 0, firing: 0, incidents: 0, ended_incidents: 0, guests: 0, recalled_alerts: 1 },
    });
    expect(Object.fromEntries(world.leftOut)).toMatchObject({
      remembered_alerts: 2,
      remembered_incidents: 2,
    });
  });
});

describe("whoever takes over", () => {
  test("remembers no more than the bound, the newest of what is over, and all that is open", async () => {
    const world = await createTriage(3);
    const lone = (index: number) =>
      buildAlert({ service: `lone-${index}`, name: `Rule${index}`, startsAt: world.now() });
    const firing = lone(0);
    await world.take(firing);
    for (let index = 1; index <= 5; index += 1) {
      world.pass(16);
      const one = lone(index);
      await world.take(firing, one);
      await world.take(endOf(one, world));
    }
    const names = () => [...world.memory().alerts.values()].map((tracked) => tracked.alert.name).sort();
    expect(names()).toEqual(["Rule0", "Rule4", "Rule5"]);
    await world.change();
    expect(names()).toEqual(["Rule0", "Rule4", "Rule5"]);
    expect([...world.memory().open]).toEqual([1]);
    expect(world.leftOut.get("takeover_alerts")).toBe(1);
  });

  test("leaves alerts where they are that it did not read back", async () => {
    const world = await createTriage(0);
    await world.take(alert);
    world.pass(25);
    await world.tick();
    await world.change();
    await world.take(alert);
    expect(await world.store.incidents.find(1)).toMatchObject({ state: "open", reopenedCount: 1 });
    expect(await world.store.incidents.newest()).toBe(1);
  });

  test("knows all alerts of an incident that is open, also those that ended long ago", async () => {
    const world = await createTriage(10);
    const [old, long] = [
      { ...alert, startsAt: new Date(startMs - 72 * 60 * minuteMs) },
      buildAlert({ service: "api", startsAt: new Date(startMs - 71.99 * 60 * minuteMs) }),
    ];
    await world.take(old, long);
    await world.take({ ...old, status: "resolved", endsAt: new Date(startMs - 71 * 60 * minuteMs) });
    expect(await world.store.incidents.find(1)).toMatchObject({ alertCount: 2, firingCount: 1 });
    await world.change();
    await world.take(endOf(long, world));
    expect(await world.store.incidents.find(1)).toMatchObject({ state: "resolved", alertCount: 2 });
  });
});
