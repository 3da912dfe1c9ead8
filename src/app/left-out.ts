/** Tells in metrics what judgement left out to keep within its limits. */
import { type LeftOut, type Limit, limits } from "../domain/limits.ts";
import type { Metrics } from "../ports.ts";

/** Shows every limit with zero, so that the first time that one is reached is an increase. */
export function announceLimits(metrics: Metrics): void {
  for (const limit of limits) metrics.count("tocsin_left_out_total", { limit }, 0);
}

/** Counts what is noted. */
export function countLeftOut(metrics: Metrics): LeftOut {
  return {
    note(limit, count) {
      metrics.count("tocsin_left_out_total", { limit }, count);
    },
  };
}

/** Counts what came to totals since they were last given; a total that is smaller than before began anew. */
export function createLeftOutMeter(
  metrics: Metrics,
): (totals: Readonly<Partial<Record<Limit, number>>>) => void {
  const counted = new Map<string, number>();
  return (totals) => {
    for (const [limit, total] of Object.entries(totals)) {
      const before = counted.get(limit) ?? 0;
      counted.set(limit, total);
      metrics.count("tocsin_left_out_total", { limit }, total < before ? total : total - before);
    }
  };
}
