/**
 * Alerts ahead of time on generated series whose truth is known: how many of what is raised was right, how much of what
 * came was foreseen, and how long before. Beside it what a common rule does on the same series. Always the same seeds.
 *   npm run bench -- ahead
 */
import { pathToFileURL } from "node:url";
import { type MetricPoint, median } from "../../src/domain/metrics/series.ts";
import {
  backtest,
  crossings,
  type Event,
  type Raised,
  scoreBacktest,
  type Tolerance,
  toleranceOf,
} from "../../src/domain/watch/backtest.ts";
import { forecast } from "../../src/domain/watch/forecast.ts";
import { type AnomalyRule, type ForecastRule, lookBackOf } from "../../src/domain/watch/rule.ts";
import { type Measure, report } from "./report.ts";

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;
const step = 5 * minute;
/** A Monday. */
const monday = Date.UTC(2026, 2, 2);

/** What is generated: a series, and the times that something should have come before. */
interface Case {
  readonly points: readonly MetricPoint[];
  readonly events: readonly Event[];
  readonly fromMs: number;
  readonly toMs: number;
}

/** Numbers from 0 to 1, the same for the same seed. */
function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Normal, by Box and Muller. */
function normalOf(random: () => number): () => number {
  return () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

function seriesOf(fromMs: number, toMs: number, valueAt: (ms: number) => number): readonly MetricPoint[] {
  const count = Math.floor((toMs - fromMs) / step) + 1;
  return Array.from(
    { length: count },
    (_, index): MetricPoint => [fromMs + index * step, valueAt(fromMs + index * step)],
  );
}

// ---------- a limit that comes nearer ----------

const diskRule: ForecastRule = {
  name: "disk-full",
  kind: "forecast",
  what: { kind: "query", query: "disk_used_ratio" },
  unit: "ratio",
  labels: {},
  severity: "high",
  isEnabled: true,
  everyMs: step,
  patience: { raiseAfter: 3, endAfter: 6 },
  limit: 0.95,
  direction: "up",
  horizonMs: 6 * hour,
};

type Shape = "fills" | "fills faster" | "saw" | "noise" | "jump" | "cleaned";
const shapes: readonly (readonly [Shape, number])[] = [
  ["fills", 14],
  ["fills faster", 8],
  ["saw", 14],
  ["noise", 14],
  ["jump", 8],
  ["cleaned", 6],
];

/** Three days of a disk, after three that are known. */
function disk(shape: Shape, seed: number): Case {
  const random = randomOf(seed);
  const normal = normalOf(random);
  const [fromMs, toMs] = [monday - 3 * day, monday + 3 * day];
  const begins = monday + 12 * hour + random() * 18 * hour;
  const base = 0.35 + random() * 0.25;
  const perHour = 0.012 + random() * 0.05;
  const period = (4 + random() * 9) * hour;
  const phase = random() * period;
  const noise = 0.0015 + random() * 0.002;
  const wiggle = 0.006 * random();
  let walk = 0;
  const rise = (ms: number) => Math.max(0, (ms - begins) / hour) * perHour;
  const level = (ms: number): number => {
    walk = 0.98 * walk + 0.002 * normal();
    switch (shape) {
      case "fills":
        return base + rise(ms);
      case "fills faster": {
        const slow = 0.3 * rise(ms);
        return base + slow + Math.max(0, (ms - begins - 8 * hour) / hour) * perHour;
      }
      case "saw":
        return 0.3 + (0.5 * ((ms + phase) % period)) / period;
      case "noise":
        return base + walk;
      case "jump":
        return base + (ms > begins ? 0.25 : 0) + 0.3 * walk;
      case "cleaned": {
        const risen = base + rise(ms);
        return risen < 0.82 && ms < begins + 40 * hour ? risen : base;
      }
    }
  };
  let isCleaned = false;
  const points = seriesOf(fromMs, toMs, (ms) => {
    const plain = level(ms);
    // Once cleaned it stays so.
    if (shape === "cleaned" && plain === base && ms > begins) isCleaned = true;
    const value = isCleaned ? base : plain;
    return Math.min(1, value + noise * normal() + wiggle * Math.sin((2 * Math.PI * ms) / day));
  });
  const span = { fromMs: monday, toMs };
  return { points, events: crossings(points, diskRule, span).events.slice(0, 1), ...span };
}

type Rhythm = "waves" | "office hours" | "waves, and grows";
const rhythms: readonly (readonly [Rhythm, number])[] = [
  ["waves", 10],
  ["office hours", 10],
  ["waves, and grows", 8],
];

/** Five days of something that people use by day and that turns before its limit, after three that are known. */
function rhythm(kind: Rhythm, seed: number): Case {
  const random = randomOf(seed);
  const normal = normalOf(random);
  const [fromMs, toMs] = [monday - 3 * day, monday + 5 * day];
  const peak = 0.72 + random() * 0.16;
  const swing = 0.25 + random() * 0.2;
  const phase = random() * day;
  const noise = 0.002 + random() * 0.003;
  const begins = monday + (1 + random()) * day;
  const perHour = 0.03 + random() * 0.04;
  const late = Array.from({ length: 8 }, () => normal() * 10 * minute);
  const higher = Array.from({ length: 8 }, () => 1 + 0.02 * normal());
  const points = seriesOf(fromMs, toMs, (ms) => {
    const [days, noised] = [Math.floor((ms - fromMs) / day), noise * normal()];
    const share = kind === "office hours" ? officeShare(ms - (late[days] ?? 0)) : waveShare(ms + phase);
    const grown = kind === "waves, and grows" ? Math.max(0, (ms - begins) / hour) * perHour : 0;
    return Math.min(1, peak - swing + swing * share * (higher[days] ?? 1) + grown + noised);
  });
  const span = { fromMs: monday, toMs };
  return { points, events: crossings(points, diskRule, span).events.slice(0, 1), ...span };
}

function waveShare(ms: number): number {
  return 0.5 + 0.5 * Math.sin((2 * Math.PI * ms) / day);
}

/** From 8 to 12 it rises, from 17 to 19 it falls, and nobody is there at weekends. */
function officeShare(ms: number): number {
  const hours = (ms % day) / hour;
  if ([0, 6].includes(new Date(ms).getUTCDay())) return 0;
  return Math.max(0, Math.min(1, (hours - 8) / 4, (19 - hours) / 2));
}

/** The rule that most people have: predict_linear over an hour, four hours ahead, for 15 minutes. */
function predictLinear({ points, fromMs, toMs }: Case): readonly Raised[] {
  const raised: Raised[] = [];
  let count = 0;
  for (const [index, [at]] of points.entries()) {
    if (at < fromMs || at > toMs) continue;
    const isBad =
      lineAhead(points.slice(Math.max(0, index - 11), index + 1), at + 4 * hour) >= diskRule.limit;
    count = isBad ? count + 1 : 0;
    const open = raised.at(-1);
    if (count === 3 && (open === undefined || open.toMs !== null))
      raised.push({ fromMs: at, toMs: null, because: "" });
    if (!isBad && open !== undefined && open.toMs === null) raised[raised.length - 1] = { ...open, toMs: at };
  }
  return raised;
}

/** Least squares. */
function lineAhead(points: readonly MetricPoint[], at: number): number {
  const meanX = points.reduce((sum, [x]) => sum + x, 0) / points.length;
  const meanY = points.reduce((sum, [, y]) => sum + y, 0) / points.length;
  const up = points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0);
  const down = points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0);
  return meanY + (down === 0 ? 0 : up / down) * (at - meanX);
}

