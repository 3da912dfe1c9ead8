/** Silences and maintenance windows. */
import { and, asc, eq, gt, isNotNull, isNull, notInArray, or, sql } from "drizzle-orm";
import type { MaintenanceSchedule, MaintenanceWindow } from "../../domain/maintenance.ts";
import type { Silence } from "../../domain/silence.ts";
import type { ConfiguredWindow, MuteStore } from "../../ports.ts";
import type { Db } from "./client.ts";
import { maintenance, silences } from "./schema.ts";
import { isRowId, readTime, writeTime } from "./values.ts";

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
  return {
    saveMaintenance: async (window: Omit<MaintenanceWindow, "id">) => {
      const [row] = await db.insert(maintenance).values(toRow(window)).returning({ id: maintenance.id });
      if (row === undefined) throw new Error("store: a maintenance window was inserted and has no id");
      return row.id;
    },
    endMaintenance: async (id: number, at: Date) => {
      if (!isRowId(id)) return false;
      const ended = await db
        .update(maintenance)
        .set({ endedAt: at })
        .where(and(eq(maintenance.id, id), isNull(maintenance.name), isLive(at)))
        .returning({ id: maintenance.id });
      return ended.length > 0;
    },
    maintenance: async (at: Date) => {
      const rows = await db.select().from(maintenance).where(isLive(at)).orderBy(asc(maintenance.id));
      return rows.map(toWindow);
    },
    setConfiguredMaintenance: (windows: readonly ConfiguredWindow[], at: Date) =>
      setConfigured(db, windows, at),
  };
}

/** Neither ended, nor once and past. */
function isLive(at: Date) {
  return and(isNull(maintenance.endedAt), or(isNull(maintenance.passesAt), gt(maintenance.passesAt, at)));
}

async function setConfigured(db: Db, windows: readonly ConfiguredWindow[], at: Date): Promise<void> {
  await db.transaction(async (tx) => {
    const names = windows.map(({ name }) => name);
    const isGone = names.length === 0 ? undefined : notInArray(maintenance.name, names);
    await tx
      .update(maintenance)
      .set({ endedAt: at })
      .where(and(isNotNull(maintenance.name), isNull(maintenance.endedAt), isGone));
    for (const window of windows) {
      const row = toRow({ ...window, createdBy: "tocsin.yaml", createdAt: at });
      const { createdAt: _createdAt, ...said } = row;
      await tx
        .insert(maintenance)
        .values(row)
        .onConflictDoUpdate({ target: maintenance.name, set: { ...said, endedAt: null } });
    }
  });
}

function toRow({ schedule, ...window }: Omit<MaintenanceWindow, "id">) {
  return { ...window, schedule, passesAt: schedule.kind === "once" ? schedule.to : null };
}

function toWindow(row: typeof maintenance.$inferSelect): MaintenanceWindow {
  const { endedAt: _endedAt, passesAt: _passesAt, ...window } = row;
  // Both columns are written by toRow alone, from a window; of a schedule only the dates change on the way.
  const matchers = row.matchers as MaintenanceWindow["matchers"];
  const schedule = row.schedule as MaintenanceSchedule;
  if (schedule.kind !== "once") return { ...window, matchers, schedule };
  const [from, to] = [readTime(String(schedule.from)), readTime(String(schedule.to))];
  return { ...window, matchers, schedule: { kind: "once", from, to } };
}
