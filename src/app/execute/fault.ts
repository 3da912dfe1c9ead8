/** What becomes of a command that failed. */
import { referenceOf } from "../../domain/command/reference.ts";
import type { CommandRequest, Log } from "../../ports.ts";
import { isDatabaseAway } from "../faults.ts";
import { databaseAway, faulted, type Outcome } from "../outcome.ts";
import type { Execution } from "./options.ts";
import { finish } from "./request-row.ts";

/** Pause before a command that the database was away for is tried again, ms. */
const tryAgainMs = 5_000;

/** What a command that failed answers. The database being away is no end: it is tried again. */
export async function faultOf(
  execution: Execution,
  request: CommandRequest,
  error: unknown,
  log: Log,
): Promise<Outcome> {
  const reference = referenceOf(request.key);
  log.error({ err: error, reference }, "command failed");
  if (isDatabaseAway(error)) {
    await tryAgainLater(execution, request);
    return databaseAway();
  }
  const outcome = faulted(request, reference);
  try {
    await finish(execution, request, outcome);
  } catch (second) {
    log.error({ err: second, reference }, "the failed command could not be closed");
    if (isDatabaseAway(second)) await tryAgainLater(execution, request);
  }
  return outcome;
}

/**
 * The row of the request stays open, and a job of its own takes up the request again. While the database is still
 * away that cannot be written either: then this throws, so that the job in hand fails and comes again. Were it to
 * end well, the queue could strike it off as soon as the database is back, and nobody would ever take the request up.
 */
async function tryAgainLater({ store, clock }: Execution, request: CommandRequest): Promise<void> {
  const runAt = new Date(clock.now().getTime() + tryAgainMs);
  await store.jobs.add({ task: "execute", requestKey: request.key }, { runAt });
}
