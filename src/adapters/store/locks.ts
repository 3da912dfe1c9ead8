/** Who holds a target, who keeps others from it, and who waits. */
import { and, asc, eq, isNotNull, isNull, ne, or, sql } from "drizzle-orm";
import type { TargetLock } from "../../domain/rollout/standing.ts";
import type { RolloutStore } from "../../ports.ts";
import type { Db } from "./client.ts";
import { locks, rollouts } from "./schema.ts";

/** A lock that is let go keeps its row, and with it the fence; rollout 0 holds nothing. */
const nobody = 0;
/** Looks at a target that changes hands all the time. */
const maxAttempts = 5;
/**
 * The next fence. It is no less than the time in seconds, so that backends which remember an older one take it also
 * after the database was lost or went back to a backup.
 */
const nextFence = sql`greatest(${locks.fence} + 1, extract(epoch from now())::bigint)`;
/** Rollouts that can wait for one target and be shown. */
const maxQueue = 50;

type LockRows = Pick<
  RolloutStore,
  "lock" | "unlock" | "findLock" | "locks" | "queue" | "hold" | "release" | "takeAway" | "holdsFence"
>;

export function lockRows(db: Db): LockRows {
  return {
    lock: (target, rolloutId, holder, at) => lock(db, { target, rolloutId, holder, at }),
    unlock: async (target, rolloutId) => {
      await db
        .update(locks)
        .set({ rolloutId: nobody })
        .where(and(eq(locks.target, target), eq(locks.rolloutId, rolloutId)));
    },
    findLock: async (target) => {
      const [row] = await db.select().from(locks).where(eq(locks.target, target));
      return row === undefined ? null : toLock(row);
    },
    locks: async () => {
      const isTaken = or(ne(locks.rolloutId, nobody), isNotNull(locks.heldBy));
      return (await db.select().from(locks).where(isTaken).orderBy(asc(locks.target))).map(toLock);
    },
    queue: (target) => queue(db, target),
    hold: async ({ target, by, reason, at }) => {
      const held = { heldBy: by, heldReason: reason, heldSince: at };
      const taken = await db
        .insert(locks)
        .values({ target, rolloutId: nobody, holder: "", fence: 0, since: at, ...held })
        .onConflictDoUpdate({ target: locks.target, set: held, setWhere: isNull(locks.heldBy) })
        .returning({ target: locks.target });
      return taken.length > 0;
    },
    release: async (target) => {
      const freed = await db
        .update(locks)
        .set({ heldBy: null, heldReason: null, heldSince: null })
        .where(and(eq(locks.target, target), isNotNull(locks.heldBy)))
        .returning({ target: locks.target });
      return freed.length > 0;
    },
    takeAway: async (target, rolloutId) => {
      const taken = await db
        .update(locks)
        .set({ rolloutId: nobody, fence: nextFence })
        .where(and(eq(locks.target, target), eq(locks.rolloutId, rolloutId)))
        .returning({ target: locks.target });
      return taken.length > 0;
    },
    holdsFence: async (target, rolloutId, fence) => {
      const rows = await db
        .select({ target: locks.target })
        .from(locks)
        .where(and(eq(locks.target, target), eq(locks.rolloutId, rolloutId), eq(locks.fence, fence)))
        .for("share");
      return rows.length > 0;
    },
  };
}

/**
 * One statement decides: it waits for whoever moves the row at the same time, then looks at the row as they left it.
 * A free target goes to the one who waits and was asked for first.
 */
async function lock(
  db: Db,
  asked: { readonly target: string; readonly rolloutId: number; readonly holder: string; readonly at: Date },
): Promise<Awaited<ReturnType<RolloutStore["lock"]>>> {
  const { target, at } = asked;
  for (let attempt = 1; attempt <= maxAttempts; attempt += 1) {
    const fence = await take(db, asked);
    if (fence !== null) return { kind: "held", fence };
    const [row] = await db.select().from(locks).where(eq(locks.target, target));
    if (row === undefined) {
      // Nobody ever held this target: now there is something to hold.
      const fresh = { target, rolloutId: nobody, holder: "", fence: 0, since: at };
      await db.insert(locks).values(fresh).onConflictDoNothing();
      continue;
    }
    const { rolloutId, since, held } = toLock(row);
    const [first] = rolloutId === null ? await queue(db, target) : [];
    const before = rolloutId ?? first?.id ?? nobody;
    // It was let go, or made, between the two statements.
    const isFree = held === null && (before === nobody || before === asked.rolloutId);
    if (!isFree) return { kind: "busy", rolloutId: before, since, held };
  }
  return { kind: "busy", rolloutId: nobody, since: at, held: null };
}

async function take(
  db: Db,
  { target, rolloutId, holder, at }: Parameters<typeof lock>[1],
): Promise<number | null> {
  const isEarlierWaiting = sql`exists (
    select 1 from ${rollouts} as other, ${rollouts} as mine
    where mine.id = ${rolloutId} and other.id <> mine.id and other.state = 'approved'
      and other.model = mine.model and other.environment = mine.environment
      and (other.requested_at, other.id) < (mine.requested_at, mine.id))`;
  const isMine = eq(locks.rolloutId, rolloutId);
  const isFree = and(eq(locks.rolloutId, nobody), sql`not ${isEarlierWaiting}`);
  const [taken] = await db
    .update(locks)
    .set({
      rolloutId,
      holder,
      fence: sql`case when ${locks.rolloutId} = ${rolloutId} and ${locks.holder} = ${holder} then ${locks.fence} else ${nextFence} end`,
      since: sql`case when ${locks.rolloutId} = ${rolloutId} then ${locks.since} else ${at.toISOString()}::timestamptz end`,
    })
    .where(and(eq(locks.target, target), isNull(locks.heldBy), or(isMine, isFree)))
    .returning({ fence: locks.fence });
  return taken?.fence ?? null;
}

async function queue(db: Db, target: string) {
  const slash = target.lastIndexOf("/");
  const isHere = and(
    eq(rollouts.model, target.slice(0, slash)),
    eq(rollouts.environment, target.slice(slash + 1)),
  );
  return await db
    .select({ id: rollouts.id, requestedAt: rollouts.requestedAt, requestedBy: rollouts.requestedBy })
    .from(rollouts)
    .where(and(isHere, eq(rollouts.state, "approved")))
    .orderBy(asc(rollouts.requestedAt), asc(rollouts.id))
    .limit(maxQueue);
}

function toLock(row: typeof locks.$inferSelect): TargetLock {
  const { target, rolloutId, since, fence, heldBy, heldReason, heldSince } = row;
  const held = heldBy === null ? null : { by: heldBy, reason: heldReason ?? "", since: heldSince ?? since };
  return { target, rolloutId: rolloutId === nobody ? null : rolloutId, since, fence, held };
}
