import type { Evidence, Explanation, ExplanationDraft, ExplanationQuestion } from "../domain/explanation.ts";

export type ExplainResult =
  | { readonly kind: "drafted"; readonly draft: ExplanationDraft; readonly tokens: number }
  /** `reason` is one plain line for the card: "timed out after 20 s", "refused", "rate limited". */
  | { readonly kind: "unavailable"; readonly reason: string; readonly tokens: number };

/** Writes the prose. One file in `src/adapters/explainers/`. */
export interface Explainer {
  readonly name: string;
  explain(question: ExplanationQuestion): Promise<ExplainResult>;
}

export interface ExplanationStore {
  evidence(incidentId: number): Promise<readonly Evidence[]>;
  /** Adds what is new, keeps the numbers of what is there; returns all of it. */
  addEvidence(
    incidentId: number,
    evidence: readonly Omit<Evidence, "number">[],
  ): Promise<readonly Evidence[]>;
  /** As saved, every field of it. */
  find(incidentId: number): Promise<Explanation | null>;
  save(explanation: Explanation): Promise<void>;
  /** Tokens spent today ("YYYY-MM-DD", UTC) in all and on this incident ever. */
  spent(day: string, incidentId: number): Promise<{ readonly today: number; readonly incident: number }>;
  /** Adds to what was spent; negative gives back what was reserved and not used. */
  spend(day: string, incidentId: number, tokens: number): Promise<void>;
}
