/**
 * Deliveries become incidents. One replica leads a scope at a time; everything a batch did, and how far it read, is
 * committed in one transaction fenced by the lease, so nothing is lost and nothing is done twice.
 */

import type { Alert } from "../domain/alert.ts";
import type { Route } from "../domain/chat/routing.ts";
import type { Correlator, Observation } from "../domain/clustering/correlation.ts";
import { isOverdue } from "../domain/incident/thread-news.ts";
import type { Incident } from "../domain/incident.ts";
import { type MonitoringSettings, shippedMonitoring } from "../domain/monitoring/profile-push.ts";
import type { FlappingRule } from "../domain/suppression/flapping.ts";
import type { InhibitionRule } from "../domain/suppression/inhibition.ts";
import { muteCauses } from "../domain/suppression/mute.ts";
import type { MuteSettings } from "../domain/suppression.ts";
import { joinTopologies, type Topology } from "../domain/topology.ts";
import {
  type Clock,
  type Job,
  type Lease,
  LeaseLostError,
  type Log,
  type Metrics,
  type ParseResult,
  type Store,
  type StoredDelivery,
  type StoreSlices,
} from "../ports.ts";
import { recallLines } from "./incident-lines.ts";
import type { KnownMoves } from "./known-moves.ts";
import { passTime } from "./pass-time.ts";
import { createRest } from "./rest.ts";
import { recall, takeRulings } from "./rulings.ts";
import { dueReminders, type ReminderRule, shippedReminders, wantReminders } from "./silence-reminders.ts";
import { takePushes } from "./take-pushes.ts";
import { takeReports } from "./take-reports.ts";
import { type Batch, sliceByAlerts } from "./triage-batch.ts";
import { type Leader, saveMovement } from "./triage-commit.ts";
import { createMemory, forget, type Movement, remember, type TriageMemory } from "./triage-memory.ts";

export interface TriageOptions {
  readonly store: Store;
  /** A new, empty correlator with the champion's weights. */
  readonly createCorrelator: () => Correlator;
  /** Version of those weights. */
  readonly correlatorVersion?: () => number;
  /** Finds the source and parses; never throws. */
  readonly parse: (delivery: StoredDelivery) => ParseResult;
  readonly routes: readonly Route[];
  /** What is to be done beside for an incident that changed; nothing by default. */
  readonly follow?: (incidentId: number) => readonly Job[];
  readonly replica: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  /** Told of alerts that are placed for the first time and stored. */
  readonly onNewAlerts?: (alerts: Iterable<Alert>) => void;
  /** How long a firing alert may go unheard of before it counts as ended, ms. */
  readonly timeoutMs: (source: string) => number;
  /** Leaves out what the bot knows already: moves of a registry's pointer that it made itself; all are news by default. */
  readonly knownMoves?: KnownMoves;
  /** None by default. */
  readonly inhibition?: readonly InhibitionRule[];
  /** When an alert flaps, and when a silence is reminded of; the shipped rules by default. */
  readonly flapping?: FlappingRule;
  readonly reminders?: ReminderRule;
  /** How what is pushed of models is gathered; as shipped when left out. */
  readonly monitoring?: MonitoringSettings;
  /** Whether anybody is to be told while nobody acknowledges an incident; false by default. */
  readonly escalates?: boolean;
}

export interface Triage {
  /** Leads whenever it can, until {@link stop}. */
  start(): void;
  /** Lets the batch in hand finish, and gives the lease back. */
  stop(): Promise<void>;
  /** New deliveries may be there. */
  wake(): void;
  /** The champion's weights changed: forget and load anew. */
  reload(): void;
  isLeader(): boolean;
}

export const triageScope = "default";
const leaseTtlMs = 9_000;
const renewMs = 2_500;
const pollMs = 250;
const tickMs = 1_000;
const remindMs = 30_000;
/** A silence that matches all the time is marked so once in so long. */
const markMatchedMs = 3_600_000;
const maxDeliveries = 200;
/** Rulings of people that are carried out at once. */
const maxRulings = 100;
const maxRulingsInForce = 2_000;
const memoryMs = 24 * 3_600_000;
const maxRemembered = 200_000;
/** Open incidents that began within this long are explained again when a change is told. */
const reconsiderMs = 6 * 3_600_000;
const maxReconsidered = 50;

interface Leadership extends Leader {
  lease: Lease;
  renewedAt: number;
  tickedAt: number;
  remindedAt: number;
  /** Receipt of the newest delivery that was read, while more are waiting: time has come only so far. */
  behindAt: Date | null;
  /** Silences by kind of reminder that were asked for already: "silence_ending 12". */
  readonly reminded: Set<string>;
}

