import { describe, expect, test } from "vitest";
import { eventsFrom, replayWatch, replayWatchOnAlerts } from "../../src/app/replay-watch.ts";
import { createWatchSeries, filledCounts } from "../../src/app/watch-series.ts";
import type { MetricPoint } from "../../src/domain/metrics/series.ts";
import type { WatchRule } from "../../src/domain/watch/rule.ts";
import { formatWatchReplay, totalsOf, totalsText } from "../../src/main/replay-watch-text.ts";
import type { MetricSource } from "../../src/ports.ts";

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;
const disk: WatchRule = {
  name: "disk-full",
  kind: "forecast",
  what: { kind: "query", query: "used" },
  unit: "ratio",
  labels: {},
  severity: "high",
  isEnabled: false,
  everyMs: 5 * minute,
  patience: { raiseAfter: 3, endAfter: 6 },
  limit: 0.95,
  direction: "up",
  horizonMs: 6 * hour,
};
const storm: WatchRule = {
  ...disk,
  name: "storm",
  kind: "anomaly",
  what: { kind: "alerts", labels: {} },
  unit: "",
  deviations: 4,
  direction: "up",
  historyMs: 28 * day,
  timezone: "UTC",
  patience: { raiseAfter: 2, endAfter: 4 },
};
const span = { fromMs: 40 * day, toMs: 44 * day };

/** A source that answers any window with what `value` gives, and what it was asked. */
function source(value: (ms: number) => number) {
  const windows: (readonly [number, number, number])[] = [];
  const range: MetricSource["range"] = (_query, window) => {
    windows.push([window.fromMs, window.toMs, window.stepMs]);
    const points: MetricPoint[] = [];
    for (let at = window.fromMs; at <= window.toMs; at += window.stepMs) points.push([at, value(at)]);
    return Promise.resolve({
      kind: "series",
      series: [{ labels: { instance: "db-1" }, points }],
      leftOut: 0,
    });
  };
  return {
    windows,
    source: {
      range,
      rules: () => Promise.reject(new Error("not asked")),
      check: () => Promise.resolve([]),
    } satisfies MetricSource,
  };
}
const noAlerts = { alertStarts: () => Promise.resolve([]), firstAlertStart: () => Promise.resolve(null) };
const fills = (ms: number) => {
  const hours = (ms - 42 * day) / hour;
  return hours < 0 || hours > 20 ? 0.4 : Math.min(1, 0.4 + 0.03 * hours);
};

describe("a forecast over the history of Prometheus", () => {
  test("that had nothing to foresee says that it proves nothing", async () => {
    const result = await replayWatch({
      rule: disk,
      span,
      series: createWatchSeries({ source: source(() => 0.4).source, alerts: noAlerts }),
      events: null,
      signal: AbortSignal.timeout(10_000),
    });
    if (result.kind !== "replayed") throw new Error(result.because);
    expect(totalsText(result.replay)).toBe(
      "never raised in 4 days; its limit was never reached, so this says nothing of how good it is",
    );
  });

  test("says when it would have raised and how long before the limit", async () => {
    const { source: metrics, windows } = source(fills);
    const result = await replayWatch({
      rule: disk,
      span,
      series: createWatchSeries({ source: metrics, alerts: noAlerts }),
      events: null,
      signal: AbortSignal.timeout(10_000),
    });
    if (result.kind !== "replayed") throw new Error(result.because);
    expect(totalsText(result.replay)).toMatch(
      /^raised 1 time in 4 days: 1 of 1 limits reached foreseen, median lead 5 h.*, 0 false alarms$/,
    );
    expect(formatWatchReplay(result.replay)).toMatch(
      /instance=db-1 \(1 to foresee\)\n\s+right {2}1970-02-12 .* for .*: reaches 95 % in 5 h/,
    );
    // With what it looks back on before the span.
    expect(windows[0]?.[0]).toBe(span.fromMs - 74 * hour);
  });

  test("leaves the places of series that were gone before to those that were there (issue 3)", async () => {
    const range: MetricSource["range"] = (_query, { fromMs, toMs, stepMs }) => {
      const count = Math.floor((toMs - fromMs) / stepMs) + 1;
      const points = Array.from({ length: count }, (_, index) => fromMs + index * stepMs).map(
        (at): [number, number] => [at, fills(at)],
      );
      const before = points.filter(([at]) => at < span.fromMs - day);
      const series = [
        ...Array.from({ length: 25 }, (_, n) => ({ labels: { instance: `db-${n}` }, points: before })),
        { labels: { instance: "z" }, points },
      ];
      return Promise.resolve({ kind: "series", series, leftOut: 0 });
    };
    const result = await replayWatch({
      rule: disk,
      span,
      series: createWatchSeries({ source: { ...source(fills).source, range }, alerts: noAlerts }),
      events: null,
      signal: AbortSignal.timeout(10_000),
    });
    if (result.kind !== "replayed") throw new Error(result.because);
    expect(result.replay).toMatchObject({
      series: [{ labels: { instance: "z" }, raised: { length: 1 } }],
      leftOut: 0,
    });
  });

  test("puts long histories together from answers of a size that Prometheus gives", async () => {
    const { source: metrics, windows } = source(() => 0.4);
    const series = createWatchSeries({ source: metrics, alerts: noAlerts });
    const window = { fromMs: 0, toMs: 25_000 * minute, stepMs: minute };
    const answer = await series.read({ kind: "query", query: "x" }, window, AbortSignal.timeout(5_000));
    expect(answer).toMatchObject({ kind: "series", series: [{ points: { length: 25_001 } }] });
    expect(windows.length).toBe(3);
    expect(Math.max(...windows.map(([from, to, step]) => (to - from) / step))).toBeLessThan(11_000);
  });

  test("that cannot be read says why", async () => {
    const result = await replayWatch({
      rule: disk,
      span,
      series: createWatchSeries({ source: null, alerts: noAlerts }),
      events: null,
      signal: AbortSignal.timeout(1_000),
    });
    expect(result).toEqual({ kind: "unreadable", because: expect.stringContaining("PROMETHEUS_URL") });
  });
});

