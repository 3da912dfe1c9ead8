/**
 * Who goes when there is no more room: of those that stand in line the first that was not used since it was last passed
 * over ("second chance"). That is nearly the least recently used, without reordering at every use. Those that stand there
 * are told apart by their places alone, so that fifty thousand of them are two blocks of memory.
 */

export interface WaitingLine {
  /**
   * Gives a place at the end: a whole number from 0, less than the line is long, that nobody else has.
   * @throws RangeError when the line is full.
   */
  enter(): number;
  /** To be called whenever what has the place is used. */
  use(place: number): void;
  /** Takes out the one that goes, whose place may be given again; -1 when nobody stands there. */
  leave(): number;
  size(): number;
  /** How many went so far. */
  left(): number;
}

/** Used ones that are passed over before the first goes all the same, so that one call never walks the whole line. */
const maxChances = 64;
const nobody = -1;

/** @param length - places in the line; starts empty. */
export function createWaitingLine(length: number): WaitingLine {
  /** Who stands behind each; for a free place the next free one. */
  const behind = new Int32Array(length);
  const isUsed = new Uint8Array(length);
  let first = nobody;
  let last = nobody;
  let free = nobody;
  let given = 0;
  let size = 0;
  let left = 0;

  function join(place: number): void {
    behind[place] = nobody;
    if (last === nobody) first = place;
    else behind[last] = place;
    last = place;
  }

  function takeFirst(): number {
    const place = first;
    first = behind[place] ?? nobody;
    if (first === nobody) last = nobody;
    return place;
  }

  function placeToGive(): number {
    if (free !== nobody) {
      const place = free;
      free = behind[place] ?? nobody;
      return place;
    }
    if (given === length) throw new RangeError(`a line of ${length} places is full`);
    given += 1;
    return given - 1;
  }

  return {
    enter() {
      const place = placeToGive();
      isUsed[place] = 0;
      join(place);
      size += 1;
      return place;
    },
    use(place) {
      isUsed[place] = 1;
    },
    leave() {
      for (let chances = 0; ; chances += 1) {
        if (first === nobody) return nobody;
        const place = takeFirst();
        if (isUsed[place] === 0 || chances >= maxChances) {
          behind[place] = free;
          free = place;
          size -= 1;
          left += 1;
          return place;
        }
        isUsed[place] = 0;
        join(place);
      }
    },
    size: () => size,
    left: () => left,
  };
}
