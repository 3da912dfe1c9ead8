/**
 * Fits the bot's own model from what people said and what happened: causes that they confirmed, groupings that they
 * corrected or left alone, and what fired together over weeks.
 */
import { createHash } from "node:crypto";
import { createKindOf, type KindRule } from "../domain/alert/evidence-kind.ts";
import { canonicalJson } from "../domain/audit.ts";
import { learnCoFirings } from "../domain/clustering/co-firing-counts.ts";
import { checkEnough, fitWeights, heldOutFrom } from "../domain/learning/fitting.ts";
import { emptyManifest } from "../domain/rollout/retrain-manifest.ts";
import { shippedWeights, type Weights, weightsSchema } from "../domain/weights.ts";
import type { Fitted, Store, Trainer } from "../ports.ts";
import { labelledCauses } from "./label-causes.ts";
import { countRulings, labelledPairs } from "./label-pairs.ts";

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
}

/** Makes what the backend of the bot's own model trains with. */
export function createTrainer({ store, version, evidenceKinds = [] }: TrainerOptions): Trainer {
  const kindOf = createKindOf(evidenceKinds);

  return {
    async check() {
      const causes = await labelledCauses(store, kindOf);
      const pairs = await countRulings(store);
      const refusal = checkEnough({ causes: causes.length, pairs });
      if (refusal !== null) return refusal;
      return {
        kind: "enough",
        notes: [
          `learns from ${causes.length} incidents with a known cause and ${pairs} pairs of alerts that people put together or apart; the newest third of each is held out`,
        ],
      };
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
      const serving = weightsSchema.safeParse(parameters);
      const champion = serving.success ? serving.data : shippedWeights;
      const causes = await labelledCauses(store, kindOf);
      const pairs = await labelledPairs(store, champion, kindOf);
      const coFirings = await coFiringsUntil(store, heldOutFrom([...causes, ...pairs]));
      const result = fitWeights({ causes, pairs, champion, coFirings });
      if (result.kind === "too_little") throw new Error(`${result.problem} ${result.remedy}`);
      return {
        parameters: result.weights,
        comparison: result.comparison,
        description: `fitted on ${result.learnedFrom} labels and ${Object.keys(coFirings).length} pairs of alert types, measured on ${result.heldOut} newer labels`,
      };
    },
  };
}

/** What fired together before what is held out: a version that knew the answers could not be measured. */
async function coFiringsUntil(store: Store, until: Date | null): Promise<Weights["clustering"]["coFirings"]> {
  if (until === null) return {};
  const since = new Date(until.getTime() - coFiringDays * dayMs);
  return learnCoFirings(await store.learning.coFirings(since, maxCounts), until, maxCoFirings);
}
