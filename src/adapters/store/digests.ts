/** Digest runs, and the numbers that digests are made of. */
import { and, desc, eq, sql } from "drizzle-orm";
import { bakeWord } from "../../domain/bake/view.ts";
import type { Bake } from "../../domain/bake.ts";
import type { DigestFacts } from "../../domain/digest.ts";
import { type Plan, planTitle } from "../../domain/rollout/plan.ts";
import type { DigestRun, DigestStore } from "../../ports.ts";
import type { Db } from "./client.ts";
import { digestRuns } from "./schema.ts";
import { readTime, writeTime } from "./values.ts";

export function digestSlice(db: Db): DigestStore {
  return {
    claim: async (run, at) => {
      const [row] = await db
        .insert(digestRuns)
        .values({ ...run, createdAt: at })
        .onConflictDoNothing()
        .returning({ id: digestRuns.id });
      return row?.id ?? null;
    },
    find: async (id) => {
      const [row] = await db.select().from(digestRuns).where(eq(digestRuns.id, id));
      return row === undefined ? null : toRun(row);
    },
    saveFacts: async (id, facts) => {
      await db.update(digestRuns).set({ digest: facts }).where(eq(digestRuns.id, id));
    },
    lastSlot: async (name, channel) => {
      const [row] = await db
        .select({ to: digestRuns.to })
        .from(digestRuns)
        .where(and(name === null ? undefined : eq(digestRuns.name, name), eq(digestRuns.channel, channel)))
        .orderBy(desc(digestRuns.to))
        .limit(1);
      return row?.to ?? null;
    },
    facts: (from, to) => gatherFacts(db, from, to),
    handoverFacts: async (from, to) => {
      const window = { from: writeTime(from), to: writeTime(to) };
      return { told: await toldWithin(db, window), lastNotes: await lastNotes(db, window) };
    },
  };
}

function toRun(row: typeof digestRuns.$inferSelect): DigestRun {
  const { digest, createdAt: _createdAt, ...run } = row;
  // The column is written by saveFacts alone, from facts, which are plain JSON.
  return { ...run, facts: digest as DigestFacts | null };
}

/** Longest lists of a digest; what is beyond is counted elsewhere. */
const maxListed = 10_000;
const maxRanked = 10;

type IncidentLine = { id: number; title: string; severity: string };

/** All numbers of [from, to) as one moment of the database saw them. */
async function gatherFacts(db: Db, from: Date, to: Date): Promise<DigestFacts> {
  return await db.transaction(
    async (tx) => {
      const window = { from: writeTime(from), to: writeTime(to) };
      return {
        from: from.toISOString(),
        to: to.toISOString(),
        opened: await incidentLines(tx, "opened_at", window),
        resolved: await incidentLines(tx, "resolved_at", window),
        ...(await incidentNumbers(tx, window)),
        noisiest: await noisiest(tx, window),
        muted: await mutedReasons(tx, window),
        rollouts: await rolloutLines(tx, window),
        pendingApprovals: await pendingApprovals(tx),
        reviews: await openReviews(tx),
        open: await openByAge(tx, window),
        before: await timesBefore(tx, from, to),
        silencesEnding: await silencesEnding(tx, to),
        series: await series(tx, from, to),
      };
    },
    { isolationLevel: "repeatable read", accessMode: "read only" },
  );
}

interface Window {
  readonly from: string;
  readonly to: string;
}

/** Incidents that people saw: neither muted nor merged into another. */
const isShown = sql`merged_into is null and not is_muted`;

function within(column: string, { from, to }: Window) {
  const moment = sql.identifier(column);
  return sql`(${moment} >= ${from}::timestamptz and ${moment} < ${to}::timestamptz)`;
}

async function incidentLines(tx: Db, column: "opened_at" | "resolved_at", window: Window) {
  const rows = await tx.execute<IncidentLine>(sql`
    select id, title, severity from incidents
    where ${isShown} and ${within(column, window)} and (${column} = 'opened_at' or state = 'resolved')
    order by array_position(array['critical', 'high', 'warning', 'info'], severity), id limit ${maxListed}`);
  return rows.map(({ id, title, severity }) => ({ id, title, severity }));
}

