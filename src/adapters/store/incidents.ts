/** Incidents and what belongs to them. */
import { and, asc, desc, eq, getTableColumns, gte, inArray, isNull, max, ne, sql } from "drizzle-orm";
import { union } from "drizzle-orm/pg-core";
import { heldKinds } from "../../domain/incident/held-line.ts";
import type { Incident, TimelineEntry } from "../../domain/incident.ts";
import type { IncidentFilter, IncidentStore, NewTimelineEntry, TimelineRevision } from "../../ports.ts";
import { alertRows } from "./alerts.ts";
import { changeRows } from "./changes.ts";
import type { Db } from "./client.ts";
import { muteRows } from "./mutes.ts";
import { alerts, incidents, timeline } from "./schema.ts";
import { inNumbers, isRowId, writeTime, writeTimeOrNull } from "./values.ts";

export function incidentSlice(db: Db): IncidentStore {
  return { ...incidentRows(db), ...timelineRows(db), ...alertRows(db), ...changeRows(db), ...muteRows(db) };
}

function incidentRows(db: Db) {
  return {
    find: async (id: number) => {
      if (!isRowId(id)) return null;
      const [row] = await db.select().from(incidents).where(eq(incidents.id, id));
      return row === undefined ? null : toIncident(row);
    },
    findForUpdate: async (id: number) => {
      if (!isRowId(id)) return null;
      const [row] = await db.select().from(incidents).where(eq(incidents.id, id)).for("update");
      return row === undefined ? null : toIncident(row);
    },
    findMany: async (ids: readonly number[]) => {
      const rows = await db
        .select()
        .from(incidents)
        .where(inNumbers(incidents.id, ids))
        .orderBy(asc(incidents.id));
      return rows.map(toIncident);
    },
    findManyForUpdate: async (ids: readonly number[]) => {
      const rows = await db
        .select()
        .from(incidents)
        .where(inNumbers(incidents.id, ids))
        .orderBy(asc(incidents.id))
        .for("update");
      return rows.map(toIncident);
    },
    children: async (parents: readonly number[]) => {
      if (parents.length === 0) return [];
      const rows = await db
        .select()
        .from(incidents)
        .where(and(inArray(incidents.parentId, [...parents]), isNull(incidents.mergedInto)))
        .orderBy(asc(incidents.id));
      return rows.map(toIncident);
    },
    list: (filter: IncidentFilter) => listIncidents(db, filter),
    save: (list: readonly Incident[]) => saveIncidents(db, list),
    newest: async () => {
      const [row] = await db.select({ id: max(incidents.id) }).from(incidents);
      return row?.id ?? 0;
    },
    rememberedIncidents: (since: Date, most: number) => rememberedIncidents(db, since, most),
  };
}

async function rememberedIncidents(db: Db, since: Date, most: number): Promise<readonly Incident[]> {
  // Each has at least one alert, so that no more than so many rows are summed up.
  const latest = db
    .select({ id: incidents.id, alertCount: incidents.alertCount, updatedAt: incidents.updatedAt })
    .from(incidents)
    .where(
      and(eq(incidents.state, "resolved"), isNull(incidents.mergedInto), gte(incidents.updatedAt, since)),
    )
    .orderBy(desc(incidents.updatedAt), desc(incidents.id))
    .limit(most + 1)
    .as("latest");
  const summed = db
    .select({
      id: latest.id,
      before: sql`sum(${latest.alertCount}) over (order by ${latest.updatedAt} desc, ${latest.id} desc)
        - ${latest.alertCount}`.as("before"),
    })
    .from(latest)
    .as("summed");
  const open = db
    .select({ id: incidents.id })
    .from(incidents)
    .where(inArray(incidents.state, ["open", "acknowledged"]));
  const firing = db
    .select({ id: alerts.incidentId })
    .from(alerts)
    .where(and(eq(alerts.status, "firing"), isNull(alerts.partOf)));
  const within = db.select({ id: summed.id }).from(summed).where(sql`${summed.before} < ${most}`);
  const rows = await db
    .select()
    .from(incidents)
    .where(inArray(incidents.id, union(open, firing, within)))
    .orderBy(asc(incidents.updatedAt), asc(incidents.id));
  return rows.map(toIncident);
}

