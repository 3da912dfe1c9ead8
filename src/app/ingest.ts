/**
 * Group commit of deliveries. Requests that arrive while a commit is under way share the next one, so that the cost
 * of making them durable is paid once for all of them. Nothing is acknowledged before its group has committed.
 */

import type { DeliveryStore } from "../ports/delivery.ts";
import type { Clock, Log, Metrics } from "../ports/observability.ts";
import type { RawDelivery } from "../ports/source.ts";

export type NewDelivery = RawDelivery & { readonly source: string };

export interface IngestLimits {
  /** Deliveries and bytes in one commit. */
  readonly groupCount: number;
  readonly groupBytes: number;
  /** Commits under way at once. */
  readonly flushes: number;
  /** Deliveries and bytes that wait, those being committed included. */
  readonly queueCount: number;
  readonly queueBytes: number;
  /** How long a delivery may wait for its commit before its sender is told to come back, ms. */
  readonly timeoutMs: number;
}

export const defaultIngestLimits: IngestLimits = {
  groupCount: 1_000,
  groupBytes: 8 * 1024 * 1024,
  flushes: 2,
  queueCount: 20_000,
  queueBytes: 128 * 1024 * 1024,
  timeoutMs: 10_000,
};

export type UnavailableReason = "overloaded" | "database_away" | "stopping";

/** The delivery was not stored, as far as is known; the sender should send it again. */
export class IngestUnavailableError extends Error {
  override readonly name = "IngestUnavailableError";
  readonly reason: UnavailableReason;
  /** For the Retry-After header. */
  readonly retryAfterSeconds: number;

  constructor(reason: UnavailableReason, message: string, options?: ErrorOptions) {
    super(message, options);
    this.reason = reason;
    this.retryAfterSeconds = reason === "overloaded" ? 2 : 5;
  }
}

export interface Ingest {
  /**
   * Resolves when the delivery is durable.
   * @throws IngestUnavailableError when it was refused, or could not be made durable in time. After a time-out it may
   * have been stored all the same; a second copy of a delivery does no harm.
   */
  accept(delivery: NewDelivery): Promise<void>;
  /** Keeps a delivery that cannot be parsed; resolves when it is durable. @throws IngestUnavailableError */
  bury(delivery: NewDelivery, problem: string): Promise<void>;
  /** What waits, for metrics and readiness. */
  waiting(): { readonly count: number; readonly bytes: number };
  /** Refuses what comes from now on and commits what waits, for at most `timeoutMs` of the limits. */
  stop(): Promise<void>;
}

export interface IngestOptions {
  readonly store: Pick<DeliveryStore, "insert" | "bury">;
  readonly metrics: Metrics;
  readonly log: Log;
  readonly clock: Clock;
  /** Called after a commit: triage has something to read. */
  readonly wake: () => void;
  readonly limits?: Partial<IngestLimits>;
}

interface Waiting {
  readonly delivery: NewDelivery;
  readonly since: number;
  readonly resolve: () => void;
  readonly reject: (error: IngestUnavailableError) => void;
}

