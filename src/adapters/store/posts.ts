/** Messages in channels: what should be there against what is. */
import { createHash } from "node:crypto";
import { and, asc, count, desc, eq, inArray, isNull, lt, ne, or, sql } from "drizzle-orm";
import type { PgUpdateSetSource } from "drizzle-orm/pg-core";
import type { MessageRef, Post, PostKind, PostStore, TroublePlace, WantedPost } from "../../ports.ts";
import type { Db } from "./client.ts";
import { incidentChannels, posts } from "./schema.ts";
import { writeTime } from "./values.ts";

/**
 * @param installation - id of this database, so that two installations that share a channel never take each other's
 * messages for their own.
 */
export function postSlice(db: Db, installation: string): PostStore {
  const keyed = (key: string) => eq(posts.key, key);
  async function set(key: string, values: PgUpdateSetSource<typeof posts>): Promise<void> {
    await db.update(posts).set(values).where(keyed(key));
  }
  return {
    want: (wanted, now) => want(db, installation, wanted, now),
    channelsOf: async (kind, subject) => (await channelsOfMany(db, kind, [subject])).get(subject) ?? [],
    channelsOfMany: (kind, subjects) => channelsOfMany(db, kind, subjects),
    find: async (key) => toPost((await db.select().from(posts).where(keyed(key)))[0]),
    findBySubject: async (platform, channel, kind, subject) =>
      toPost(
        (
          await db
            .select()
            .from(posts)
            .where(keyed(keyOf(installation, { platform, channel, kind, subject })))
        )[0],
      ),
    findCard: (refs) => findCard(db, refs),
    behind: (platform, channel, limit) => behind(db, platform, channel, limit),
    channelsBehind: () =>
      db.selectDistinct({ platform: posts.platform, channel: posts.channel }).from(posts).where(isBehind()),
    markSending: (key, at) =>
      set(key, { state: "sending", attemptedAt: at, attempts: sql`${posts.attempts} + 1` }),
    markPosted: (key, revision, ref) =>
      set(key, {
        state: "posted",
        postedRevision: revision,
        ref,
        attempts: 0,
        notBefore: null,
        problem: null,
      }),
    markWaiting: (key, notBefore, problem) => set(key, { state: "waiting", notBefore, problem }),
    markRefused: (key, problem) => set(key, { state: "refused", notBefore: null, problem }),
    markMissing: (key) =>
      set(key, {
        state: "waiting",
        ref: null,
        postedRevision: 0,
        notBefore: null,
        reposts: sql`${posts.reposts} + 1`,
      }),
    holdThread: async (card, until) => {
      const waits = and(eq(posts.threadOf, card), eq(posts.state, "waiting"), isBehind());
      await db.update(posts).set({ notBefore: until }).where(waits);
    },
    release: async (place) => {
      const waits = and(isAt(place), eq(posts.state, "waiting"), isBehind());
      const freed = await db
        .update(posts)
        .set({ notBefore: null, attempts: 0 })
        .where(waits)
        .returning({ platform: posts.platform, channel: posts.channel });
      return [...new Map(freed.map((one) => [one.channel, one])).values()];
    },
    forget: async (platform, channel) => {
      await db.delete(posts).where(and(eq(posts.platform, platform), eq(posts.channel, channel)));
    },
    countBehind: async (place) => {
      const [row] = await db
        .select({ total: count() })
        .from(posts)
        .where(and(isAt(place), isBehind()));
      return row?.total ?? 0;
    },
    refused: async (limit) => {
      const isRefused = eq(posts.state, "refused");
      const rows = await db.select().from(posts).where(isRefused).orderBy(desc(posts.createdAt)).limit(limit);
      return rows.map(fromRow);
    },
    retryRefused: async (platform, channel) => {
      const again = await db
        .update(posts)
        .set({ state: "waiting", notBefore: null, attempts: 0 })
        .where(and(eq(posts.platform, platform), eq(posts.channel, channel), eq(posts.state, "refused")))
        .returning({ key: posts.key });
      return again.length;
    },
  };
}

type Place = Pick<WantedPost, "platform" | "channel" | "kind" | "subject">;

/** The same place has the same key for ever; 25 characters of [a-z0-9] are 128 bits. */
function keyOf(installation: string, place: Place): string {
  const { platform, channel, kind, subject } = place;
  const hash = createHash("sha256").update(JSON.stringify([installation, platform, channel, kind, subject]));
  return BigInt(`0x${hash.digest("hex").slice(0, 32)}`)
    .toString(36)
    .padStart(25, "0");
}

