/**
 * What incidents are known by, and an inverted index of it with rows of bounded size, so that neither keeping nor
 * finding becomes slower with the number of incidents.
 */
import { inArray, lt, type SQL, sql } from "drizzle-orm";
import { type Ending, type PastIncident, worthShowing } from "../../domain/incident/past.ts";
import {
  featureKey,
  type IncidentFeature,
  rankSimilar,
  readFeatureKey,
  type SimilarCandidate,
} from "../../domain/incident/similar.ts";
import type { Incident } from "../../domain/incident.ts";
import { standingVerdicts } from "../../domain/learning/feedback.ts";
import { type Plan, planTitle } from "../../domain/rollout/plan.ts";
import type { SimilarQuestion, SimilarStore } from "../../ports.ts";
import type { Db } from "./client.ts";
import { feedbackSlice } from "./feedback.ts";
import { toIncident } from "./incidents.ts";
import { featureOwners, incidentFeatures, incidents } from "./schema.ts";
import { cleanText } from "./values.ts";

/** Earlier incidents that are compared closely. */
const maxCompared = 20;
const maxFeedback = 500;
/** Newest incidents known of a feature. One that more have says little, and its older ones share rarer ones too. */
const maxOwners = 200;
/** Incidents that are read for each one that is answered: some are still open, or merged into others. */
const spare = 4;
/** Class of the advisory locks under which the features of an incident are replaced. */
const featureLock = 0x66656174;

export function similarSlice(db: Db): SimilarStore {
  return {
    remember: (incidentId, features) => db.transaction((tx) => remember(tx, incidentId, keysOf(features))),
    past: (asked) => readPast(db, asked),
  };
}

/** An earlier incident that may be similar. */
interface EarlierIncident extends SimilarCandidate {
  readonly incident: Incident;
}

/**
 * Those that share the rarest kinds of alerts, first.
 * @returns with the rarity of the asked features and of theirs.
 */
async function readEarlier(db: Db, asked: SimilarQuestion) {
  const { incidentId, features, asOf } = asked;
  const owners = await readOwners(db, keysOf(features));
  const types = keysOf(features.filter(({ kind }) => kind === "type"));
  const ids = nominate(incidentId, types, owners).slice(0, maxCompared * spare);
  const found = (await readCandidates(db, asked, ids)).slice(0, maxCompared);
  const theirs = found.flatMap((each) => keysOf(each.features)).filter((key) => !owners.has(key));
  const all = new Map([...owners, ...(await readOwners(db, [...new Set(theirs)]))]);
  // Numbers are given out without gaps.
  const isCounted = (id: number) => (asOf === undefined ? id !== incidentId : id < incidentId);
  return { found, rarity: { incidents: incidentId - 1, having: countsOf(isCounted, all) } };
}

async function readPast(db: Db, asked: SimilarQuestion): Promise<readonly PastIncident[]> {
  // As they are kept: what the database cannot hold would match nothing.
  const features = keysOf(asked.features).flatMap((key) => readFeatureKey(key) ?? []);
  const { found, rarity } = await readEarlier(db, { ...asked, features });
  const ranked = rankSimilar(features, found, rarity);
  const ids = ranked.map(({ incidentId }) => incidentId);
  const [records, said] = await Promise.all([
    readEndings(db, ids, asked.asOf),
    feedbackSlice(db).ofIncidents(ids, maxFeedback),
  ]);
  const known = said.filter(({ at }) => asked.asOf === undefined || at < asked.asOf);
  const past = ranked.flatMap((similar): PastIncident[] => {
    const incident = found.find(({ incidentId }) => incidentId === similar.incidentId)?.incident;
    if (incident === undefined) return [];
    const { reason = null, rollouts = [] } = records.get(incident.id) ?? {};
    const verdicts = standingVerdicts(known.filter(({ incidentId }) => incidentId === incident.id));
    const confirmed = verdicts.filter(({ isRight }) => isRight);
    return [{ ...similar, incident, ending: { reason, rollouts, confirmed } }];
  });
  return worthShowing(past);
}

function keysOf(features: readonly IncidentFeature[]): string[] {
  return [...new Set(features.map((feature) => cleanText(featureKey(feature))))];
}

async function remember(tx: Db, incidentId: number, keys: readonly string[]): Promise<void> {
  await tx.execute(sql`select pg_advisory_xact_lock(${featureLock}, ${incidentId}::int)`);
  const [row] = await tx.select().from(incidentFeatures).where(sql`incident_id = ${incidentId}`);
  const before = new Set(row?.features ?? []);
  const after = new Set(keys);
  const added = [...after].filter((key) => !before.has(key)).sort();
  const removed = [...before].filter((key) => !after.has(key)).sort();
  if (added.length + removed.length === 0) return;
  await tx
    .insert(incidentFeatures)
    .values({ incidentId, features: keys })
    .onConflictDoUpdate({ target: incidentFeatures.incidentId, set: { features: keys } });
  await own(tx, incidentId, { added, removed });
}

