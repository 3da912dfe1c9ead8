import { type AlertTimeline, alertTimeline } from "../domain/alert/timeline.ts";
import type { IncidentStore, StoredAlert } from "../ports/incident.ts";

/** Changes looked through for those that a chart marks, and how long before the first alert they begin, ms. */
const maxChanges = 200;
const changesBeforeMs = 30 * 60_000;

/**
 * When the alerts of an incident fired, with the changes of that time; null where there is too little to draw.
 * @param alerts - earliest first.
 */
export async function readAlertTimeline(
  alerts: readonly StoredAlert[],
  until: Date,
  incidents: Pick<IncidentStore, "changesBetween">,
): Promise<AlertTimeline | null> {
  const first = alerts[0]?.alert.startsAt;
  if (first === undefined) return null;
  const from = new Date(first.getTime() - changesBeforeMs);
  const changes = await incidents.changesBetween(from, until, maxChanges);
  return alertTimeline(alerts, { now: until, changes });
}