async function listIncidents(db: Db, filter: IncidentFilter): Promise<readonly Incident[]> {
  const { states, service, limit } = filter;
  const rows = await db
    .select()
    .from(incidents)
    .where(
      and(
        isNull(incidents.mergedInto),
        eq(incidents.isMuted, false),
        states === undefined ? undefined : inArray(incidents.state, [...states]),
        service === undefined ? undefined : sql`${incidents.services} @> ${JSON.stringify([service])}::jsonb`,
      ),
    )
    .orderBy(desc(incidents.openedAt), desc(incidents.id))
    .limit(limit);
  return rows.map(toIncident);
}

export function toIncident(row: typeof incidents.$inferSelect): Incident {
  const { updatedAt: _updatedAt, ...incident } = row;
  return { ...incident, serviceCount: Math.max(row.serviceCount ?? 0, row.services.length) };
}

/** In order of id, as everyone locks them, so that two writers wait for each other instead of deadlocking. */
async function saveIncidents(db: Db, list: readonly Incident[]): Promise<void> {
  if (list.length === 0) return;
  const byId = new Map(list.map((incident) => [incident.id, incident]));
  const rows = [...byId.values()]
    .sort((a, b) => a.id - b.id)
    .map((incident) => ({
      id: incident.id,
      state: incident.state,
      severity: incident.severity,
      title: incident.title,
      services: incident.services,
      started_at: writeTime(incident.startedAt),
      opened_at: writeTime(incident.openedAt),
      acknowledged_at: writeTimeOrNull(incident.acknowledgedAt),
      acknowledged_by: incident.acknowledgedBy,
      resolved_at: writeTimeOrNull(incident.resolvedAt),
      resolved_by: incident.resolvedBy,
      reopened_count: incident.reopenedCount,
      alert_count: incident.alertCount,
      firing_count: incident.firingCount,
      is_muted: incident.isMuted,
      merged_into: incident.mergedInto,
      parent_id: incident.parentId,
      revision: incident.revision,
      assigned_to: incident.assignedTo,
      assigned_at: writeTimeOrNull(incident.assignedAt),
      severity_set_by: incident.severitySetBy,
      snoozed_until: writeTimeOrNull(incident.snoozedUntil),
      related: incident.related,
      service_count: incident.serviceCount,
    }));
  await db.execute(sql`
    insert into incidents (id, state, severity, title, services, started_at, opened_at, acknowledged_at,
      acknowledged_by, resolved_at, resolved_by, reopened_count, alert_count, firing_count, is_muted, merged_into,
      parent_id, revision, assigned_to, assigned_at, severity_set_by, snoozed_until, related, service_count,
      updated_at)
    select r.id, r.state, r.severity, r.title, r.services, r.started_at, r.opened_at, r.acknowledged_at,
      r.acknowledged_by, r.resolved_at, r.resolved_by, r.reopened_count, r.alert_count, r.firing_count, r.is_muted,
      r.merged_into, r.parent_id, r.revision, r.assigned_to, r.assigned_at, r.severity_set_by, r.snoozed_until, r.related,
      r.service_count, now()
    from jsonb_populate_recordset(null::incidents, ${JSON.stringify(rows)}::jsonb) as r
    on conflict (id) do update set state = excluded.state, severity = excluded.severity, title = excluded.title,
      services = excluded.services, started_at = excluded.started_at, opened_at = excluded.opened_at,
      acknowledged_at = excluded.acknowledged_at, acknowledged_by = excluded.acknowledged_by,
      resolved_at = excluded.resolved_at, resolved_by = excluded.resolved_by,
      reopened_count = excluded.reopened_count, alert_count = excluded.alert_count,
      firing_count = excluded.firing_count, is_muted = excluded.is_muted, merged_into = excluded.merged_into,
      parent_id = excluded.parent_id, revision = excluded.revision, assigned_to = excluded.assigned_to,
      assigned_at = excluded.assigned_at, severity_set_by = excluded.severity_set_by,
      snoozed_until = excluded.snoozed_until, related = excluded.related,
      service_count = excluded.service_count, updated_at = excluded.updated_at`);
}

