/** Where live stories are found again: by the minutes they span, and by the bridges between them. */
import type { Bridge } from "./bridges.ts";
import { firstOf, lastOf, type Story } from "./sessions.ts";

/** Bridges by the key of the story they start from, walked in both directions. */
export interface Links {
  get(from: string): Bridge | undefined;
  set(from: string, bridge: Bridge): void;
  remove(from: string): void;
  /** Keys of the stories that lead here. */
  inward(to: string): Iterable<string>;
  /** Whether any leads here. */
  isTarget(to: string): boolean;
  size(): number;
}

const none: readonly string[] = [];

/** Starts without a bridge. */
export function createLinks(): Links {
  const outward = new Map<string, Bridge>();
  const inward = new Map<string, Set<string>>();
  function remove(from: string): void {
    const known = outward.get(from);
    if (known === undefined) return;
    outward.delete(from);
    const sources = inward.get(known.to);
    sources?.delete(from);
    if (sources?.size === 0) inward.delete(known.to);
  }
  return {
    get: (from) => outward.get(from),
    remove,
    set(from, bridge) {
      remove(from);
      outward.set(from, bridge);
      const sources = inward.get(bridge.to);
      if (sources) sources.add(from);
      else inward.set(bridge.to, new Set([from]));
    },
    inward: (to) => inward.get(to) ?? none,
    isTarget: (to) => inward.has(to),
    size: () => outward.size,
  };
}

/** Stories by the minutes they span, to find those near a time without looking at all. */
export interface Shelf {
  add(story: Story): void;
  remove(story: Story): void;
  /** What overlaps with the time from `first` to `last`; null when that is more than `most`. */
  within(first: number, last: number, most: number): readonly Story[] | null;
}

const shelfMs = 60_000;

/** Starts empty. */
export function createShelf(): Shelf {
  const minutes = new Map<number, Set<Story>>();
  return {
    add(story) {
      const until = Math.floor(lastOf(story) / shelfMs);
      for (let minute = Math.floor(firstOf(story) / shelfMs); minute <= until; minute += 1) {
        const known = minutes.get(minute);
        if (known) known.add(story);
        else minutes.set(minute, new Set([story]));
      }
    },
    remove(story) {
      const until = Math.floor(lastOf(story) / shelfMs);
      for (let minute = Math.floor(firstOf(story) / shelfMs); minute <= until; minute += 1) {
        const known = minutes.get(minute);
        known?.delete(story);
        if (known?.size === 0) minutes.delete(minute);
      }
    },
    within(first, last, most) {
      const found: Story[] = [];
      const [from, until] = [Math.floor(first / shelfMs), Math.floor(last / shelfMs)];
      // All that stands under a minute in between overlaps: in a storm there is no need to look at each.
      for (let minute = from + 1; minute < until; minute += 1)
        if ((minutes.get(minute)?.size ?? 0) > most) return null;
      for (let minute = from; minute <= until; minute += 1) {
        const here = minutes.get(minute);
        if (here === undefined) continue;
        for (const story of here) {
          const start = firstOf(story);
          if (start > last || lastOf(story) < first) continue;
          // One that spans several minutes stands under each.
          if (minute > from && Math.floor(start / shelfMs) < minute) continue;
          found.push(story);
          if (found.length > most) return null;
        }
      }
      return found;
    },
  };
}
