/** What is of high risk is not done by a slip: whoever asks for it or approves it types the model's name. */
import { truncate, type ViewAction, type ViewQuestion } from "../view.ts";

/** As the form asks. */
export function nameQuestion(model: string): ViewQuestion {
  return { label: truncate(`Type ${model} to go on`, 45), option: "confirm" };
}

/** Why it is not carried out yet; null when the name was typed or need not be. */
export function refuseUnconfirmed(question: {
  readonly risk: "low" | "high";
  readonly model: string;
  /** Null when nothing was typed. */
  readonly typed: string | null;
  /** The command line without what was typed. */
  readonly line: string;
}): {
  readonly kind: "refuse";
  readonly reason: "unconfirmed";
  readonly problem: string;
  readonly remedy: string;
  readonly actions: readonly ViewAction[];
} | null {
  const { risk, model, typed, line } = question;
  if (risk === "low" || typed === model) return null;
  const problem =
    typed === null
      ? `${model} is of high risk, so its name has to be typed.`
      : `"${truncate(typed, 80)}" is not ${model}.`;
  const action = {
    label: "Type the name",
    command: line,
    style: "danger" as const,
    ask: nameQuestion(model),
  };
  return {
    kind: "refuse",
    reason: "unconfirmed",
    problem,
    remedy: `Add --confirm ${model}.`,
    actions: [action],
  };
}
