/**
 * What a configuration mutes of a replay, in virtual time: its inhibition rules and maintenance windows. Silences are of
 * people and of the moment, and flapping holds alerts together without taking any away; neither is replayed.
 */
import type { TrackedAlert } from "../domain/alert/tracked.ts";
import type { Alert } from "../domain/alert.ts";
import type { InhibitionRule } from "../domain/suppression/inhibition.ts";
import type { MaintenanceWindow } from "../domain/suppression/maintenance.ts";
import { createMuting } from "../domain/suppression.ts";

export interface ReplayedMutes {
  readonly inhibition: readonly InhibitionRule[];
  readonly windows: readonly MaintenanceWindow[];
}

interface Moment {
  readonly begun: string[];
  readonly ended: string[];
}

/**
 * Keys of the alerts that would have notified: those that fired, for a moment at least, while nothing muted them.
 * @param alerts - as they were last reported, by key; without an end they fire to the end.
 */
export function notifying(
  alerts: ReadonlyMap<string, Alert>,
  { inhibition, windows }: ReplayedMutes,
): ReadonlySet<string> {
  if (inhibition.length + windows.length === 0) return new Set(alerts.keys());
  const muting = createMuting(inhibition, (key) => key);
  const firing = new Map<string, TrackedAlert>();
  const heard = new Set<string>();

  function ask(keys: Iterable<string>): void {
    for (const key of keys) {
      const tracked = firing.get(key);
      if (tracked !== undefined && !heard.has(key) && muting.muteOf(tracked) === null) heard.add(key);
    }
  }

  for (const [atMs, { begun, ended }] of momentsOf(alerts)) {
    // What ends now has been heard if a window ended before it.
    if (muting.setTo({ silences: [], windows }, new Date(atMs))) ask([...firing.keys()]);
    for (const key of begun) {
      const alert = alerts.get(key);
      if (alert === undefined) continue;
      const tracked = trackedOf(key, alert);
      firing.set(key, tracked);
      muting.note(tracked);
    }
    for (const key of ended) {
      const tracked = firing.get(key);
      if (tracked !== undefined) muting.note({ ...tracked, endedBy: "source" });
      firing.delete(key);
    }
    ask(begun);
    ask(muting.takeAffected());
  }
  return heard;
}

/** When something began or ended, in order of time. */
function momentsOf(alerts: ReadonlyMap<string, Alert>): readonly (readonly [number, Moment])[] {
  const moments = new Map<number, Moment>();
  const at = (time: Date): Moment => {
    const known = moments.get(time.getTime()) ?? { begun: [], ended: [] };
    moments.set(time.getTime(), known);
    return known;
  };
  for (const [key, { startsAt, endsAt }] of alerts) {
    at(startsAt).begun.push(key);
    if (endsAt !== null && endsAt > startsAt) at(endsAt).ended.push(key);
  }
  return [...moments].sort(([a], [b]) => a - b);
}

function trackedOf(key: string, alert: Alert): TrackedAlert {
  const seen = { seenAt: alert.startsAt, seenCount: 1, endedBy: null, mutedBy: null };
  return { key, alert, ...seen, incidentId: 0, reasons: [] };
}
