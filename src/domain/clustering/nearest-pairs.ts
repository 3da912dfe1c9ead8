/** The alerts of two stories that began nearest to one another, and what a signal says of them. */
import type { LiveAlert, Story } from "./sessions.ts";
import type { SeenAlert, Signal, SignalContext } from "./signal.ts";

/** Alerts of the weaker story that are looked at, its first ones, and of the stronger one, its last. */
export const maxPairs = 4;
const maxCompared = 40;
const maxSpokenPairs = 8;

/** An alert of each of two stories. */
export interface Pair {
  readonly a: LiveAlert;
  readonly b: LiveAlert;
  readonly lagMs: number;
}

/** Pairs of the first of the one and the last of the other, nearest in time first; only as many as are asked about. */
export function nearestPairs(story: Story, other: Story): Pair[] {
  const pairs: Pair[] = [];
  const from = Math.max(0, other.members.length - maxCompared);
  for (let i = 0; i < Math.min(maxPairs, story.members.length); i += 1)
    for (let j = from; j < other.members.length; j += 1) {
      const [a, b] = [story.members[i], other.members[j]];
      if (a !== undefined && b !== undefined) insertPair(pairs, a, b);
    }
  return pairs;
}

function insertPair(pairs: Pair[], a: LiveAlert, b: LiveAlert): void {
  const lagMs = Math.abs(a.at - b.at);
  let place = pairs.length;
  for (let before = pairs[place - 1]; before !== undefined && isNearer(lagMs, b, before); ) {
    place -= 1;
    before = pairs[place - 1];
  }
  if (place >= maxSpokenPairs) return;
  pairs.splice(place, 0, { a, b, lagMs });
  if (pairs.length > maxSpokenPairs) pairs.pop();
}

function isNearer(lagMs: number, b: LiveAlert, than: Pair): boolean {
  return lagMs < than.lagMs || (lagMs === than.lagMs && b.key < than.b.key);
}

/** The score furthest from zero that a signal gives to any of the nearest pairs. */
export function strongest(signal: Signal, pairs: readonly Pair[], context: SignalContext) {
  let best: { score: number; early: SeenAlert; late: SeenAlert } | null = null;
  for (const { a, b } of pairs) {
    const [early, late] = a.at <= b.at ? [a, b] : [b, a];
    const score = signal.score(early, late, context);
    if (score !== null && (best === null || Math.abs(score) > Math.abs(best.score)))
      best = { score, early, late };
  }
  return best;
}
