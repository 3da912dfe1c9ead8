/** Where live stories are found again: by the minute they span, and by the bridges between them. */
import type { Bridge } from "./bridges.ts";
import type { Session, Story } from "./sessions.ts";

/** A stretch of event time, ms. */
export interface Span {
  readonly first: number;
  readonly last: number;
}

/** Stories in order of start, then of key. */
export function byStart(a: Story, b: Story): number {
  return a.first - b.first || (a.key < b.key ? -1 : 1);
}

/** Bridges by the key of the story they start from, walked in both directions. */
export function createLinks() {
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
    get: (from: string) => outward.get(from),
    remove,
    set(from: string, bridge: Bridge): void {
      remove(from);
      outward.set(from, bridge);
      const sources = inward.get(bridge.to);
      if (sources) sources.add(from);
      else inward.set(bridge.to, new Set([from]));
    },
    *neighbours(key: string): Generator<string> {
      const out = outward.get(key);
      if (out !== undefined) yield out.to;
      yield* inward.get(key) ?? [];
    },
    size: () => outward.size,
  };
}

const shelfMs = 60_000;

/** Sessions by the minutes they span, to find those near a time without looking at all. */
export function createShelf() {
  const minutes = new Map<number, Set<Session>>();
  const span = ({ first, last }: Span) => [Math.floor(first / shelfMs), Math.floor(last / shelfMs)];
  return {
    add(session: Session): void {
      const [from = 0, until = 0] = span(session);
      for (let minute = from; minute <= until; minute += 1) {
        const known = minutes.get(minute);
        if (known) known.add(session);
        else minutes.set(minute, new Set([session]));
      }
    },
    remove(session: Session): void {
      const [from = 0, until = 0] = span(session);
      for (let minute = from; minute <= until; minute += 1) {
        const known = minutes.get(minute);
        known?.delete(session);
        if (known?.size === 0) minutes.delete(minute);
      }
    },
    *within(first: number, last: number): Generator<Session> {
      const [from = 0, until = 0] = span({ first, last });
      for (let minute = from; minute <= until; minute += 1) yield* minutes.get(minute) ?? [];
    },
  };
}
