/** What a retrain computes for long, in a thread of its own. Issue 3. */
import { afterEach, expect, test } from "vitest";
import {
  createLearningThread,
  type LearningThreadOptions,
  type OpenLearningThread,
} from "../../../src/adapters/learning/thread.ts";
import { fitWeights, type LabelledCause } from "../../../src/domain/learning/fitting.ts";
import type { PairWork } from "../../../src/domain/learning/score-pairs.ts";
import { shippedWeights } from "../../../src/domain/weights.ts";
import { NotStartedError } from "../../../src/ports.ts";
import { inlineLearning } from "../../app/inline-learning.ts";
import { sketchAlert, twoShops } from "../../domain/learning/judgement-build.ts";
import { motley } from "../../domain/learning/labelled-build.ts";

const opened: OpenLearningThread[] = [];
afterEach(async () => {
  for (const thread of opened.splice(0)) await thread.close();
});

function open(options: LearningThreadOptions = {}): OpenLearningThread {
  const thread = createLearningThread(options);
  opened.push(thread);
  return thread;
}

async function* oneByOne(rows: readonly LabelledCause[]): AsyncGenerator<LabelledCause> {
  yield* rows;
}

const net = [{ kind: "net", words: ["high cpu"] }] as const;
const fitOf = (count: number) => ({
  causes: oneByOne(motley(count)),
  ...{ pairs: [], champion: shippedWeights, evidenceKinds: net },
});

function pairWork(services: readonly string[]): PairWork {
  const alerts = services.map((service, at) => {
    const alert = sketchAlert({ service, at });
    return { key: service, alert, incidentId: 1 };
  });
  const [a = "", b = ""] = services;
  return {
    judge: { weights: shippedWeights, evidenceKinds: [] },
    scene: { topology: twoShops, changes: [], alerts, rulings: [], nextIncidentId: 2 },
    pairs: [[a, b]],
  };
}

test("a fit answers what it answers in place, and meanwhile this thread goes on", async () => {
  let turns = 0;
  const beat = setInterval(() => {
    turns += 1;
  }, 20);
  const fitted = await open().fit(fitOf(150));
  clearInterval(beat);
  // In place there would be none: nothing is read that would be waited for.
  expect(turns).toBeGreaterThan(5);
  expect(fitted.kind).toBe("fitted");
  expect(fitted).toEqual(
    fitWeights({ causes: motley(150), pairs: [], champion: shippedWeights, evidenceKinds: net }),
  );
});

test("works that are asked for at once are answered one by one, each with its own answer", async () => {
  const thread = open();
  const works = [pairWork(["web-a", "cart-a"]), pairWork(["stock-a", "lone"])] as const;
  const [one, fitted, other] = await Promise.all([
    thread.scorePairs(works[0]),
    thread.fit(fitOf(30)),
    thread.scorePairs(works[1]),
  ]);
  expect(one).toEqual(await inlineLearning.scorePairs(works[0]));
  expect(other).toEqual(await inlineLearning.scorePairs(works[1]));
  expect(one).not.toEqual(other);
  expect(fitted).toEqual(await inlineLearning.fit(fitOf(30)));
});

test("what goes wrong in the thread comes back as it was, and the next work is done by a new one", async () => {
  const thread = open();
  const [pairs, broken] = [pairWork(["web-a", "cart-a"]), pairWork(["web-a", "cart-a"])];
  const champion = { ...shippedWeights, causes: { ...shippedWeights.causes, elsewhere: 99 } };
  await expect(thread.fit({ ...fitOf(30), champion })).rejects.toThrow("elsewhere");
  // Not plain data: it does not even reach the thread.
  Object.assign(broken.judge, { kindOf: () => "net" });
  await expect(thread.scorePairs(broken)).rejects.toThrow("could not be cloned");
  expect(await thread.scorePairs(pairs)).toHaveLength(1);
});

test("what cannot be read ends the fit, and the incidents handed over before are not in the next one", async () => {
  const thread = open();
  async function* torn(): AsyncGenerator<LabelledCause> {
    yield* motley(10);
    throw new Error("the database is away");
  }
  await expect(thread.fit({ ...fitOf(0), causes: torn() })).rejects.toThrow("the database is away");
  expect(await thread.fit(fitOf(30))).toEqual(await inlineLearning.fit(fitOf(30)));
});

test("a work that takes too long is ended, with the limit and a remedy, and is not to be tried again", async () => {
  const failed = open({ limitMs: 300 }).fit(fitOf(3_000));
  await expect(failed).rejects.toBeInstanceOf(NotStartedError);
  await expect(failed).rejects.toThrow("longer than 0.3 s and was ended. Try again when");
});

test("one that takes too much memory does not take the bot with it", async () => {
  const failed = open({ memoryMb: 24 }).fit(fitOf(20_000));
  await expect(failed).rejects.toBeInstanceOf(NotStartedError);
  await expect(failed).rejects.toThrow(/more than the 24 MB .* NODE_OPTIONS=--max-old-space-size=96/);
});

test("closing ends what is computed and what waits, at once", async () => {
  const thread = open();
  const works = [thread.fit(fitOf(3_000)), thread.fit(fitOf(3_000))];
  const failures = works.map((work) => expect(work).rejects.toThrow("the bot is stopping"));
  await new Promise((resolve) => setTimeout(resolve, 500));
  const begun = performance.now();
  await thread.close();
  await Promise.all(failures);
  expect(performance.now() - begun).toBeLessThan(3_000);
  await expect(thread.fit(fitOf(30))).rejects.toThrow("the bot is stopping");
});
