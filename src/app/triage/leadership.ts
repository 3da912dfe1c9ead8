/** What the replica that leads knows, and how it learns what an earlier leader decided. */
import type { Incident } from "../../domain/incident.ts";
import type { Lease } from "../../ports.ts";
import { recallLines } from "../incident-lines.ts";
import { countLeftOut, createLeftOutMeter } from "../left-out.ts";
import { keepWithin, memoryMs, mostRemembered } from "./forget.ts";
import { createMemory, know, remember } from "./memory.ts";
import type { TriageOptions } from "./options.ts";
import type { Leader } from "./want-posts.ts";

const maxRulingsInForce = 2_000;
/** Changes from so long before the oldest alert. */
const changesBeforeMs = 7_200_000;
/** Clocks of sources may be ahead. */
const changesAheadMs = 3_600_000;
const maxChanges = 20_000;

export interface Leadership extends Leader {
  lease: Lease;
  tickedAt: number;
  remindedAt: number;
  changesReadAt: number;
  /** Changes that the correlator was told of, as far as they are recent: when they were, by id, ms. */
  changesTaken: Map<string, number>;
  /** Receipt of the newest delivery that was read, while more are waiting: time has come only so far. */
  behindAt: Date | null;
  /** Silences by kind of reminder that were asked for already: "silence_ending 12". */
  readonly reminded: Set<string>;
  /** Tells what the correlator and the memory left out in all. */
  readonly tellLeftOut: ReturnType<typeof createLeftOutMeter>;
}

/** Reads back what an earlier leader decided. */
export async function takeOver(options: TriageOptions, lease: Lease, now: Date): Promise<Leadership> {
  const since = new Date(options.clock.now().getTime() - memoryMs);
  const { incidents } = options.store;
  const most = options.mostRemembered ?? mostRemembered;
  const known = await incidents.rememberedIncidents(since, most);
  const remembered = await incidents.alertsOfMany(known.map(({ id }) => id));
  const changes = await incidents.changesBetween(
    new Date(since.getTime() - changesBeforeMs),
    new Date(now.getTime() + changesAheadMs),
    maxChanges,
  );
  const topology = await incidents.topology();
  const correlator = options.createCorrelator();
  const rulings = await options.store.feedback.inForce(since, maxRulingsInForce);
  correlator.restore({
    topology,
    changes,
    alerts: remembered,
    rulings,
    nextIncidentId: lease.nextIncidentId,
  });
  const memory = createMemory(correlator, options);
  for (const tracked of remembered) remember(memory, tracked);
  for (const incident of known) know(memory, incident);
  keepWithin(memory, most, now);
  // There may be more than was read.
  const mayBeMore = alertsOf(known.filter(({ state }) => state === "resolved")) >= most;
  if (mayBeMore) memory.gone.at = now;
  const leftOut = countLeftOut(options.metrics);
  leftOut.note("takeover_alerts", Number(mayBeMore));
  leftOut.note("takeover_changes", Number(changes.length >= maxChanges));
  leftOut.note("takeover_rulings", Number(rulings.length >= maxRulingsInForce));
  return {
    memory,
    ...recallLines(memory, await incidents.threadLines()),
    lease,
    tickedAt: 0,
    remindedAt: 0,
    changesReadAt: 0,
    changesTaken: new Map(changes.map(({ id, at }) => [id, at.getTime()])),
    behindAt: null,
    reminded: new Set(),
    explainedAt: new Map(),
    routed: new Set(),
    tellLeftOut: createLeftOutMeter(options.metrics),
  };
}

function alertsOf(incidents: readonly Pick<Incident, "alertCount">[]): number {
  return incidents.reduce((alerts, { alertCount }) => alerts + alertCount, 0);
}
