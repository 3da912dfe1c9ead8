import { type Severity, worstSeverity } from "./alert.ts";

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
  | "silenced"
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
