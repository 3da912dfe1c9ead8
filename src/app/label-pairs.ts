/**
 * Pairs of alerts of which it is known whether they belong together, with what each signal said of them at the time:
 * from what people decided, and, counting less, from groupings that people worked on and left as they were.
 */

import type { CoFirings } from "../domain/clustering/co-firing-counts.ts";
import type { RememberedAlert, Ruling } from "../domain/clustering/correlation.ts";
import { type StandingRulings, whatStands } from "../domain/clustering/rulings.ts";
import {
  areEnoughPairs,
  countSaid,
  type LabelledPair,
  type SaidOfPairs,
} from "../domain/learning/fitting.ts";
import type { Judge, PairScores, PairWork } from "../domain/learning/score-pairs.ts";
import type { Topology } from "../domain/topology.ts";
import type { LearningThread, Store, StoredAlert } from "../ports.ts";

/** Newest rulings that are learned from. */
export const maxRulings = 300;
const maxSettled = 100;
/** Of one ruling or incident; a storm must not outweigh everything else. */
const maxPairs = 12;
const maxKeys = 40;
const maxAlerts = 5_000;
const maxChanges = 500;
/** What nobody objected to counts a quarter of what a person said. */
const settledWeight = 0.25;
const dayMs = 86_400_000;
/** Two incidents this near in time could have been taken for one. */
const nearMs = 600_000;

/** Two alerts and whether they belong together. */
interface Verdict {
  readonly a: StoredAlert;
  readonly b: StoredAlert;
  readonly areTogether: boolean;
  readonly weight: number;
  readonly correction: number | null;
}

/** Where labelled pairs come from and who compares them. */
export interface PairSource {
  readonly store: Store;
  readonly learning: LearningThread;
  /** With the weights of the champion. */
  readonly judge: Judge;
}

/** What was said at once, with what the champion's signals say of it. */
export interface PairGroup {
  readonly verdicts: readonly Verdict[];
  readonly scores: PairScores;
}

/** What people ruled, as far as it stands. */
interface StandingPairs {
  readonly rulings: readonly (Ruling & { readonly correction: number })[];
  readonly stands: StandingRulings;
  /** Rulings before these, which are not read, are known to exist. */
  readonly areMore: boolean;
}

async function readRulings(store: Store): Promise<StandingPairs> {
  const found = await store.learning.rulings(maxRulings + 1);
  const rulings = found.slice(-maxRulings);
  return { rulings, stands: whatStands(rulings), areMore: found.length > maxRulings };
}

/** How many pairs of alerts people put together or apart, whether they can still be compared or not; cheap. */
export async function countRulings(
  store: Store,
): Promise<{ readonly pairs: number; readonly areMore: boolean }> {
  const { rulings, stands, areMore } = await readRulings(store);
  const pairs = rulings.reduce((sum, ruling) => sum + countStanding(ruling, stands), 0);
  return { pairs, areMore };
}

function countStanding({ kind, left, right }: Ruling, stands: StandingRulings): number {
  let count = 0;
  for (const a of left.slice(0, maxKeys))
    for (const b of right.slice(0, maxKeys)) if (stands(a, b) === kind) count += 1;
  return Math.min(maxPairs, count);
}

/** What people said of pairs that can still be compared: no more of it, the newest, than is enough to learn from. */
export async function comparableSaid(given: PairSource): Promise<SaidOfPairs> {
  const source = await scened(given);
  const groups: PairGroup[] = [];
  for await (const verdicts of ruledVerdicts(source.store, await readRulings(source.store))) {
    groups.push({ verdicts, scores: await weigh(source, verdicts) });
    const said = countSaid(pairsIn(groups));
    if (areEnoughPairs(said)) return said;
  }
  return countSaid(pairsIn(groups));
}

/** All that is known of pairs, but for what a later ruling took back. */
export async function labelledPairs(given: PairSource): Promise<readonly PairGroup[]> {
  const source = await scened(given);
  const { store } = source;
  const ruled = await readRulings(store);
  const groups: PairGroup[] = [];
  for await (const verdicts of ruledVerdicts(store, ruled))
    groups.push({ verdicts, scores: await weigh(source, verdicts) });
  for (const { id } of await store.learning.settledIncidents(maxSettled)) {
    const verdicts = await settledVerdicts(store, id, ruled.stands);
    groups.push({ verdicts, scores: await weigh(source, verdicts) });
  }
  return groups;
}

/**
 * The pairs, oldest first, without those that the champion's correlator could not have weighed.
 * @param challenger - by group, what a new version's signals say of the same.
 */
export function pairsIn(
  groups: readonly PairGroup[],
  challenger: readonly PairScores[] = [],
): readonly LabelledPair[] {
  const pairs = groups.flatMap(({ verdicts, scores }, group) =>
    verdicts.flatMap(({ a, b, ...label }, place): LabelledPair[] => {
      const [own, theirs] = [scores[place], challenger[group]?.[place]];
      if (!own) return [];
      const at = a.alert.startsAt > b.alert.startsAt ? a.alert.startsAt : b.alert.startsAt;
      return [{ ...label, at, scores: own, ...(theirs ? { challengerScores: theirs } : {}) }];
    }),
  );
  return pairs.sort((x, y) => x.at.getTime() - y.at.getTime());
}

