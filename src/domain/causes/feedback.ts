/** What people said of suspects before, as terms of a ranking. Bounded, so that no number of votes outweighs evidence. */
import type { ChangeKind } from "../change.ts";
import type { CauseQuestion, CauseTerm } from "../clustering/correlation.ts";

/** Most log-odds that votes count for or against: about what two to three clear signs do. */
const maxVotes = 1.5;
/** The same for votes on other changes of a kind, which say something of the team's habits and little of this change. */
const maxKindVotes = 0.5;
/** Most log-odds that similar incidents count. */
const maxConfirmed = 1.5;

/**
 * The odds of a Beta distribution's mean, with one imagined confirmation and one refusal, so that few votes say little.
 * @param subject - "service:NAME" or "change:ID".
 * @param name - what to call it in a sentence.
 */
export function feedbackTerms(
  subject: string,
  name: string,
  { feedback }: Pick<CauseQuestion, "feedback">,
): readonly CauseTerm[] {
  return votesAsTerms(feedback.get(subject), name, maxVotes);
}

/** What people said of changes of a kind: of deploys, of flags. */
export function kindTerms(
  kind: ChangeKind,
  { feedback }: Pick<CauseQuestion, "feedback">,
): readonly CauseTerm[] {
  return votesAsTerms(feedback.get(`kind:${kind}`), `a change of the kind "${kind}"`, maxKindVotes);
}

function votesAsTerms(
  said: { readonly right: number; readonly wrong: number } | undefined,
  name: string,
  most: number,
): readonly CauseTerm[] {
  if (said === undefined || said.right === said.wrong) return [];
  const odds = Math.log((said.right + 1) / (said.wrong + 1));
  const parts = [
    ...(said.right === 0 ? [] : [`confirmed ${name} as the cause ${timesText(said.right)}`]),
    ...(said.wrong === 0 ? [] : [`refused ${said.right === 0 ? name : "it"} ${timesText(said.wrong)}`]),
  ];
  const because = `people ${parts.join(" and ")}`;
  return [{ name: "feedback", score: Math.max(-most, Math.min(most, odds)), because }];
}

function timesText(count: number): string {
  return count === 1 ? "once" : `${count} times`;
}

/** Each earlier incident counts as much as it is like this one. */
export function confirmedTerms(
  service: string,
  { confirmed }: Pick<CauseQuestion, "confirmed">,
): readonly CauseTerm[] {
  const before = confirmed?.filter((one) => one.service === service) ?? [];
  const [most] = before.toSorted((a, b) => b.similarity - a.similarity || a.incidentId - b.incidentId);
  if (most === undefined) return [];
  const alike = before.reduce((sum, { similarity }) => sum + similarity, 0);
  const because = `${service} was the confirmed cause of incident ${most.incidentId}, ${Math.round(100 * most.similarity)} % like this one`;
  return [{ name: "confirmed", score: Math.min(maxConfirmed, Math.log2(1 + alike)), because }];
}
