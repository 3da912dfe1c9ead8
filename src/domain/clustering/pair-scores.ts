/** An alert with its place in the table. */
export interface Seated {
  readonly key: string;
  readonly at: number;
  /** Its number in the table. */
  seat: number;
}

/** The order in which alerts began; of those that began together, that of their keys. */
export function isBefore(a: Seated, b: Seated): boolean {
  return a.at < b.at || (a.at === b.at && a.key < b.key);
}

/** Scores of the pairs of one session's alerts, each worked out once. Plain data: thousands of sessions are alive. */
export interface PairScores<Member extends Seated> {
  /** Who has which seat; null where nobody has. */
  holders: (Member | null)[];
  /** By {@link placeOf}; NaN is unknown. */
  table: number[];
}

const fewSeats = 4;

/** Starts without anybody seated. */
export function createPairScores<Member extends Seated>(): PairScores<Member> {
  return { holders: new Array<Member | null>(fewSeats).fill(null), table: newTable(fewSeats) };
}

/** Where the score of two seats is: a triangle, so that what is known stays in its place when there are more seats. */
function placeOf(a: number, b: number): number {
  return a < b ? (b * (b - 1)) / 2 + a : (a * (a - 1)) / 2 + b;
}

/** Filled at once: an array that grows from nothing takes room for seventeen. */
function newTable(seats: number): number[] {
  return new Array<number>((seats * (seats - 1)) / 2).fill(Number.NaN);
}

/** Gives every alert a seat; those that are no longer among them lose theirs. */
export function seat<Member extends Seated>(scores: PairScores<Member>, members: readonly Member[]): void {
  vacate(scores, members);
  let free = -1;
  for (const member of members) {
    if (scores.holders[member.seat] === member) continue;
    free = scores.holders.indexOf(null, free + 1);
    if (free === -1) free = addSeats(scores);
    scores.holders[free] = member;
    member.seat = free;
    clear(scores, free);
  }
}

/** Takes their seats from those who left. */
function vacate<Member extends Seated>({ holders }: PairScores<Member>, members: readonly Member[]): void {
  let staying = 0;
  for (const member of members) if (holders[member.seat] === member) staying += 1;
  let taken = 0;
  for (const holder of holders) if (holder !== null) taken += 1;
  // Most often nobody left.
  if (staying === taken) return;
  const seated = new Set(members);
  for (const [place, holder] of holders.entries())
    if (holder !== null && !seated.has(holder)) holders[place] = null;
}

/** @returns the first of the new seats. */
function addSeats<Member extends Seated>(scores: PairScores<Member>): number {
  const { holders, table } = scores;
  const first = holders.length;
  scores.holders = new Array<Member | null>(2 * first).fill(null);
  scores.table = newTable(2 * first);
  for (let place = 0; place < first; place += 1) scores.holders[place] = holders[place] ?? null;
  for (let place = 0; place < table.length; place += 1) scores.table[place] = table[place] ?? Number.NaN;
  return first;
}

function clear<Member extends Seated>({ holders, table }: PairScores<Member>, seat: number): void {
  for (let other = 0; other < holders.length; other += 1)
    if (other !== seat) table[placeOf(seat, other)] = Number.NaN;
}

/**
 * Log-odds that two seated alerts belong together.
 * @param score - works it out for two alerts, the earlier one first.
 */
export function scoreBetween<Member extends Seated>(
  { table }: PairScores<Member>,
  a: Member,
  b: Member,
  score: (early: Member, late: Member) => number,
): number {
  const place = placeOf(a.seat, b.seat);
  const known = table[place] ?? Number.NaN;
  if (!Number.isNaN(known)) return known;
  const fresh = isBefore(a, b) ? score(a, b) : score(b, a);
  table[place] = fresh;
  return fresh;
}

/** Forgets the scores of an alert that has changed. */
export function forgetScores<Member extends Seated>(scores: PairScores<Member>, member: Member): void {
  if (scores.holders[member.seat] === member) clear(scores, member.seat);
}
