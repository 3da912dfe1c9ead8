/** What an alert told people, or why it did not: from what is stored of it, its incident and that incident's posts. */

import type { Incident } from "../incident.ts";
import { flappingText, isFlapping } from "../suppression/flapping.ts";
import { moment, oneLine, textOf } from "../view.ts";
import type { TrackedAlert } from "./tracked.ts";

/** One card of the incident, in one channel. */
export interface CardFate {
  /** "slack:C0123ABCD" */
  readonly channel: string;
  readonly state: "waiting" | "sending" | "posted" | "refused";
  readonly postedRevision: number;
  /** What keeps it from being posted, or null. Untrusted text. */
  readonly problem: string | null;
}

export interface Notification {
  /** Whether people were shown it: on a card, or as one more alert of a card. */
  readonly isNotified: boolean;
  /** Plain sentences, the decisive one first. Untrusted text. */
  readonly because: readonly string[];
}

/**
 * Says whether an alert notified, and why or why not. Asked in the order in which triage decides.
 * @param incident - where its alert is now, what that was merged into followed.
 */
export function notificationOf(
  alert: Pick<TrackedAlert, "mutedBy" | "partOf" | "flapping" | "incidentId">,
  incident: Incident,
  cards: readonly CardFate[],
): Notification {
  const own = ownReason(alert);
  const around = [...cardReasons(incident, cards), ...history(alert, incident)];
  const isShown = cards.some(({ postedRevision }) => postedRevision > 0);
  return {
    isNotified: own === null && isShown,
    because: own === null ? around : [own, ...around],
  };
}

/** What keeps the alert itself quiet. */
function ownReason({ mutedBy, partOf }: Pick<TrackedAlert, "mutedBy" | "partOf">): string | null {
  if (mutedBy !== null) return `It is muted by ${oneLine(mutedBy.because, 300)}.`;
  if (partOf !== undefined)
    return "It counts as a part of an earlier firing that is held open because it flaps; that one notified.";
  return null;
}

/** What it or its incident went through, which says where to look. */
function history(
  { flapping, incidentId }: Pick<TrackedAlert, "flapping" | "incidentId">,
  { id, parentId }: Incident,
): readonly string[] {
  const held = isFlapping(flapping)
    ? [
        `It is held open since ${textOf([moment(flapping.since)])} (${flappingText(flapping)}): its returns do not notify again.`,
      ]
    : [];
  const merged = incidentId === id ? [] : [`Incident ${incidentId} was merged into ${id}.`];
  const split = parentId === null ? [] : [`Incident ${id} was split from incident ${parentId}.`];
  return [...held, ...merged, ...split];
}

function cardReasons(incident: Incident, cards: readonly CardFate[]): readonly string[] {
  if (cards.length > 0) return cards.map((card) => cardReason(incident, card));
  const { id } = incident;
  if (incident.isMuted) return [`Every alert of incident ${id} is muted, so it has no card.`];
  // One whose alerts had all ended when it was made is born resolved.
  if (incident.resolvedAt !== null && incident.resolvedAt <= incident.openedAt)
    return [`Incident ${id} was over before a card was made for it.`];
  return [`No entry under channels: in tocsin.yaml matches an alert of incident ${id}, so it has no card.`];
}

function cardReason({ id }: Incident, { channel, state, postedRevision, problem }: CardFate): string {
  const where = oneLine(channel, 100);
  const why = problem === null ? "" : `: ${oneLine(problem, 200)}`;
  if (state === "refused")
    return postedRevision > 0
      ? `The card of incident ${id} in ${where} is no longer kept up to date${why}.`
      : `The card of incident ${id} was refused in ${where}${why}. A person has to put it right: tocsin doctor.`;
  if (postedRevision > 0) return `The card of incident ${id} is in ${where}.`;
  return `The card of incident ${id} has not reached ${where} yet${why}.`;
}
