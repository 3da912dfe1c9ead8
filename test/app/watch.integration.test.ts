/** Conditions of our own all the way: looked at, told as deliveries, triaged into incidents, ended. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type OpenStore, openStore } from "../../src/adapters/store/store.ts";
import { createIngest, type Ingest } from "../../src/app/ingest.ts";
import { parseDelivery } from "../../src/app/parse-delivery.ts";
import { createTriage, type Triage } from "../../src/app/triage.ts";
import { createWatch, ownSource, type Watch } from "../../src/app/watch.ts";
import { createLooker, type Looker } from "../../src/app/watch-looks.ts";
import { createWatchSeries } from "../../src/app/watch-series.ts";
import { createCorrelator } from "../../src/domain/clustering.ts";
import type { Verdict, WatchRule } from "../../src/domain/watch/rule.ts";
import { shippedWeights } from "../../src/domain/weights.ts";
import { readableSources } from "../../src/main/own-source.ts";
import { type Clock, type Metrics, noMetrics, silentLog, systemClock } from "../../src/ports.ts";
import { aStoredAlert } from "../adapters/store/fixture.ts";
import { freshDatabase, type TestDatabase } from "../database.ts";
import { buildAlert } from "../domain/build.ts";
import { eventually } from "../e2e/process.ts";
import { collectLeftOutMetrics } from "../fixtures/left-out.ts";

const minute = 60_000;
const rule: WatchRule = {
  name: "disk-full",
  kind: "forecast",
  what: { kind: "query", query: "x" },
  unit: "ratio",
  labels: { team: "platform" },
  severity: "high",
  isEnabled: true,
  everyMs: 5 * minute,
  patience: { raiseAfter: 3, endAfter: 6 },
  limit: 0.95,
  direction: "up",
  horizonMs: 6 * 3_600_000,
};

let database: TestDatabase;
let store: OpenStore;
let now: Date;
const clock: Clock = { now: () => now };
const running: Triage[] = [];
const ingests: Ingest[] = [];

beforeEach(async () => {
  database = await freshDatabase();
  store = await openStore({ url: database.url, maxConnections: 6 });
  now = new Date(Math.floor(Date.now() / (5 * minute)) * 5 * minute);
});
afterEach(async () => {
  for (const triage of running.splice(0)) await triage.stop();
  for (const ingest of ingests.splice(0)) await ingest.stop();
  await store.close();
  await database.close();
});

const bad: Verdict = {
  look: "bad",
  because: "reaches 95 % in 5 h ± 1 h (about 15:00 UTC), now 80 %, +3 % an hour",
};
const good: Verdict = { look: "good", because: "is 40 % and will not reach 95 % within 6 h" };

interface Scene {
  readonly watch: Watch;
  /** What the next looks see, per instance; null: the question cannot be answered. */
  sees: Readonly<Record<string, Verdict>> | null;
  /** Some turns, one look each. */
  turns(count: number): Promise<void>;
}

function scene(
  given: {
    replica?: string;
    ingest?: Pick<Ingest, "accept">;
    rules?: readonly WatchRule[];
    leftOut?: number;
    metrics?: Metrics;
  } = {},
): Scene {
  const look: Looker = () =>
    Promise.resolve(
      own.sees === null
        ? { kind: "unreadable", because: "away" }
        : {
            kind: "looked",
            leftOut: given.leftOut ?? 0,
            judged: Object.entries(own.sees).map(([instance, verdict]) => ({
              labels: { instance, service: instance },
              verdict,
            })),
          },
    );
  const ingest = given.ingest ?? realIngest();
  const watch = createWatch({
    rules: given.rules ?? [rule],
    look,
    store,
    ingest,
    replica: given.replica ?? "one",
    clock,
    log: silentLog,
    metrics: given.metrics ?? noMetrics,
  });
  const own: Scene = {
    watch,
    sees: {},
    async turns(count) {
      for (let turn = 0; turn < count; turn += 1) {
        now = new Date(now.getTime() + 5 * minute);
        await watch.turn();
      }
    },
  };
  return own;
}

function realIngest(): Ingest {
  const ingest = createIngest({
    store: store.deliveries,
    metrics: noMetrics,
    log: silentLog,
    clock: systemClock,
    wake: () => undefined,
  });
  ingests.push(ingest);
  return ingest;
}

const sources = readableSources(new Map());

