/** Ends the sleep of an incident when its time has come, and says so in its thread. */
import { wakeIncident } from "../domain/incident/work.ts";
import type { Clock, Store } from "../ports.ts";
import type { Effects } from "./effects.ts";

/** Safe at any time, more than once: an incident that was put to sleep again, woken or resolved is left alone. */
export async function wake(
  incidentId: number,
  parts: { readonly store: Store; readonly effects: Effects; readonly clock: Clock },
): Promise<void> {
  const now = parts.clock.now();
  await parts.store.transaction(async (tx) => {
    const before = await tx.incidents.findForUpdate(incidentId);
    const incident = before === null ? null : wakeIncident(before, now);
    if (incident === null) return;
    const firing = incident.firingCount === 1 ? "1 alert fires" : `${incident.firingCount} alerts fire`;
    const entry = { kind: "woken", text: `no longer quiet: ${firing}` } as const;
    await parts.effects.apply(tx, [{ kind: "incident", incident, entry }], {
      now,
      actor: "tocsin",
      auditSeq: null,
    });
  });
}
