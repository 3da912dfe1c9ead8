/**
 * Looks at every backend again and again, and compares what it says is live with what our rollouts made of it. What
 * someone changed without the bot is recorded once, audited, posted, and kept as a change that incidents may suspect.
 */

import { judgeLook, type LookVerdict, type ServingLook } from "../domain/serving.ts";
import { oneLine } from "../domain/view.ts";
import type { Clock, LiveVersion, Log, Metrics, ModelEntry, Store, StoreSlices } from "../ports.ts";
import { withDeadline } from "./deadline.ts";
import { type AfterTurn, createLeaseLoop } from "./lease-loop.ts";
import { createOutsideChanges, nameOf, OvertakenError, type Place } from "./outside-changes.ts";

export interface ReconcileOptions {
  readonly store: Store;
  readonly models: readonly ModelEntry[];
  /** Where changes outside are posted, "slack:C0123ABCD". */
  readonly channels: readonly string[];
  readonly replica: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  /** Pause between two looks at a place, ms. */
  readonly everyMs: number;
  /** A number from 0 to 1, for the jitter. */
  readonly random: () => number;
  /** How long a backend may take, ms; for tests. */
  readonly lookMs?: number;
}

export interface Reconcile {
  start(): void;
  /** Lets the look in hand finish, and gives the lease back. */
  stop(): Promise<void>;
  /** One turn: keeps the lease, and looks at every place that is due. */
  turn(): Promise<AfterTurn>;
}

const leaseTtlMs = 60_000;
const defaultLookMs = 20_000;
/** Turns are at least and at most this far apart, ms. */
const minTickMs = 1_000;
const maxTickMs = 10_000;
/** A backend that is away is asked again after at most this, ms. */
const maxBackoffMs = 30 * 60_000;
/** Places looked at side by side; more wait for their turn. */
const maxAtOnce = 4;
/** All looks of one turn together: the lease must not run out meanwhile, ms. */
const turnMs = 40_000;
const maxRollouts = 50;

/** When a place is looked at next, and how often in a row it could not be. */
interface Turn {
  readonly dueMs: number;
  readonly failures: number;
}

export function createReconcile(options: ReconcileOptions): Reconcile {
  const { store, clock, log, metrics, everyMs } = options;
  const places = options.models.flatMap(placesOf);
  const outside = createOutsideChanges({ channels: options.channels, log });
  const turns = new Map<string, Turn>();

  async function lookAround(stopping: AbortSignal): Promise<void> {
    const startedAt = clock.now().getTime();
    const due = places
      .filter((place) => (turns.get(nameOf(place))?.dueMs ?? 0) <= startedAt)
      .sort((a, b) => (turns.get(nameOf(a))?.dueMs ?? 0) - (turns.get(nameOf(b))?.dueMs ?? 0));
    const left = [...due];
    const work = async () => {
      for (let place = left.shift(); place !== undefined; place = left.shift()) {
        if (stopping.aborted || clock.now().getTime() - startedAt > turnMs) return;
        await lookAt(place);
      }
    };
    await Promise.all(Array.from({ length: maxAtOnce }, work));
  }

  async function lookAt(place: Place): Promise<void> {
    const name = nameOf(place);
    const failures = turns.get(name)?.failures ?? 0;
    let live: ServingLook;
    try {
      live = await ask(place);
    } catch (error) {
      if (failures === 0)
        log.warn({ place: name, problem: messageOf(error) }, "reconcile: a backend is away");
      metrics.count("tocsin_reconcile_looks_total", { outcome: "away" });
      turns.set(name, { dueMs: nextAt(failures + 1), failures: failures + 1 });
      return;
    }
    if (failures > 0) log.info({ place: name, failures }, "reconcile: a backend is back");
    turns.set(name, { dueMs: nextAt(0), failures: 0 });
    const outcome = await record(place, live);
    metrics.count("tocsin_reconcile_looks_total", { outcome });
  }

  /** Twice as long after each failure, and never all at one moment. */
  function nextAt(failures: number): number {
    const pause = Math.min(Math.max(everyMs, maxBackoffMs), everyMs * 2 ** Math.min(failures, 16));
    return clock.now().getTime() + pause * (0.9 + 0.2 * options.random());
  }

  async function ask({ entry, environment, part }: Place): Promise<ServingLook> {
    const askedAt = clock.now();
    const { backend, name } = entry;
    const asked =
      part === "registry" ? backend.pointed?.(name, environment) : backend.live(name, environment);
    if (asked === undefined) throw new Error(`${backend.name} has no pointer`);
    const limitMs = options.lookMs ?? defaultLookMs;
    const live: LiveVersion = await withDeadline(asked, limitMs, `the backend "${backend.name}"`);
    return { ...live, askedAt };
  }

  /** Compares and records in one transaction, so that neither a rollout nor another replica comes between. */
  async function record(place: Place, look: ServingLook): Promise<LookVerdict["kind"] | "overtaken"> {
    try {
      return await store.transaction((tx) => recordIn(tx, place, look));
    } catch (error) {
      if (error instanceof OvertakenError) return "overtaken";
      throw error;
    }
  }

  async function recordIn(tx: StoreSlices, place: Place, look: ServingLook): Promise<LookVerdict["kind"]> {
    const { entry, environment, part } = place;
    const target = { model: entry.name, environment };
    const now = clock.now();
    await tx.serving.alone();
    const previous = await tx.serving.newest(target.model, environment, part);
    const rollouts = await tx.rollouts.list({ ...target, limit: maxRollouts });
    const moves = rollouts.filter(({ plan }) => plan.kind !== "retrain");
    // Several looks may fail before one is missed.
    const verdict = judgeLook({
      look,
      previous,
      rollouts: moves,
      now,
      gapMs: Math.max(10 * 60_000, 4 * everyMs),
    });
    if (verdict.kind === "wait") return verdict.kind;
    if (verdict.kind === "same" && previous !== null) {
      await tx.serving.see(previous.id, now);
      const back = await outside.passedThrough(tx, place, { previous, look, now });
      return back === previous ? "same" : "record";
    }
    if (verdict.kind !== "record") return verdict.kind;
    const { cause, rolloutId, after, since, by } = verdict;
    if (cause === "outside") {
      await outside.found(tx, place, { previous, look, now, after, since, by });
      return "record";
    }
    const added = await tx.serving.add({
      ...{ ...target, part, version: look.version, after, since, seenAt: now, by, cause, rolloutId },
      ...{ auditSeq: null, previousId: previous?.id ?? 0 },
    });
    if (added === null) throw new OvertakenError(`${nameOf(place)} was recorded by another replica`);
    return "record";
  }

  const pauseMs = Math.max(minTickMs, Math.min(everyMs, maxTickMs));
  return createLeaseLoop({
    ...{ name: "reconcile", scope: "reconcile", replica: options.replica, leases: store.leases, clock, log },
    times: { ttlMs: leaseTtlMs, restMs: pauseMs, followMs: pauseMs },
    takeOver: (lease) => Promise.resolve(lease),
    turn: async (_leader, stopping) => {
      await lookAround(stopping);
      return "rest";
    },
  });
}

function placesOf(entry: ModelEntry): readonly Place[] {
  return entry.environments.flatMap((environment): Place[] => [
    { entry, environment, part: "serving" },
    ...(entry.backend.pointed === undefined ? [] : [{ entry, environment, part: "registry" as const }]),
  ]);
}

function messageOf(error: unknown): string {
  return oneLine(error instanceof Error ? error.message : String(error), 250);
}
