/** Jobs are written in the transaction of what they follow: none is lost, none is for something that never happened. */
import { sql } from "drizzle-orm";
import type { Job, JobQueue } from "../../ports.ts";
import type { Db } from "./client.ts";
import { indexable, writeTime } from "./values.ts";

/** A week of tries at the longest wait; see {@link maxRetryMs}. */
const maxAttempts = 10_000;

/** Longest names that the queue takes. */
const maxKey = 512;
const maxQueue = 128;

export function jobSlice(db: Db): JobQueue {
  return {
    add: (job, options) => addJobs(db, [job], options?.runAt ?? null),
    addAll: (jobs, options) => addJobs(db, jobs, options?.runAt ?? null),
  };
}

/**
 * Jobs at once and jobs for later have keys of their own: a look at a channel in a minute must not put off the one
 * that is due now. Of two for later the newer moment stands. A job that is running is never coalesced with: whoever
 * adds it again has something newer than what it saw.
 */
async function addJobs(db: Db, jobs: readonly Job[], runAt: Date | null): Promise<void> {
  if (jobs.length === 0) return;
  const rows = new Map(
    jobs.map((job) => {
      const key = indexable(runAt === null ? keyOf(job) : `${keyOf(job)} later`, maxKey);
      return [key, { key, queue: queueOf(job), task: job.task, payload: job }];
    }),
  );
  // Adding locks rows by key: everyone in the same order.
  const sorted = [...rows.values()].sort((a, b) => (a.key < b.key ? -1 : 1));
  await db.execute(sql`
    select count(*) from graphile_worker.add_jobs(
      array(select (r.task, r.payload, r.queue, ${runAt === null ? null : writeTime(runAt)}::timestamptz,
          ${maxAttempts}::smallint, r.key, 0::smallint, null::text[])::graphile_worker.job_spec
        from jsonb_to_recordset(${JSON.stringify(sorted)}::jsonb) as r(task text, payload json, queue text, key text)
        order by r.key),
      job_key_preserve_run_at => ${runAt === null})`);
}

/** What coalesces. */
function keyOf(job: Job): string {
  switch (job.task) {
    case "post":
      return `post ${job.platform}:${job.channel}`;
    case "explain":
      return `explain ${job.incidentId}`;
    case "execute":
      return `execute ${job.requestKey}`;
    case "apply":
      return `apply ${job.rolloutId}`;
    case "digest":
      return `digest ${job.digestRunId}`;
  }
}

/** What must not run at the same time on any replica; null where requests are fenced by a row of their own. */
function queueOf(job: Job): string | null {
  return job.task === "execute" ? null : indexable(keyOf(job), maxQueue);
}
