/** What people say of a bake that cannot go on by itself, and of a canary that holds. */
import { asksPerson, bakeTransitions, moveBake } from "../bake.ts";
import type { RolloutDecision, RolloutRefusal } from "../rollout/decision.ts";
import { type Rollout, withProgress } from "../rollout.ts";

/** accept: vouch for the version. extend: watch for one more window. advance: let a canary take its next step. */
export const bakeAnswers = ["accept", "extend", "advance"] as const;
export type BakeWord = (typeof bakeAnswers)[number];

/** The rollout as a person's word leaves it, or why that word does not fit. */
export function answerBake(rollout: Rollout, word: BakeWord, person: string): RolloutDecision {
  if (word === "advance") return advance(rollout);
  const { hold } = rollout.progress;
  if (word === "extend" && rollout.state === "running" && hold?.state === "asking") {
    return move(withProgress(rollout, { hold: { ...hold, state: "watching", watch: null, findings: [] } }));
  }
  const { bake } = rollout;
  if (bake === null || bake.state === "waiting") return notBaking(rollout);
  if (!asksPerson(bake)) return notAsked(rollout, bake.state);
  if (word === "accept")
    return move({ ...rollout, bake: { ...bake, answer: { as: "accepted", by: person } } });
  if (!bakeTransitions[bake.state].includes("watching")) {
    return refusal(
      "bake_failed",
      `The bake of rollout ${rollout.id} failed; watching for longer does not undo that.`,
      `Roll back, or accept it: bake ${rollout.id} --as accept.`,
    );
  }
  return move({ ...rollout, bake: moveBake(bake, "watching", { watch: null, findings: [], checks: [] }) });
}

function advance(rollout: Rollout): RolloutDecision {
  const { hold } = rollout.progress;
  if (rollout.state !== "running" || hold === null || hold.state === "advancing") {
    return refusal(
      "not_holding",
      `Rollout ${rollout.id} is ${rollout.state} and does not wait at a step of a canary.`,
      "Its card says what it is doing.",
    );
  }
  return move(withProgress(rollout, { hold: { ...hold, state: "advancing" } }));
}

function notBaking(rollout: Rollout): RolloutRefusal {
  return refusal(
    "not_baking",
    `Rollout ${rollout.id} is ${rollout.state}, and no version of it is being watched.`,
    "A bake is set up under models.<name>.bake in tocsin.yaml; it begins when the version serves.",
  );
}

function notAsked(rollout: Rollout, state: string): RolloutRefusal {
  const answered = rollout.bake?.answer ?? null;
  const undo = rollout.bake?.undo ?? null;
  const why =
    answered !== null
      ? `is ${state} and was answered by ${answered.by}`
      : undo !== null
        ? `is ${state} and is being rolled back`
        : `is ${state}`;
  return refusal(
    "nothing_asked",
    `The bake of rollout ${rollout.id} ${why}, so nothing is asked of anybody.`,
    state === "watching" ? "Its card says how long it still watches." : "Nothing needs to be done.",
  );
}

function move(rollout: Rollout): RolloutDecision {
  return { kind: "move", rollout };
}

function refusal(reason: string, problem: string, remedy: string): RolloutRefusal {
  return { kind: "refuse", reason, problem, remedy };
}
