/** Another value of a secret, taken into use while the bot runs, is an audit entry: also when the database is away just then. */
import type { Clock, Log, Store, StoreSlices } from "../ports.ts";

export interface RecordSecretParts {
  readonly store: Pick<Store, "transaction">;
  readonly clock: Clock;
  readonly log: Log;
  /** Waits; keeps no process alive. */
  readonly sleep: (ms: number) => Promise<unknown>;
}

export interface SecretTaken {
  readonly name: string;
  /** What uses it, "slack". */
  readonly by: string;
  /** Why or for what, "the one before was refused". */
  readonly why: string;
  /** What else is done in the same transaction. */
  readonly also?: (tx: StoreSlices, now: Date) => Promise<void>;
}

/** Between two tries: a second, then twice as long each time up to this. A day of tries; the next start records what it reads. */
const longestWaitMs = 60_000;
const mostTries = 1_440;

/** Never rejects. Recorded twice where the connection is lost just as the first time is committed. */
export async function recordSecret(taken: SecretTaken, parts: RecordSecretParts): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    const error = await problemOf(() => append(taken, parts));
    if (error === null) return;
    const fields = { secret: taken.name, tries, error };
    if (tries === mostTries) return parts.log.error(fields, "secrets: a change could not be recorded");
    parts.log.warn(fields, "secrets: a change could not be recorded; trying again");
    await parts.sleep(Math.min(longestWaitMs, 1_000 * 2 ** (tries - 1)));
  }
}

async function append({ name, by, why, also }: SecretTaken, parts: RecordSecretParts): Promise<void> {
  const now = parts.clock.now();
  await parts.store.transaction(async (tx) => {
    await tx.audit.append({
      at: now,
      actor: "tocsin",
      action: "secrets.read",
      subject: "bot",
      outcome: "done",
      data: { secrets: [`${name} by ${by}, again from its file: ${why}`] },
    });
    await also?.(tx, now);
  });
}

async function problemOf(work: () => Promise<void>): Promise<string | null> {
  try {
    await work();
    return null;
  } catch (error) {
    return String(error);
  }
}
