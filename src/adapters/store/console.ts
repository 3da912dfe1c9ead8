/** What the console shows. */
import { and, asc, count, desc, eq, gt, inArray, isNull, lt, max, sql } from "drizzle-orm";
import { alias } from "drizzle-orm/pg-core";
import type postgres from "postgres";
import type { View } from "../../domain/view.ts";
import type { ConsoleMessage, ConsoleMessages, NewConsoleMessage } from "../../ports/console.ts";
import type { Db } from "./client.ts";
import { consoleMessages } from "./schema.ts";
import { packView, unpackView } from "./view-json.ts";

/** Held from the choice of a revision to its commit: revisions become visible in order. */
const revisionLock = 0x636f6e73;
const notifyChannel = "tocsin_console";

/** @param client - for LISTEN, on a connection of its own. */
export function consoleSlice(db: Db, client: postgres.Sql): ConsoleMessages {
  const { channel, threadOf, audience, id } = consoleMessages;
  const read = (condition: ReturnType<typeof and>, limit: number) => newest(db, condition, limit);
  return {
    add: (message) => db.transaction((tx) => add(tx, message)),
    edit: (messageId, view, at) => db.transaction((tx) => edit(tx, messageId, view, at)),
    find: async (messageId) => (await read(eq(id, messageId), 1))[0] ?? null,
    findByKey: async (key) => (await read(eq(consoleMessages.key, key), 1))[0] ?? null,
    list: (name, before, limit) =>
      read(
        and(
          eq(channel, name),
          isNull(threadOf),
          isNull(audience),
          before === null ? undefined : lt(id, before),
        ),
        limit,
      ),
    thread: (card, limit) => read(and(eq(threadOf, card), isNull(audience)), limit),
    privateTo: (session, limit) => read(eq(audience, session), limit),
    channels: async () => {
      const rows = await db
        .select({ id: channel, newestId: max(id) })
        .from(consoleMessages)
        .where(and(isNull(threadOf), isNull(audience)))
        .groupBy(channel)
        .orderBy(asc(channel));
      return rows.map((row) => ({ id: row.id, newestId: Number(row.newestId) }));
    },
    changedSince: (revision, limit) => changedSince(db, revision, limit),
    newestRevision: async () => {
      const [row] = await db.select({ revision: max(consoleMessages.revision) }).from(consoleMessages);
      return Number(row?.revision ?? 0);
    },
    watch: async (onChange) => {
      const listening = await client.listen(notifyChannel, onChange, onChange);
      return { stop: () => listening.unlisten() };
    },
    prunePrivate: async (before, limit) => {
      const old = db
        .select({ id })
        .from(consoleMessages)
        .where(
          and(
            sql`${audience} is not null`,
            lt(consoleMessages.postedAt, before),
            // The newest revision stays, or it would be given a second time.
            sql`${consoleMessages.revision} < (select max(revision) from console_messages)`,
          ),
        )
        .orderBy(asc(id))
        .limit(limit);
      const gone = await db.delete(consoleMessages).where(inArray(id, old)).returning({ id });
      return gone.length;
    },
  };
}

/** Call it in the transaction that uses the revision. Tells other replicas at the commit. */
async function nextRevision(tx: Db): Promise<number> {
  await tx.execute(
    sql`select pg_advisory_xact_lock(${revisionLock}::bigint), pg_notify(${notifyChannel}, '')`,
  );
  const [row] = await tx.select({ revision: max(consoleMessages.revision) }).from(consoleMessages);
  return Number(row?.revision ?? 0) + 1;
}

async function add(tx: Db, message: NewConsoleMessage): Promise<number> {
  const { view, at, ...rest } = message;
  const revision = await nextRevision(tx);
  const [added] = await tx
    .insert(consoleMessages)
    .values({ ...rest, view: packView(view), postedAt: at, revision })
    .onConflictDoNothing({ target: consoleMessages.key })
    .returning({ id: consoleMessages.id });
  if (added !== undefined) return added.id;
  const [known] = await tx
    .select({ id: consoleMessages.id })
    .from(consoleMessages)
    .where(eq(consoleMessages.key, message.key));
  if (known === undefined) throw new Error(`store: console message ${message.key} is neither new nor there`);
  return known.id;
}

async function edit(tx: Db, id: number, view: View, at: Date): Promise<boolean> {
  const revision = await nextRevision(tx);
  const edited = await tx
    .update(consoleMessages)
    .set({ view: packView(view), editedAt: at, revision })
    .where(eq(consoleMessages.id, id))
    .returning({ id: consoleMessages.id });
  return edited.length > 0;
}

/** The newest `limit` of some messages, oldest first. */
async function newest(db: Db, condition: ReturnType<typeof and>, limit: number) {
  const rows = await db
    .select()
    .from(consoleMessages)
    .where(condition)
    .orderBy(desc(consoleMessages.id))
    .limit(limit);
  return await withReplies(db, rows.reverse());
}

async function changedSince(db: Db, revision: number, limit: number) {
  const rows = await db
    .select()
    .from(consoleMessages)
    .where(gt(consoleMessages.revision, revision))
    .orderBy(asc(consoleMessages.revision))
    .limit(limit);
  return await withReplies(db, rows);
}

type Row = typeof consoleMessages.$inferSelect;

async function withReplies(db: Db, rows: readonly Row[]): Promise<readonly ConsoleMessage[]> {
  if (rows.length === 0) return [];
  const reply = alias(consoleMessages, "reply");
  const ids = rows.map((row) => row.id);
  const counted = await db
    .select({ card: reply.threadOf, replies: count() })
    .from(reply)
    .where(and(inArray(reply.threadOf, ids), isNull(reply.audience)))
    .groupBy(reply.threadOf);
  const replies = new Map(counted.map((row) => [row.card, row.replies]));
  return rows.map((row) => ({ ...row, view: unpackView(row.view), replies: replies.get(row.id) ?? 0 }));
}
