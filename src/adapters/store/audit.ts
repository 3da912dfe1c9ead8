/** The audit log: hash-chained, only ever appended to; triggers of the migration refuse anything else. */
import { and, asc, desc, eq, gte } from "drizzle-orm";
import type { AuditEntry, AuditRecord } from "../../domain/audit.ts";
import { type AuditHead, genesisHash, hashEntry, storable } from "../../domain/audit.ts";
import type { AuditStore } from "../../ports.ts";
import type { Db } from "./client.ts";
import { audit, auditHead } from "./schema.ts";
import { indexable, readTime, writeTime } from "./values.ts";

/** The only row of audit_head. */
const headId = 1;

export function auditSlice(db: Db): AuditStore {
  return {
    // In a transaction this is a savepoint of it, otherwise a transaction of its own: the head lock spans both writes.
    append: (record) => db.transaction((tx) => append(tx, record)),
    read: async (from, limit) =>
      (await db.select().from(audit).where(gte(audit.seq, from)).orderBy(asc(audit.seq)).limit(limit)).map(
        toEntry,
      ),
    list: async ({ subject, actor, action, limit }) => {
      const conditions = [
        subject === undefined ? undefined : eq(audit.subject, indexable(subject)),
        actor === undefined ? undefined : eq(audit.actor, indexable(actor)),
        action === undefined ? undefined : eq(audit.action, action),
      ];
      const rows = await db
        .select()
        .from(audit)
        .where(and(...conditions))
        .orderBy(desc(audit.seq))
        .limit(limit);
      return rows.map(toEntry);
    },
    head: async () => {
      const [row] = await db.select().from(audit).orderBy(desc(audit.seq)).limit(1);
      return row === undefined ? null : toEntry(row);
    },
    mark: () => mark(db),
  };
}

async function append(tx: Db, record: AuditRecord): Promise<AuditEntry> {
  await tx.insert(auditHead).values({ id: headId, seq: 0, hash: genesisHash }).onConflictDoNothing();
  const [head] = await tx.select().from(auditHead).where(eq(auditHead.id, headId)).for("update");
  if (head === undefined) throw new Error("store: the audit log has no head row; restore table audit_head");
  const kept = storable({
    ...record,
    at: readTime(writeTime(record.at)),
    actor: indexable(record.actor),
    action: indexable(record.action),
    subject: indexable(record.subject),
  });
  const seq = head.seq + 1;
  const entry: AuditEntry = { ...kept, seq, previousHash: head.hash, hash: hashEntry(kept, seq, head.hash) };
  await tx.insert(audit).values(entry);
  await tx.update(auditHead).set({ seq, hash: entry.hash }).where(eq(auditHead.id, headId));
  return entry;
}

async function mark(db: Db): Promise<AuditHead | null> {
  const [row] = await db.select().from(auditHead).where(eq(auditHead.id, headId));
  return row === undefined || row.seq === 0 ? null : { seq: row.seq, hash: row.hash };
}

function toEntry(row: typeof audit.$inferSelect): AuditEntry {
  return {
    ...row,
    // The column is written by append alone, from a record.
    outcome: row.outcome as AuditEntry["outcome"],
    data: row.data as AuditEntry["data"],
  };
}
