/** A secret whose source may have another one by now: looked at when the other side refuses the one in use. */
import type { Secret, StoreSlices } from "../ports.ts";
import { type RecordSecretParts, recordSecret } from "./record-secret.ts";

export interface RenewableSecretOptions extends RecordSecretParts {
  readonly name: string;
  /** What uses it, "slack". */
  readonly by: string;
  /** As it was read at the start. */
  readonly value: string;
  /** Reads it anew; throws an error that says what is wrong and never the value. */
  readonly read: () => string;
}

/** Waits between two looks that found nothing new, ms. Whoever provokes refusals does not make us read more. */
const lookWaitsMs = [1_000, 2_000, 5_000, 15_000, 30_000] as const;
/**
 * How long after a refusal we go on looking by ourselves, ms. What is refused is tried again every five minutes at the
 * latest, so that we look for as long as anything is kept back, and not for ever once nothing is.
 */
const keepsLookingMs = 600_000;
/** Troubles whose messages are tried at once with a new secret; the others at their own time. */
const maxTroubles = 200;

/**
 * A secret that is read again, at a pace that slows down while nothing changes. Where only few calls are made, a new one
 * is there before the next of them: after a refusal we look without being asked. A change is an audit entry, and what
 * could not be posted is tried again at once.
 */
export function createRenewableSecret(options: RenewableSecretOptions): Secret {
  const { name, by, clock, log } = options;
  let value = options.value;
  let lookedAt: number | null = null;
  let refusedAt = 0;
  let misses = 0;
  let isLooking = false;

  async function hasChangedFrom(refused: string): Promise<boolean> {
    if (value !== refused) return true;
    refusedAt = clock.now().getTime();
    if (isTime() && take()) return true;
    if (!isLooking) void keepLooking(refused);
    return false;
  }

  /** Until there is another one, or nobody is refused any more. */
  async function keepLooking(refused: string): Promise<void> {
    isLooking = true;
    do await options.sleep(waitMs());
    while (value === refused && isStillRefused() && !take());
    isLooking = false;
  }

  function isStillRefused(): boolean {
    const passedMs = clock.now().getTime() - refusedAt;
    return passedMs >= 0 && passedMs < keepsLookingMs;
  }

  /** Looks once, and uses what is new. */
  function take(): boolean {
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
    void recordSecret({ name, by, why: "the one before was refused", also: tryWaiting }, options);
    return true;
  }

  function isTime(): boolean {
    if (lookedAt === null) return true;
    const passedMs = clock.now().getTime() - lookedAt;
    // A clock that was set back must not keep us from looking.
    return passedMs < 0 || passedMs >= waitMs();
  }

  function waitMs(): number {
    return lookWaitsMs[Math.min(Math.max(0, misses - 1), lookWaitsMs.length - 1)] ?? 30_000;
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

  return { name, current: () => value, hasChangedFrom };
}

/** What waits because something was refused is due at once, one message first. */
async function tryWaiting({ troubles, posts, jobs }: StoreSlices, now: Date): Promise<void> {
  await troubles.probeSoon(now);
  for (const trouble of await troubles.open(maxTroubles)) {
    const freed = await posts.release(trouble);
    await jobs.addAll(freed.map((channel) => ({ task: "post", ...channel })));
  }
}
