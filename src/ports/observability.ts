/** Structured log. Fields never hold secrets or whole payloads. */
export interface Log {
  debug(fields: Readonly<Record<string, unknown>>, message: string): void;
  info(fields: Readonly<Record<string, unknown>>, message: string): void;
  warn(fields: Readonly<Record<string, unknown>>, message: string): void;
  error(fields: Readonly<Record<string, unknown>>, message: string): void;
  /** A log whose every line carries `fields`, for example an incident id. */
  child(fields: Readonly<Record<string, unknown>>): Log;
}

/** Counters, gauges and histograms; a name is declared by its first use in `src/adapters/metrics.ts`. */
export interface Metrics {
  count(name: string, labels?: Readonly<Record<string, string>>, by?: number): void;
  gauge(name: string, value: number, labels?: Readonly<Record<string, string>>): void;
  observe(name: string, seconds: number, labels?: Readonly<Record<string, string>>): void;
}

/** Where time comes from; virtual in replay and tests. */
export interface Clock {
  now(): Date;
}

export const silentLog: Log = {
  debug: ignore,
  info: ignore,
  warn: ignore,
  error: ignore,
  child: () => silentLog,
};
export const noMetrics: Metrics = { count: ignore, gauge: ignore, observe: ignore };
export const systemClock: Clock = { now: () => new Date() };

function ignore(): void {
  // Nothing listens.
}
