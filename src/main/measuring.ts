import { createPrometheus } from "../adapters/prometheus.ts";
import { createMetricEvidence, type MetricEvidence } from "../app/explain-metrics.ts";
import type { Config } from "../config.ts";
import type { Clock, Finding, Log, MetricSource, Metrics, Store } from "../ports.ts";

/** Where metrics are read from; null without PROMETHEUS_URL. */
export function metricSourceOf({ prometheus }: Config, clock: Clock): MetricSource | null {
  return prometheus === null ? null : createPrometheus({ ...prometheus, clock });
}

/** Evidence from metrics; null without PROMETHEUS_URL. */
export function createMeasuring(parts: {
  readonly config: Config;
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
}): MetricEvidence | null {
  const source = metricSourceOf(parts.config, parts.clock);
  if (source === null || parts.config.prometheus === null) return null;
  return createMetricEvidence({ ...parts, source, queries: parts.config.prometheus.queries });
}

/** For doctor. */
export async function checkMetricSource(config: Config, clock: Clock): Promise<readonly Finding[]> {
  return (await metricSourceOf(config, clock)?.check()) ?? [];
}
