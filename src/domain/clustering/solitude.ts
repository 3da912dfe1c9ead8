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
/** Firings remembered: per part, while they are young; per name, for a day. */
const maxYoung = 64;
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

/**
 * @param maxKept - most names and parts remembered, each; those that have not fired for longest go first.
 * @param types - starts by type, into which a firing has to be put before it is recorded here: kept once for all who
 * ask. Those that had company are marked in it.
 */
export function createSolitude(maxKept: number, types: TimeBook): Solitude {
  /** Starts by name; marked as those by type are. */
  const names = createTimeBook(Math.min(maxKept, maxNames), maxNameTimes);
  /** In order of start. */
  const parts = createBoundedMap<Young[]>(maxKept, () => []);

  function accompany(firing: Young): void {
    if (!firing.isAlone) return;
    firing.isAlone = false;
    types.mark(firing.type, firing.at);
    names.mark(firing.name, firing.at);
  }

  return {
    record({ type, name, part, at }) {
      names.add(name, at);
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

function countAlone(
  starts: TimeBook,
  key: string,
  at: number,
): { readonly all: number; readonly alone: number } {
  const place = starts.find(key);
  if (place === null) return { all: 0, alone: 0 };
  const [from, until] = [at - dayMs, at - settledMs];
  const all = starts.countBetween(place, from, until);
  return { all, alone: all - starts.countMarkedBetween(place, from, until) };
}
