/** What time alone does to alerts. */

import { isTimedOut, timeOut } from "../domain/alert/tracked.ts";
import type { Observation } from "../domain/clustering/correlation.ts";
import { isFlapping } from "../domain/suppression/flapping.ts";
import type { MuteSettings } from "../domain/suppression.ts";
import { endNewestPart, release, settleQuiet } from "./hold-flapping.ts";
import { reviewAllMutes, reviewMutes } from "./review-mutes.ts";
import type { TriageMemory } from "./triage/memory.ts";
import { keep, type Movement, newMovement } from "./triage/movement.ts";
import { type Observed, observe, place } from "./triage/placement.ts";

/** What time ended, before anything is placed. */
export interface TimedOut extends Observed {
  readonly movement: Movement;
}

/** Alerts not heard of time out, and those that flapped settle. Mutates the memory. */
export function passTime(
  memory: TriageMemory,
  { now, timeoutMs }: { readonly now: Date; readonly timeoutMs: (source: string) => number },
): TimedOut {
  const movement = newMovement();
  const observations: Observation[] = settleQuiet(memory, movement, now);
  for (const key of [...memory.firing]) {
    const tracked = memory.alerts.get(key);
    // Of one that flaps and has ended nothing more is to be heard; it settles by itself.
    if (tracked === undefined || (isFlapping(tracked.flapping) && tracked.flapping.endedAt !== null))
      continue;
    if (!isTimedOut(tracked, now, timeoutMs(tracked.alert.source))) continue;
    const ended = release(movement, timeOut(tracked));
    endNewestPart(movement, tracked, tracked.seenAt);
    keep(memory, movement, ended);
    movement.touched.add(ended.incidentId);
    observations.push({ kind: "alert", key, alert: ended.alert });
  }
  return { movement, ...observe(memory, observations, now) };
}

/**
 * Brings alerts to where they belong since those have ended; what mutes them begins and ends. The incidents that alerts
 * come from and go to are in the memory, which it mutates; returns what to store.
 */
export function placeAfterTime(
  memory: TriageMemory,
  { movement, correlation }: TimedOut,
  { settings, now }: { readonly settings: MuteSettings; readonly now: Date },
): Movement {
  place(memory, movement, correlation);
  if (memory.muting.setTo(settings, now)) reviewAllMutes(memory, movement);
  else reviewMutes(memory, movement, new Set());
  return { ...movement, correlation };
}