export function createIngest(options: IngestOptions): Ingest {
  const { store, metrics, log, clock } = options;
  const limits: IngestLimits = { ...defaultIngestLimits, ...options.limits };
  /** In order of arrival; taken from the front. */
  let queue: Waiting[] = [];
  let count = 0;
  let bytes = 0;
  let flushing = 0;
  let isScheduled = false;
  let isStopping = false;
  let whenIdle: (() => void) | null = null;
  let watch: NodeJS.Timeout | null = null;

  function accept(delivery: NewDelivery): Promise<void> {
    const size = delivery.body.byteLength;
    if (isStopping) return Promise.reject(stoppingError());
    if (count >= limits.queueCount || bytes + size > limits.queueBytes) return Promise.reject(fullError());
    return new Promise((resolve, reject) => {
      queue.push({ delivery, since: clock.now().getTime(), resolve, reject });
      count += 1;
      bytes += size;
      schedule();
    });
  }

  /** One turn of the event loop later, so that all requests that were read in this one share the commit. */
  function schedule(): void {
    watch ??= setInterval(giveUpOnOld, Math.min(1_000, limits.timeoutMs));
    if (isScheduled || flushing >= limits.flushes || queue.length === 0) return;
    isScheduled = true;
    setImmediate(() => {
      isScheduled = false;
      if (flushing >= limits.flushes || queue.length === 0) return;
      void flush(takeGroup());
      schedule();
    });
  }

  function takeGroup(): readonly Waiting[] {
    let size = 0;
    let length = 0;
    for (const { delivery } of queue) {
      size += delivery.body.byteLength;
      if (length >= limits.groupCount || (length > 0 && size > limits.groupBytes)) break;
      length += 1;
    }
    const group = queue.slice(0, length);
    queue = queue.slice(length);
    return group;
  }

  async function flush(group: readonly Waiting[]): Promise<void> {
    flushing += 1;
    const startedAt = performance.now();
    try {
      await withTimeout(store.insert(group.map((waiting) => waiting.delivery)), group);
      for (const waiting of group) waiting.resolve();
      options.wake();
      metrics.observe("tocsin_ingest_commit_seconds", (performance.now() - startedAt) / 1000);
      metrics.observe("tocsin_ingest_group_deliveries", group.length);
    } catch (error) {
      fail(group, error);
    } finally {
      settle(group);
    }
  }

  /** Senders hear after the time-out; the commit itself keeps its place, so that a hung database is not hit again. */
  async function withTimeout(commit: Promise<void>, group: readonly Waiting[]): Promise<void> {
    const timer = setTimeout(() => rejectAll(group, timeoutError()), limits.timeoutMs);
    try {
      await commit;
    } finally {
      clearTimeout(timer);
    }
  }

  function fail(group: readonly Waiting[], error: unknown): void {
    metrics.count("tocsin_ingest_failures_total");
    log.error(
      { error: String(error), deliveries: group.length },
      "ingest: a commit failed; its senders were asked to retry",
    );
    rejectAll(
      group,
      new IngestUnavailableError("database_away", "the database did not take it", { cause: error }),
    );
  }

  function settle(group: readonly Waiting[]): void {
    flushing -= 1;
    count -= group.length;
    for (const waiting of group) bytes -= waiting.delivery.body.byteLength;
    schedule();
    if (count > 0) return;
    if (watch !== null) clearInterval(watch);
    watch = null;
    whenIdle?.();
  }

  /** Behind commits that hang, nothing would ever answer those that wait. */
  function giveUpOnOld(): void {
    const oldest = clock.now().getTime() - limits.timeoutMs;
    const isOld = (waiting: Waiting) => waiting.since <= oldest;
    const old = queue.filter(isOld);
    if (old.length === 0) return;
    queue = queue.filter((waiting) => !isOld(waiting));
    count -= old.length;
    for (const waiting of old) bytes -= waiting.delivery.body.byteLength;
    log.error(
      { deliveries: old.length },
      "ingest: the database does not answer; senders were asked to retry",
    );
    rejectAll(old, timeoutError());
  }

  async function bury(delivery: NewDelivery, problem: string): Promise<void> {
    if (isStopping) throw stoppingError();
    const size = delivery.body.byteLength;
    if (count >= limits.queueCount || bytes + size > limits.queueBytes) throw fullError();
    count += 1;
    bytes += size;
    const writing = store.bury(delivery, problem).finally(() => {
      count -= 1;
      bytes -= size;
      if (count === 0) whenIdle?.();
    });
    await deadline(writing, limits.timeoutMs);
    metrics.count("tocsin_dead_deliveries_total", { source: delivery.source });
  }

  async function stop(): Promise<void> {
    isStopping = true;
    if (count > 0)
      await Promise.race([new Promise<void>((resolve) => (whenIdle = resolve)), pause(limits.timeoutMs)]);
    if (watch !== null) clearInterval(watch);
    rejectAll(queue, stoppingError());
  }

  return { accept, bury, stop, waiting: () => ({ count, bytes }) };
}

function rejectAll(group: readonly Waiting[], error: IngestUnavailableError): void {
  for (const waiting of group) waiting.reject(error);
}

async function deadline(work: Promise<unknown>, timeoutMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(timeoutError()), timeoutMs);
  });
  try {
    await Promise.race([work, late]);
  } catch (error) {
    if (error instanceof IngestUnavailableError) throw error;
    throw new IngestUnavailableError("database_away", "the database did not take it", { cause: error });
  } finally {
    clearTimeout(timer);
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms).unref();
  });
}

function fullError(): IngestUnavailableError {
  return new IngestUnavailableError("overloaded", "more deliveries wait to be stored than the limit allows");
}

function timeoutError(): IngestUnavailableError {
  return new IngestUnavailableError("database_away", "the database did not answer in time");
}

function stoppingError(): IngestUnavailableError {
  return new IngestUnavailableError("stopping", "the bot is shutting down");
}
