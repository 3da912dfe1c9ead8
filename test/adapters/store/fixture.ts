/** A store on a database of its own, and rows to put into it. */
import { afterEach } from "vitest";
import { type OpenStore, openStore } from "../../../src/adapters/store/store.ts";
import type { Alert } from "../../../src/domain/alert.ts";
import { alertKey, fingerprint } from "../../../src/domain/alert.ts";
import type { Incident } from "../../../src/domain/incident.ts";
import type { StoredAlert } from "../../../src/ports.ts";
import { freshDatabase, type TestDatabase } from "../../database.ts";

const opened: { readonly database: TestDatabase; readonly stores: OpenStore[] }[] = [];

afterEach(async () => {
  for (const { database, stores } of opened.splice(0)) {
    await Promise.all(stores.map((store) => store.close()));
    await database.close();
  }
});

/** Closed and dropped at the end of the test. */
export async function freshStore(): Promise<{
  store: OpenStore;
  url: string;
  another(): Promise<OpenStore>;
}> {
  const database = await freshDatabase();
  const stores: OpenStore[] = [];
  opened.push({ database, stores });
  const another = async () => {
    const store = await openStore({ url: database.url, maxConnections: 4 });
    stores.push(store);
    return store;
  };
  return { store: await another(), url: database.url, another };
}

/** Whole seconds after a fixed moment. */
export function at(seconds: number): Date {
  return new Date(Date.UTC(2026, 0, 31, 9) + seconds * 1000);
}

export function anAlert(name: string, over: Partial<Alert> = {}): Alert {
  const labels = over.labels ?? { alertname: name, service: "checkout" };
  return {
    fingerprint: fingerprint(labels),
    externalId: null,
    source: "generic",
    status: "firing",
    labels,
    annotations: {},
    name,
    service: "checkout",
    severity: "warning",
    summary: `${name} is high`,
    url: null,
    startsAt: at(0),
    endsAt: null,
    ...over,
  };
}

export function aStoredAlert(alert: Alert, over: Partial<StoredAlert> = {}): StoredAlert {
  return {
    key: alertKey(alert),
    alert,
    seenAt: at(1),
    seenCount: 1,
    endedBy: null,
    incidentId: 1,
    reasons: [{ signal: "labels", score: 1.25, because: "same service" }],
    mutedBy: null,
    ...over,
  };
}

export function anIncident(id: number, over: Partial<Incident> = {}): Incident {
  return {
    id,
    state: "open",
    severity: "warning",
    title: `incident ${id}`,
    services: ["checkout"],
    serviceCount: over.services?.length ?? 1,
    startedAt: at(0),
    openedAt: at(id),
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
    ...over,
  };
}
