import type { Cause } from "./correlation.ts";
import type { Incident } from "./incident.ts";

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
  /** Only in actions: the command line that does it, without slash. Always ours, never from alert text or a model. */
  readonly command?: string;
}

/** How to take back a rollout of ours that is a suspect. */
export interface Undo {
  /** Id of the change that the rollout is. */
  readonly changeId: string;
  /** What it does, in plain words: "roll back fraud-scorer in production to 41". */
  readonly title: string;
  /** Command line that asks for it, without slash. */
  readonly command: string;
}

/** What an explanation is written from. All text in evidence and causes is untrusted. */
export interface ExplanationQuestion {
  readonly incident: Incident;
  readonly evidence: readonly Evidence[];
  /** Best first. */
  readonly causes: readonly Cause[];
  readonly undo: readonly Undo[];
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
  /** Hash of what it was made from: evidence and ranking. The same basis is not explained twice. */
  readonly basis: string;
  /** The last question to a model, whatever came of it; null while none was asked. `at` is ISO 8601. */
  readonly asked: { readonly basis: string; readonly at: string } | null;
  /** ISO 8601: since when the facts differ from the last question to a model; absent while they do not. */
  readonly unaskedSince?: string;
  readonly at: Date;
}
