/** What a retrain of the correlator reads: counts of what fired together, rulings, and groupings that people left alone. */
import { and, asc, desc, eq, gte, isNotNull, lt, lte, ne, or, sql } from "drizzle-orm";
import type { CoFiringCount } from "../../domain/clustering/co-firing-counts.ts";
import type { LearningStore } from "../../ports.ts";
import { toStored } from "./alerts.ts";
import type { Db } from "./client.ts";
import { alerts, coFiringCounts, incidents, rulings } from "./schema.ts";

export function learningSlice(db: Db): LearningStore {
  return {
    saveCoFirings: (rows) => saveCoFirings(db, rows),
    coFirings: (since, limit) =>
      db
        .select()
        .from(coFiringCounts)
        .where(gte(coFiringCounts.day, dayOf(since)))
        .orderBy(desc(coFiringCounts.count), asc(coFiringCounts.a), asc(coFiringCounts.b))
        .limit(limit),
    pruneCoFirings: async (before) => {
      const gone = await db
        .delete(coFiringCounts)
        .where(lt(coFiringCounts.day, dayOf(before)))
        .returning({ day: coFiringCounts.day });
      return gone.length;
    },
    rulings: async (limit) => {
      const rows = await db.select().from(rulings).orderBy(desc(rulings.id)).limit(limit);
      return rows.reverse().map(({ id, kind, left, right, feedbackId: correction, at }) => ({
        id,
        kind,
        left,
        right,
        correction,
        at,
      }));
    },
    alertsBetween: async (from, until, limit) => {
      const rows = await db
        .select()
        .from(alerts)
        .where(and(gte(alerts.startsAt, from), lte(alerts.startsAt, until)))
        .orderBy(desc(alerts.startsAt), desc(alerts.key))
        .limit(limit);
      return rows.reverse().map(toStored);
    },
    settledIncidents: (limit) => settledIncidents(db, limit),
  };
}

function dayOf(at: Date): string {
  return at.toISOString().slice(0, 10);
}

/** Of rows said twice in one call the highest stands: a statement may not touch a row twice. */
async function saveCoFirings(db: Db, rows: readonly CoFiringCount[]): Promise<void> {
  if (rows.length === 0) return;
  await db.execute(sql`
    insert into co_firing_counts (replica, day, a, b, count)
    select replica, day, a, b, max(count)
    from jsonb_populate_recordset(null::co_firing_counts, ${JSON.stringify(rows)}::jsonb)
    group by replica, day, a, b
    on conflict (replica, day, a, b) do update set count = greatest(co_firing_counts.count, excluded.count)`);
}

async function settledIncidents(db: Db, limit: number) {
  return db
    .select({ id: incidents.id, at: incidents.openedAt })
    .from(incidents)
    .where(
      and(
        or(isNotNull(incidents.acknowledgedBy), ne(incidents.resolvedBy, "tocsin")),
        eq(incidents.isMuted, false),
        sql`${incidents.mergedInto} is null and ${incidents.alertCount} > 1`,
        sql`not exists (select 1 from feedback where feedback.incident_id = ${incidents.id}
          and feedback.kind in ('merge', 'split', 'move'))`,
      ),
    )
    .orderBy(desc(incidents.id))
    .limit(limit);
}