// ---------- odd values ----------

const trafficRule: AnomalyRule = {
  name: "traffic-odd",
  kind: "anomaly",
  what: { kind: "query", query: "requests" },
  unit: "per second",
  labels: {},
  severity: "warning",
  isEnabled: true,
  everyMs: step,
  patience: { raiseAfter: 2, endAfter: 4 },
  deviations: 5,
  direction: "both",
  historyMs: 28 * day,
  timezone: "UTC",
};
const alertsRule: AnomalyRule = {
  ...trafficRule,
  name: "alerts-odd",
  what: { kind: "alerts", labels: {} },
  unit: "",
  direction: "up",
  deviations: 4,
};

/** Five weeks of a service that people use by day and less at weekends; things happen in the last. */
function traffic(seed: number, isSeasonal: boolean): Case {
  const random = randomOf(seed);
  const normal = normalOf(random);
  const [fromMs, toMs] = [monday, monday + 35 * day];
  const events = eventsIn(random, monday + 28 * day, toMs, 8);
  const factors = events.map(() => [0.4, 1.9, 0.6][Math.floor(random() * 3)] ?? 1);
  let drift = 0;
  const points = seriesOf(fromMs, toMs, (ms) => {
    const local = ms % day;
    const isWeekend = [0, 6].includes(new Date(ms).getUTCDay());
    const curve = isSeasonal ? 1 + 0.7 * Math.sin((2 * Math.PI * (local - 9 * hour)) / day) : 1;
    drift = 0.97 * drift + 0.008 * normal();
    const event = events.findIndex(({ atMs, endMs }) => ms >= atMs && ms < endMs);
    const factor = event === -1 ? 1 : (factors[event] ?? 1);
    return Math.max(
      0,
      400 * curve * (isSeasonal && isWeekend ? 0.55 : 1) * (1 + drift + 0.03 * normal()) * factor,
    );
  });
  return { points, events, fromMs: monday + 28 * day, toMs };
}

