/** A secret whose source may have another one by now: looked at when the other side refuses the one in use. */
import type { Clock, Log, Secret, Store } from "../ports.ts";

export interface RenewableSecretOptions {
  readonly name: string;
  /** What uses it, "slack". */
  readonly by: string;
  /** As it was read at the start. */
  readonly value: string;
  /** Reads it anew; throws an error that says what is wrong and never the value. */
  readonly read: () => string;
  readonly store: Pick<Store, "transaction">;
  readonly clock: Clock;
  readonly log: Log;
}

/** Waits between two looks that found nothing new, ms. Whoever provokes refusals does not make us read more. */
const lookWaitsMs = [1_000, 2_000, 5_000, 15_000, 30_000] as const;

/**
 * A secret that is read again, at a pace that slows down while nothing changes. A change is an audit entry, and what
 * could not be posted is tried again at once.
 */
export function createRenewableSecret(options: RenewableSecretOptions): Secret {
  const { name, by, store, clock, log } = options;
  let value = options.value;
  let lookedAt: number | null = null;
  let misses = 0;

  async function hasChangedFrom(refused: string): Promise<boolean> {
    if (value !== refused) return true;
    if (!isTime()) return false;
    lookedAt = clock.now().getTime();
    const found = look();
    if (found === null || found === value) {
      misses += 1;
      return false;
    }
    value = found;
    misses = 0;
    log.info(
      { secret: name, by },
      "secrets: the one in use was refused; its file has another one, which is used now",
    );
    // The refused caller goes on at once: a database that is away must not keep the new one from use.
    record().catch((error: unknown) =>
      log.error({ secret: name, error: String(error) }, "secrets: a change could not be recorded"),
    );
    return true;
  }

  function isTime(): boolean {
    if (lookedAt === null) return true;
    const passedMs = clock.now().getTime() - lookedAt;
    const waitMs = lookWaitsMs[Math.min(Math.max(0, misses - 1), lookWaitsMs.length - 1)] ?? 30_000;
    // A clock that was set back must not keep us from looking.
    return passedMs < 0 || passedMs >= waitMs;
  }

  function look(): string | null {
    try {
      return options.read();
    } catch (error) {
      const problem = error instanceof Error ? error.message : String(error);
      log.warn(
        { secret: name, by, problem },
        "secrets: the one in use was refused, and no other one can be read",
      );
      return null;
    }
  }

  async function record(): Promise<void> {
    const now = clock.now();
    await store.transaction(async (tx) => {
      await tx.audit.append({
        at: now,
        actor: "tocsin",
        action: "secrets.read",
        subject: "bot",
        outcome: "done",
        data: { secrets: [`${name} by ${by}, again from its file: the one before was refused`] },
      });
      await tx.troubles.probeSoon(now);
    });
  }

  return { name, current: () => value, hasChangedFrom };
}
