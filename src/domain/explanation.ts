import type { Cause } from "./correlation.ts";

/** A stored, numbered fact that a claim may cite as [3]. */
export interface Evidence {
  readonly number: number;
  readonly kind: "alert" | "change" | "topology" | "rollout" | "metric" | "incident";
  /** What it is about: alert key, change id, rollout id, path. */
  readonly subject: string;
  /** One plain line. Untrusted text. */
  readonly text: string;
  readonly at: Date | null;
  readonly data: Readonly<Record<string, unknown>>;
}

/** One sentence and the evidence for it. */
export interface Claim {
  readonly text: string;
  readonly evidence: readonly number[];
}

/** What an explainer writes, before it is checked. */
export interface ExplanationDraft {
  readonly summary: readonly Claim[];
  readonly causes: readonly Claim[];
  readonly actions: readonly Claim[];
}

/** Summary + causes + suggested actions, every claim citing evidence that exists. */
export interface Explanation extends ExplanationDraft {
  readonly incidentId: number;
  /** Revision of the incident it explains. */
  readonly revision: number;
  /** "template" or "openai". */
  readonly explainer: string;
  /** Why the template's text stands although a model was asked for; null when none was, or it worked. */
  readonly fallback: string | null;
  /** Ranked by us, never by the explainer. */
  readonly ranked: readonly Cause[];
  readonly at: Date;
}
