/** A map that makes what it lacks, and over its limit lets go of what was not used lately. */
export interface BoundedMap<Value> {
  get(key: string): Value | undefined;
  /** Finds or makes an entry, and marks it as used. */
  recall(key: string): Value;
  readonly size: number;
  /** Entries let go so far. */
  readonly dropped: number;
}

/** Used entries passed over before the oldest goes all the same, so that one addition never walks the whole map. */
const maxChances = 64;

/**
 * @param max - most entries. The one to go is the oldest that was not recalled since it was last passed over ("second
 * chance"): nearly the least recently used, without reordering at every use.
 * @param onDrop - is told what goes.
 */
export function createBoundedMap<Value>(
  max: number,
  create: () => Value,
  onDrop: ((value: Value) => void) | null = null,
): BoundedMap<Value> {
  const entries = new Map<string, { readonly value: Value; isUsed: boolean }>();
  /** Where the last walk ended. Kept, because a new one would step over all that was deleted at the front. */
  let hand = entries.entries();
  let dropped = 0;

  function dropOne(): void {
    for (let chances = 0; ; chances += 1) {
      const { done, value } = hand.next();
      if (done) hand = entries.entries();
      if (value === undefined) continue;
      const [key, entry] = value;
      entries.delete(key);
      if (!entry.isUsed || chances >= maxChances) {
        onDrop?.(entry.value);
        break;
      }
      entry.isUsed = false;
      entries.set(key, entry);
    }
    dropped += 1;
  }

  return {
    get: (key) => entries.get(key)?.value,
    recall(key) {
      const known = entries.get(key);
      if (known !== undefined) {
        known.isUsed = true;
        return known.value;
      }
      const entry = { value: create(), isUsed: false };
      entries.set(key, entry);
      if (entries.size > max) dropOne();
      return entry.value;
    },
    get size() {
      return entries.size;
    },
    get dropped() {
      return dropped;
    },
  };
}
