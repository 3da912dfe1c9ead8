import { expect, test } from "vitest";
import { readMetrics } from "../../src/app/read-metrics.ts";
import type { MetricQuestion } from "../../src/domain/metrics/reading.ts";
import type { MetricSeries } from "../../src/domain/metrics/series.ts";
import { collectLeftOut } from "../fixtures/left-out.ts";

const onsetMs = Date.parse("2026-03-01T10:00:00Z");
const stepMs = 15_000;
const window = { fromMs: onsetMs - 3_600_000, toMs: onsetMs + 600_000, stepMs };

function seriesOf(pod: string, after: number): MetricSeries {
  const count = (window.toMs - window.fromMs) / stepMs;
  const points = Array.from({ length: count }, (_, n): [number, number] => {
    const at = window.fromMs + n * stepMs;
    return [at, at < onsetMs ? 1 + (n % 2) / 100 : after + (n % 2) / 100];
  });
  return { labels: { pod }, points };
}

test("of more series than are looked at those that moved most are, and the others are counted (issue 3)", async () => {
  const steady = Array.from({ length: 30 }, (_, n) => seriesOf(`pod-${n}`, 1));
  const series = [...steady, seriesOf("pod-last", 50)];
  const { leftOut, counts } = collectLeftOut();
  const question: MetricQuestion = {
    name: "errors",
    origin: "query",
    service: "checkout",
    queries: ["errors"],
    labels: {},
    unit: "",
    limit: null,
    holdMs: 0,
  };
  const [reading] = await readMetrics(
    { range: () => Promise.resolve({ kind: "series", series, leftOut: 4 }) },
    [question],
    { window, onsetMs, signal: AbortSignal.timeout(5_000), leftOut },
  );
  expect(reading?.outcome).toMatchObject({
    kind: "read",
    labels: { pod: "pod-last" },
    change: { kind: "changed", direction: "up" },
    leftOut: 15,
  });
  expect(counts).toEqual({ metric_series: 4 + 11 });
});
