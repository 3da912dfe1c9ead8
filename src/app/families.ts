/** Incidents that come out of one another, and go into one another again. */
import type { Correlation, Reason } from "../domain/clustering/correlation.ts";
import { tellingReason } from "../domain/clustering/telling-reason.ts";
import { type Incident, type IncidentEvent, splitIncident } from "../domain/incident.ts";
import { oneLine } from "../domain/view.ts";

const maxBecause = 300;

/**
 * The incident as a child of what it was split from in this step, if it was.
 * @param rows - incidents as they were before the step.
 */
export function asChild(
  incident: Incident,
  correlation: Correlation,
  rows: ReadonlyMap<number, Incident>,
): Incident {
  const split = correlation.splits.find(({ into }) => into === incident.id);
  if (split === undefined) return incident;
  const parent = rows.get(split.from);
  return parent === undefined ? { ...incident, parentId: split.from } : splitIncident(incident, parent);
}

/** What the thread of an incident is told of splits and merges: why alerts came and where they went; with all reasons. */
export function familyEvents(id: number, correlation: Correlation): readonly IncidentEvent[] {
  const events: IncidentEvent[] = [];
  for (const { from, into, reasons } of correlation.splits) {
    const count = correlation.placements.filter(({ incidentId }) => incidentId === into).length;
    const alerts = count === 1 ? "1 alert" : `${count} alerts`;
    const why = because(reasons, "against");
    const data = { from, into, reasons };
    if (into === id) events.push({ kind: "split", text: `split from incident ${from}${why}`, data });
    if (from === id)
      events.push({ kind: "split", text: `incident ${into} split off with ${alerts}${why}`, data });
  }
  for (const { from, into, reasons } of correlation.merges)
    if (into === id)
      events.push({
        kind: "merged",
        text: `incident ${from} merged into this one${because(reasons, "for")}`,
        data: { from, into, reasons },
      });
  return events;
}

/**
 * True when an alert that fires came from another incident that was not resolved: then this one is not over either.
 * @param isFiring - by the key of an alert.
 */
export function gainedFiring(
  id: number,
  correlation: Correlation,
  rows: ReadonlyMap<number, Incident>,
  isFiring: (key: string) => boolean,
): boolean {
  return correlation.placements.some(
    ({ key, incidentId, previousIncidentId: from }) =>
      incidentId === id &&
      from !== null &&
      from !== id &&
      rows.get(from)?.state !== "resolved" &&
      isFiring(key),
  );
}

function because(reasons: readonly Reason[], side: "for" | "against"): string {
  const telling = tellingReason(reasons, side);
  return telling === null ? "" : `: ${oneLine(telling.because, maxBecause)}`;
}
