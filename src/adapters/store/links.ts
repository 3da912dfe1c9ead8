/** Accounts that people confirmed to be theirs, and the codes for it. */
import { and, asc, count, eq, gt, gte, lt, sql } from "drizzle-orm";
import type { LinkStore } from "../../ports.ts";
import type { Db } from "./client.ts";
import { accountLinks, linkCodes, wrongLinkCodes } from "./schema.ts";

export function linkSlice(db: Db): LinkStore {
  const isOf = (platform: string, account: string) =>
    and(eq(accountLinks.platform, platform), eq(accountLinks.account, account));
  return {
    find: async (platform, account) =>
      (await db.select().from(accountLinks).where(isOf(platform, account)))[0] ?? null,
    ofPerson: async (person) =>
      await db
        .select()
        .from(accountLinks)
        .where(eq(accountLinks.person, person))
        .orderBy(asc(accountLinks.platform), asc(accountLinks.account)),
    giveCode: async (code) => {
      const { person: _key, ...rest } = code;
      await db.insert(linkCodes).values(code).onConflictDoUpdate({ target: linkCodes.person, set: rest });
    },
    takeCode: async (hash, now) => {
      const valid = and(eq(linkCodes.hash, hash), gt(linkCodes.expiresAt, now));
      const [row] = await db.delete(linkCodes).where(valid).returning();
      if (row === undefined) return null;
      const { person, platform, expiresAt } = row;
      return { person, platform, expiresAt };
    },
    wrongCodes: async ({ platform, id }, since) => {
      const isOwn = sql`${wrongLinkCodes.platform} = ${platform} and ${wrongLinkCodes.account} = ${id}`;
      const [row] = await db
        .select({ ofAccount: sql<number>`(count(*) filter (where ${isOwn}))::int`, ofAll: count() })
        .from(wrongLinkCodes)
        .where(gte(wrongLinkCodes.at, since));
      return { ofAccount: row?.ofAccount ?? 0, ofAll: row?.ofAll ?? 0 };
    },
    countWrong: async ({ platform, id }, now, since) => {
      await db.insert(wrongLinkCodes).values({ platform, account: id, at: now });
      await db.delete(wrongLinkCodes).where(lt(wrongLinkCodes.at, since));
    },
    save: async (link) => {
      const { platform: _platform, account: _account, ...rest } = link;
      await db
        .insert(accountLinks)
        .values(link)
        .onConflictDoUpdate({ target: [accountLinks.platform, accountLinks.account], set: rest });
    },
    remove: async (platform, account) =>
      (await db.delete(accountLinks).where(isOf(platform, account)).returning())[0] ?? null,
  };
}