/** By group, what the signals say of the pairs with other counts of what fired together. */
export async function scoresWith(
  coFirings: CoFirings,
  groups: readonly PairGroup[],
  given: PairSource,
): Promise<readonly PairScores[]> {
  const source = await scened(given);
  const { weights } = source.judge;
  const clustering = { ...weights.clustering, coFirings };
  const judge = { ...source.judge, weights: { ...weights, clustering } };
  const scores: PairScores[] = [];
  for (const { verdicts } of groups) scores.push(await weigh({ ...source, judge }, verdicts));
  return scores;
}

/**
 * By ruling, the newest first, what a person put together or apart, and what they thereby left together on either side.
 * Only what stands: of two rulings on a pair the newer counts, as it does where alerts are grouped, and once.
 */
async function* ruledVerdicts(
  store: Store,
  { rulings, stands }: StandingPairs,
): AsyncGenerator<readonly Verdict[]> {
  const told = new Set<string>();
  const isTold = (pair: Pair) => told.has(nameOf(pair));
  for (const { kind, left, right, correction } of rulings.toReversed()) {
    const [here, there] = [await find(store, left), await find(store, right)];
    const said = pairsOf(here, there, (pair) => !isTold(pair) && standing(pair, stands) === kind);
    for (const pair of said) told.add(nameOf(pair));
    const sides = kind === "together" ? [] : [here, there];
    const leftTogether = sides.flatMap((side) =>
      pairsOf(side.slice(0, 1), side, (pair) => !isTold(pair) && standing(pair, stands) !== "apart"),
    );
    yield [
      ...said.map(verdict(kind === "together", correction)),
      ...leftTogether.map(verdict(true, correction, settledWeight)),
    ];
  }
}

type Pair = readonly [StoredAlert, StoredAlert];

/** The same for either order of the two. */
function nameOf([a, b]: Pair): string {
  return [a.key, b.key].sort().join(" ");
}

function standing([a, b]: Pair, stands: StandingRulings): Ruling["kind"] | null {
  return stands(a.key, b.key);
}

function verdict(areTogether: boolean, correction: number | null, weight = 1) {
  return ([a, b]: Pair): Verdict => ({ a, b, areTogether, weight, correction });
}

/** Those that are kept, in the order of the keys. */
async function find(store: Store, keys: readonly string[]): Promise<readonly StoredAlert[]> {
  const asked = keys.slice(0, maxKeys);
  const found = new Map((await store.incidents.findAlerts(asked)).map((alert) => [alert.key, alert]));
  return asked.flatMap((key) => found.get(key) ?? []);
}

/** Pairs across the two sides, those nearest in time first: they are the ones that are hard to tell apart. */
function pairsOf(
  left: readonly StoredAlert[],
  right: readonly StoredAlert[],
  counts: (pair: Pair) => boolean,
): readonly Pair[] {
  return left
    .flatMap((a) => right.map((b): Pair => [a, b]))
    .filter((pair) => pair[0].key !== pair[1].key && counts(pair))
    .sort((x, y) => lagOf(x) - lagOf(y))
    .slice(0, maxPairs);
}

function lagOf([a, b]: Pair): number {
  return Math.abs(a.alert.startsAt.getTime() - b.alert.startsAt.getTime());
}

/** An incident's first alert with its others, and with those of other incidents that began near it. */
async function settledVerdicts(
  store: Store,
  incidentId: number,
  stands: StandingRulings,
): Promise<readonly Verdict[]> {
  const own = await store.incidents.alerts(incidentId, maxKeys);
  const [first] = own;
  if (first === undefined) return [];
  const { startsAt } = first.alert;
  const near = await store.learning.alertsBetween(
    new Date(startsAt.getTime() - nearMs),
    new Date(startsAt.getTime() + nearMs),
    maxKeys,
  );
  const others = near.filter((alert) => alert.incidentId !== incidentId);
  return [
    ...pairsOf([first], own, (pair) => standing(pair, stands) !== "apart").map(
      verdict(true, null, settledWeight),
    ),
    ...pairsOf([first], others, (pair) => standing(pair, stands) !== "together").map(
      verdict(false, null, settledWeight),
    ),
  ];
}

/** The topology is the same for all pairs, and large. */
interface Scened extends PairSource {
  readonly topology: Topology;
}

async function scened(source: PairSource): Promise<Scened> {
  return { ...source, topology: await source.store.incidents.topology() };
}

/** What each signal says of the pairs. */
async function weigh(
  { store, learning, judge, topology }: Scened,
  verdicts: readonly Verdict[],
): Promise<PairScores> {
  const starts = verdicts.flatMap(({ a, b }) => [a.alert.startsAt.getTime(), b.alert.startsAt.getTime()]);
  if (starts.length === 0) return [];
  const scene = await sceneOf({ store, topology }, Math.min(...starts), Math.max(...starts));
  return await learning.scorePairs({ judge, scene, pairs: verdicts.map(({ a, b }) => [a.key, b.key]) });
}

/** What there was to see from a day before the first moment to the last. */
async function sceneOf(
  { store, topology }: Pick<Scened, "store" | "topology">,
  first: number,
  last: number,
): Promise<PairWork["scene"]> {
  const from = new Date(first - dayMs);
  const until = new Date(last);
  const tracked = await store.learning.alertsBetween(from, until, maxAlerts);
  return {
    topology,
    changes: await store.incidents.changesBetween(from, until, maxChanges),
    // Handed to another thread, which has no use for the rest.
    alerts: tracked.map(({ key, alert, incidentId }): RememberedAlert => ({ key, alert, incidentId })),
    rulings: [],
    nextIncidentId: 1,
  };
}
