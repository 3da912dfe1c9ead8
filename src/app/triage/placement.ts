/** Alerts go to the incidents where the correlator, or the firing before, puts them. */
import type { Correlation, Observation, Placement } from "../../domain/clustering/correlation.ts";
import { duration } from "../../domain/view.ts";
import { type TriageMemory, unplaced } from "./memory.ts";
import { append, keep, type Movement, newMovement } from "./movement.ts";

const nothingFresh: ReadonlySet<string> = new Set();

/** What the correlator said, before alerts are moved. */
export interface Observed {
  readonly correlation: Correlation;
  /** The number that the first incident would get that was new to it. */
  readonly firstNew: number;
}

/**
 * Asks the correlator where alerts belong now. Of alerts that it has forgotten it is told nothing: it would take them for
 * new, and they stay where they are.
 * @param fresh - keys of those that are new.
 */
export function observe(
  { correlator }: Pick<TriageMemory, "correlator">,
  observations: readonly Observation[],
  now: Date,
  fresh: ReadonlySet<string> = nothingFresh,
): Observed {
  const firstNew = correlator.nextIncidentId();
  const told = observations.filter(
    (observation) =>
      observation.kind !== "alert" || fresh.has(observation.key) || correlator.remembers(observation.key),
  );
  return {
    correlation: told.length === 0 ? newMovement().correlation : correlator.observe(told, now),
    firstNew,
  };
}

/**
 * Moves alerts to where they belong now.
 * @param fresh - keys of those that are new in this batch.
 */
export function place(
  memory: TriageMemory,
  movement: Movement,
  { placements }: Pick<Correlation, "placements">,
  fresh: ReadonlySet<string> = nothingFresh,
): void {
  for (const placement of placements) {
    const { key, incidentId } = placement;
    if (!move(memory, movement, placement)) continue;
    if (fresh.has(key)) append(movement.joined, incidentId, key);
    const guest = memory.guests.get(incidentId);
    if (guest === undefined) continue;
    // It is not alone there any more.
    memory.guests.delete(incidentId);
    const reasons = memory.alerts.get(guest)?.reasons ?? [];
    if (guest !== key) move(memory, movement, { key: guest, incidentId, reasons });
  }
}

function move(
  memory: TriageMemory,
  movement: Movement,
  { key, incidentId, reasons }: Pick<Placement, "key" | "incidentId" | "reasons">,
): boolean {
  const known = memory.alerts.get(key);
  if (known === undefined) return false;
  if (known.incidentId !== unplaced && known.incidentId !== incidentId)
    movement.touched.add(known.incidentId);
  const { correlatorVersion } = memory;
  keep(memory, movement, {
    ...known,
    incidentId,
    reasons,
    ...(correlatorVersion === null ? {} : { correlatorVersion }),
  });
  movement.touched.add(incidentId);
  return true;
}

/** Shown for what decides beside the scores of signals, in log-odds. */
const ruleScore = 10;

/**
 * An alert that fires again soon, and would have a new incident to itself, stays with its earlier firing: whoever saw
 * that one end sees it reopened instead of a card of its own. When others join the incident that it was meant for, it
 * goes there with them.
 * @param again - keys of such alerts, with those of the firings before.
 */
export function keepTogether(
  memory: TriageMemory,
  movement: Movement,
  again: ReadonlyMap<string, string>,
): void {
  for (const [key, earlierKey] of again) {
    const [tracked, earlier] = [memory.alerts.get(key), memory.alerts.get(earlierKey)];
    if (tracked === undefined || earlier === undefined) continue;
    const { incidentId: own } = tracked;
    const isAlone = memory.members.get(own)?.size === 1 && !memory.incidents.has(own);
    if (!isAlone || own === earlier.incidentId || earlier.incidentId === unplaced) continue;
    const because = `it fired again ${duration(tracked.alert.startsAt.getTime() - earlier.alert.startsAt.getTime())} after its earlier firing`;
    const reasons = [{ signal: "again", score: ruleScore, because }];
    movement.touched.delete(own);
    movement.joined.delete(own);
    memory.guests.set(own, key);
    keep(memory, movement, { ...tracked, incidentId: earlier.incidentId, reasons });
    movement.touched.add(earlier.incidentId);
  }
}
