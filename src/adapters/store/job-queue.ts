/** Jobs are written in the transaction of what they follow: none is lost, none is for something that never happened. */
import { sql } from "drizzle-orm";
import type { Job, JobQueue } from "../../ports.ts";
import type { Db } from "./client.ts";
import { indexable, writeTimeOrNull } from "./values.ts";

/** A week of tries at the longest wait; see {@link maxRetryMs}. */
const maxAttempts = 10_000;

/** Longest names that the queue takes. */
const maxKey = 512;
const maxQueue = 128;

/** Class of the advisory locks under which jobs are added, and how many there are. */
const addingLock = 0x6a6f6273;
const addingLocks = 256;

/**
 * Of jobs that are due, those with the smaller number are done first: what somebody waits for, then what moves things
 * on, then what only makes a card say more. So many of the last come in a storm that they would keep all workers.
 */
const priorities: Readonly<Record<Job["task"], number>> = {
  execute: 0,
  post: 0,
  escalate: 0,
  page: 0,
  apply: 10,
  wake: 10,
  channel: 10,
  explain: 20,
  measure: 30,
  digest: 30,
  monitor: 30,
  checkpoint: 30,
  publish: 30,
};

/** Names of all jobs, sorted. */
export const tasks: readonly string[] = Object.keys(priorities).toSorted();

/** A job, and the moment from which it may run; null for at once. */
interface Order {
  readonly job: Job;
  readonly runAt: Date | null;
}

export function jobSlice(db: Db): JobQueue {
  return queueOn((orders) => addOrders(db, orders));
}

/**
 * For a transaction: keeps its jobs back and adds them all when its work is done. Whoever waits to add a job then has
 * nothing else to wait for, so that writers who share a channel cannot deadlock.
 */
export function jobsAtTheEnd(db: Db): { readonly jobs: JobQueue; addAll(): Promise<void> } {
  const kept: Order[] = [];
  return {
    jobs: queueOn((orders) => {
      kept.push(...orders);
      return Promise.resolve();
    }),
    addAll: () => addOrders(db, kept),
  };
}

function queueOn(take: (orders: readonly Order[]) => Promise<void>): JobQueue {
  return {
    add: (job, options) => take([{ job, runAt: options?.runAt ?? null }]),
    addAll: (jobs, options) => take(jobs.map((job) => ({ job, runAt: options?.runAt ?? null }))),
  };
}

/** The first statement takes the locks of both: each would take its own in an order that the other does not know. */
async function addOrders(db: Db, orders: readonly Order[]): Promise<void> {
  const atOnce = orders.filter(({ runAt }) => runAt === null);
  const later = orders.filter(({ runAt }) => runAt !== null);
  const [first, second] = atOnce.length === 0 ? [later, []] : [atOnce, later];
  await addJobs(db, first, orders);
  await addJobs(db, second, []);
}

/**
 * Jobs at once and jobs for later have keys of their own: a look at a channel in a minute must not put off the one
 * that is due now. Of two for later the newer moment stands. A job that is running is never coalesced with: whoever
 * adds it again has something newer than what it saw.
 *
 * The library locks rows in an order that its planner chooses, so two who add the same jobs could deadlock. Everyone
 * takes a lock per queue first, in one order; a few locks stand for all queues, since the server's table of them is
 * small. What has no queue has a name of its own, which nobody else adds.
 * @param orders - all at once, or all for later.
 * @param locking - what to take the locks for.
 */
async function addJobs(db: Db, orders: readonly Order[], locking: readonly Order[]): Promise<void> {
  if (orders.length === 0) return;
  const isAtOnce = orders[0]?.runAt === null;
  const rows = new Map(
    orders.map(({ job, runAt }) => {
      const spec = specOf(job, runAt);
      return [spec.key, spec];
    }),
  );
  const sorted = [...rows.values()].sort((a, b) => (a.key < b.key ? -1 : 1));
  const queues = [...new Set(locking.map(({ job }) => queueOf(job)))].filter((queue) => queue !== null);
  await db.execute(sql`
    with held as materialized (
      select count(pg_advisory_xact_lock(${addingLock}, number)) as locks
      from (select distinct hashtext(name) & ${addingLocks - 1} as number
        from jsonb_array_elements_text(${JSON.stringify(queues)}::jsonb) as name order by number) as numbers)
    select count(*) from held, graphile_worker.add_jobs(
      array(select (r.task, r.payload, r.queue, r.at, r.attempts, r.key, r.priority, null::text[])::graphile_worker.job_spec
        from jsonb_to_recordset(${JSON.stringify(sorted)}::jsonb) as r(task text, payload json, queue text, key text, at timestamptz, attempts smallint, priority smallint)
        order by r.key),
      -- Reading "held" here makes the locks come first.
      job_key_preserve_run_at => held.locks >= 0 and ${isAtOnce})`);
}

/** A job in the words of the library. */
export function specOf(job: Job, runAt: Date | null = null) {
  const key = indexable(runAt === null ? keyOf(job) : `${keyOf(job)} later`, maxKey);
  const priority = priorities[job.task];
  const at = writeTimeOrNull(runAt);
  return { key, queue: queueOf(job), task: job.task, payload: job, at, attempts: maxAttempts, priority };
}

/** What coalesces. */
function keyOf(job: Job): string {
  switch (job.task) {
    case "post":
      return `post ${job.platform}:${job.channel}`;
    case "explain":
      return `explain ${job.incidentId}`;
    case "escalate":
      return `escalate ${job.incidentId}`;
    case "channel":
      return `channel ${job.incidentId}`;
    case "page":
      return `page ${job.incidentId}`;
    case "wake":
      return `wake ${job.incidentId}`;
    case "measure":
      return `measure ${job.incidentId}`;
    case "execute":
      return `execute ${job.requestKey}`;
    case "apply":
      return `apply ${job.rolloutId}`;
    case "digest":
      return `digest ${job.digestRunId}`;
    case "monitor":
      return `monitor ${JSON.stringify([job.model, job.environment])}`;
    case "checkpoint":
      return "checkpoint";
    case "publish":
      return `publish ${job.destination}`;
  }
}

/** What must not run at the same time on any replica; null where requests are fenced by a row of their own. */
function queueOf(job: Job): string | null {
  return job.task === "execute" ? null : indexable(keyOf(job), maxQueue);
}
