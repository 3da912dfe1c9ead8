import { compareSeverity, type Severity } from "./alert.ts";
import type { IncidentFacts } from "./incident/facts.ts";

export const incidentStates = ["open", "acknowledged", "resolved"] as const;
/** `reopened` is an event of the timeline: a reopened incident is open again, with `reopenedCount` above zero. */
export type IncidentState = (typeof incidentStates)[number];

/** A set of alerts believed to share a cause; has one card per channel. */
export interface Incident {
  /** Small whole number that people type: `/ack 12`. */
  readonly id: number;
  readonly state: IncidentState;
  readonly severity: Severity;
  /** One plain line. Untrusted text: it is made from alert text. */
  readonly title: string;
  /** Services with alerts in it, most alerts first; of many the first 20. */
  readonly services: readonly string[];
  /** How many services have alerts in it, listed or not. */
  readonly serviceCount: number;
  /** Start of the earliest alert. */
  readonly startedAt: Date;
  /** When the bot made it. */
  readonly openedAt: Date;
  readonly acknowledgedAt: Date | null;
  readonly acknowledgedBy: string | null;
  /** Who works on it: whoever took it, or was given it. */
  readonly assignedTo: string | null;
  readonly assignedAt: Date | null;
  /** Who set the severity by hand; it then stands whatever the alerts say. Null while it is theirs. */
  readonly severitySetBy: string | null;
  /** Until then its thread is quiet; null when nobody asked for that. */
  readonly snoozedUntil: Date | null;
  /** Other incidents that people say have to do with it; both sides name each other. */
  readonly related: readonly number[];
  readonly resolvedAt: Date | null;
  readonly resolvedBy: string | null;
  readonly reopenedCount: number;
  readonly alertCount: number;
  readonly firingCount: number;
  /** True while every alert in it is muted: no card is posted. */
  readonly isMuted: boolean;
  /** Set when a bridge joined it to an older incident; its card says so. */
  readonly mergedInto: number | null;
  /** Set when it was split off: the first incident of its family. Its alerts are told as a story of their own. */
  readonly parentId: number | null;
  /** Grows by one with every change that a card shows. */
  readonly revision: number;
}

/** Kinds of timeline entries, in the past tense of what happened. */
export type TimelineKind =
  | "opened"
  | "joined"
  | "merged"
  | "split"
  | "alert_resolved"
  | "alert_refired"
  | "severity_changed"
  | "acknowledged"
  | "assigned"
  | "escalated"
  | "snoozed"
  | "woken"
  | "related"
  | "resolved"
  | "reopened"
  | "explained"
  | "measured"
  | "muted"
  | "unmuted"
  | "flapping"
  | "settled"
  | "rollout"
  | "feedback"
  | "note";

/** One line of an incident's history; becomes one line in its thread. */
export interface TimelineEntry {
  readonly id: number;
  readonly incidentId: number;
  readonly at: Date;
  readonly kind: TimelineKind;
  /** Person id, or "tocsin". */
  readonly actor: string;
  /** Plain text, untrusted. */
  readonly text: string;
  readonly data: Readonly<Record<string, unknown>>;
  /** Whether the thread shows it; joins during a storm are coalesced into one line. */
  readonly isPosted: boolean;
}

/** One thing that happened to an incident, in words, before it is stored. */
export interface IncidentEvent {
  readonly kind: TimelineKind;
  readonly text: string;
  readonly data?: Readonly<Record<string, unknown>>;
}

export interface IncidentStep {
  readonly incident: Incident;
  /** Empty when nothing that a card shows has changed. */
  readonly events: readonly IncidentEvent[];
  readonly hasChanged: boolean;
}

/** A new incident. One whose alerts have all ended already is born resolved, and no card is made for it. */
export function openIncident(id: number, facts: IncidentFacts, now: Date): Incident {
  const isOver = facts.firingCount === 0;
  return {
    id,
    ...facts,
    state: isOver ? "resolved" : "open",
    openedAt: now,
    acknowledgedAt: null,
    acknowledgedBy: null,
    assignedTo: null,
    assignedAt: null,
    severitySetBy: null,
    snoozedUntil: null,
    related: [],
    resolvedAt: isOver ? now : null,
    resolvedBy: isOver ? "tocsin" : null,
    reopenedCount: 0,
    mergedInto: null,
    parentId: null,
    revision: 1,
  };
}

