/** From stored deliveries to batches that triage takes in one transaction each. */
import type { Change } from "../../domain/change.ts";
import type { Observation } from "../../domain/clustering/correlation.ts";
import type { ProfilePush } from "../../domain/monitoring/profile-push.ts";
import type { Topology } from "../../domain/topology.ts";
import type { ParseResult, StoredDelivery } from "../../ports.ts";
import type { Report } from "./movement.ts";

const maxAlertsInBatch = 2_000;

/** What some deliveries say, in the order of receipt. */
export interface Batch {
  readonly deliveries: StoredDelivery[];
  readonly reports: Report[];
  readonly observations: Observation[];
  readonly changes: Change[];
  readonly topologies: { readonly source: string; readonly topology: Topology; readonly at: Date }[];
  readonly profiles: ProfilePush[];
  readonly dead: { readonly delivery: StoredDelivery; readonly problem: string }[];
}

/** Parses deliveries into batches of at most some thousand alerts; one delivery is never split. */
export function* sliceByAlerts(
  deliveries: readonly StoredDelivery[],
  parse: (delivery: StoredDelivery) => ParseResult,
): Generator<Batch> {
  let batch = newBatch();
  for (const delivery of deliveries) {
    addDelivery(batch, delivery, parse(delivery));
    if (batch.reports.length < maxAlertsInBatch) continue;
    yield batch;
    batch = newBatch();
  }
  if (batch.deliveries.length > 0) yield batch;
}

function newBatch(): Batch {
  return {
    deliveries: [],
    reports: [],
    observations: [],
    changes: [],
    topologies: [],
    profiles: [],
    dead: [],
  };
}

function addDelivery(batch: Batch, delivery: StoredDelivery, result: ParseResult): void {
  batch.deliveries.push(delivery);
  if (result.kind === "unparseable") {
    batch.dead.push({ delivery, problem: `${result.problem}; ${result.remedy}` });
    return;
  }
  const parsed = result.delivery;
  for (const alert of parsed.alerts) batch.reports.push({ alert, receivedAt: delivery.receivedAt });
  for (const change of parsed.changes) batch.observations.push({ kind: "change", change });
  batch.changes.push(...parsed.changes);
  batch.profiles.push(...(parsed.profiles ?? []));
  if (parsed.topology === null) return;
  batch.topologies.push({ source: delivery.source, topology: parsed.topology, at: delivery.receivedAt });
}
