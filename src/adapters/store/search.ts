/** Incidents found by what is in them, and how teams stand. */
import { type SQL, sql } from "drizzle-orm";
import { severities } from "../../domain/alert.ts";
import type { Incident } from "../../domain/incident.ts";
import type { IncidentSearch, SearchStore, TeamHealth } from "../../ports.ts";
import type { Db } from "./client.ts";
import { toIncident } from "./incidents.ts";
import { incidents, incidentTexts } from "./schema.ts";
import { cleanText, isRowId, writeTime } from "./values.ts";

/** Words of a search beyond these are left out. */
const maxWords = 12;
/** Kinds of alerts of one incident that it is found by. */
const maxKinds = 200;

/** Characters of a team's name that count. */
const maxTeam = 200;

/** Whose an alert is. */
const team = sql.raw("coalesce(nullif(labels ->> 'team', ''), nullif(labels ->> 'owner', ''))");

export function searchSlice(db: Db): SearchStore {
  return {
    incidents: (search) => findIncidents(db, search),
    takeIn: (incidentId) => takeIn(db, incidentId),
    names: async (since, limit) => {
      const [row] = await db.execute<{ services: string[]; teams: string[] }>(sql`
        select
          (select coalesce(jsonb_agg(service order by service), '[]') from (
            select distinct service from incidents, jsonb_array_elements_text(services) as service
            where updated_at >= ${writeTime(since)}::timestamptz order by service limit ${limit}) as s) as services,
          (select coalesce(jsonb_agg(team order by team), '[]') from (
            select distinct ${team} as team from alerts
            where starts_at >= ${writeTime(since)}::timestamptz and ${team} is not null
            order by team limit ${limit}) as t) as teams`);
      return { services: row?.services ?? [], teams: row?.teams ?? [] };
    },
    teams: (since, limit) => readTeams(db, since, limit),
  };
}

async function findIncidents(db: Db, search: IncidentSearch): Promise<readonly Incident[]> {
  const rows = await db
    .select()
    .from(incidents)
    .where(sql.join(conditionsOf(search), sql` and `))
    .orderBy(sql`${incidents.id} desc`)
    .limit(search.limit);
  return rows.map(toIncident);
}

function conditionsOf(search: IncidentSearch): SQL[] {
  const { severity, service, team: wanted, from, to, before, text } = search;
  return [
    sql`merged_into is null`,
    ofStates(search.states),
    ...(severity === null ? [] : [sql`severity = ${severity}`]),
    ...(service === null ? [] : [sql`services @> ${JSON.stringify([service])}::jsonb`]),
    ...(wanted === null ? [] : [ofTeam(wanted)]),
    ...(from === null ? [] : [sql`opened_at >= ${writeTime(from)}::timestamptz`]),
    ...(to === null ? [] : [sql`opened_at < ${writeTime(to)}::timestamptz`]),
    ...(before === null ? [] : [sql`id < ${before}`]),
    ...(text === null ? [] : [withWords(text)]),
  ];
}

function ofStates(states: IncidentSearch["states"]): SQL {
  const shown = states.filter((state) => state !== "muted");
  const parts = [
    ...(states.includes("muted") ? [sql`is_muted`] : []),
    ...(shown.length === 0
      ? []
      : [
          sql`(not is_muted and state in (${sql.join(
            shown.map((state) => sql`${state}`),
            sql`, `,
          )}))`,
        ]),
  ];
  return parts.length === 0 ? sql`false` : sql`(${sql.join(parts, sql` or `)})`;
}

/** Of a team's alerts, or with a card in a channel. The alerts of what no job has taken in yet are looked at one by one. */
function ofTeam(wanted: string): SQL {
  const name = cleanText(wanted).slice(0, maxTeam);
  const ofChannel = name.includes(":")
    ? sql`union all select subject from posts where kind = 'incident' and lower(platform || ':' || channel) = lower(${name})`
    : sql``;
  return sql`id in (
    select incident_id from incident_texts where teams @> array[lower(${name}::text)]
    union all select i.id from incidents as i left join incident_texts as t on t.incident_id = i.id
      where case when t.incident_id is null then exists (
        select from alerts where incident_id = i.id and lower(${team}) = lower(${name})) else false end
    ${ofChannel})`;
}

/**
 * Incidents that no job has taken in yet are found by their titles. The condition on the title stands in a case, since
 * a plain one would be looked at for every incident before it is known which are not taken in.
 */
