/** What served when. */
import { and, asc, desc, eq, sql } from "drizzle-orm";
import type { ServingPart } from "../../domain/serving.ts";
import type { ServingStore } from "../../ports.ts";
import type { Db } from "./client.ts";
import { servings } from "./schema.ts";
import { isRowId } from "./values.ts";

/** The advisory lock of whoever finds a change outside. */
const outsideLock = 0x6f757473;

export function servingSlice(db: Db): ServingStore {
  const isPlace = (model: string, environment: string, part: ServingPart) =>
    and(eq(servings.model, model), eq(servings.environment, environment), eq(servings.part, part));
  return {
    alone: async () => {
      await db.execute(sql`select pg_advisory_xact_lock(${outsideLock})`);
    },
    add: async (record) => {
      const [row] = await db.insert(servings).values(record).onConflictDoNothing().returning();
      return row ?? null;
    },
    see: async (id, at) => {
      await db
        .update(servings)
        .set({ seenAt: sql`greatest(${servings.seenAt}, ${at.toISOString()}::timestamptz)` })
        .where(eq(servings.id, id));
    },
    find: async (id) => {
      if (!isRowId(id)) return null;
      const [row] = await db.select().from(servings).where(eq(servings.id, id));
      return row ?? null;
    },
    newest: async (model, environment, part) => {
      const [row] = await db
        .select()
        .from(servings)
        .where(isPlace(model, environment, part))
        .orderBy(desc(servings.id))
        .limit(1);
      return row ?? null;
    },
    current: async () =>
      await db
        .selectDistinctOn([servings.model, servings.environment, servings.part])
        .from(servings)
        .orderBy(asc(servings.model), asc(servings.environment), asc(servings.part), desc(servings.id)),
    list: async ({ model, environment, part, limit }) =>
      await db
        .select()
        .from(servings)
        .where(isPlace(model, environment, part))
        .orderBy(desc(servings.id))
        .limit(limit),
  };
}
