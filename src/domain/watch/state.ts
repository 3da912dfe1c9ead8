/**
 * When a condition that is looked at again and again becomes an alert, and when that ends. It must hold for several
 * looks in a row, and be over for more of them; between what raises and what ends lies a band that does neither.
 */

/** What one look says: bad raises, good ends, between and unknown leave things as they are. */
export type Look = "bad" | "between" | "good" | "unknown";

export interface WatchState {
  readonly isRaised: boolean;
  /** Looks in a row that speak for a change. */
  readonly count: number;
  /** When the first of them was, ms; null while there is none. */
  readonly sinceMs: number | null;
}

export interface WatchPatience {
  /** Bad looks in a row that raise, and good ones that end. */
  readonly raiseAfter: number;
  readonly endAfter: number;
}

export interface WatchStep {
  readonly state: WatchState;
  readonly event: "raised" | "ended" | null;
}

export const quiet: WatchState = { isRaised: false, count: 0, sinceMs: null };

/** One look. */
export function stepWatch(state: WatchState, look: Look, atMs: number, patience: WatchPatience): WatchStep {
  if (look === "unknown") return { state, event: null };
  const isForChange = look === (state.isRaised ? "good" : "bad");
  if (!isForChange) return { state: { ...state, count: 0, sinceMs: null }, event: null };
  const count = state.count + 1;
  const needed = state.isRaised ? patience.endAfter : patience.raiseAfter;
  if (count < needed) return { state: { ...state, count, sinceMs: state.sinceMs ?? atMs }, event: null };
  const isRaised = !state.isRaised;
  return { state: { isRaised, count: 0, sinceMs: null }, event: isRaised ? "raised" : "ended" };
}
