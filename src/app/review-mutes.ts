/** Asks again what mutes alerts: those that are new, and those whose inhibitors came or went. */
import { isSameMute } from "../domain/suppression/mute.ts";
import type { TriageMemory } from "./triage/memory.ts";
import { append, keep, type Movement } from "./triage/movement.ts";

/** @param fresh - keys that are new in this batch; nobody has been told of them yet. */
export function reviewMutes(memory: TriageMemory, movement: Movement, fresh: ReadonlySet<string>): void {
  for (const key of new Set([...fresh, ...memory.muting.takeAffected()]))
    reviewMute(memory, movement, key, fresh.has(key));
}

/** Asks about every alert that fires, after what is in force has changed. */
export function reviewAllMutes(memory: TriageMemory, movement: Movement): void {
  memory.muting.takeAffected();
  for (const key of memory.firing) reviewMute(memory, movement, key, false);
}

function reviewMute(memory: TriageMemory, movement: Movement, key: string, isFresh: boolean): void {
  const tracked = memory.alerts.get(key);
  if (tracked === undefined || (tracked.endedBy !== null && !isFresh)) return;
  const { incidentId } = tracked;
  const mutedBy = memory.muting.muteOf(tracked);
  if (isSameMute(mutedBy, tracked.mutedBy)) return;
  keep(memory, movement, { ...tracked, mutedBy });
  movement.touched.add(incidentId);
  if (mutedBy !== null && tracked.mutedBy === null)
    movement.muted.set(mutedBy.by, (movement.muted.get(mutedBy.by) ?? 0) + 1);
  if (isFresh) return;
  movement.redrawn.add(incidentId);
  if (mutedBy !== null) return;
  append(movement.unmuted, incidentId, key);
  movement.kindled.add(incidentId);
}
