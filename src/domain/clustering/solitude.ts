/**
 * How often alerts fire with nothing else near them in their part of the system: what usually fires alone is most often
 * noise, also when it happens to fire beside a story. Bounded, and asked only for what is settled, so that the order of
 * the last minutes' arrival does not matter.
 */
import type { LeftOutCounts } from "../limits.ts";
import { createBoundedMap } from "./bounded-map.ts";
import { createTimeBook, type TimeBook } from "./time-book.ts";

export interface Firing {
  /** Where its type stands among those by type. */
  readonly type: number;
  readonly name: string;
  /** The part of the system within which company counts: a component, or a service outside the topology. */
  readonly part: string;
  readonly at: number;
}

export interface Solitude {
  record(firing: Firing): void;
  /**
   * Share of the firings of a type in the day before `at` that were alone; what is not known of the type is taken from
   * its name, and what is not known of the name is guessed. Between 0 and 1, never quite either.
   */
  shareAlone(type: string, name: string, at: number): number;
  /** What was let go to keep within the limits. */
  leftOut(): LeftOutCounts<"names" | "services" | "past_firings" | "recent_firings">;
}

const dayMs = 86_400_000;
/** Another alert this near is company. */
const nearMs = 120_000;
/** Younger firings may still get company, from an alert that starts later or is reported late. */
const settledMs = 720_000;
const youngMs = 900_000;
/** Firings remembered: per part, while they are young; per name, for a day. */
const maxYoung = 64;
const maxNameTimes = 240;
const maxNames = 5_000;
/** What is guessed of an unknown name: this share of this many imagined firings was alone. */
const guessedShare = 0.25;
const nameWeight = 4;
/** Imagined firings of a type, alone as often as its name is. */
const typeWeight = 2;

/**
 * What fired in one part, in order of start: {@link fields} small whole numbers for each firing in one list, from
 * `from` on. As many objects would have to be moved about by every collection, and each would be far from the last.
 */
interface Young {
  /** What times are counted from, ms: the time of the first. */
  base: number;
  from: number;
  list: number[];
}

/** Of a firing: places of its type and its name, its time after the base, and whether it has company. */
const fields = 4;
const typeField = 0;
const nameField = 1;
const timeField = 2;
const companyField = 3;
const alone = 0;
const accompanied = 1;
/** Firings before `from` that are cleared together. */
const mostPassed = 16;

function createYoung(): Young {
  return { base: 0, from: 0, list: [] };
}

function timeOf({ base, list }: Young, place: number): number {
  return base + (list[place + timeField] ?? 0);
}

/** Lets go of the first ones: those that began before a time, and those that are too many, which it counts. */
function forget(young: Young, before: number): number {
  const { list } = young;
  while (timeOf(young, young.from) < before) young.from += fields;
  const tooMany = Math.max(0, (list.length - young.from) / fields - maxYoung);
  young.from += tooMany * fields;
  if (young.from >= mostPassed * fields) clearPassed(young);
  return tooMany;
}

function clearPassed(young: Young): void {
  const { list } = young;
  const base = timeOf(young, young.from);
  young.list = list.slice(young.from);
  for (let place = timeField; place < young.list.length; place += fields)
    young.list[place] = (young.list[place] ?? 0) + young.base - base;
  young.base = base;
  young.from = 0;
}

/**
 * @param maxKept - most names and parts remembered, each; those that have not fired for longest go first.
 * @param types - starts by type, into which a firing has to be put before it is recorded here: kept once for all who
 * ask. Those that had company are marked in it.
 */
export function createSolitude(maxKept: number, types: TimeBook): Solitude {
  /** Starts by name; marked as those by type are. */
  const names = createTimeBook(Math.min(maxKept, maxNames), maxNameTimes, dayMs);
  const parts = createBoundedMap(maxKept, createYoung);
  let tooYoung = 0;

  /** Gives company to a firing that had none. */
  function accompany(young: Young, place: number): void {
    const { list } = young;
    if (list[place + companyField] === accompanied) return;
    list[place + companyField] = accompanied;
    const at = timeOf(young, place);
    types.mark(list[place + typeField] ?? 0, at);
    names.mark(list[place + nameField] ?? 0, at);
  }

  return {
    record({ type, name, part, at }) {
      const young = parts.recall(part);
      const { list } = young;
      if (list.length === 0) young.base = at;
      const namePlace = names.add(name, at);
      let own = list.length;
      let isAlone = true;
      for (let place = own - fields; place >= young.from; place -= fields) {
        const other = timeOf(young, place);
        if (other < at - nearMs) break;
        if (other > at) own = place;
        // An alert that flaps is no company for itself.
        if (other > at + nearMs || list[place + typeField] === type) continue;
        accompany(young, place);
        isAlone = false;
      }
      if (own === list.length) list.push(type, namePlace, at - young.base, alone);
      else list.splice(own, 0, type, namePlace, at - young.base, alone);
      if (!isAlone) accompany(young, own);
      tooYoung += forget(young, at - youngMs);
    },
    shareAlone(type, name, at) {
      const ofName = shareIn(names, name, at, { share: guessedShare, firings: nameWeight });
      return shareIn(types, type, at, { share: ofName, firings: typeWeight });
    },
    leftOut: () => ({
      names: names.dropped(),
      services: parts.dropped(),
      past_firings: names.forgotten(),
      recent_firings: tooYoung,
    }),
  };
}

/** So many imagined firings, of which this share was alone. */
interface Imagined {
  readonly share: number;
  readonly firings: number;
}

/** Share of the settled firings of the day before `at` that were alone, the imagined ones with them. */
function shareIn(starts: TimeBook, key: string, at: number, { share, firings }: Imagined): number {
  const place = starts.find(key);
  if (place === null) return (firings * share) / firings;
  const [from, until] = [at - dayMs, at - settledMs];
  const all = starts.countBetween(place, from, until);
  const solitary = all - starts.countMarkedBetween(place, from, until);
  return (solitary + firings * share) / (all + firings);
}
