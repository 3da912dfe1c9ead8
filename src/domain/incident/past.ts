/** An earlier incident beside a present one: how alike they are, why, and what is known of how it ended. */
import type { ConfirmedBefore } from "../clustering/correlation.ts";
import type { Incident } from "../incident.ts";
import { type Suspect, suspectName } from "../learning/feedback.ts";
import { redact } from "../text/redaction.ts";
import { startOf } from "../text/whole-words.ts";
import { duration, oneLine } from "../view.ts";
import { minSimilarity, type Similar } from "./similar.ts";

/** What is known of an incident's end. */
export interface Ending {
  /** What the person who resolved it wrote; null when it ended by itself or nothing was written. Untrusted text. */
  readonly reason: string | null;
  /** Causes that people confirmed. */
  readonly confirmed: readonly Suspect[];
  /** Rollouts that were made because of it and succeeded, oldest first. */
  readonly rollouts: readonly { readonly id: number; readonly title: string }[];
}

export interface PastIncident extends Similar {
  readonly incident: Incident;
  readonly ending: Ending;
}

/** Earlier incidents that are shown. */
const maxPast = 3;
const maxReason = 200;
/** Characters of one text that are looked at. */
const maxRead = 4_000;

/** True when somebody said or did something that tells what it was. */
export function isExplained({ reason, confirmed, rollouts }: Ending): boolean {
  return reason !== null || confirmed.length > 0 || rollouts.length > 0;
}

/**
 * Those worth showing: the very similar, and of the less similar those of which it is known what they were.
 * @param ranked - best first.
 */
export function worthShowing(ranked: readonly PastIncident[]): readonly PastIncident[] {
  return ranked
    .filter(({ similarity, ending }) => similarity >= minSimilarity || isExplained(ending))
    .slice(0, maxPast);
}

/** "3 of 4 alert types (…); same first service, checkout": what makes them alike, most telling first. */
export function whySimilar({ parts }: Pick<Similar, "parts">): string {
  return parts
    .filter(({ score }) => score > 0)
    .map(({ because }) => because)
    .join("; ");
}

/** "cause confirmed: checkout; deploy scorer 41 → 40 in production; “rolled it back”", or how it ended by itself. */
export function endingText({ incident, ending }: Pick<PastIncident, "incident" | "ending">): string {
  const { resolvedAt, startedAt } = incident;
  const after = resolvedAt === null ? "" : ` after ${duration(resolvedAt.getTime() - startedAt.getTime())}`;
  const causes = ending.confirmed.slice(0, 2).map((suspect) => `cause confirmed: ${suspectName(suspect)}`);
  const rollouts = ending.rollouts.slice(-2).map(({ title }) => clean(title, 120));
  const reason = ending.reason === null ? [] : [`“${clean(ending.reason, maxReason)}”`];
  const known = [...causes, ...rollouts, ...reason];
  if (known.length > 0) return `resolved${after}: ${known.join("; ")}`;
  const isByItself = incident.resolvedBy === null || incident.resolvedBy === "tocsin";
  return isByItself ? `ended by itself${after}` : `resolved${after}; nobody wrote why`;
}

/** Secrets go before the cut, since half of one is no longer known. */
function clean(text: string, max: number): string {
  return oneLine(redact(startOf(text, maxRead)).text, max);
}

/** "82 %". */
export function similarityText({ similarity }: Pick<Similar, "similarity">): string {
  return `${Math.round(similarity * 100)} %`;
}

/** The services that people confirmed as the cause of earlier incidents like this one, most similar first. */
export function confirmedBefore(past: readonly PastIncident[]): readonly ConfirmedBefore[] {
  return past.flatMap(({ incidentId, similarity, ending }) =>
    ending.confirmed.flatMap(({ service }) =>
      service === null ? [] : [{ service, similarity, incidentId }],
    ),
  );
}
