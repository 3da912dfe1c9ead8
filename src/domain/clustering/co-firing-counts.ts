/**
 * How often kinds of alert began, and began near one another, over weeks: what the bot learns beyond the last day that
 * the correlator remembers. Each replica counts what it triaged and only ever raises its own counts, so that rows of
 * several replicas, repeated or out of order, add up to the same sums.
 */

import type { LeftOutCounts } from "../limits.ts";

/** One count of one replica on one day; `b` is empty for how often `a` began at all. `a` sorts before `b`. */
export interface CoFiringCount {
  readonly replica: string;
  /** "2026-03-01", UTC. */
  readonly day: string;
  readonly a: string;
  readonly b: string;
  readonly count: number;
}

/** By two ids, the smaller first, as "a|b": times both began near one another, and times the rarer of them began. */
export type CoFirings = Readonly<Record<string, readonly [together: number, fewer: number]>>;

export interface CoFiringTally {
  /** @param type - what fires again and again under one name; @param at - when it began, ms. */
  record(type: string, at: number): void;
  /** The counts that grew since the last call, as they stand now. */
  grown(): readonly CoFiringCount[];
  /** Pairs left out because the tally was full, and because too many other kinds began near an alert. */
  leftOut(): LeftOutCounts<"co_firings" | "co_firings_near">;
}

/** Two alerts that begin within this are counted as together, ms: as the correlator's own co-firing does. */
export const togetherMs = 200_000;
/** Others near an alert that are counted with it; in a storm of all kinds the rest says nothing. */
const maxNear = 12;
const maxTypes = 50_000;
/** Of one day. */
const maxCounts = 100_000;
const keptDays = 2;
const dayMs = 86_400_000;
const idLength = 16;

/** A type as counts name it: its first 16 characters, which of a hash are as good as all. */
function idOf(type: string): string {
  return type.slice(0, idLength);
}

type Learned = ReadonlyMap<string, ReadonlyMap<string, readonly [together: number, fewer: number]>>;
const learnedByType = new WeakMap<CoFirings, Learned>();

/** What was learned of a pair of types, in either order; asked for every pair of alerts, so of an index. */
export function learnedOf(
  coFirings: CoFirings,
  a: string,
  b: string,
): readonly [together: number, fewer: number] | undefined {
  const index = learnedByType.get(coFirings) ?? indexOf(coFirings);
  if (index.size === 0 || a === b) return undefined;
  const [left, right] = [idOf(a), idOf(b)];
  return left < right ? index.get(left)?.get(right) : index.get(right)?.get(left);
}

function indexOf(coFirings: CoFirings): Learned {
  const index = new Map<string, Map<string, readonly [number, number]>>();
  for (const [key, counts] of Object.entries(coFirings)) {
    const [a = "", b = ""] = key.split("|");
    index.set(a, (index.get(a) ?? new Map()).set(b, counts));
  }
  learnedByType.set(coFirings, index);
  return index;
}

/** The counts of one day: by the numbers of two types, the larger one times {@link maxTypes} plus the smaller. */
interface DayCounts {
  readonly counts: Map<number, number>;
  readonly grown: Set<number>;
}

/**
 * Counts what one replica sees, at little cost: it is asked for every alert. Bounded: what is new over the limits is
 * left out and counted, for what fires most often was most likely among the first of the day.
 */
