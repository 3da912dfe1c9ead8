import type { Evidence, Explanation, ExplanationDraft, ExplanationQuestion } from "../domain/explanation.ts";

/** What went to a language model and came back, as the audit log keeps it. */
export interface ModelExchange {
  /** Name of the model. */
  readonly model: string;
  /** SHA-256 of the prompt, 64 lowercase hex characters. */
  readonly promptHash: string;
  /** The same of the answer; null when none came. */
  readonly answerHash: string | null;
}

export type ExplainResult = (
  | { readonly kind: "drafted"; readonly draft: ExplanationDraft; readonly tokens: number }
  /** `reason` is one plain line for the card: "timed out after 20 s", "refused", "rate limited". */
  | { readonly kind: "unavailable"; readonly reason: string; readonly tokens: number }
) & {
  /** Absent where no language model is asked. */
  readonly exchange?: ModelExchange;
  /** Facts for which the prompt had no room. */
  readonly untold?: number;
};

/** Writes the prose. One file in `src/adapters/explainers/`. */
export interface Explainer {
  readonly name: string;
  explain(question: ExplanationQuestion): Promise<ExplainResult>;
}

/** Tokens that explanations may cost. Days are of UTC. */
export interface TokenBudget {
  readonly perDay: number;
  readonly perIncident: number;
}

/** Tokens set aside for one question to a model. */
export interface TokenReservation {
  /** "YYYY-MM-DD", UTC. */
  readonly day: string;
  readonly incidentId: number;
  readonly tokens: number;
  readonly budget: TokenBudget;
}

export type Reserved =
  | { readonly kind: "reserved" }
  /** `leftTokens` of that budget are neither spent nor set aside; never negative. */
  | { readonly kind: "too_little"; readonly of: "day" | "incident"; readonly leftTokens: number };

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
  /**
   * Sets tokens aside for one question, or says which budget has too little left. Atomic: replicas that ask at the same
   * moment keep the limits together, and what a replica set aside before it died stays counted.
   */
  reserve(wanted: TokenReservation): Promise<Reserved>;
  /** Corrects what was set aside to what the question cost. */
  settle(wanted: TokenReservation, costTokens: number): Promise<void>;
}
