/** Counts about rules: how often they fired, for how long, and whether anybody cared. */
import { sql } from "drizzle-orm";
import { heldMinutes, type NoiseFacts, type PairFacts, type RuleFacts } from "../../domain/noise/noise.ts";
import type { SenderKind } from "../../domain/noise/sender.ts";
import type { NoiseStore } from "../../ports.ts";
import type { Db } from "./client.ts";
import { writeTime } from "./values.ts";

const maxRules = 500;
/** Rules that are looked at in pairs, the most frequent ones. */
const maxPaired = 60;
const maxPairs = 20;
const fewestTogether = 5;
const maxSamples = 5;

export function noiseSlice(db: Db): NoiseStore {
  return {
    facts: (from, to, senders) =>
      db.transaction(
        async (tx) => {
          const window = { from: writeTime(from), to: writeTime(to), senders: JSON.stringify(senders) };
          return { from, to, ...(await readRules(tx, window)), pairs: await readPairs(tx, window) };
        },
        { isolationLevel: "repeatable read", accessMode: "read only" },
      ),
  };
}

interface Window {
  readonly from: string;
  readonly to: string;
  /** JSON of what sends to the sources that are known. */
  readonly senders: string;
}

/** What counts as one sender: all Alertmanagers, all Grafanas, and of other sources each. */
function originBy({ senders }: Window) {
  return sql`coalesce(${senders}::text::jsonb ->> source, ${otherOrigin} || source)`;
}

const otherOrigin = "other:";

function senderOf(origin: string): SenderKind {
  return origin === "alertmanager" || origin === "grafana" ? origin : "other";
}

function within({ from, to }: Window) {
  return sql`(starts_at >= ${from}::timestamptz and starts_at < ${to}::timestamptz)`;
}

/** Incidents that a person acted on: taken, resolved, merged, judged, or answered with a rollout. */
const mattering = sql`
  select id from incidents where acknowledged_by is not null or coalesce(resolved_by, 'tocsin') <> 'tocsin'
  union select incident_id from timeline where actor <> 'tocsin'
  union select incident_id from feedback
  union select incident_id from rollouts where incident_id is not null`;

interface RuleRow extends Record<string, unknown> {
  name: string;
  source: string;
  origin: string;
  team: string | null;
  team_from: RuleFacts["teamFrom"];
  firings: number;
  notified: number;
  mattered: number;
  mattered_of_name: number;
  alerts: number;
  incidents: number;
  returned: number;
  pause_ms: number | null;
  lasted_ms: number | null;
  within_mattered: number[];
  within_idle: number[];
  all_firings: number;
  all_notified: number;
  all_mattered: number;
}

async function readRules(tx: Db, window: Window): Promise<Pick<NoiseFacts, "rules" | "total">> {
  const endedWithin = (isMattering: boolean) =>
    sql.join(
      heldMinutes.map(
        (minutes) =>
          sql`count(*) filter (where not is_quiet and has_mattered = ${isMattering} and lasted_ms < ${minutes * 60_000})::int`,
      ),
      sql`, `,
    );
  const rows = await tx.execute<RuleRow>(sql`
    with mattering as (${mattering}),
      shown as (
        select subject as incident_id, min(platform || ':' || channel) as channel
        from posts where kind = 'incident' group by subject),
      firing as (
        select name, source, ${originBy(window)} as origin, fingerprint, incident_id, muted_by is not null as is_muted,
          muted_by is not null or part_of is not null as is_quiet,
          mattering.id is not null as has_mattered, labels ->> 'team' as team, labels ->> 'owner' as owner,
          extract(epoch from ends_at - starts_at) * 1000 as lasted_ms,
          extract(epoch from starts_at - lag(ends_at) over (
            partition by fingerprint collate "C" order by starts_at)) * 1000 as pause_ms
        from alerts left join mattering on mattering.id = alerts.incident_id
        where ${within(window)}),
      owned as (
        select firing.*, coalesce(nullif(team, ''), nullif(owner, ''), shown.channel) as whose,
          case when nullif(team, '') is not null then 'team' when nullif(owner, '') is not null then 'owner'
            when shown.channel is not null then 'channel' end as team_from
        from firing left join shown on shown.incident_id = firing.incident_id)
    select name, origin, min(source) as source, whose as team, min(team_from) as team_from, count(*)::int as firings,
      count(*) filter (where not is_quiet)::int as notified,
      count(*) filter (where not is_quiet and has_mattered)::int as mattered,
      (sum(count(*) filter (where not is_quiet and has_mattered)) over (partition by name))::int as mattered_of_name,
      count(distinct fingerprint collate "C")::int as alerts, count(distinct incident_id)::int as incidents,
      count(*) filter (where not is_muted and pause_ms between 0 and 900000)::int as returned,
      percentile_cont(0.9) within group (order by pause_ms)
        filter (where not is_muted and pause_ms between 0 and 900000) as pause_ms,
      percentile_cont(0.5) within group (order by lasted_ms) as lasted_ms,
      jsonb_build_array(${endedWithin(true)}) as within_mattered, jsonb_build_array(${endedWithin(false)}) as within_idle,
      (sum(count(*)) over ())::int as all_firings,
      (sum(count(*) filter (where not is_quiet)) over ())::int as all_notified,
      (sum(count(*) filter (where not is_quiet and has_mattered)) over ())::int as all_mattered
    from owned group by name, whose, origin order by notified desc, name, whose, origin limit ${maxRules}`);
  const [row] = rows;
  return {
    rules: rows.map(toRule),
    total: {
      firings: row?.all_firings ?? 0,
      notified: row?.all_notified ?? 0,
      mattered: row?.all_mattered ?? 0,
    },
  };
}

