import { randomUUID } from "node:crypto";
import { referenceOf } from "../domain/command/reference.ts";
import type { Clock, Log } from "../ports/observability.ts";
import type { Refusal } from "./answer.ts";

/**
 * Says in the log that a door refused something.
 * @param door - "alertmanager", "callbacks/airflow"; made of configured names only.
 * @returns the reference that the line has, for the answer.
 */
export type Complain = (door: string, refusal: Refusal) => string;

interface Said {
  readonly at: number;
  readonly reference: string;
  unsaid: number;
}

const windowMs = 10_000;

/**
 * One line per door and kind of refusal in ten seconds, with how many there were before: a broken sender floods nobody.
 * Those without a line of their own have the reference of the line that stands for them.
 * @param options.what - how the lines begin, "webhook refused".
 */
export function createComplaints(options: {
  readonly log: Log;
  readonly clock: Clock;
  readonly level: "warn" | "info";
  readonly what: string;
}): Complain {
  const { log, clock, level, what } = options;
  const said = new Map<string, Said>();
  return (door, { status, error, message }) => {
    const key = `${door} ${error}`;
    const now = clock.now().getTime();
    const last = said.get(key);
    if (last !== undefined && now - last.at < windowMs) {
      last.unsaid += 1;
      return last.reference;
    }
    const reference = referenceOf(randomUUID());
    said.set(key, { at: now, reference, unsaid: 0 });
    const fields = { source: door, status, error, reference, unsaid: last?.unsaid ?? 0 };
    log[level](fields, `${what}: ${message}`);
    return reference;
  };
}
