/** The audit log as a whole: how its chain, its erasures and its tree are checked, entry by entry. */
import {
  type AuditEntry,
  type AuditHead,
  commit,
  expectedHash,
  fieldValue,
  genesisHash,
} from "./audit/entry.ts";
import { createErasureCheck } from "./audit/erasure.ts";
import { createFrontier, isSameHash, leafHash, type TreeHash } from "./audit/merkle.ts";

export * from "./audit/entry.ts";

/** What is wrong with a log, and at which entry. */
export interface ChainFault {
  readonly reason: "edited" | "removed" | "reordered" | "relinked" | "cut" | "head" | "erased" | "checkpoint";
  /**
   * Sequence number of the first bad entry; for `removed` and `cut` that of the first missing one, for `checkpoint` that
   * of the last one that the checkpoint covers.
   */
  readonly seq: number;
  /** One plain sentence. */
  readonly problem: string;
}

export type ChainVerdict =
  | {
      readonly kind: "intact";
      /** Those that were read. */
      readonly entries: number;
      readonly head: AuditHead | null;
      /** Entries before them of which only the leaf of the tree is left. */
      readonly pruned: number;
      /** Fields that were erased. */
      readonly erased: number;
      /** Entries that the newest of the given checkpoints covers; 0 without any. */
      readonly covered: number;
    }
  | ({ readonly kind: "broken"; readonly entries: number } & ChainFault);

/** What was remembered of a log outside its entries. */
export interface KnownLog {
  /** The head row, a line that was kept elsewhere: the chain must contain each. */
  readonly heads?: readonly AuditHead[];
  /** Checkpoints whose signatures hold: the tree must have had each of these roots. */
  readonly checkpoints?: readonly { readonly size: number; readonly root: TreeHash }[];
  /** To check only what follows an entry that is known by its leaf: erasures and checkpoints are then left out. */
  readonly after?: { readonly seq: number; readonly leaf: TreeHash } | null;
}

/** Checks a log piece by piece, so that a long one never has to be in memory. */
export interface ChainCheck {
  /** Takes the leaf of the next entry that was pruned; only before the first entry. Says what is wrong, or null. */
  pruned(leaf: TreeHash): ChainFault | null;
  /** Takes the next entry in stored order; says what is wrong with it, or null. */
  add(entry: AuditEntry): ChainFault | null;
  /** Says whether the whole log was intact and contained all that was known of it. */
  end(): ChainVerdict;
}

/** The leaf of the tree for an entry: its hash, 32 bytes, which covers the entry, its place and all before it. */
export function entryLeaf(hash: string): TreeHash {
  return leafHash(Buffer.from(hash, "hex"));
}

/**
 * Starts a check at the first entry of a log.
 * @param known - without any of it, an attacker who rewrites every later entry, or cuts the tail, is not seen.
 */
