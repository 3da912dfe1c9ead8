/** Evidence from metrics that a real Prometheus has scraped, into a real store. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createCharts } from "../../src/adapters/charts.ts";
import { createPrometheus } from "../../src/adapters/prometheus.ts";
import { type OpenStore, openStore } from "../../src/adapters/store/store.ts";
import { chartIn, createMetricEvidence, type MetricEvidenceOptions } from "../../src/app/explain-metrics.ts";
import type { Incident } from "../../src/domain/incident.ts";
import { shippedMetricQueries } from "../../src/domain/metrics/queries.ts";
import { type Clock, type MetricSource, noMetrics, silentLog } from "../../src/ports.ts";
import { noPrometheus, type ScrapedPrometheus, startScraped } from "../adapters/prometheus-server.ts";
import { aStoredAlert } from "../adapters/store/fixture.ts";
import { freshDatabase, type TestDatabase } from "../database.ts";
import { buildAlert, buildIncident } from "../domain/build.ts";
import { buildCause, buildChange, buildExplanation } from "../fixtures/explanation-question.ts";

const why = noPrometheus();
const minute = 60_000;
const channel = { platform: "slack", channel: "C1" } as const;
/** Whole steps, so that samples and questions fall together. */
const now = Math.floor(Date.now() / 15_000) * 15_000;
const onset = now - 9 * minute;
const began = onset - 2 * minute;
const clock: Clock = { now: () => new Date(now) };

const rules = `
groups:
  - name: shop
    rules:
      - { alert: ErrorRateHigh, expr: 'shop_error_ratio > 0.05', labels: { severity: critical } }
      - { alert: QueueLong, expr: 'sum by (service) (shop_queue) > 100 and on () vector(1)' }
`;
const web = "basic_auth_users:\n  tocsin: $2b$04$abcdefghijklmnopqrstuu/LVz6MZlItEy42I2juLihZ66HnQx/cy\n";

let prometheus: ScrapedPrometheus;
let database: TestDatabase;
let store: OpenStore;
let nextIncident = 1;

beforeAll(async () => {
  database = await freshDatabase();
  store = await openStore({ url: database.url, maxConnections: 4 });
  if (why !== null) return;
  prometheus = await startScraped({
    rules,
    past: { fromMs: now - 70 * minute, toMs: now, stepMs: 15_000 },
    series: [
      { series: 'shop_error_ratio{service="checkout"}', valueAt: (at) => (at < began ? 0.002 : 0.31) },
      { series: 'shop_error_ratio{service="storefront"}', valueAt: (at) => (at < onset ? 0.001 : 0.12) },
      { series: 'shop_error_ratio{service="search"}', valueAt: (at) => (at < onset ? 0.9 : 0.01) },
      { series: 'shop_queue{service="checkout"}', valueAt: (at) => 40 + ((at / 15_000) % 3) },
      {
        series: 'process_resident_memory_bytes{job="checkout"}',
        valueAt: (at) => 5e8 + ((at / 15_000) % 7) * 1e6,
      },
      { series: 'up{job="checkout",instance="c:1"}', valueAt: (at) => (at > began ? null : 1) },
    ],
  });
});
afterAll(async () => {
  await store.close();
  await database.close();
  if (why === null) await prometheus.stop();
});

/** An incident as triage and the explanation leave it. */
async function storeIncident(): Promise<Incident> {
  const id = nextIncident;
  nextIncident += 1;
  const labels = { incident: String(id) };
  const incident = buildIncident({
    id,
    services: ["checkout", "storefront"],
    startedAt: new Date(onset),
    openedAt: new Date(onset),
    alertCount: 2,
    firingCount: 2,
  });
  await store.incidents.save([incident]);
  const alerts = ["checkout", "storefront"].map((service, index) =>
    buildAlert({
      name: "ErrorRateHigh",
      service,
      severity: "critical",
      startsAt: new Date(onset + index * 20_000),
      labels: { alertname: "ErrorRateHigh", service, severity: "critical" },
    }),
  );
  await store.incidents.saveAlerts(
    alerts.map((alert) =>
      aStoredAlert({ ...alert, fingerprint: `${labels.incident}-${alert.fingerprint}` }, { incidentId: id }),
    ),
  );
  await store.incidents.saveChanges([
    buildChange({
      id: "d-1",
      kind: "deploy",
      service: "checkout",
      title: "v2.3.1",
      at: new Date(began - minute),
      rolloutId: null,
    }),
  ]);
  await store.posts.want(
    [{ ...channel, kind: "incident", subject: id, desiredRevision: 1, threadOf: null }],
    new Date(now),
  );
  await saveExplanation(id, "checkout");
  return incident;
}

