/** `tocsin replay --watch NAME`: a rule of `watch:` run through the past before it is switched on. */
import { findRecordings, readRecording } from "../adapters/recordings.ts";
import { eventsFrom, replayWatch, replayWatchOnAlerts, type WatchReplay } from "../app/replay-watch.ts";
import type { WatchSeries } from "../app/watch-series.ts";
import { type Config, ConfigError } from "../config.ts";
import { quoted } from "../domain/metrics/promql-tokens.ts";
import type { BacktestSpan, Event } from "../domain/watch/backtest.ts";
import { countStepMs, ruleHash, type WatchRule } from "../domain/watch/rule.ts";
import { type Source, type Store, systemClock } from "../ports.ts";
import { withBot } from "./offline.ts";
import { readableSources } from "./own-source.ts";
import type { Plugins } from "./plugins.ts";
import { formatWatchReplay, totalsOf, totalsText } from "./replay-watch-text.ts";
import { backtestAction, backtestSubject, watchSeriesOf } from "./watching.ts";

export interface WatchReplayArguments {
  /** Name of the rule. */
  readonly watch: string;
  /** Name of the alert that it should come before. */
  readonly alert?: string;
  readonly days?: string;
  readonly json?: boolean;
}

const dayMs = 86_400_000;
const defaultDays = 14;
const alertStepMs = 60_000;
const readMs = 120_000;

/** @throws Error when there is no such rule, or its past cannot be read. */
export async function replayWatchCommand(
  files: readonly string[],
  given: WatchReplayArguments,
): Promise<void> {
  await withBot(async ({ config, plugins, store }) => {
    const rule = ruleOf(config, given.watch);
    const replayed =
      files.length > 0
        ? await overRecordings(rule, files, plugins, given)
        : await overHistory(rule, config, store, given);
    await record(store, replayed);
    console.log(given.json === true ? JSON.stringify(toJson(replayed)) : formatWatchReplay(replayed));
  });
}

function ruleOf({ watch }: Config, name: string): WatchRule {
  const rule = watch.find((candidate) => candidate.name === name);
  if (rule !== undefined) return rule;
  const known = watch.map((candidate) => candidate.name).join(", ") || "none";
  throw new ConfigError(
    `--watch ${name}: there is no such rule under watch: in tocsin.yaml; there are: ${known}`,
  );
}

async function overHistory(
  rule: WatchRule,
  config: Config,
  store: Store,
  given: WatchReplayArguments,
): Promise<WatchReplay> {
  const series = watchSeriesOf(config, store.watch, systemClock);
  const toMs = Math.floor(Date.now() / rule.everyMs) * rule.everyMs;
  const span = { fromMs: toMs - daysOf(given.days) * dayMs, toMs };
  const signal = AbortSignal.timeout(readMs);
  const events =
    given.alert === undefined ? null : await firings(rule, given.alert, { series, span, signal });
  const result = await replayWatch({ rule, span, series, events, signal });
  if (result.kind === "unreadable")
    throw new Error(`--watch ${rule.name}: its past cannot be read: ${result.because}`);
  return result.replay;
}

function daysOf(text: string | undefined): number {
  const days = Number(text ?? defaultDays);
  if (!(days > 0 && days <= 90)) throw new Error(`--days is "${text}"; expected a number from 1 to 90`);
  return days;
}

/** When the alert fired: as Prometheus remembers it, or as the bot was told. */
async function firings(
  rule: WatchRule,
  alert: string,
  parts: { readonly series: WatchSeries; readonly span: BacktestSpan; readonly signal: AbortSignal },
): Promise<readonly Event[]> {
  const isQuery = rule.what.kind === "query";
  const what = isQuery
    ? { kind: "query" as const, query: `max(ALERTS{alertname=${quoted(alert)},alertstate="firing"})` }
    : { kind: "alerts" as const, labels: { alertname: alert } };
  const stepMs = isQuery ? alertStepMs : countStepMs;
  const answer = await parts.series.read(what, { ...parts.span, stepMs }, parts.signal);
  if (answer.kind === "unreadable") throw new Error(`--alert ${alert}: cannot be read: ${answer.because}`);
  const fired = answer.series.map((one) => ({ ...one, points: one.points.filter(([, value]) => value > 0) }));
  return eventsFrom(fired, stepMs);
}

/** A rule about alerts over recordings of them. */
async function overRecordings(
  rule: WatchRule,
  files: readonly string[],
  plugins: Plugins,
  given: WatchReplayArguments,
): Promise<WatchReplay> {
  if (rule.what.kind !== "alerts")
    throw new Error(
      `--watch ${rule.name}: it watches a query, which recordings of alerts do not hold; leave out the files`,
    );
  const { labels } = rule.what;
  const fits = (own: Readonly<Record<string, string>>) =>
    Object.entries(labels).every(([name, value]) => own[name] === value);
  const alerts = await alertsIn(files, plugins);
  const named = alerts
    .filter((alert) => alert.name === given.alert)
    .map(({ atMs }): [number, number] => [atMs, 1]);
  const events = given.alert === undefined ? null : eventsFrom([{ labels: {}, points: named }], countStepMs);
  const starts = alerts.filter((alert) => fits(alert.labels)).map(({ atMs }) => atMs);
  const replayed = replayWatchOnAlerts(rule, starts, events);
  if (replayed === null)
    throw new Error(`--watch ${rule.name}: there are no such alerts in ${files.join(", ")}`);
  return replayed;
}

interface RecordedAlert {
  readonly name: string;
  readonly atMs: number;
  readonly labels: Readonly<Record<string, string>>;
}

/** Every alert once: what is repeated began only once. */
async function alertsIn(files: readonly string[], plugins: Plugins): Promise<readonly RecordedAlert[]> {
  const sources = readableSources(plugins.sources);
  const found = new Map<string, RecordedAlert>();
  for (const file of (await Promise.all(files.map(findRecordings))).flat()) {
    for await (const { at, source, body } of readRecording(file.path)) {
      const configured = sources.get(source);
      if (configured === undefined) continue;
      for (const alert of parsedAlerts(configured.source, configured.settings, body, at))
        found.set(`${alert.fingerprint}/${alert.startsAt.getTime()}`, {
          name: alert.name,
          atMs: alert.startsAt.getTime(),
          labels: alert.labels,
        });
    }
  }
  return [...found.values()];
}

function parsedAlerts(source: Source, settings: unknown, body: unknown, receivedAt: Date) {
  const raw = { body: new TextEncoder().encode(JSON.stringify(body)), headers: {}, receivedAt };
  const result = source.parse(body, raw, settings);
  return result.kind === "parsed" ? result.delivery.alerts : [];
}

/** So that doctor knows that the rule, as it is now, was looked at before it is switched on. */
async function record(store: Store, replayed: WatchReplay): Promise<void> {
  const { rule, span } = replayed;
  const data = {
    rule: ruleHash(rule),
    from: new Date(span.fromMs).toISOString(),
    to: new Date(span.toMs).toISOString(),
    result: totalsText(replayed),
  };
  await store.transaction((tx) =>
    tx.audit.append({
      at: systemClock.now(),
      actor: "tocsin",
      action: backtestAction,
      subject: backtestSubject(rule),
      outcome: "done",
      data,
    }),
  );
}

function toJson(replayed: WatchReplay) {
  const { rule, span, series, leftOut } = replayed;
  return { rule: rule.name, ...span, leftOut, totals: totalsOf(replayed), series };
}
