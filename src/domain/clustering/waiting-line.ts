/**
 * Who goes when there is no more room: of those that stand in line the first that was not used since it was last passed
 * over ("second chance"). That is nearly the least recently used, without reordering at every use.
 */

/** What can stand in a line, one at a time. */
export interface Waiting<Entry> {
  /** To be set whenever it is used. */
  isUsed: boolean;
  /** The one behind it in the line. */
  next: Entry | null;
}

export interface WaitingLine<Entry> {
  /** Puts one at the end. */
  join(entry: Entry): void;
  /** Takes out the one that goes; null when nobody stands there. */
  leave(): Entry | null;
  /** How many went so far. */
  readonly left: number;
}

/** Used ones that are passed over before the first goes all the same, so that one call never walks the whole line. */
const maxChances = 64;

/** Starts empty. */
export function createWaitingLine<Entry extends Waiting<Entry>>(): WaitingLine<Entry> {
  let first: Entry | null = null;
  let last: Entry | null = null;
  let left = 0;

  function join(entry: Entry): void {
    entry.next = null;
    if (last === null) first = entry;
    else last.next = entry;
    last = entry;
  }

  function takeFirst(): Entry | null {
    const entry = first;
    first = entry?.next ?? null;
    if (first === null) last = null;
    return entry;
  }

  return {
    join,
    leave() {
      for (let chances = 0; ; chances += 1) {
        const entry = takeFirst();
        if (entry === null) return null;
        if (!entry.isUsed || chances >= maxChances) {
          left += 1;
          return entry;
        }
        entry.isUsed = false;
        join(entry);
      }
    },
    get left() {
      return left;
    },
  };
}
