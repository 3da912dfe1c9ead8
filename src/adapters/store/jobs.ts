/** Runs jobs on this replica, and frees those of replicas that died. */
import { EventEmitter } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { Logger, type Runner, run, type TaskList, type WorkerEvents } from "graphile-worker";
import type { Job, Log } from "../../ports.ts";
import { openClient } from "./client.ts";
import { beat, collectQueues, freeSilent, retire } from "./liveness.ts";

/** How often a replica says that it lives, and looks for those that do not, ms. */
const beatMs = 2_000;
const collectMs = 60_000;
/** Jobs for now are announced; looking is for those whose moment has come, and for what was held by another look. */
const pollMs = 200;

/** Does one job; throwing means "again later", after 1 s at first and 60 s at most. */
export type JobHandlers = {
  readonly [Task in Job["task"]]: (job: Extract<Job, { readonly task: Task }>) => Promise<void>;
};

export interface JobRunnerOptions {
  readonly url: string;
  readonly handlers: JobHandlers;
  /** How many jobs at once on this replica. */
  readonly concurrency: number;
  readonly log: Log;
  /** Unique to this start of this process; the holder of its leases. */
  readonly replica: string;
  /** Release that runs, for doctor. */
  readonly version?: string;
  /** For tests. */
  readonly silentMs?: number;
}

export interface JobRunner {
  /** Takes no more jobs, waits for those that run, and after `timeoutMs` leaves them to others. */
  stop(timeoutMs: number): Promise<void>;
}

/** After this long without a word a replica is dead, ms. */
const defaultSilentMs = 10_000;

export async function runJobs(options: JobRunnerOptions): Promise<JobRunner> {
  const { log, replica } = options;
  const client = openClient({ url: options.url, name: "tocsin liveness", maxConnections: 1 });
  const stopped = new AbortController();
  const startedAt = new Date();
  let pool = "";
  let runner = await start();

  async function start(): Promise<Runner> {
    const events: WorkerEvents = new EventEmitter();
    events.on("pool:create", ({ workerPool }) => {
      pool = workerPool.id;
    });
    const started = await run({
      connectionString: options.url,
      concurrency: options.concurrency,
      // Every worker needs a connection only between jobs; one more listens.
      maxPoolSize: Math.min(options.concurrency, 4) + 1,
      pollInterval: pollMs,
      noHandleSignals: true,
      taskList: tasksOf(options),
      events,
      logger: new Logger(() => () => undefined),
    });
    void started.promise.catch((error: unknown) => {
      log.error({ problem: String(error) }, "jobs: the worker pool has failed");
    });
    return started;
  }

  /** The pool ends by itself when the database was away for too long. */
  async function keepRunning(): Promise<void> {
    while (!stopped.signal.aborted) {
      await runner.promise.catch(() => undefined);
      while (!stopped.signal.aborted) {
        try {
          await pause(beatMs);
          if (stopped.signal.aborted) return;
          runner = await start();
          log.info({ pool }, "jobs: the worker pool runs again");
          break;
        } catch (error) {
          log.warn({ problem: String(error) }, "jobs: the worker pool cannot start yet; trying again");
        }
      }
    }
  }

  async function watch(): Promise<void> {
    let collectAt = Date.now() + collectMs;
    while (!stopped.signal.aborted) {
      try {
        await beat(client, { replica, pool, startedAt, version: options.version ?? "" });
        const freed = await freeSilent(client, options.silentMs ?? defaultSilentMs);
        if (freed > 0) log.warn({ jobs: freed }, "jobs: freed those of a replica that fell silent");
        if (Date.now() >= collectAt) {
          collectAt = Date.now() + collectMs;
          await collectQueues(client);
        }
      } catch (error) {
        log.warn({ problem: String(error) }, "jobs: the database does not answer; trying again");
      }
      await pause(beatMs);
    }
  }

  const pause = (ms: number) => sleep(ms, undefined, { signal: stopped.signal }).catch(() => undefined);
  const running = keepRunning();
  const watching = watch();

  return {
    async stop(timeoutMs) {
      stopped.abort();
      const late = new AbortController();
      const ending = runner
        .stop()
        .then(() => runner.promise)
        .catch(() => undefined);
      await Promise.race([
        ending,
        sleep(timeoutMs, undefined, { signal: late.signal }).catch(() => undefined),
      ]);
      late.abort();
      await watching;
      await Promise.race([retire(client, replica, pool), sleep(2_000)]).catch(() => undefined);
      await client.end({ timeout: 1 });
      void running;
    },
  };
}

function tasksOf({ handlers, log }: JobRunnerOptions): TaskList {
  return {
    post: (payload) => work(log, payload, handlers.post),
    explain: (payload) => work(log, payload, handlers.explain),
    execute: (payload) => work(log, payload, handlers.execute),
    apply: (payload) => work(log, payload, handlers.apply),
    digest: (payload) => work(log, payload, handlers.digest),
  };
}

/** Logs what fails and fails on: the queue keeps the job and tries again. */
async function work<Kind extends Job>(
  log: Log,
  payload: unknown,
  handle: (job: Kind) => Promise<void>,
): Promise<void> {
  // Written by the job queue's add alone, as payload of the task that its name says.
  const job = payload as Kind;
  try {
    await handle(job);
  } catch (error) {
    log.error(
      { job, problem: error instanceof Error ? (error.stack ?? error.message) : String(error) },
      "jobs: failed; it is tried again",
    );
    throw error;
  }
}