/**
 * Moves an incident on to what its alerts now say: resolved when none fires, reopened when one fires again.
 * A person's acknowledgement stands until it is reopened, and who works on it beyond that. `startedFiring` tells whether an alert began to fire since
 * the last step: an incident that a person resolved stays so while the same alerts merely go on. `isRedrawn`: its card
 * shows something new of its alerts, although its numbers are the same.
 */
export function advanceIncident(
  before: Incident,
  told: IncidentFacts,
  change: { readonly startedFiring: boolean; readonly isRedrawn?: boolean; readonly now: Date },
): IncidentStep {
  const events: IncidentEvent[] = [];
  const facts = before.severitySetBy === null ? told : { ...told, severity: before.severity };
  let incident: Incident = { ...before, ...facts };
  if (before.state !== "resolved" && facts.firingCount === 0) {
    incident = {
      ...incident,
      state: "resolved",
      resolvedAt: change.now,
      resolvedBy: "tocsin",
      snoozedUntil: null,
    };
    events.push({ kind: "resolved", text: `resolved: all ${facts.alertCount} alerts have ended` });
  } else if (before.state === "resolved" && change.startedFiring && facts.firingCount > 0) {
    incident = {
      ...incident,
      state: "open",
      resolvedAt: null,
      resolvedBy: null,
      acknowledgedAt: null,
      acknowledgedBy: null,
      reopenedCount: before.reopenedCount + 1,
    };
    events.push({ kind: "reopened", text: "reopened: an alert fires again" });
  }
  if (incident.state !== "resolved" && facts.severity !== before.severity) {
    const direction = compareSeverity(facts.severity, before.severity) < 0 ? "up" : "down";
    // Whoever put it to sleep did so for what it was then.
    if (direction === "up") incident = { ...incident, snoozedUntil: null };
    events.push({
      kind: "severity_changed",
      text: `severity ${direction} from ${before.severity} to ${facts.severity}`,
      data: { direction, from: before.severity, to: facts.severity },
    });
  }
  const hasChanged = events.length > 0 || change.isRedrawn === true || !isSameFacts(before, facts);
  return {
    incident: hasChanged ? { ...incident, revision: before.revision + 1 } : before,
    events,
    hasChanged,
  };
}

function isSameFacts(before: Incident, facts: IncidentFacts): boolean {
  return (
    before.severity === facts.severity &&
    before.title === facts.title &&
    before.alertCount === facts.alertCount &&
    before.firingCount === facts.firingCount &&
    before.isMuted === facts.isMuted &&
    before.serviceCount === facts.serviceCount &&
    before.startedAt.getTime() === facts.startedAt.getTime() &&
    before.services.join("\n") === facts.services.join("\n")
  );
}

/**
 * An incident that came out of another: whoever has that one has this one too, and what a person resolved stays so.
 * A family has one parent, the first.
 */
export function splitIncident(child: Incident, parent: Incident): Incident {
  const { assignedTo, assignedAt } = parent;
  const own = { ...child, assignedTo, assignedAt, parentId: parent.parentId ?? parent.id };
  const { acknowledgedAt, acknowledgedBy, resolvedAt, resolvedBy } = parent;
  if (own.state !== "open" || parent.state === "open") return own;
  return parent.state === "acknowledged"
    ? { ...own, state: "acknowledged", acknowledgedAt, acknowledgedBy }
    : { ...own, state: "resolved", acknowledgedAt, acknowledgedBy, resolvedAt, resolvedBy };
}

/** An incident whose alerts all went into another: resolved, and its card says where they are. */
export function mergeIncident(before: Incident, into: number, now: Date): IncidentStep {
  const incident: Incident = {
    ...before,
    state: "resolved",
    resolvedAt: before.resolvedAt ?? now,
    resolvedBy: before.resolvedBy ?? "tocsin",
    mergedInto: into,
    snoozedUntil: null,
    firingCount: 0,
    revision: before.revision + 1,
  };
  return { incident, events: [{ kind: "merged", text: `merged into incident ${into}` }], hasChanged: true };
}
