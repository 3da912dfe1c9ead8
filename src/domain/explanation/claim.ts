/** Whether one sentence of a model may stand: what it cites exists, it orders nothing, and its content is backed. */
import type { Claim, ExplanationQuestion } from "../explanation.ts";
import { asSeen, citedNames } from "./cited.ts";
import { contentProblem } from "./content.ts";
import { cleanModelSentence } from "./model-text.ts";

const maxCited = 8;

export type CheckedClaim =
  | { readonly kind: "stands"; readonly claim: Claim }
  /** `reason` is one plain line, for the log. */
  | { readonly kind: "refused"; readonly reason: string };

/** Checks a sentence and cleans it; what stands cites only evidence that exists, each once. */
export function checkClaim(claim: Claim, question: ExplanationQuestion): CheckedClaim {
  const known = new Map(question.evidence.map((fact) => [fact.number, fact]));
  const numbers = [...new Set(claim.evidence)];
  const unknown = numbers.filter((number) => !known.has(number));
  if (unknown.length > 0)
    return refused(`cites evidence that does not exist: ${unknown.slice(0, 5).join(", ")}`);
  if (numbers.length === 0) return refused("cites no evidence");
  if (numbers.length > maxCited) return refused(`cites ${numbers.length} facts at once; at most ${maxCited}`);
  const cited = numbers.flatMap((number) => known.get(number) ?? []).map(asSeen);
  const cleaned = cleanModelSentence(claim.text, citedNames(cited));
  if (cleaned.kind === "refused") return cleaned;
  const problem = contentProblem(cleaned.text, cited, question);
  if (problem !== null) return refused(problem);
  return { kind: "stands", claim: { text: cleaned.text, evidence: numbers } };
}

function refused(reason: string): CheckedClaim {
  return { kind: "refused", reason };
}
