/**
 * Fits the weights of judgement to what people confirmed and what really hung together. Plain logistic regression,
 * pulled towards the weights that serve, so that little data changes little; the newest part is held out and never
 * learned from. Deterministic: the same rows give the same weights.
 */
import { weighServices } from "./cause-evidence.ts";
import { weighChanges } from "./change-evidence.ts";
import type { CauseQuestion } from "./correlation.ts";
import { createServiceGraph } from "./topology.ts";
import { type Weights, weightsSchema } from "./weights.ts";

/** An incident whose cause a person named. */
export interface LabelledCause {
  readonly question: CauseQuestion;
  /** The right service, or null when nobody said. */
  readonly service: string | null;
  /** The right change; "none" when people said that no change was to blame; null when nobody said. */
  readonly changeId: string | null;
  readonly at: Date;
}

/** Two alerts that were near in time, what each signal said of them, and whether they turned out to be one incident. */
export interface LabelledPair {
  /** Signal name to its unweighted score. */
  readonly scores: Readonly<Record<string, number>>;
  readonly areTogether: boolean;
  readonly at: Date;
}

export interface FitOptions {
  readonly causes: readonly LabelledCause[];
  readonly pairs: readonly LabelledPair[];
  /** What serves now: the start of the search and what is compared with. */
  readonly champion: Weights;
}

export type FitMetrics = Readonly<Record<string, number>>;

export type FitResult =
  | {
      readonly kind: "fitted";
      readonly weights: Weights;
      /** On the held-out part: shares of right answers and mean log losses. */
      readonly metrics: FitMetrics;
      /** The champion's on the same part. */
      readonly championMetrics: FitMetrics;
      readonly learnedFrom: number;
      readonly heldOut: number;
    }
  /** `problem` names how much there is, `remedy` what to collect. */
  | { readonly kind: "too_little"; readonly problem: string; readonly remedy: string };

/** Fewest labelled incidents, or pairs, that are worth learning from. */
export const fewestCauses = 20;
export const fewestPairs = 60;
const heldOutShare = 0.3;
/** How hard a weight is pulled to the champion's: as this many rows saying it is right. */
const pull = 2;
const steps = 300;
const stepSize = 0.05;
const bounds = { weight: 10, multiplier: 5 };

/** Says whether there is enough to learn from, without fitting. */
export function checkEnough(options: Pick<FitOptions, "causes" | "pairs">): FitResult | null {
  const { causes, pairs } = options;
  if (causes.length >= fewestCauses || pairs.length >= fewestPairs) return null;
  return {
    kind: "too_little",
    problem: `There are ${causes.length} incidents with a confirmed cause and ${pairs.length} confirmed pairs of alerts; at least ${fewestCauses} or ${fewestPairs} are needed.`,
    remedy:
      "Resolve incidents with their cause, for example: resolve 12 --cause service:NAME, and try again.",
  };
}

/** Fits new weights and measures them against the champion on the newest rows. */
export function fitWeights(options: FitOptions): FitResult {
  const refusal = checkEnough(options);
  if (refusal !== null) return refusal;
  const { champion } = options;
  const causes = splitByTime(options.causes);
  const pairs = splitByTime(options.pairs);
  const learnsCauses = options.causes.length >= fewestCauses;
  const learnsPairs = options.pairs.length >= fewestPairs;
  const weights = weightsSchema.parse({
    clustering: learnsPairs ? fitPairs(pairs.older, champion) : champion.clustering,
    causes: learnsCauses ? fitCauses(causes.older, champion) : champion.causes,
  });
  return {
    kind: "fitted",
    weights,
    metrics: measure(causes.newer, pairs.newer, weights),
    championMetrics: measure(causes.newer, pairs.newer, champion),
    learnedFrom: (learnsCauses ? causes.older.length : 0) + (learnsPairs ? pairs.older.length : 0),
    heldOut: causes.newer.length + pairs.newer.length,
  };
}

function splitByTime<Row extends { readonly at: Date }>(rows: readonly Row[]) {
  const sorted = [...rows].sort((a, b) => a.at.getTime() - b.at.getTime());
  const cut = Math.ceil(sorted.length * (1 - heldOutShare));
  return { older: sorted.slice(0, cut), newer: sorted.slice(cut) };
}