function withWords(text: string): SQL {
  const query = queryOf(text);
  const number = Number(/^\s*#?(\d{1,9})\s*$/.exec(text)?.[1] ?? Number.NaN);
  const byNumber = isRowId(number) ? sql`id = ${number} or` : sql``;
  if (query === "") return isRowId(number) ? sql`id = ${number}` : sql`false`;
  const wanted = sql`to_tsquery('simple', ${query})`;
  return sql`(${byNumber} id in (
    select incident_id from incident_texts where words @@ ${wanted}
    union all select incident_id from timeline
      where actor <> 'tocsin' and to_tsvector('simple', text) @@ ${wanted}
    union all select i.id from incidents as i left join incident_texts as t on t.incident_id = i.id
      where case when t.incident_id is null then to_tsvector('simple', i.title) @@ ${wanted} else false end))`;
}

/** Every word as the beginning of one, in the quotes of a tsquery: nothing in it is an operator. */
function queryOf(text: string): string {
  return cleanText(text)
    .split(/\s+/u)
    .filter((word) => /[\p{L}\p{N}]/u.test(word))
    .slice(0, maxWords)
    .map((word) => `'${word.replace(/['\\]/g, (mark) => mark + mark)}':*`)
    .join(" & ");
}

/** "HighErrorRate" is found by "error" too. */
function apart(column: string): SQL {
  return sql.raw(`regexp_replace(${column}, '([[:lower:][:digit:]])([[:upper:]])', '\\1 \\2', 'g')`);
}

async function takeIn(db: Db, incidentId: number): Promise<void> {
  await db.execute(sql`
    insert into ${incidentTexts} as kept (incident_id, words, teams)
    select i.id, to_tsvector('simple', left(concat_ws(' ', i.title, ${apart("i.title")}, s.text, a.text, e.text), 100000)),
      w.teams
    from incidents as i
    cross join lateral (
      select coalesce(array_agg(distinct lower(left(${team}, ${maxTeam}))), '{}') as teams
      from alerts where incident_id = i.id and ${team} is not null) as w
    cross join lateral (
      select string_agg(service, ' ') as text from jsonb_array_elements_text(i.services) as service) as s
    left join lateral (
      select string_agg(concat_ws(' ', name, ${apart("name")}, service, summary,
        (select string_agg(value, ' ') from jsonb_each_text(labels))), ' ') as text
      from (
        select distinct on (name, service) name, service, summary, labels
        from alerts where incident_id = i.id order by name, service, starts_at limit ${maxKinds}) as kind) as a on true
    left join lateral (
      select string_agg(claim ->> 'text', ' ') as text
      from explanations, jsonb_array_elements((explanation -> 'summary') || (explanation -> 'causes')) as claim
      where incident_id = i.id) as e on true
    where i.id = ${incidentId}
    on conflict (incident_id) do update set words = excluded.words, teams = excluded.teams
      where (kept.words, kept.teams) is distinct from (excluded.words, excluded.teams)`);
}

interface TeamRow extends Record<string, unknown> {
  team: string;
  open: number;
  untaken: number;
  worst: number | null;
  opened: number;
}

async function readTeams(db: Db, since: Date, limit: number): Promise<readonly TeamHealth[]> {
  const ranks = sql.join(
    severities.map((severity, rank) => sql`when ${severity} then ${rank}::int`),
    sql` `,
  );
  const rows = await db.execute<TeamRow>(sql`
    with looked as (
      select id, state, case severity ${ranks} end as rank, opened_at from incidents
      where merged_into is null and not is_muted
        and (state <> 'resolved' or opened_at >= ${writeTime(since)}::timestamptz)),
      owned as (
        select distinct looked.*, coalesce(whose.team, shown.channel) as team
        from looked
        left join lateral (
          select distinct ${team} as team from alerts where incident_id = looked.id) as whose on true
        left join lateral (
          select min(platform || ':' || channel) as channel from posts
          where kind = 'incident' and subject = looked.id) as shown on true)
    select team, count(*) filter (where state <> 'resolved')::int as open,
      count(*) filter (where state = 'open')::int as untaken,
      min(rank) filter (where state <> 'resolved')::int as worst,
      count(*) filter (where opened_at >= ${writeTime(since)}::timestamptz)::int as opened
    from owned where team is not null group by team
    order by worst nulls last, open desc, opened desc, team limit ${limit}`);
  return rows.map((row) => ({
    ...{ team: row.team, open: row.open, untaken: row.untaken, opened: row.opened },
    worst: row.worst === null ? null : (severities[row.worst] ?? null),
  }));
}
