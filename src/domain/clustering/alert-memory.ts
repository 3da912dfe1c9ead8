/**
 * Every alert that is remembered, by its key: a live one itself, of one that is no longer live the number of its
 * incident. All in one, because each alert that comes in is asked for here and most are new.
 */
import { createNumberTable } from "./number-table.ts";
import type { LiveAlert } from "./sessions.ts";
import { hashOf } from "./text-hash.ts";

export interface AlertMemory {
  /** The live alert, the incident of one that no longer is, or undefined. */
  find(key: string): LiveAlert | number | undefined;
  live(key: string): LiveAlert | undefined;
  /** The incident of an alert, live or not; undefined of one that is not remembered, or not placed yet. */
  incidentOf(key: string): number | undefined;
  /** Remembers a live alert. */
  add(member: LiveAlert): void;
  /** Remembers no more of a live alert than its incident, which is as it is now. */
  retire(member: LiveAlert): void;
  /** Gives an alert that is no longer live another incident. */
  put(key: string, incidentId: number): void;
  /** In the order in which they came. */
  allLive(): LiveAlert[];
  /** Forgets those that came first, but no live ones, until no more than the most are left. */
  trim(): void;
  clear(): void;
  size(): number;
  /** Alerts forgotten so far. */
  dropped(): number;
}

const firstRoom = 64;
/**
 * Numbers of each alert: the hash by which it is found, 0 where there is none; a second hash, by which it is known; and
 * its incident once it is not live. So that no alert is taken for another: of 106 bits nobody finds two that are equal.
 * Where only the first hashes are, which happens by chance once in a century, the older alert is forgotten.
 */
const fields = 3;
const [hashField, checkField, incidentField] = [0, 1, 2];
const [hashSeed, checkSeed] = [0, 0x5bd1e995];

/**
 * @param most - alerts remembered; more than can be live.
 * @param hash - of a key and a seed, as {@link hashOf}.
 */
export function createAlertMemory(most: number, hash = hashOf): AlertMemory {
  /** By hash. */
  const places = createNumberTable();
  /** A ring, in the order in which they came, as long as a power of two: from `first` to before `next`. */
  let numbers = new Float64Array(firstRoom * fields);
  let members = emptyRing(firstRoom);
  let first = 0;
  let next = 0;
  let size = 0;
  let dropped = 0;
  /** Hashed last: an alert that is new is asked for, and then added. */
  let last = bothOf("");

  function bothOf(key: string) {
    return { key, hash: hash(key, hashSeed), check: hash(key, checkSeed) };
  }

  function hashesOf(key: string): typeof last {
    if (last.key !== key) last = bothOf(key);
    return last;
  }

  function placeOf(key: string): number {
    const sought = hashesOf(key);
    const place = places.find(sought.hash);
    return place !== -1 && numbers[place * fields + checkField] === sought.check ? place : -1;
  }

  function inRing(index: number): number {
    return index & (members.length - 1);
  }

  function append(own: number, check: number, incidentId: number, member: LiveAlert | null): void {
    if (next - first === members.length) grow();
    const place = inRing(next);
    next += 1;
    numbers[place * fields + hashField] = own;
    numbers[place * fields + checkField] = check;
    numbers[place * fields + incidentField] = incidentId;
    members[place] = member;
    if (member !== null) member.place = place;
    places.put(own, place);
  }

  function grow(): void {
    const [numbersBefore, membersBefore, until] = [numbers, members, next];
    numbers = new Float64Array(2 * numbersBefore.length);
    members = emptyRing(2 * membersBefore.length);
    next = first;
    for (let index = first; index < until; index += 1) {
      const place = index & (membersBefore.length - 1);
      const own = numbersBefore[place * fields + hashField] ?? 0;
      if (own === 0) continue;
      const check = numbersBefore[place * fields + checkField] ?? 0;
      append(own, check, numbersBefore[place * fields + incidentField] ?? 0, membersBefore[place] ?? null);
    }
  }

  /** Forgets what is at a place; another one with its first hash stays. */
  function empty(place: number): void {
    const own = numbers[place * fields + hashField] ?? 0;
    if (places.find(own) === place) places.remove(own);
    numbers[place * fields + hashField] = 0;
    members[place] = null;
  }

  function memberAt(place: number): LiveAlert | undefined {
    return place === -1 ? undefined : (members[place] ?? undefined);
  }

  function incidentAt(place: number): number | undefined {
    if (place === -1) return undefined;
    const member = memberAt(place);
    return member === undefined ? numbers[place * fields + incidentField] : (member.incidentId ?? undefined);
  }

  return {
    find(key) {
      const place = placeOf(key);
      return memberAt(place) ?? incidentAt(place);
    },
    live: (key) => memberAt(placeOf(key)),
    incidentOf: (key) => incidentAt(placeOf(key)),
    add(member) {
      const known = placeOf(member.key);
      if (known === -1) {
        const sought = hashesOf(member.key);
        append(sought.hash, sought.check, 0, member);
        size += 1;
      } else {
        members[known] = member;
        member.place = known;
      }
    },
    retire({ place, incidentId }) {
      if (incidentId === null) {
        empty(place);
        size -= 1;
      } else {
        members[place] = null;
        numbers[place * fields + incidentField] = incidentId;
      }
    },
    put(key, incidentId) {
      const place = placeOf(key);
      if (place !== -1) numbers[place * fields + incidentField] = incidentId;
    },
    allLive() {
      const found: LiveAlert[] = [];
      for (let index = first; index < next; index += 1) {
        const member = members[inRing(index)] ?? null;
        if (member !== null) found.push(member);
      }
      return found;
    },
    trim() {
      let passed = size;
      while (size > most && passed > 0) {
        const place = inRing(first);
        const own = numbers[place * fields + hashField] ?? 0;
        const check = numbers[place * fields + checkField] ?? 0;
        const member = members[place] ?? null;
        first += 1;
        if (own === 0) continue;
        empty(place);
        passed -= 1;
        // A live one stands behind the others from now on.
        if (member !== null) append(own, check, 0, member);
        else {
          size -= 1;
          dropped += 1;
        }
      }
    },
    clear() {
      places.clear();
      numbers = new Float64Array(firstRoom * fields);
      members = emptyRing(firstRoom);
      first = 0;
      next = 0;
      size = 0;
    },
    size: () => size,
    dropped: () => dropped,
  };
}

function emptyRing(room: number): (LiveAlert | null)[] {
  return new Array<LiveAlert | null>(room).fill(null);
}
