/**
 * Pairs of alerts of which it is known whether they belong together, with what each signal said of them at the time:
 * from what people decided, and, counting less, from groupings that people worked on and left as they were.
 */

import type { KindOf } from "../domain/alert/evidence-kind.ts";
import type { CoFirings } from "../domain/clustering/co-firing-counts.ts";
import type { Correlator, RememberedAlert, Ruling } from "../domain/clustering/correlation.ts";
import { shippedSignals } from "../domain/clustering/shipped-signals.ts";
import { createCorrelator } from "../domain/clustering.ts";
import {
  areEnoughPairs,
  countSaid,
  type LabelledPair,
  type SaidOfPairs,
} from "../domain/learning/fitting.ts";
import type { LeftOut } from "../domain/limits.ts";
import type { Weights } from "../domain/weights.ts";
import type { Store, StoredAlert } from "../ports.ts";

const maxRulings = 300;
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

/** What the correlator judges by that is asked what each signal said. */
export interface Judge {
  readonly champion: Weights;
  readonly kindOf: KindOf;
  /** What fired together as a new version would count it; absent when it would count what the champion does. */
  readonly coFirings?: CoFirings;
}

/** How many pairs of alerts people put together or apart, whether they can still be compared or not; cheap. */
export async function countRulings(store: Store): Promise<number> {
  const rulings = await store.learning.rulings(maxRulings);
  return rulings.reduce((sum, { left, right }) => sum + Math.min(maxPairs, left.length * right.length), 0);
}

/** What people said of pairs that can still be compared: no more of it, the newest, than is enough to learn from. */
export async function comparableSaid(store: Store, judge: Judge): Promise<SaidOfPairs> {
  const pairs: LabelledPair[] = [];
  for (const ruling of (await store.learning.rulings(maxRulings)).toReversed()) {
    pairs.push(...(await weigh(store, judge, await ruledVerdicts(store, ruling))));
    const said = countSaid(pairs);
    if (areEnoughPairs(said)) return said;
  }
  return countSaid(pairs);
}

/** All labelled pairs, oldest first. Those that the champion's correlator could not have weighed are left out. */
export async function labelledPairs(
  store: Store,
  judge: Judge,
  leftOut?: LeftOut,
): Promise<readonly LabelledPair[]> {
  const pairs: LabelledPair[] = [];
  const rulings = await store.learning.rulings(maxRulings);
  leftOut?.note("learned_groupings", Number(rulings.length >= maxRulings));
  for (const ruling of rulings)
    pairs.push(...(await weigh(store, judge, await ruledVerdicts(store, ruling))));
  for (const { id } of await store.learning.settledIncidents(maxSettled))
    pairs.push(...(await weigh(store, judge, await settledVerdicts(store, id))));
  return pairs.sort((x, y) => x.at.getTime() - y.at.getTime());
}

/** What a person put together or apart, and what they thereby left together on either side. */
async function ruledVerdicts(
  store: Store,
  { left, right, kind, correction }: Ruling & { readonly correction: number },
): Promise<readonly Verdict[]> {
  const [here, there] = [await find(store, left), await find(store, right)];
  const said = pairsOf(here, there).map(verdict(kind === "together", correction));
  if (kind === "together") return said;
  const leftTogether = [here, there].flatMap((side) =>
    pairsOf(side.slice(0, 1), side).map(verdict(true, correction, settledWeight)),
  );
  return [...said, ...leftTogether];
}

function verdict(areTogether: boolean, correction: number | null, weight = 1) {
  return ([a, b]: readonly [StoredAlert, StoredAlert]): Verdict => ({
    a,
    b,
    areTogether,
    weight,
    correction,
  });
}

async function find(store: Store, keys: readonly string[]): Promise<readonly StoredAlert[]> {
  const found = await Promise.all(keys.slice(0, maxKeys).map((key) => store.incidents.findAlert(key)));
  return found.filter((alert) => alert !== null);
}

/** Pairs across the two sides, those nearest in time first: they are the ones that are hard to tell apart. */
function pairsOf(left: readonly StoredAlert[], right: readonly StoredAlert[]): [StoredAlert, StoredAlert][] {
  return left
    .flatMap((a) => right.map((b): [StoredAlert, StoredAlert] => [a, b]))
    .filter(([a, b]) => a.key !== b.key)
    .sort((x, y) => lagOf(x) - lagOf(y))
    .slice(0, maxPairs);
}

function lagOf([a, b]: readonly [StoredAlert, StoredAlert]): number {
  return Math.abs(a.alert.startsAt.getTime() - b.alert.startsAt.getTime());
}

/** An incident's first alert with its others, and with those of other incidents that began near it. */
async function settledVerdicts(store: Store, incidentId: number): Promise<readonly Verdict[]> {
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
    ...pairsOf([first], own).map(verdict(true, null, settledWeight)),
    ...pairsOf([first], others).map(verdict(false, null, settledWeight)),
  ];
}

/** What each signal says of the pairs, asked of a correlator that has seen the day before them and nothing later. */
async function weigh(store: Store, judge: Judge, verdicts: readonly Verdict[]): Promise<LabelledPair[]> {
  const starts = verdicts.flatMap(({ a, b }) => [a.alert.startsAt.getTime(), b.alert.startsAt.getTime()]);
  if (starts.length === 0) return [];
  const scene = await sceneOf(store, Math.min(...starts), Math.max(...starts));
  const correlator = correlatorAt(scene, judge, judge.champion.clustering.coFirings);
  const challenger = judge.coFirings === undefined ? null : correlatorAt(scene, judge, judge.coFirings);
  return verdicts.flatMap(({ a, b, areTogether, weight, correction }) => {
    const scores = rawScores(correlator, a.key, b.key);
    if (scores === null) return [];
    const challengerScores = challenger === null ? null : rawScores(challenger, a.key, b.key);
    const at = a.alert.startsAt > b.alert.startsAt ? a.alert.startsAt : b.alert.startsAt;
    const pair = { scores, areTogether, weight, correction, at };
    return [challengerScores === null ? pair : { ...pair, challengerScores }];
  });
}

/** What there was to see from a day before the first moment to the last. */
async function sceneOf(
  store: Store,
  first: number,
  last: number,
): Promise<Parameters<Correlator["restore"]>[0]> {
  const from = new Date(first - dayMs);
  const until = new Date(last);
  const alerts: readonly RememberedAlert[] = await store.learning.alertsBetween(from, until, maxAlerts);
  return {
    topology: await store.incidents.topology(),
    changes: await store.incidents.changesBetween(from, until, maxChanges),
    alerts,
    rulings: [],
    nextIncidentId: 1,
  };
}

function correlatorAt(
  scene: Parameters<Correlator["restore"]>[0],
  { champion, kindOf }: Judge,
  coFirings: CoFirings,
): Correlator {
  // Every signal counts once, so that the reasons of a comparison are the signals' own scores.
  const clustering = { ...champion.clustering, coFirings, signals: {} };
  const correlator = createCorrelator({ weights: { ...champion, clustering }, kindOf });
  correlator.restore(scene);
  return correlator;
}

const signalNames = new Set(shippedSignals.map((signal) => signal.name));

function rawScores(correlator: Correlator, a: string, b: string): LabelledPair["scores"] | null {
  const comparison = correlator.compare(a, b);
  if (comparison === null) return null;
  const own = comparison.reasons.filter((reason) => signalNames.has(reason.signal));
  return Object.fromEntries(own.map(({ signal, score }) => [signal, score]));
}
