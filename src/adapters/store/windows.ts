/** Rows of stretches of time: maintenance windows and freezes. */
import { and, asc, eq, gt, isNotNull, isNull, notInArray, or } from "drizzle-orm";
import type { MaintenanceSchedule, MaintenanceWindow } from "../../domain/suppression/maintenance.ts";
import type { ConfiguredWindow } from "../../ports.ts";
import type { Db } from "./client.ts";
import type { freezes, maintenance } from "./schema.ts";
import { isRowId, readTime } from "./values.ts";

type WindowTable = typeof maintenance | typeof freezes;

/** Reads and writes one of the two tables. */
export function windowRows(db: Db, table: WindowTable) {
  return {
    save: async (window: Omit<MaintenanceWindow, "id">) => {
      const [row] = await db.insert(table).values(toRow(window)).returning({ id: table.id });
      if (row === undefined) throw new Error("store: a window was inserted and has no id");
      return row.id;
    },
    /** False when there is none of a command that is not over. */
    end: async (id: number, at: Date) => {
      if (!isRowId(id)) return false;
      const ended = await db
        .update(table)
        .set({ endedAt: at })
        .where(and(eq(table.id, id), isNull(table.name), isLive(table, at)))
        .returning({ id: table.id });
      return ended.length > 0;
    },
    live: async (at: Date) => {
      const rows = await db.select().from(table).where(isLive(table, at)).orderBy(asc(table.id));
      return rows.map(toWindow);
    },
    made: async (since: Date) => {
      const lasted = or(isNull(table.endedAt), gt(table.endedAt, since));
      const mayCome = or(isNull(table.passesAt), gt(table.passesAt, since));
      const rows = await db
        .select()
        .from(table)
        .where(and(isNull(table.name), lasted, mayCome))
        .orderBy(asc(table.id));
      return rows.map((row) => ({ ...toWindow(row), endedAt: row.endedAt }));
    },
    setConfigured: (windows: readonly ConfiguredWindow[], at: Date) => setConfigured(db, table, windows, at),
  };
}

/** Neither ended, nor once and past. */
function isLive(table: WindowTable, at: Date) {
  return and(isNull(table.endedAt), or(isNull(table.passesAt), gt(table.passesAt, at)));
}

async function setConfigured(
  db: Db,
  table: WindowTable,
  windows: readonly ConfiguredWindow[],
  at: Date,
): Promise<void> {
  await db.transaction(async (tx) => {
    const names = windows.map(({ name }) => name);
    const isGone = names.length === 0 ? undefined : notInArray(table.name, names);
    await tx
      .update(table)
      .set({ endedAt: at })
      .where(and(isNotNull(table.name), isNull(table.endedAt), isGone));
    for (const window of windows) {
      const row = toRow({ ...window, createdBy: "tocsin.yaml", createdAt: at });
      const { createdAt: _createdAt, ...said } = row;
      await tx
        .insert(table)
        .values(row)
        .onConflictDoUpdate({ target: table.name, set: { ...said, endedAt: null } });
    }
  });
}

function toRow({ schedule, ...window }: Omit<MaintenanceWindow, "id">) {
  return { ...window, schedule, passesAt: schedule.kind === "once" ? schedule.to : null };
}

function toWindow(row: WindowTable["$inferSelect"]): MaintenanceWindow {
  const { endedAt: _endedAt, passesAt: _passesAt, ...window } = row;
  // Both columns are written by toRow alone, from a window; of a schedule only the dates change on the way.
  const matchers = row.matchers as MaintenanceWindow["matchers"];
  const schedule = row.schedule as MaintenanceSchedule;
  if (schedule.kind !== "once") return { ...window, matchers, schedule };
  const [from, to] = [readTime(String(schedule.from)), readTime(String(schedule.to))];
  return { ...window, matchers, schedule: { kind: "once", from, to } };
}
