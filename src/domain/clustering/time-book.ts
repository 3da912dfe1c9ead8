/**
 * The last start times of many things, some of them marked, in one block of memory: fifty thousand lists of two dozen
 * numbers each would weigh five times as much.
 */
import { createBoundedKeys } from "./bounded-keys.ts";

export interface TimeBook {
  /** Returns where the times of the key are: until the key goes, and then another one may have the place. */
  add(key: string, at: number): number;
  /** Where the times of a key are, for the questions below; null for one that is not known. */
  find(key: string): number | null;
  /** The key that has a place. */
  keyOf(place: number): string;
  /** The earliest time that is remembered. */
  oldest(place: number): number;
  /** How many times are after `from` and before `until`. */
  countBetween(place: number, from: number, until: number): number;
  /** Marks one of the times that are equal; nothing happens when none is remembered. */
  mark(place: number, at: number): void;
  /** Like `countBetween`, of those that are marked. */
  countMarkedBetween(place: number, from: number, until: number): number;
  /** How many of one's times between two have one of the other's, before `until`, within `nearMs`. */
  countNear(
    place: number,
    other: number,
    within: { readonly from: number; readonly until: number; readonly nearMs: number },
  ): number;
  size(): number;
  /** Keys let go so far. */
  dropped(): number;
  /** Times let go so far although they are still asked about. */
  forgotten(): number;
}

/**
 * @param maxKeys - the one to go is as in {@link createBoundedKeys}.
 * @param maxTimes - of each key, whole milliseconds; the oldest go first.
 * @param askedMs - how far back anybody asks: older ones are not missed.
 */
export function createTimeBook(
  maxKeys: number,
  maxTimes: number,
  askedMs = Number.POSITIVE_INFINITY,
): TimeBook {
  const size = 1 + maxTimes;
  /**
   * For each place how many times it has, then these in ascending order, each doubled, and one more where it is marked:
   * all that is asked of a place stands together. One place more: a new key takes its own before another loses one.
   */
  const block = new Float64Array((maxKeys + 1) * size);
  const places = createBoundedKeys(maxKeys, (place) => {
    block[place * size] = 0;
  });

  let forgotten = 0;

  function startOf(place: number): number {
    return place * size + 1;
  }

  /** Where the times of a place end. */
  function endOf(place: number): number {
    return startOf(place) + (block[place * size] ?? 0);
  }

  function timeAt(index: number): number {
    return Math.floor((block[index] ?? 0) / 2);
  }

  function isMarked(index: number): boolean {
    return block[index] !== 2 * timeAt(index);
  }

  /** Index of the first time that is not before `at`. */
  function indexOf(place: number, at: number): number {
    const sought = 2 * Math.ceil(at);
    let low = startOf(place);
    let high = endOf(place);
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((block[middle] ?? 0) < sought) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  return {
    add(key, at) {
      const place = places.recall(key);
      const start = startOf(place);
      const end = endOf(place);
      let index = end;
      while (index > start && timeAt(index - 1) > at) index -= 1;
      if (end - start < maxTimes) {
        // Most come in order.
        if (index < end) block.copyWithin(index + 1, index, end);
        block[index] = 2 * at;
        block[place * size] = end - start + 1;
      } else if (index > start) {
        // The oldest makes room.
        if (timeAt(start) > at - askedMs) forgotten += 1;
        block.copyWithin(start, start + 1, index);
        block[index - 1] = 2 * at;
      }
      return place;
    },
    find(key) {
      const place = places.find(key);
      return place === -1 ? null : place;
    },
    keyOf: places.keyOf,
    oldest: (place) => timeAt(startOf(place)),
    countBetween: (place, from, until) =>
      Math.max(0, indexOf(place, until) - indexOf(place, nextAfter(from))),
    mark(place, at) {
      const end = endOf(place);
      for (let index = indexOf(place, at); index < end && timeAt(index) === at; index += 1)
        if (!isMarked(index)) {
          block[index] = 2 * at + 1;
          return;
        }
    },
    countMarkedBetween(place, from, until) {
      const end = indexOf(place, until);
      let count = 0;
      for (let index = indexOf(place, nextAfter(from)); index < end; index += 1)
        if (isMarked(index)) count += 1;
      return count;
    },
    countNear(place, other, { from, until, nearMs }) {
      const end = endOf(other);
      const last = indexOf(place, until);
      let start = startOf(other);
      let count = 0;
      for (let index = indexOf(place, nextAfter(from)); index < last; index += 1) {
        const time = timeAt(index);
        while (start < end && timeAt(start) < time - nearMs) start += 1;
        const next = start < end ? timeAt(start) : Number.POSITIVE_INFINITY;
        if (next <= time + nearMs && next < until) count += 1;
      }
      return count;
    },
    size: places.size,
    dropped: places.dropped,
    forgotten: () => forgotten,
  };
}

/** Times are whole milliseconds. */
function nextAfter(at: number): number {
  return Math.floor(at) + 1;
}
