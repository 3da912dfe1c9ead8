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
/** Numbers of each alert: the hash of its key, 0 where there is none, and its incident once it is not live. */
const fields = 2;

/** @param most - alerts remembered; more than can be live. */
export function createAlertMemory(most: number): AlertMemory {
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
  let lastKey = "";
  let lastHash = hashOf(lastKey);

  function hashFor(key: string): number {
    if (lastKey !== key) {
      lastKey = key;
      lastHash = hashOf(key);
    }
    return lastHash;
  }

  function placeOf(key: string): number {
    return places.find(hashFor(key));
  }

  function inRing(index: number): number {
    return index & (members.length - 1);
  }

  function append(hash: number, incidentId: number, member: LiveAlert | null): void {
    if (next - first === members.length) grow();
    const place = inRing(next);
    next += 1;
    numbers[place * fields] = hash;
    numbers[place * fields + 1] = incidentId;
    members[place] = member;
    if (member !== null) member.place = place;
    places.put(hash, place);
  }

  function grow(): void {
    const [numbersBefore, membersBefore, until] = [numbers, members, next];
    numbers = new Float64Array(2 * numbersBefore.length);
    members = emptyRing(2 * membersBefore.length);
    next = first;
    for (let index = first; index < until; index += 1) {
      const place = index & (membersBefore.length - 1);
      const hash = numbersBefore[place * fields] ?? 0;
      if (hash !== 0) append(hash, numbersBefore[place * fields + 1] ?? 0, membersBefore[place] ?? null);
    }
  }

  function empty(place: number): void {
    numbers[place * fields] = 0;
    members[place] = null;
  }

  function memberAt(place: number): LiveAlert | undefined {
    return place === -1 ? undefined : (members[place] ?? undefined);
  }

  function incidentAt(place: number): number | undefined {
    if (place === -1) return undefined;
    const member = memberAt(place);
    return member === undefined ? numbers[place * fields + 1] : (member.incidentId ?? undefined);
  }

  return {
    find(key) {
      const place = placeOf(key);
      return memberAt(place) ?? incidentAt(place);
    },
    live: (key) => memberAt(placeOf(key)),
    incidentOf: (key) => incidentAt(placeOf(key)),
    add(member) {
      const hash = hashFor(member.key);
      const known = places.find(hash);
      if (known === -1) {
        append(hash, 0, member);
        size += 1;
      } else {
        members[known] = member;
        member.place = known;
      }
    },
    retire({ place, incidentId }) {
      if (incidentId === null) {
        places.remove(numbers[place * fields] ?? 0);
        empty(place);
        size -= 1;
      } else {
        members[place] = null;
        numbers[place * fields + 1] = incidentId;
      }
    },
    put(key, incidentId) {
      const place = placeOf(key);
      if (place !== -1) numbers[place * fields + 1] = incidentId;
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
        const hash = numbers[place * fields] ?? 0;
        const member = members[place] ?? null;
        first += 1;
        empty(place);
        if (hash === 0) continue;
        passed -= 1;
        // A live one stands behind the others from now on.
        if (member !== null) append(hash, 0, member);
        else {
          places.remove(hash);
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
