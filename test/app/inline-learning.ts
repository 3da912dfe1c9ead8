import { fitWeights, type LabelledCause } from "../../src/domain/learning/fitting.ts";
import { scorePairs } from "../../src/domain/learning/score-pairs.ts";
import type { LearningThread } from "../../src/ports.ts";

/** Computes in place, what it is given copied as on the way to a thread. */
export const inlineLearning: LearningThread = {
  scorePairs: async (work) => scorePairs(structuredClone(work)),
  fit: async ({ causes, ...options }) => {
    const rows: LabelledCause[] = [];
    for await (const row of causes) rows.push(row);
    return fitWeights(structuredClone({ ...options, causes: rows }));
  },
};
