/** The audit log, and the tree over it. */
import { sql } from "drizzle-orm";
import { bigint, index, integer, jsonb, pgTable, primaryKey, text } from "drizzle-orm/pg-core";
import { at, bytea } from "./columns.ts";

/** Hash-chained; only ever inserted, and deleted up to a checkpoint by a pruning. */
export const audit = pgTable(
  "audit",
  {
    seq: bigint("seq", { mode: "number" }).primaryKey(),
    at: at("at").notNull(),
    /** Null when it is among audit_values. */
    actor: text("actor"),
    action: text("action").notNull(),
    subject: text("subject").notNull(),
    outcome: text("outcome").notNull(),
    /** Without what is among audit_values. */
    data: jsonb("data").notNull(),
    previousHash: text("previous_hash").notNull(),
    hash: text("hash").notNull(),
    /** Field to commitment; null in entries of format 1, which have everything in clear. */
    commitments: jsonb("commitments").$type<Readonly<Record<string, string>>>(),
  },
  (table) => [index("audit_subject").on(table.subject), index("audit_at").on(table.at)],
);

/**
 * Where the audit log stands: one row, moved by every append and its lock. A log whose last entries were removed no
 * longer reaches it.
 */
export const auditHead = pgTable("audit_head", {
  id: integer("id").primaryKey(),
  seq: bigint("seq", { mode: "number" }).notNull(),
  hash: text("hash").notNull(),
});

/** What audit entries only commit to: values that can be erased, each with its salt. */
export const auditValues = pgTable(
  "audit_values",
  {
    seq: bigint("seq", { mode: "number" }).notNull(),
    /** "actor", or "data." and a key. */
    field: text("field").notNull(),
    salt: text("salt").notNull(),
    value: jsonb("value").notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.seq, table.field] }),
    index("audit_values_actor").on(table.value).where(sql`field = 'actor'`),
  ],
);

/** Which values are gone, and the entry that erased them. */
export const auditErased = pgTable(
  "audit_erased",
  {
    seq: bigint("seq", { mode: "number" }).notNull(),
    field: text("field").notNull(),
    by: bigint("by", { mode: "number" }).notNull(),
  },
  (table) => [primaryKey({ columns: [table.seq, table.field] })],
);

/** Up to which checkpoint entries were removed, and the entry that says so. */
export const auditPrunings = pgTable("audit_prunings", {
  toSeq: bigint("to_seq", { mode: "number" }).primaryKey(),
  by: bigint("by", { mode: "number" }).notNull(),
});

/** Complete subtrees of the Merkle tree over the log; level 0 are the leaves. */
export const auditNodes = pgTable(
  "audit_nodes",
  {
    level: integer("level").notNull(),
    index: bigint("index", { mode: "number" }).notNull(),
    hash: bytea("hash").notNull(),
  },
  (table) => [primaryKey({ columns: [table.level, table.index] })],
);

/** Signed tree heads. */
export const auditCheckpoints = pgTable("audit_checkpoints", {
  size: bigint("size", { mode: "number" }).primaryKey(),
  at: at("at").notNull(),
  /** The signed note, as it is published. */
  note: text("note").notNull(),
  /** Verifier line of the key that signed. */
  key: text("key").notNull(),
});

/** Which checkpoint has gone where; a row for each configured destination. */
export const auditPublications = pgTable(
  "audit_publications",
  {
    destination: text("destination").notNull(),
    size: bigint("size", { mode: "number" }).notNull(),
    doneAt: at("done_at"),
    attempts: integer("attempts").notNull().default(0),
    problem: text("problem"),
  },
  (table) => [primaryKey({ columns: [table.destination, table.size] })],
);
