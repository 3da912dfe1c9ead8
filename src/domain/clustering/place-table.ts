/**
 * Finds places by texts without keeping the texts, told apart by hashes alone: a hundred thousand texts would be a fifth of
 * all objects that are alive, and each is looked up by reading it where it lies. Two of 53 bits are equal by chance once in
 * some hundred years, where a million texts a day are looked up among a hundred thousand.
 */

export interface PlaceTable {
  /** The place of what has a hash; -1 when nothing has it. */
  find(hash: number): number;
  /** Gives what has a hash a place, a whole number from 0, in which it may have had another. */
  put(hash: number, place: number): void;
  remove(hash: number): void;
  clear(): void;
}

/** Of a text: a whole number from 1, of 53 bits. Mixes as MurmurHash3 does, in two lanes. */
export function hashOf(text: string): number {
  let left = text.length;
  let right = ~text.length;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    left = Math.imul(turned(left ^ code, 15), 0xcc9e2d51);
    right = Math.imul(turned(right ^ code, 13), 0x1b873593);
  }
  const low = scattered(left ^ turned(right, 7));
  const high = scattered(right ^ low);
  return (high & 0x1fffff) * 0x1_0000_0000 + (low >>> 0) || 1;
}

function turned(bits: number, by: number): number {
  return (bits << by) | (bits >>> (32 - by));
}

function scattered(bits: number): number {
  const half = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  const whole = Math.imul(half ^ (half >>> 13), 0xc2b2ae35);
  return whole ^ (whole >>> 16);
}

const firstSlots = 64;
/** Of a slot: the hash, 0 where it is empty, and the place. */
const fields = 2;

/** Starts empty. Slots are tried one after another from the one that the hash names; at least half of them are empty. */
export function createPlaceTable(): PlaceTable {
  let slots = new Float64Array(firstSlots * fields);
  let mask = firstSlots - 1;
  let size = 0;

  /** The slot of a hash, or the empty one where it would be put. */
  function slotOf(hash: number): number {
    let slot = hash & mask;
    for (;;) {
      const found = slots[slot * fields] ?? 0;
      if (found === hash || found === 0) return slot;
      slot = (slot + 1) & mask;
    }
  }

  function grow(): void {
    const before = slots;
    slots = new Float64Array(2 * before.length);
    mask = slots.length / fields - 1;
    for (let at = 0; at < before.length; at += fields) {
      const hash = before[at] ?? 0;
      if (hash !== 0) write(slotOf(hash), hash, before[at + 1] ?? 0);
    }
  }

  function write(slot: number, hash: number, place: number): void {
    slots[slot * fields] = hash;
    slots[slot * fields + 1] = place;
  }

  /** Moves up what stands behind a freed slot and was not put where it wanted, so that no search stops short of it. */
  function close(freed: number): void {
    let gap = freed;
    for (let slot = (freed + 1) & mask; ; slot = (slot + 1) & mask) {
      const hash = slots[slot * fields] ?? 0;
      if (hash === 0) break;
      const wanted = hash & mask;
      if (((slot - wanted) & mask) < ((slot - gap) & mask)) continue;
      write(gap, hash, slots[slot * fields + 1] ?? 0);
      gap = slot;
    }
    write(gap, 0, 0);
  }

  return {
    find(hash) {
      const slot = slotOf(hash);
      return slots[slot * fields] === hash ? (slots[slot * fields + 1] ?? -1) : -1;
    },
    put(hash, place) {
      let slot = slotOf(hash);
      if (slots[slot * fields] === 0) {
        size += 1;
        if (size > mask / 2) {
          grow();
          slot = slotOf(hash);
        }
      }
      write(slot, hash, place);
    },
    remove(hash) {
      const slot = slotOf(hash);
      if (slots[slot * fields] !== hash) return;
      size -= 1;
      close(slot);
    },
    clear() {
      slots = new Float64Array(firstSlots * fields);
      mask = firstSlots - 1;
      size = 0;
    },
  };
}