/** Five weeks of alerts, few and by chance, more by day; storms in the last week. */
function alerts(seed: number): Case {
  const random = randomOf(seed);
  const [fromMs, toMs] = [monday, monday + 35 * day];
  const events = eventsIn(random, monday + 28 * day, toMs, 6);
  const points = seriesOf(fromMs, toMs, (ms) => {
    const usual = 0.5 + 0.4 * Math.sin((2 * Math.PI * ((ms % day) - 9 * hour)) / day);
    const isStorm = events.some(({ atMs, endMs }) => ms >= atMs && ms < endMs);
    return poisson(random, isStorm ? 9 + 8 * random() : usual);
  });
  return { points, events, fromMs: monday + 28 * day, toMs };
}

function poisson(random: () => number, mean: number): number {
  const least = Math.exp(-mean);
  let [count, product] = [0, random()];
  while (product > least && count < 1_000) {
    count += 1;
    product *= random();
  }
  return count;
}

/** Times of 20 to 60 minutes, half a day apart at least. */
function eventsIn(random: () => number, fromMs: number, toMs: number, count: number): readonly Event[] {
  const room = (toMs - fromMs) / count;
  return Array.from({ length: count }, (_, index) => {
    const atMs = Math.floor((fromMs + index * room + random() * (room - 4 * hour)) / step) * step;
    return { atMs, endMs: atMs + Math.floor(4 + random() * 9) * step };
  });
}

/** The rule that most people have: three standard deviations from the mean of a day, for ten minutes. */
function meanOfDay({ points, fromMs, toMs }: Case): readonly Raised[] {
  const raised: Raised[] = [];
  let count = 0;
  for (const [index, [at, value]] of points.entries()) {
    if (at < fromMs || at > toMs) continue;
    const past = points.slice(Math.max(0, index - 288), index).map(([, each]) => each);
    const mean = past.reduce((sum, each) => sum + each, 0) / past.length;
    const deviation = Math.sqrt(past.reduce((sum, each) => sum + (each - mean) ** 2, 0) / past.length);
    const isBad = Math.abs(value - mean) > 3 * deviation;
    count = isBad ? count + 1 : 0;
    const open = raised.at(-1);
    if (count === 2 && (open === undefined || open.toMs !== null))
      raised.push({ fromMs: at, toMs: null, because: "" });
    if (!isBad && open !== undefined && open.toMs === null) raised[raised.length - 1] = { ...open, toMs: at };
  }
  return raised;
}

// ---------- figures ----------

interface Tally {
  readonly raised: number;
  readonly falseAlarms: number;
  readonly events: number;
  readonly missed: number;
  readonly leadsMs: readonly number[];
}

function tallyOf(
  cases: readonly Case[],
  judge: (one: Case) => readonly Raised[],
  tolerance: Tolerance,
): Tally {
  const scores = cases.map((one) => {
    const raised = judge(one);
    return { raised, score: scoreBacktest(raised, one, tolerance), events: one.events };
  });
  return {
    raised: scores.reduce((sum, { raised }) => sum + raised.length, 0),
    falseAlarms: scores.reduce((sum, { score }) => sum + score.falseAlarms.length, 0),
    events: scores.reduce((sum, { events }) => sum + events.length, 0),
    missed: scores.reduce((sum, { score }) => sum + score.missed.length, 0),
    leadsMs: scores.flatMap(({ score }) => score.leads),
  };
}

function precision({ raised, falseAlarms }: Tally): number {
  return raised === 0 ? 1 : (raised - falseAlarms) / raised;
}

function recall({ events, missed }: Tally): number {
  return events === 0 ? 1 : (events - missed) / events;
}

function figure(tally: Tally): string {
  const { events, missed, raised, falseAlarms, leadsMs } = tally;
  const lead = leadsMs.length === 0 ? "none" : `${(median(leadsMs) / minute).toFixed(0)} min`;
  return `precision ${precision(tally).toFixed(2)} (${falseAlarms} of ${raised} false), recall ${recall(tally).toFixed(2)} (${missed} of ${events} missed), median lead ${lead}`;
}