/** In order of the features, as everyone locks them, so that two writers wait for each other instead of deadlocking. */
async function own(
  tx: Db,
  incidentId: number,
  changed: { readonly added: readonly string[]; readonly removed: readonly string[] },
): Promise<void> {
  const owner = JSON.stringify([incidentId]);
  await tx.execute(sql`
    insert into feature_owners as known (feature, newest, total)
    select feature, jsonb_build_array(${incidentId}::int), 0
    from jsonb_array_elements_text(${JSON.stringify([...changed.added, ...changed.removed].sort())}::jsonb) as feature
    order by feature
    on conflict (feature) do update set total = known.total`);
  await tx.execute(sql`
    update feature_owners set total = total + 1, newest = (
      select jsonb_agg(id order by id desc) from (
        select distinct id::int from jsonb_array_elements(newest || ${owner}::jsonb) as id
        order by 1 desc limit ${maxOwners}) as kept)
    where feature in (select jsonb_array_elements_text(${JSON.stringify(changed.added)}::jsonb))`);
  await tx.execute(sql`
    update feature_owners set total = greatest(0, total - 1), newest = (
      select coalesce(jsonb_agg(id order by id desc), '[]'::jsonb)
      from (select id::int from jsonb_array_elements(newest) as id) as kept where id <> ${incidentId})
    where feature in (select jsonb_array_elements_text(${JSON.stringify(changed.removed)}::jsonb))`);
}

interface Owners {
  readonly newest: readonly number[];
  readonly total: number;
}

async function readOwners(db: Db, keys: readonly string[]): Promise<ReadonlyMap<string, Owners>> {
  if (keys.length === 0) return new Map();
  const rows = await db
    .select()
    .from(featureOwners)
    .where(sql`feature = any(array(select jsonb_array_elements_text(${JSON.stringify(keys)}::jsonb)))`);
  return new Map(rows.map(({ feature, ...owners }) => [feature, owners]));
}

/** Earlier incidents by the summed rarity of the kinds of alerts that they share, newest first among equals. */
function nominate(id: number, types: readonly string[], owners: ReadonlyMap<string, Owners>): number[] {
  const shared = new Map<number, number>();
  for (const type of types) {
    const { newest, total } = owners.get(type) ?? { newest: [], total: 0 };
    for (const owner of newest)
      if (owner < id) shared.set(owner, (shared.get(owner) ?? 0) + 1 / (1 + Math.log(Math.max(1, total))));
  }
  return [...shared].sort(([a, x], [b, y]) => y - x || b - a).map(([owner]) => owner);
}

/** In the order of the ids; those that are over, were shown, stand on their own and are no family of the asked. */
async function readCandidates(
  db: Db,
  { incidentId: asked, asOf }: SimilarQuestion,
  ids: readonly number[],
): Promise<readonly EarlierIncident[]> {
  if (ids.length === 0) return [];
  const isOverByThen = asOf === undefined ? sql`true` : lt(incidents.resolvedAt, asOf);
  const rows = await db
    .select({ incident: incidents, features: incidentFeatures.features })
    .from(incidents)
    .innerJoin(incidentFeatures, sql`${incidentFeatures.incidentId} = ${incidents.id}`)
    .where(
      sql`${inArray(incidents.id, [...ids])} and ${incidents.state} = 'resolved'
        and ${isOverByThen} and ${incidents.mergedInto} is null and not ${incidents.isMuted}
        and not exists (select 1 from incidents asked where asked.id = ${asked}
          and (asked.parent_id in (${incidents.id}, ${incidents.parentId}) or ${incidents.parentId} = asked.id))`,
    );
  const byId = new Map(rows.map((row) => [row.incident.id, row]));
  return ids.flatMap((incidentId) => {
    const row = byId.get(incidentId);
    if (row === undefined) return [];
    const features = row.features.flatMap((key) => readFeatureKey(key) ?? []);
    return [{ incidentId, incident: toIncident(row.incident), features }];
  });
}

/** How many of those that count have each feature; one whose number is not known any more is an old one, and counts. */
function countsOf(
  isCounted: (id: number) => boolean,
  owners: ReadonlyMap<string, Owners>,
): ReadonlyMap<string, number> {
  return new Map(
    [...owners].map(([feature, { newest, total }]) => [
      feature,
      total - newest.filter((id) => !isCounted(id)).length,
    ]),
  );
}

/** How incidents ended, but for what people said of their causes. */
async function readEndings(
  db: Db,
  incidentIds: readonly number[],
  asOf?: Date,
): Promise<ReadonlyMap<number, Omit<Ending, "confirmed">>> {
  if (incidentIds.length === 0) return new Map();
  const byThen = (column: SQL) =>
    asOf === undefined ? sql`true` : sql`${column} < ${asOf.toISOString()}::timestamptz`;
  const rows = await db.execute<{
    id: number;
    reason: string | null;
    rollouts: { id: number; plan: Plan }[];
  }>(sql`
    select i.id, (
        select nullif(t.data ->> 'reason', '') from timeline t
        where t.incident_id = i.id and t.kind = 'resolved' and ${byThen(sql`t.at`)}
        order by t.id desc limit 1) as reason,
      coalesce((
        select jsonb_agg(jsonb_build_object('id', r.id, 'plan', r.plan) order by r.id) from rollouts r
        where r.incident_id = i.id and r.state = 'succeeded' and ${byThen(sql`r.finished_at`)}), '[]'::jsonb) as rollouts
    from incidents i where i.id = any(select jsonb_array_elements_text(${JSON.stringify(incidentIds)}::jsonb)::int)`);
  return new Map(
    rows.map(({ id, reason, rollouts }) => [
      id,
      { reason, rollouts: rollouts.map((rollout) => ({ id: rollout.id, title: planTitle(rollout.plan) })) },
    ]),
  );
}