export function createCoFiringTally(replica: string): CoFiringTally {
  const numbers = new Map<string, number>();
  let ids: string[] = [""];
  const days = new Map<number, DayCounts>();
  /** A full tally begins anew under another name, so that what it counts then is added to what it counted before. */
  let generation = 1;
  /** The types that began last with the times, oldest first, each once. */
  let recent: { readonly type: number; readonly at: number }[] = [];
  let dropped = 0;
  let notNear = 0;

  function numberOf(type: string): number | null {
    const known = numbers.get(type);
    if (known !== undefined) return known;
    if (ids.length >= maxTypes) return null;
    numbers.set(type, ids.length);
    return ids.push(idOf(type)) - 1;
  }

  function raise(day: DayCounts, a: number, b: number): void {
    const key = a > b ? a * maxTypes + b : b * maxTypes + a;
    const count = day.counts.get(key);
    if (count === undefined && day.counts.size >= maxCounts) dropped += 1;
    else {
      day.counts.set(key, (count ?? 0) + 1);
      day.grown.add(key);
    }
  }

  function dayOf(at: number): DayCounts {
    const number = Math.floor(at / dayMs);
    const known = days.get(number) ?? { counts: new Map<number, number>(), grown: new Set<number>() };
    days.set(number, known);
    return known;
  }

  function rowOf(day: number, key: number, count: number): CoFiringCount {
    const [x = "", y = ""] = [ids[key % maxTypes], ids[Math.floor(key / maxTypes)]];
    const [a, b] = x === "" || (y !== "" && y < x) ? [y, x] : [x, y];
    return {
      replica: `${replica}.${generation}`,
      day: new Date(day * dayMs).toISOString().slice(0, 10),
      a,
      b,
      count,
    };
  }

  function beginAnew(): void {
    generation += 1;
    numbers.clear();
    days.clear();
    ids = [""];
    recent = [];
  }

  return {
    record(name, at) {
      const type = numberOf(name);
      if (type === null) {
        dropped += 1;
        return;
      }
      const day = dayOf(at);
      raise(day, type, 0);
      for (const other of recent)
        if (other.type !== type && Math.abs(other.at - at) <= togetherMs) raise(day, type, other.type);
      recent = recent.filter((other) => other.type !== type);
      recent.push({ type, at });
      if (recent.length <= maxNear) return;
      const [oldest] = recent.splice(0, 1);
      if (oldest !== undefined && Math.abs(at - oldest.at) <= togetherMs) notNear += 1;
    },
    grown() {
      const rows = [...days].flatMap(([day, { counts, grown }]) =>
        [...grown].map((key) => rowOf(day, key, counts.get(key) ?? 0)),
      );
      for (const { grown } of days.values()) grown.clear();
      // What was counted of older days is in the rows that were handed out.
      for (const day of [...days.keys()].sort((x, y) => x - y).slice(0, -keptDays)) days.delete(day);
      if (ids.length >= maxTypes) beginAnew();
      return rows;
    },
    leftOut: () => ({ co_firings: dropped, co_firings_near: notNear }),
  };
}

/**
 * Joins what replicas said, in any order and however often it is repeated: of one replica's word on one day and pair
 * the highest counts.
 */
export function mergeCounts(rows: Iterable<CoFiringCount>): readonly CoFiringCount[] {
  const merged = new Map<string, CoFiringCount>();
  for (const row of rows) {
    const key = `${row.replica} ${row.day} ${row.a} ${row.b}`;
    const known = merged.get(key);
    if (known === undefined || known.count < row.count) merged.set(key, row);
  }
  return [...merged.values()];
}

/** A count of one day loses half its weight in this many days. */
const halfLifeDays = 30;
/** Pairs of which the rarer began less often than this say nothing yet. */
const fewestFirings = 3;

/**
 * What the correlator learns from the counts: the pairs that say most, at most `most` of them.
 * @param until - the day that is looked back from; rows of that day and later are left out.
 */
export function learnCoFirings(rows: readonly CoFiringCount[], until: Date, most: number): CoFirings {
  const last = until.toISOString().slice(0, 10);
  const sums = new Map<string, number>();
  for (const { day, a, b, count } of mergeCounts(rows)) {
    if (day >= last) continue;
    const age = (Date.parse(last) - Date.parse(day)) / dayMs;
    const key = `${a}|${b}`;
    sums.set(key, (sums.get(key) ?? 0) + count * 0.5 ** (age / halfLifeDays));
  }
  const learned: [string, readonly [number, number]][] = [];
  for (const [key, together] of sums) {
    const [a = "", b = ""] = key.split("|");
    if (b === "") continue;
    const fewer = Math.min(sums.get(`${a}|`) ?? 0, sums.get(`${b}|`) ?? 0);
    if (fewer >= fewestFirings) learned.push([key, [round(Math.min(together, fewer)), round(fewer)]]);
  }
  learned.sort(([left, [, x]], [right, [, y]]) => y - x || (left < right ? -1 : 1));
  return Object.fromEntries(learned.slice(0, most).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
