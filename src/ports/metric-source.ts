import type { Labels } from "../domain/alert.ts";
import type { MetricSeries, MetricWindow } from "../domain/metrics/series.ts";
import type { Finding } from "./chat.ts";

/**
 * Why something could not be read; `because` is one plain line without credentials. With scope "server" the next
 * question would fare no better.
 */
export interface Unreadable {
  readonly kind: "unreadable";
  readonly because: string;
  readonly scope: "server" | "query";
}

export type RangeAnswer =
  /** At most as many series as were asked for; `leftOut` more were there. */
  | { readonly kind: "series"; readonly series: readonly MetricSeries[]; readonly leftOut: number }
  | Unreadable;

/** An alerting rule as the source has it. */
export interface AlertRule {
  readonly name: string;
  /** PromQL, comparison and all. */
  readonly query: string;
  /** Labels that the rule itself sets; values may be templates. */
  readonly labels: Labels;
  /** How long its condition must hold before it fires, ms. */
  readonly holdMs: number;
}

export type RulesAnswer = { readonly kind: "rules"; readonly rules: readonly AlertRule[] } | Unreadable;

/** Where metrics are read from. Answers never throw; every call ends by the signal at the latest. */
export interface MetricSource {
  /** Values over time, at every step of the window. */
  range(query: string, window: MetricWindow, signal: AbortSignal): Promise<RangeAnswer>;
  /** Alerting rules of these names. */
  rules(names: readonly string[], signal: AbortSignal): Promise<RulesAnswer>;
  /** For doctor: reachable, version, clock, how many rules. */
  check(): Promise<readonly Finding[]>;
}
