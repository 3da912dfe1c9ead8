/** What the two ends of the thread say to one another: plain data, copied on the way. */
import type { FitOptions, FitResult, LabelledCause } from "../../../domain/learning/fitting.ts";
import type { PairScores, PairWork } from "../../../domain/learning/score-pairs.ts";
import type { Topology } from "../../../domain/topology.ts";

/** A labelled incident of the fit that is asked for next; no answer. The topology comes with the first that has it. */
export interface CauseMessage {
  readonly kind: "cause";
  readonly topology: Topology | null;
  readonly row: Omit<LabelledCause, "question"> & {
    readonly question: Omit<LabelledCause["question"], "topology" | "kindOf">;
  };
}

export type Asked =
  | CauseMessage
  | { readonly kind: "pairs"; readonly work: PairWork }
  | { readonly kind: "fit"; readonly options: Omit<FitOptions, "causes"> };

/** By what was asked. */
export interface Answers {
  readonly pairs: PairScores;
  readonly fit: FitResult;
}

export type Reply =
  | { readonly kind: "answer"; readonly answer: Answers[keyof Answers] }
  /** Some errors lose their message when they are copied from thread to thread, so it is told by itself. */
  | { readonly kind: "failure"; readonly message: string; readonly stack: string };