async function incidentNumbers(tx: Db, window: Window) {
  const [row] = await tx.execute<{
    open: number;
    acknowledge: number | null;
    resolve: number | null;
    alerts: number;
  }>(sql`
    select
      (select count(*)::int from incidents where ${isShown} and opened_at < ${window.to}::timestamptz
        and (state <> 'resolved' or resolved_at >= ${window.to}::timestamptz)) as open,
      (select percentile_cont(0.5) within group (order by extract(epoch from acknowledged_at - opened_at) * 1000)
        from incidents where ${isShown} and ${within("acknowledged_at", window)}) as acknowledge,
      (select percentile_cont(0.5) within group (order by extract(epoch from resolved_at - opened_at) * 1000)
        from incidents where ${isShown} and state = 'resolved' and ${within("resolved_at", window)}) as resolve,
      (select count(*)::int from alerts where ${within("starts_at", window)}) as alerts`);
  return {
    stillOpen: row?.open ?? 0,
    acknowledgeMs: toMs(row?.acknowledge),
    resolveMs: toMs(row?.resolve),
    alertCount: row?.alerts ?? 0,
  };
}

/** Whole ms; negative would be a clock that ran backwards. */
function toMs(value: number | null | undefined): number | null {
  return value === null || value === undefined ? null : Math.max(0, Math.round(value));
}

async function noisiest(tx: Db, window: Window) {
  const rows = await tx.execute<{ name: string; count: number; incidents: number }>(sql`
    select name, count(*)::int as count, count(distinct incident_id)::int as incidents
    from alerts where ${within("starts_at", window)}
    group by name order by count(*) desc, name limit ${maxRanked}`);
  return rows.map(({ name, count, incidents }) => ({ name, count, incidents }));
}

async function mutedReasons(tx: Db, window: Window) {
  // An inhibition is told by its rule: its sources may be many.
  const rows = await tx.execute<{ because: string; count: number }>(sql`
    select case when by = 'inhibition' then 'inhibition rule ' || id else min(because) end as because,
      count(*)::int as count
    from alerts, jsonb_to_record(muted_by) as mute (by text, id text, because text)
    where muted_by is not null and ${within("starts_at", window)}
    group by by, id order by 2 desc, 1 limit ${maxRanked}`);
  return rows.map(({ because, count }) => ({ because, count }));
}

async function rolloutLines(tx: Db, window: Window) {
  const rows = await tx.execute<{ id: number; plan: Plan; state: string; bake: Bake | null }>(sql`
    select id, plan, state, bake from rollouts
    where ${within("requested_at", window)} or ${within("finished_at", window)} order by id limit ${maxListed}`);
  return rows.map(({ id, plan, state, bake }) => ({
    id,
    title: planTitle(plan),
    state: state === "succeeded" && bake !== null ? bakeWord(bake).toLowerCase() : state,
  }));
}

async function pendingApprovals(tx: Db) {
  const rows = await tx.execute<{ id: number; plan: Plan; requested_by: string }>(sql`
    select id, plan, requested_by from rollouts where state = 'pending' order by id limit ${maxListed}`);
  return rows.map(({ id, plan, requested_by }) => ({
    id,
    title: planTitle(plan),
    requestedBy: requested_by,
  }));
}

async function openReviews(tx: Db) {
  const rows = await tx.execute<{ id: number; plan: Plan; opened_by: string; reason: string }>(sql`
    select reviews.id, plan, opened_by, reviews.reason from reviews join rollouts on rollouts.id = rollout_id
    where closed_at is null order by reviews.id limit ${maxListed}`);
  return rows.map(({ id, plan, opened_by, reason }) => ({
    id,
    title: planTitle(plan),
    openedBy: opened_by,
    reason,
  }));
}

