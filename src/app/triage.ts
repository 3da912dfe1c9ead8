/**
 * Deliveries become incidents. One replica leads a scope at a time; everything a batch did, and how far it read, is
 * committed in one transaction fenced by the lease, so nothing is lost and nothing is done twice.
 */

import type { Observation } from "../domain/clustering/correlation.ts";
import { joinTopologies, type Topology } from "../domain/topology.ts";
import { type Batch, sliceByAlerts } from "./triage/batch.ts";
import { buryPoison } from "./triage/bury-poison.ts";
import { carryOutRulings } from "./triage/carry-out-rulings.ts";
import { commitBatch } from "./triage/commit-batch.ts";
import { createLead, type Pace, type Triage } from "./triage/lead.ts";
import type { Leadership } from "./triage/leadership.ts";
import type { TriageOptions } from "./triage/options.ts";
import { readSettings } from "./triage/settings.ts";
import { takeStoredChanges } from "./triage/take-stored-changes.ts";
import { tick } from "./triage/tick.ts";

export { type Triage, triageScope } from "./triage/lead.ts";

/** A delivery that failed alone so often is put aside. */
const mostFailures = 4;

export function createTriage(options: TriageOptions): Triage {
  return createLead(options, async (leader, pace) => {
    await takeStoredChanges(options, leader);
    const count = await takeDeliveries(options, leader, pace);
    await carryOutRulings(options, leader);
    await tick(options, leader);
    return count;
  });
}

/** Reads on from the cursor: parses, places, mutes and stores, some thousand alerts at a time. Returns how many it took. */
async function takeDeliveries(
  options: TriageOptions,
  leader: Leadership,
  { limit, failures }: Pace,
): Promise<number> {
  const deliveries = await options.store.deliveries.after(leader.lease.cursor, limit);
  if (deliveries.length === 0) {
    leader.behindAt = null;
    return 0;
  }
  const settings = await readSettings(options);
  for (const parsed of sliceByAlerts(deliveries, options.parse)) {
    const batch = await withNews(options, parsed);
    if (batch.topologies.length > 0) batch.observations.push(await wholeTopology(options, batch));
    const [first, ...others] = batch.deliveries;
    const isPoison = failures >= mostFailures && others.length === 0;
    if (isPoison && first !== undefined) await buryPoison(options, leader, first);
    else await commitBatch(options, leader, { batch, settings });
  }
  leader.behindAt = deliveries.length < limit ? null : (deliveries.at(-1)?.receivedAt ?? null);
  return deliveries.length;
}

/** The batch without changes that are no news. */
async function withNews({ knownMoves }: TriageOptions, batch: Batch): Promise<Batch> {
  if (knownMoves === undefined || batch.changes.length === 0) return batch;
  const changes = await knownMoves.news(batch.changes);
  const others = batch.observations.filter(({ kind }) => kind !== "change");
  const observations = changes.map((change): Observation => ({ kind: "change", change }));
  return { ...batch, changes: [...changes], observations: [...observations, ...others] };
}

/** The correlator wants what all sources say together. */
async function wholeTopology({ store }: TriageOptions, batch: Batch): Promise<Observation> {
  const stored = await store.incidents.topologies();
  const said = new Map([
    ...stored,
    ...batch.topologies.map(({ source, topology }): [string, Topology] => [source, topology]),
  ]);
  return { kind: "topology", topology: joinTopologies(said.values()) };
}
