/** How often the values of labels were seen lately, bounded over all labels together. */
import type { Tally, TallyBook } from "./tally.ts";
import { createWaitingLine } from "./waiting-line.ts";

export interface LabelValues {
  add(label: string, value: string, at: number): void;
  /** How often a value was seen between two times; as in {@link Tally}. */
  between(label: string, value: string, from: number, until: number): number;
  size(): number;
  /** Values let go so far. */
  dropped(): number;
}

interface Kept {
  readonly label: string;
  readonly value: string;
}

/**
 * @param max - most values; the one to go is as in {@link createWaitingLine}.
 * @param counts - where they are counted; empty.
 */
export function createLabelValues(max: number, counts: TallyBook): LabelValues {
  /** Places by label, then by value: joined into one text, each would have to be hashed anew. */
  const places = new Map<string, Map<string, number>>();
  /** By place. */
  const kept: Kept[] = [];
  // One place more: a new value takes its place before another one loses its own.
  const line = createWaitingLine(max + 1);

  function dropOne(): void {
    const gone = kept[line.leave()];
    if (gone === undefined) return;
    const values = places.get(gone.label);
    values?.delete(gone.value);
    if (values?.size === 0) places.delete(gone.label);
  }

  return {
    add(label, value, at) {
      const values = places.get(label) ?? new Map<string, number>();
      const known = values.get(value);
      if (known !== undefined) {
        line.use(known);
        counts.add(known, at);
        return;
      }
      if (values.size === 0) places.set(label, values);
      const place = line.enter();
      values.set(value, place);
      kept[place] = { label, value };
      counts.clear(place);
      counts.add(place, at);
      if (line.size() > max) dropOne();
    },
    between(label, value, from, until) {
      const place = places.get(label)?.get(value);
      return place === undefined ? 0 : counts.between(place, from, until);
    },
    size: line.size,
    dropped: line.left,
  };
}
