/** When an explanation is made anew, and when that is worth showing. */
import { createHash } from "node:crypto";
import type { Cause } from "./correlation.ts";
import type { Explanation, ExplanationDraft, ExplanationQuestion } from "./explanation.ts";
import { actionsOf } from "./explanation-template.ts";

/** Causes whose identity and rough confidence matter to the text. */
const rankedKept = 5;

/** The cause as an answer: "service:NAME", "change:ID", both, or "none". */
export function causeIdentity(cause: Cause | undefined): string {
  if (cause === undefined || (cause.service === null && cause.changeId === null)) return "none";
  return JSON.stringify([cause.service, cause.changeId]);
}

/** Hash of what the text depends on: numbers of the evidence, the ranking in steps of five percent, what can be undone. */
export function basisOf({ incident, evidence, causes, undo }: ExplanationQuestion): string {
  const ranking = causes
    .slice(0, 3)
    .map((cause) => [causeIdentity(cause), Math.round(cause.confidence * 20)]);
  const parts = [
    evidence.map((fact) => fact.number),
    ranking,
    incident.services.slice(0, 5),
    incident.startedAt.toISOString(),
    undo.map((way) => [way.changeId, way.command]),
  ];
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex").slice(0, 32);
}

/**
 * The explanation by the template. While the first cause is the one that a model's stored text explains, that text
 * stands on, with ranking and actions brought up to date.
 */
export function withTemplate(
  question: ExplanationQuestion,
  made: {
    /** What the template wrote. */
    readonly draft: ExplanationDraft;
    readonly stored: Explanation | null;
    readonly basis: string;
    readonly at: Date;
  },
): Explanation {
  const { stored, draft } = made;
  const base = {
    incidentId: question.incident.id,
    revision: question.incident.revision,
    ranked: question.causes.slice(0, rankedKept),
    basis: made.basis,
    asked: stored?.asked ?? null,
    unaskedSince: stored?.unaskedSince ?? made.at.toISOString(),
    at: made.at,
  };
  const standsOn =
    stored !== null &&
    stored.explainer !== "template" &&
    causeIdentity(stored.ranked[0]) === causeIdentity(question.causes[0]);
  if (standsOn)
    return {
      ...base,
      summary: stored.summary,
      causes: stored.causes,
      actions: actionsOf(question),
      explainer: stored.explainer,
      fallback: stored.fallback,
    };
  return { ...base, ...draft, explainer: "template", fallback: null };
}

/** True when a card would read differently. */
export function isShownDifferently(stored: Explanation | null, next: Explanation): boolean {
  if (stored === null) return true;
  const shown = ({ summary, causes, actions, fallback, ranked }: Explanation) =>
    JSON.stringify([
      ...[summary, causes, actions].map((claims) =>
        claims.map((claim) => [claim.text, claim.evidence, claim.command ?? null]),
      ),
      fallback,
      causeIdentity(ranked[0]),
    ]);
  return shown(stored) !== shown(next);
}
