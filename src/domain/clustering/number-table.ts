/**
 * A map from whole numbers to whole numbers in one block of memory: a map of V8's reads from three places for every question,
 * and each of ten thousand places that are asked for in turn has to be fetched from memory.
 */

export interface NumberTable {
  /** @returns -1 for a key that has no value. */
  find(key: number): number;
  /** @param key - a whole number from 1; @param value - one from 0. */
  put(key: number, value: number): void;
  remove(key: number): void;
  clear(): void;
}

const firstSlots = 64;
/** Of a slot: the key, 0 where it is empty, and the value. */
const fields = 2;
/** Scatters keys that follow one another: 2^32 divided by the golden ratio. */
const scatter = 0x9e3779b1;

/** Starts empty. Slots are tried one after another from the one that a key wants; at least half of them are empty. */
export function createNumberTable(): NumberTable {
  let slots = new Float64Array(firstSlots * fields);
  let mask = firstSlots - 1;
  let size = 0;

  function wantedBy(key: number): number {
    return (Math.imul(key, scatter) >>> 12) & mask;
  }

  /** The slot of a key, or the empty one where it would be put. */
  function slotOf(key: number): number {
    let slot = wantedBy(key);
    for (;;) {
      const found = slots[slot * fields] ?? 0;
      if (found === key || found === 0) return slot;
      slot = (slot + 1) & mask;
    }
  }

  function grow(): void {
    const before = slots;
    slots = new Float64Array(2 * before.length);
    mask = slots.length / fields - 1;
    for (let at = 0; at < before.length; at += fields) {
      const key = before[at] ?? 0;
      if (key !== 0) write(slotOf(key), key, before[at + 1] ?? 0);
    }
  }

  function write(slot: number, key: number, value: number): void {
    slots[slot * fields] = key;
    slots[slot * fields + 1] = value;
  }

  /** Moves up what stands behind a freed slot and was not put where it wanted, so that no search stops short of it. */
  function close(freed: number): void {
    let gap = freed;
    for (let slot = (freed + 1) & mask; ; slot = (slot + 1) & mask) {
      const key = slots[slot * fields] ?? 0;
      if (key === 0) break;
      const wanted = wantedBy(key);
      if (((slot - wanted) & mask) < ((slot - gap) & mask)) continue;
      write(gap, key, slots[slot * fields + 1] ?? 0);
      gap = slot;
    }
    write(gap, 0, 0);
  }

  return {
    find(key) {
      const slot = slotOf(key);
      return slots[slot * fields] === key ? (slots[slot * fields + 1] ?? -1) : -1;
    },
    put(key, value) {
      let slot = slotOf(key);
      if (slots[slot * fields] === 0) {
        size += 1;
        if (size > mask / 2) {
          grow();
          slot = slotOf(key);
        }
      }
      write(slot, key, value);
    },
    remove(key) {
      const slot = slotOf(key);
      if (slots[slot * fields] !== key) return;
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