/** What was open at the end of the window, oldest first. */
async function openByAge(tx: Db, { to }: Window) {
  const rows = await tx.execute<IncidentLine & { opened_at: string; who: string | null }>(sql`
    select id, title, severity, opened_at, coalesce(assigned_to, acknowledged_by) as who from incidents
    where ${isShown} and opened_at < ${to}::timestamptz and (state <> 'resolved' or resolved_at >= ${to}::timestamptz)
    order by opened_at, id limit ${maxListed}`);
  return rows.map(({ id, title, severity, opened_at, who }) => ({
    ...{ id, title, severity, who },
    since: readTime(opened_at).toISOString(),
  }));
}

/** The medians of a window of the same length that ends where this one begins. */
async function timesBefore(tx: Db, from: Date, to: Date) {
  const start = new Date(2 * from.getTime() - to.getTime());
  const window = { from: writeTime(start), to: writeTime(from) };
  const { acknowledgeMs, resolveMs } = await incidentNumbers(tx, window);
  return { acknowledgeMs, resolveMs };
}

/** Silences in force that end within a day after the window, soonest first. */
async function silencesEnding(tx: Db, to: Date) {
  const [now, later] = [writeTime(to), writeTime(new Date(to.getTime() + dayMs))];
  const rows = await tx.execute<{ id: number; reason: string; created_by: string; ends_at: string }>(sql`
    select id, reason, created_by, ends_at from silences
    where starts_at <= ${now}::timestamptz and ends_at > ${now}::timestamptz and ends_at <= ${later}::timestamptz
    order by ends_at, id limit ${maxListed}`);
  return rows.map(({ id, reason, created_by, ends_at }) => ({
    ...{ id, reason, createdBy: created_by },
    endsAt: readTime(ends_at).toISOString(),
  }));
}

/** Steps of escalations, oldest first. */
async function toldWithin(db: Db, window: Window) {
  const rows = await db.execute<{ id: number; at: string; text: string }>(sql`
    select incident_id as id, at, text from timeline
    where kind = 'escalated' and ${within("at", window)} order by timeline.id limit ${maxListed}`);
  return rows.map(({ id, at, text }) => ({ id, at: readTime(at).toISOString(), text }));
}

/** The newest note on each incident that is open at the end. */
async function lastNotes(db: Db, { to }: Window) {
  const rows = await db.execute<{ id: number; text: string }>(sql`
    select distinct on (incidents.id) incidents.id, timeline.text
    from incidents join timeline on timeline.incident_id = incidents.id and timeline.kind = 'note'
    where ${isShown} and opened_at < ${to}::timestamptz and timeline.at < ${to}::timestamptz
      and (state <> 'resolved' or resolved_at >= ${to}::timestamptz)
    order by incidents.id, timeline.id desc limit ${maxListed}`);
  return rows.map(({ id, text }) => ({ id, text }));
}

const dayMs = 86_400_000;
const minuteMs = 60_000;
const bucketSizes = [1, 5, 15, 60, 180, 360, 1440, 10_080].map((minutes) => minutes * minuteMs);
const maxBuckets = 48;

async function series(tx: Db, from: Date, to: Date) {
  const spanMs = to.getTime() - from.getTime();
  const fitting = bucketSizes.find((size) => spanMs / size <= maxBuckets);
  const bucketMs = fitting ?? Math.ceil(spanMs / maxBuckets);
  const window = { from: writeTime(from), to: writeTime(to) };
  const bucket = (column: string) => sql`
    select date_bin(${`${bucketMs} milliseconds`}::interval, ${sql.identifier(column)}, ${window.from}::timestamptz) as at`;
  const rows = await tx.execute<{ at: string; alerts: number; incidents: number }>(sql`
    with alert as (${bucket("starts_at")} from alerts where ${within("starts_at", window)}),
      incident as (${bucket("opened_at")} from incidents where ${isShown} and ${within("opened_at", window)}),
      bucket as (select generate_series(${window.from}::timestamptz,
        ${window.to}::timestamptz - interval '1 millisecond', ${`${bucketMs} milliseconds`}::interval) as at)
    select bucket.at, (select count(*)::int from alert where alert.at = bucket.at) as alerts,
      (select count(*)::int from incident where incident.at = bucket.at) as incidents
    from bucket order by bucket.at`);
  return rows.map(({ at, alerts, incidents }) => ({ at: readTime(at).toISOString(), alerts, incidents }));
}
