import { expect, test } from "vitest";
import { type PartitionQuestions, partition } from "../../../src/domain/clustering/partition.ts";
import { rootsOf } from "../../../src/domain/clustering/root-votes.ts";
import type { StrayMember } from "../../../src/domain/clustering/strays.ts";
import { shippedWeights } from "../../../src/domain/weights.ts";

const weights = shippedWeights.clustering;

/** Members that nothing puts out of a story, this many seconds after the first. */
function membersAt(...seconds: readonly number[]): StrayMember[] {
  return seconds.map((second) => ({ at: second * 1_000, standing: 100 }));
}

function asked(score: number, roots: PartitionQuestions<StrayMember>["rootsOf"]) {
  return { scoreOf: () => score, rootsOf: roots, areApart: null };
}

const noRoots = () => rootsOf({ services: [], votes: [] });

test("where no two alerts fit, each is a story, and nobody is asked for roots", () => {
  const never = () => {
    throw new Error("asked for roots");
  };
  expect(partition(membersAt(0, 1, 30, 90), asked(-5, never), weights)).toEqual([[0], [1], [2], [3]]);
});

test("alerts that fit are one story, whenever they began", () => {
  expect(partition(membersAt(0, 30, 90), asked(5, noRoots), weights)).toEqual([[0, 1, 2]]);
});

test("what fits too little for a story of so many still is one where it began in the same breath", () => {
  const score = weights.threshold + 0.01;
  expect(partition(membersAt(0, 1), asked(score, noRoots), weights)).toEqual([[0, 1]]);
  expect(partition(membersAt(0, 30), asked(score, noRoots), weights)).toEqual([[0], [1]]);
});
