/** Escalations, and what pagers outside were told. */
import { and, asc, eq, max } from "drizzle-orm";
import type { EscalationStore } from "../../ports.ts";
import type { Db } from "./client.ts";
import { escalations, pages, timeline } from "./schema.ts";

export function escalationSlice(db: Db): EscalationStore {
  return {
    find: async (incidentId) => {
      const [row] = await db.select().from(escalations).where(eq(escalations.incidentId, incidentId));
      return row ?? null;
    },
    save: async (escalation) => {
      const { incidentId: _key, ...rest } = escalation;
      await db
        .insert(escalations)
        .values(escalation)
        .onConflictDoUpdate({ target: escalations.incidentId, set: rest });
    },
    openSince: async ({ id, openedAt }) => {
      const reopened = and(eq(timeline.incidentId, id), eq(timeline.kind, "reopened"));
      const [row] = await db
        .select({ at: max(timeline.at) })
        .from(timeline)
        .where(reopened);
      return row?.at ?? openedAt;
    },
    pages: async (incidentId) =>
      await db.select().from(pages).where(eq(pages.incidentId, incidentId)).orderBy(asc(pages.pager)),
    wantPage: async (page) => {
      const { wanted } = page;
      await db
        .insert(pages)
        .values(page)
        .onConflictDoUpdate({ target: [pages.incidentId, pages.pager], set: { wanted } });
    },
    markPage: async ({ incidentId, pager, told, problem }) => {
      await db
        .update(pages)
        .set({ told, problem })
        .where(and(eq(pages.incidentId, incidentId), eq(pages.pager, pager)));
    },
  };
}
