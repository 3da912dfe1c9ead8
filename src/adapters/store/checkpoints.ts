/** The Merkle tree over the audit log, its signed heads, and where those have gone. */
import { and, asc, desc, eq, gt, isNull, sql } from "drizzle-orm";
import { type NodePlace, nodeKey, type TreeNode } from "../../domain/audit/merkle.ts";
import type { CheckpointStore } from "../../ports.ts";
import type { Db } from "./client.ts";
import { auditCheckpoints, auditNodes, auditPublications } from "./schema.ts";
import { readTime } from "./values.ts";

/** The advisory lock of whoever extends the tree or signs it. */
const treeLock = 0x74726565;

export function checkpointSlice(db: Db): CheckpointStore {
  return {
    lock: async () => {
      await db.execute(sql`select pg_advisory_xact_lock(${treeLock})`);
    },
    treeSize: async () => {
      const leaves = db.select({ index: auditNodes.index }).from(auditNodes).where(eq(auditNodes.level, 0));
      const [last] = await leaves.orderBy(desc(auditNodes.index)).limit(1);
      return last === undefined ? 0 : last.index + 1;
    },
    nodes: (places) => readNodes(db, places),
    leaves: async (from, limit) => {
      const rows = await db.execute<{ hash: string }>(sql`
        select encode(hash, 'hex') as hash from audit_nodes
        where level = 0 and index >= ${from} order by index limit ${limit}`);
      return rows.map(({ hash }) => Buffer.from(hash, "hex"));
    },
    extend: async (nodes) => {
      const rows = nodes.map(({ hash, ...place }) => ({ ...place, hash: Buffer.from(hash).toString("hex") }));
      await db.execute(sql`
        insert into audit_nodes (level, index, hash)
        select level, index, decode(hash, 'hex')
        from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as n(level int, index bigint, hash text)`);
    },
    newest: async () =>
      (await db.select().from(auditCheckpoints).orderBy(desc(auditCheckpoints.size)).limit(1))[0] ?? null,
    find: async (size) =>
      (await db.select().from(auditCheckpoints).where(eq(auditCheckpoints.size, size)))[0] ?? null,
    after: (size, limit) =>
      db
        .select()
        .from(auditCheckpoints)
        .where(gt(auditCheckpoints.size, size))
        .orderBy(asc(auditCheckpoints.size))
        .limit(limit),
    keep: async (checkpoint, destinations) => {
      await db.insert(auditCheckpoints).values(checkpoint);
      const { size } = checkpoint;
      if (destinations.length > 0)
        await db.insert(auditPublications).values(destinations.map((destination) => ({ destination, size })));
    },
    unpublished: (destination, limit) =>
      db
        .select({
          destination: auditPublications.destination,
          size: auditPublications.size,
          note: auditCheckpoints.note,
          attempts: auditPublications.attempts,
        })
        .from(auditPublications)
        .innerJoin(auditCheckpoints, eq(auditCheckpoints.size, auditPublications.size))
        .where(and(eq(auditPublications.destination, destination), isNull(auditPublications.doneAt)))
        .orderBy(asc(auditPublications.size))
        .limit(limit),
    markPublished: async (publication, at) => {
      await db.update(auditPublications).set({ doneAt: at, problem: null }).where(isOne(publication));
    },
    markFailed: async (publication, problem) => {
      const attempts = sql`${auditPublications.attempts} + 1`;
      await db.update(auditPublications).set({ attempts, problem }).where(isOne(publication));
    },
    behind: async () => {
      const rows = await db.execute<{
        destination: string;
        waiting: number;
        since: string;
        problem: string | null;
      }>(sql`
        select p.destination, count(*)::int as waiting, min(c.at)::text as since,
          (array_agg(p.problem order by p.size))[1] as problem
        from audit_publications p join audit_checkpoints c using (size)
        where p.done_at is null group by p.destination order by p.destination`);
      return rows.map((row) => ({ ...row, since: readTime(row.since) }));
    },
  };
}

function isOne({ destination, size }: { readonly destination: string; readonly size: number }) {
  return and(eq(auditPublications.destination, destination), eq(auditPublications.size, size));
}

async function readNodes(db: Db, places: readonly NodePlace[]): Promise<readonly TreeNode[]> {
  if (places.length === 0) return [];
  const rows = await db.execute<{ level: number; index: string; hash: string }>(sql`
    select n.level, n.index, encode(n.hash, 'hex') as hash
    from jsonb_to_recordset(${JSON.stringify(places)}::jsonb) as p(level int, index bigint)
    join audit_nodes n on n.level = p.level and n.index = p.index`);
  const found = new Map(
    rows.map(({ level, index, hash }) => [
      nodeKey({ level, index: Number(index) }),
      Buffer.from(hash, "hex"),
    ]),
  );
  return places.map((place) => {
    const hash = found.get(nodeKey(place));
    if (hash === undefined) throw new Error(`store: node ${nodeKey(place)} of the audit tree is missing`);
    return { ...place, hash };
  });
}
