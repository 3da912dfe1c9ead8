import type { FieldPlace } from "../domain/audit/erasure.ts";
import type { NodePlace, TreeHash, TreeNode } from "../domain/audit/merkle.ts";
import type { AuditEntry, AuditHead, AuditRecord } from "../domain/audit.ts";

export interface AuditStore {
  /** Appends under the head lock, in the caller's transaction. */
  append(record: AuditRecord): Promise<AuditEntry>;
  /** Entries in order, from a sequence number on. */
  read(from: number, limit: number): Promise<readonly AuditEntry[]>;
  /** Newest first. */
  list(filter: {
    readonly subject?: string;
    readonly actor?: string;
    readonly action?: string;
    /** Of a denied attempt whose answer showed this reference. */
    readonly reference?: string;
    /** Made at this moment or later. */
    readonly from?: Date;
    /** Made before this moment. */
    readonly to?: Date;
    /** Only entries of a smaller number: where the page before ended. */
    readonly before?: number;
    readonly limit: number;
  }): Promise<readonly AuditEntry[]>;
  head(): Promise<AuditEntry | null>;
  /**
   * What the head row (table audit_head, moved in the transaction of every append) says; null before the first entry.
   * A log that was cut at its end no longer reaches it.
   */
  mark(): Promise<AuditHead | null>;
  /** Number of the last entry that was pruned; 0 for none. */
  prunedTo(): Promise<number>;
  /**
   * Fields that name one of these or were written by one: every erasable field of entries that they made, and any other
   * erasable field that holds one of the texts as a whole.
   */
  fieldsOf(names: readonly string[], limit: number): Promise<readonly FieldPlace[]>;
  /** Erasable fields of these entries. */
  fieldsIn(seqs: readonly number[]): Promise<readonly FieldPlace[]>;
  /** How many entries of format 1, in which nothing can be erased, these made. */
  unerasable(names: readonly string[]): Promise<number>;
  /** Deletes values and salts in the name of an entry "audit.erased" of the same transaction. */
  erase(places: readonly FieldPlace[], by: number): Promise<void>;
  /** Removes entries up to a checkpoint in the name of an entry "audit.pruned" of the same transaction. */
  prune(to: number, by: number): Promise<number>;
}

/** A checkpoint as it was signed. */
export interface StoredCheckpoint {
  readonly size: number;
  readonly at: Date;
  /** The signed note. */
  readonly note: string;
  /** Verifier line of the key that signed. */
  readonly key: string;
}

/** A checkpoint on its way to a destination. */
export interface Publication {
  readonly destination: string;
  readonly size: number;
  readonly note: string;
  readonly attempts: number;
}

/** How far behind a destination is. */
export interface PublicationLag {
  readonly destination: string;
  readonly waiting: number;
  /** When the oldest of those was signed. */
  readonly since: Date;
  readonly problem: string | null;
}

export interface CheckpointStore {
  /** Held to the end of the transaction by whoever extends the tree or signs. */
  lock(): Promise<void>;
  /** Leaves that the tree has. */
  treeSize(): Promise<number>;
  /** Nodes in the order of the places. @throws Error when one is missing. */
  nodes(places: readonly NodePlace[]): Promise<readonly TreeNode[]>;
  /** Leaves from an index on, in order. */
  leaves(from: number, limit: number): Promise<readonly TreeHash[]>;
  extend(nodes: readonly TreeNode[]): Promise<void>;
  newest(): Promise<StoredCheckpoint | null>;
  find(size: number): Promise<StoredCheckpoint | null>;
  /** Of a size above this one, in order. */
  after(size: number, limit: number): Promise<readonly StoredCheckpoint[]>;
  keep(checkpoint: StoredCheckpoint, destinations: readonly string[]): Promise<void>;
  /** Not yet published there, oldest first. */
  unpublished(destination: string, limit: number): Promise<readonly Publication[]>;
  markPublished(publication: Pick<Publication, "destination" | "size">, at: Date): Promise<void>;
  markFailed(publication: Pick<Publication, "destination" | "size">, problem: string): Promise<void>;
  /** Destinations that lag behind. */
  behind(): Promise<readonly PublicationLag[]>;
}

/** Brings checkpoints to where the machine's administrators cannot change them. One file in `src/adapters/publishers/`. */
export interface Publisher {
  /** What tables, logs and doctor call it: "file /srv/audit/checkpoints". */
  readonly name: string;
  /** Doing it twice leaves it there once. @throws Error naming the destination and what it said. */
  publish(checkpoint: {
    readonly origin: string;
    readonly size: number;
    readonly note: string;
  }): Promise<void>;
}
