/** Rollouts, approvals and locks; with them the registry of the builtin backend. */
import { and, asc, desc, eq, gte, inArray, lt, sql } from "drizzle-orm";
import { isBakeOpen } from "../../domain/bake.ts";
import type { Rollout } from "../../domain/rollout.ts";
import type { RolloutStore, Snapshot } from "../../ports.ts";
import type { Db } from "./client.ts";
import { guardRows } from "./guards.ts";
import { lockRows } from "./locks.ts";
import { modelRows } from "./models.ts";
import { approvals, rolloutNotes, rollouts, snapshots } from "./schema.ts";
import { isRowId } from "./values.ts";

export function rolloutSlice(db: Db): RolloutStore {
  return {
    ...rolloutRows(db),
    ...snapshotRows(db),
    ...approvalRows(db),
    ...lockRows(db),
    ...noteRows(db),
    ...guardRows(db),
    ...modelRows(db),
  };
}

/** Class of the advisory locks of those who ask for rollouts, one per target. */
const askingLock = 0x61736b21;

type RolloutRow = typeof rollouts.$inferSelect;

function rolloutRows(
  db: Db,
): Pick<RolloutStore, "find" | "findByOperationId" | "list" | "askAlone" | "insert" | "update"> {
  return {
    find: async (id) => {
      if (!isRowId(id)) return null;
      const [row] = await db.select().from(rollouts).where(eq(rollouts.id, id));
      return row === undefined ? null : toRollout(row);
    },
    findByOperationId: async (operationId) => {
      const [row] = await db.select().from(rollouts).where(eq(rollouts.operationId, operationId));
      return row === undefined ? null : toRollout(row);
    },
    list: async ({ states, model, environment, since, bake, before, limit }) => {
      const rows = await db
        .select()
        .from(rollouts)
        .where(
          and(
            states === undefined ? undefined : inArray(rollouts.state, [...states]),
            model === undefined ? undefined : eq(rollouts.model, model),
            environment === undefined ? undefined : eq(rollouts.environment, environment),
            since === undefined ? undefined : gte(rollouts.requestedAt, since),
            bake === undefined ? undefined : eq(rollouts.bakeIsOpen, true),
            before === undefined ? undefined : lt(rollouts.id, before),
          ),
        )
        .orderBy(desc(rollouts.requestedAt), desc(rollouts.id))
        .limit(limit);
      return rows.map(toRollout);
    },
    askAlone: async ({ model, environment }) => {
      const target = JSON.stringify([model, environment]);
      await db.execute(sql`select pg_advisory_xact_lock(${askingLock}, hashtext(${target}))`);
    },
    insert: async (rollout) => {
      const [row] = await db.insert(rollouts).values(toColumns(rollout)).returning();
      if (row === undefined) throw new Error("store: a rollout was inserted and has no row");
      return toRollout(row);
    },
    update: async (rollout) => {
      const [row] = await db
        .update(rollouts)
        .set({ ...toColumns(rollout), version: rollout.version + 1 })
        .where(and(eq(rollouts.id, rollout.id), eq(rollouts.version, rollout.version)))
        .returning();
      return row === undefined ? null : toRollout(row);
    },
  };
}

/** What people and digests ask for is a column of its own; the rest of the plan is kept as it was hashed. */
function toColumns(rollout: Omit<Rollout, "id" | "version">) {
  const { plan } = rollout;
  return {
    operationId: rollout.operationId,
    kind: plan.kind,
    model: plan.model,
    environment: plan.environment,
    fromVersion: plan.from,
    toVersion: plan.to,
    reason: plan.reason,
    requestedBy: rollout.requestedBy,
    requestedIn: rollout.requestedIn,
    requestedAt: rollout.requestedAt,
    incidentId: plan.incidentId,
    state: rollout.state,
    plan,
    planHash: rollout.planHash,
    approvalsNeeded: rollout.approvalsNeeded,
    approvalRules: rollout.approvalRules,
    expiresAt: rollout.expiresAt,
    externalRef: rollout.externalRef,
    progress: rollout.progress,
    result: rollout.result,
    startedAt: rollout.startedAt,
    finishedAt: rollout.finishedAt,
    elapsed: rollout.elapsed,
    bake: rollout.bake,
    bakeIsOpen: rollout.bake !== null && isBakeOpen(rollout.bake),
    auditSeq: rollout.auditSeq,
    revision: rollout.revision,
  };
}

function toRollout(row: RolloutRow): Rollout {
  return {
    id: row.id,
    operationId: row.operationId,
    // These five columns are written by toColumns alone, from a rollout.
    plan: row.plan as Rollout["plan"],
    externalRef: row.externalRef as Rollout["externalRef"],
    progress: row.progress as Rollout["progress"],
    elapsed: row.elapsed as Rollout["elapsed"],
    bake: row.bake as Rollout["bake"],
    planHash: row.planHash,
    state: row.state,
    version: row.version,
    requestedBy: row.requestedBy,
    requestedIn: row.requestedIn,
    requestedAt: row.requestedAt,
    approvalsNeeded: row.approvalsNeeded,
    approvalRules: row.approvalRules ?? rulesOf(row.approvalsNeeded),
    expiresAt: row.expiresAt,
    result: row.result,
    startedAt: row.startedAt,
    finishedAt: row.finishedAt,
    auditSeq: row.auditSeq,
    revision: row.revision,
  };
}

function rulesOf(count: number): Rollout["approvalRules"] {
  return count === 0 ? [] : [{ rule: "", count, roles: [] }];
}

function snapshotRows(db: Db): Pick<RolloutStore, "keepSnapshot" | "snapshotOf"> {
  return {
    keepSnapshot: async (rolloutId, snapshot, at) => {
      await db.insert(snapshots).values({ rolloutId, snapshot, at }).onConflictDoNothing();
    },
    snapshotOf: async ({ model, environment, version }) => {
      const [row] = await db
        .select({ rolloutId: snapshots.rolloutId, snapshot: snapshots.snapshot })
        .from(snapshots)
        .innerJoin(rollouts, eq(rollouts.id, snapshots.rolloutId))
        .where(
          and(
            eq(rollouts.model, model),
            eq(rollouts.environment, environment),
            eq(rollouts.fromVersion, version),
          ),
        )
        .orderBy(desc(snapshots.rolloutId))
        .limit(1);
      // Written by keepSnapshot alone.
      return row === undefined ? null : { ...row, snapshot: row.snapshot as Snapshot };
    },
  };
}

function approvalRows(db: Db): Pick<RolloutStore, "approvals" | "addApproval"> {
  return {
    approvals: (rolloutId) =>
      db
        .select()
        .from(approvals)
        .where(eq(approvals.rolloutId, rolloutId))
        .orderBy(asc(approvals.at), asc(approvals.person)),
    addApproval: async (approval) => {
      const added = await db
        .insert(approvals)
        .values(approval)
        .onConflictDoNothing()
        .returning({ person: approvals.person });
      return added.length > 0;
    },
  };
}

function noteRows(db: Db): Pick<RolloutStore, "addNote" | "findNote"> {
  return {
    addNote: async (note) => {
      const [row] = await db
        .insert(rolloutNotes)
        .values(note)
        .onConflictDoNothing()
        .returning({ id: rolloutNotes.id });
      return row?.id ?? null;
    },
    findNote: async (id) => {
      if (!isRowId(id)) return null;
      const [row] = await db.select().from(rolloutNotes).where(eq(rolloutNotes.id, id));
      return row ?? null;
    },
  };
}
