/**
 * What the leader remembers is bounded. Incidents that are over go, with all of their alerts; those that nothing was heard
 * of for longest go first. What is open or fires never goes.
 */
import type { LeftOutCounts } from "../../domain/limits.ts";
import { drop, type TriageMemory } from "./memory.ts";

/** Alerts that ended, and their incidents, are remembered for so long. */
export const memoryMs = 24 * 3_600_000;
/** Alerts remembered at most, as long as fewer than this are of incidents that are not over. */
export const mostRemembered = 20_000;
/** Alerts that are kept with an earlier firing: the oldest have left what the correlator still moves. */
const mostGuests = 10_000;

/** Forgets incidents that are over and last heard of before `before`. Returns their numbers. */
export function forget(memory: TriageMemory, before: Date): readonly number[] {
  const gone = dropEnded(memory, (id) => isOld(memory, id, before));
  for (const own of memory.guests.keys()) {
    if (memory.guests.size <= mostGuests) break;
    memory.guests.delete(own);
    memory.gone.guests += 1;
  }
  return gone;
}

/** Lets incidents that are over go until no more than `most` alerts are left. Returns their numbers. */
export function keepWithin(memory: TriageMemory, most: number, now: Date): readonly number[] {
  const before = memory.alerts.size;
  const gone = dropEnded(memory, () => memory.alerts.size > most);
  if (gone.length === 0) return gone;
  memory.gone.alerts += before - memory.alerts.size;
  memory.gone.incidents += gone.length;
  memory.gone.at = now;
  return gone;
}

/** Sizes of the bounded parts, for metrics. */
export function sizesOf(memory: TriageMemory): Readonly<Record<string, number>> {
  return {
    alerts: memory.alerts.size,
    firing: memory.firing.size,
    incidents: memory.incidents.size,
    ended_incidents: memory.ended.size,
    guests: memory.guests.size,
    recalled_alerts: memory.gone.recalled,
  };
}

/** What was let go to keep within the limits, since the leader took over. */
export function leftOutOf({
  gone,
}: TriageMemory): LeftOutCounts<"remembered_alerts" | "remembered_incidents" | "guests"> {
  return { remembered_alerts: gone.alerts, remembered_incidents: gone.incidents, guests: gone.guests };
}

/** Drops from the one heard of longest ago on, as long as `mayGo`. */
function dropEnded(memory: TriageMemory, mayGo: (id: number) => boolean): readonly number[] {
  const gone: number[] = [];
  for (const id of memory.ended) {
    if (!mayGo(id)) break;
    memory.ended.delete(id);
    const keys = [...(memory.members.get(id) ?? [])];
    if (keys.some((key) => memory.firing.has(key))) continue;
    for (const key of keys) drop(memory, key);
    memory.incidents.delete(id);
    gone.push(id);
  }
  return gone;
}

function isOld(memory: TriageMemory, id: number, before: Date): boolean {
  for (const key of memory.members.get(id) ?? []) {
    const tracked = memory.alerts.get(key);
    if (tracked !== undefined && tracked.seenAt >= before) return false;
  }
  return true;
}
