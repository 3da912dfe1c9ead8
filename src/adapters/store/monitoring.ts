/** References and windows of the models that are watched: one row each, counts as JSON. */
import { and, desc, eq, lt, ne, sql } from "drizzle-orm";
import { isRecord } from "../../domain/alert/intake.ts";
import { readProfile, writeProfile } from "../../domain/monitoring/profile-json.ts";
import type { MonitoringStore, StoredProfile } from "../../ports.ts";
import type { Db } from "./client.ts";
import { modelProfiles } from "./schema.ts";
import { cleanJson, indexable, writeTime } from "./values.ts";

/** Stands for "no window"; before every moment that a window can begin at. */
const referenceSlot = new Date("0001-01-01T00:00:00.000Z");

export function monitoringSlice(db: Db): MonitoringStore {
  const rowOf = (model: string, environment: string, from: Date | null) =>
    and(
      eq(modelProfiles.model, indexable(model)),
      eq(modelProfiles.environment, indexable(environment)),
      eq(modelProfiles.slot, from ?? referenceSlot),
    );
  return {
    find: async (model, environment, from) => {
      const [row] = await db
        .select()
        .from(modelProfiles)
        .where(rowOf(model, environment, from));
      return row === undefined ? null : toProfile(row);
    },
    findForUpdate: async (model, environment, from) => {
      const [row] = await db
        .select()
        .from(modelProfiles)
        .where(rowOf(model, environment, from))
        .for("update");
      return row === undefined ? null : toProfile(row);
    },
    save: async ({ model, environment, from, profile, pushes, isComplete, updatedAt }) => {
      const values = {
        profile: sql`${cleanJson(JSON.stringify(writeProfile(profile)))}::jsonb`,
        pushes: sql`${cleanJson(JSON.stringify(pushes))}::jsonb`,
        isComplete,
        updatedAt,
      };
      await db
        .insert(modelProfiles)
        .values({
          model: indexable(model),
          environment: indexable(environment),
          slot: from ?? referenceSlot,
          ...values,
        })
        .onConflictDoUpdate({
          target: [modelProfiles.model, modelProfiles.environment, modelProfiles.slot],
          set: values,
        });
    },
    windows: async (model, environment, { before, limit }) => {
      const rows = await db
        .select()
        .from(modelProfiles)
        .where(
          and(
            eq(modelProfiles.model, indexable(model)),
            eq(modelProfiles.environment, indexable(environment)),
            ne(modelProfiles.slot, referenceSlot),
            lt(modelProfiles.slot, before),
          ),
        )
        .orderBy(desc(modelProfiles.slot))
        .limit(limit);
      return rows.map(toProfile);
    },
    forget: async (model, environment) => {
      const gone = await db
        .delete(modelProfiles)
        .where(
          and(
            eq(modelProfiles.model, indexable(model)),
            eq(modelProfiles.environment, indexable(environment)),
          ),
        )
        .returning({ slot: modelProfiles.slot });
      return gone.length;
    },
    prune: async (before, limit) => {
      const gone = await db.execute(sql`
        delete from model_profiles where (model, environment, slot) in (
          select model, environment, slot from model_profiles
          where slot < ${writeTime(before)}::timestamptz and slot <> ${writeTime(referenceSlot)}::timestamptz
          limit ${limit})
        returning 1`);
      return gone.length;
    },
  };
}

function toProfile(row: typeof modelProfiles.$inferSelect): StoredProfile {
  const { model, environment, slot, profile, pushes, isComplete, updatedAt } = row;
  return {
    model,
    environment,
    from: slot.getTime() === referenceSlot.getTime() ? null : slot,
    profile: readProfile(isRecord(profile) ? profile : {}).profile,
    pushes,
    isComplete,
    updatedAt,
  };
}
