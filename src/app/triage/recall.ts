/**
 * Reads back from the database what triage no longer remembers and needs: what a report speaks of, and the incidents that
 * alerts come from or go to. So nothing is decided otherwise because of what was let go, only slower.
 */
import { alertKey } from "../../domain/alert.ts";
import type { Ruling } from "../../domain/clustering/correlation.ts";
import type { IncidentStore } from "../../ports.ts";
import { memoryMs } from "./forget.ts";
import { know, remember, type TriageMemory } from "./memory.ts";
import type { Report } from "./movement.ts";
import type { Observed } from "./placement.ts";

export interface RecallStore {
  readonly incidents: Pick<IncidentStore, "findMany" | "findAlerts" | "newestFirings" | "alertsOfMany">;
}

/** The alerts that reports speak of, and the newest of their fingerprints, where something was let go of late. */
export async function recallReported(
  store: RecallStore,
  memory: TriageMemory,
  reports: readonly Report[],
  now: Date,
): Promise<void> {
  const { at } = memory.gone;
  if (at === null || now.getTime() - at.getTime() > memoryMs) return;
  const unknown = new Map(reports.map(({ alert }) => [alertKey(alert), alert.fingerprint]));
  for (const key of unknown.keys()) if (memory.alerts.has(key)) unknown.delete(key);
  if (unknown.size === 0) return;
  const found = await Promise.all([
    store.incidents.findAlerts([...unknown.keys()]),
    store.incidents.newestFirings([...new Set(unknown.values())]),
  ]);
  await readBack(
    store,
    memory,
    found.flat().map(({ incidentId }) => incidentId),
  );
}

/**
 * The incidents that alerts come from and go to, before they are moved. Of those that are new there is nothing to read.
 */
export async function recallPlaced(
  store: RecallStore,
  memory: TriageMemory,
  { correlation: { placements, merges, splits }, firstNew }: Observed,
): Promise<void> {
  const keys = placements
    .flatMap(({ key, incidentId }) => [key, memory.guests.get(incidentId) ?? key])
    .filter((key) => !memory.alerts.has(key));
  const found = keys.length === 0 ? [] : await store.incidents.findAlerts([...new Set(keys)]);
  const ids = [
    ...found.map(({ incidentId }) => incidentId),
    ...placements.flatMap(({ incidentId, previousIncidentId }) => [
      incidentId,
      previousIncidentId ?? incidentId,
    ]),
    ...[...merges, ...splits].flatMap(({ from, into }) => [from, into]),
  ];
  await readBack(
    store,
    memory,
    ids.filter((id) => id < firstNew),
  );
}

/** The alerts that rulings are about, however old, with all of their incidents. */
export async function recallRuled(
  store: RecallStore,
  memory: TriageMemory,
  rulings: readonly Ruling[],
): Promise<void> {
  const keys = new Set(rulings.flatMap(({ left, right }) => [...left, ...right]));
  const missing = [...keys].filter((key) => !memory.alerts.has(key));
  if (missing.length === 0) return;
  const found = await store.incidents.findAlerts(missing);
  await readBack(
    store,
    memory,
    found.map(({ incidentId }) => incidentId),
  );
}

/** Incidents that are not remembered, with all of their alerts. */
async function readBack(store: RecallStore, memory: TriageMemory, ids: readonly number[]): Promise<void> {
  const missing = [...new Set(ids)].filter((id) => !memory.members.has(id));
  if (missing.length === 0) return;
  const [incidents, alerts] = await Promise.all([
    store.incidents.findMany(missing),
    store.incidents.alertsOfMany(missing),
  ]);
  for (const stored of alerts) if (!memory.alerts.has(stored.key)) remember(memory, stored);
  for (const incident of incidents) know(memory, incident);
  memory.gone.recalled += alerts.length;
}
