/** A map that makes what it lacks, and over its limit lets go of what was not used lately. */
import { createBoundedKeys } from "./bounded-keys.ts";

export interface BoundedMap<Value> {
  get(key: string): Value | undefined;
  /** Finds or makes a value, and marks it as used. */
  recall(key: string): Value;
  size(): number;
  /** Values let go so far. */
  dropped(): number;
}

/** @param max - most values; the one to go is as in {@link createBoundedKeys}. */
export function createBoundedMap<Value>(max: number, create: () => Value): BoundedMap<Value> {
  const values: (Value | undefined)[] = [];
  const keys = createBoundedKeys(max, (place) => {
    values[place] = undefined;
  });
  return {
    get(key) {
      const place = keys.find(key);
      return place === -1 ? undefined : values[place];
    },
    recall(key) {
      const place = keys.recall(key);
      const known = values[place];
      if (known !== undefined) return known;
      const made = create();
      values[place] = made;
      return made;
    },
    size: keys.size,
    dropped: keys.dropped,
  };
}
