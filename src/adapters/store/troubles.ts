/** What keeps the bot from being heard in chat. */
import { and, asc, desc, eq, gt, inArray, isNull, lte, sql } from "drizzle-orm";
import { probeDelayMs } from "../../domain/chat/trouble.ts";
import type { Trouble, TroubleStore } from "../../ports.ts";
import type { Db } from "./client.ts";
import { chatTroubles } from "./schema.ts";

/** One that healed so lately comes back instead of beginning anew, so that its one message goes on telling. */
const comesBackMs = 3_600_000;

export function troubleSlice(db: Db): TroubleStore {
  const isOpen = isNull(chatTroubles.healedAt);
  return {
    find: async (id) => toTrouble((await db.select().from(chatTroubles).where(eq(chatTroubles.id, id)))[0]),
    open: async (limit) => {
      const rows = await db
        .select()
        .from(chatTroubles)
        .where(isOpen)
        .orderBy(asc(chatTroubles.since), asc(chatTroubles.id))
        .limit(limit);
      return rows.map(fromRow);
    },
    inWayOf: async (platform, channel) => {
      const isThere = and(
        eq(chatTroubles.platform, platform),
        inArray(chatTroubles.channel, ["", channel]),
        isOpen,
      );
      return (await db.select().from(chatTroubles).where(isThere)).map(fromRow);
    },
    note: (met, now) => note(db, met, now),
    claimProbe: async (id, now, nextAt) => {
      const isDue = and(eq(chatTroubles.id, id), isOpen, lte(chatTroubles.probeAt, now));
      const claimed = await db
        .update(chatTroubles)
        .set({ probeAt: nextAt, probes: sql`${chatTroubles.probes} + 1` })
        .where(isDue)
        .returning({ id: chatTroubles.id });
      return claimed.length === 1;
    },
    probeSoon: async (now) => {
      await db.update(chatTroubles).set({ probeAt: now }).where(isOpen);
    },
    heal: async (id, now) => {
      const [row] = await db
        .update(chatTroubles)
        .set({ healedAt: now, revision: sql`${chatTroubles.revision} + 1` })
        .where(and(eq(chatTroubles.id, id), isOpen))
        .returning();
      return toTrouble(row);
    },
  };
}

/** Three statements, each safe beside others: whoever loses a race counts up what the winner began. */
async function note(db: Db, met: Parameters<TroubleStore["note"]>[0], now: Date) {
  const key = { platform: met.platform, channel: met.channel ?? "", part: met.part ?? "" };
  const why = { problem: met.problem, remedy: met.remedy, metBy: met.metBy };
  const isHere = and(
    eq(chatTroubles.platform, key.platform),
    eq(chatTroubles.channel, key.channel),
    eq(chatTroubles.part, key.part),
  );
  const [healed] = await db
    .select()
    .from(chatTroubles)
    .where(and(isHere, gt(chatTroubles.healedAt, new Date(now.getTime() - comesBackMs))))
    .orderBy(desc(chatTroubles.id))
    .limit(1);
  const [open] = await db
    .select()
    .from(chatTroubles)
    .where(and(isHere, isNull(chatTroubles.healedAt)));
  const first = { ...why, probes: 1, probeAt: new Date(now.getTime() + probeDelayMs(1)) };
  if (open !== undefined) return { trouble: await reword(db, open, why), isNews: false };
  if (healed !== undefined) {
    const [back] = await db
      .update(chatTroubles)
      .set({ ...first, healedAt: null, revision: sql`${chatTroubles.revision} + 1` })
      .where(eq(chatTroubles.id, healed.id))
      .returning();
    if (back !== undefined) return { trouble: fromRow(back), isNews: true };
  }
  const [begun] = await db
    .insert(chatTroubles)
    .values({ ...key, ...first, since: now, revision: 1 })
    .onConflictDoNothing()
    .returning();
  if (begun !== undefined) return { trouble: fromRow(begun), isNews: true };
  const [winner] = await db
    .select()
    .from(chatTroubles)
    .where(and(isHere, isNull(chatTroubles.healedAt)));
  if (winner === undefined)
    throw new Error(`chat_troubles: one of ${key.platform} healed while it was noted; try again`);
  return { trouble: fromRow(winner), isNews: false };
}

/** What is in the way may change while it is open: first a revoked token, then one without a scope. */
async function reword(
  db: Db,
  open: typeof chatTroubles.$inferSelect,
  why: Pick<Trouble, "problem" | "remedy" | "metBy">,
): Promise<Trouble> {
  const [row] = await db.update(chatTroubles).set(why).where(eq(chatTroubles.id, open.id)).returning();
  return fromRow(row ?? open);
}

function toTrouble(row: typeof chatTroubles.$inferSelect | undefined): Trouble | null {
  return row === undefined ? null : fromRow(row);
}

function fromRow({ channel, part, ...row }: typeof chatTroubles.$inferSelect): Trouble {
  return { ...row, channel: channel === "" ? null : channel, part: part === "" ? null : part };
}