/**
 * A refused post stays refused: only a person who has put the channel right makes it wait again. In a channel of an
 * incident's own what happens is said in the channel, not in the thread of the card.
 */
async function want(db: Db, installation: string, wanted: readonly WantedPost[], now: Date): Promise<void> {
  if (wanted.length === 0) return;
  const rows = new Map<string, object>();
  const revisions = new Map<string, number>();
  for (const post of wanted) {
    const { platform, channel, kind, subject, threadOf } = post;
    const key = keyOf(installation, post);
    const revision = Math.max(post.desiredRevision, revisions.get(key) ?? 0);
    revisions.set(key, revision);
    const thread = threadOf === null ? null : keyOf(installation, { platform, channel, ...threadOf });
    rows.set(key, { key, platform, channel, kind, subject, thread_of: thread, desired_revision: revision });
  }
  await db.execute(sql`
    insert into posts (key, platform, channel, kind, subject, thread_of, desired_revision, created_at)
    select r.key, r.platform, r.channel, r.kind, r.subject,
      case when own.channel is null then r.thread_of end, r.desired_revision, ${writeTime(now)}::timestamptz
    from jsonb_populate_recordset(null::posts, ${JSON.stringify([...rows.values()])}::jsonb) as r
    left join ${incidentChannels} as own on own.platform = r.platform and own.channel = r.channel
    order by r.key
    on conflict (key) do update set desired_revision = greatest(posts.desired_revision, excluded.desired_revision)`);
}

async function channelsOfMany(db: Db, kind: PostKind, subjects: readonly number[]) {
  const found = new Map<number, { readonly platform: string; readonly channel: string }[]>();
  if (subjects.length === 0) return found;
  const rows = await db
    .select({ subject: posts.subject, platform: posts.platform, channel: posts.channel })
    .from(posts)
    .where(
      and(
        eq(posts.kind, kind),
        inArray(
          posts.subject,
          sql`(select jsonb_array_elements_text(${JSON.stringify(subjects)}::jsonb)::bigint)`,
        ),
      ),
    )
    .orderBy(asc(posts.platform), asc(posts.channel));
  for (const { subject, ...channel } of rows) found.set(subject, [...(found.get(subject) ?? []), channel]);
  return found;
}

async function findCard(db: Db, refs: readonly MessageRef[]): Promise<Post | null> {
  if (refs.length === 0) return null;
  const isOne = refs.map((ref) => eq(posts.ref, ref));
  const [row] = await db
    .select()
    .from(posts)
    .where(and(isNull(posts.threadOf), ne(posts.kind, "entry"), or(...isOne)))
    .limit(1);
  return toPost(row);
}

/** The same as `covers` in src/domain/chat/trouble.ts. */
function isAt({ platform, channel, part }: TroublePlace) {
  const [kind, key = ""] = part?.split(":") ?? [];
  return and(
    eq(posts.platform, platform),
    channel === null ? undefined : eq(posts.channel, channel),
    // What goes with messages keeps none of them waiting.
    kind === "aside" ? sql`false` : undefined,
    kind === "thread" ? eq(posts.threadOf, key) : undefined,
    kind === "post" ? eq(posts.key, key) : undefined,
  );
}

function isBehind() {
  return and(lt(posts.postedRevision, posts.desiredRevision), ne(posts.state, "refused"));
}

/**
 * New cards first: people wait for those. What was tried longest ago comes next, so that a card which changes all the
 * time does not keep the others from being edited. Those that must still wait come last, the soonest first: they may
 * not hide what is due behind the limit.
 */
async function behind(db: Db, platform: string, channel: string, limit: number): Promise<readonly Post[]> {
  const waits = sql`coalesce(${posts.notBefore} > clock_timestamp(), false)`;
  const rows = await db
    .select()
    .from(posts)
    .where(and(eq(posts.platform, platform), eq(posts.channel, channel), isBehind()))
    .orderBy(
      asc(waits),
      sql`case when ${waits} then ${posts.notBefore} end`,
      desc(sql`${posts.state} = 'sending'`),
      desc(sql`${posts.ref} is null and ${posts.threadOf} is null`),
      sql`${posts.attemptedAt} asc nulls first`,
      asc(posts.createdAt),
      asc(posts.subject),
    )
    .limit(limit);
  return rows.map(fromRow);
}

function toPost(row: typeof posts.$inferSelect | undefined): Post | null {
  return row === undefined ? null : fromRow(row);
}

function fromRow(row: typeof posts.$inferSelect): Post {
  // The column is written by markPosted alone, from a reference.
  return { ...row, ref: row.ref as Post["ref"] };
}
