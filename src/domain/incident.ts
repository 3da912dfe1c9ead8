import { compareSeverity, type Severity, worstSeverity } from "./alert.ts";
import type { TrackedAlert } from "./tracked-alert.ts";
import { oneLine } from "./view.ts";

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
  /** Services with alerts in it, most alerts first. */
  readonly services: readonly string[];
  /** Start of the earliest alert. */
  readonly startedAt: Date;
  /** When the bot made it. */
  readonly openedAt: Date;
  readonly acknowledgedAt: Date | null;
  readonly acknowledgedBy: string | null;
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

/** What an incident shows of its alerts. */
export interface AlertFacts {
  readonly severity: Severity;
  readonly isFiring: boolean;
}

/** Severity of an incident: the worst of its firing alerts, or of all of them once none fires. */
export function severityOfIncident(alerts: readonly AlertFacts[]): Severity {
  const firing = alerts.filter((alert) => alert.isFiring);
  return worstSeverity((firing.length > 0 ? firing : alerts).map((alert) => alert.severity));
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

/** What the alerts of an incident say of it, in all. */
export interface IncidentFacts {
  readonly severity: Severity;
  readonly title: string;
  readonly services: readonly string[];
  readonly startedAt: Date;
  readonly alertCount: number;
  readonly firingCount: number;
  readonly isMuted: boolean;
}

/** Services and names beyond this many are counted, not listed. */
const maxListed = 20;

/**
 * Sums up the alerts of an incident.
 * @param members - at least one; any order: the result does not depend on it.
 * @throws RangeError when there are none.
 */
export function incidentFacts(members: readonly TrackedAlert[]): IncidentFacts {
  const first = least(members, byStart);
  if (first === undefined) throw new RangeError("incidentFacts: an incident needs at least one alert");
  const services = byCount(
    members.map((member) => member.alert.service).filter((service) => service !== null),
  );
  // What is muted raises no voice, unless there is nothing else.
  const unmuted = members.filter((member) => member.mutedBy === null);
  const heard = unmuted.length === 0 ? members : unmuted;
  return {
    severity: severityOfIncident(
      heard.map(({ alert, endedBy }) => ({ severity: alert.severity, isFiring: endedBy === null })),
    ),
    title: titleOf(heard, services),
    services: services.slice(0, maxListed),
    startedAt: first.alert.startsAt,
    alertCount: members.length,
    firingCount: members.filter((member) => member.endedBy === null).length,
    isMuted: unmuted.length === 0,
  };
}

/** "HighErrorRate on checkout and 2 more services": the worst alert, earliest first among equals. */
function titleOf(members: readonly TrackedAlert[], services: readonly string[]): string {
  const worst = least(
    members,
    (a, b) => compareSeverity(a.alert.severity, b.alert.severity) || byStart(a, b),
  );
  if (worst === undefined) return "";
  const name = oneLine(worst.alert.name, 120);
  const service = worst.alert.service;
  const others = services.filter((other) => other !== service).length;
  const on = service === null ? "" : ` on ${oneLine(service, 80)}`;
  return `${name}${on}${others > 0 ? ` and ${others} more ${others === 1 ? "service" : "services"}` : ""}`;
}

/** The one that sorting would put first; every batch of a storm asks this of all alerts of its incidents. */
function least(
  members: readonly TrackedAlert[],
  compare: (a: TrackedAlert, b: TrackedAlert) => number,
): TrackedAlert | undefined {
  let best = members[0];
  for (const member of members) if (best !== undefined && compare(member, best) < 0) best = member;
  return best;
}

function byStart(a: TrackedAlert, b: TrackedAlert): number {
  return (
    a.alert.startsAt.getTime() - b.alert.startsAt.getTime() || (a.key < b.key ? -1 : a.key > b.key ? 1 : 0)
  );
}

function byCount(values: readonly string[]): string[] {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1)).map(([value]) => value);
}

/** One thing that happened to an incident, in words, before it is stored. */
export interface IncidentEvent {
  readonly kind: TimelineKind;
  readonly text: string;
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
 * A person's acknowledgement stands until it is reopened. `startedFiring` tells whether an alert began to fire since
 * the last step: an incident that a person resolved stays so while the same alerts merely go on. `isRedrawn`: its card
 * shows something new of its alerts, although its numbers are the same.
 */
export function advanceIncident(
  before: Incident,
  facts: IncidentFacts,
  change: { readonly startedFiring: boolean; readonly isRedrawn?: boolean; readonly now: Date },
): IncidentStep {
  const events: IncidentEvent[] = [];
  let incident: Incident = { ...before, ...facts };
  if (before.state !== "resolved" && facts.firingCount === 0) {
    incident = { ...incident, state: "resolved", resolvedAt: change.now, resolvedBy: "tocsin" };
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
    events.push({
      kind: "severity_changed",
      text: `severity ${direction} from ${before.severity} to ${facts.severity}`,
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
    before.startedAt.getTime() === facts.startedAt.getTime() &&
    before.services.join("\n") === facts.services.join("\n")
  );
}

/**
 * An incident that came out of another: whoever has that one has this one too, and what a person resolved stays so.
 * A family has one parent, the first.
 */
export function splitIncident(child: Incident, parent: Incident): Incident {
  const own = { ...child, parentId: parent.parentId ?? parent.id };
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
    firingCount: 0,
    revision: before.revision + 1,
  };
  return { incident, events: [{ kind: "merged", text: `merged into incident ${into}` }], hasChanged: true };
}
