/**
 * How often alerts fire with nothing else near them in their part of the system: what usually fires alone is most often
 * noise, also when it happens to fire beside a story. Bounded, and asked only for what is settled, so that the order of
 * the last minutes' arrival does not matter.
 */
import { createBoundedMap } from "./bounded-map.ts";
import { createTimeBook, type TimeBook } from "./time-book.ts";

export interface Firing {
  readonly type: string;
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
 * What fired in one part, in order of start, as lists that run in step from `from` on: an object for each firing would
 * have to be moved about by every collection while it is young.
 */
interface Young {
  from: number;
  readonly types: string[];
  readonly names: string[];
  readonly times: number[];
  readonly isAlone: boolean[];
}

/** Places before `from` that are cleared together. */
const mostPassed = 16;

function createYoung(): Young {
  return { from: 0, types: [], names: [], times: [], isAlone: [] };
}

function insert(young: Young, place: number, { type, name, at }: Firing, isAlone: boolean): void {
  if (place === young.times.length) {
    young.types.push(type);
    young.names.push(name);
    young.times.push(at);
    young.isAlone.push(isAlone);
    return;
  }
  young.types.splice(place, 0, type);
  young.names.splice(place, 0, name);
  young.times.splice(place, 0, at);
  young.isAlone.splice(place, 0, isAlone);
}

/** Lets go of the first ones: those that are too many, and those that began before a time. */
function forget(young: Young, before: number): void {
  const { times } = young;
  while (times.length - young.from > maxYoung || (times[young.from] ?? before) < before) young.from += 1;
  if (young.from < mostPassed) return;
  for (const list of [young.types, young.names, times, young.isAlone]) list.splice(0, young.from);
  young.from = 0;
}

/**
 * @param maxKept - most names and parts remembered, each; those that have not fired for longest go first.
 * @param types - starts by type, into which a firing has to be put before it is recorded here: kept once for all who
 * ask. Those that had company are marked in it.
 */
export function createSolitude(maxKept: number, types: TimeBook): Solitude {
  /** Starts by name; marked as those by type are. */
  const names = createTimeBook(Math.min(maxKept, maxNames), maxNameTimes);
  const parts = createBoundedMap(maxKept, createYoung);

  function mark(type: string, name: string, at: number): void {
    types.mark(type, at);
    names.mark(name, at);
  }

  /** Gives company to a firing that had none. */
  function accompany(young: Young, place: number): void {
    if (young.isAlone[place] !== true) return;
    young.isAlone[place] = false;
    mark(young.types[place] ?? "", young.names[place] ?? "", young.times[place] ?? 0);
  }

  return {
    record(firing) {
      const { type, name, part, at } = firing;
      names.add(name, at);
      const young = parts.recall(part);
      const { times } = young;
      let place = times.length;
      let isAlone = true;
      for (let index = times.length - 1; index >= young.from; index -= 1) {
        const other = times[index] ?? 0;
        if (other < at - nearMs) break;
        if (other > at) place = index;
        // An alert that flaps is no company for itself.
        if (other > at + nearMs || young.types[index] === type) continue;
        accompany(young, index);
        isAlone = false;
      }
      if (!isAlone) mark(type, name, at);
      insert(young, place, firing, isAlone);
      forget(young, at - youngMs);
    },
    shareAlone(type, name, at) {
      const ofName = shareIn(names, name, at, { share: guessedShare, firings: nameWeight });
      return shareIn(types, type, at, { share: ofName, firings: typeWeight });
    },
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
  const alone = all - starts.countMarkedBetween(place, from, until);
  return (alone + firings * share) / (all + firings);
}