function timelineRows(db: Db) {
  return {
    addTimeline: (entries: readonly NewTimelineEntry[]) => addTimeline(db, entries),
    reviseTimeline: (revisions: readonly TimelineRevision[]) => reviseTimeline(db, revisions),
    threadLines: () => threadLines(db),
    /** The newest `limit`, in the order in which they happened. */
    timeline: async (incidentId: number, limit: number) => {
      const rows = await db
        .select()
        .from(timeline)
        .where(eq(timeline.incidentId, incidentId))
        .orderBy(desc(timeline.id))
        .limit(limit);
      return rows.reverse().map(toEntry);
    },
    findTimelineEntry: async (id: number) => {
      const [row] = await db.select().from(timeline).where(eq(timeline.id, id));
      return row === undefined ? null : toEntry(row);
    },
  };
}

async function addTimeline(db: Db, entries: readonly NewTimelineEntry[]): Promise<readonly number[]> {
  if (entries.length === 0) return [];
  const rows = entries.map((entry) => ({
    incident_id: entry.incidentId,
    at: writeTime(entry.at),
    kind: entry.kind,
    actor: entry.actor,
    text: entry.text,
    data: entry.data,
    is_posted: entry.isPosted,
  }));
  const added = await db.execute<{ id: string }>(sql`
    insert into timeline (incident_id, at, kind, actor, text, data, is_posted)
    select r.incident_id, r.at, r.kind, r.actor, r.text, r.data, r.is_posted
    from rows from (jsonb_to_recordset(${JSON.stringify(rows)}::jsonb)
      as (incident_id int, at timestamptz, kind text, actor text, text text, data jsonb, is_posted boolean))
      with ordinality as r
    order by r.ordinality
    returning id`);
  return added.map((row) => Number(row.id)).sort((a, b) => a - b);
}

async function reviseTimeline(db: Db, revisions: readonly TimelineRevision[]): Promise<void> {
  if (revisions.length === 0) return;
  const rows = revisions.map(({ id, isPosted, said }) => ({ id, is_posted: isPosted, ...said }));
  await db.execute(sql`
    update timeline set is_posted = r.is_posted, text = coalesce(r.text, timeline.text),
      data = coalesce(r.data, timeline.data)
    from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as r(id bigint, is_posted boolean, text text, data jsonb)
    where timeline.id = r.id`);
}

async function threadLines(db: Db): Promise<readonly TimelineEntry[]> {
  const rows = await db
    .selectDistinctOn([timeline.incidentId, timeline.kind], getTableColumns(timeline))
    .from(timeline)
    .innerJoin(incidents, eq(incidents.id, timeline.incidentId))
    .where(
      and(
        ne(incidents.state, "resolved"),
        isNull(incidents.mergedInto),
        inArray(timeline.kind, [...heldKinds]),
        sql`(timeline.is_posted or timeline.data ? 'heldUntil')`,
        sql`not exists (select from timeline ending where ending.incident_id = timeline.incident_id
          and ending.id > timeline.id and ending.kind in ('resolved', 'snoozed'))`,
      ),
    )
    .orderBy(asc(timeline.incidentId), asc(timeline.kind), desc(timeline.id));
  return rows.map(toEntry);
}

function toEntry(row: typeof timeline.$inferSelect): TimelineEntry {
  return {
    ...row,
    // Both columns are written here alone, from an entry.
    kind: row.kind as TimelineEntry["kind"],
    data: row.data as TimelineEntry["data"],
  };
}
