/**
 * One replica leads a scope at a time: whoever holds its lease takes one turn after another. The others ask for the
 * lease again and again, so that one of them goes on when the leader dies, stops or is cut off.
 */
import { type Clock, type Lease, LeaseLostError, type LeaseStore, type Log } from "../ports.ts";
import { createRest } from "./rest.ts";

/** After a turn: there may be more to do at once, or nothing until the pause is over or somebody wakes the loop. */
export type AfterTurn = "more" | "rest";

/** How long things take, ms. */
export interface LeaseTimes {
  /** A lease that is not renewed for so long goes to whoever asks next. */
  readonly ttlMs: number;
  /** A lease younger than this is not renewed; every turn renews it when left out. */
  readonly renewMs?: number;
  /** Between two turns of the leader, when there is nothing more to do. */
  readonly restMs: number;
  /** Between two tries to get the lease, while another replica holds it. */
  readonly followMs: number;
}

/** @typeParam Leader - what a replica knows while it leads. */
export interface LeaseLoopOptions<Leader> {
  /** In the log: "watch". */
  readonly name: string;
  readonly scope: string;
  readonly replica: string;
  readonly leases: Pick<LeaseStore, "acquire" | "release">;
  readonly clock: Clock;
  readonly log: Log;
  readonly times: LeaseTimes;
  /** Reads what an earlier leader decided; called whenever the lease was another's meanwhile. */
  readonly takeOver: (lease: Lease, now: Date) => Promise<Leader>;
  /** @param stopping - aborted once the loop is asked to stop: a turn of many steps ends after the one in hand. */
  readonly turn: (leader: Leader, stopping: AbortSignal) => Promise<AfterTurn>;
  /** Told after each try to get or renew the lease. */
  readonly onLease?: (isHeld: boolean) => void;
  /** When left out, turns that fail are logged, the leader keeps what it knows, and the usual pause has to do. */
  readonly onFailure?: OnFailure;
}

/** What to do about turns that fail. */
export interface OnFailure {
  /**
   * Tells of it, and says what becomes of what the leader knows. A leader whose lease is lost forgets in any case.
   * @param failures - turns that failed in a row, with this one.
   */
  readonly judge: (error: unknown, failures: number) => "keep" | "forget";
  /** A pause before the usual one, twice as long after each failure, ms. */
  readonly backOff: { readonly firstMs: number; readonly mostMs: number };
}

export interface LeaseLoop {
  /** Leads whenever it can, until {@link LeaseLoop.stop}. */
  start(): void;
  /** Lets the turn in hand finish, and gives the lease back. */
  stop(): Promise<void>;
  /** There may be something to do: the next turn comes at once. */
  wake(): void;
  /** Takes over anew at the next turn, as if another replica had led meanwhile. */
  reload(): void;
  isLeading(): boolean;
  /** One turn, if the lease can be had; throws what the turn throws. */
  turn(): Promise<AfterTurn>;
}

interface Held<Leader> {
  readonly lease: Lease;
  readonly leader: Leader;
  readonly renewedAt: Date;
}

export function createLeaseLoop<Leader>(options: LeaseLoopOptions<Leader>): LeaseLoop {
  const { name, leases, clock, log, times, onFailure } = options;
  const rest = createRest();
  const stopping = new AbortController();
  let held: Held<Leader> | null = null;
  let failures = 0;
  let mustReload = false;
  /** Somebody called while a turn was under way, which may have looked too early. */
  let isWoken = false;
  let running: Promise<void> = Promise.resolve();

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      isWoken = false;
      const next = await turn().catch(recover);
      const mayRest = next === "rest" && !isWoken && !stopping.signal.aborted;
      if (mayRest) await rest.take(held === null ? times.followMs : times.restMs);
    }
    await stepDown();
  }

  async function turn(): Promise<AfterTurn> {
    held = await keepLease();
    if (held === null) return "rest";
    const next = await options.turn(held.leader, stopping.signal);
    failures = 0;
    return next;
  }

  async function keepLease(): Promise<Held<Leader> | null> {
    const now = clock.now();
    const ageMs = held === null ? null : now.getTime() - held.renewedAt.getTime();
    if (ageMs !== null && ageMs < (times.renewMs ?? 0) && !mustReload) return held;
    const lease = await leases.acquire(options.scope, options.replica, times.ttlMs);
    options.onLease?.(lease !== null);
    if (lease === null) {
      if (held !== null) log.warn({}, `${name}: the lease went to another replica`);
      return null;
    }
    if (held !== null && held.lease.fence === lease.fence && !mustReload)
      return { lease, leader: held.leader, renewedAt: now };
    mustReload = false;
    return { lease, leader: await options.takeOver(lease, now), renewedAt: now };
  }

  async function recover(error: unknown): Promise<AfterTurn> {
    failures += 1;
    if (error instanceof LeaseLostError) held = null;
    if (onFailure === undefined) {
      log.error({ error: String(error) }, `${name}: a turn failed; trying again`);
      return "rest";
    }
    if (onFailure.judge(error, failures) === "forget") held = null;
    const { firstMs, mostMs } = onFailure.backOff;
    if (!stopping.signal.aborted)
      await rest.take(Math.min(mostMs, firstMs * 2 ** Math.min(failures - 1, 16)));
    return "rest";
  }

  async function stepDown(): Promise<void> {
    if (held === null) return;
    const { lease } = held;
    held = null;
    await leases
      .release(lease)
      .catch((error: unknown) =>
        log.warn({ error: String(error) }, `${name}: could not give the lease back`),
      );
  }

  return {
    start() {
      running = run();
    },
    async stop() {
      stopping.abort();
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
    isLeading: () => held !== null,
    turn,
  };
}
