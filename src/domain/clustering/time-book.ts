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
  readonly size: number;
  readonly dropped: number;
}

/**
 * @param maxKeys - the one to go is as in {@link createBoundedKeys}.
 * @param maxTimes - of each key; the oldest go first.
 */
export function createTimeBook(maxKeys: number, maxTimes: number): TimeBook {
  // One place more: a new key takes its place before another one loses its own.
  const times = new Float64Array((maxKeys + 1) * maxTimes);
  /** In step with the times: 1 where one is marked. */
  const marks = new Uint8Array(times.length);
  const counts = new Uint16Array(maxKeys + 1);
  const places = createBoundedKeys(maxKeys, (place) => {
    counts[place] = 0;
  });

  /** Index of the first time that is not before `at`; times are in ascending order. */
  function indexOf(place: number, at: number): number {
    let low = place * maxTimes;
    let high = low + (counts[place] ?? 0);
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((times[middle] ?? 0) < at) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  function add(key: string, at: number): number {
    const place = places.recall(key);
    const start = place * maxTimes;
    const count = counts[place] ?? 0;
    const end = start + count;
    let index = end;
    while (index > start && (times[index - 1] ?? 0) > at) index -= 1;
    if (count < maxTimes) {
      // Most come in order.
      if (index < end) {
        times.copyWithin(index + 1, index, end);
        marks.copyWithin(index + 1, index, end);
      }
      times[index] = at;
      marks[index] = 0;
      counts[place] = count + 1;
    } else if (index > start) {
      // The oldest makes room.
      times.copyWithin(start, start + 1, index);
      marks.copyWithin(start, start + 1, index);
      times[index - 1] = at;
      marks[index - 1] = 0;
    }
    return place;
  }

  return {
    add,
    find(key) {
      const place = places.find(key);
      return place === -1 ? null : place;
    },
    keyOf: places.keyOf,
    oldest: (place) => times[place * maxTimes] ?? 0,
    countBetween: (place, from, until) =>
      Math.max(0, indexOf(place, until) - indexOf(place, nextAfter(from))),
    mark(place, at) {
      const end = place * maxTimes + (counts[place] ?? 0);
      for (let index = indexOf(place, at); index < end && times[index] === at; index += 1)
        if (marks[index] === 0) {
          marks[index] = 1;
          return;
        }
    },
    countMarkedBetween(place, from, until) {
      const end = indexOf(place, until);
      let count = 0;
      for (let index = indexOf(place, nextAfter(from)); index < end; index += 1) count += marks[index] ?? 0;
      return count;
    },
    countNear(place, other, { from, until, nearMs }) {
      const end = other * maxTimes + (counts[other] ?? 0);
      const last = indexOf(place, until);
      let start = other * maxTimes;
      let count = 0;
      for (let index = indexOf(place, nextAfter(from)); index < last; index += 1) {
        const time = times[index] ?? 0;
        while (start < end && (times[start] ?? 0) < time - nearMs) start += 1;
        const next = start < end ? (times[start] ?? 0) : Number.POSITIVE_INFINITY;
        if (next <= time + nearMs && next < until) count += 1;
      }
      return count;
    },
    get size() {
      return places.size;
    },
    get dropped() {
      return places.dropped;
    },
  };
}

/** Times are whole milliseconds. */
function nextAfter(at: number): number {
  return Math.floor(at) + 1;
}
