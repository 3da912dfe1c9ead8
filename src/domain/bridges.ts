/**
 * Joins stories of different parts of the system. The topology does not tie them, so everything else must: how near
 * they began, how quiet it is elsewhere, how rare they are, what fired together before, labels and names they share.
 */
import type { Reason } from "./correlation.ts";
import type { LiveAlert, Story } from "./sessions.ts";
import type { Signal, SignalContext } from "./signal.ts";

export interface Bridge {
  /** Key of the stronger story. */
  readonly to: string;
  readonly score: number;
  readonly reasons: readonly Reason[];
}

export interface BridgeWeights {
  readonly bridge: Readonly<Record<string, number>>;
  readonly gapMs: number;
}

/** Signals whose question the features below ask in their own way. */
const askedHere: ReadonlySet<string> = new Set([
  "topology",
  "same-entity",
  "onset-lag",
  "base-rate",
  "co-firing",
  "rival-roots",
]);
const maxCandidates = 20;
const burstMs = 2_000;
const nearMs = 15_000;
const maxPairs = 4;
/** A story of at most this many alerts may be a stray of a larger one. */
const strayAlerts = 2;
/** Unrelated alerts expected in the window at which quiet says nothing. */
const usualNoise = 2;
const windowMinutes = 4;

/** The stronger story that this one belongs to, or null when none is likely enough. */
export function bridgeOf(
  story: Story,
  others: readonly Story[],
  signals: readonly Signal[],
  context: SignalContext,
  weights: BridgeWeights,
): Bridge | null {
  const near = others
    .filter((other) => other.cell !== story.cell && pauseBetween(story, other) <= weights.gapMs)
    .filter((other) => isStronger(other, story));
  if (near.length === 0) return null;
  const crowd = Math.max(1, near.filter((other) => other.members.length >= 2).length);
  let best: Bridge | null = null;
  for (const other of near.slice(-maxCandidates)) {
    const reasons = reasonsFor(story, other, crowd, signals, context, weights.bridge);
    const score = reasons.reduce((sum, reason) => sum + reason.score, 0);
    if (score > 0 && (best === null || score > best.score || (score === best.score && other.key < best.to)))
      best = { to: other.key, score, reasons };
  }
  return best;
}

/** Larger, or as large and earlier, so that bridges never run in a circle. */
function isStronger(a: Story, b: Story): boolean {
  if (a.members.length !== b.members.length) return a.members.length > b.members.length;
  return a.first < b.first || (a.first === b.first && a.key < b.key);
}

function pauseBetween(a: Story, b: Story): number {
  if (a.last < b.first) return b.first - a.last;
  if (b.last < a.first) return a.first - b.last;
  return 0;
}

function reasonsFor(
  story: Story,
  other: Story,
  crowd: number,
  signals: readonly Signal[],
  context: SignalContext,
  weights: Readonly<Record<string, number>>,
): Reason[] {
  const reasons: Reason[] = [];
  const add = (name: string, value: number, because: string) => {
    const score = value * (weights[name] ?? 0);
    if (score !== 0) reasons.push({ signal: `bridge:${name}`, score, because });
  };
  const pairs = nearestPairs(story, other);
  const lagMs = pairs[0]?.lagMs ?? 0;
  const { history } = context;
  const at = Math.min(story.first, other.first);
  add("base", 1, "nothing in the service graph ties them");
  add("near", Math.exp(-lagMs / nearMs), `they began ${Math.round(lagMs / 1000)} s apart`);
  add("burst", lagMs <= burstMs ? 1 : 0, "they began at the same time");
  add("size", Math.log2(other.members.length), `the other story has ${other.members.length} alerts`);
  add("crowd", Math.log(crowd), `${crowd} stories were going on at the time`);
  const busiest = Math.max(...story.members.map(({ seen }) => history.firings(seen.type, at).count));
  const hours = history.firings("", at).hours;
  add("rate", Math.log((busiest + 0.5) / (hours + 12)) + 3, `it fired ${busiest} times in the last day`);
  const noise = (history.alertsPerHour(at) * windowMinutes) / 60;
  add(
    "quiet",
    Math.log(usualNoise / (noise + 0.1)),
    `about ${noise.toFixed(1)} unrelated alerts are usual in ${windowMinutes} min`,
  );
  const known = affinityBetween(story, other, context, at);
  add("affinity", known.value, known.because);
  const areBothLarge = story.members.length > strayAlerts;
  add("group", areBothLarge ? 1 : 0, "both are stories of their own");
  const areApart = story.members[0]?.seen.component != null && other.members[0]?.seen.component != null;
  add("apart", areApart ? 1 : 0, "the service graph knows both and does not tie them");
  for (const signal of signals) {
    if (askedHere.has(signal.name)) continue;
    const spoken = strongest(signal, pairs, context);
    if (spoken !== null) reasons.push({ ...spoken, score: spoken.score * (weights["signals"] ?? 1) });
  }
  return reasons;
}

interface Pair {
  readonly a: LiveAlert;
  readonly b: LiveAlert;
  readonly lagMs: number;
}

function nearestPairs(story: Story, other: Story): Pair[] {
  const pairs: Pair[] = [];
  for (const a of story.members.slice(0, maxPairs))
    for (const b of other.members) pairs.push({ a, b, lagMs: Math.abs(a.at - b.at) });
  return pairs.sort((x, y) => x.lagMs - y.lagMs || (x.b.seen.key < y.b.seen.key ? -1 : 1));
}

/** The score furthest from zero that a signal gives to any of the nearest pairs. */
function strongest(signal: Signal, pairs: readonly Pair[], context: SignalContext): Reason | null {
  let best: { score: number; pair: Pair } | null = null;
  for (const pair of pairs.slice(0, 4 * maxPairs)) {
    const [a, b] = pair.a.at <= pair.b.at ? [pair.a, pair.b] : [pair.b, pair.a];
    const score = signal.score(a.seen, b.seen, context);
    if (score !== null && (best === null || Math.abs(score) > Math.abs(best.score))) best = { score, pair };
  }
  if (best === null) return null;
  const { a, b } = best.pair;
  const [early, late] = a.at <= b.at ? [a, b] : [b, a];
  return { signal: signal.name, score: best.score, because: signal.because(early.seen, late.seen, context) };
}

function affinityBetween(story: Story, other: Story, { history }: SignalContext, at: number) {
  const entity = story.members[0]?.seen.entity ?? null;
  const component = other.members[0]?.seen.component ?? null;
  if (entity === null || component === null) return { value: 0, because: "" };
  const { together, expected } = history.affinity(entity, component, at);
  return {
    value: Math.log((together + 0.3) / (expected + 0.3)),
    because: `${entity} fired ${together} times while that part of the system was in trouble; chance would give ${expected.toFixed(1)}`,
  };
}
