/** Which replicas live, and what becomes of the jobs of those that do not. Time is the database's. */
import type postgres from "postgres";

/** Longest wait between two tries of a job that fails, ms; the queue itself would go up to six hours. */
export const maxRetryMs = 60_000;

export interface Beat {
  readonly replica: string;
  readonly pool: string;
  readonly startedAt: Date;
  readonly version: string;
}

/** Says that this replica lives and which jobs are its own. */
export async function beat(client: postgres.Sql, { replica, pool, startedAt, version }: Beat): Promise<void> {
  await client`
    insert into replicas (id, started_at, seen_at, version, worker_pool)
    values (${replica}, ${startedAt}, clock_timestamp(), ${version}, ${pool})
    on conflict (id) do update set seen_at = excluded.seen_at, version = excluded.version,
      worker_pool = excluded.worker_pool`;
}

/**
 * Frees the jobs and queues of pools that no replica has vouched for within `silentMs`, and shortens waits of failed
 * jobs to {@link maxRetryMs}. What was locked only just now may belong to a replica that is about to say so.
 * @returns how many jobs were freed.
 */
export async function freeSilent(client: postgres.Sql, silentMs: number): Promise<number> {
  const [row] = await client<{ freed: number }[]>`
    with silent as (select clock_timestamp() - ${silentMs} * interval '1 millisecond' as since),
    living as (select worker_pool from replicas, silent where seen_at > since and worker_pool is not null),
    job as (
      update graphile_worker._private_jobs set locked_at = null, locked_by = null
      from silent where locked_at < since and locked_by not in (select worker_pool from living)
      returning id),
    queue as (
      update graphile_worker._private_job_queues set locked_at = null, locked_by = null
      from silent where locked_at < since and locked_by not in (select worker_pool from living)
      returning id),
    hurried as (
      update graphile_worker._private_jobs set run_at = now() + ${maxRetryMs} * interval '1 millisecond'
      where locked_at is null and attempts > 0 and last_error is not null
        and run_at > now() + ${maxRetryMs} * interval '1 millisecond'
      returning id),
    gone as (delete from replicas using silent where seen_at < since - interval '1 day'),
    woken as (select pg_notify('jobs:insert', '{"count":10}') where exists (select from job) or exists (select from queue))
    select (select count(*)::int from job) as freed, (select count(*) from woken) as woken,
      (select count(*) from hurried) as hurried`;
  return row?.freed ?? 0;
}

/**
 * Frees jobs that this replica's pool holds in the database without having them in hand: the answer that gave them, or
 * the word of their end, was lost with a connection.
 */
export async function freeForgotten(
  client: postgres.Sql,
  pool: string,
  inHand: readonly string[],
  silentMs: number,
): Promise<void> {
  const since = client`clock_timestamp() - ${silentMs} * interval '1 millisecond'`;
  await client`
    update graphile_worker._private_jobs set locked_at = null, locked_by = null
    where locked_by = ${pool} and locked_at < ${since} and id <> all (${`{${inHand.join(",")}}`}::text::bigint[])`;
  await client`
    update graphile_worker._private_job_queues as queue set locked_at = null, locked_by = null
    where locked_by = ${pool} and locked_at < ${since} and not exists (
      select from graphile_worker._private_jobs as job
      where job.job_queue_id = queue.id and job.locked_at is not null)`;
}

/**
 * Queues are made by name and never removed by the library itself, which looks through all of them for every job. Jobs
 * that a newer one has replaced while they ran stay behind as used up when their run failed.
 */
export async function collectQueues(client: postgres.Sql): Promise<void> {
  await client`delete from graphile_worker._private_jobs where locked_at is null and attempts >= max_attempts`;
  await client`
    delete from graphile_worker._private_job_queues as queue
    where locked_at is null and not exists (
      select from graphile_worker._private_jobs as job where job.job_queue_id = queue.id)`;
}

/** This replica is done: what it still holds is anyone's. */
export async function retire(client: postgres.Sql, replica: string, pool: string): Promise<void> {
  await client`delete from replicas where id = ${replica}`;
  await freePools(client, (sql) => sql`locked_by = ${pool}`);
}

/**
 * Frees every job, queue and lease. Only for a start that knows itself alone: the bot that owns an embedded server.
 * A bot that was killed then goes on at once instead of after the silence of its former self.
 */
export async function freeEverything(client: postgres.Sql): Promise<void> {
  await client`update leases set holder = null, expires_at = null`;
  await client`delete from replicas`;
  await freePools(client, (sql) => sql`locked_by is not null`);
}

async function freePools(
  client: postgres.Sql,
  which: (sql: postgres.Sql) => postgres.PendingQuery<postgres.Row[]>,
): Promise<void> {
  await client`update graphile_worker._private_jobs set locked_at = null, locked_by = null where ${which(client)}`;
  await client`
    update graphile_worker._private_job_queues set locked_at = null, locked_by = null where ${which(client)}`;
  await client`select pg_notify('jobs:insert', '{"count":10}')`;
}