// ---------- one choice among candidates ----------

type Values = Readonly<Record<string, number>>;

/** One question: the features of each candidate, and which of them are right. */
interface Choice {
  readonly candidates: readonly { readonly features: Values; readonly isRight: boolean }[];
}

/** Name of the constant feature of the candidate "no change". */
const noChange = "noChange";

function serviceChoices(rows: readonly LabelledCause[], weights: Weights): Choice[] {
  return rows.flatMap(({ question, service }) => {
    if (service === null) return [];
    const graph = createServiceGraph(question.topology, weights.clustering.hubDegree);
    const candidates = weighServices(question.alerts, graph, [service]).map((evidence) => ({
      features: Object.fromEntries(evidence.features.map((feature) => [feature.name, feature.value])),
      isRight: evidence.service === service,
    }));
    return candidates.length > 1 ? [{ candidates }] : [];
  });
}

function changeChoices(rows: readonly LabelledCause[], weights: Weights): Choice[] {
  return rows.flatMap(({ question, changeId }) => {
    if (changeId === null) return [];
    const graph = createServiceGraph(question.topology, weights.clustering.hubDegree);
    const changes = weighChanges(question.alerts, question.changes, graph).map((evidence) => ({
      features: Object.fromEntries(evidence.features.map((feature) => [feature.name, feature.value])),
      isRight: evidence.change.id === changeId,
    }));
    const none = { features: { [noChange]: 1 }, isRight: changeId === "none" };
    const candidates = [...changes, none];
    return candidates.some((candidate) => candidate.isRight) && candidates.length > 1 ? [{ candidates }] : [];
  });
}

function scoreOf(features: Values, weights: Values): number {
  let score = 0;
  for (const name of Object.keys(features)) score += (features[name] ?? 0) * (weights[name] ?? 0);
  return score;
}

/** Probability of each candidate, and of all right ones together. */
function judge(choice: Choice, weights: Values) {
  const scores = choice.candidates.map(({ features }) => scoreOf(features, weights));
  const top = Math.max(...scores);
  const odds = scores.map((score) => Math.exp(score - top));
  const sum = odds.reduce((a, b) => a + b, 0);
  const probabilities = odds.map((value) => value / sum);
  const right = choice.candidates.reduce(
    (total, { isRight }, i) => total + (isRight ? (probabilities[i] ?? 0) : 0),
    0,
  );
  return { scores, probabilities, right };
}

function choiceGradient(choices: readonly Choice[], weights: Values): Map<string, number> {
  const gradient = new Map<string, number>();
  for (const choice of choices) {
    const { probabilities, right } = judge(choice, weights);
    if (right === 0) continue;
    for (const [i, { features, isRight }] of choice.candidates.entries()) {
      const probability = probabilities[i] ?? 0;
      const pushed = (isRight ? probability / right : 0) - probability;
      for (const name of Object.keys(features))
        gradient.set(name, (gradient.get(name) ?? 0) + pushed * (features[name] ?? 0));
    }
  }
  return gradient;
}

function fitCauses(rows: readonly LabelledCause[], champion: Weights): Weights["causes"] {
  const { causes } = champion;
  const services = serviceChoices(rows, champion);
  const changes = changeChoices(rows, champion);
  const service = climb(causes.service, (weights) => choiceGradient(services, weights), bounds.weight);
  const start = { ...causes.change, [noChange]: causes.noChange };
  const fitted = climb(start, (weights) => choiceGradient(changes, weights), bounds.weight);
  const { [noChange]: none, ...change } = fitted;
  return { ...causes, service, change, noChange: none ?? causes.noChange };
}

// ---------- pairs ----------

function pairScore(pair: LabelledPair, clustering: Weights["clustering"], multipliers: Values): number {
  let score = -clustering.threshold;
  for (const name of Object.keys(pair.scores)) score += (pair.scores[name] ?? 0) * (multipliers[name] ?? 1);
  return score;
}

