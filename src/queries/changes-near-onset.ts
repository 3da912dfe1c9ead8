import type { Change } from "../domain/change.ts";
import type { IncidentStore } from "../ports.ts";

/** A cause comes before its first alert, or is told of a little late. */
const nearMs = 3_600_000;
/** Read of what came near the onset, and of all that came since. */
const maxNear = 700;
const maxSince = 300;

/**
 * Changes from some time on until now, oldest first. Those near the onset come first: in an incident that
 * has been open for days they would be lost among all that was changed since. Of either kind the newest are read;
 * `isCut` says that there may be more.
 */
export async function changesNearOnset(
  incidents: Pick<IncidentStore, "changesBetween">,
  onset: Date,
  { since: from, now }: { readonly since: Date; readonly now: Date },
): Promise<{ readonly changes: readonly Change[]; readonly isCut: boolean }> {
  const until = new Date(Math.min(onset.getTime() + nearMs, now.getTime()));
  const [near, since] = await Promise.all([
    incidents.changesBetween(from, until, maxNear),
    until < now ? incidents.changesBetween(new Date(until.getTime() + 1), now, maxSince) : [],
  ]);
  return { changes: [...near, ...since], isCut: near.length >= maxNear || since.length >= maxSince };
}
