/**
 * What the first answer to "what caused it" is: a change, a service without a likely change, or not enough evidence.
 * Prose, cards, lists, reports and threads all ask here, so that no two of them say different things of one ranking.
 */
import type { Cause } from "../clustering/correlation.ts";
import type { Evidence, Explanation } from "../explanation.ts";
import { causeName } from "../learning/cause-name.ts";
import { firstSuspect, suspectName } from "../learning/feedback.ts";
import { partsOf } from "./evidence.ts";
import { wordOfPeople } from "./reasons.ts";
import { isNamed } from "./wording.ts";

export type FirstAnswer<Named extends Blamed = Cause> =
  | { readonly kind: "change" | "no_likely_change"; readonly cause: Named }
  /** `only`: the service that comes first although nothing but its own alerts speaks for it; null where none does. */
  | { readonly kind: "not_enough"; readonly only: Named | null };

/** What a cause is called by. */
type Blamed = Pick<Cause, "service" | "changeId">;

/** What a ranking rests on, by the service that each fact is about; null for a fact that names none. */
export interface Witnesses {
  readonly alerts: readonly (string | null)[];
  /** Changes, metrics, paths and so on. */
  readonly others: readonly (string | null)[];
}

export function witnessesAmong(evidence: readonly Evidence[]): Witnesses {
  const of = (isAlert: boolean) =>
    evidence.filter(({ kind }) => (kind === "alert") === isAlert).map((fact) => partsOf(fact).service);
  return { alerts: of(true), others: of(false) };
}

/** @param first - the best of a ranking; undefined when it is empty. */
export function firstAnswer(first: Cause | undefined, witnesses: Witnesses): FirstAnswer {
  if (!isNamed(first)) return { kind: "not_enough", only: null };
  if (first.changeId !== null) return { kind: "change", cause: first };
  return isAllThereIs(first, witnesses)
    ? { kind: "not_enough", only: first }
    : { kind: "no_likely_change", cause: first };
}

/** True when nothing but alerts of the suspected service itself speaks for it: then it is a symptom, not a finding. */
function isAllThereIs(cause: Cause, { alerts, others }: Witnesses): boolean {
  if (wordOfPeople(cause).score > 0) return false;
  return alerts.every((service) => service === cause.service) && !others.includes(cause.service);
}

/** How a stored explanation answered; of an order that a model argued for its first. Null when nothing is ranked. */
export function storedAnswer(
  explanation: Pick<Explanation, "ranked" | "modelOrder" | "material"> | null,
): FirstAnswer | null {
  const first = firstSuspect(explanation);
  if (explanation === null || first === undefined) return null;
  const isOurs = (explanation.modelOrder?.[0] ?? 1) === 1;
  if (!isNamed(first)) return { kind: "not_enough", only: null };
  if (isOurs && first.changeId === null && explanation.material.answer.cause === noAnswer)
    return { kind: "not_enough", only: first };
  return { kind: first.changeId === null ? "no_likely_change" : "change", cause: first };
}

/** What stands for "no cause is named" where answers are compared. */
export const noAnswer = "none";

/**
 * "checkout, without a change", "change d-41 on checkout", or "not enough evidence: only checkout is alerting".
 * Untrusted text.
 */
export function answerName(answer: FirstAnswer<Blamed>): string {
  if (answer.kind !== "not_enough") return causeName(answer.cause);
  return answer.only === null
    ? "not enough evidence"
    : `not enough evidence: only ${suspectName(answer.only)} is alerting`;
}

/** One candidate of a ranking in a list of them, beside its share; see {@link causeName}. */
export function candidateName(
  cause: Cause,
  answer: FirstAnswer | null,
  named: (cause: Cause) => string = suspectName,
): string {
  const isOnly = answer?.kind === "not_enough" && answer.only === cause;
  return isOnly ? `${named(cause)}, the only one alerting` : causeName(cause, named);
}
