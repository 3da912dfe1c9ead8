/** Gives keys places, for values that stand in lists or blocks of memory; over its limit lets go of what was not used lately. */
import { createWaitingLine } from "./waiting-line.ts";

export interface BoundedKeys {
  /** The place of a key; -1 when it has none. */
  find(key: string): number;
  /** The key that has a place, or had it last; empty when none had. */
  keyOf(place: number): string;
  /** Finds or gives a place, a whole number from 0 to the limit, and marks the key as used. */
  recall(key: string): number;
  size(): number;
  /** Keys let go so far. */
  dropped(): number;
}

const none = -1;

/**
 * @param max - most keys; the one to go is as in {@link createWaitingLine}.
 * @param onGive - is told when a key is given a place, which another one may have had.
 */
export function createBoundedKeys(max: number, onGive: (place: number) => void): BoundedKeys {
  const places = new Map<string, number>();
  const keys: string[] = [];
  // One place more: a new key takes its place before another one loses its own.
  const line = createWaitingLine(max + 1);
  /** The two that were found last: one alert, or a pair of them, asks for the same again and again. */
  let last = none;
  let former = none;

  function find(key: string): number {
    if (last !== none && keys[last] === key) return last;
    const found = former !== none && keys[former] === key ? former : (places.get(key) ?? none);
    if (found === none) return none;
    former = last;
    last = found;
    return found;
  }

  function dropOne(): void {
    const place = line.leave();
    places.delete(keys[place] ?? "");
    if (place === last) last = none;
    if (place === former) former = none;
  }

  return {
    find,
    keyOf: (place) => keys[place] ?? "",
    recall(key) {
      // What is recalled is most often another one than before.
      const known = places.get(key);
      if (known !== undefined) {
        former = last;
        last = known;
        line.use(known);
        return known;
      }
      const place = line.enter();
      keys[place] = key;
      places.set(key, place);
      onGive(place);
      if (line.size() > max) dropOne();
      return place;
    },
    size: line.size,
    dropped: line.left,
  };
}
