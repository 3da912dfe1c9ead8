/** What channels asked to be shown. */
import { and, asc, count, eq, sql } from "drizzle-orm";
import { filterText, mostSubscriptions, type Subscription } from "../../domain/chat/subscription.ts";
import type { SubscriptionStore } from "../../ports.ts";
import type { Db } from "./client.ts";
import { subscriptions } from "./schema.ts";
import { isRowId } from "./values.ts";

export function subscriptionSlice(db: Db): SubscriptionStore {
  return {
    add: (subscription) => add(db, subscription),
    find: async (id) => {
      if (!isRowId(id)) return null;
      const [row] = await db.select().from(subscriptions).where(eq(subscriptions.id, id));
      return row === undefined ? null : fromRow(row);
    },
    list: async (channel) => {
      const rows = await db
        .select()
        .from(subscriptions)
        .where(channel === null ? undefined : isOf(channel))
        .orderBy(asc(subscriptions.id))
        .limit(mostSubscriptions.inAll);
      return rows.map(fromRow);
    },
    remove: async (id) => {
      if (!isRowId(id)) return false;
      const gone = await db
        .delete(subscriptions)
        .where(eq(subscriptions.id, id))
        .returning({ id: subscriptions.id });
      return gone.length > 0;
    },
  };
}

/** Counting and adding are one after another for everyone, so that no limit is passed by two at once. */
async function add(db: Db, wanted: Omit<Subscription, "id">): ReturnType<SubscriptionStore["add"]> {
  const text = filterText(wanted.filter);
  await db.execute(sql`lock table ${subscriptions} in share row exclusive mode`);
  const same = and(isOf(wanted), eq(subscriptions.filterText, text));
  const [known] = await db.select({ id: subscriptions.id }).from(subscriptions).where(same);
  if (known !== undefined) return { kind: "known", id: known.id };
  const [own] = await db.select({ total: count() }).from(subscriptions).where(isOf(wanted));
  if ((own?.total ?? 0) >= mostSubscriptions.ofChannel)
    return { kind: "full", of: "channel", most: mostSubscriptions.ofChannel };
  const [all] = await db.select({ total: count() }).from(subscriptions);
  if ((all?.total ?? 0) >= mostSubscriptions.inAll)
    return { kind: "full", of: "all", most: mostSubscriptions.inAll };
  const [row] = await db
    .insert(subscriptions)
    .values({ ...wanted, filterText: text })
    .returning({ id: subscriptions.id });
  if (row === undefined) throw new Error("store: a subscription was inserted and has no id");
  return { kind: "added", id: row.id };
}

function isOf({ platform, channel }: { readonly platform: string; readonly channel: string }) {
  return and(eq(subscriptions.platform, platform), eq(subscriptions.channel, channel));
}

function fromRow(row: typeof subscriptions.$inferSelect): Subscription {
  const { filterText: _text, ...rest } = row;
  // The column is written by add alone, from a filter.
  return { ...rest, filter: row.filter as Subscription["filter"] };
}
