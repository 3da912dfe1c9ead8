/**
 * Fits the bot's own model from what people said and what happened: causes that they confirmed, groupings that they
 * corrected or left alone, and what fired together over weeks.
 */
import { createHash } from "node:crypto";
import type { KindRule } from "../domain/alert/evidence-kind.ts";
import { canonicalJson } from "../domain/audit.ts";
import { type CoFirings, learnCoFirings } from "../domain/clustering/co-firing-counts.ts";
import {
  areEnoughPairs,
  checkEnough,
  countSaid,
  type FitOptions,
  fewestCauses,
  heldOutFrom,
  type SaidOfPairs,
} from "../domain/learning/fitting.ts";
import type { LeftOut } from "../domain/limits.ts";
import { emptyManifest } from "../domain/rollout/retrain-manifest.ts";
import { shippedWeights, type Weights, weightsSchema } from "../domain/weights.ts";
import {
  type Fitted,
  type LearningThread,
  type Metrics,
  NotStartedError,
  noMetrics,
  type Store,
  type Trainer,
} from "../ports.ts";
import {
  type KnownCause,
  type KnownCauses,
  knownCauses,
  labelledCauses,
  maxIncidents,
} from "./label-causes.ts";
import {
  comparableSaid,
  countRulings,
  labelledPairs,
  maxRulings,
  type PairSource,
  pairsIn,
  scoresWith,
} from "./label-pairs.ts";
import { countLeftOut } from "./left-out.ts";

/** Counts older than this are not read. */
export const coFiringDays = 120;
const maxCounts = 200_000;
/** Pairs of alert types that a version holds. */
const maxCoFirings = 5_000;
const dayMs = 86_400_000;

export interface TrainerOptions {
  readonly store: Store;
  /** Computes what takes long. */
  readonly learning: LearningThread;
  /** Release of the bot: its code is what fits. */
  readonly version: string;
  /** The operator's rules for kinds of evidence; none when absent. */
  readonly evidenceKinds?: readonly KindRule[];
  /** None when absent. */
  readonly metrics?: Metrics;
}

/** Makes what the backend of the bot's own model trains with. */
export function createTrainer({
  store,
  learning,
  version,
  evidenceKinds = [],
  metrics = noMetrics,
}: TrainerOptions): Trainer {
  const leftOut = countLeftOut(metrics);
  const sourceFor = (weights: Weights) => ({ store, learning, judge: { weights, evidenceKinds } });

  return {
    async check(parameters) {
      const known = await knownCauses(store);
      const said = await comparableSaid(sourceFor(championOf(parameters)));
      const refusal = checkEnough({ causes: known.causes.length, said });
      if (refusal !== null) return refusal;
      return { kind: "enough", notes: [sourceNote(known, said), ...(await leftOutNotes(store, known))] };
    },
    async inputs() {
      const { causes } = await knownCauses(store);
      const { pairs } = await countRulings(store);
      const seen = causes.map(({ at, service, changeId, alertCount }) => [at, service, changeId, alertCount]);
      const digest = createHash("sha256")
        .update(canonicalJson({ seen, pairs, evidenceKinds }))
        .digest("hex")
        .slice(0, 16);
      return {
        ...emptyManifest,
        commit: `tocsin@${version}`,
        data: `labels:${causes.length}+${pairs}@${digest}`,
        seed: 0,
      };
    },
    async fit(parameters): Promise<Fitted> {
      const champion = championOf(parameters);
      const { causes, leftOut: older } = await knownCauses(store);
      leftOut.note("learned_causes", older);
      const labels = await pairsToLearn({ ...sourceFor(champion), leftOut }, causes);
      const result = await learning.fit({
        ...{ causes: labelledCauses(store, causes), champion, evidenceKinds },
        ...labels,
      });
      // Nothing was begun, and what is missing does not come by trying again.
      if (result.kind === "too_little") throw new NotStartedError(`${result.problem} ${result.remedy}`);
      const { coFirings } = result.weights.clustering;
      const untold = older === 0 ? "" : `; ${older} older incidents with a known cause are left out`;
      return {
        parameters: result.weights,
        comparison: result.comparison,
        description: `fitted on ${result.learnedFrom} labels and ${Object.keys(coFirings).length} pairs of alert types, measured on ${result.heldOut} newer labels${untold}`,
      };
    },
  };
}

/** What is learned from, and who is told what is not. */
interface From {
  readonly store: Store;
  readonly leftOut: LeftOut;
}

function championOf(parameters: unknown): Weights {
  const serving = weightsSchema.safeParse(parameters);
  return serving.success ? serving.data : shippedWeights;
}

function sourceNote({ causes }: KnownCauses, said: SaidOfPairs): string {
  const known = causes.length < fewestCauses ? [] : [`${causes.length} incidents with a known cause`];
  const pairs = areEnoughPairs(said)
    ? [`at least ${said.pairs} pairs of alerts that people put together or apart`]
    : [];
  return `learns from ${[...known, ...pairs].join(" and ")}; the newest 30 % of each are held out`;
}

/** What there is more of than is learned from. */
async function leftOutNotes(store: Store, { leftOut }: KnownCauses): Promise<readonly string[]> {
  const causes = `${leftOut} older incidents with a known cause are left out: the newest ${maxIncidents} are learned from`;
  const rulings = `older corrections of groupings are left out: the newest ${maxRulings} rulings are learned from`;
  const { areMore } = await countRulings(store);
  return [...(leftOut === 0 ? [] : [causes]), ...(areMore ? [rulings] : [])];
}

/** Pairs, with what fired together where pairs are learned: counts that are not measured on pairs do not change. */
async function pairsToLearn(
  source: PairSource & { readonly leftOut: LeftOut },
  causes: readonly KnownCause[],
): Promise<Pick<FitOptions, "pairs" | "coFirings">> {
  const { store, leftOut } = source;
  const { areMore } = await countRulings(store);
  leftOut.note("learned_groupings", Number(areMore));
  const groups = await labelledPairs(source);
  const pairs = pairsIn(groups);
  const until = areEnoughPairs(countSaid(pairs)) ? heldOutFrom({ causes, pairs }) : null;
  if (until === null) return { pairs };
  const coFirings = await coFiringsUntil({ store, leftOut }, until);
  return { pairs: pairsIn(groups, await scoresWith(coFirings, groups, source)), coFirings };
}

/** What fired together before what is held out: a version that knew the answers could not be measured. */
async function coFiringsUntil({ store, leftOut }: From, until: Date): Promise<CoFirings> {
  const since = new Date(until.getTime() - coFiringDays * dayMs);
  const counts = await store.learning.coFirings(since, maxCounts);
  const learned = learnCoFirings(counts, until, maxCoFirings);
  const isFull = counts.length >= maxCounts || Object.keys(learned).length >= maxCoFirings;
  leftOut.note("learned_co_firings", Number(isFull));
  return learned;
}
