/**
 * Fits the bot's own model from what people said and what happened: causes that they confirmed, groupings that they
 * corrected or left alone, and what fired together over weeks.
 */
import { createHash } from "node:crypto";
import { createKindOf, type KindRule } from "../domain/alert/evidence-kind.ts";
import { canonicalJson } from "../domain/audit.ts";
import { type CoFirings, learnCoFirings } from "../domain/clustering/co-firing-counts.ts";
import {
  areEnoughPairs,
  checkEnough,
  countSaid,
  type FitOptions,
  fewestCauses,
  fitWeights,
  heldOutFrom,
  type LabelledCause,
} from "../domain/learning/fitting.ts";
import type { LeftOut } from "../domain/limits.ts";
import { emptyManifest } from "../domain/rollout/retrain-manifest.ts";
import { shippedWeights, type Weights, weightsSchema } from "../domain/weights.ts";
import { type Fitted, type Metrics, NotStartedError, noMetrics, type Store, type Trainer } from "../ports.ts";
import { labelledCauses } from "./label-causes.ts";
import { comparableSaid, countRulings, type Judge, labelledPairs } from "./label-pairs.ts";
import { countLeftOut } from "./left-out.ts";

/** Counts older than this are not read. */
export const coFiringDays = 120;
const maxCounts = 200_000;
/** Pairs of alert types that a version holds. */
const maxCoFirings = 5_000;
const dayMs = 86_400_000;

export interface TrainerOptions {
  readonly store: Store;
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
  version,
  evidenceKinds = [],
  metrics = noMetrics,
}: TrainerOptions): Trainer {
  const leftOut = countLeftOut(metrics);
  const kindOf = createKindOf(evidenceKinds);

  return {
    async check(parameters) {
      const judge = { champion: championOf(parameters), kindOf };
      const causes = (await labelledCauses(store, kindOf)).length;
      const said = await comparableSaid(store, judge);
      const refusal = checkEnough({ causes, said });
      if (refusal !== null) return refusal;
      const known = causes < fewestCauses ? [] : [`${causes} incidents with a known cause`];
      const pairs = areEnoughPairs(said)
        ? [`at least ${said.pairs} pairs of alerts that people put together or apart`]
        : [];
      const from = [...known, ...pairs].join(" and ");
      return { kind: "enough", notes: [`learns from ${from}; the newest third of each is held out`] };
    },
    async inputs() {
      const causes = await labelledCauses(store, kindOf);
      const pairs = await countRulings(store);
      const seen = causes.map(({ at, service, changeId, question }) => [
        at,
        service,
        changeId,
        question.alerts.length,
      ]);
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
      const causes = await labelledCauses(store, kindOf, leftOut);
      const labels = await pairsToLearn({ store, leftOut }, { champion, kindOf }, causes);
      const result = fitWeights({ causes, champion, ...labels });
      // Nothing was begun, and what is missing does not come by trying again.
      if (result.kind === "too_little") throw new NotStartedError(`${result.problem} ${result.remedy}`);
      const { coFirings } = result.weights.clustering;
      return {
        parameters: result.weights,
        comparison: result.comparison,
        description: `fitted on ${result.learnedFrom} labels and ${Object.keys(coFirings).length} pairs of alert types, measured on ${result.heldOut} newer labels`,
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

/** Pairs, with what fired together where pairs are learned: counts that are not measured on pairs do not change. */
async function pairsToLearn(
  { store, leftOut }: From,
  judge: Judge,
  causes: readonly LabelledCause[],
): Promise<Pick<FitOptions, "pairs" | "coFirings">> {
  const pairs = await labelledPairs(store, judge, leftOut);
  const until = areEnoughPairs(countSaid(pairs)) ? heldOutFrom({ causes, pairs }) : null;
  if (until === null) return { pairs };
  const coFirings = await coFiringsUntil({ store, leftOut }, until);
  return { pairs: await labelledPairs(store, { ...judge, coFirings }), coFirings };
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
