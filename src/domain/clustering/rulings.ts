/**
 * What people ruled about groupings, worked out alert by alert: which alerts must be of one incident (a bond), and
 * which bonds must not meet. Newer rulings are worked in first; of an older one only what they leave possible counts.
 */
import type { LeftOutCounts } from "../limits.ts";
import type { Ruling } from "./correlation.ts";

export type Side = "left" | "right";

/** Whether people want an alert in the incident of this number, or out of it. */
export interface NumberWish {
  readonly number: number;
  readonly isWanted: boolean;
}

/** Alerts that people put together, or a single one; and on which side of which "apart" it stands. */
export interface Bond {
  readonly keys: readonly string[];
  readonly sides: ReadonlyMap<number, Side>;
}

export interface Rulings {
  /** Takes a ruling in; returns false for one that is known. */
  add(ruling: Ruling): boolean;
  /** Null when nobody ruled on the alert. */
  bondOf(key: string): Bond | null;
  /** What the newest ruling on the alert says of its incident's number; undefined when none says anything. */
  numberFor(key: string): NumberWish | undefined;
  /** Every alert that somebody ruled on. */
  keys(): Iterable<string>;
  bonds(): Iterable<Bond>;
  size(): number;
  /** Rulings let go because there were too many, and alerts of rulings that were ignored. */
  leftOut(): LeftOutCounts<"rulings" | "ruled_alerts">;
}

/** More than a team makes in a day; the oldest go first, for a newer ruling counts more. */
const maxRulings = 500;
/** Of each side; what is beyond is ignored: two thousand that are held together or apart are an incident of their own. */
const maxKeys = 2_000;
const maxKeysInAll = 20_000;

interface Draft {
  readonly keys: string[];
  readonly sides: Map<number, Side>;
}

/** Starts without any ruling. */
export function createRulings(): Rulings {
  let rulings: Ruling[] = [];
  let bonds = new Map<string, Draft>();
  let wishes = new Map<string, NumberWish>();
  let dropped = 0;
  let ignored = 0;

  function workOut(): void {
    bonds = draftsOf(rulings);
    wishes = new Map();
    for (const ruling of rulings) noteNumber(wishes, ruling);
  }

  return {
    add(ruling) {
      if (rulings.some(({ id }) => id === ruling.id)) return false;
      const { left, right } = ruling;
      const kept = { ...ruling, left: left.slice(0, maxKeys), right: right.slice(0, maxKeys) };
      ignored += left.length + right.length - kept.left.length - kept.right.length;
      rulings = [...rulings, kept].sort((a, b) => b.id - a.id);
      while (rulings.length > maxRulings || countKeys(rulings) > maxKeysInAll) {
        rulings = rulings.slice(0, -1);
        dropped += 1;
      }
      workOut();
      return true;
    },
    bondOf: (key) => bonds.get(key) ?? null,
    numberFor: (key) => wishes.get(key),
    keys: () => bonds.keys(),
    bonds: () => new Set(bonds.values()),
    size: () => rulings.length,
    leftOut: () => ({ rulings: dropped, ruled_alerts: ignored }),
  };
}

/** What stands of rulings for any two alerts; see {@link whatStands}. */
export type StandingRulings = (a: string, b: string) => Ruling["kind"] | null;

/**
 * What people, in the end, say of two alerts by their keys: the newest ruling on the pair, and of older ones what it
 * leaves possible. Null where nothing ties the two together and nothing holds them apart.
 * @param rulings - any order.
 */
export function whatStands(rulings: readonly Ruling[]): StandingRulings {
  const bonds = draftsOf(rulings.toSorted((a, b) => b.id - a.id));
  return (a, b) => {
    const [one, other] = [bonds.get(a) ?? null, bonds.get(b) ?? null];
    if (one !== null && one === other) return "together";
    return areApart(one, other) ? "apart" : null;
  };
}

/** @param rulings - the newest first. */
function draftsOf(rulings: readonly Ruling[]): Map<string, Draft> {
  const bonds = new Map<string, Draft>();
  for (const ruling of rulings)
    if (ruling.kind === "apart") holdApart(bonds, ruling);
    else bondTogether(bonds, ruling);
  return bonds;
}

/** Whether two alerts, by their bonds, must not be of one incident. */
export function areApart(a: Bond | null, b: Bond | null): boolean {
  return a !== null && b !== null && a !== b && areOpposed(a.sides, b.sides);
}

/** Whether some ruling has the two on different sides. */
export function areOpposed(a: ReadonlyMap<number, Side>, b: ReadonlyMap<number, Side>): boolean {
  const [few, many] = a.size <= b.size ? [a, b] : [b, a];
  for (const [id, side] of few) {
    const other = many.get(id);
    if (other !== undefined && other !== side) return true;
  }
  return false;
}

function countKeys(rulings: readonly Ruling[]): number {
  return rulings.reduce((sum, { left, right }) => sum + left.length + right.length, 0);
}

function draftOf(bonds: Map<string, Draft>, key: string): Draft {
  const known = bonds.get(key);
  if (known !== undefined) return known;
  const draft: Draft = { keys: [key], sides: new Map() };
  bonds.set(key, draft);
  return draft;
}

/** Marks the sides; a bond with alerts of both sides was put together later, and is left as it is. */
function holdApart(bonds: Map<string, Draft>, { id, left, right }: Ruling): void {
  const lefts = new Set(left.map((key) => draftOf(bonds, key)));
  const rights = new Set(right.map((key) => draftOf(bonds, key)));
  for (const draft of lefts) if (!rights.has(draft)) draft.sides.set(id, "left");
  for (const draft of rights) if (!lefts.has(draft)) draft.sides.set(id, "right");
}

/** What a newer ruling says of an alert stands. */
function noteNumber(wishes: Map<string, NumberWish>, { kind, left, right, keep }: Ruling): void {
  if (keep === undefined) return;
  const stays = { number: keep, isWanted: true };
  const leaves = { number: keep, isWanted: kind === "together" };
  for (const key of right) if (!wishes.has(key)) wishes.set(key, stays);
  for (const key of left) if (!wishes.has(key)) wishes.set(key, leaves);
}

/** Joins the bonds of all its alerts, but for those that a newer ruling holds apart. */
function bondTogether(bonds: Map<string, Draft>, { left, right }: Ruling): void {
  const joined: Draft[] = [];
  for (const key of [...left, ...right]) {
    const draft = draftOf(bonds, key);
    if (joined.includes(draft)) continue;
    const home = joined.find((other) => !areOpposed(other.sides, draft.sides));
    if (home === undefined) joined.push(draft);
    else join(bonds, home, draft);
  }
}

function join(bonds: Map<string, Draft>, home: Draft, gone: Draft): void {
  for (const key of gone.keys) {
    home.keys.push(key);
    bonds.set(key, home);
  }
  for (const [id, side] of gone.sides) home.sides.set(id, side);
}
