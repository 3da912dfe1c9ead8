/** Counts of something per stretch of time, over the last stretches only. */
export interface Tally {
  /** @returns whether it is the first of its bucket; false as well for one that is too old to count. */
  add(at: number): boolean;
  /** How many between two times; whole buckets only, so that answers are the same in any order of arrival. */
  between(from: number, until: number): number;
}

/** Most things fire in few buckets: until then two short lists are smaller than a ring. */
const fewBuckets = 8;

/**
 * @param widthMs - length of a bucket.
 * @param most - buckets remembered, from the newest back; what is older is not counted.
 */
export function createTally(widthMs: number, most: number): Tally {
  let numbers: number[] = [];
  let counts: number[] = [];
  let ring: Uint32Array | null = null;
  let newest = Number.NEGATIVE_INFINITY;
  /** The last question and its answer: the same few hours are asked for again and again. */
  let askedLow = 0;
  let askedHigh = 0;
  let answer = 0;

  function addToList(bucket: number): boolean {
    let index = numbers.length - 1;
    while (index >= 0 && (numbers[index] ?? 0) > bucket) index -= 1;
    const isFirst = numbers[index] !== bucket;
    if (!isFirst) counts[index] = (counts[index] ?? 0) + 1;
    else {
      numbers.splice(index + 1, 0, bucket);
      counts.splice(index + 1, 0, 1);
    }
    while ((numbers[0] ?? bucket) <= newest - most) {
      numbers.shift();
      counts.shift();
    }
    if (numbers.length > fewBuckets) growRing();
    return isFirst;
  }

  function growRing(): void {
    ring = new Uint32Array(most);
    for (const [index, bucket] of numbers.entries()) ring[bucket % most] = counts[index] ?? 0;
    [numbers, counts] = [[], []];
  }

  function sumOf(low: number, high: number): number {
    let sum = 0;
    if (ring === null) {
      for (let index = 0; index < numbers.length; index += 1) {
        const bucket = numbers[index] ?? 0;
        if (bucket >= low && bucket < high) sum += counts[index] ?? 0;
      }
      return sum;
    }
    const from = Math.max(low, newest - most + 1);
    const until = Math.min(high, newest + 1);
    let place = from % most;
    for (let bucket = from; bucket < until; bucket += 1) {
      sum += ring[place] ?? 0;
      place = place + 1 === most ? 0 : place + 1;
    }
    return sum;
  }

  return {
    add(at) {
      const bucket = Math.floor(at / widthMs);
      if (bucket <= newest - most) return false;
      if (bucket >= askedLow && bucket < askedHigh) {
        askedLow = 0;
        askedHigh = 0;
        answer = 0;
      }
      if (ring !== null)
        for (let next = Math.max(newest + 1, bucket - most + 1); next <= bucket; next += 1)
          ring[next % most] = 0;
      newest = Math.max(newest, bucket);
      if (ring === null) return addToList(bucket);
      const count = (ring[bucket % most] ?? 0) + 1;
      ring[bucket % most] = count;
      return count === 1;
    },
    between(from, until) {
      const low = Math.ceil(from / widthMs);
      const high = Math.floor(until / widthMs);
      if (askedLow !== low || askedHigh !== high) {
        answer = sumOf(low, high);
        askedLow = low;
        askedHigh = high;
      }
      return answer;
    },
  };
}
