/** What people do with an incident beside acknowledging and resolving it; each gives the incident as it is then. */
import type { Severity } from "../alert.ts";
import type { Incident } from "../incident.ts";

/** Incidents that one may be related to. */
export const maxRelated = 20;

/** Given to somebody. Whoever takes it themselves has thereby acknowledged it. */
export function assignIncident(
  incident: Incident,
  given: { readonly to: string; readonly by: string; readonly now: Date },
): Incident {
  const { to, by, now } = given;
  const assigned = { ...incident, assignedTo: to, assignedAt: now };
  if (incident.state !== "open" || to !== by) return assigned;
  return { ...assigned, state: "acknowledged", acknowledgedAt: now, acknowledgedBy: by };
}

/** A severity that stands whatever the alerts say. */
export function setSeverity(incident: Incident, severity: Severity, by: string): Incident {
  return { ...incident, severity, severitySetBy: by };
}

/** The alerts say again how bad it is. @param severity - what they say now. */
export function releaseSeverity(incident: Incident, severity: Severity): Incident {
  return { ...incident, severity, severitySetBy: null };
}

/** Quiet until then. */
export function snoozeIncident(incident: Incident, until: Date): Incident {
  return { ...incident, snoozedUntil: until };
}

/** Awake again, where its time has come; else null: somebody let it sleep longer, or woke it. */
export function wakeIncident(incident: Incident, now: Date): Incident | null {
  const { snoozedUntil, state } = incident;
  const isDue = snoozedUntil !== null && snoozedUntil <= now && state !== "resolved";
  return isDue ? { ...incident, snoozedUntil: null } : null;
}

/** Open again because a person says so; who works on it still does. */
export function reopenIncident(incident: Incident): Incident {
  return {
    ...incident,
    state: "open",
    resolvedAt: null,
    resolvedBy: null,
    acknowledgedAt: null,
    acknowledgedBy: null,
    reopenedCount: incident.reopenedCount + 1,
  };
}

/** Two incidents that name each other; null when they do already, or one has too many. */
export function relateIncidents(a: Incident, b: Incident): readonly [Incident, Incident] | null {
  if (a.related.includes(b.id) || Math.max(a.related.length, b.related.length) >= maxRelated) return null;
  return [
    { ...a, related: [...a.related, b.id] },
    { ...b, related: [...b.related, a.id] },
  ];
}

/** The same undone; null when they do not name each other. */
export function unrelateIncidents(a: Incident, b: Incident): readonly [Incident, Incident] | null {
  if (!a.related.includes(b.id)) return null;
  return [
    { ...a, related: a.related.filter((id) => id !== b.id) },
    { ...b, related: b.related.filter((id) => id !== a.id) },
  ];
}
