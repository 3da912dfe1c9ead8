/** The one statement that a person waits for who gives a command. */
import type postgres from "postgres";
import type { CommandRequest } from "../../ports.ts";
import { specOf } from "./job-queue.ts";
import { cleanJson, cleanText, writeTime } from "./values.ts";

/**
 * One statement, one round trip, one commit for the request and the job that carries it out; a request that is there
 * already has its job. It is prepared once per connection. Nobody else adds this job, so that no lock is taken for it.
 * @param client - a bare client, not one that a query builder has changed.
 */
export async function writeRequest(client: postgres.Sql, request: CommandRequest): Promise<void> {
  const { key, receivedAt } = request;
  const { task, payload, attempts, priority, key: jobKey } = specOf({ task: "execute", requestKey: key });
  await client`
    with kept as (
      insert into requests (key, request, received_at)
      values (${cleanText(key)}, ${cleanJson(JSON.stringify(request))}::text::jsonb, ${writeTime(receivedAt)}::text::timestamptz)
      on conflict do nothing
      returning key)
    select count(job.id) from kept, lateral graphile_worker.add_job(${task}::text, ${cleanJson(JSON.stringify(payload))}::text::json,
      job_key => ${cleanText(jobKey)}::text, max_attempts => ${attempts}::int, priority => ${priority}::int) as job`;
}
