/** Denied attempts at the bot's doors become audit entries: a few at a time, however many there are. */
import {
  addAttempts,
  type DeniedAttempts,
  deniedRecord,
  foldAttempts,
} from "../domain/audit/denied-attempt.ts";
import type { Clock, Log } from "../ports/observability.ts";
import type { Store } from "../ports.ts";

export interface Denials {
  /** Counts one attempt. Never waits, never throws. */
  note(attempt: Pick<DeniedAttempts, "door" | "status" | "sender">): void;
  /** Writes what was counted; on a failure it stays counted for the next time. */
  write(): Promise<void>;
  /** Writes what is left and takes no more. */
  stop(): Promise<void>;
}

/** The first attempt after a quiet time is written this soon. */
const firstMs = 1_000;
/** While attempts go on, they are written no more often than this. */
const everyMs = 5 * 60_000;
/** Networks told apart in memory, and in what is written at once. */
const maxCounted = 1_000;
const maxWritten = 20;

/** @param options.later - runs something after a while; gives what keeps it from running. */
export function createDenials(options: {
  readonly store: Pick<Store, "transaction">;
  readonly clock: Clock;
  readonly log: Log;
  readonly later?: (run: () => void, ms: number) => () => void;
}): Denials {
  const { store, clock, log, later = afterTimer } = options;
  let counted = new Map<string, DeniedAttempts>();
  let writtenAt = Number.NEGATIVE_INFINITY;
  let cancel: (() => void) | null = null;
  let isStopped = false;

  function note(attempt: Pick<DeniedAttempts, "door" | "status" | "sender">): void {
    if (isStopped) return;
    const now = clock.now();
    addAttempts(counted, { ...attempt, count: 1, from: now, until: now }, maxCounted);
    schedule();
  }

  function schedule(): void {
    const sinceMs = clock.now().getTime() - writtenAt;
    cancel ??= later(() => void write(), Math.min(everyMs, Math.max(firstMs, everyMs - sinceMs)));
  }

  async function write(): Promise<void> {
    cancel?.();
    cancel = null;
    if (counted.size === 0) return;
    const taken = counted;
    counted = new Map();
    writtenAt = clock.now().getTime();
    try {
      await store.transaction(async (tx) => {
        for (const attempts of foldAttempts(taken.values(), maxWritten))
          await tx.audit.append(deniedRecord(attempts, clock.now()));
      });
    } catch (error) {
      log.warn({ error: String(error) }, "denials: could not be written to the audit log; trying again");
      for (const attempts of taken.values()) addAttempts(counted, attempts, maxCounted);
      if (!isStopped) schedule();
    }
  }

  return {
    note,
    write,
    async stop() {
      isStopped = true;
      await write();
    },
  };
}

function afterTimer(run: () => void, ms: number): () => void {
  const timer = setTimeout(run, ms);
  timer.unref();
  return () => clearTimeout(timer);
}
