import { createPrometheus } from "../adapters/prometheus.ts";
import type { Ingest } from "../app/ingest.ts";
import { createWatch, type Watch } from "../app/watch.ts";
import { createLooker } from "../app/watch-looks.ts";
import { createWatchSeries, type WatchSeries } from "../app/watch-series.ts";
import type { Config } from "../config.ts";
import { ruleHash, type WatchRule } from "../domain/watch/rule.ts";
import type { AuditStore, Clock, Finding, Log, Metrics, Store, WatchStore } from "../ports.ts";

/** Weeks of history come in one answer. */
const timeoutMs = 15_000;
const maxBodyBytes = 32 * 1024 * 1024;

/** What conditions of our own are read from; longer answers are allowed than for an incident. */
export function watchSeriesOf(config: Config, alerts: WatchStore, clock: Clock): WatchSeries {
  const { prometheus } = config;
  const source =
    prometheus === null ? null : createPrometheus({ ...prometheus, clock, timeoutMs, maxBodyBytes });
  return createWatchSeries({ source, alerts });
}

/** Watches the rules that are switched on; null when none is. */
export function createWatching(parts: {
  readonly config: Config;
  readonly store: Store;
  readonly ingest: Pick<Ingest, "accept">;
  readonly replica: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
}): Watch | null {
  const rules = parts.config.watch.filter((rule) => rule.isEnabled);
  if (rules.length === 0) return null;
  const look = createLooker(watchSeriesOf(parts.config, parts.store.watch, parts.clock));
  return createWatch({ ...parts, rules, look });
}

/** The audit entry of a backtest. */
export const backtestAction = "watch.backtested";

export function backtestSubject({ name }: WatchRule): string {
  return `watch:${name}`;
}

/** For doctor: rules that are on and were never run through the past as they now are, and rules that cannot be read. */
export async function checkWatch(
  config: Config,
  audit: Pick<AuditStore, "list">,
): Promise<readonly Finding[]> {
  const rules = config.watch.filter((rule) => rule.isEnabled);
  return await Promise.all(rules.map((rule) => checkRule(rule, config, audit)));
}

async function checkRule(
  rule: WatchRule,
  { prometheus }: Config,
  audit: Pick<AuditStore, "list">,
): Promise<Finding> {
  const subject = `watch ${rule.name}`;
  if (rule.what.kind === "query" && prometheus === null)
    return {
      status: "failure",
      subject,
      text: "is on, and its query has nobody to ask",
      remedy: "set PROMETHEUS_URL, or set enabled: false",
    };
  const [last] = await audit.list({ action: backtestAction, subject: backtestSubject(rule), limit: 1 });
  const remedy = `tocsin replay --watch ${rule.name} --days 14`;
  if (last === undefined)
    return { status: "warning", subject, text: "is on, and was never run through the past", remedy };
  if (last.data["rule"] !== ruleHash(rule))
    return {
      status: "warning",
      subject,
      text: "is on, and was changed since it was run through the past",
      remedy,
    };
  const result = typeof last.data["result"] === "string" ? last.data["result"] : "no result";
  return {
    status: "ok",
    subject,
    text: `on; run through the past on ${last.at.toISOString().slice(0, 10)}: ${result}`,
  };
}
