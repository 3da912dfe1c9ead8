import { describe, expect, test } from "vitest";
import { replayWatch } from "../../src/app/replay-watch.ts";
import { createLooker } from "../../src/app/watch-looks.ts";
import { createWatchSeries } from "../../src/app/watch-series.ts";
import { type AnomalyRule, countStepMs, type ForecastRule } from "../../src/domain/watch/rule.ts";
import { quiet, stepWatch } from "../../src/domain/watch/state.ts";
import type { MetricSource, WatchStore } from "../../src/ports.ts";

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;
const storms: AnomalyRule = {
  name: "alert-rate",
  kind: "anomaly",
  what: { kind: "alerts", labels: { team: "payments" } },
  unit: "",
  labels: {},
  severity: "warning",
  isEnabled: true,
  everyMs: 5 * minute,
  patience: { raiseAfter: 2, endAfter: 4 },
  deviations: 4,
  direction: "up",
  historyMs: 28 * day,
  timezone: "UTC",
};
const silences: AnomalyRule = { ...storms, name: "alerts-stop", direction: "down" };

/** A store in which alerts began at these moments, ms, as it is at `nowMs`. */
function alertsAt(
  starts: readonly number[],
  nowMs: () => number,
): Pick<WatchStore, "alertStarts" | "firstAlertStart"> {
  return {
    alertStarts: ({ from, to, stepMs }) => {
      const counts = new Map<number, number>();
      for (const ms of starts.filter(
        (each) => each >= from.getTime() && each < Math.min(to.getTime(), nowMs()),
      )) {
        const step = Math.floor(ms / stepMs) * stepMs;
        counts.set(step, (counts.get(step) ?? 0) + 1);
      }
      return Promise.resolve([...counts].sort(([a], [b]) => a - b));
    },
    firstAlertStart: () => Promise.resolve(starts.find((ms) => ms < nowMs()) ?? null),
  };
}

/** From one moment to another, in even steps. */
function every(stepMs: number, fromMs: number, toMs: number): readonly number[] {
  return Array.from({ length: Math.ceil((toMs - fromMs) / stepMs) }, (_, index) => fromMs + index * stepMs);
}

/** Looks of the bot, each at its time: what they see, and when that is raised. */
async function watched(rule: AnomalyRule, starts: readonly number[], span: { fromMs: number; toMs: number }) {
  let nowMs = span.fromMs;
  const look = createLooker(createWatchSeries({ source: null, alerts: alertsAt(starts, () => nowMs) }));
  let state = quiet;
  const looks: string[] = [];
  const raised: { fromMs: number; toMs: number | null }[] = [];
  for (let at = span.fromMs; at <= span.toMs; at += rule.everyMs) {
    nowMs = at;
    const seen = await look(rule, new Date(at), AbortSignal.timeout(5_000));
    const what = seen.kind === "looked" ? (seen.judged[0]?.verdict.look ?? "unknown") : "unknown";
    looks.push(what);
    const step = stepWatch(state, what, at, rule.patience);
    state = step.state;
    if (step.event === "raised") raised.push({ fromMs: at, toMs: null });
    const open = raised.at(-1);
    if (step.event === "ended" && open !== undefined) open.toMs = at;
  }
  return { looks, raised };
}

async function replayed(
  rule: AnomalyRule,
  starts: readonly number[],
  span: { fromMs: number; toMs: number },
) {
  const series = createWatchSeries({ source: null, alerts: alertsAt(starts, () => span.toMs) });
  const signal = AbortSignal.timeout(5_000);
  const result = await replayWatch({ rule, span, series, events: null, signal });
  if (result.kind !== "replayed") throw new Error(result.because);
  return (result.replay.series[0]?.raised ?? []).map(({ fromMs, toMs }) => ({ fromMs, toMs }));
}

describe("the rate of alerts across midnight", () => {
  const midnight = 40 * day;
  const span = { fromMs: midnight - 4 * hour, toMs: midnight + 30 * hour };
  /** One every three hours, the last at eleven in the evening, and a storm before midnight. */
  const storm = [
    ...every(3 * hour, midnight - 10 * day - hour, midnight),
    ...every(minute / 2, midnight - 30 * minute, midnight - 5 * minute),
  ];

  test("a storm ends, though no alert begins on the next day", async () => {
    const { looks, raised } = await watched(storms, storm, span);
    expect(looks).not.toContain("unknown");
    expect(raised).toEqual([{ fromMs: midnight - 20 * minute, toMs: midnight + 15 * minute }]);
    expect(await replayed(storms, storm, span)).toEqual(raised);
  });

  test("so it does for a bot that was started anew after it", async () => {
    const { looks } = await watched(storms, storm, {
      fromMs: midnight + 8 * hour,
      toMs: midnight + 9 * hour,
    });
    expect(new Set(looks)).toEqual(new Set(["good"]));
  });

  test("alerts that stop are odd for a rule that watches for it, on the next day too", async () => {
    const steady = every(minute / 2, midnight - 28 * day, midnight - 2 * hour);
    const first = await watched(silences, steady, span);
    expect(first.raised).toEqual([{ fromMs: midnight - 2 * hour + 10 * minute, toMs: null }]);
    expect(await replayed(silences, steady, span)).toEqual(first.raised);
    const later = { fromMs: midnight + hour, toMs: midnight + 3 * hour };
    const anew = await watched(silences, steady, later);
    expect(anew.raised).toEqual([{ fromMs: later.fromMs + countStepMs, toMs: null }]);
    expect(await replayed(silences, steady, later)).toEqual(anew.raised);
  });

  test("nothing is said of alerts that never were", async () => {
    const { looks } = await watched(storms, [], { fromMs: midnight, toMs: midnight + hour });
    expect(new Set(looks)).toEqual(new Set(["unknown"]));
  });
});

