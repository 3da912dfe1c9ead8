/** How often the values of labels were seen lately, bounded over all labels together. */
import type { Tally } from "./tally.ts";
import { createWaitingLine, type Waiting } from "./waiting-line.ts";

export interface LabelValues {
  add(label: string, value: string, at: number): void;
  /** How often a value was seen between two times; as in {@link Tally}. */
  between(label: string, value: string, from: number, until: number): number;
  readonly size: number;
  /** Values let go so far. */
  readonly dropped: number;
}

interface Entry extends Waiting<Entry> {
  readonly label: string;
  readonly value: string;
  readonly tally: Tally;
}

/**
 * @param max - most values; the one to go is as in {@link createWaitingLine}.
 * @param createCounts - makes what counts one value.
 */
export function createLabelValues(max: number, createCounts: () => Tally): LabelValues {
  /** By label, then by value: joined into one text, each would have to be hashed anew. */
  const labels = new Map<string, Map<string, Entry>>();
  const line = createWaitingLine<Entry>();
  let size = 0;

  function dropOne(): void {
    const gone = line.leave();
    if (gone === null) return;
    const values = labels.get(gone.label);
    values?.delete(gone.value);
    if (values?.size === 0) labels.delete(gone.label);
    size -= 1;
  }

  function recall(label: string, value: string): Entry {
    const values = labels.get(label) ?? new Map<string, Entry>();
    const known = values.get(value);
    if (known !== undefined) {
      known.isUsed = true;
      return known;
    }
    const entry: Entry = { label, value, tally: createCounts(), isUsed: false, next: null };
    if (values.size === 0) labels.set(label, values);
    values.set(value, entry);
    line.join(entry);
    size += 1;
    if (size > max) dropOne();
    return entry;
  }

  return {
    add(label, value, at) {
      recall(label, value).tally.add(at);
    },
    between: (label, value, from, until) => labels.get(label)?.get(value)?.tally.between(from, until) ?? 0,
    get size() {
      return size;
    },
    get dropped() {
      return line.left;
    },
  };
}
