/** Everything a batch did, and how far it read, is committed in one transaction fenced by the lease. */
import type { Incident } from "../../domain/incident.ts";
import type { Log, StoreSlices } from "../../ports.ts";
import { keepWithin, mostRemembered } from "./forget.ts";
import type { Leadership } from "./leadership.ts";
import { know } from "./memory.ts";
import type { Movement } from "./movement.ts";
import type { TriageOptions } from "./options.ts";
import { saveMovement } from "./save-movement.ts";

export interface Step {
  readonly movement: Movement;
  /** The last delivery that it has read. */
  readonly cursor: number;
  readonly now: Date;
  /** What is stored with it, before it. */
  readonly before?: (tx: StoreSlices) => Promise<void>;
}

/** @throws LeaseLostError when another replica leads by now; then nothing of it is stored. */
export async function commit(
  options: TriageOptions,
  leader: Leadership,
  { movement, cursor, now, before }: Step,
): Promise<void> {
  const saved = await options.store.transaction(async (tx) => {
    await tx.leases.advance(leader.lease, {
      cursor,
      nextIncidentId: leader.memory.correlator.nextIncidentId(),
    });
    await before?.(tx);
    return saveMovement(tx, leader, movement, {
      now,
      routes: options.routes,
      follow: options.follow ?? (() => []),
      escalates: options.escalates ?? false,
    });
  });
  leader.lease = { ...leader.lease, cursor };
  for (const [by, count] of movement.muted) options.metrics.count("tocsin_mutes_total", { by }, count);
  for (const incident of saved) {
    tellState(options.log, leader.memory.incidents.get(incident.id)?.state ?? null, incident);
    know(leader.memory, incident);
    if (!leader.memory.incidents.has(incident.id)) leader.routed.delete(incident.id);
  }
  for (const id of keepWithin(leader.memory, options.mostRemembered ?? mostRemembered, now))
    leader.routed.delete(id);
}

/** One log line for each incident that is new or came into another state. */
function tellState(log: Log, before: Incident["state"] | null, incident: Incident): void {
  if (before === incident.state) return;
  const { id, state, severity, alertCount } = incident;
  log.info(
    { incident: id, state, severity, alerts: alertCount },
    before === null ? "incident opened" : "incident changed",
  );
}
