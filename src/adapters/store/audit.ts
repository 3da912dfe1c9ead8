/**
 * The audit log: hash-chained, only ever appended to; triggers of the migrations refuse anything but erasures and
 * prunings that are entries themselves.
 */
import { randomBytes } from "node:crypto";
import { desc, eq, sql } from "drizzle-orm";
import type { FieldPlace } from "../../domain/audit/erasure.ts";
import {
  type AuditEntry,
  type AuditHead,
  type AuditRecord,
  erasedActor,
  sealRecord,
  storable,
} from "../../domain/audit.ts";
import type { AuditStore } from "../../ports.ts";
import type { Db } from "./client.ts";
import { auditHead, auditPrunings } from "./schema.ts";
import { indexable, readTime, writeTime } from "./values.ts";

/** The only row of audit_head. */
const headId = 1;
const saltBytes = 16;
/** Entries that one statement removes at most. */
const pruneBatchSize = 20_000;

export function auditSlice(db: Db): AuditStore {
  return {
    append: (record) => append(db, record),
    read: (from, limit) => select(db, sql`where a.seq >= ${from} order by a.seq limit ${limit}`),
    list: ({ subject, actor, action, reference, from, to, before, limit }) => {
      const conditions = [
        subject === undefined ? sql`true` : sql`a.subject = ${indexable(subject)}`,
        actor === undefined ? sql`true` : isBy(indexable(actor)),
        action === undefined ? sql`true` : sql`a.action = ${action}`,
        reference === undefined ? sql`true` : sql`a.data ->> 'reference' = ${reference}`,
        from === undefined ? sql`true` : sql`a.at >= ${writeTime(from)}::timestamptz`,
        to === undefined ? sql`true` : sql`a.at < ${writeTime(to)}::timestamptz`,
        before === undefined ? sql`true` : sql`a.seq < ${before}`,
      ];
      const where = sql.join(conditions, sql` and `);
      return select(db, sql`where ${where} order by a.seq desc limit ${limit}`);
    },
    head: async () => (await select(db, sql`order by a.seq desc limit 1`))[0] ?? null,
    mark: () => mark(db),
    prunedTo: async () => {
      const [row] = await db.select().from(auditPrunings).orderBy(desc(auditPrunings.toSeq)).limit(1);
      return row?.toSeq ?? 0;
    },
    fieldsOf: (names, limit) => fieldsOf(db, names, limit),
    fieldsIn: async (seqs) =>
      await db
        .execute<FieldRow>(sql`
        select seq::int8 as seq, field from audit_values
        where seq in (select value::bigint from jsonb_array_elements_text(${JSON.stringify(seqs)}::jsonb))
        order by seq, field`)
        .then(toPlaces),
    unerasable: async (names) => {
      const [row] = await db.execute<{ count: number }>(sql`
        select count(*)::int as count from audit
        where actor in (select jsonb_array_elements_text(${JSON.stringify(names)}::jsonb))`);
      return row?.count ?? 0;
    },
    erase: async (places, by) => {
      await db.execute(sql`
        insert into audit_erased (seq, field, by)
        select seq, field, ${by}::bigint
        from jsonb_to_recordset(${JSON.stringify(places)}::jsonb) as p(seq bigint, field text)`);
      await db.execute(sql`
        delete from audit_values v using audit_erased e
        where e.by = ${by}::bigint and v.seq = e.seq and v.field = e.field`);
    },
    prune: async (to, by) => {
      await db.insert(auditPrunings).values({ toSeq: to, by });
      let count = 0;
      for (let upTo = 0; upTo < to; count += await pruneBatch(db, upTo))
        upTo = Math.min(to, upTo + pruneBatchSize);
      return count;
    },
  };
}

/**
 * One statement, so that no round trip passes while the head of the chain is locked: the database takes the number and
 * the hash before it, and computes the hash of the entry as `linkEntry` of the domain does.
 */