/** Of the events that were foreseen: how many came within the 90 % interval that was named when it was raised. */
function coverage(cases: readonly Case[]): string {
  let [within, named] = [0, 0];
  for (const one of cases) {
    const [event] = one.events;
    const alarm = backtest(diskRule, one.points, one)[0];
    if (event === undefined || alarm === undefined) continue;
    const seen = one.points.filter(([at]) => at > alarm.fromMs - lookBackOf(diskRule) && at <= alarm.fromMs);
    const { limit, direction, horizonMs } = diskRule;
    const said = forecast({ points: seen, limit, direction, trendMs: horizonMs, horizonMs: 1.4 * horizonMs });
    if (said.kind !== "reaches") continue;
    named += 1;
    if (event.atMs >= said.earliestMs && event.atMs <= said.latestMs) within += 1;
  }
  return `${within} of ${named}`;
}

/** The rows of this bench, for whoever prints them. */
export function aheadRows(): readonly Measure[] {
  const disks = shapes.flatMap(([shape, count], kind) =>
    Array.from({ length: count }, (_, index) => disk(shape, 1_000 * (kind + 1) + index)),
  );
  const daily = rhythms.flatMap(([shape, count], kind) =>
    Array.from({ length: count }, (_, index) => rhythm(shape, 1_000 * (kind + 11) + index)),
  );
  const ahead = toleranceOf(diskRule);
  const ofDaily = tallyOf(daily, (one) => backtest(diskRule, one.points, one), ahead);
  const found = tallyOf(disks, (one) => backtest(diskRule, one.points, one), ahead);
  const steady = disks.slice(0, shapes[0]?.[1]);
  // Here the truth is the odd time itself, before which nothing can be seen of it; replays are told of an alert that follows.
  const odd = { ...toleranceOf(trafficRule), aheadMs: 0 };
  const counted = { ...toleranceOf(alertsRule), aheadMs: 0 };
  const seasonal = Array.from({ length: 6 }, (_, index) => traffic(50 + index, true));
  const plain = Array.from({ length: 3 }, (_, index) => traffic(90 + index, false));
  const storms = Array.from({ length: 6 }, (_, index) => alerts(70 + index));
  const ofTraffic = tallyOf([...seasonal, ...plain], (one) => backtest(trafficRule, one.points, one), odd);
  const ofAlerts = tallyOf(storms, (one) => backtest(alertsRule, one.points, one), counted);
  return [
    {
      measure: "ahead, forecasts of a limit",
      figure: figure(found),
      // A disk that somebody cleans before it is full counts as a false alarm.
      aim: "precision >= .80, recall >= .90, lead >= 2 h",
      isMet: precision(found) >= 0.8 && recall(found) >= 0.9 && median(found.leadsMs) >= 2 * hour,
    },
    {
      measure: "ahead, forecasts by predict_linear",
      figure: figure(tallyOf(disks, predictLinear, ahead)),
      aim: null,
      isMet: null,
    },
    {
      measure: "ahead, forecasts of a limit for what has a daily rhythm",
      figure: figure(ofDaily),
      aim: "precision >= .80, recall >= .90, lead >= 2 h",
      isMet: precision(ofDaily) >= 0.8 && recall(ofDaily) >= 0.9 && median(ofDaily.leadsMs) >= 2 * hour,
    },
    {
      measure: "ahead, the same by predict_linear",
      figure: figure(tallyOf(daily, predictLinear, ahead)),
      aim: null,
      isMet: null,
    },
    {
      measure: "ahead, limits within the 90 % interval named",
      figure: coverage(steady),
      aim: null,
      isMet: null,
    },
    {
      measure: "ahead, odd traffic",
      figure: figure(ofTraffic),
      aim: "precision >= .90, recall >= .90",
      isMet: precision(ofTraffic) >= 0.9 && recall(ofTraffic) >= 0.9,
    },
    {
      measure: "ahead, odd traffic by mean and deviation of a day",
      figure: figure(tallyOf([...seasonal, ...plain], meanOfDay, odd)),
      aim: null,
      isMet: null,
    },
    {
      measure: "ahead, odd numbers of alerts",
      figure: figure(ofAlerts),
      aim: "precision >= .90, recall >= .90",
      isMet: precision(ofAlerts) >= 0.9 && recall(ofAlerts) >= 0.9,
    },
  ];
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const rows = aheadRows();
  for (const row of rows) report(row);
  if (rows.some(({ isMet }) => isMet === false)) process.exitCode = 1;
}
