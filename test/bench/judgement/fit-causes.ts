/**
 * How the shipped weights of causes were chosen: a conditional logit over pairs of service and change, pulled to zero,
 * with every set counting as much as its recordings. Prints the weights, and what fits that never saw the fold answer.
 *   node --import tsx test/bench/judgement/fit-causes.ts BENCH_DIR [--without NAME,NAME]
 */
import { shippedWeights } from "../../../src/domain/weights.ts";
import { type Candidate, type Choice, readChoices } from "./choices.ts";

const pull = 0.5;
const steps = 300;
const folds = 5;
/** How much a set counts, in rows; the streams repeat the faults of the single recordings. */
const worth: Readonly<Record<string, number>> = {
  "nezha-single": 40,
  petshop: 26,
  itbench: 32,
  rootcausebench: 14,
  "nezha-mixed": 14,
  "nezha-same": 10,
  "nezha-cross": 8,
  "nezha-seq": 8,
};

type Weights = Record<string, number>;

async function main(): Promise<void> {
  const [, , bench = "../shared/bench", flag, list = ""] = process.argv;
  const without = new Set(flag === "--without" ? list.split(",") : []);
  const all = await readChoices(bench, (name) => worth[name.split("/")[0] ?? ""] !== undefined);
  // A root that is no candidate and a change that is guilty leave nothing to learn.
  const choices = all.filter(({ candidates }) => candidates.some(({ isRight }) => isRight));
  const names = namesOf(choices).filter((name) => !without.has(name));
  const fitted = fitTo(choices, names);
  for (const name of names) console.log(`${name}: ${fitted[name]?.toFixed(2)}`);
  console.log("\nset: first service, fitted and cross-validated; guilty change, cross-validated; loss");
  const unseen = new Map<Choice, Weights>();
  for (let fold = 0; fold < folds; fold += 1) {
    const isHeldOut = (choice: Choice) => hash(choice.fold) % folds === fold;
    const weights = fitTo(
      choices.filter((choice) => !isHeldOut(choice)),
      names,
    );
    for (const choice of all.filter(isHeldOut)) unseen.set(choice, weights);
  }
  for (const set of Object.keys(worth)) {
    const asked = all.filter((choice) => choice.set === set);
    const held = (choice: Choice) => unseen.get(choice) ?? {};
    const guilty = asked.filter(({ change }) => change !== null && change !== "none");
    const parts = [
      share(asked, (choice) => isServiceRight(choice, fitted)),
      share(asked, (choice) => isServiceRight(choice, held(choice))),
      share(guilty, (choice) => isChangeRight(choice, held(choice))),
      (asked.reduce((sum, choice) => sum + lossOf(choice, held(choice)), 0) / asked.length).toFixed(3),
    ];
    console.log(`${set} (${asked.length}): ${parts.join(" ")}`);
  }
}

/** The features that ship with a weight; the others were found to add nothing. */
function namesOf(choices: readonly Choice[]): readonly string[] {
  const { service, change } = shippedWeights.causes;
  const shipped = new Set([
    ...Object.keys(service).map((name) => `service:${name}`),
    ...Object.keys(change).map((name) => `change:${name}`),
    ...["noChange", "elsewhere", "changed", "changeDistance"],
  ]);
  const seen = new Set(
    choices.flatMap(({ candidates }) => candidates.flatMap(({ row }) => row.map(([name]) => name))),
  );
  return [...seen].filter((name) => shipped.has(name)).sort();
}

function probabilities(candidates: readonly Candidate[], weights: Weights): number[] {
  const scores = candidates.map(({ row }) =>
    row.reduce((sum, [name, value]) => sum + value * (weights[name] ?? 0), 0),
  );
  const top = Math.max(...scores);
  const odds = scores.map((score) => Math.exp(score - top));
  const sum = odds.reduce((a, b) => a + b, 0);
  return odds.map((value) => value / sum);
}

/** Adam on the penalised likelihood of the right candidates together. */
function fitTo(choices: readonly Choice[], names: readonly string[]): Weights {
  const counts = new Map<string, number>();
  for (const { set } of choices) counts.set(set, (counts.get(set) ?? 0) + 1);
  const weights: Weights = Object.fromEntries(names.map((name) => [name, 0]));
  const mean: Weights = {};
  const square: Weights = {};
  for (let step = 1; step <= steps; step += 1) {
    const slope: Weights = Object.fromEntries(names.map((name) => [name, -pull * (weights[name] ?? 0)]));
    for (const choice of choices) {
      const weight = (worth[choice.set] ?? 0) / (counts.get(choice.set) ?? 1);
      addSlope(choice, weights, weight, slope);
    }
    const pace = step < steps * 0.6 ? 0.08 : step < steps * 0.85 ? 0.025 : 0.008;
    for (const name of names) {
      const now = slope[name] ?? 0;
      mean[name] = 0.9 * (mean[name] ?? 0) + 0.1 * now;
      square[name] = 0.99 * (square[name] ?? 0) + 0.01 * now * now;
      const size = Math.sqrt((square[name] ?? 0) / (1 - 0.99 ** step)) + 1e-8;
      weights[name] = (weights[name] ?? 0) + (pace * (mean[name] ?? 0)) / (1 - 0.9 ** step) / size;
    }
  }
  return weights;
}

function addSlope({ candidates }: Choice, weights: Weights, weight: number, slope: Weights): void {
  const odds = probabilities(candidates, weights);
  const right = candidates.reduce((sum, { isRight }, i) => sum + (isRight ? (odds[i] ?? 0) : 0), 0);
  if (right === 0) return;
  for (const [i, { row, isRight }] of candidates.entries()) {
    const pushed = weight * ((isRight ? (odds[i] ?? 0) / right : 0) - (odds[i] ?? 0));
    for (const [name, value] of row) if (name in slope) slope[name] = (slope[name] ?? 0) + pushed * value;
  }
}

function best(
  choice: Choice,
  weights: Weights,
  isAnswer: (candidate: Candidate) => boolean,
): Candidate | null {
  const odds = probabilities(choice.candidates, weights);
  const [first] = choice.candidates
    .map((candidate, i) => ({ candidate, odds: odds[i] ?? 0 }))
    .filter(({ candidate }) => isAnswer(candidate))
    .sort((a, b) => b.odds - a.odds);
  return first?.candidate ?? null;
}

function isServiceRight(choice: Choice, weights: Weights): boolean {
  return choice.services.includes(best(choice, weights, ({ service }) => service !== null)?.service ?? "");
}

function isChangeRight(choice: Choice, weights: Weights): boolean {
  return best(choice, weights, () => true)?.change === choice.change;
}

function lossOf({ candidates }: Choice, weights: Weights): number {
  const odds = probabilities(candidates, weights);
  return -Math.log(
    Math.max(
      1e-4,
      candidates.reduce((sum, { isRight }, i) => sum + (isRight ? (odds[i] ?? 0) : 0), 0),
    ),
  );
}

function share(choices: readonly Choice[], isRight: (choice: Choice) => boolean): string {
  return choices.length === 0 ? "-" : (choices.filter(isRight).length / choices.length).toFixed(3);
}

function hash(text: string): number {
  let value = 2_166_136_261;
  for (const character of text) value = Math.imul(value ^ (character.codePointAt(0) ?? 0), 16_777_619) >>> 0;
  return value;
}

await main();