export function createChainCheck(known: KnownLog = {}): ChainCheck {
  const after = known.after ?? null;
  let head: AuditHead = { seq: after?.seq ?? 0, hash: after === null ? genesisHash : "" };
  let entries = 0;
  let prunedTo = 0;
  let leafBefore: TreeHash | null = after?.leaf ?? null;
  let fault: ChainFault | null = null;
  const frontier = createFrontier();
  const erasures = createErasureCheck(() => prunedTo);
  const heads = new Map((known.heads ?? []).map(({ seq, hash }) => [seq, hash]));
  const roots = new Map<number, TreeHash[]>();
  for (const { size, root } of known.checkpoints ?? []) roots.set(size, [...(roots.get(size) ?? []), root]);

  function pruned(leaf: TreeHash): ChainFault | null {
    if (fault !== null) return fault;
    prunedTo += 1;
    leafBefore = leaf;
    // The hash of a pruned entry is known by its leaf alone, until the first kept entry names it.
    head = { seq: prunedTo, hash: "" };
    fault = grow(leaf);
    return fault;
  }

  function add(entry: AuditEntry): ChainFault | null {
    fault ??= faultIn(entry);
    if (fault !== null) return fault;
    head = { seq: entry.seq, hash: entry.hash };
    entries += 1;
    fault = grow(entryLeaf(entry.hash));
    return fault;
  }

  function faultIn(entry: AuditEntry): ChainFault | null {
    const { seq } = entry;
    const erasure = () => {
      if (after !== null) return null;
      const problem = erasures.add(entry);
      return problem === null ? null : { reason: "erased" as const, seq, problem };
    };
    return (
      placeFault(entry, head) ??
      editFault(entry) ??
      linkFault(entry, head, entries === 0 ? leafBefore : null) ??
      headFault(entry, heads.get(seq)) ??
      erasure()
    );
  }

  function grow(leaf: TreeHash): ChainFault | null {
    frontier.add(leaf);
    const seq = frontier.size;
    const wanted = roots.get(seq) ?? [];
    if (wanted.every((root) => isSameHash(root, frontier.root()))) return null;
    return {
      reason: "checkpoint",
      seq,
      problem: `the first ${seq} entries are not those of the checkpoint of that size: one of them was changed, with every hash after it`,
    };
  }

  function end(): ChainVerdict {
    fault ??= cutFault(head, Math.max(0, ...heads.keys(), ...roots.keys()));
    const erasure = erasures.end();
    if (erasure !== null) fault ??= { reason: "erased", seq: head.seq + 1, problem: erasure };
    if (fault !== null) return { kind: "broken", entries, ...fault };
    return {
      kind: "intact",
      entries,
      head: entries === 0 ? null : head,
      pruned: prunedTo,
      erased: erasures.count,
      covered: Math.max(0, ...roots.keys()),
    };
  }

  return { pruned, add, end };
}

function placeFault({ seq }: AuditEntry, head: AuditHead): ChainFault | null {
  if (seq <= head.seq) {
    return { reason: "reordered", seq, problem: `entry ${seq} comes after entry ${head.seq}` };
  }
  if (seq === head.seq + 1) return null;
  const missing = head.seq + 1;
  return { reason: "removed", seq: missing, problem: `entry ${missing} is missing: ${seq} comes next` };
}

/** What is wrong with an entry by itself: its hash, or a value that the hash commits to. */
export function editFault(entry: AuditEntry): ChainFault | null {
  const { seq, committed } = entry;
  if (expectedHash(entry) !== entry.hash) {
    return { reason: "edited", seq, problem: `entry ${seq} does not hash to the hash stored with it` };
  }
  if (committed === undefined) return null;
  for (const [field, commitment] of Object.entries(committed.commitments)) {
    const salt = committed.salts[field];
    if (salt === undefined) {
      if (committed.erased[field] !== undefined) continue;
      const problem = `${field} of entry ${seq} is missing, and no entry says that it was erased`;
      return { reason: "removed", seq, problem };
    }
    if (commit({ field, salt, value: fieldValue(entry, field) ?? null }) !== commitment) {
      return { reason: "edited", seq, problem: `${field} of entry ${seq} is not what its hash commits to` };
    }
  }
  const stray = Object.keys(committed.salts).find((field) => !Object.hasOwn(committed.commitments, field));
  if (stray === undefined) return null;
  return {
    reason: "edited",
    seq,
    problem: `entry ${seq} has a value for ${stray}, which its hash does not know`,
  };
}

function linkFault(entry: AuditEntry, head: AuditHead, leafBefore: TreeHash | null): ChainFault | null {
  const { seq, previousHash } = entry;
  const isLinked =
    leafBefore === null ? previousHash === head.hash : isSameHash(entryLeaf(previousHash), leafBefore);
  if (isLinked) return null;
  return { reason: "relinked", seq, problem: `entry ${seq} does not follow from entry ${head.seq} as it is` };
}

function headFault({ seq, hash }: AuditEntry, expected: string | undefined): ChainFault | null {
  if (expected === undefined || expected === hash) return null;
  return { reason: "head", seq, problem: `entry ${seq} is not the one that was remembered elsewhere` };
}

function cutFault(head: AuditHead, last: number): ChainFault | null {
  if (last <= head.seq) return null;
  const seq = head.seq + 1;
  return { reason: "cut", seq, problem: `the log ends at entry ${head.seq}, but entry ${last} was written` };
}
