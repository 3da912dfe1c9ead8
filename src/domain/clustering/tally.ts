/**
 * Counts per stretch of time, over the last stretches only. Those of many things stand in one block of memory: each on its
 * own would be half a dozen objects, and every one of them a place that is no longer in the processor's cache.
 */

/** Counts of one thing. */
export interface Tally {
  /** @returns whether it is the first of its bucket; false as well for one that is too old to count. */
  add(at: number): boolean;
  /** How many between two times; whole buckets only, so that answers are the same in any order of arrival. */
  between(from: number, until: number): number;
}

/** Counts of many things, each at a place of its own: a whole number from 0. */
export interface TallyBook {
  /** As {@link Tally.add}. */
  add(place: number, at: number): boolean;
  /** As {@link Tally.between}. */
  between(place: number, from: number, until: number): number;
  /** Forgets what was counted at a place, for something else to have it. */
  clear(place: number): void;
}

/** What stands before the counts of a place: its newest bucket; the last question and its answer, asked again and again. */
const newestField = 0;
const lowField = 1;
const highField = 2;
const answerField = 3;
const countFields = 4;
const firstPlaces = 16;
/** Of a bucket. */
const highestNumber = 2 ** 31 - 1;

/**
 * @param widthMs - length of a bucket.
 * @param most - buckets remembered, from the newest back; what is older is not counted, nor what is before 1970 or
 * thousands of years ahead.
 */
export function createTallyBook(widthMs: number, most: number): TallyBook {
  const size = countFields + most;
  /** So old that everything is newer. */
  const never = -most;
  let block = new Int32Array(0);

  /** Where a place begins in the block, which grows as places are given. */
  function startOf(place: number): number {
    const start = place * size;
    if (start >= block.length) grow(place);
    return start;
  }

  function grow(place: number): void {
    const before = block;
    block = new Int32Array(Math.max(firstPlaces, 2 * (place + 1)) * size);
    block.set(before);
    for (let start = before.length; start < block.length; start += size) block[start] = never;
  }

  function sumOf(start: number, low: number, high: number): number {
    const newest = block[start + newestField] ?? never;
    const from = Math.max(low, newest - most + 1);
    const until = Math.min(high, newest + 1);
    const counts = start + countFields;
    let slot = from % most;
    let sum = 0;
    for (let bucket = from; bucket < until; bucket += 1) {
      sum += block[counts + slot] ?? 0;
      slot = slot + 1 === most ? 0 : slot + 1;
    }
    return sum;
  }

  return {
    add(place, at) {
      const bucket = Math.floor(at / widthMs);
      const start = startOf(place);
      const newest = block[start + newestField] ?? never;
      if (bucket < 0 || bucket > highestNumber || bucket <= newest - most) return false;
      if (bucket >= (block[start + lowField] ?? 0) && bucket < (block[start + highField] ?? 0))
        block.fill(0, start + lowField, start + countFields);
      const counts = start + countFields;
      for (let next = Math.max(0, newest + 1, bucket - most + 1); next <= bucket; next += 1)
        block[counts + (next % most)] = 0;
      if (bucket > newest) block[start + newestField] = bucket;
      const slot = counts + (bucket % most);
      const count = (block[slot] ?? 0) + 1;
      block[slot] = count;
      return count === 1;
    },
    between(place, from, until) {
      const start = startOf(place);
      const low = Math.max(0, Math.ceil(from / widthMs));
      const high = Math.max(0, Math.min(highestNumber, Math.floor(until / widthMs)));
      if (block[start + lowField] !== low || block[start + highField] !== high) {
        block[start + answerField] = sumOf(start, low, high);
        block[start + lowField] = low;
        block[start + highField] = high;
      }
      return block[start + answerField] ?? 0;
    },
    clear(place) {
      const start = startOf(place);
      block[start + newestField] = never;
      block.fill(0, start + lowField, start + countFields);
    },
  };
}

/** The same for one thing alone. */
export function createTally(widthMs: number, most: number): Tally {
  const book = createTallyBook(widthMs, most);
  return {
    add: (at) => book.add(0, at),
    between: (from, until) => book.between(0, from, until),
  };
}
