/**
 * Erasures: which fields of which entries are gone, and the entry of the log that says so. The entry holds their number
 * and a digest of their list, so that nothing can be erased in its name afterwards.
 */
import { createHash } from "node:crypto";
import type { AuditEntry } from "./entry.ts";

/** The act under which fields are erased. */
export const erasedAction = "audit.erased";
/** The act under which old entries are removed up to a checkpoint. */
export const prunedAction = "audit.pruned";

/** One field of one entry. */
export interface FieldPlace {
  readonly seq: number;
  readonly field: string;
}

/** What the entry {@link erasedAction} says of the fields that go in its name. */
export interface ErasureSummary {
  /** Fields. */
  readonly count: number;
  /** Lowest number of an entry among them. */
  readonly from: number;
  /** SHA-256 over "SEQ FIELD" and a line feed for each, in the order of the log. */
  readonly digest: string;
}

/** @param places - in any order; at least one. */
export function summarizeErasure(places: readonly FieldPlace[]): ErasureSummary {
  const tally = createTally();
  const inOrder = [...places].sort((a, b) => a.seq - b.seq || (a.field < b.field ? -1 : 1));
  for (const place of inOrder) tally.add(place);
  return tally.summary();
}

/** Follows a log and tells whether every erased field went in the name of an entry that says so. */
export interface ErasureCheck {
  /** Takes the next entry; says what is wrong with an erasure, or null. */
  add(entry: AuditEntry): string | null;
  /** The same at the end of the log. */
  end(): string | null;
  /** Fields that were erased. */
  readonly count: number;
}

/** @param prunedTo - entries up to this number are gone, and what was erased in them with them; 0 for none. */
export function createErasureCheck(prunedTo: () => number): ErasureCheck {
  const open = new Map<number, ReturnType<typeof createTally>>();
  let count = 0;

  function add(entry: AuditEntry): string | null {
    const { seq } = entry;
    for (const [field, by] of Object.entries(entry.committed?.erased ?? {}).sort(([a], [b]) =>
      a < b ? -1 : 1,
    )) {
      if (by <= seq) return `${field} of entry ${seq} was erased in the name of the earlier entry ${by}`;
      const tally = open.get(by) ?? createTally();
      open.set(by, tally);
      tally.add({ seq, field });
      count += 1;
    }
    const found = open.get(seq);
    open.delete(seq);
    if (entry.action === erasedAction) return compare(entry, found?.summary() ?? null);
    return found === undefined ? null : `fields were erased in the name of entry ${seq}, which is no erasure`;
  }

  function compare({ seq, data }: AuditEntry, found: ErasureSummary | null): string | null {
    if (typeof data["from"] === "number" && data["from"] <= prunedTo()) return null;
    const said = { count: data["count"], digest: data["digest"] };
    if (said.count === found?.count && said.digest === found?.digest) return null;
    return `entry ${seq} says that ${String(said.count)} fields were erased, and ${found?.count ?? 0} are, or others`;
  }

  function end(): string | null {
    const [left] = open.keys();
    return left === undefined ? null : `fields were erased in the name of entry ${left}, which is not there`;
  }

  return {
    add,
    end,
    get count() {
      return count;
    },
  };
}

function createTally() {
  const hash = createHash("sha256");
  let count = 0;
  let from = 0;
  return {
    add({ seq, field }: FieldPlace): void {
      if (count === 0) from = seq;
      count += 1;
      hash.update(`${seq} ${field}\n`);
    },
    summary: (): ErasureSummary => ({ count, from, digest: hash.digest("hex") }),
  };
}