async function append(db: Db, record: AuditRecord): Promise<AuditEntry> {
  const kept = storable({
    ...record,
    at: readTime(writeTime(record.at)),
    actor: indexable(record.actor),
    action: indexable(record.action),
    subject: indexable(record.subject),
  });
  const sealed = sealRecord(kept, () => randomBytes(saltBytes).toString("hex"));
  const { values, commitments, contentHash } = sealed;
  const [row] = await db.execute<{ seq: string; previous_hash: string; hash: string }>(sql`
    with entry as (
      insert into audit (seq, at, actor, action, subject, outcome, data, commitments, previous_hash, hash)
      select head.seq + 1, ${writeTime(kept.at)}::timestamptz, ${sealed.actor}::text, ${kept.action}::text,
        ${kept.subject}::text, ${kept.outcome}::text, ${JSON.stringify(sealed.data)}::jsonb,
        ${JSON.stringify(commitments)}::jsonb, head.hash,
        encode(sha256(convert_to(format(E'tocsin.audit.v2\n%s\n%s\n%s\n', head.seq + 1, head.hash, ${contentHash}::text), 'UTF8')), 'hex')
      from lock_audit_head() as head
      returning seq, previous_hash, hash),
    kept as (
      insert into audit_values (seq, field, salt, value)
      select entry.seq, v.field, v.salt, v.value
      from entry, jsonb_to_recordset(${JSON.stringify(values)}::jsonb) as v(field text, salt text, value jsonb))
    select seq, previous_hash, hash from entry`);
  if (row === undefined) throw new Error("store: the audit entry was not written");
  const salts = Object.fromEntries(values.map(({ field, salt }) => [field, salt]));
  return {
    ...kept,
    seq: Number(row.seq),
    previousHash: row.previous_hash,
    hash: row.hash,
    committed: { commitments, salts, erased: {} },
  };
}

/** Each statement has to end well within the time that one may take. */
async function pruneBatch(db: Db, to: number): Promise<number> {
  await db.execute(sql`delete from audit_values where seq <= ${to}`);
  await db.execute(sql`delete from audit_erased where seq <= ${to}`);
  const [row] = await db.execute<{ count: number }>(sql`
    with gone as (delete from audit where seq <= ${to} returning 1) select count(*)::int as count from gone`);
  return row?.count ?? 0;
}

async function mark(db: Db): Promise<AuditHead | null> {
  const [row] = await db.select().from(auditHead).where(eq(auditHead.id, headId));
  return row === undefined || row.seq === 0 ? null : { seq: row.seq, hash: row.hash };
}

function isBy(actor: string) {
  return sql`(a.actor = ${actor} or a.seq in (
    select seq from audit_values where field = 'actor' and value = to_jsonb(${actor}::text)))`;
}

interface FieldRow extends Record<string, unknown> {
  readonly seq: string;
  readonly field: string;
}

async function fieldsOf(db: Db, names: readonly string[], limit: number): Promise<readonly FieldPlace[]> {
  const rows = await db.execute<FieldRow>(sql`
    with name as (select value from jsonb_array_elements(${JSON.stringify(names)}::jsonb))
    select seq, field from audit_values v
    where seq in (select seq from audit_values where field = 'actor' and value in (select value from name))
      or exists (select from jsonb_path_query(v.value, 'strict $.**') as held where held in (select value from name))
    order by seq, field limit ${limit}`);
  return toPlaces(rows);
}

function toPlaces(rows: readonly FieldRow[]): readonly FieldPlace[] {
  return rows.map(({ seq, field }) => ({ seq: Number(seq), field }));
}

interface EntryRow extends Record<string, unknown> {
  readonly seq: string;
  readonly at: string;
  readonly actor: string | null;
  readonly action: string;
  readonly subject: string;
  readonly outcome: AuditEntry["outcome"];
  readonly data: AuditEntry["data"];
  readonly previous_hash: string;
  readonly hash: string;
  readonly commitments: Readonly<Record<string, string>> | null;
  /** Field to salt and value. */
  readonly kept: Readonly<Record<string, readonly [string, unknown]>>;
  readonly erased: Readonly<Record<string, number>>;
}

async function select(db: Db, rest: ReturnType<typeof sql>): Promise<readonly AuditEntry[]> {
  const rows = await db.execute<EntryRow>(sql`
    select a.seq, a.at::text as at, a.actor, a.action, a.subject, a.outcome, a.data, a.previous_hash, a.hash, a.commitments,
      coalesce((select jsonb_object_agg(v.field, jsonb_build_array(v.salt, v.value))
        from audit_values v where v.seq = a.seq), '{}') as kept,
      coalesce((select jsonb_object_agg(e.field, e.by) from audit_erased e where e.seq = a.seq), '{}') as erased
    from audit a ${rest}`);
  return rows.map(toEntry);
}

function toEntry(row: EntryRow): AuditEntry {
  const { commitments, kept, erased } = row;
  const values = Object.entries(kept).filter(([field]) => field.startsWith("data."));
  const data = values.map(([field, [, value]]) => [field.slice("data.".length), value] as const);
  const actor = kept["actor"]?.[1];
  const entry = {
    seq: Number(row.seq),
    at: readTime(row.at),
    actor: row.actor ?? (typeof actor === "string" ? actor : erasedActor),
    action: row.action,
    subject: row.subject,
    outcome: row.outcome,
    data: Object.fromEntries([...Object.entries(row.data), ...data]),
    previousHash: row.previous_hash,
    hash: row.hash,
  };
  if (commitments === null) return entry;
  const salts = Object.fromEntries(Object.entries(kept).map(([field, [salt]]) => [field, salt]));
  return { ...entry, committed: { commitments, salts, erased } };
}
