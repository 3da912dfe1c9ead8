/** What of a model's draft may stand, and whether that is enough to stand in place of the template's text. */
import type { Cause } from "../clustering/correlation.ts";
import type { Claim, Evidence, ExplanationDraft, ExplanationQuestion } from "../explanation.ts";
import { checkClaim } from "./claim.ts";
import { evidenceFor, firstFacts } from "./evidence.ts";
import { checkOrder } from "./order.ts";
import { isNamed } from "./wording.ts";

export interface DroppedClaim {
  readonly text: string;
  /** One plain line, for the log. */
  readonly reason: string;
}

export interface CheckedDraft {
  readonly summary: readonly Claim[];
  readonly causes: readonly Claim[];
  /** Our ranks in another order that the model gave evidence for; null while ours stands. */
  readonly order: readonly number[] | null;
  readonly dropped: readonly DroppedClaim[];
  /** False when the template's text should stand instead. */
  readonly isEnough: boolean;
}

type Draft = Omit<ExplanationDraft, "actions">;

const maxClaims = 4;
/** Causes that a sentence may speak of. */
const spokenOf = 5;

/**
 * Checks what a model wrote.
 * A claim stands when the content of the evidence that it cites backs it. A claim about causes must cite what one of
 * the ranked causes rests on, and the first of them, in the order that stands, must be explained.
 */
export function checkDraft(draft: Draft, question: ExplanationQuestion): CheckedDraft {
  const dropped: DroppedClaim[] = [];
  const drop = (text: string, reason: string) => void dropped.push({ text: text.slice(0, 300), reason });
  const keep = (claims: readonly Claim[], problemOf: (claim: Claim) => string | null) =>
    claims.slice(0, maxClaims).flatMap((claim) => {
      const checked = checkClaim(claim, question);
      const problem = checked.kind === "refused" ? checked.reason : problemOf(checked.claim);
      if (checked.kind === "stands" && problem === null) return [checked.claim];
      drop(claim.text, problem ?? "");
      return [];
    });
  const summary = keep(draft.summary, () => null);
  const order = checkOrder(draft.order ?? [], question);
  if (order.kind === "refused") drop(draft.order?.[0]?.text ?? "", order.reason);
  const argued = order.kind === "other" ? order.claims : [];
  const causes = [...argued, ...keep(draft.causes, (claim) => causeProblem(claim, question))];
  const ranks = order.kind === "other" ? order.order : null;
  const isFirstExplained = (ranks?.[0] ?? 1) !== 1 || explainsFirst(causes, question);
  const isEnough = summary.length > 0 && causes.length > 0 && isFirstExplained;
  return { summary, causes, order: ranks, dropped, isEnough };
}

/** A claim about causes must rest on what a ranked cause rests on. */
function causeProblem(claim: Claim, { causes, evidence }: ExplanationQuestion): string | null {
  const telling = firstFacts(evidence, evidence.length);
  if (!claim.evidence.some((number) => telling.includes(number)))
    return "rests on no more than who calls whom";
  const named = causes.slice(0, spokenOf).filter(isNamed);
  if (named.length === 0 || named.length < Math.min(spokenOf, causes.length)) return null;
  return named.some((cause) => restsOn(claim, cause, evidence)) ? null : "speaks of no ranked cause";
}

function explainsFirst(claims: readonly Claim[], { causes, evidence }: ExplanationQuestion): boolean {
  const first = causes[0];
  return !isNamed(first) || claims.some((claim) => restsOn(claim, first, evidence));
}

function restsOn(claim: Claim, cause: Cause, evidence: readonly Evidence[]): boolean {
  const grounds = evidenceFor(cause, evidence);
  // A silent service that no known path leads to has no evidence of its own: any of the incident's may stand for it.
  return grounds.length === 0 || claim.evidence.some((number) => grounds.includes(number));
}
