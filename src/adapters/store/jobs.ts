/** Runs jobs on this replica, and frees those of replicas that died. */
import { EventEmitter } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { Logger, type Runner, run, type Task, type TaskList, type WorkerEvents } from "graphile-worker";
import type { Pool } from "pg";
import type postgres from "postgres";
import type { Job, Log } from "../../ports.ts";
import { type DatabaseAddress, openClient } from "./client.ts";
import { openJobPool } from "./job-pool.ts";
import { beat, collectQueues, freeForgotten, freeSilent, retire } from "./liveness.ts";

/** How often a replica says that it lives, and looks for those that do not, ms. */
const beatMs = 2_000;
const collectMs = 60_000;
/**
 * Jobs for now are announced; looking is for those whose moment has come, and for what was held by another look. Every
 * idle worker looks for itself, so that together they look many times as often: forty of them every 50 ms. In a storm
 * most looks come from announcements and from jobs that ended, whatever this is.
 */
const pollMs = 2_000;

/** Does one job; throwing means "again later", after 1 s at first and 60 s at most. */
export type JobHandlers = {
  readonly [Task in Job["task"]]: (job: Extract<Job, { readonly task: Task }>) => Promise<void>;
};

export interface JobRunnerOptions extends DatabaseAddress {
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

/**
 * Starts working, as soon as the database answers. Outlasts its outages; what a replica was doing when it died is done
 * by another.
 */
export async function runJobs(options: JobRunnerOptions): Promise<JobRunner> {
  const { url, password } = options;
  const client = openClient({ url, password, name: "tocsin liveness", maxConnections: 1 });
  // Every worker needs a connection only between jobs; one more listens.
  const connections = openJobPool({ url, password }, Math.min(options.concurrency, 4) + 1);
  const stopped = new AbortController();
  const crew: Crew = { options, client, connections, stopped: stopped.signal, inHand: new Set(), pool: "" };
  let runner = await startWorkers(crew).catch(async (error: unknown) => {
    await Promise.all([connections.end(), client.end({ timeout: 1 })]);
    throw error;
  });
  const watching = watchReplicas(crew);
  void keepWorking(crew, runner, (next) => {
    runner = next;
  });
  return {
    async stop(timeoutMs) {
      stopped.abort();
      const ending = runner.stop().then(() => runner.promise);
      await within(timeoutMs, ending);
      await watching;
      await within(2_000, retire(client, options.replica, crew.pool));
      await within(1_000, connections.end());
      await client.end({ timeout: 1 });
    },
  };
}

/** What works on this replica. */
interface Crew {
  readonly options: JobRunnerOptions;
  readonly client: postgres.Sql;
  readonly connections: Pool;
  readonly stopped: AbortSignal;
  /** Ids of the jobs that are being done here. */
  readonly inHand: Set<string>;
  /** The name under which the library locks jobs for this replica; a new one at every start of its workers. */
  pool: string;
}

async function startWorkers(crew: Crew): Promise<Runner> {
  const { options, inHand } = crew;
  const events: WorkerEvents = new EventEmitter();
  events.on("pool:create", ({ workerPool }) => {
    crew.pool = workerPool.id;
  });
  events.on("job:start", ({ job }) => inHand.add(String(job.id)));
  events.on("job:complete", ({ job }) => inHand.delete(String(job.id)));
  return await run({
    pgPool: crew.connections,
    concurrency: options.concurrency,
    pollInterval: pollMs,
    noHandleSignals: true,
    taskList: tasksOf(options),
    events,
    logger: new Logger(() => () => undefined),
  });
}

/** The library gives up its workers on errors that it does not expect; they are started again. */
async function keepWorking(crew: Crew, first: Runner, replace: (runner: Runner) => void): Promise<void> {
  const { log } = crew.options;
  for (let runner = first; ; ) {
    await runner.promise.catch((error: unknown) =>
      log.error({ problem: String(error) }, "jobs: the workers ended"),
    );
    await pause(crew, beatMs);
    if (crew.stopped.aborted) return;
    try {
      runner = await startWorkers(crew);
      replace(runner);
      log.info({}, "jobs: the workers run again");
    } catch (error) {
      log.warn({ problem: String(error) }, "jobs: the workers cannot start yet; trying again");
    }
  }
}

/** Says that this replica lives, and frees the jobs of those that no longer say so. */
async function watchReplicas(crew: Crew): Promise<void> {
  const { log } = crew.options;
  const startedAt = new Date();
  for (let collectAt = Date.now() + collectMs; !crew.stopped.aborted; await pause(crew, beatMs)) {
    try {
      await look(crew, startedAt);
      if (Date.now() < collectAt) continue;
      collectAt = Date.now() + collectMs;
      await collectQueues(crew.client);
    } catch (error) {
      log.warn({ problem: String(error) }, "jobs: the database does not answer; trying again");
    }
  }
}

async function look({ client, options, pool, inHand }: Crew, startedAt: Date): Promise<void> {
  const { replica, version = "", silentMs = defaultSilentMs, log } = options;
  await beat(client, { replica, pool, startedAt, version });
  const freed = await freeSilent(client, silentMs);
  if (freed > 0) log.warn({ jobs: freed }, "jobs: freed those of a replica that fell silent");
  await freeForgotten(client, pool, [...inHand], silentMs);
}

async function pause(crew: Crew, ms: number): Promise<void> {
  await sleep(ms, undefined, { signal: crew.stopped }).catch(() => undefined);
}

/** Waits for something at most so long; how it ends is no longer of interest. */
async function within(ms: number, ending: Promise<unknown>): Promise<void> {
  const timer = new AbortController();
  const late = sleep(ms, undefined, { signal: timer.signal }).catch(() => undefined);
  await Promise.race([ending.catch(() => undefined), late]);
  timer.abort();
}

/** One for each kind of job: one that is missing here would wait for ever, so it does not compile. */
function tasksOf({ handlers, log }: JobRunnerOptions): TaskList & Readonly<Record<Job["task"], Task>> {
  return {
    post: (payload) => work(log, payload, handlers.post),
    explain: (payload) => work(log, payload, handlers.explain),
    escalate: (payload) => work(log, payload, handlers.escalate),
    channel: (payload) => work(log, payload, handlers.channel),
    page: (payload) => work(log, payload, handlers.page),
    wake: (payload) => work(log, payload, handlers.wake),
    measure: (payload) => work(log, payload, handlers.measure),
    execute: (payload) => work(log, payload, handlers.execute),
    apply: (payload) => work(log, payload, handlers.apply),
    digest: (payload) => work(log, payload, handlers.digest),
    monitor: (payload) => work(log, payload, handlers.monitor),
    checkpoint: (payload) => work(log, payload, handlers.checkpoint),
    publish: (payload) => work(log, payload, handlers.publish),
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
