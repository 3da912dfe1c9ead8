/** What people said of groupings and causes, and the rulings that follow from it. */
import { and, asc, desc, inArray, isNotNull, isNull, sql } from "drizzle-orm";
import type { Ruling } from "../../domain/clustering/correlation.ts";
import type { Feedback, FeedbackStore, NewRuling } from "../../ports.ts";
import type { Db } from "./client.ts";
import { feedback, rulings } from "./schema.ts";
import { writeTime } from "./values.ts";

export function feedbackSlice(db: Db): FeedbackStore {
  return {
    add: (said, following = []) => add(db, said, following),
    list: async (limit) => {
      const rows = await db.select().from(feedback).orderBy(desc(feedback.id)).limit(limit);
      return rows.reverse().map(toFeedback);
    },
    ofIncidents: async (ids, limit) => {
      if (ids.length === 0) return [];
      const rows = await db
        .select()
        .from(feedback)
        .where(inArray(feedback.incidentId, [...ids]))
        .orderBy(desc(feedback.id))
        .limit(limit);
      return rows.reverse().map(toFeedback);
    },
    waiting: async (limit) => {
      const rows = await db
        .select()
        .from(rulings)
        .where(isNull(rulings.carriedOutAt))
        .orderBy(asc(rulings.id))
        .limit(limit);
      return rows.map(toRuling);
    },
    markCarriedOut: async (ids, at) => {
      if (ids.length === 0) return;
      await db
        .update(rulings)
        .set({ carriedOutAt: at })
        .where(inArray(rulings.id, [...ids]));
    },
    inForce: (since, limit) => inForce(db, since, limit),
  };
}

async function add(db: Db, said: Feedback, following: readonly NewRuling[]): Promise<void> {
  const [row] = await db.insert(feedback).values(said).returning({ id: feedback.id });
  if (row === undefined) throw new Error("store: feedback was inserted and has no id");
  if (following.length === 0) return;
  await db
    .insert(rulings)
    .values(following.map((ruling) => ({ ...ruling, feedbackId: row.id, at: said.at })));
}

async function inForce(db: Db, since: Date, limit: number): Promise<readonly Ruling[]> {
  const rows = await db
    .select()
    .from(rulings)
    .where(
      and(
        isNotNull(rulings.carriedOutAt),
        sql`exists (select 1 from alerts
          where alerts.key in (select jsonb_array_elements_text(${rulings.left} || ${rulings.right}))
          and (alerts.status = 'firing' or alerts.starts_at >= ${writeTime(since)}::timestamptz))`,
      ),
    )
    .orderBy(desc(rulings.id))
    .limit(limit);
  return rows.reverse().map(toRuling);
}

function toRuling({ id, kind, left, right, keep }: typeof rulings.$inferSelect): Ruling {
  return { id, kind, left, right, ...(keep === null ? {} : { keep }) };
}

function toFeedback({ id: _id, ...row }: typeof feedback.$inferSelect): Feedback {
  // The column is written by add alone, from feedback.
  return { ...row, data: row.data as Feedback["data"] };
}
