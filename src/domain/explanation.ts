import type { Severity } from "./alert.ts";
import type { Cause } from "./clustering/correlation.ts";
import type { Incident } from "./incident.ts";
import type { Dependents } from "./topology/dependents.ts";

/** A stored, numbered fact that a claim may cite as [3]. */
export interface Evidence {
  readonly number: number;
  readonly kind: "alert" | "change" | "topology" | "callers" | "rollout" | "metric" | "incident";
  /** What it is about: alert key, change id, rollout id, path, who calls what. */
  readonly subject: string;
  /** One plain line. Untrusted text. */
  readonly text: string;
  readonly at: Date | null;
  readonly data: Readonly<Record<string, unknown>>;
}

/** A fact that has no number yet. */
export type NewEvidence = Omit<Evidence, "number">;

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

/** Who depends on what is broken, as the topology has it now, and the number of the fact that says so. */
export interface CitedDependents extends Dependents {
  readonly evidence: number;
}

/** What an explanation is written from. All text in evidence and causes is untrusted. */
export interface ExplanationQuestion {
  readonly incident: Incident;
  readonly evidence: readonly Evidence[];
  /** Best first. */
  readonly causes: readonly Cause[];
  readonly undo: readonly Undo[];
  /** Whom it may concern; absent or empty where no topology tells. It is never a reason for a cause. */
  readonly dependents?: readonly CitedDependents[];
}

/** What an explainer writes, before it is checked. */
export interface ExplanationDraft {
  readonly summary: readonly Claim[];
  readonly causes: readonly Claim[];
  readonly actions: readonly Claim[];
  /** Another order of the first causes, best first, each with why; absent or empty when ours is right. */
  readonly order?: readonly RankedClaim[];
}

/** One place in an order of causes that a model proposes, and why. */
export interface RankedClaim extends Claim {
  /** Our rank of the cause, from 1. */
  readonly rank: number;
}

/** How sure the ranking is of its first cause. */
export type Likelihood = "most likely" | "probably" | "possibly" | "weak suspicion";

/** The answer to "what caused it", as a thread may tell it. */
export interface Answer {
  /** See `causeIdentity`; "none" while the evidence is not enough to name one. */
  readonly cause: string;
  /** What it is called in a sentence; empty when no cause is named. Untrusted text. */
  readonly name: string;
  readonly likelihood: Likelihood;
}

/**
 * What an explanation depends on: while none of it differs, nothing is written anew and no model is asked, however many
 * alerts arrive.
 */
export interface Material {
  readonly answer: Answer;
  /** Affected ones, sorted. */
  readonly services: readonly string[];
  /** How many more there are, roughly; absent while all are listed. */
  readonly unlisted?: number;
  /** The worst so far. */
  readonly severity: Severity;
  /** Numbers of the evidence other than alerts: changes, metrics, past incidents, paths, callers. */
  readonly facts: readonly number[];
  /** What is said of whom it concerns; absent while nothing is. */
  readonly whom?: string;
  /** Numbers of the facts that left with their alerts; absent while none has. */
  readonly departed?: readonly number[];
  /** ISO 8601. */
  readonly startedAt: string;
  readonly isOver: boolean;
  readonly reopenedCount: number;
  /** Commands that would undo a suspect. */
  readonly undo: readonly string[];
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
  /** Our ranks in the order that a model gave evidence for, first causes first; null while ours stands. */
  readonly modelOrder: readonly number[] | null;
  /** What it was made from. */
  readonly material: Material;
  /** Hash of the material: the same basis is not explained twice. */
  readonly basis: string;
  /** What the card first said, or the thread said last. */
  readonly told: Answer;
  /** The last question to a model, whatever came of it; null while none was asked. `at` is ISO 8601. */
  readonly asked: { readonly basis: string; readonly at: string } | null;
  /** ISO 8601: since when there is something to ask a model or to tell the thread; absent while there is not. */
  readonly unsettledSince?: string;
  readonly at: Date;
}
