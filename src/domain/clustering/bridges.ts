/**
 * Joins stories of different parts of the system. The topology does not tie them, so everything else must: how near
 * they began, how quiet it is elsewhere, how rare they are, what fired together before, labels and names they share.
 */
import { factsOf, sentences } from "./bridge-facts.ts";
import type { Reason } from "./correlation.ts";
import { hubCallOf, newsOf } from "./hub-callers.ts";
import { nearestPairs, strongest } from "./nearest-pairs.ts";
import { byStart, firstOf, lastOf, type Story } from "./sessions.ts";
import type { Signal, SignalContext } from "./signal.ts";

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
/** Signals that tell of the part of the system and not of the story: what is equal is equal in all stories of a part. */
const ofThePart: ReadonlySet<string> = new Set(["shared-labels"]);
/** Stronger stories near one that it is weighed with, those that began last. */
export const maxCandidates = 12;
/** In a storm of more stories than this near one another, being near says nothing. */
export const maxNear = 100;
const burstMs = 2_000;
const nearMs = 15_000;
/** A story of at most this many alerts may be a stray of a larger one. */
const strayAlerts = 2;
/** Unrelated alerts expected in the window at which quiet says nothing. */
const usualNoise = 2;
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
  readonly separation: () => ((a: Story, b: Story) => boolean) | null;
  /** What is not looked at is counted here. */
  readonly leftOut: Record<"bridges" | "bridge_candidates", number>;
}

/** What else is going on near a story. */
export interface Surroundings {
  /** Stories of two alerts and more, at least 1. */
  readonly crowd: number;
  /** Whether its own part of the system, if the service graph knows it, tells another story of two alerts and more. */
  readonly isDivided: boolean;
}

/** As if nothing else were going on. */
export const noSurroundings: Surroundings = { crowd: 1, isDivided: false };

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
  const around = strongerNear(story, others, asking);
  if (around === null) asking.leftOut.bridges += 1;
  if (around === null || around.near.length === 0) {
    story.fits = null;
    return null;
  }
  const { near, isDivided } = around;
  const candidates = candidatesOf(story, near, asking);
  asking.leftOut.bridge_candidates += near.length - candidates.length;
  const surroundings = { crowd: crowdOf(near), isDivided };
  const ofCrowd = crowdScore(surroundings, asking.weights);
  const known = story.fits;
  const fits = new Map<Story, number>();
  let best: { readonly other: Story; readonly score: number } | null = null;
  for (const other of candidates) {
    const fit = known?.get(other) ?? weigh(story, other, asking, null);
    fits.set(other, fit);
    const score = fit + (ofCrowd + detourScore({ story, other, surroundings }, asking));
    if (
      score > 0 &&
      (best === null || score > best.score || (score === best.score && other.key < best.other.key))
    )
      best = { other, score };
  }
  story.fits = fits;
  if (best === null) return null;
  const { other, score } = best;
  return { to: other.key, score, reasons: () => reasonsAcross(story, other, surroundings, asking) };
}

/** Those that began nearest to it, since time speaks for a bridge most often; and hubs that its services call, whenever. */
function candidatesOf(story: Story, near: readonly Story[], asking: Asking): readonly Story[] {
  if (near.length <= maxCandidates) return near;
  const lag = (other: Story) => Math.abs(firstOf(other) - firstOf(story));
  const sorted = [...near].sort((a, b) => lag(a) - lag(b) || byStart(a, b));
  const hubs = sorted.slice(maxCandidates).filter((other) => leadsToHub(story, other, asking));
  return [...sorted.slice(0, maxCandidates), ...hubs];
}

/**
 * Stories of other parts near this one to which it may belong, and whether its own part tells another one near it; null
 * where so many are near that it says nothing.
 */
function strongerNear(
  story: Story,
  others: readonly Story[],
  asking: Asking,
): { readonly near: readonly Story[]; readonly isDivided: boolean } | null {
  const { gapMs } = asking.weights;
  const [from, until] = [firstOf(story) - gapMs, lastOf(story) + gapMs];
  const areApart = asking.separation();
  const near: Story[] = [];
  let isDivided = false;
  let count = 0;
  for (const other of others) {
    if (firstOf(other) > until) break;
    if (lastOf(other) < from) continue;
    count += 1;
    if (count > maxNear) return null;
    if (other.cell === story.cell)
      isDivided ||= other !== story && other.members.length >= 2 && isKnown(story);
    else if (isStronger(other, story, asking) && !areApart?.(story, other)) near.push(other);
  }
  return { near, isDivided };
}

/** What the bridge from a story to a stronger one scores, with all that goes on around it. */
export interface WeighedBridge {
  readonly score: number;
  readonly reasons: readonly Reason[];
  /** False where so many are near that it was not among those looked at. */
  readonly isCandidate: boolean;
}

/** Weighs one bridge as {@link bridgeOf} does; null where so many stories are near that none is looked at. */
export function weighBridge(
  story: Story,
  other: Story,
  others: readonly Story[],
  asking: Asking,
): WeighedBridge | null {
  const around = strongerNear(story, others, asking);
  if (around === null) return null;
  const { near, isDivided } = around;
  const reasons = reasonsAcross(story, other, { crowd: crowdOf(near), isDivided }, asking);
  const score = reasons.reduce((sum, reason) => sum + reason.score, 0);
  return { score, reasons, isCandidate: candidatesOf(story, near, asking).includes(other) };
}

function crowdOf(near: readonly Story[]): number {
  let stories = 0;
  for (const other of near) if (other.members.length >= 2) stories += 1;
  return Math.max(1, stories);
}