async function saveExplanation(id: number, suspect: string): Promise<void> {
  await store.explanations.save(
    buildExplanation({
      incidentId: id,
      at: new Date(now),
      ranked: [buildCause({ service: suspect, changeId: null })],
    }),
  );
}

function evidenceWith(source: MetricSource, given: Partial<MetricEvidenceOptions> = {}) {
  return createMetricEvidence({
    source,
    queries: shippedMetricQueries,
    store,
    clock,
    log: silentLog,
    metrics: noMetrics,
    ...given,
  });
}

const measured = async (id: number) =>
  (await store.incidents.timeline(id, 50)).filter(({ kind }) => kind === "measured");
const metricTexts = async (id: number) =>
  (await store.explanations.evidence(id)).filter(({ kind }) => kind === "metric").map(({ text }) => text);
const clockOf = (ms: number) => `${new Date(ms).toISOString().slice(11, 16)} UTC`;

describe("with a Prometheus that scraped it", () => {
  beforeEach(({ skip }) => {
    if (why !== null) skip(why);
  });
  const real = () =>
    createPrometheus({ url: prometheus.url, auth: null, tenant: null, clock: { now: () => new Date() } });

  test("what the rule of an alert watches becomes numbered evidence, and a chart in the thread", async () => {
    const { id } = await storeIncident();
    await evidenceWith(real()).measure(id);
    const texts = await metricTexts(id);
    expect(texts).toContain(
      `the value behind ErrorRateHigh on checkout rose from 0.2 % to 31 % (155 times as much) at ${clockOf(began)}, 2 min before the first alert; its rule fires at > 5 %`,
    );
    expect(
      texts.find((text) => text.startsWith("instances up of checkout was 1 and has no samples after")),
    ).toBeDefined();
    expect(texts).toContain("no change around the start in memory of checkout");
    // Every shipped query is one that Prometheus understands.
    expect(texts.join()).not.toContain("could not be read");
    // Another service's series of the same rule is no evidence here.
    expect(texts.join()).not.toContain("search");

    const [entry] = await measured(id);
    expect(entry).toMatchObject({ isPosted: true, actor: "tocsin" });
    const chart = chartIn(entry?.data ?? {});
    expect(chart?.alt).toContain("rose from 0.2 % to 31 %");
    expect(chart?.alt).toContain("deploy of checkout: v2.3.1");
    const png = chart === null ? null : await createCharts(silentLog).metrics(chart.chart);
    expect([...(png ?? []).slice(1, 4)]).toEqual([0x50, 0x4e, 0x47]);
    expect(await store.posts.findBySubject("slack", "C1", "entry", entry?.id ?? 0)).toMatchObject({
      state: "waiting",
      threadOf: expect.any(String),
    });
  });

  test("the same suspects are not measured twice; others are, and show only what is new", async () => {
    const { id } = await storeIncident();
    const evidence = evidenceWith(real());
    await evidence.measure(id);
    await evidence.measure(id);
    expect(await measured(id)).toHaveLength(1);
    const before = await metricTexts(id);
    await saveExplanation(id, "storefront");
    await evidence.measure(id);
    expect(await metricTexts(id)).toEqual(expect.arrayContaining(before));
    const entries = await measured(id);
    expect(entries.filter(({ isPosted }) => isPosted)).toHaveLength(1);
  });

  test("doctor finds it, with its version and rules", async () => {
    expect(await real().check()).toEqual([
      { status: "ok", subject: "prometheus", text: expect.stringMatching(/^reachable, version 2\./) },
      { status: "ok", subject: "prometheus clock", text: "agrees with ours" },
      { status: "ok", subject: "prometheus rules", text: "2 alerting rules" },
    ]);
  });

  test("a query that it refuses is said, and the rest stands", async () => {
    const { id } = await storeIncident();
    const queries = [{ name: "nonsense", query: 'sum(rate(x{job="{{service}}"}))', unit: "" }];
    await evidenceWith(real(), { queries }).measure(id);
    const texts = await metricTexts(id);
    expect(texts[0]).toContain("ErrorRateHigh on checkout rose");
    expect(texts.at(-1)).toMatch(
      /could not be read at .*: nonsense of checkout.*because it answered 400: .*parse error/,
    );
  });

  test("credentials are used, and asked for without", async () => {
    const locked = await startScraped({
      rules: "groups: []",
      past: { fromMs: now - minute, toMs: now, stepMs: 15_000 },
      series: [{ series: "x", valueAt: () => 1 }],
      web,
    });
    try {
      const base = { url: locked.url, tenant: null, clock };
      const stranger = createPrometheus({ ...base, auth: null });
      expect(
        await stranger.range(
          "x",
          { fromMs: now - minute, toMs: now, stepMs: 15_000 },
          AbortSignal.timeout(5_000),
        ),
      ).toMatchObject({
        kind: "unreadable",
        because: expect.stringContaining("401"),
      });
      const known = createPrometheus({
        ...base,
        auth: { kind: "basic", user: "tocsin", password: "open sesame" },
      });
      expect(
        await known.range(
          "x",
          { fromMs: now - minute, toMs: now, stepMs: 15_000 },
          AbortSignal.timeout(5_000),
        ),
      ).toMatchObject({
        kind: "series",
      });
    } finally {
      await locked.stop();
    }
  });
});

