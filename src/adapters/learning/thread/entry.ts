/** The other end of the thread: computes what it is asked. */
import { parentPort } from "node:worker_threads";
import { fitWeights, type LabelledCause } from "../../../domain/learning/fitting.ts";
import { scorePairs } from "../../../domain/learning/score-pairs.ts";
import type { Topology } from "../../../domain/topology.ts";
import type { Answers, Asked, CauseMessage, Reply } from "./messages.ts";

let causes: LabelledCause[] = [];
let topology: Topology = { edges: [], services: [] };

parentPort?.on("message", (asked: Asked) => {
  if (asked.kind === "cause") take(asked);
  else parentPort?.postMessage(replyTo(asked));
});

function replyTo(asked: Exclude<Asked, CauseMessage>): Reply {
  try {
    return { kind: "answer", answer: answer(asked) };
  } catch (error) {
    const { message, stack = message } = error instanceof Error ? error : new Error(String(error));
    return { kind: "failure", message, stack };
  }
}

function take({ row, topology: theirs }: CauseMessage): void {
  topology = theirs ?? topology;
  causes.push({ ...row, question: { ...row.question, topology } });
}

function answer(asked: Exclude<Asked, CauseMessage>): Answers[keyof Answers] {
  if (asked.kind === "pairs") return scorePairs(asked.work);
  const taken = causes;
  causes = [];
  return fitWeights({ ...asked.options, causes: taken });
}
