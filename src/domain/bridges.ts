/**
 * Joins stories of different parts of the system. The topology does not tie them, so everything else must: how near
 * they began, how quiet it is elsewhere, how rare they are, what fired together before, labels and names they share.
 */
import type { Reason } from "./correlation.ts";
import type { LiveAlert, Story } from "./sessions.ts";
import type { SeenAlert, Signal, SignalContext } from "./signal.ts";

export interface Bridge {
  /** Key of the stronger story. */
  readonly to: string;
  readonly score: number;
  readonly reasons: readonly Reason[];
}

export interface BridgeWeights {
  readonly bridge: Readonly<Record<string, number>>;
  readonly signals: Readonly<Record<string, number>>;
  readonly gapMs: number;
}

/** Signals whose question the features below ask in their own way. */
const askedHere: ReadonlySet<string> = new Set([
  "topology",
  "same-entity",
  "onset-lag",
  "base-rate",
  "rival-roots",
]);
const maxCandidates = 12;
const burstMs = 2_000;
const nearMs = 15_000;
const maxPairs = 4;
const maxCompared = 40;
const maxSpokenPairs = 8;
/** A story of at most this many alerts may be a stray of a larger one. */
const strayAlerts = 2;
/** Unrelated alerts expected in the window at which quiet says nothing. */
const usualNoise = 2;
const windowMinutes = 4;
/** Imagined firings of a service, of which each part had this share. */
const priorFirings = 1.5;
const priorShare = 1 / 6;

/** The stronger story that this one belongs to, or null when none is likely enough. */
export function bridgeOf(
  story: Story,
  others: readonly Story[],
  signals: readonly Signal[],
  context: SignalContext,
  weights: BridgeWeights,
): Bridge | null {
  const near: Story[] = [];
  for (const other of others)
    if (other.cell !== story.cell && pauseBetween(story, other) <= weights.gapMs && isStronger(other, story))
      near.push(other);
  if (near.length === 0) return null;
  const crowd = Math.max(1, near.filter((other) => other.members.length >= 2).length);
  const asked = signals.filter((signal) => !askedHere.has(signal.name));
  let best: { readonly other: Story; readonly score: number } | null = null;
  for (const other of near.slice(-maxCandidates)) {
    const score = weigh(story, other, crowd, asked, context, weights, null);
    if (
      score > 0 &&
      (best === null || score > best.score || (score === best.score && other.key < best.other.key))
    )
      best = { other, score };
  }
  if (best === null) return null;
  const reasons: Reason[] = [];
  weigh(story, best.other, crowd, asked, context, weights, reasons);
  return { to: best.other.key, score: best.score, reasons };
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

/** Sum of the weighted features; written out into `reasons` when there is a list for them. */
function weigh(
  story: Story,
  other: Story,
  crowd: number,
  signals: readonly Signal[],
  context: SignalContext,
  { bridge: weights, signals: multipliers }: BridgeWeights,
  reasons: Reason[] | null,
): number {
  let sum = 0;
  const add = (name: string, value: number, because: () => string) => {
    const score = value * (weights[name] ?? 0);
    sum += score;
    if (reasons !== null && score !== 0)
      reasons.push({ signal: `bridge:${name}`, score, because: because() });
  };
  const pairs = nearestPairs(story, other);
  const lagMs = pairs[0]?.lagMs ?? 0;
  const { history } = context;
  const at = Math.min(story.first, other.first);
  add("base", 1, () => "nothing in the service graph ties them");
  add("near", Math.exp(-lagMs / nearMs), () => `they began ${Math.round(lagMs / 1000)} s apart`);
  add("burst", lagMs <= burstMs ? 1 : 0, () => "they began at the same time");
  add("size", Math.log2(other.members.length), () => `the other story has ${other.members.length} alerts`);
  add("thin", other.members.length < 2 ? 1 : 0, () => "the other is a single alert");
  add("crowd", Math.log(crowd), () => `${crowd} stories were going on at the time`);
  const busiest = Math.max(
    ...story.members.slice(0, maxPairs).map(({ seen }) => history.firings(seen.type, at).count),
  );
  const { hours } = history.firings("", at);
  add(
    "rate",
    Math.log((busiest + 0.5) / (hours + 12)) + 3,
    () => `it fired ${busiest} times in the last day`,
  );
  const noise = (history.alertsPerHour(at) * windowMinutes) / 60;
  add(
    "quiet",
    Math.log(usualNoise / (noise + 0.1)),
    () => `about ${noise.toFixed(1)} unrelated alerts are usual in ${windowMinutes} min`,
  );
  addAffinity(story, other, context, at, add);
  add("group", story.members.length > strayAlerts ? 1 : 0, () => "both are stories of their own");
  const areKnown = story.members[0]?.seen.component != null && other.members[0]?.seen.component != null;
  add("apart", areKnown ? 1 : 0, () => "the service graph knows both and does not tie them");
  const share = weights["signals"] ?? 1;
  for (const signal of signals) {
    const spoken = strongest(signal, pairs, context);
    if (spoken === null) continue;
    const score = spoken.score * share * (multipliers[signal.name] ?? 1);
    sum += score;
    if (reasons === null) continue;
    reasons.push({ signal: signal.name, score, because: signal.because(spoken.early, spoken.late, context) });
  }
  return sum;
}

function addAffinity(
  story: Story,
  other: Story,
  { graph, history }: SignalContext,
  at: number,
  add: (name: string, value: number, because: () => string) => void,
): void {
  const entity = story.members[0]?.seen.entity ?? null;
  const component = other.members[0]?.seen.component ?? null;
  if (entity === null || component === null) return;
  const { together, firings } = history.affinity(entity, component, at);
  add(
    "affinity",
    Math.log((together + priorFirings * priorShare) / (firings + priorFirings) / priorShare),
    () => `of ${firings} times that ${entity} fired, ${together.toFixed(1)} fall to that part of the system`,
  );
  add(
    "alike",
    graph.likeness(entity, component),
    () => `the name ${entity} is more like those of another part of the system`,
  );
}

interface Pair {
  readonly a: LiveAlert;
  readonly b: LiveAlert;
  readonly lagMs: number;
}

function nearestPairs(story: Story, other: Story): Pair[] {
  const pairs: Pair[] = [];
  for (const a of story.members.slice(0, maxPairs))
    for (const b of other.members.slice(-maxCompared)) pairs.push({ a, b, lagMs: Math.abs(a.at - b.at) });
  return pairs.sort((x, y) => x.lagMs - y.lagMs || (x.b.seen.key < y.b.seen.key ? -1 : 1));
}

/** The score furthest from zero that a signal gives to any of the nearest pairs. */
function strongest(signal: Signal, pairs: readonly Pair[], context: SignalContext) {
  let best: { score: number; early: SeenAlert; late: SeenAlert } | null = null;
  for (const { a, b } of pairs.slice(0, maxSpokenPairs)) {
    const [early, late] = a.at <= b.at ? [a.seen, b.seen] : [b.seen, a.seen];
    const score = signal.score(early, late, context);
    if (score !== null && (best === null || Math.abs(score) > Math.abs(best.score)))
      best = { score, early, late };
  }
  return best;
}