const diskNowMs = Date.parse("2026-03-01T10:00:00Z");
const disk: ForecastRule = {
  ...{ name: "disk", kind: "forecast", what: { kind: "query", query: "disk" }, unit: "%", labels: {} },
  ...{ severity: "warning", isEnabled: true, everyMs: 5 * minute, patience: storms.patience },
  ...{ limit: 95, direction: "up", horizonMs: 6 * hour },
};

interface Disk {
  readonly instance: string;
  /** How long ago its newest sample is. */
  readonly goneMs?: number;
  valueAt(ms: number): number;
}

/** A bot for which Prometheus has these disks. */
function lookerAt(disks: readonly Disk[], leftOut: number) {
  const source: MetricSource = {
    ...{ rules: never, check: never },
    range: (_query, { fromMs, toMs, stepMs }) => {
      const times = every(stepMs, fromMs, toMs + stepMs);
      const series = disks.map(({ instance, goneMs = 0, valueAt }) => ({
        labels: { instance },
        points: times
          .filter((at) => at <= diskNowMs - goneMs)
          .map((at): [number, number] => [at, valueAt(at)]),
      }));
      const known = series.filter(({ points }) => points.length > 0);
      return Promise.resolve({ kind: "series", series: known, leftOut });
    },
  };
  return createLooker(createWatchSeries({ source, alerts: alertsAt([], () => diskNowMs) }));
}

async function lookAt(rule: ForecastRule | AnomalyRule, disks: readonly Disk[], leftOut = 0) {
  const seen = await lookerAt(disks, leftOut)(rule, new Date(diskNowMs), AbortSignal.timeout(5_000));
  if (seen.kind !== "looked") throw new Error(seen.because);
  return seen;
}

function numbered(count: number, one: Omit<Disk, "instance">): readonly Disk[] {
  return Array.from({ length: count }, (_, n) => ({ instance: `db-${String(n).padStart(2, "0")}`, ...one }));
}

test("of more series than are watched those stay that are bad, wherever they stand, and the others are told (issue 3)", async () => {
  const disks = [...numbered(29, { valueAt: () => 40 }), { instance: "db-29", valueAt: () => 97 }];
  const seen = await lookAt(disk, disks, 2);
  expect([seen.judged.length, seen.leftOut]).toEqual([20, 12]);
  expect(seen.judged[0]).toMatchObject({ labels: { instance: "db-29" }, verdict: { look: "bad" } });
});

describe("series that are gone (issue 3)", () => {
  const living: Disk = { instance: "z", valueAt: () => 40 };

  test("nothing is foreseen of them, whether they were full or would have been by now", async () => {
    const filling = (ms: number) => 94 - 5 + ((ms - (diskNowMs - 20 * hour)) / hour) * 1;
    const seen = await lookAt(disk, [
      { instance: "full", goneMs: 48 * hour, valueAt: () => 97 },
      { instance: "filling", goneMs: 20 * hour, valueAt: filling },
      { instance: "slow", goneMs: 10 * minute, valueAt: () => 97 },
      living,
    ]);
    expect(seen.judged.map(({ labels, verdict }) => [labels["instance"], verdict.look])).toEqual([
      ["slow", "bad"],
      ["z", "good"],
    ]);
  });

  test("they take no place of those that are there, and are not told as left out", async () => {
    const seen = await lookAt(disk, [...numbered(25, { goneMs: hour, valueAt: () => 97 }), living]);
    expect(seen).toMatchObject({ judged: [{ labels: { instance: "z" } }], leftOut: 0 });
  });

  test("nor where the usual is learned", async () => {
    const odd: AnomalyRule = { ...storms, what: disk.what, direction: "both", historyMs: 2 * day };
    const churned = [...numbered(25, { goneMs: 30 * hour, valueAt: () => 40 }), living];
    const seen = await lookAt(odd, churned);
    expect(seen.judged).toMatchObject([{ labels: { instance: "z" }, verdict: { look: "good" } }]);
  });
});

function never(): Promise<never> {
  return Promise.reject(new Error("nobody asks this"));
}
