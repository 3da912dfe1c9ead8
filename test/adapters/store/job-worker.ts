/** A replica for tests that kill one: takes jobs, says which, and never finishes any. Argument: database URL. */
import { type JobHandlers, runJobs } from "../../../src/adapters/store/jobs.ts";
import { silentLog } from "../../../src/ports/observability.ts";

const never = async (job: unknown) => {
  process.stdout.write(`${JSON.stringify(job)}\n`);
  await new Promise(() => undefined);
};
const handlers: JobHandlers = {
  post: never,
  explain: never,
  channel: never,
  escalate: never,
  page: never,
  wake: never,
  measure: never,
  execute: never,
  apply: never,
  digest: never,
  monitor: never,
  checkpoint: never,
  publish: never,
};
await runJobs({
  url: process.argv[2] ?? "",
  handlers,
  concurrency: 4,
  log: silentLog,
  replica: `child-${process.pid}`,
});
