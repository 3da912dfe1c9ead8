/** How an incident goes on when its alerts moved: decides, and stores nothing. */
import {
  advanceIncident,
  type Incident,
  type IncidentEvent,
  mergeIncident,
  openIncident,
} from "../../domain/incident.ts";
import { asChild, familyEvents, gainedFiring } from "../families.ts";
import type { Moved } from "../incident-lines.ts";
import { factsOf, type TriageMemory } from "./memory.ts";
import type { Movement } from "./movement.ts";

/** What happens to an incident that changes who has to be told of it. */
const turns: ReadonlySet<IncidentEvent["kind"]> = new Set([
  "resolved",
  "reopened",
  "unmuted",
  "severity_changed",
]);

/** Whether others may have to be told of it now, or no longer. */
export function isTurn({ isNew, events }: Pick<Moved, "isNew" | "events">): boolean {
  return isNew || events.some(({ kind }) => turns.has(kind));
}

/** Incidents that a movement may change, in order of number. */
export function touchedBy({ touched, correlation }: Movement): readonly number[] {
  const emptied = correlation.merges.map(({ from }) => from);
  return [...new Set([...touched, ...emptied])].sort((a, b) => a - b);
}

/**
 * @param rows - incidents as they are stored, under lock.
 * @param context.merges - by incident, the one that it went into.
 * @returns null when nothing of it changes.
 */
export function moveIncident(
  memory: TriageMemory,
  rows: ReadonlyMap<number, Incident>,
  id: number,
  context: { readonly merges: ReadonlyMap<number, number>; readonly movement: Movement; readonly now: Date },
): Moved | null {
  const before = rows.get(id) ?? null;
  const wasMuted = before?.isMuted ?? false;
  const { correlation } = context.movement;
  const facts = factsOf(memory, id);
  if (facts === null) {
    if (before === null || before.mergedInto !== null) return null;
    const into = context.merges.get(id) ?? destinationOf(context.movement, id);
    return into === null ? null : { ...mergeIncident(before, into, context.now), isNew: false, wasMuted };
  }
  const isFiring = (key: string) => memory.alerts.get(key)?.endedBy === null;
  // The correlator may have forgotten alerts that stay behind: such an incident goes on.
  const merges = correlation.merges.filter(({ from }) => (memory.members.get(from)?.size ?? 0) === 0);
  const family = familyEvents(id, { ...correlation, merges });
  if (before === null) {
    const opened = asChild(openIncident(id, facts, context.now), correlation, rows);
    return { incident: opened, events: family, isNew: true, wasMuted };
  }
  // A merged incident that gets alerts back by a later split stands on its own again.
  const standing = before.mergedInto === null ? before : { ...before, mergedInto: null };
  const stepped = advanceIncident(standing, facts, {
    startedFiring: context.movement.kindled.has(id) || gainedFiring(id, correlation, rows, isFiring),
    isRedrawn: context.movement.redrawn.has(id) || context.movement.told.has(id),
    now: context.now,
  });
  const events = [...family, ...stepped.events];
  // A line alone leaves the card as it is: an edit of it would take the place of another's.
  const isTold = stepped.hasChanged || context.movement.owed.has(id);
  return isTold ? { incident: stepped.incident, events, isNew: false, wasMuted } : null;
}

/** Where the alerts of an emptied incident went. */
function destinationOf(movement: Movement, id: number): number | null {
  return (
    movement.correlation.placements.find((placement) => placement.previousIncidentId === id)?.incidentId ??
    null
  );
}
