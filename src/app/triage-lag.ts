import type { Clock, Store } from "../ports.ts";
import { triageScope } from "./triage.ts";

/** How long the oldest delivery that triage has not read has waited, ms; 0 when none waits. */
export async function readTriageLag(
  store: Pick<Store, "leases" | "deliveries">,
  clock: Clock,
): Promise<number> {
  const oldest = await store.deliveries.oldestAfter(await store.leases.cursor(triageScope));
  return oldest === null ? 0 : Math.max(0, clock.now().getTime() - oldest.getTime());
}
