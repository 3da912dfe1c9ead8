/** Who leads a scope. Time is the database's: the clocks of replicas differ. */
import { and, eq, sql } from "drizzle-orm";
import { type Lease, LeaseLostError, type LeaseStore } from "../../ports.ts";
import type { Db } from "./client.ts";
import { leases } from "./schema.ts";

export function leaseSlice(db: Db): LeaseStore {
  return {
    acquire: (scope, holder, ttlMs) => acquire(db, scope, holder, ttlMs),
    advance: (lease, to) => advance(db, lease, to),
    release: async (lease) => {
      await db.update(leases).set({ holder: null, expiresAt: null }).where(isHeld(lease));
    },
    cursor: async (scope) => {
      const [row] = await db.select({ cursor: leases.cursor }).from(leases).where(eq(leases.scope, scope));
      return row?.cursor ?? 0;
    },
  };
}

async function acquire(db: Db, scope: string, holder: string, ttlMs: number): Promise<Lease | null> {
  const expiresAt = sql`clock_timestamp() + ${ttlMs} * interval '1 millisecond'`;
  const [row] = await db
    .insert(leases)
    .values({ scope, holder, fence: 1, expiresAt })
    .onConflictDoUpdate({
      target: leases.scope,
      set: {
        holder,
        expiresAt,
        fence: sql`${leases.fence} + (${leases.holder} is distinct from ${holder})::int`,
      },
      setWhere: sql`${leases.holder} is null or ${leases.holder} = ${holder} or ${leases.expiresAt} < clock_timestamp()`,
    })
    .returning();
  if (row === undefined) return null;
  const { fence, cursor, nextIncidentId } = row;
  return { scope, holder, fence, cursor, nextIncidentId };
}

/** The row stays locked until the transaction ends, so nobody can take over between this check and the commit. */
async function advance(
  db: Db,
  lease: Lease,
  to: { readonly cursor: number; readonly nextIncidentId: number },
): Promise<void> {
  const { cursor, nextIncidentId } = to;
  const moved = await db
    .update(leases)
    .set({ cursor, nextIncidentId })
    .where(isHeld(lease))
    .returning({ scope: leases.scope });
  if (moved.length === 0) {
    throw new LeaseLostError(
      `The lease of ${lease.scope} (fence ${lease.fence}) has gone from ${lease.holder} to another replica.`,
    );
  }
}

function isHeld(lease: Lease) {
  return and(eq(leases.scope, lease.scope), eq(leases.holder, lease.holder), eq(leases.fence, lease.fence));
}
