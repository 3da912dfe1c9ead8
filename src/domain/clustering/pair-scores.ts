/** An alert with its place in the table. */
export interface Seated {
  readonly seen: { readonly key: string };
  readonly at: number;
  /** Its row and column in the table. */
  seat: number;
}

/** The order in which alerts began; of those that began together, that of their keys. */
export function isBefore(a: Seated, b: Seated): boolean {
  return a.at < b.at || (a.at === b.at && a.seen.key < b.seen.key);
}

/** Scores of the pairs of one session's alerts, each worked out once. */
export interface PairScores<Member extends Seated> {
  /** Gives every alert a place in the table; those that are no longer among them lose theirs. */
  seat(members: readonly Member[]): void;
  /** Log-odds that two seated alerts belong together. */
  between(a: Member, b: Member): number;
  /** Forgets the scores of an alert that has changed. */
  forget(member: Member): void;
}

const fewSeats = 4;

/** @param score - log-odds for two alerts, the earlier one first. */
export function createPairScores<Member extends Seated>(
  score: (early: Member, late: Member) => number,
): PairScores<Member> {
  let seats = fewSeats;
  /** By seat of the one times the number of seats plus seat of the other; NaN is unknown. */
  let table: number[] = newTable(seats);
  const holders: (Member | undefined)[] = [];

  function clear(seat: number): void {
    for (let other = 0; other < seats; other += 1) {
      table[seat * seats + other] = Number.NaN;
      table[other * seats + seat] = Number.NaN;
    }
  }

  function grow(atLeast: number): void {
    const before = { seats, table };
    while (seats < atLeast) seats *= 2;
    table = newTable(seats);
    for (let a = 0; a < before.seats; a += 1)
      for (let b = 0; b < before.seats; b += 1)
        table[a * seats + b] = before.table[a * before.seats + b] ?? Number.NaN;
  }

  /** Takes their seats from those who left. */
  function emptySeats(members: readonly Member[]): number[] {
    let staying = 0;
    for (const member of members) if (holders[member.seat] === member) staying += 1;
    // Most often nobody left, and the table is full.
    if (staying === holders.length) return [];
    const seated = new Set(members);
    const free: number[] = [];
    for (let seat = 0; seat < holders.length; seat += 1) {
      const holder = holders[seat];
      if (holder !== undefined && seated.has(holder)) continue;
      holders[seat] = undefined;
      free.push(seat);
    }
    return free;
  }

  return {
    seat(members) {
      const free = emptySeats(members);
      for (const member of members) {
        if (holders[member.seat] === member) continue;
        const seat = free.pop() ?? holders.length;
        if (seat >= seats) grow(seat + 1);
        holders[seat] = member;
        member.seat = seat;
        clear(seat);
      }
    },
    between(a, b) {
      const at = a.seat * seats + b.seat;
      const known = table[at] ?? Number.NaN;
      if (!Number.isNaN(known)) return known;
      const fresh = isBefore(a, b) ? score(a, b) : score(b, a);
      table[at] = fresh;
      table[b.seat * seats + a.seat] = fresh;
      return fresh;
    },
    forget: (member) => {
      if (holders[member.seat] === member) clear(member.seat);
    },
  };
}

function newTable(seats: number): number[] {
  return new Array<number>(seats * seats).fill(Number.NaN);
}
