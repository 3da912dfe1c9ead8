/** Alerts as they are remembered, one row per firing. */
import { and, asc, desc, eq, gte, isNull, or, sql } from "drizzle-orm";
import type { Flapping } from "../../domain/suppression/flapping.ts";
import type { StoredAlert } from "../../ports.ts";
import type { Db } from "./client.ts";
import { alerts } from "./schema.ts";
import { inNumbers, readTime, writeTime, writeTimeOrNull } from "./values.ts";

export function alertRows(db: Db) {
  return {
    saveAlerts: (list: readonly StoredAlert[]) => saveAlerts(db, list),
    alerts: async (incidentId: number, limit: number) => {
      const rows = await db
        .select()
        .from(alerts)
        .where(and(eq(alerts.incidentId, incidentId), isNull(alerts.partOf)))
        .orderBy(asc(alerts.startsAt), asc(alerts.key))
        .limit(limit);
      return rows.map(toStored);
    },
    alertsOfMany: async (incidentIds: readonly number[]) => {
      const rows = await db
        .select()
        .from(alerts)
        .where(and(inNumbers(alerts.incidentId, incidentIds), isNull(alerts.partOf)))
        .orderBy(asc(alerts.startsAt), asc(alerts.key));
      return rows.map(toStored);
    },
    hearAlerts: (list: readonly Pick<StoredAlert, "key" | "seenAt" | "seenCount">[]) => hearAlerts(db, list),
    moveParts: (list: readonly Pick<StoredAlert, "key" | "incidentId">[]) => moveParts(db, list),
    findAlert: async (key: string) => {
      const [row] = await db.select().from(alerts).where(eq(alerts.key, key));
      return row === undefined ? null : toStored(row);
    },
    findAlerts: async (keys: readonly string[]) => {
      const rows = await db
        .select()
        .from(alerts)
        .where(sql`${alerts.key} in (select jsonb_array_elements_text(${JSON.stringify(keys)}::jsonb))`)
        .orderBy(asc(alerts.key));
      return rows.map(toStored);
    },
    newestFirings: (fingerprints: readonly string[]) => newestFirings(db, fingerprints),
    searchAlerts: (text: string, limit: number) => searchAlerts(db, text, limit),
    remembered: (since: Date, limit: number) => remembered(db, since, limit),
  };
}

/**
 * A key is the fingerprint and the start, so that the index on keys has them in this order, whatever the collation of the
 * database: digits come before letters in all.
 */
async function newestFirings(db: Db, fingerprints: readonly string[]): Promise<readonly StoredAlert[]> {
  const rows = await db
    .select()
    .from(alerts)
    .where(sql`${alerts.key} in (
    select newest.key from jsonb_array_elements_text(${JSON.stringify(fingerprints)}::jsonb) as wanted(fingerprint)
    cross join lateral (
      select a.key from alerts as a
      where a.key > wanted.fingerprint || '/' and a.key < wanted.fingerprint || '/z' and a.part_of is null
      order by a.key desc limit 1
    ) as newest)`);
  return rows.map(toStored);
}

/** The server reads the columns by name out of one JSON parameter: less to encode than thousands of parameters. */
async function saveAlerts(db: Db, list: readonly StoredAlert[]): Promise<void> {
  if (list.length === 0) return;
  // A statement may not touch a row twice; of the same key the last word stands.
  const byKey = new Map(list.map((stored) => [stored.key, stored]));
  const rows = [...byKey.values()].sort((a, b) => (a.key < b.key ? -1 : 1)).map(toRow);
  await db.execute(sql`
    insert into alerts (key, fingerprint, external_id, source, status, labels, annotations, name, service, severity,
      summary, url, starts_at, ends_at, seen_at, seen_count, ended_by, incident_id, reasons, muted_by, flapping,
      part_of, correlator_version)
    select r.key, r.fingerprint, r.external_id, r.source, r.status, r.labels, r.annotations, r.name, r.service,
      r.severity, r.summary, r.url, r.starts_at, r.ends_at, r.seen_at, r.seen_count, r.ended_by, r.incident_id,
      r.reasons, nullif(r.muted_by, 'null'::jsonb), r.flapping, r.part_of, r.correlator_version
    from jsonb_populate_recordset(null::alerts, ${JSON.stringify(rows)}::jsonb) as r
    on conflict (key) do update set external_id = excluded.external_id, status = excluded.status,
      labels = excluded.labels, annotations = excluded.annotations, name = excluded.name, service = excluded.service,
      severity = excluded.severity, summary = excluded.summary, url = excluded.url, starts_at = excluded.starts_at,
      ends_at = excluded.ends_at, seen_at = excluded.seen_at, seen_count = excluded.seen_count,
      ended_by = excluded.ended_by, incident_id = excluded.incident_id, reasons = excluded.reasons,
      muted_by = excluded.muted_by, flapping = excluded.flapping, correlator_version = excluded.correlator_version`);
}

