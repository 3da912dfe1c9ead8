import type { StoredDelivery } from "../../ports.ts";
import type { Leadership } from "./leadership.ts";
import type { TriageOptions } from "./options.ts";

/** Puts aside a delivery that cannot be taken, so that those after it are. */
export async function buryPoison(
  { store, log, metrics }: TriageOptions,
  leader: Leadership,
  delivery: StoredDelivery,
): Promise<void> {
  log.error(
    { delivery: delivery.id, source: delivery.source },
    "triage: this delivery fails every time; kept as dead, see tocsin doctor",
  );
  await store.transaction(async (tx) => {
    await tx.deliveries.bury(delivery, "processing failed repeatedly; see the log");
    await tx.leases.advance(leader.lease, {
      cursor: delivery.id,
      nextIncidentId: leader.memory.correlator.nextIncidentId(),
    });
  });
  leader.lease = { ...leader.lease, cursor: delivery.id };
  metrics.count("tocsin_dead_deliveries_total", { source: delivery.source });
}
