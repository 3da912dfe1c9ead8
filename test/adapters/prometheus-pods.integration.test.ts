/** Shipped queries by pod, asked of a real Prometheus: it matches by its own kind of patterns (RE2). */
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { createPrometheus } from "../../src/adapters/prometheus.ts";
import { fillTemplate } from "../../src/domain/metrics/promql-template.ts";
import { shippedMetricQueries } from "../../src/domain/metrics/queries.ts";
import { podsBesideCart, podsOfCart } from "../fixtures/pods.ts";
import { noPrometheus, type ScrapedPrometheus, startScraped } from "./prometheus-server.ts";

const why = noPrometheus();
const minute = 60_000;
const now = Math.floor(Date.now() / 15_000) * 15_000;
const past = { fromMs: now - 20 * minute, toMs: now, stepMs: 15_000 };
const minutesAt = (ms: number) => (ms - past.fromMs) / minute;

let prometheus: ScrapedPrometheus;

beforeAll(async () => {
  if (why !== null) return;
  const pods = [
    ...podsOfCart.map((pod) => ({ pod, each: 1 })),
    ...podsBesideCart.map((pod) => ({ pod, each: 1_000 })),
  ];
  prometheus = await startScraped({
    rules: "groups: []",
    past,
    series: pods.flatMap(({ pod, each }) => [
      { series: `container_memory_working_set_bytes{pod="${pod}",container="app"}`, valueAt: () => each },
      {
        series: `container_cpu_usage_seconds_total{pod="${pod}",container="app"}`,
        valueAt: (ms) => minutesAt(ms) * 60 * each,
      },
      {
        series: `kube_pod_container_status_restarts_total{pod="${pod}"}`,
        valueAt: (ms) => (minutesAt(ms) / 5) * each,
      },
    ]),
  });
});
afterAll(async () => {
  if (why === null) await prometheus.stop();
});
beforeEach(({ skip }) => {
  if (why !== null) skip(why);
});

test.each(["memory", "CPU", "restarts"])("%s of a workload is that of its own pods", async (name) => {
  const template = shippedMetricQueries.find((query) => query.name === name)?.query ?? "";
  const source = createPrometheus({
    url: prometheus.url,
    auth: null,
    tenant: null,
    clock: { now: () => new Date() },
  });
  const window = { fromMs: now - 5 * minute, toMs: now - minute, stepMs: 15_000 };
  const answer = await source.range(
    fillTemplate(template, "cart") ?? "",
    window,
    AbortSignal.timeout(10_000),
  );
  if (answer.kind !== "series") throw new Error(answer.because);
  const [series] = answer.series;
  expect(series?.points.at(-1)?.[1]).toBeCloseTo(podsOfCart.length, 6);
});
