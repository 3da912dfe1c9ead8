/** Freezes, and reviews of what broke them. */
import { and, asc, eq, isNull } from "drizzle-orm";
import type { GuardStore } from "../../ports.ts";
import type { Db } from "./client.ts";
import { freezes, reviews } from "./schema.ts";
import { isRowId } from "./values.ts";
import { windowRows } from "./windows.ts";

export function guardRows(db: Db): GuardStore {
  const { save, end, live, setConfigured } = windowRows(db, freezes);
  return {
    saveFreeze: save,
    endFreeze: end,
    freezes: live,
    setConfiguredFreezes: setConfigured,
    openReview: async (review) => {
      await db.insert(reviews).values(review).onConflictDoNothing();
    },
    openReviews: (limit) =>
      db.select().from(reviews).where(isNull(reviews.closedAt)).orderBy(asc(reviews.id)).limit(limit),
    findReview: async (id) => {
      if (!isRowId(id)) return null;
      const [row] = await db.select().from(reviews).where(eq(reviews.id, id));
      return row ?? null;
    },
    closeReview: async (id, { by, at, verdict }) => {
      const closed = await db
        .update(reviews)
        .set({ closedBy: by, closedAt: at, verdict })
        .where(and(eq(reviews.id, id), isNull(reviews.closedAt)))
        .returning({ id: reviews.id });
      return closed.length > 0;
    },
  };
}
