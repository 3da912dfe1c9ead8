import { type Alert, alertKey, fingerprint } from "../../../src/domain/alert.ts";
import type { Change } from "../../../src/domain/change.ts";
import type { Correlation, Correlator, Observation } from "../../../src/domain/clustering/correlation.ts";
import type { Topology } from "../../../src/domain/topology.ts";

export const noon = Date.parse("2026-03-01T12:00:00Z");

export interface AlertSketch {
  readonly name?: string;
  readonly service?: string | null;
  /** Seconds after noon. */
  readonly at: number;
  /** Seconds after noon; absent while it fires. */
  readonly end?: number;
  readonly labels?: Readonly<Record<string, string>>;
  readonly summary?: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** An alert in a few words; its identity follows from name, service and labels. */
export function sketchAlert(sketch: AlertSketch): Alert {
  const { name = "HighLatency", service = "shop", at } = sketch;
  const labels = { alertname: name, ...(service === null ? {} : { service }), ...sketch.labels };
  return {
    fingerprint: fingerprint(labels),
    externalId: null,
    source: "alertmanager",
    status: sketch.end === undefined ? "firing" : "resolved",
    labels,
    annotations: sketch.annotations ?? {},
    name,
    service,
    severity: "warning",
    summary: sketch.summary ?? `${name} on ${service}`,
    url: null,
    startsAt: new Date(noon + at * 1000),
    endsAt: sketch.end === undefined ? null : new Date(noon + sketch.end * 1000),
  };
}

export function observe(alert: Alert): Observation {
  return { kind: "alert", key: alertKey(alert), alert };
}

export function sketchChange(change: Partial<Change> & { readonly at: Date }): Change {
  return {
    id: "change-1",
    kind: "deploy",
    service: null,
    title: "deploy",
    text: "",
    author: null,
    url: null,
    rolloutId: null,
    ...change,
  };
}

/** Two applications of three services each, and a lone service. */
export const twoShops: Topology = {
  edges: [
    ["web-a", "cart-a"],
    ["cart-a", "stock-a"],
    ["web-b", "cart-b"],
    ["cart-b", "stock-b"],
  ],
  services: ["web-a", "cart-a", "stock-a", "web-b", "cart-b", "stock-b", "lone"],
};

/** Follows placements and merges as triage does: which incident each alert is in now. */
export function follow(into: Map<string, number>, correlation: Correlation): void {
  for (const { key, incidentId } of correlation.placements) into.set(key, incidentId);
}

/** Observes one by one; the partition at the end, by key. */
export function runThrough(
  correlator: Correlator,
  observations: readonly Observation[],
): Map<string, number> {
  const placed = new Map<string, number>();
  for (const observation of observations) {
    const at =
      observation.kind === "alert"
        ? observation.alert.startsAt.getTime() + 1_000
        : observation.kind === "change"
          ? observation.change.at.getTime()
          : noon;
    follow(placed, correlator.observe([observation], new Date(at)));
  }
  return placed;
}

/** The partition without its numbers: groups of keys, sorted. */
export function partitionOf(placed: ReadonlyMap<string, number>): string[][] {
  const groups = new Map<number, string[]>();
  for (const [key, id] of placed) groups.set(id, [...(groups.get(id) ?? []), key]);
  return [...groups.values()]
    .map((keys) => keys.sort())
    .sort((a, b) => ((a[0] ?? "") < (b[0] ?? "") ? -1 : 1));
}
