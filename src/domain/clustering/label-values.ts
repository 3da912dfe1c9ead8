/** How often the values of labels were seen lately, bounded over all labels together. */
import type { Tally } from "./tally.ts";
import { createWaitingLine } from "./waiting-line.ts";

export interface LabelValues {
  add(label: string, value: string, at: number): void;
  /** How often a value was seen between two times; as in {@link Tally}. */
  between(label: string, value: string, from: number, until: number): number;
  readonly size: number;
  /** Values let go so far. */
  readonly dropped: number;
}

interface Kept {
  readonly label: string;
  readonly value: string;
  readonly tally: Tally;
}

/**
 * @param max - most values; the one to go is as in {@link createWaitingLine}.
 * @param createCounts - makes what counts one value.
 */
export function createLabelValues(max: number, createCounts: () => Tally): LabelValues {
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
        kept[known]?.tally.add(at);
        return;
      }
      if (values.size === 0) places.set(label, values);
      const place = line.enter();
      values.set(value, place);
      const tally = createCounts();
      kept[place] = { label, value, tally };
      tally.add(at);
      if (line.size > max) dropOne();
    },
    between(label, value, from, until) {
      const place = places.get(label)?.get(value);
      return place === undefined ? 0 : (kept[place]?.tally.between(from, until) ?? 0);
    },
    get size() {
      return line.size;
    },
    get dropped() {
      return line.left;
    },
  };
}
