import type { AlertTimeline } from "../domain/alert/timeline.ts";
import type { DigestFacts } from "../domain/digest.ts";
import type { MetricChart } from "../domain/metrics/chart.ts";
import type { ComparisonChart } from "../domain/rollout/comparison-chart.ts";

/** Draws PNGs; null when there is nothing to draw or no way to draw it. */
export interface Charts {
  /** Alerts per bucket and incidents over time. */
  timeline(facts: DigestFacts): Promise<Uint8Array | null>;
  /** Metrics around the start of an incident. */
  metrics(chart: MetricChart): Promise<Uint8Array | null>;
  /** When the alerts of an incident fired, by service. */
  alerts(chart: AlertTimeline): Promise<Uint8Array | null>;
  /** A version beside the one that serves. */
  comparison(chart: ComparisonChart): Promise<Uint8Array | null>;
}
