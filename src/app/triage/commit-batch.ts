/** One batch: its reports are placed and muted, and all that it says is stored at once. */
import type { Alert } from "../../domain/alert.ts";
import type { Incident } from "../../domain/incident.ts";
import { shippedMonitoring } from "../../domain/monitoring/profile-push.ts";
import type { MuteSettings } from "../../domain/suppression.ts";
import type { Job } from "../../ports.ts";
import { countLeftOut } from "../left-out.ts";
import { takePushes } from "../take-pushes.ts";
import { placeReports, takeReports } from "../take-reports.ts";
import type { Batch } from "./batch.ts";
import { commit } from "./commit.ts";
import type { Leadership } from "./leadership.ts";
import type { TriageMemory } from "./memory.ts";
import type { Movement } from "./movement.ts";
import type { TriageOptions } from "./options.ts";
import { recallPlaced, recallReported } from "./recall.ts";

/** A silence that matches all the time is marked so once in so long. */
const markMatchedMs = 3_600_000;
/** Open incidents that began within this long are explained again when a change is told. */
const reconsiderMs = 6 * 3_600_000;
const maxReconsidered = 50;

export async function commitBatch(
  options: TriageOptions,
  leader: Leadership,
  { batch, settings }: { readonly batch: Batch; readonly settings: MuteSettings },
): Promise<void> {
  const { clock, metrics } = options;
  const startedAt = performance.now();
  const last = batch.deliveries.at(-1);
  if (last === undefined) return;
  const now = clock.now();
  const movement = await moveAlerts(options, leader, { batch, settings, now: last.receivedAt });
  const matched = newlyMatched(leader.memory, settings, now);
  const concerned = batch.changes.length === 0 ? [] : concernedByChanges(leader, now);
  await commit(options, leader, {
    movement,
    cursor: last.id,
    now,
    before: async (tx) => {
      await tx.incidents.markMatched(matched, now);
      for (const dead of batch.dead) await tx.deliveries.bury(dead.delivery, dead.problem);
      if (batch.changes.length > 0) {
        const news = (await options.knownMoves?.newsIn(tx, batch.changes)) ?? batch.changes;
        await tx.incidents.saveChanges(news);
        await tx.jobs.addAll(concerned.slice(0, maxReconsidered).map(explainAgain));
      }
      for (const said of batch.topologies)
        await tx.incidents.saveTopology(said.source, said.topology, said.at);
      await takePushes(tx, batch.profiles, options.monitoring ?? shippedMonitoring, now);
    },
  });
  for (const { id, at } of batch.changes) leader.changesTaken.set(id, at.getTime());
  options.onNewAlerts?.(newAlerts(movement));
  metrics.count("tocsin_triage_alerts_total", {}, batch.reports.length);
  countLeftOut(metrics).note("reconsidered_incidents", Math.max(0, concerned.length - maxReconsidered));
  metrics.observe("tocsin_triage_batch_seconds", (performance.now() - startedAt) / 1000);
  for (const dead of batch.dead)
    metrics.count("tocsin_dead_deliveries_total", { source: dead.delivery.source });
}

/** Brings alerts to where reports and observations put them; what that needs is read back first. */
export async function moveAlerts(
  { store, clock }: TriageOptions,
  { memory }: Leadership,
  {
    batch: { reports, observations },
    settings,
    now,
  }: {
    readonly batch: Pick<Batch, "reports" | "observations">;
    readonly settings: MuteSettings;
    readonly now: Date;
  },
): Promise<Movement> {
  await recallReported(store, memory, reports, clock.now());
  const taken = takeReports(memory, reports, { observations, settings, now });
  await recallPlaced(store, memory, taken);
  return placeReports(memory, taken);
}

function newAlerts({ joined, alerts }: Movement): Alert[] {
  return [...joined.values()].flat().flatMap((key) => alerts.get(key)?.alert ?? []);
}

/** Silences that matched an alert of this batch, and were not known to of late. */
function newlyMatched(memory: TriageMemory, { silences }: MuteSettings, now: Date): readonly number[] {
  const matched = new Set(memory.muting.takeMatched());
  const before = now.getTime() - markMatchedMs;
  return silences
    .filter(({ id, matchedAt }) => matched.has(id) && (matchedAt?.getTime() ?? 0) < before)
    .map(({ id }) => id);
}

/** A change that is told late may explain what is already open; newest first, for older ones had time to be explained. */
function concernedByChanges({ memory }: Leadership, now: Date): readonly Incident[] {
  const since = now.getTime() - reconsiderMs;
  return [...memory.open]
    .flatMap((id) => memory.incidents.get(id) ?? [])
    .filter(({ startedAt }) => startedAt.getTime() >= since)
    .sort((a, b) => b.id - a.id);
}

function explainAgain({ id }: Incident): Job {
  return { task: "explain", incidentId: id };
}
