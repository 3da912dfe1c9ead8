/**
 * How often alerts fire with nothing else near them in their part of the system: what usually fires alone is most often
 * noise, also when it happens to fire beside a story. Bounded, and asked only for what is settled, so that the order of
 * the last minutes' arrival does not matter.
 */
import { createBoundedMap } from "./bounded-map.ts";
import { createTimeBook, type TimeBook } from "./time-book.ts";

export interface Solitude {
  record(sighting: {
    readonly type: string;
    readonly name: string;
    /** The part of the system within which company counts: a component, or a service outside the topology. */
    readonly part: string;
    readonly at: number;
  }): void;
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
/** Firings remembered: per part, while they are young; per type and per name, for a day. */
const maxYoung = 64;
const maxTypeTimes = 24;
const maxNameTimes = 240;
const maxNames = 5_000;
/** What is guessed of an unknown name: this share of this many imagined firings was alone. */
const guessedShare = 0.25;
const nameWeight = 4;
/** Imagined firings of a type, alone as often as its name is. */
const typeWeight = 2;

interface Young {
  readonly type: string;
  readonly name: string;
  readonly at: number;
  isAlone: boolean;
}

/** Starts: all that are remembered, and those of them that had company. */
interface Starts {
  readonly all: TimeBook;
  readonly accompanied: TimeBook;
}

/** @param maxKept - most types, names and parts remembered, each; those that have not fired for longest go first. */
export function createSolitude(maxKept: number): Solitude {
  const types = createStarts(maxKept, maxTypeTimes);
  const names = createStarts(Math.min(maxKept, maxNames), maxNameTimes);
  /** In order of start. */
  const parts = createBoundedMap<Young[]>(maxKept, () => []);

  function accompany(firing: Young): void {
    if (!firing.isAlone) return;
    firing.isAlone = false;
    types.accompanied.add(firing.type, firing.at);
    names.accompanied.add(firing.name, firing.at);
  }

  return {
    record({ type, name, part, at }) {
      types.all.add(type, at);
      names.all.add(name, at);
      const young = parts.recall(part);
      const firing: Young = { type, name, at, isAlone: true };
      let place = young.length;
      for (let index = young.length - 1; index >= 0; index -= 1) {
        const other = young[index];
        if (other === undefined || other.at < at - nearMs) break;
        if (other.at > at) place = index;
        // An alert that flaps is no company for itself.
        if (other.type === type || other.at > at + nearMs) continue;
        accompany(other);
        accompany(firing);
      }
      if (place === young.length) young.push(firing);
      else young.splice(place, 0, firing);
      while (young.length > maxYoung || (young[0]?.at ?? at) < at - youngMs) young.shift();
    },
    shareAlone(type, name, at) {
      const byName = countAlone(names, name, at);
      const nameShare = (byName.alone + nameWeight * guessedShare) / (byName.all + nameWeight);
      const byType = countAlone(types, type, at);
      return (byType.alone + typeWeight * nameShare) / (byType.all + typeWeight);
    },
  };
}

function createStarts(maxKeys: number, maxTimes: number): Starts {
  return { all: createTimeBook(maxKeys, maxTimes), accompanied: createTimeBook(maxKeys, maxTimes) };
}

function countAlone(
  { all, accompanied }: Starts,
  key: string,
  at: number,
): { readonly all: number; readonly alone: number } {
  const place = all.find(key);
  if (place === null) return { all: 0, alone: 0 };
  const until = at - settledMs;
  // What the fuller list has let go no longer counts in the other.
  const from = Math.max(at - dayMs, all.oldest(place) - 1);
  const count = all.countBetween(place, from, until);
  const company = accompanied.find(key);
  const withOthers = company === null ? 0 : accompanied.countBetween(company, from, until);
  return { all: count, alone: Math.max(0, count - withOthers) };
}