describe("whatever the source does", () => {
  const away: MetricSource = {
    range: () =>
      Promise.resolve({
        kind: "unreadable",
        because: "it could not be reached (ECONNREFUSED)",
        scope: "server",
      }),
    rules: () =>
      Promise.resolve({
        kind: "unreadable",
        because: "it could not be reached (ECONNREFUSED)",
        scope: "server",
      }),
    check: () => Promise.resolve([]),
  };

  test("that it is away is evidence, and no chart", async () => {
    const { id } = await storeIncident();
    await evidenceWith(away).measure(id);
    expect(await metricTexts(id)).toEqual([
      expect.stringMatching(/^could not be read at .* because it could not be reached \(ECONNREFUSED\)$/),
    ]);
    expect(await measured(id)).toEqual([expect.objectContaining({ isPosted: false })]);
  });

  test("when it is away it is asked once, not once per question", async () => {
    const { id } = await storeIncident();
    let asked = 0;
    const range: MetricSource["range"] = (...question) => {
      asked += 1;
      return away.range(...question);
    };
    await evidenceWith({
      ...away,
      range,
      rules: () => Promise.resolve({ kind: "rules", rules: [] }),
    }).measure(id);
    expect(asked).toBeLessThanOrEqual(4);
  });

  test("it ends within its time", async () => {
    const { id } = await storeIncident();
    const waiting = <Answer>(signal: AbortSignal): Promise<Answer> =>
      new Promise((resolve) => {
        const late = { kind: "unreadable", because: "there was no time left", scope: "server" } as const;
        // Both answers may be this.
        signal.addEventListener("abort", () => resolve(late as Answer));
      });
    const slow: MetricSource = {
      range: (_query, _window, signal) => waiting(signal),
      rules: (_names, signal) => waiting(signal),
      check: () => Promise.resolve([]),
    };
    const startedAt = performance.now();
    await evidenceWith(slow, { gatherMs: 200 }).measure(id);
    expect(performance.now() - startedAt).toBeLessThan(3_000);
    expect((await metricTexts(id)).join()).toContain("there was no time left");
  });

  test.each([
    ["resolved", { state: "resolved" }],
    ["muted", { isMuted: true }],
    ["merged", { mergedInto: 1 }],
  ] as const)("nothing is asked about an incident that is %s", async (_name, given) => {
    const incident = await storeIncident();
    await store.incidents.save([{ ...incident, ...given }]);
    await evidenceWith(away).measure(incident.id);
    expect(await measured(incident.id)).toEqual([]);
  });

  test("a chart is news when it shows a metric that no chart before it showed", async () => {
    const { id } = await storeIncident();
    let changing: readonly string[] = [];
    const source: MetricSource = {
      range: (query, { fromMs, toMs, stepMs }) => {
        const points = Array.from({ length: Math.floor((toMs - fromMs) / stepMs) + 1 }, (_, index) => {
          const atMs = fromMs + index * stepMs;
          return [atMs, atMs < began ? 1 + (index % 2) / 100 : 9] as const;
        });
        const isThere = changing.some((service) => query.includes(`"${service}"`));
        const series = isThere ? [{ labels: {}, points }] : [];
        return Promise.resolve({ kind: "series", series, leftOut: 0 });
      },
      rules: () => Promise.resolve({ kind: "rules", rules: [] }),
      check: () => Promise.resolve([]),
    };
    const evidence = evidenceWith(source, {
      queries: [{ name: "errors", query: 'errors{service="{{service}}"}', unit: "" }],
    });
    for (const [suspect, services] of [
      ["checkout", ["checkout"]],
      ["cart", ["checkout", "cart"]],
      ["db", ["checkout"]],
      ["mail", ["storefront"]],
    ] as const) {
      changing = services;
      await saveExplanation(id, suspect);
      await evidence.measure(id);
    }
    const entries = await measured(id);
    expect(entries.map(({ isPosted }) => isPosted)).toEqual([true, true, false, true]);
    expect(entries[1]?.text).toMatch(/^Metrics around the start: errors of \w+ rose.*\. Errors of \w+ rose/);
  });

  test("a condition that a rule waited for is looked for before the alert, in all that is asked of its service (issue 3)", async () => {
    const { id } = await storeIncident();
    const crossedMs = onset - 50 * minute;
    const source: MetricSource = {
      range: (_query, { fromMs, toMs, stepMs }) => {
        const points = Array.from({ length: Math.floor((toMs - fromMs) / stepMs) + 1 }, (_, index) => {
          const atMs = fromMs + index * stepMs;
          return [atMs, atMs < crossedMs ? 0.01 : 0.3] as const;
        });
        return Promise.resolve({ kind: "series", series: [{ labels: {}, points }], leftOut: 0 });
      },
      rules: () =>
        Promise.resolve({
          kind: "rules",
          rules: [{ name: "ErrorRateHigh", query: "errors > 0.05", labels: {}, holdMs: 50 * minute }],
        }),
      check: () => Promise.resolve([]),
    };
    const queries = [{ name: "errors", query: 'errors{service="{{service}}"}', unit: "ratio" }];
    await evidenceWith(source, { queries }).measure(id);
    const texts = await metricTexts(id);
    const rose = new RegExp(`rose from .* at ${clockOf(crossedMs)}, 50 min before the first alert`);
    expect(texts).toEqual(texts.map(() => expect.stringMatching(rose)));
    expect(texts).toContainEqual(expect.stringMatching(/^errors of checkout rose/));
    expect(texts).toContainEqual(expect.stringContaining("its rule fires after 50 min at >"));
    const chart = chartIn((await measured(id))[0]?.data ?? {})?.chart;
    expect(chart?.fromMs).toBe(onset - 110 * minute);
  });

  test("an early look is repeated once there is more to see", async () => {
    const { id } = await storeIncident();
    const early: Clock = { now: () => new Date(onset + minute) };
    const quiet: MetricSource = {
      range: () => Promise.resolve({ kind: "series", series: [], leftOut: 0 }),
      rules: () => Promise.resolve({ kind: "rules", rules: [] }),
      check: () => Promise.resolve([]),
    };
    await evidenceWith(quiet, { clock: early }).measure(id);
    await evidenceWith(quiet, { clock: early }).measure(id);
    expect(await measured(id)).toHaveLength(1);
    await evidenceWith(quiet, { clock: { now: () => new Date(onset + 11 * minute) } }).measure(id);
    expect(await measured(id)).toHaveLength(2);
  });
});