/** What was told, as the source reads it. */
async function told() {
  const deliveries = await store.deliveries.after(0, 100);
  return deliveries.flatMap((delivery) => {
    const source = sources.get(delivery.source);
    const result = source === undefined ? null : parseDelivery(source, delivery);
    if (result?.kind !== "parsed") throw new Error(`not read: ${JSON.stringify(result)}`);
    return result.delivery.alerts;
  });
}

describe("what is raised", () => {
  test("is a delivery of our own source, once, with the forecast as its summary; and one more when it ends", async () => {
    const own = scene();
    own.sees = { "db-1": bad, "db-2": good };
    await own.turns(2);
    expect(await told()).toEqual([]);
    await own.turns(4);
    expect(await told()).toEqual([
      expect.objectContaining({
        source: "tocsin",
        status: "firing",
        name: "disk-full",
        service: "db-1",
        severity: "high",
        summary: `instance db-1, service db-1 ${bad.because}`,
        labels: {
          alertname: "disk-full",
          severity: "high",
          team: "platform",
          instance: "db-1",
          service: "db-1",
        },
      }),
    ]);
    own.sees = { "db-1": good, "db-2": good };
    await own.turns(5);
    expect((await told()).map(({ status }) => status)).not.toContain("resolved");
    await own.turns(1);
    const all = await told();
    const [first, last] = [all[0], all.at(-1)];
    expect(all.filter(({ status }) => status === "resolved")).toHaveLength(1);
    expect(last).toMatchObject({
      status: "resolved",
      fingerprint: first?.fingerprint,
      startsAt: first?.startsAt,
      endsAt: now,
    });
  });

  test("is told again every half hour, so that it does not count as silent", async () => {
    const own = scene();
    own.sees = { "db-1": bad };
    await own.turns(3 + 12);
    expect(await told()).toHaveLength(3);
  });

  test("stays raised while nothing can be seen, and ends when its series is gone", async () => {
    const own = scene();
    own.sees = { "db-1": bad };
    await own.turns(3);
    own.sees = null;
    await own.turns(5);
    expect((await told()).map(({ status }) => status)).toEqual(["firing"]);
    own.sees = {};
    await own.turns(8);
    expect((await told()).at(-1)?.status).toBe("resolved");
  });

  test("is told later when it cannot be told now, and not lost", async () => {
    let isAway = true;
    const ingest = realIngest();
    const own = scene({
      ingest: {
        accept: (delivery) => (isAway ? Promise.reject(new Error("away")) : ingest.accept(delivery)),
      },
    });
    own.sees = { "db-1": bad };
    await own.turns(4);
    expect(await told()).toEqual([]);
    isAway = false;
    await own.turns(1);
    expect((await told()).map(({ status }) => status)).toEqual(["firing"]);
  });
});

describe("several replicas", () => {
  test("only one looks", async () => {
    const [one, two] = [scene({ replica: "one" }), scene({ replica: "two" })];
    for (const own of [one, two]) own.sees = { "db-1": bad };
    for (let turn = 0; turn < 4; turn += 1) {
      await one.turns(1);
      await two.watch.turn();
    }
    expect(await told()).toHaveLength(1);
  });
});

describe("through triage", () => {
  function lead(): Triage {
    const triage = createTriage({
      store,
      parse: (delivery) => {
        const source = sources.get(delivery.source);
        if (source === undefined) throw new Error(`no source ${delivery.source}`);
        return parseDelivery(source, delivery);
      },
      replica: "triage",
      routes: [{ to: "console:incidents", match: [] }],
      createCorrelator: () => createCorrelator({ weights: shippedWeights }),
      clock: systemClock,
      log: silentLog,
      metrics: noMetrics,
      timeoutMs: () => 3_600_000,
    });
    running.push(triage);
    triage.start();
    return triage;
  }

  test("it is an incident like any other, a new leader goes on with it, and it resolves", async () => {
    lead();
    const one = scene({ replica: "one" });
    one.sees = { "db-1": bad };
    await one.turns(3);
    const [open] = await eventually("the incident", 20_000, async () => {
      const list = await store.incidents.list({ states: ["open"], limit: 5 });
      return list.length === 0 ? null : list;
    });
    expect(open).toMatchObject({ title: "disk-full on db-1", severity: "high", firingCount: 1 });
    expect(await store.watch.firingFrom(ownSource, 10)).toHaveLength(1);

    // The first one dies; its lease runs out.
    await one.watch.stop();
    const lease = await store.leases.acquire("watch", "one", 1);
    if (lease !== null) await store.leases.release(lease);
    const two = scene({ replica: "two" });
    two.sees = { "db-1": good };
    await two.turns(6);
    await eventually("resolved", 20_000, async () => {
      const incident = await store.incidents.find(open?.id ?? 0);
      return incident?.state === "resolved" ? incident : null;
    });
    expect(await store.watch.firingFrom(ownSource, 10)).toEqual([]);
  });

  test("what is raised ends when its rule is switched off", async () => {
    lead();
    const one = scene({ replica: "one" });
    one.sees = { "db-1": bad };
    await one.turns(3);
    await eventually("firing", 20_000, async () =>
      (await store.watch.firingFrom(ownSource, 10)).length === 1 ? true : null,
    );
    const lease = await store.leases.acquire("watch", "one", 1);
    if (lease !== null) await store.leases.release(lease);
    const two = scene({ replica: "two", rules: [] });
    await two.turns(1);
    await eventually("ended", 20_000, async () =>
      (await store.watch.firingFrom(ownSource, 10)).length === 0 ? true : null,
    );
  });
});