function fitPairs(rows: readonly LabelledPair[], { clustering }: Weights): Weights["clustering"] {
  const names = [...new Set(rows.flatMap((row) => Object.keys(row.scores)))].sort();
  const start = Object.fromEntries(names.map((name) => [name, clustering.signals[name] ?? 1]));
  const signals = climb(
    { ...clustering.signals, ...start },
    (multipliers) => {
      const gradient = new Map<string, number>();
      for (const row of rows) {
        const error = (row.areTogether ? 1 : 0) - logistic(pairScore(row, clustering, multipliers));
        for (const name of Object.keys(row.scores))
          gradient.set(name, (gradient.get(name) ?? 0) + error * (row.scores[name] ?? 0));
      }
      return gradient;
    },
    bounds.multiplier,
    0,
  );
  return { ...clustering, signals };
}

function logistic(score: number): number {
  return 1 / (1 + Math.exp(-score));
}

// ---------- search ----------

/** Adam with fixed steps on the penalised likelihood, from the champion's weights. */
function climb(
  start: Values,
  gradientOf: (weights: Values) => ReadonlyMap<string, number>,
  most: number,
  least = -most,
): Record<string, number> {
  const weights: Record<string, number> = { ...start };
  const names = Object.keys(weights);
  const mean = new Map<string, number>();
  const square = new Map<string, number>();
  for (let step = 1; step <= steps; step += 1) {
    const gradient = gradientOf(weights);
    for (const name of names) {
      const now = weights[name] ?? 0;
      const slope = (gradient.get(name) ?? 0) - pull * (now - (start[name] ?? 0));
      mean.set(name, 0.9 * (mean.get(name) ?? 0) + 0.1 * slope);
      square.set(name, 0.999 * (square.get(name) ?? 0) + 0.001 * slope * slope);
      const direction = (mean.get(name) ?? 0) / (1 - 0.9 ** step);
      const size = Math.sqrt((square.get(name) ?? 0) / (1 - 0.999 ** step)) + 1e-8;
      weights[name] = Math.min(most, Math.max(least, now + (stepSize * direction) / size));
    }
  }
  return Object.fromEntries(names.map((name) => [name, Math.round((weights[name] ?? 0) * 1e4) / 1e4]));
}

// ---------- measuring ----------

function measure(
  causes: readonly LabelledCause[],
  pairs: readonly LabelledPair[],
  weights: Weights,
): FitMetrics {
  const { service, change, noChange: none } = weights.causes;
  return {
    ...measureChoices("service", serviceChoices(causes, weights), service),
    ...measureChoices("change", changeChoices(causes, weights), { ...change, [noChange]: none }),
    ...measurePairs(pairs, weights),
  };
}

function measureChoices(name: string, choices: readonly Choice[], weights: Values): Record<string, number> {
  if (choices.length === 0) return {};
  let [first, third, loss] = [0, 0, 0];
  for (const choice of choices) {
    const { scores, right } = judge(choice, weights);
    const best = Math.max(
      ...choice.candidates.map(({ isRight }, i) => (isRight ? (scores[i] ?? 0) : Number.NEGATIVE_INFINITY)),
    );
    const ahead = scores.filter(
      (score, i) => score >= best && choice.candidates[i]?.isRight === false,
    ).length;
    if (ahead === 0) first += 1;
    if (ahead < 3) third += 1;
    loss -= Math.log(Math.max(right, 1e-9));
  }
  const n = choices.length;
  return { [`${name}_top1`]: first / n, [`${name}_top3`]: third / n, [`${name}_log_loss`]: loss / n };
}

function measurePairs(pairs: readonly LabelledPair[], { clustering }: Weights): Record<string, number> {
  if (pairs.length === 0) return {};
  let [right, loss] = [0, 0];
  for (const pair of pairs) {
    const probability = logistic(pairScore(pair, clustering, clustering.signals));
    if (probability > 0.5 === pair.areTogether) right += 1;
    loss -= Math.log(Math.max(pair.areTogether ? probability : 1 - probability, 1e-9));
  }
  return { pair_accuracy: right / pairs.length, pair_log_loss: loss / pairs.length };
}