/** Whether the service graph knows the part of the system that a story is of. */
function isKnown({ members }: Story): boolean {
  return members[0]?.component != null;
}

interface Surrounded {
  readonly story: Story;
  readonly other: Story;
  readonly surroundings: Surroundings;
}

function crowdScore({ crowd }: Surroundings, { bridge }: BridgeWeights): number {
  return Math.log(crowd) * (bridge["crowd"] ?? 0);
}

/**
 * What speaks against a bridge that would lead from one of several stories of a part to a service of the same part that
 * the service graph does not know. There it would meet the others, which the part's own alerts told apart.
 */
function detourScore({ story, other, surroundings }: Surrounded, asking: Asking): number {
  const { signals, context, weights } = asking;
  const score = weights.bridge["detour"] ?? 0;
  if (!surroundings.isDivided || isKnown(other) || score === 0) return 0;
  if (leadsToHub(story, other, asking)) return 0;
  const pairs = nearestPairs(story, other);
  const isOfThePart = signals.some(
    (signal) => ofThePart.has(signal.name) && (strongest(signal, pairs, context)?.score ?? 0) > 0,
  );
  return isOfThePart ? score : 0;
}

/** All that speaks for and against two stories being one, the weaker one first. */
export function reasonsAcross(
  story: Story,
  other: Story,
  surroundings: Surroundings,
  asking: Asking,
): readonly Reason[] {
  const reasons: Reason[] = [];
  weigh(story, other, asking, reasons);
  const { crowd } = surroundings;
  const around: readonly Reason[] = [
    {
      signal: "bridge:crowd",
      score: crowdScore(surroundings, asking.weights),
      because: `${crowd} stories were going on at the time`,
    },
    {
      signal: "bridge:detour",
      score: detourScore({ story, other, surroundings }, asking),
      because: "both are of one part of the system, which tells another story that this would bring in",
    },
  ];
  return [...reasons, ...around.filter(({ score }) => score !== 0)];
}

/** The weaker of two stories first. */
export function byStrength(a: Story, b: Story, asking: Asking): readonly [weak: Story, strong: Story] {
  return isStronger(a, b, asking) ? [b, a] : [a, b];
}

/** Whether one story may come of the trouble of a hub; never by weights from before that counted. */
function leadsToHub(story: Story, hub: Story, { context, weights: { bridge } }: Asking): boolean {
  return (bridge["hub"] ?? 0) !== 0 && hubCallOf(story, hub, context) !== null;
}

/** A hub before its callers; else the larger, or as large and earlier, so that two never lead to one another. */
function isStronger(a: Story, b: Story, asking: Asking): boolean {
  if (leadsToHub(b, a, asking)) return true;
  if (leadsToHub(a, b, asking)) return false;
  if (a.members.length !== b.members.length) return a.members.length > b.members.length;
  return byStart(a, b) < 0;
}

/** Sum of the weighted features, but for the surroundings; written out into `reasons` when there is a list for them. */
function weigh(story: Story, other: Story, asking: Asking, reasons: Reason[] | null): number {
  const { signals, context, weights } = asking;
  const { bridge, signals: multipliers } = weights;
  const pairs = nearestPairs(story, other);
  const facts = factsOf(story, other, pairs[0]?.lagMs ?? 0, context);
  let sum = 0;
  const add = (name: string, value: number) => {
    const score = value * (bridge[name] ?? 0);
    sum += score;
    if (reasons !== null && score !== 0)
      reasons.push({ signal: `bridge:${name}`, score, because: sentences[name]?.(facts) ?? name });
  };
  const { lagMs, alerts, busiest, hours, noise, entity, firings, together } = facts;
  add("base", 1);
  add("near", Math.exp(-lagMs / nearMs));
  add("burst", lagMs <= burstMs ? 1 : 0);
  add("size", Math.log2(alerts));
  add("thin", alerts < 2 ? 1 : 0);
  add("rate", Math.log((busiest + 0.5) / (hours + 12)) + 3);
  add("quiet", Math.log(usualNoise / (noise + 0.1)));
  const component = other.members[0]?.component ?? null;
  if (entity !== null && component !== null) {
    add("affinity", Math.log((together + priorFirings * priorShare) / (firings + priorFirings) / priorShare));
    add("alike", context.graph.likeness(entity, component));
  }
  add("group", story.members.length > strayAlerts ? 1 : 0);
  add("apart", isKnown(story) && isKnown(other) ? 1 : 0);
  if (facts.hubCall !== null) add("hub", newsOf(other, firstOf(other), context));
  const share = bridge["signals"] ?? 1;
  for (const signal of signals) {
    const spoken = strongest(signal, pairs, context);
    if (spoken === null) continue;
    const part = ofThePart.has(signal.name) && spoken.score > 0 ? shareOfStory(other, bridge) : 1;
    const score = spoken.score * share * part * (multipliers[signal.name] ?? 1);
    sum += score;
    if (reasons === null) continue;
    const because = signal.because(spoken.early, spoken.late, context);
    const lessened = `; ${alerts} alerts of one part may be several stories, so it counts ${Math.round(100 * part)} %`;
    reasons.push({ signal: signal.name, score, because: part < 1 ? because + lessened : because });
  }
  return sum;
}

/**
 * How much of what a signal tells of a part of the system holds for one of its stories: all of it up to the usual length
 * of a story, and nothing from twice that on, for it is likely to be several that could not be told apart.
 */
function shareOfStory({ members }: Story, weights: Readonly<Record<string, number>>): number {
  const usual = weights["oneStory"] ?? 0;
  return usual > 0 ? Math.max(0, Math.min(1, 2 - members.length / usual)) : 1;
}
