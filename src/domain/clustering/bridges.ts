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
  /** Written out when asked for. */
  readonly reasons: () => readonly Reason[];
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
/** In a storm of more stories than this near one another, being near says nothing. */
export const maxNear = 100;
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

/** What bridging looks at. */
export interface Asking {
  /** Only those of {@link askedOf}. */
  readonly signals: readonly Signal[];
  readonly context: SignalContext;
  readonly weights: BridgeWeights;
  /** Whether people said that two stories are not one incident; null when they said nothing. */
  readonly areApart: ((a: Story, b: Story) => boolean) | null;
}

/** The signals whose questions the features here do not ask already. */
export function askedOf(signals: readonly Signal[]): readonly Signal[] {
  return signals.filter((signal) => !askedHere.has(signal.name));
}

/**
 * The stronger story that this one belongs to, or null when none is likely enough. What two stories score is kept
 * with the weaker one: stories do not change, only how many there are.
 * @param others - stories of any part of the system in order of start, with all that are near this one.
 */
export function bridgeOf(story: Story, others: readonly Story[], asking: Asking): Bridge | null {
  const near = strongerNear(story, others, asking);
  if (near === null || near.length === 0) {
    story.fits = null;
    return null;
  }
  const crowd = crowdOf(near);
  const known = story.fits;
  const fits = new Map<Story, number>();
  let best: { readonly other: Story; readonly score: number } | null = null;
  for (const other of near.slice(-maxCandidates)) {
    const fit = known?.get(other) ?? weigh(story, other, asking, null);
    fits.set(other, fit);
    const score = fit + crowdScore(crowd, asking.weights);
    if (
      score > 0 &&
      (best === null || score > best.score || (score === best.score && other.key < best.other.key))
    )
      best = { other, score };
  }
  story.fits = fits;
  if (best === null) return null;
  const { other, score } = best;
  return { to: other.key, score, reasons: () => reasonsAcross(story, other, crowd, asking) };
}

/** Stories of other parts near this one to which it may belong; null where so many are near that it says nothing. */
function strongerNear(
  story: Story,
  others: readonly Story[],
  { weights: { gapMs }, areApart }: Asking,
): Story[] | null {
  const near: Story[] = [];
  let count = 0;
  for (const other of others) {
    if (other.first > story.last + gapMs) break;
    if (other.last < story.first - gapMs) continue;
    count += 1;
    if (count > maxNear) return null;
    if (other.cell === story.cell || !isStronger(other, story)) continue;
    if (areApart === null || !areApart(story, other)) near.push(other);
  }
  return near;
}

function crowdOf(near: readonly Story[]): number {
  let stories = 0;
  for (const other of near) if (other.members.length >= 2) stories += 1;
  return Math.max(1, stories);
}

function crowdScore(crowd: number, { bridge }: BridgeWeights): number {
  return Math.log(crowd) * (bridge["crowd"] ?? 0);
}

/** All that speaks for and against two stories being one, the weaker one first. */
export function reasonsAcross(story: Story, other: Story, crowd: number, asking: Asking): readonly Reason[] {
  const reasons: Reason[] = [];
  weigh(story, other, asking, reasons);
  const score = crowdScore(crowd, asking.weights);
  if (score !== 0)
    reasons.push({ signal: "bridge:crowd", score, because: `${crowd} stories were going on at the time` });
  return reasons;
}

/** The weaker of two stories first. */
export function byStrength(a: Story, b: Story): readonly [weak: Story, strong: Story] {
  return isStronger(a, b) ? [b, a] : [a, b];
}

/** Larger, or as large and earlier, so that bridges never run in a circle. */
function isStronger(a: Story, b: Story): boolean {
  if (a.members.length !== b.members.length) return a.members.length > b.members.length;
  return a.first < b.first || (a.first === b.first && a.key < b.key);
}

/** Sum of the weighted features, but for the crowd; written out into `reasons` when there is a list for them. */
function weigh(
  story: Story,
  other: Story,
  { signals, context, weights: { bridge: weights, signals: multipliers } }: Asking,
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
  let busiest = 0;
  for (let index = 0; index < Math.min(maxPairs, story.members.length); index += 1)
    busiest = Math.max(busiest, history.firings(story.members[index]?.seen.type ?? "", at).count);
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

/** Pairs of the first of the one and the last of the other, nearest in time first; only as many as are asked about. */
function nearestPairs(story: Story, other: Story): Pair[] {
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
  return lagMs < than.lagMs || (lagMs === than.lagMs && b.seen.key < than.b.seen.key);
}

/** The score furthest from zero that a signal gives to any of the nearest pairs. */
function strongest(signal: Signal, pairs: readonly Pair[], context: SignalContext) {
  let best: { score: number; early: SeenAlert; late: SeenAlert } | null = null;
  for (const { a, b } of pairs) {
    const [early, late] = a.at <= b.at ? [a.seen, b.seen] : [b.seen, a.seen];
    const score = signal.score(early, late, context);
    if (score !== null && (best === null || Math.abs(score) > Math.abs(best.score)))
      best = { score, early, late };
  }
  return best;
}
