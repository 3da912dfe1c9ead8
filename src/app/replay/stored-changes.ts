/** Changes that no delivery brings: rollouts of the bot's own, and what it found changed outside. */
import type { Change } from "../../domain/change.ts";
import { isFoundOutside } from "../../domain/serving/change.ts";

export interface StoredChanges {
  /** Those that were made by a moment, in order of time; each is told once. */
  until(at: Date): readonly Change[];
  /** Without what was no news to the bot: a registry tells of moves that the bot made or found itself, too. */
  news(changes: readonly Change[]): readonly Change[];
}

/** @param stored - all that the bot keeps of the time, in order of time; null of a recording, of which nothing is known. */
export function createStoredChanges(stored: readonly Change[] | null): StoredChanges {
  const kept = new Set(stored?.map(({ id }) => id));
  const own = (stored ?? []).filter((change) => change.rolloutId !== null || isFoundOutside(change));
  let told = 0;
  return {
    until(at) {
      const from = told;
      while ((own[told]?.at.getTime() ?? Number.POSITIVE_INFINITY) <= at.getTime()) told += 1;
      return own.slice(from, told);
    },
    news: (changes) =>
      stored === null ? changes : changes.filter(({ id, pointer }) => pointer === undefined || kept.has(id)),
  };
}