export function createTriage(options: TriageOptions): Triage {
  const { store, clock, log, metrics } = options;
  let leadership: Leadership | null = null;
  let isStopping = false;
  let mustReload = false;
  let running: Promise<void> = Promise.resolve();
  const rest = createRest();
  /** Somebody called while a turn was under way, which may have looked too early. */
  let isWoken = false;
  let failures = 0;
  /** Deliveries read at once: fewer after a failure, more with every success. */
  let limit = maxDeliveries;

  async function run(): Promise<void> {
    while (!isStopping) {
      isWoken = false;
      const hasMore = await turn();
      if (!hasMore && !isStopping && !isWoken) await rest.take(leadership === null ? 1_000 : pollMs);
    }
    await stepDown();
  }

  /** One round: keep the lease, take a batch, let time pass. True when there may be more to do at once. */
  async function turn(): Promise<boolean> {
    try {
      if (!(await keepLease())) return false;
      if (leadership === null) return false;
      const count = await takeBatch(leadership);
      await carryOutRulings(leadership);
      await tick(leadership);
      failures = 0;
      limit = Math.min(maxDeliveries, limit * 2);
      return count > 0;
    } catch (error) {
      failures += 1;
      // After repeated failures go one by one, so that the delivery to blame can be told from its neighbours.
      limit = failures >= 2 ? 1 : Math.ceil(limit / 4);
      leadership = null;
      const isLost = error instanceof LeaseLostError;
      log[isLost ? "warn" : "error"](
        { error: reasonOf(error), failures },
        isLost
          ? "triage: the lease went to another replica"
          : "triage: a batch failed; loading again from the database",
      );
      metrics.count("tocsin_triage_failures_total");
      await rest.take(Math.min(5_000, 200 * 2 ** Math.min(failures, 5)));
      return false;
    }
  }

  async function keepLease(): Promise<boolean> {
    const now = clock.now().getTime();
    if (leadership !== null && !mustReload && now - leadership.renewedAt < renewMs) return true;
    const lease = await store.leases.acquire(triageScope, options.replica, leaseTtlMs);
    metrics.gauge("tocsin_triage_leader", lease === null ? 0 : 1);
    if (lease === null) {
      if (leadership !== null) log.warn({}, "triage: the lease went to another replica");
      leadership = null;
      return false;
    }
    if (leadership === null || mustReload || leadership.lease.fence !== lease.fence) {
      mustReload = false;
      leadership = await load(options, lease, now);
      log.info(
        { fence: lease.fence, cursor: lease.cursor, alerts: leadership.memory.alerts.size },
        "triage: leading",
      );
    } else {
      leadership.renewedAt = now;
    }
    return true;
  }

  async function takeBatch(leader: Leadership): Promise<number> {
    const deliveries = await store.deliveries.after(leader.lease.cursor, limit);
    if (deliveries.length === 0) {
      leader.behindAt = null;
      return 0;
    }
    const settings = await readSettings();
    for (const parsed of sliceByAlerts(deliveries, options.parse)) {
      const batch = await withNews(parsed);
      if (batch.topologies.length > 0) batch.observations.push(await wholeTopology(batch));
      if (failures >= 4 && batch.deliveries.length === 1) await buryPoison(leader, batch.deliveries);
      else await commitBatch(leader, batch, settings);
    }
    leader.behindAt = deliveries.length < limit ? null : (deliveries.at(-1)?.receivedAt ?? null);
    return deliveries.length;
  }

  /** The batch without changes that are no news. */
  async function withNews(batch: Batch): Promise<Batch> {
    if (options.knownMoves === undefined || batch.changes.length === 0) return batch;
    const changes = await options.knownMoves.news(batch.changes);
    const others = batch.observations.filter(({ kind }) => kind !== "change");
    const observations = changes.map((change): Observation => ({ kind: "change", change }));
    return { ...batch, changes: [...changes], observations: [...observations, ...others] };
  }

  async function readSettings(): Promise<MuteSettings> {
    const now = clock.now();
    const { incidents } = store;
    const [silences, windows] = await Promise.all([incidents.silences(now), incidents.maintenance(now)]);
    return { silences, windows };
  }

  /** The correlator wants what all sources say together. */
  async function wholeTopology(batch: Batch): Promise<Observation> {
    const stored = await store.incidents.topologies();
    const said = new Map([
      ...stored,
      ...batch.topologies.map(({ source, topology }): [string, Topology] => [source, topology]),
    ]);
    return { kind: "topology", topology: joinTopologies(said.values()) };
  }

  async function commitBatch(leader: Leadership, batch: Batch, settings: MuteSettings): Promise<void> {
    const startedAt = performance.now();
    const last = batch.deliveries.at(-1);
    if (last === undefined) return;
    const now = clock.now();
    const movement = takeReports(leader.memory, batch.reports, {
      observations: batch.observations,
      settings,
      now: last.receivedAt,
    });
    const matched = newlyMatched(leader.memory, settings, now);
    await commit(leader, movement, {
      cursor: last.id,
      now,
      before: async (tx) => {
        await tx.incidents.markMatched(matched, now);
        for (const dead of batch.dead) await tx.deliveries.bury(dead.delivery, dead.problem);
        if (batch.changes.length > 0) {
          const news = (await options.knownMoves?.newsIn(tx, batch.changes)) ?? batch.changes;
          await tx.incidents.saveChanges(news);
          await tx.jobs.addAll(reconsider(leader, now));
        }
        for (const said of batch.topologies)
          await tx.incidents.saveTopology(said.source, said.topology, said.at);
        await takePushes(tx, batch.profiles, options.monitoring ?? shippedMonitoring, now);
      },
    });
    options.onNewAlerts?.(newAlerts(movement));
    metrics.count("tocsin_triage_alerts_total", {}, batch.reports.length);
    metrics.gauge("tocsin_triage_lag_seconds", (clock.now().getTime() - last.receivedAt.getTime()) / 1000);
    metrics.observe("tocsin_triage_batch_seconds", (performance.now() - startedAt) / 1000);
    for (const dead of batch.dead)
      metrics.count("tocsin_dead_deliveries_total", { source: dead.delivery.source });
  }

  /** What people decided about groupings since the last look; a few of them at a time. */
  async function carryOutRulings(leader: Leadership): Promise<void> {
    const rulings = await store.feedback.waiting(maxRulings);
    if (rulings.length === 0) return;
    await recall(store, leader.memory, rulings);
    const now = clock.now();
    const movement = takeRulings(leader.memory, rulings, now);
    const carriedOut = rulings.map(({ id }) => id);
    await commit(leader, movement, {
      cursor: leader.lease.cursor,
      now,
      before: (tx) => tx.feedback.markCarriedOut(carriedOut, now),
    });
    metrics.count("tocsin_rulings_total", {}, rulings.length);
  }

  async function buryPoison(leader: Leadership, deliveries: readonly StoredDelivery[]): Promise<void> {
    const delivery = deliveries[0];
    if (delivery === undefined) return;
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

  async function tick(leader: Leadership): Promise<void> {
    const now = clock.now();
    if (now.getTime() - leader.tickedAt < tickMs) return;
    leader.tickedAt = now.getTime();
    const settings = await readSettings();
    const { memory } = leader;
    const movement = passTime(memory, {
      settings,
      now: leader.behindAt ?? now,
      timeoutMs: options.timeoutMs,
    });
    const overdue = heldBack(leader, now);
    for (const id of overdue) {
      movement.touched.add(id);
      movement.owed.add(id);
    }
    if (movement.alerts.size + overdue.length > 0)
      await commit(leader, movement, { cursor: leader.lease.cursor, now, before: () => Promise.resolve() });
    // What could not be told now, because its alerts are no longer in memory, never can.
    for (const id of heldBack(leader, now)) {
      leader.news.delete(id);
      leader.heldLines.delete(id);
    }
    await remind(leader, settings, now);
    forget(memory, new Date(now.getTime() - memoryMs));
    for (const times of [leader.news, leader.heldLines, leader.explainedAt])
      for (const id of times.keys()) if (!memory.incidents.has(id)) times.delete(id);
    for (const id of leader.routed) if (!memory.incidents.has(id)) leader.routed.delete(id);
    measure(memory);
  }

  /** Reminders of silences, now and then. */
  async function remind(leader: Leadership, settings: MuteSettings, now: Date): Promise<void> {
    if (now.getTime() - leader.remindedAt < remindMs || settings.silences.length === 0) return;
    leader.remindedAt = now.getTime();
    const rule = options.reminders ?? shippedReminders;
    const firing = [...leader.memory.firing].flatMap((key) => leader.memory.alerts.get(key) ?? []);
    const { due, matched } = dueReminders(settings.silences, firing, now, rule);
    const wanted = due.filter(({ kind, silence }) => !leader.reminded.has(`${kind} ${silence.id}`));
    if (wanted.length + matched.length === 0) return;
    await store.transaction(async (tx) => {
      await tx.incidents.markMatched(matched, now);
      await wantReminders(tx, wanted, now);
    });
    for (const { kind, silence } of wanted) leader.reminded.add(`${kind} ${silence.id}`);
  }

  function measure(memory: TriageMemory): void {
    const open = [...memory.incidents.values()].filter((incident) => incident.state !== "resolved");
    metrics.gauge("tocsin_open_incidents", open.length);
    const muted = new Map<string, number>();
    for (const key of memory.firing) {
      const by = memory.alerts.get(key)?.mutedBy?.by;
      if (by !== undefined) muted.set(by, (muted.get(by) ?? 0) + 1);
    }
    for (const by of muteCauses) metrics.gauge("tocsin_muted_alerts", muted.get(by) ?? 0, { by });
    metrics.gauge("tocsin_flapping_alerts", memory.held.size);
    for (const [part, size] of Object.entries(memory.correlator.sizes()))
      metrics.gauge("tocsin_correlator_size", size, { part });
  }

  async function commit(
    leader: Leadership,
    movement: Movement,
    step: {
      readonly cursor: number;
      readonly now: Date;
      readonly before: (tx: StoreSlices) => Promise<void>;
    },
  ): Promise<void> {
    const saved = await store.transaction(async (tx) => {
      await tx.leases.advance(leader.lease, {
        cursor: step.cursor,
        nextIncidentId: leader.memory.correlator.nextIncidentId(),
      });
      await step.before(tx);
      return saveMovement(tx, leader, movement, {
        now: step.now,
        routes: options.routes,
        follow: options.follow ?? (() => []),
        escalates: options.escalates ?? false,
      });
    });
    leader.lease = { ...leader.lease, cursor: step.cursor };
    for (const [by, count] of movement.muted) metrics.count("tocsin_mutes_total", { by }, count);
    for (const incident of saved) {
      tellState(log, leader.memory.incidents.get(incident.id)?.state ?? null, incident);
      leader.memory.incidents.set(incident.id, incident);
    }
  }

  /** Gives the lease back when leaving. */
  async function stepDown(): Promise<void> {
    if (leadership !== null)
      await store.leases
        .release(leadership.lease)
        .catch((error: unknown) =>
          log.warn({ error: String(error) }, "triage: could not give the lease back"),
        );
    leadership = null;
  }

  return {
    start() {
      running = run();
    },
    async stop() {
      isStopping = true;
      rest.wake();
      await running;
    },
    wake() {
      isWoken = true;
      rest.wake();
    },
    reload() {
      mustReload = true;
      rest.wake();
    },
    isLeader: () => leadership !== null,
  };
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

/** A change that is told late may explain what is already open: the newest open incidents are explained again. */
function reconsider({ memory }: Leader, now: Date): Job[] {
  const since = now.getTime() - reconsiderMs;
  return [...memory.incidents.values()]
    .filter((incident) => incident.state !== "resolved" && incident.startedAt.getTime() >= since)
    .sort((a, b) => b.id - a.id)
    .slice(0, maxReconsidered)
    .map(({ id }) => ({ task: "explain", incidentId: id }));
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

/** A database error says what was asked; what went wrong is its cause. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause === undefined ? String(error) : `${String(cause)} (${String(error).slice(0, 300)})`;
}

/** Reads back what an earlier leader decided. */
async function load(options: TriageOptions, lease: Lease, now: number): Promise<Leadership> {
  const since = new Date(options.clock.now().getTime() - memoryMs);
  const { incidents } = options.store;
  const remembered = await incidents.remembered(since, maxRemembered);
  const changes = await incidents.changesBetween(
    new Date(since.getTime() - 7_200_000),
    new Date(now + 3_600_000),
    20_000,
  );
  const topology = await incidents.topology();
  const correlator = options.createCorrelator();
  correlator.restore({
    topology,
    changes,
    alerts: remembered,
    rulings: await options.store.feedback.inForce(since, maxRulingsInForce),
    nextIncidentId: lease.nextIncidentId,
  });
  const memory = createMemory(correlator, options);
  for (const tracked of remembered) remember(memory, tracked);
  for (const incident of await incidents.rememberedIncidents(since))
    memory.incidents.set(incident.id, incident);
  return {
    memory,
    ...recallLines(memory, await incidents.threadLines()),
    lease,
    renewedAt: now,
    tickedAt: 0,
    remindedAt: 0,
    behindAt: null,
    reminded: new Set(),
    explainedAt: new Map(),
    routed: new Set(),
  };
}

/** Incidents whose threads have something to be told that was held back. */
function heldBack({ news }: Pick<Leadership, "news">, now: Date): readonly number[] {
  return [...news].flatMap(([id, held]) => (isOverdue(held, now) ? [id] : []));
}