function toRule(row: RuleRow): RuleFacts {
  const { name, source, team, firings, notified, mattered, alerts, incidents, returned } = row;
  return {
    ...{ name, source, team, firings, notified, mattered, alerts, incidents, returned },
    sender: senderOf(row.origin),
    teamFrom: row.team_from,
    matteredOfName: row.mattered_of_name,
    pauseMs: toMs(row.pause_ms),
    lastedMs: toMs(row.lasted_ms),
    endedWithin: { mattered: row.within_mattered, idle: row.within_idle },
  };
}

/** Whole ms; negative would be a clock that ran backwards. */
function toMs(value: number | null): number | null {
  return value === null ? null : Math.max(0, Math.round(value));
}

interface PairRow extends Record<string, unknown> {
  a: string;
  b: string;
  count_a: number;
  count_b: number;
  together: number;
  /** Null for two sources. */
  origin: string | null;
  lead_ms: number;
  samples: PairFacts["samples"];
}

/** Pairs of frequent rules by the first firing of each for every service of every incident. */
async function readPairs(tx: Db, window: Window): Promise<readonly PairFacts[]> {
  const rows = await tx.execute<PairRow>(sql`
    with heard as (
        select incident_id, coalesce(service, '') as service, name, source, ${originBy(window)} as origin, starts_at as at, key
        from alerts where ${within(window)} and muted_by is null),
      frequent as (
        select name, origin from heard
        group by name, origin having count(*) >= ${fewestTogether} order by count(*) desc, name, origin limit ${maxPaired}),
      story as materialized (
        select distinct on (incident_id, service, name, origin) *
        from heard join frequent using (name, origin)
        order by incident_id, service, name, origin, at),
      total as (select name, origin, count(*)::int as count from story group by name, origin),
      pair as (
        select a.name as a, b.name as b, a.origin as origin_a, b.origin as origin_b, count(*)::int as together,
          bool_and(a.source = b.source) as is_one_source,
          avg(extract(epoch from b.at - a.at) * 1000)::float8 as lead_ms,
          (array_agg(array[a.key, b.key] order by a.at desc))[1:${maxSamples}] as keys
        from story a join story b using (incident_id, service)
        where a.name < b.name and b.at between a.at - interval '3 minutes' and a.at + interval '3 minutes'
        group by 1, 2, 3, 4 having count(*) >= ${fewestTogether})
    select a, b, together, case when is_one_source then origin_a end as origin, lead_ms, total_a.count as count_a, total_b.count as count_b, (
        select jsonb_agg(jsonb_build_array(left_alert.labels, right_alert.labels))
        from generate_subscripts(keys, 1) as i
        join alerts left_alert on left_alert.key = keys[i][1]
        join alerts right_alert on right_alert.key = keys[i][2]) as samples
    from pair join total total_a on total_a.name = a and total_a.origin = origin_a
      join total total_b on total_b.name = b and total_b.origin = origin_b
    order by together::float8 / greatest(total_a.count, total_b.count) desc, together desc, a, b, origin_a, origin_b limit ${maxPairs}`);
  return rows.map((row) => ({
    names: [row.a, row.b],
    counts: [row.count_a, row.count_b],
    together: row.together,
    sender: row.origin === null ? null : senderOf(row.origin),
    leadMs: Math.round(row.lead_ms),
    samples: row.samples,
  }));
}
