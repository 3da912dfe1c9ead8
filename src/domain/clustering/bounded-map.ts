/** A map that makes what it lacks, and over its limit lets go of what was not used lately. */
import { createWaitingLine, type Waiting } from "./waiting-line.ts";

export interface BoundedMap<Value> {
  get(key: string): Value | undefined;
  /** Finds or makes an entry, and marks it as used. */
  recall(key: string): Value;
  readonly size: number;
  /** Entries let go so far. */
  readonly dropped: number;
}

interface Entry<Value> extends Waiting<Entry<Value>> {
  readonly key: string;
  readonly value: Value;
}

/**
 * @param max - most entries; the one to go is as in {@link createWaitingLine}.
 * @param onDrop - is told what goes.
 */
export function createBoundedMap<Value>(
  max: number,
  create: () => Value,
  onDrop: ((value: Value) => void) | null = null,
): BoundedMap<Value> {
  const entries = new Map<string, Entry<Value>>();
  const line = createWaitingLine<Entry<Value>>();
  /** The two that were found last: one alert, or a pair of them, asks for the same again and again. */
  let last: Entry<Value> | undefined;
  let former: Entry<Value> | undefined;

  function find(key: string): Entry<Value> | undefined {
    if (last?.key === key) return last;
    const found = former?.key === key ? former : entries.get(key);
    if (found === undefined) return undefined;
    former = last;
    last = found;
    return found;
  }

  function dropOne(): void {
    const gone = line.leave();
    if (gone === null) return;
    entries.delete(gone.key);
    if (gone === last) last = undefined;
    if (gone === former) former = undefined;
    onDrop?.(gone.value);
  }

  return {
    get: (key) => find(key)?.value,
    recall(key) {
      const known = find(key);
      if (known !== undefined) {
        known.isUsed = true;
        return known.value;
      }
      const entry: Entry<Value> = { key, value: create(), isUsed: false, next: null };
      entries.set(key, entry);
      line.join(entry);
      if (entries.size > max) dropOne();
      return entry.value;
    },
    get size() {
      return entries.size;
    },
    get dropped() {
      return line.left;
    },
  };
}