function toRow(stored: StoredAlert) {
  const { alert } = stored;
  return {
    key: stored.key,
    fingerprint: alert.fingerprint,
    external_id: alert.externalId,
    source: alert.source,
    status: alert.status,
    labels: alert.labels,
    annotations: alert.annotations,
    name: alert.name,
    service: alert.service,
    severity: alert.severity,
    summary: alert.summary,
    url: alert.url,
    starts_at: writeTime(alert.startsAt),
    ends_at: writeTimeOrNull(alert.endsAt),
    seen_at: writeTime(stored.seenAt),
    seen_count: stored.seenCount,
    ended_by: stored.endedBy,
    incident_id: stored.incidentId,
    reasons: stored.reasons,
    muted_by: stored.mutedBy,
    ...(stored.flapping === undefined ? {} : { flapping: stored.flapping }),
    ...(stored.partOf === undefined ? {} : { part_of: stored.partOf }),
    correlator_version: stored.correlatorVersion ?? null,
  };
}

/** An alert as the rest of the bot knows it. */
export function toStored(row: typeof alerts.$inferSelect): StoredAlert {
  const {
    key,
    seenAt,
    seenCount,
    endedBy,
    incidentId,
    reasons,
    mutedBy,
    flapping,
    partOf,
    correlatorVersion,
    ...alert
  } = row;
  return {
    key,
    alert,
    seenAt,
    seenCount,
    endedBy,
    incidentId,
    // These columns are written by saveAlerts alone, from a stored alert.
    reasons: reasons as StoredAlert["reasons"],
    mutedBy: mutedBy as StoredAlert["mutedBy"],
    ...(flapping === null ? {} : { flapping: toFlapping(flapping as StoredFlapping) }),
    ...(partOf === null ? {} : { partOf }),
    ...(correlatorVersion === null ? {} : { correlatorVersion }),
  };
}

/** As JSON has it: moments are texts. */
type StoredFlapping = Omit<Flapping, "starts" | "since" | "endedAt"> & {
  readonly starts: readonly string[];
  readonly since: string | null;
  readonly endedAt: string | null;
};

function toFlapping({ starts, since, endedAt, ...stored }: StoredFlapping): Flapping {
  return {
    ...stored,
    starts: starts.map(readTime),
    since: since === null ? null : readTime(since),
    endedAt: endedAt === null ? null : readTime(endedAt),
  };
}

async function hearAlerts(
  db: Db,
  list: readonly Pick<StoredAlert, "key" | "seenAt" | "seenCount">[],
): Promise<void> {
  if (list.length === 0) return;
  const rows = list.map(({ key, seenAt, seenCount }) => ({
    key,
    seen_at: writeTime(seenAt),
    seen_count: seenCount,
  }));
  await db.execute(sql`
    update alerts set seen_at = r.seen_at, seen_count = r.seen_count
    from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as r(key text, seen_at timestamptz, seen_count int)
    where alerts.key = r.key`);
}

async function moveParts(db: Db, list: readonly Pick<StoredAlert, "key" | "incidentId">[]): Promise<void> {
  if (list.length === 0) return;
  const rows = list.map(({ key, incidentId }) => ({ key, incident_id: incidentId }));
  await db.execute(sql`
    update alerts set incident_id = r.incident_id
    from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as r(key text, incident_id int)
    where alerts.part_of = r.key`);
}

async function searchAlerts(db: Db, text: string, limit: number): Promise<readonly StoredAlert[]> {
  const wanted = text.trim().toLowerCase();
  if (wanted === "") return [];
  const rows = await db
    .select()
    .from(alerts)
    .where(
      and(
        isNull(alerts.partOf),
        or(
          sql`starts_with(${alerts.key}, ${wanted})`,
          sql`starts_with(lower(${alerts.name}), ${wanted})`,
          sql`starts_with(lower(${alerts.service}), ${wanted})`,
          sql`exists (select 1 from jsonb_each_text(${alerts.labels}) as label where lower(label.value) = ${wanted})`,
        ),
      ),
    )
    .orderBy(asc(alerts.status), desc(alerts.seenAt), asc(alerts.key))
    .limit(limit);
  return rows.map(toStored);
}

/** Of more than `limit`, the newest. */
async function remembered(db: Db, since: Date, limit: number) {
  const rows = await db
    .select()
    .from(alerts)
    .where(and(isNull(alerts.partOf), or(gte(alerts.startsAt, since), eq(alerts.status, "firing"))))
    .orderBy(desc(alerts.startsAt), desc(alerts.key))
    .limit(limit);
  return rows.reverse().map(toStored);
}
