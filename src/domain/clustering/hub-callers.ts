/**
 * What a service that much of the system calls does to its callers. A hub connects nothing, or it would join the world;
 * but where it is in trouble itself, the callers that fail with it are one story with it.
 */
import { firstOf, type Story } from "./sessions.ts";
import type { SignalContext } from "./signal.ts";

/** A caller may notice, and its alert begin, a little before that of the hub. */
const aboutMs = 30_000;

/** A hub that alerts, and a service that calls it and alerts with it or after it. */
export interface HubCall {
  readonly hub: string;
  readonly caller: string;
}

/** The call by which one story may come of another, or null where that is not of a hub, or began later. */
export function hubCallOf(
  story: Story,
  other: Story,
  { graph }: Pick<SignalContext, "graph">,
): HubCall | null {
  const first = other.members[0];
  // What a component has is no hub, and most alerts are of one.
  if (first === undefined || first.component !== null || first.entity === null) return null;
  const hub = first.entity;
  if (!graph.isHub(hub) || first.at > firstOf(story) + aboutMs) return null;
  const calling = story.members.find(({ entity }) => entity !== null && graph.callees(entity).has(hub));
  return calling === undefined ? null : { hub, caller: calling.entity ?? "" };
}

/** How much the trouble of a hub says: all while its alerts are new, and less the more often the rarest of them fires. */
export function newsOf({ members }: Story, at: number, { history }: Pick<SignalContext, "history">): number {
  let fewest = Number.POSITIVE_INFINITY;
  for (const { type } of members) fewest = Math.min(fewest, history.firings(type, at).count);
  return 1 / (1 + fewest);
}
