import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { MetricPoint } from "../../../src/domain/metrics/series.ts";
import { backtest, crossings, scoreBacktest, toleranceOf } from "../../../src/domain/watch/backtest.ts";
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
  direction: "up",
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
  timezone: "UTC",
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
    const known = crossings(fills, disk, span);
    expect(known).toMatchObject({ events: { length: 1 }, earlier: [] });
    const score = scoreBacktest(backtest(disk, fills, span), known, { aheadMs: 12 * hour, lateMs: 0 });
    expect(score).toMatchObject({ missed: [], falseAlarms: [] });
    expect((score.medianLeadMs ?? 0) / hour).toBeGreaterThan(5);
  });

  test("goes on for as long as the disk is full, be it days, and ends when there is room", () => {
    const full = every5min(12 * day, (ms) => (ms < 4 * day || ms > 10 * day ? 0.4 : 1) + wobble(ms));
    const whole = { fromMs: 3 * day, toMs: 12 * day };
    const raised = backtest(disk, full, whole);
    expect(raised).toHaveLength(1);
    expect(raised[0]).toMatchObject({ because: expect.stringMatching(/^is 100 %, at its limit of 95 %$/) });
    expect((raised[0]?.fromMs ?? 0) - 4 * day).toBeLessThan(hour);
    expect(raised[0]?.toMs ?? 0).toBeGreaterThan(10 * day);
    expect(crossings(full, disk, whole)).toMatchObject({ events: { length: 1 }, earlier: [] });
  });

  test("ends for a series that is gone, and raises nothing for it (issue 3)", () => {
    // It would have been full at hour 18; it was replaced at hour 15, forecast to be full in three hours.
    const replaced = fills.filter(([at]) => at <= 4 * day + 15 * hour);
    const raised = backtest(disk, replaced, span);
    expect(raised).toEqual([expect.objectContaining({ toMs: 4 * day + 15 * hour + 45 * minute })]);
    expect(backtest(disk, replaced, { fromMs: 5 * day, toMs: 6 * day })).toEqual([]);
  });

  test("raises for a series that is full from its first sample, which nobody could foresee and is not false", () => {
    const born = every5min(6 * day, (ms) => (ms < 2 * day ? null : ms > 5 * day ? 0.4 : 0.97));
    const raised = backtest(disk, born, span);
    expect(raised).toEqual([expect.objectContaining({ fromMs: span.fromMs + 10 * minute })]);
    const known = crossings(born, disk, span);
    expect(known).toMatchObject({ events: [], earlier: { length: 1 } });
    const score = scoreBacktest(raised, known, { aheadMs: 12 * hour, lateMs: 0 });
    expect(score).toMatchObject({ leads: [], missed: [], falseAlarms: [] });
  });

  test("of what is left raises at the limit and below", () => {
    const left: ForecastRule = { ...disk, limit: 0.05, direction: "down" };
    const falls = fills.map(([at, value]): MetricPoint => [at, 1 - value]);
    expect(backtest(left, falls, span).map(({ fromMs, toMs }) => [fromMs, toMs])).toEqual(
      backtest(disk, fills, span).map(({ fromMs, toMs }) => [fromMs, toMs]),
    );
    expect(crossings(falls, left, span)).toEqual(crossings(fills, disk, span));
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

  test("knows the hours of people whose clocks change (issue 3)", () => {
    // From the middle of February; the clocks of Berlin change on 29 March, those of UTC never.
    const [begins, changes] = [Date.UTC(2026, 1, 16), Date.UTC(2026, 2, 29, 1)];
    const office = every5min(56 * day, (ms) => {
      const at = begins + ms;
      const local = at + (at < changes ? 1 : 2) * hour;
      const hours = (local % day) / hour;
      const isOff = [0, 6].includes(new Date(local).getUTCDay());
      return isOff ? 20 : 20 + 480 * Math.max(0, Math.min(1, (hours - 7) / 1.5, (19 - hours) / 2));
    }).map(([ms, value]): MetricPoint => [begins + ms, value * (1 + 0.05 * Math.sin(ms / 7 / minute))]);
    const span = { fromMs: Date.UTC(2026, 2, 30), toMs: Date.UTC(2026, 3, 6) };
    expect(backtest({ ...traffic, timezone: "Europe/Berlin" }, office, span)).toEqual([]);
    expect(backtest(traffic, office, span)).not.toEqual([]);
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
    const score = scoreBacktest(raised, { events }, tolerance);
    expect([
      score.medianLeadMs === null ? null : score.medianLeadMs / hour,
      score.missed.length,
      score.falseAlarms.length,
    ]).toEqual([lead, missed, wrong]);
  });
});

test("a forecast must come first; what is odd may be told of late, a count a step later than a value", () => {
  const alerts: AnomalyRule = { ...traffic, what: { kind: "alerts", labels: {} } };
  expect(toleranceOf(disk)).toEqual({ aheadMs: 12 * hour, lateMs: 0 });
  expect(toleranceOf(traffic)).toEqual({ aheadMs: hour, lateMs: 15 * minute });
  expect(toleranceOf(alerts)).toEqual({ aheadMs: hour, lateMs: 20 * minute });
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

  test("is never good beyond the limit, whatever was before", () => {
    fc.assert(
      fc.property(
        fc.constantFrom("up" as const, "down" as const),
        fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 200 }),
        fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 3, maxLength: 3 }),
        (direction, past, beyond) => {
          const newest = beyond.map((each) => 0.95 + (direction === "up" ? each : -each));
          const points = [...past, ...newest].map((value, index): MetricPoint => [index * 5 * minute, value]);
          expect(judgeForecast({ ...disk, direction }, points).look).toBe("bad");
        },
      ),
    );
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
