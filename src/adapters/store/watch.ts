/** What watching conditions of our own asks of the alerts that are remembered. */
import { and, asc, eq, isNull, sql } from "drizzle-orm";
import type { Labels } from "../../domain/alert.ts";
import type { WatchStore } from "../../ports.ts";
import { toStored } from "./alerts.ts";
import type { Db } from "./client.ts";
import { alerts } from "./schema.ts";
import { writeTime } from "./values.ts";

export function watchSlice(db: Db): WatchStore {
  return {
    firingFrom: async (source, limit) => {
      const rows = await db
        .select()
        .from(alerts)
        .where(and(eq(alerts.source, source), eq(alerts.status, "firing"), isNull(alerts.endedBy)))
        .orderBy(asc(alerts.startsAt), asc(alerts.key))
        .limit(limit);
      return rows.map(toStored);
    },
    alertStarts: (question) => alertStarts(db, question),
    firstAlertStart: (labels) => firstAlertStart(db, labels),
  };
}

async function alertStarts(
  db: Db,
  { from, to, stepMs, labels }: Parameters<WatchStore["alertStarts"]>[0],
): Promise<readonly (readonly [number, number])[]> {
  const step = sql`${stepMs}::float8`;
  const rows = await db.execute<{ at: string; count: string }>(sql`
    select floor(extract(epoch from starts_at)::float8 * 1000 / ${step}) * ${step} as at, count(*) as count
    from alerts
    where starts_at >= ${writeTime(from)}::timestamptz and starts_at < ${writeTime(to)}::timestamptz
      and source <> 'tocsin' and labels @> ${JSON.stringify(labels)}::jsonb
    group by 1 order by 1`);
  return rows.map(({ at, count }): readonly [number, number] => [Number(at), Number(count)]);
}

async function firstAlertStart(db: Db, labels: Labels): Promise<number | null> {
  const [first] = await db.execute<{ at: string }>(sql`
    select extract(epoch from starts_at)::float8 * 1000 as at from alerts
    where source <> 'tocsin' and labels @> ${JSON.stringify(labels)}::jsonb
    order by starts_at limit 1`);
  return first === undefined ? null : Number(first.at);
}
