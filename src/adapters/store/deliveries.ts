/** Deliveries: verbatim requests, in the order of their commits. */
import { and, asc, count, desc, eq, gt, inArray, isNull, lt, max, ne, sql } from "drizzle-orm";
import type { DeadDelivery, DeliveryStore, RawDelivery, StoredDelivery } from "../../ports.ts";
import type { Db } from "./client.ts";
import { orderLock, rowsOf } from "./delivery-writer.ts";
import { deadDeliveries, deliveries } from "./schema.ts";

type NewDelivery = RawDelivery & { readonly source: string };

/** @param write - writes groups on connections of their own, so that no slow query makes a sender wait; absent in a transaction. */
export function deliverySlice(
  db: Db,
  write: DeliveryStore["insert"] = (group) => insertDeliveries(db, group),
): DeliveryStore {
  return {
    insert: write,
    cursorBefore: async (at) => {
      const [row] = await db
        .select({ id: max(deliveries.id) })
        .from(deliveries)
        .where(lt(deliveries.receivedAt, at));
      return row?.id ?? 0;
    },
    after: (cursor, limit) => readAfter(db, cursor, limit),
    oldestAfter: async (cursor) => {
      const [row] = await db
        .select({ receivedAt: deliveries.receivedAt })
        .from(deliveries)
        .where(gt(deliveries.id, cursor))
        .orderBy(asc(deliveries.id))
        .limit(1);
      return row?.receivedAt ?? null;
    },
    bury: (delivery, problem) => bury(db, delivery, problem),
    dead: async (limit) =>
      (
        await db
          .select()
          .from(deadDeliveries)
          .where(isNull(deadDeliveries.replayedAt))
          .orderBy(desc(deadDeliveries.id))
          .limit(limit)
      ).map(toDead),
    findDead: async (id) => {
      const [row] = await db.select().from(deadDeliveries).where(eq(deadDeliveries.id, id));
      return row === undefined ? null : toDead(row);
    },
    markReplayed: async (id, at) => {
      await db.update(deadDeliveries).set({ replayedAt: at }).where(eq(deadDeliveries.id, id));
    },
    heard: () => heard(db),
    newest: async () => {
      const [row] = await db
        .select({ id: deliveries.id, receivedAt: deliveries.receivedAt })
        .from(deliveries)
        .orderBy(desc(deliveries.id))
        .limit(1);
      return row ?? null;
    },
    cameAfter: async (id, except) => {
      const found = await db
        .select({ id: deliveries.id })
        .from(deliveries)
        .where(and(gt(deliveries.id, id), ne(deliveries.source, except)))
        .limit(1);
      return found.length > 0;
    },
    prune: (before, limit) => prune(db, before, limit),
    pruneDead: (before, limit) => pruneDead(db, before, limit),
  };
}

/** As {@link writeDeliveries}, in a transaction. */
async function insertDeliveries(db: Db, group: readonly NewDelivery[]): Promise<void> {
  if (group.length === 0) return;
  const rows = rowsOf(group);
  const bodies = Buffer.concat(group.map((delivery) => delivery.body));
  await db.execute(sql`
    with held as materialized (select pg_advisory_xact_lock(${orderLock}))
    insert into deliveries (source, received_at, headers, body)
    select r.s, r.t, r.h, substring(${bodies} from r.o for r.l)
    from held, jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as r(s text, t timestamptz, h jsonb, o int, l int)
    order by r.o`);
}

async function readAfter(db: Db, cursor: number, limit: number): Promise<readonly StoredDelivery[]> {
  const rows = await db
    .select()
    .from(deliveries)
    .where(gt(deliveries.id, cursor))
    .orderBy(asc(deliveries.id))
    .limit(limit);
  return rows.map((row) => ({ ...row, headers: toHeaders(row.headers) }));
}

/** Written by us, from headers. */
function toHeaders(value: unknown): Readonly<Record<string, string>> {
  return value as Readonly<Record<string, string>>;
}

function toDead(row: typeof deadDeliveries.$inferSelect): DeadDelivery {
  return { ...row, headers: toHeaders(row.headers) };
}

async function bury(db: Db, delivery: NewDelivery, problem: string): Promise<number> {
  const { source, receivedAt, headers, body } = delivery;
  const [row] = await db
    .insert(deadDeliveries)
    .values({ source, receivedAt, headers, body, problem })
    .returning({ id: deadDeliveries.id });
  if (row === undefined) throw new Error("store: a dead delivery was inserted and has no id");
  return row.id;
}

async function heard(db: Db) {
  const alive = await db
    .select({
      source: deliveries.source,
      lastDay: sql<number>`(count(*) filter (where ${deliveries.receivedAt} > now() - interval '1 day'))::int`,
      lastAt: max(deliveries.receivedAt),
    })
    .from(deliveries)
    .groupBy(deliveries.source);
  const dead = await db
    .select({ source: deadDeliveries.source, dead: count() })
    .from(deadDeliveries)
    .where(isNull(deadDeliveries.replayedAt))
    .groupBy(deadDeliveries.source);
  const sources = [...new Set([...alive, ...dead].map((row) => row.source))].sort();
  return sources.map((source) => ({
    source,
    lastDay: alive.find((row) => row.source === source)?.lastDay ?? 0,
    lastAt: alive.find((row) => row.source === source)?.lastAt ?? null,
    dead: dead.find((row) => row.source === source)?.dead ?? 0,
  }));
}

/** Oldest first, and never one that triage has still to read. */
async function prune(db: Db, before: Date, limit: number): Promise<number> {
  const old = db
    .select({ id: deliveries.id })
    .from(deliveries)
    .where(
      and(
        lt(deliveries.receivedAt, before),
        sql`${deliveries.id} <= (select coalesce(min(cursor), 0) from leases)`,
      ),
    )
    .orderBy(asc(deliveries.receivedAt))
    .limit(limit);
  const gone = await db
    .delete(deliveries)
    .where(inArray(deliveries.id, old))
    .returning({ id: deliveries.id });
  return gone.length;
}

async function pruneDead(db: Db, before: Date, limit: number) {
  const old = db
    .select({ id: deadDeliveries.id })
    .from(deadDeliveries)
    .where(lt(deadDeliveries.receivedAt, before))
    .orderBy(asc(deadDeliveries.id))
    .limit(limit);
  const gone = await db
    .delete(deadDeliveries)
    .where(inArray(deadDeliveries.id, old))
    .returning({ replayedAt: deadDeliveries.replayedAt });
  const unread = gone.filter(({ replayedAt }) => replayedAt === null).length;
  return { replayed: gone.length - unread, unread };
}
