import type { TrackedAlert } from "../../src/domain/alert/tracked.ts";
import { type Alert, alertKey, fingerprint } from "../../src/domain/alert.ts";
import type { Incident } from "../../src/domain/incident.ts";

/** 2026-03-01 10:00 UTC plus some minutes. */
export function at(minutes: number): Date {
  return new Date(Date.UTC(2026, 2, 1, 10, 0) + minutes * 60_000);
}

/** An alert that fires since 10:00; labels follow name and service unless given. */
export function buildAlert(given: Partial<Alert> = {}): Alert {
  const name = given.name ?? "HighErrorRate";
  const service = given.service === undefined ? "checkout" : given.service;
  const labels = given.labels ?? { alertname: name, ...(service === null ? {} : { service }) };
  return {
    fingerprint: fingerprint(labels),
    externalId: null,
    source: "alertmanager",
    status: "firing",
    labels,
    annotations: {},
    name,
    service,
    severity: "warning",
    summary: name,
    url: null,
    startsAt: at(0),
    endsAt: null,
    ...given,
  };
}

export function buildTracked(given: Partial<Alert> = {}, more: Partial<TrackedAlert> = {}): TrackedAlert {
  const alert = buildAlert(given);
  return {
    key: alertKey(alert),
    alert,
    seenAt: alert.startsAt,
    seenCount: 1,
    endedBy: alert.status === "firing" ? null : "source",
    incidentId: 1,
    reasons: [],
    mutedBy: null,
    ...more,
  };
}

export function buildIncident(given: Partial<Incident> = {}): Incident {
  return {
    id: 1,
    state: "open",
    severity: "warning",
    title: "HighErrorRate on checkout",
    services: ["checkout"],
    serviceCount: given.services?.length ?? 1,
    startedAt: at(0),
    openedAt: at(0),
    acknowledgedAt: null,
    acknowledgedBy: null,
    assignedTo: null,
    assignedAt: null,
    severitySetBy: null,
    snoozedUntil: null,
    related: [],
    resolvedAt: null,
    resolvedBy: null,
    reopenedCount: 0,
    alertCount: 1,
    firingCount: 1,
    isMuted: false,
    mergedInto: null,
    parentId: null,
    revision: 1,
    ...given,
  };
}
