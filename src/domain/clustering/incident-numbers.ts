/** Gives sets of stories the numbers of incidents, so that a number stays with most of its alerts. */
import type { Company } from "./company.ts";
import { createNumberTable } from "./number-table.ts";
import type { NumberWish } from "./rulings.ts";
import type { LiveAlert } from "./sessions.ts";

/** An alert whose number is another one now. */
export interface Move {
  readonly member: LiveAlert;
  readonly from: number | null;
  readonly to: number;
  readonly company: Company;
}

/** What became of an incident's alerts, beyond each alone. */
export interface Turn {
  readonly from: number;
  readonly into: number;
  /** The first of the alerts that went along. */
  readonly move: Move;
}

export interface Numbered {
  readonly moves: readonly Move[];
  /** Incidents that lost their last alert to one other. */
  readonly merges: readonly Turn[];
  /** New incidents that came out of one that goes on. */
  readonly splits: readonly Turn[];
}

export type WishOf = (key: string) => NumberWish | undefined;

export interface IncidentNumbers {
  /** @param wishOf - by the key of an alert, what people want of its incident's number; absent when nobody does. */
  number(sets: readonly Company[], wishOf?: WishOf): Numbered;
  /** Gives one alert a number outside any set. */
  put(member: LiveAlert, to: number): void;
  /** Forgets an alert; its number is not given to others. */
  release(member: LiveAlert): void;
  /** The number the next new incident will get. */
  next(): number;
  take(): number;
  reset(next: number): void;
}

/** Starts at number 1. */
export function createIncidentNumbers(): IncidentNumbers {
  /** Live alerts by number. */
  const counts = createNumberTable();
  let next = 1;

  function take(): number {
    next += 1;
    return next - 1;
  }

  function put(member: LiveAlert, to: number): void {
    if (member.incidentId !== null) lose(member.incidentId);
    counts.put(to, Math.max(0, counts.find(to)) + 1);
    member.incidentId = to;
  }

  function lose(id: number): void {
    const left = counts.find(id) - 1;
    if (left > 0) counts.put(id, left);
    else counts.remove(id);
  }

  /** For every set the number that people want, or that most of its alerts have, if no set with more of them has it. */
  function choose(sets: readonly Company[], wishOf: WishOf | undefined): number[] {
    const claims: Claim[] = [];
    for (let index = 0; index < sets.length; index += 1) {
      const set = sets[index] ?? [];
      const held = heldBy(set);
      const { wanted, unwanted } = wishOf === undefined ? noWishes : wishesOf(set, held, wishOf);
      // Most sets are new, and nobody wants a number for them.
      if (held.length === 0 && wanted === null) continue;
      const ids = held.flatMap(([id]) => (unwanted.has(id) ? [] : [id]));
      const alerts = held[0]?.[1] ?? 0;
      claims.push({ index, wanted, alerts, ids: wanted === null ? ids : [wanted, ...ids] });
    }
    if (claims.length === 0) return sets.map(take);
    const taken = new Set<number>();
    const chosen: (number | null)[] = sets.map(() => null);
    const isWished = (claim: Claim) => Number(claim.wanted !== null);
    for (const { index, ids } of claims.sort((a, b) => isWished(b) - isWished(a) || b.alerts - a.alerts)) {
      const free = ids.find((id) => !taken.has(id));
      if (free === undefined) continue;
      taken.add(free);
      chosen[index] = free;
    }
    return chosen.map((id) => id ?? take());
  }

  return {
    number(sets, wishOf) {
      const firstNew = next;
      const ids = choose(sets, wishOf);
      const moves: Move[] = [];
      for (let index = 0; index < sets.length; index += 1) {
        const company = sets[index] ?? [];
        const to = ids[index] ?? 0;
        for (const { members } of company)
          for (const member of members) {
            const from = member.incidentId;
            if (from === to) continue;
            put(member, to);
            moves.push({ member, from, to, company });
          }
      }
      return { moves, ...turnsOf(moves, firstNew, (id) => counts.find(id) !== -1) };
    },
    put,
    release: ({ incidentId }) => {
      if (incidentId !== null) lose(incidentId);
    },
    next: () => next,
    take,
    reset(first) {
      counts.clear();
      next = first;
    },
  };
}

/** What a set of stories might be called. */
interface Claim {
  /** Of the set. */
  readonly index: number;
  readonly wanted: number | null;
  /** How many of its alerts have the number that most have. */
  readonly alerts: number;
  /** Best first. */
  readonly ids: readonly number[];
}

type Held = readonly (readonly [id: number, alerts: number])[];

const noneHeld: Held = [];

/** Numbers that a set's alerts have, the most frequent first, of as frequent ones the older. */
function heldBy(set: Company): Held {
  let only: number | null = null;
  let alerts = 0;
  for (const { members } of set)
    for (const { incidentId } of members) {
      if (incidentId === null) continue;
      if (only !== null && only !== incidentId) return heldByMany(set);
      only = incidentId;
      alerts += 1;
    }
  return only === null ? noneHeld : [[only, alerts]];
}

function heldByMany(set: Company): Held {
  const held = new Map<number, number>();
  for (const { members } of set)
    for (const { incidentId } of members)
      if (incidentId !== null) held.set(incidentId, (held.get(incidentId) ?? 0) + 1);
  return [...held].sort(([a, x], [b, y]) => y - x || a - b);
}

interface Wishes {
  readonly wanted: number | null;
  readonly unwanted: ReadonlySet<number>;
}

const noWishes: Wishes = { wanted: null, unwanted: new Set() };

/**
 * What people want of a set's number. Where they want several, the one that it has, so that a number once chosen stays;
 * else the one wanted for most of its alerts.
 */
function wishesOf(set: Company, held: Held, wishOf: WishOf): Wishes {
  const wanted = new Map<number, number>();
  const unwanted = new Set<number>();
  for (const { members } of set)
    for (const { key } of members) {
      const wish = wishOf(key);
      if (wish?.isWanted === true) wanted.set(wish.number, (wanted.get(wish.number) ?? 0) + 1);
      else if (wish !== undefined) unwanted.add(wish.number);
    }
  const own = held[0]?.[0];
  if (own !== undefined && wanted.has(own)) return { wanted: own, unwanted };
  const [most] = [...wanted].sort(([a, x], [b, y]) => y - x || a - b);
  return { wanted: most?.[0] ?? null, unwanted };
}

function turnsOf(
  moves: readonly Move[],
  firstNew: number,
  isAlive: (id: number) => boolean,
): Pick<Numbered, "merges" | "splits"> {
  const turns = new Map<number, Map<number, Move>>();
  for (const move of moves) {
    if (move.from === null) continue;
    const into = turns.get(move.from) ?? new Map<number, Move>();
    if (!into.has(move.to)) into.set(move.to, move);
    turns.set(move.from, into);
  }
  const merges: Turn[] = [];
  const splits: Turn[] = [];
  for (const [from, into] of turns)
    for (const [to, move] of into) {
      if (isAlive(from)) {
        if (to >= firstNew) splits.push({ from, into: to, move });
      } else if (into.size === 1) merges.push({ from, into: to, move });
    }
  return { merges, splits };
}
