/** What surrounds incidents: changes and the topology. */
import { and, asc, desc, gte, lte, sql } from "drizzle-orm";
import type { Change } from "../../domain/change.ts";
import { joinTopologies, type Topology } from "../../domain/topology.ts";
import type { Db } from "./client.ts";
import { changes, topologies } from "./schema.ts";
import { indexable, writeTime } from "./values.ts";

export function changeRows(db: Db) {
  return {
    saveChanges: (list: readonly Change[]) => saveChanges(db, list),
    changesBetween: async (from: Date, to: Date, limit: number) => {
      const rows = await db
        .select()
        .from(changes)
        .where(and(gte(changes.at, from), lte(changes.at, to)))
        .orderBy(desc(changes.at), desc(changes.id))
        .limit(limit);
      return rows.reverse();
    },
    saveTopology: async (source: string, topology: Topology, receivedAt: Date) => {
      const { edges, services } = topology;
      const said = { edges, services, receivedAt };
      await db
        .insert(topologies)
        .values({ source, ...said })
        .onConflictDoUpdate({ target: topologies.source, set: said });
    },
    topologies: () => readTopologies(db),
    topology: async () => joinTopologies((await readTopologies(db)).values()),
  };
}

async function saveChanges(db: Db, list: readonly Change[]): Promise<void> {
  if (list.length === 0) return;
  const byId = new Map(list.map((change) => [indexable(change.id), change]));
  const rows = [...byId].map(([id, { rolloutId, at, ...change }]) => ({
    ...change,
    id,
    at: writeTime(at),
    rollout_id: rolloutId,
  }));
  await db.execute(sql`
    insert into changes (id, kind, service, title, text, author, url, at, rollout_id)
    select r.id, r.kind, r.service, r.title, r.text, r.author, r.url, r.at, r.rollout_id
    from jsonb_populate_recordset(null::changes, ${JSON.stringify(rows)}::jsonb) as r
    order by r.id
    on conflict (id) do update set kind = excluded.kind, service = excluded.service, title = excluded.title,
      text = excluded.text, author = excluded.author, url = excluded.url, at = excluded.at,
      rollout_id = excluded.rollout_id`);
}

async function readTopologies(db: Db): Promise<ReadonlyMap<string, Topology>> {
  const rows = await db.select().from(topologies).orderBy(asc(topologies.source));
  return new Map(rows.map(({ source, edges, services }) => [source, { edges, services }]));
}
