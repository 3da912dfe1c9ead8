/** What the card of a rollout shows of its bake, and of a canary that holds. */
import { asksPerson, type Bake, type CheckResult, type Hold, remainingMs } from "../bake.ts";
import type { Rollout } from "../rollout.ts";
import { duration, oneLine, type StepState, type Tone, type ViewAction, type ViewBlock } from "../view.ts";

/** The bake that a card speaks of; null when there is none, or the version does not serve yet. */
export function shownBake({ state, bake }: Rollout): Bake | null {
  return state === "succeeded" && bake !== null && bake.state !== "waiting" ? bake : null;
}

export function bakeTone(bake: Bake): Tone {
  if (bake.state === "failed") return bake.answer === null ? "bad" : "neutral";
  if (bake.state === "inconclusive") return bake.answer === null ? "warning" : "good";
  return bake.state === "watching" ? "info" : bake.state === "passed" ? "good" : "neutral";
}

/** Two or three words for the head of the card. */
export function bakeWord(bake: Bake): string {
  if (bake.answer?.as === "accepted") return "Accepted";
  const words = {
    waiting: "Succeeded",
    watching: "Serves, baking",
    passed: "Baked",
    failed: "Bake failed",
    inconclusive: "Bake inconclusive",
    superseded: "Replaced while baking",
  } as const;
  return words[bake.state];
}

/** Where it stands and what is awaited. */
export function bakeSentence(rollout: Rollout, bake: Bake, nameOf: (person: string) => string): string {
  const because = bake.findings.length === 0 ? "" : `: ${oneLine(bake.findings.join("; "), 400)}`;
  switch (bake.state) {
    case "waiting":
    case "watching": {
      const left = duration(remainingMs(bake.watch, bake.windowMs));
      return `Version ${rollout.plan.to} serves and is watched for another ${left}.`;
    }
    case "passed":
      return `Version ${rollout.plan.to} proved itself${because}.`;
    case "superseded":
      return `${answered(bake, nameOf)} before the bake was over.`;
    case "failed":
    case "inconclusive": {
      const verdict = bake.state === "failed" ? "The bake failed" : "The bake cannot tell";
      return `${verdict}${because}. ${nextOf(bake, nameOf)}`;
    }
  }
}

function nextOf(bake: Bake, nameOf: (person: string) => string): string {
  if (bake.answer !== null) return `${answered(bake, nameOf)}.`;
  if (bake.undo !== null) {
    return bake.undo.rolloutId === null
      ? "The bot is about to roll back."
      : `The bot asked for rollout ${bake.undo.rolloutId} to roll back.`;
  }
  const why =
    bake.undoProblem === null ? "" : `The bot did not roll back: ${oneLine(bake.undoProblem, 300)}. `;
  return bake.state === "failed"
    ? `${why}Roll back, or accept the version.`
    : "Watch for longer, accept the version, or roll back.";
}

function answered({ answer }: Bake, nameOf: (person: string) => string): string {
  if (answer === null) return "Nobody answered";
  if (answer.as === "accepted") return `Accepted by ${nameOf(answer.by)}`;
  return answer.as === "rolled_back" ? `Rolled back by ${answer.by}` : `Replaced by ${answer.by}`;
}

/** The checks as steps, while there are any. */
export function bakeBlocks(bake: Bake): readonly ViewBlock[] {
  if (bake.checks.length === 0) return [];
  return [{ kind: "steps", steps: bake.checks.map(stepOf) }];
}

function stepOf({ state, text }: CheckResult): { readonly label: string; readonly state: StepState } {
  const states = { ok: "done", breached: "failed", missing: "waiting" } as const;
  return { label: oneLine(text, 200), state: states[state] };
}

/** Buttons for a person who is asked; rolling back has one of its own on every card that can be undone. */
export function bakeActions(rollout: Rollout, bake: Bake): readonly ViewAction[] {
  if (!asksPerson(bake)) return [];
  const { id, plan } = rollout;
  const extend: ViewAction = { label: "Watch longer", command: `bake ${id} --as extend`, style: "plain" };
  const accept: ViewAction = {
    label: "Accept",
    command: `bake ${id} --as accept`,
    style: "plain",
    confirm: `Vouch for version ${oneLine(plan.to ?? "", 60)} of ${plan.model}?`,
  };
  return bake.state === "inconclusive" ? [extend, accept] : [accept];
}

/** A canary that stays at a step. */
export function holdSentence(hold: Hold): string {
  const at = `${hold.trafficPercent} % of the traffic`;
  if (hold.state === "advancing") return `The canary was fine with ${at} and takes its next step.`;
  if (hold.state === "watching") {
    return `The canary serves ${at} and is watched for another ${duration(remainingMs(hold.watch, hold.windowMs))}.`;
  }
  return `The canary waits with ${at}: ${oneLine(hold.findings.join("; "), 400)}. Let it on, watch longer, or cancel.`;
}

export function holdActions({ id }: Rollout, hold: Hold): readonly ViewAction[] {
  if (hold.state !== "asking") return [];
  const confirm = `Let the canary of rollout ${id} on to its next step?`;
  return [
    { label: "Let it on", command: `bake ${id} --as advance`, style: "primary", confirm },
    { label: "Watch longer", command: `bake ${id} --as extend`, style: "plain" },
  ];
}