describe("a rule about alerts over a recorded stream", () => {
  /** One alert every twenty minutes for six days; forty within ten minutes on the fifth. */
  const starts = [
    ...Array.from({ length: 432 }, (_, index) => index * 20 * minute),
    ...Array.from({ length: 40 }, (_, index) => 5 * day + index * 15_000),
  ];

  test("raises for the storm alone, before the alert that people were paged by", () => {
    const paged = [{ atMs: 5 * day + 25 * minute, endMs: 5 * day + hour }];
    const replayed = replayWatchOnAlerts(storm, starts, paged);
    expect(replayed === null ? null : totalsOf(replayed)).toEqual({
      raised: 1,
      judged: { events: 1, foreseen: 1, falseAlarms: 0, medianLeadMs: expect.any(Number) },
    });
    expect(replayed?.series[0]?.raised[0]?.fromMs).toBeLessThanOrEqual(5 * day + 15 * minute);
  });

  test.each([
    ["in time", 18, 1],
    ["too late", 22, 0],
  ])(
    "raised %s, %i minutes after a storm began: its count is known five minutes late (issue 3)",
    (_how, late, foreseen) => {
      const raisedAt = replayWatchOnAlerts(storm, starts, null)?.series[0]?.raised[0]?.fromMs ?? 0;
      const paged = [{ atMs: raisedAt - late * minute, endMs: raisedAt + hour }];
      const replayed = replayWatchOnAlerts(storm, starts, paged);
      expect(replayed === null ? null : totalsOf(replayed).judged).toMatchObject({ events: 1, foreseen });
    },
  );

  test("without an alert to come before says only when it raised", () => {
    const replayed = replayWatchOnAlerts(storm, starts, null);
    expect(replayed === null ? "" : totalsText(replayed)).toBe(
      "raised 1 time in 6 days; nothing says what it should have come before: --alert NAME names an alert",
    );
  });

  test("is nothing without alerts", () => expect(replayWatchOnAlerts(storm, [], null)).toBeNull());
});

test("counts are zero where no alert began, from the first one on, and the step under way is left out", () => {
  const step = 5 * minute;
  const points = filledCounts(
    [
      [2 * step, 3],
      [4 * step, 1],
    ],
    { fromMs: 0, toMs: 5 * step + 1, firstMs: 2 * step + 7 },
  );
  expect(points).toEqual([
    [2 * step, 3],
    [3 * step, 0],
    [4 * step, 1],
  ]);
  expect(filledCounts([], { fromMs: 10 * step, toMs: 12 * step, firstMs: 2 * step })).toEqual([
    [10 * step, 0],
    [11 * step, 0],
  ]);
  expect(filledCounts([], { fromMs: 0, toMs: step, firstMs: Number.POSITIVE_INFINITY })).toEqual([]);
});

test("samples that follow one another are one firing", () => {
  const at = (...minutes: number[]) => minutes.map((each): MetricPoint => [each * minute, 1]);
  const series = [
    { labels: { a: "1" }, points: at(1, 2, 3, 20) },
    { labels: { a: "2" }, points: at(3, 4, 21) },
  ];
  expect(eventsFrom(series, minute)).toEqual([
    { atMs: minute, endMs: 4 * minute },
    { atMs: 20 * minute, endMs: 21 * minute },
  ]);
});
