/** Evidence, explanations and what they cost. */
import { asc, eq, sql } from "drizzle-orm";
import type { Evidence, Explanation } from "../../domain/explanation.ts";
import type { ExplanationStore, Reserved, TokenReservation } from "../../ports.ts";
import type { Db } from "./client.ts";
import { evidence, explanations, tokenSpend } from "./schema.ts";
import { indexable, writeTimeOrNull } from "./values.ts";

/** Class of the advisory locks under which evidence is numbered, one per incident. */
const numberingLock = 0x65766964;
/** The advisory lock under which tokens are set aside. */
const budgetLock = 0x746f6b73;

export function explanationSlice(db: Db): ExplanationStore {
  return {
    evidence: (incidentId) => readEvidence(db, incidentId),
    addEvidence: (incidentId, added) => db.transaction((tx) => addEvidence(tx, incidentId, added)),
    find: async (incidentId) => {
      const [row] = await db.select().from(explanations).where(eq(explanations.incidentId, incidentId));
      // The column is written by save alone, from an explanation; only its moment is no JSON.
      return row === undefined ? null : { ...(row.explanation as Explanation), at: row.at };
    },
    save: async (explanation) => {
      const { incidentId, revision, explainer, fallback, at } = explanation;
      const kept = { revision, explainer, fallback, explanation, at };
      await db
        .insert(explanations)
        .values({ incidentId, ...kept })
        .onConflictDoUpdate({ target: explanations.incidentId, set: kept });
    },
    reserve: (wanted) => db.transaction((tx) => reserve(tx, wanted)),
    settle: (wanted, costTokens) => addSpent(db, wanted, costTokens - wanted.tokens),
  };
}

async function readEvidence(db: Db, incidentId: number): Promise<readonly Evidence[]> {
  const rows = await db
    .select()
    .from(evidence)
    .where(eq(evidence.incidentId, incidentId))
    .orderBy(asc(evidence.number));
  return rows.map(({ incidentId: _incidentId, ...row }) => ({
    ...row,
    // The column is written by addEvidence alone, from evidence.
    data: row.data as Evidence["data"],
  }));
}

async function readSpent(db: Db, day: string, incidentId: number) {
  const [row] = await db
    .select({
      today: sql<number>`coalesce(sum(${tokenSpend.tokens}) filter (where ${tokenSpend.day} = ${day}), 0)::int`,
      incident: sql<number>`coalesce(sum(${tokenSpend.tokens}) filter (where ${tokenSpend.incidentId} = ${incidentId}), 0)::int`,
    })
    .from(tokenSpend)
    .where(sql`${tokenSpend.day} = ${day} or ${tokenSpend.incidentId} = ${incidentId}`);
  return row ?? { today: 0, incident: 0 };
}

/** Looks and sets aside under one lock, or two replicas would both find the last tokens free. */
async function reserve(tx: Db, wanted: TokenReservation): Promise<Reserved> {
  await tx.execute(sql`select pg_advisory_xact_lock(${budgetLock})`);
  const spent = await readSpent(tx, wanted.day, wanted.incidentId);
  const left = [
    { of: "day", leftTokens: Math.max(0, wanted.budget.perDay - spent.today) },
    { of: "incident", leftTokens: Math.max(0, wanted.budget.perIncident - spent.incident) },
  ] as const;
  const short = left.find(({ leftTokens }) => leftTokens < wanted.tokens);
  if (short !== undefined) return { kind: "too_little", ...short };
  await addSpent(tx, wanted, wanted.tokens);
  return { kind: "reserved" };
}

async function addSpent(db: Db, { day, incidentId }: TokenReservation, tokens: number): Promise<void> {
  await db
    .insert(tokenSpend)
    .values({ day, incidentId, tokens })
    .onConflictDoUpdate({
      target: [tokenSpend.day, tokenSpend.incidentId],
      set: { tokens: sql`${tokenSpend.tokens} + ${tokens}` },
    });
}

/** Numbers are never given twice: claims that were made keep meaning what they cite. What is known gets its new text. */
async function addEvidence(
  tx: Db,
  incidentId: number,
  added: readonly Omit<Evidence, "number">[],
): Promise<readonly Evidence[]> {
  if (added.length > 0) {
    const facts = new Map(added.map((fact) => [JSON.stringify([fact.kind, indexable(fact.subject)]), fact]));
    const rows = [...facts.values()].map((fact) => ({
      kind: fact.kind,
      subject: indexable(fact.subject),
      text: fact.text,
      at: writeTimeOrNull(fact.at),
      data: fact.data,
    }));
    await tx.execute(sql`select pg_advisory_xact_lock(${numberingLock}, ${incidentId}::int)`);
    await tx.execute(sql`
      with fact as (
        select f.*, e.number as known
        from rows from (jsonb_to_recordset(${JSON.stringify(rows)}::jsonb)
          as (kind text, subject text, text text, at timestamptz, data jsonb)) with ordinality as f
        left join evidence e on e.incident_id = ${incidentId} and e.kind = f.kind and e.subject = f.subject)
      insert into evidence (incident_id, number, kind, subject, text, at, data)
      select ${incidentId}::int,
        coalesce(known, (select coalesce(max(number), 0) from evidence where incident_id = ${incidentId})
          + row_number() over (partition by known is null order by ordinality)),
        kind, subject, text, at, data
      from fact
      on conflict (incident_id, number)
      do update set text = excluded.text, at = excluded.at, data = excluded.data`);
  }
  return await readEvidence(tx, incidentId);
}