describe("the rate of alerts", () => {
  test("is counted from what the bot received, without its own, and an odd one is seen", async () => {
    const start = Math.floor(now.getTime() / 300_000) * 300_000 - 10 * 24 * 60 * minute;
    const alerts = Array.from({ length: 2_000 }, (_, index) =>
      buildAlert({
        labels: { alertname: "A", team: index % 2 === 0 ? "payments" : "search", n: String(index) },
        startsAt: new Date(start + index * 7 * minute),
        source: "alertmanager",
      }),
    );
    const storm = Array.from({ length: 40 }, (_, index) =>
      buildAlert({
        labels: { alertname: "B", team: "payments", n: `s${index}` },
        startsAt: new Date(now.getTime() - 8 * minute),
      }),
    );
    const ours = storm.map((alert, index) => ({
      ...buildAlert({ labels: { alertname: "C", team: "payments", n: `o${index}` } }),
      startsAt: alert.startsAt,
      source: ownSource,
    }));
    const unique = [...alerts, ...storm, ...ours].map((alert, index) =>
      aStoredAlert({ ...alert, fingerprint: `f${index}` }, { incidentId: 1 }),
    );
    await store.incidents.saveAlerts(unique);

    const day = { from: new Date(now.getTime() - 60 * minute), to: now, stepMs: 5 * minute };
    const counted = await store.watch.alertStarts({ ...day, labels: { team: "payments" } });
    expect(Math.max(...counted.map(([, count]) => count))).toBeGreaterThanOrEqual(40);
    expect(Math.max(...counted.map(([, count]) => count))).toBeLessThan(45);
    expect((await store.watch.alertStarts({ ...day, labels: { team: "nobody" } })).length).toBe(0);
    expect(await store.watch.firstAlertStart({ team: "search" })).toBe(start + 7 * minute);
    expect(await store.watch.firstAlertStart({ alertname: "C" })).toBeNull();

    const look = createLooker(createWatchSeries({ source: null, alerts: store.watch }));
    const odd: WatchRule = {
      ...rule,
      name: "storm",
      kind: "anomaly",
      what: { kind: "alerts", labels: { team: "payments" } },
      unit: "",
      deviations: 4,
      direction: "up",
      historyMs: 28 * 24 * 60 * minute,
      timezone: "UTC",
    };
    const seen = await look(odd, now, AbortSignal.timeout(10_000));
    expect(seen).toMatchObject({
      kind: "looked",
      judged: [{ verdict: { look: expect.stringMatching(/bad|good/) } }],
    });
    const stormy = await look(odd, new Date(now.getTime() - 2 * minute), AbortSignal.timeout(10_000));
    const looks = [seen, stormy].flatMap((one) =>
      one.kind === "looked" ? one.judged.map(({ verdict }) => verdict) : [],
    );
    expect(looks.find(({ look: what }) => what === "bad")?.because).toMatch(/^is 4\d, usual are /);
  });

  test("a query without a Prometheus cannot be read, and says so", async () => {
    const look = createLooker(createWatchSeries({ source: null, alerts: store.watch }));
    expect(await look(rule, now, AbortSignal.timeout(1_000))).toEqual({
      kind: "unreadable",
      because: expect.stringContaining("PROMETHEUS_URL"),
    });
  });
});

test("series of a rule that are not watched are counted at each look (issue 3)", async () => {
  const { metrics, counts } = collectLeftOutMetrics();
  await scene({ leftOut: 3, metrics }).turns(2);
  expect(counts).toEqual({ watched_series: 6 });
});
