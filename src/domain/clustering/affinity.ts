/**
 * What the topology lacks, learned: which parts of the system were in trouble when a service outside the topology fired.
 * Bounded, and asked only for what is settled, so that the order of the last minutes' arrival does not matter.
 */
import { createBoundedMap } from "./bounded-map.ts";

export interface Affinity {
  record(sighting: {
    readonly entity: string | null;
    readonly component: string | null;
    readonly at: number;
  }): void;
  /**
   * @returns how often the entity fired before `at`, and how many of these firings fall to the component: one that had
   *   several parts in trouble around it is shared out among them.
   */
  affinity(
    entity: string,
    component: string,
    at: number,
  ): { readonly together: number; readonly firings: number };
  /** Services let go so far, to keep within the limit. */
  dropped(): number;
  /** Firings of which nothing was learned: too much was in trouble around them, or too many waited to be settled. */
  unlearned(): number;
}

const minuteMs = 60_000;
/** A part is in trouble around a time when this many of its alerts began this near. */
const troubleAlerts = 3;
const troubleMinutes = 3;
/** Younger firings may still see trouble begin, also by a late report. */
const settledMs = 780_000;
const keptMinutes = 30;
const maxFirings = 24;
/** Parts that one firing is shared out among; in a wider storm it says nothing of any of them. */
const maxParts = 8;
/** More parts than this with an alert in one minute are a storm. */
const maxAlerting = 64;
const maxWaiting = 10_000;

interface Firing {
  readonly at: number;
  /** Parts that were in trouble around it; null until that is settled. */
  parts: readonly string[] | null;
}

/** @param maxEntities - most services remembered; those that fired longest ago go first. */
export function createAffinity(maxEntities: number): Affinity {
  const entities = createBoundedMap<Firing[]>(maxEntities, () => []);
  /** Firings that are not settled, in order of time. */
  const waiting: Firing[] = [];
  /** Alerts by minute and component. */
  const minutes = new Map<number, Map<string, number>>();
  let newest = Number.NEGATIVE_INFINITY;
  let unlearned = 0;

  function countAlert(component: string, at: number): void {
    const minute = Math.floor(at / minuteMs);
    const counts = minutes.get(minute) ?? new Map<string, number>();
    minutes.set(minute, counts);
    counts.set(component, (counts.get(component) ?? 0) + 1);
    if (minutes.size > keptMinutes)
      for (const known of minutes.keys())
        if (known < newest / minuteMs - keptMinutes || minutes.size > 2 * keptMinutes) minutes.delete(known);
  }

  function troubledAround(at: number): string[] {
    const middle = Math.floor(at / minuteMs);
    const sums = new Map<string, number>();
    for (let minute = middle - troubleMinutes; minute <= middle + troubleMinutes; minute += 1) {
      const counts = minutes.get(minute);
      if (counts === undefined) continue;
      if (counts.size > maxAlerting) return learnNothing();
      for (const [component, count] of counts) sums.set(component, (sums.get(component) ?? 0) + count);
    }
    const parts = [...sums].filter(([, count]) => count >= troubleAlerts).map(([component]) => component);
    return parts.length <= maxParts ? parts : learnNothing();
  }

  function learnNothing(): string[] {
    unlearned += 1;
    return [];
  }

  function settleOld(): void {
    for (;;) {
      const isSettled = (waiting[0]?.at ?? newest) < newest - settledMs;
      if (!isSettled && waiting.length <= maxWaiting) return;
      const firing = waiting.shift();
      if (firing === undefined) return;
      // What is known of one that is not settled depends on the order of arrival.
      firing.parts = isSettled ? troubledAround(firing.at) : learnNothing();
    }
  }

  return {
    record({ entity, component, at }) {
      if (at > newest) newest = at;
      if (component !== null) countAlert(component, at);
      else if (entity !== null) {
        const firing: Firing = { at, parts: null };
        insert(waiting, firing);
        const firings = entities.recall(entity);
        insert(firings, firing);
        if (firings.length > maxFirings) firings.shift();
      }
      settleOld();
    },
    affinity(entity, component, at) {
      let together = 0;
      let firings = 0;
      for (const firing of entities.get(entity) ?? []) {
        if (firing.at >= at - settledMs || firing.parts === null) continue;
        firings += 1;
        if (firing.parts.includes(component)) together += 1 / firing.parts.length;
      }
      return { together, firings };
    },
    dropped: entities.dropped,
    unlearned: () => unlearned,
  };
}

function insert(list: Firing[], firing: Firing): void {
  let index = list.length;
  while (index > 0 && (list[index - 1]?.at ?? 0) > firing.at) index -= 1;
  if (index === list.length) list.push(firing);
  else list.splice(index, 0, firing);
}
