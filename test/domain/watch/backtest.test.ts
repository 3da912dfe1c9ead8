import { describe, expect, test } from "vitest";
import type { MetricPoint } from "../../../src/domain/metrics/series.ts";
import { backtest, crossings, scoreBacktest } from "../../../src/domain/watch/backtest.ts";
import {
  type AnomalyRule,
  type ForecastRule,
  judgeAnomaly,
  judgeForecast,
} from "../../../src/domain/watch/rule.ts";

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

const disk: ForecastRule = {
  name: "disk-full",
  kind: "forecast",
  what: { kind: "query", query: "x" },
  unit: "ratio",
  labels: {},
  severity: "high",
  isEnabled: true,
  everyMs: 5 * minute,
  patience: { raiseAfter: 3, endAfter: 6 },
  limit: 0.95,
  horizonMs: 6 * hour,
};
const traffic: AnomalyRule = {
  ...disk,
  name: "odd",
  kind: "anomaly",
  unit: "per second",
  deviations: 5,
  direction: "both",
  historyMs: 28 * day,
};

function every5min(toMs: number, value: (ms: number) => number | null): readonly MetricPoint[] {
  return Array.from({ length: toMs / (5 * minute) + 1 }, (_, index) => index * 5 * minute).flatMap(
    (ms): MetricPoint[] => {
      const each = value(ms);
      return each === null ? [] : [[ms, each]];
    },
  );
}
const wobble = (ms: number) => 0.002 * Math.sin(ms / 7 / minute);

describe("a forecast rule run through the past", () => {
  // 3 % an hour from 0.4 at day 4: at its limit 18 h 20 min later, then emptied at 20 h.
  const fills = every5min(6 * day, (ms) => {
    const hours = (ms - 4 * day) / hour;
    return (hours < 0 || hours > 20 ? 0.4 : Math.min(1, 0.4 + 0.03 * hours)) + wobble(ms);
  });
  const span = { fromMs: 3 * day, toMs: 6 * day };

  test("raises once, hours before the limit, and ends after the disk was emptied", () => {
    const raised = backtest(disk, fills, span);
    expect(raised).toHaveLength(1);
    const full = 4 * day + 18.33 * hour;
    expect((full - (raised[0]?.fromMs ?? 0)) / hour).toBeGreaterThan(5);
    expect((raised[0]?.toMs ?? 0) - (4 * day + 20 * hour)).toBeLessThan(hour);
    expect(raised[0]?.because).toMatch(/^reaches 95 % in \d h.* ± .*, now 7\d(\.\d)? %, \+3 % an hour$/);
  });

  test("and the limit that it came before is found in the past", () => {
    const events = crossings(fills, disk.limit, span);
    expect(events).toHaveLength(1);
    const score = scoreBacktest(backtest(disk, fills, span), events, { aheadMs: 12 * hour, lateMs: 0 });
    expect(score).toMatchObject({ missed: [], falseAlarms: [] });
    expect((score.medianLeadMs ?? 0) / hour).toBeGreaterThan(5);
  });

  test("sees nothing that was not known then", () => {
    const cut = 4 * day + 14 * hour;
    const known = fills.filter(([ms]) => ms <= cut);
    const before = { fromMs: span.fromMs, toMs: cut };
    expect(backtest(disk, known, before)).toEqual(backtest(disk, fills, before));
  });
});

describe("an anomaly rule run through the past", () => {
  const points = every5min(35 * day, (ms) => {
    const usual = 400 * (1 + 0.5 * Math.sin((2 * Math.PI * ms) / day)) + 10 * Math.sin(ms / 11 / minute);
    const at = ms - 30 * day;
    return at >= 0 && at < 40 * minute ? usual * 0.3 : usual;
  });

  test("raises within minutes of what is odd for its hour, and for nothing else", () => {
    const raised = backtest(traffic, points, { fromMs: 28 * day, toMs: 35 * day });
    expect(raised).toHaveLength(1);
    expect((raised[0]?.fromMs ?? 0) - 30 * day).toBeLessThanOrEqual(15 * minute);
    expect(raised[0]?.because).toMatch(/^is 12\d\/s, usual at this hour .* deviations below$/);
  });

  test("with no samples neither raises nor ends", () => {
    const gap = points.filter(([ms]) => ms < 30 * day + 20 * minute);
    const raised = backtest(traffic, gap, { fromMs: 28 * day, toMs: 35 * day });
    expect(raised).toEqual([expect.objectContaining({ toMs: null })]);
  });
});

describe("the score", () => {
  const events = [{ atMs: 10 * hour, endMs: 11 * hour }];
  const tolerance = { aheadMs: 6 * hour, lateMs: 30 * minute };
  const alarm = (from: number, to: number | null) => ({
    fromMs: from * hour,
    toMs: to === null ? null : to * hour,
    because: "",
  });

  test.each([
    ["in time", [alarm(7, 11)], 3, 0, 0],
    ["much too early, and over", [alarm(1, 2)], null, 1, 1],
    ["late by a quarter of an hour", [alarm(10.25, 11)], -0.25, 0, 0],
    ["later, while it goes on", [alarm(10.75, 11)], null, 1, 0],
    ["after it", [alarm(12, 13)], null, 1, 1],
    ["twice for one", [alarm(7, 8), alarm(9, 11)], 3, 0, 0],
    ["after it, and still in the end", [alarm(12, null)], null, 1, 0],
    ["not at all", [], null, 1, 0],
  ] as const)("raised %s", (_name, raised, lead, missed, wrong) => {
    const score = scoreBacktest(raised, events, tolerance);
    expect([
      score.medianLeadMs === null ? null : score.medianLeadMs / hour,
      score.missed.length,
      score.falseAlarms.length,
    ]).toEqual([lead, missed, wrong]);
  });
});

describe("one look", () => {
  test("a forecast without samples says nothing, and one that is refused is no alert", () => {
    expect(judgeForecast(disk, []).look).toBe("unknown");
    expect(judgeForecast(disk, [[0, 0.5]]).look).toBe("good");
  });

  test("at its limit is bad, also without a trend", () => {
    expect(
      judgeForecast(
        { ...disk, limit: 0.3 },
        every5min(3 * day, (ms) => (ms > 2.9 * day ? 0.31 : 0.1)),
      ),
    ).toEqual({
      look: "bad",
      because: "is 31 %, at its limit of 30 %",
    });
  });

  test("direction decides which side is odd", () => {
    const baseline = { season: "none", count: 100, at: () => ({ middle: 100, deviation: 5 }) } as const;
    const look = (direction: AnomalyRule["direction"], value: number) =>
      judgeAnomaly({ ...traffic, direction }, baseline, [0, value]).look;
    expect([look("up", 130), look("down", 130), look("both", 70), look("up", 70)]).toEqual([
      "bad",
      "good",
      "bad",
      "good",
    ]);
    expect(look("up", 115)).toBe("between");
  });
});
