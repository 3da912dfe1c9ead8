/** Alerts of a replay come to where they belong: each firing for itself here, as triage does it in triage.ts. */
import type { TrackedAlert } from "../../domain/alert/tracked.ts";
import type { Alert } from "../../domain/alert.ts";
import type { Correlator, Observation, Reason } from "../../domain/clustering/correlation.ts";

export type PlacedAlert = Pick<TrackedAlert, "key" | "alert" | "incidentId" | "reasons" | "partOf">;

export interface Placing {
  /** Takes what one delivery says. */
  take(observations: readonly Observation[], at: Date): void;
  /** All alerts, where they are in the end, in the order in which they came; parts of one that flapped are where that one is. */
  alerts(): Iterable<PlacedAlert>;
  /** Channels in which an incident got a card, by its number; of those that went into another, too. */
  cards(): ReadonlyMap<number, readonly string[]>;
}

interface Grouped {
  alert: Alert;
  incidentId: number | null;
  reasons: readonly Reason[];
}

/** Grouping alone. @param correlator - new and empty. */
export function createGrouping(correlator: Correlator): Placing {
  const alerts = new Map<string, Grouped>();
  return {
    take(observations, at) {
      for (const observation of observations) {
        if (observation.kind !== "alert") continue;
        const { key, alert } = observation;
        const known = alerts.get(key);
        if (known) known.alert = alert;
        else alerts.set(key, { alert, reasons: [], incidentId: null });
      }
      for (const { key, incidentId, reasons } of correlator.observe(observations, at).placements) {
        const placed = alerts.get(key);
        if (placed !== undefined) Object.assign(placed, { incidentId, reasons });
      }
    },
    *alerts() {
      for (const [key, { alert, incidentId, reasons }] of alerts)
        if (incidentId !== null) yield { key, alert, incidentId, reasons };
    },
    cards: () => new Map(),
  };
}
