/** Silences and maintenance windows. */
import { and, asc, eq, gt, sql } from "drizzle-orm";
import type { Silence } from "../../domain/suppression/silence.ts";
import type { MuteStore } from "../../ports.ts";
import type { Db } from "./client.ts";
import { maintenance, silences } from "./schema.ts";
import { isRowId, writeTime } from "./values.ts";
import { windowRows } from "./windows.ts";

export function muteRows(db: Db): MuteStore {
  return { ...silenceRows(db), ...maintenanceRows(db) };
}

function silenceRows(db: Db) {
  return {
    saveSilence: async (silence: Omit<Silence, "id" | "matchedAt">) => {
      const [row] = await db.insert(silences).values(silence).returning({ id: silences.id });
      if (row === undefined) throw new Error("store: a silence was inserted and has no id");
      return row.id;
    },
    endSilence: async (id: number, at: Date) => {
      if (!isRowId(id)) return false;
      const ended = await db
        .update(silences)
        .set({ endsAt: at })
        .where(and(eq(silences.id, id), gt(silences.endsAt, at)))
        .returning({ id: silences.id });
      return ended.length > 0;
    },
    silences: async (at: Date) => {
      const rows = await db.select().from(silences).where(gt(silences.endsAt, at)).orderBy(asc(silences.id));
      return rows.map(toSilence);
    },
    findSilence: async (id: number) => {
      if (!isRowId(id)) return null;
      const [row] = await db.select().from(silences).where(eq(silences.id, id));
      return row === undefined ? null : toSilence(row);
    },
    markMatched: async (ids: readonly number[], at: Date) => {
      if (ids.length === 0) return;
      await db.execute(sql`
        update silences set matched_at = ${writeTime(at)}::timestamptz
        where id in (select jsonb_array_elements_text(${JSON.stringify(ids)}::jsonb)::int)`);
    },
    mutedBySilence: async (id: number, limit: number) => {
      const mute = JSON.stringify({ by: "silence", id });
      const rows = await db.execute<{ name: string; count: number }>(sql`
        select name || coalesce(' on ' || service, '') as name, (count(*) over ())::int as count
        from alerts where status = 'firing' and part_of is null and muted_by @> ${mute}::jsonb
        order by starts_at, key limit ${limit}`);
      return { count: rows[0]?.count ?? 0, names: rows.map(({ name }) => name) };
    },
  };
}

function toSilence(row: typeof silences.$inferSelect): Silence {
  // The column is written by saveSilence alone, from a silence.
  return { ...row, matchers: row.matchers as Silence["matchers"] };
}

function maintenanceRows(db: Db) {
  const { save, end, live, made, setConfigured } = windowRows(db, maintenance);
  return {
    saveMaintenance: save,
    endMaintenance: end,
    maintenance: live,
    madeMaintenance: made,
    setConfiguredMaintenance: setConfigured,
  };
}
