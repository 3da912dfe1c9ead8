/**
 * Another order of the causes, which a model may propose for the first five. It counts only when each cause that moves
 * up comes with a sentence that names it and cites what it rests on; and it is shown beside our own, never instead.
 */
import type { Cause } from "../clustering/correlation.ts";
import type { Claim, ExplanationQuestion, RankedClaim } from "../explanation.ts";
import { checkClaim } from "./claim.ts";
import { evidenceFor, partsOf } from "./evidence.ts";
import { candidateName, firstAnswer, witnessesAmong } from "./first-answer.ts";
import { mentions } from "./names.ts";
import { isNamed, nameOf, percent, suspectName } from "./wording.ts";

/** Causes whose order may be argued about. */
export const maxReordered = 5;

export type CheckedOrder =
  /** Nothing else was proposed. */
  | { readonly kind: "ours" }
  /** `order` holds our ranks, the model's first cause first; `claims` say so, and why. */
  | { readonly kind: "other"; readonly order: readonly number[]; readonly claims: readonly Claim[] }
  | { readonly kind: "refused"; readonly reason: string };

export function checkOrder(proposed: readonly RankedClaim[], question: ExplanationQuestion): CheckedOrder {
  const top = question.causes.slice(0, maxReordered);
  const ranks = proposed.map((place) => place.rank);
  if (new Set(ranks).size !== ranks.length || ranks.some((rank) => top[rank - 1] === undefined))
    return { kind: "refused", reason: `orders causes that do not exist: ${ranks.slice(0, 9).join(", ")}` };
  const order = [...ranks, ...top.map((_cause, index) => index + 1).filter((rank) => !ranks.includes(rank))];
  const risen = order.filter((rank, place) => order.slice(place + 1).some((behind) => behind < rank));
  if (risen.length === 0) return { kind: "ours" };
  const claims: Claim[] = [];
  for (const rank of risen) {
    const checked = checkRise(rank, order, proposed, question);
    if (checked.kind === "refused") return checked;
    claims.push(checked.claim);
  }
  const shown = order[0] === 1 ? [] : [besideOurs(order[0] ?? 1, question, claims[0])];
  return { kind: "other", order, claims: [...shown, ...claims] };
}

type CheckedRise =
  | { readonly kind: "stands"; readonly claim: Claim }
  | { readonly kind: "refused"; readonly reason: string };

/** A cause rises by evidence of its own, which the causes that it overtakes do not rest on as well. */
function checkRise(
  rank: number,
  order: readonly number[],
  proposed: readonly RankedClaim[],
  question: ExplanationQuestion,
): CheckedRise {
  const { causes, evidence } = question;
  const cause = causes[rank - 1];
  const place = proposed.find((candidate) => candidate.rank === rank);
  if (cause === undefined || place === undefined || !isNamed(cause)) return unbacked(rank);
  const overtaken = order.slice(order.indexOf(rank) + 1).filter((behind) => behind < rank);
  const shared = new Set(overtaken.flatMap((behind) => groundsOf(causes[behind - 1], question)));
  const own = groundsOf(cause, question).filter((number) => !shared.has(number));
  const grounds = evidence.filter(
    (fact) => own.includes(fact.number) && place.evidence.includes(fact.number),
  );
  const checked = checkClaim(place, question);
  if (checked.kind === "refused") return checked;
  const isNamedThere = grounds.some((fact) =>
    partsOf(fact).entities.some((name) => mentions(checked.claim.text, name)),
  );
  return isNamedThere ? checked : unbacked(rank);
}

function groundsOf(cause: Cause | undefined, { evidence }: ExplanationQuestion): readonly number[] {
  return cause === undefined ? [] : evidenceFor(cause, evidence);
}

function unbacked(rank: number): CheckedRise {
  return { kind: "refused", reason: `moves the cause ranked ${rank} up without evidence of its own` };
}

/** Both orders in one sentence of ours. */
function besideOurs(rank: number, question: ExplanationQuestion, why: Claim | undefined): Claim {
  const [ours, theirs] = [question.causes[0], question.causes[rank - 1]];
  const answer = firstAnswer(ours, witnessesAmong(question.evidence));
  const evidence = [...new Set([...(why?.evidence ?? []), ...groundsOf(ours, question).slice(0, 2)])];
  if (
    ours !== undefined &&
    theirs !== undefined &&
    ours.changeId !== null &&
    theirs.changeId === ours.changeId
  )
    return { text: sameChangeText({ rank, ours, theirs }, question), evidence };
  const said = (cause: Cause | undefined) => {
    if (cause === undefined) return "nothing";
    const name = candidateName(cause, answer, (suspect) => suspectName(suspect, question));
    return `${isNamed(cause) ? name : `“${name}”`} (${percent(cause.confidence)})`;
  };
  const text = `The model suspects ${said(theirs)} first; by the ranking it comes ${ordinal(rank)}, after ${said(ours)}.`;
  return { text, evidence };
}

/** One change is blamed by both; where it is felt is what they differ about. */
function sameChangeText(
  { rank, ours, theirs }: { readonly rank: number; readonly ours: Cause; readonly theirs: Cause },
  question: ExplanationQuestion,
): string {
  const where = ({ service }: Cause) =>
    service === null ? "nowhere in particular" : `in ${nameOf(service)}`;
  const [other, own] = [percent(theirs.confidence), percent(ours.confidence)];
  return `The model suspects ${suspectName(theirs, question)} too, but felt ${where(theirs)} (${other}, ranked ${ordinal(rank)}) rather than ${where(ours)} (${own}).`;
}

/** "1st" to "5th". */
export function ordinal(rank: number): string {
  return `${rank}${["th", "st", "nd", "rd"][rank] ?? "th"}`;
}
