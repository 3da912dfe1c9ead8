/** Rollouts, who agreed to them, and what served when. */
import { sql } from "drizzle-orm";
import {
  bigint,
  bigserial,
  boolean,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  serial,
  text,
  uniqueIndex,
} from "drizzle-orm/pg-core";
import type { ApprovalRule } from "../../../domain/approval/rule.ts";
import type { Approval } from "../../../domain/approval.ts";
import type { RolloutKind } from "../../../domain/rollout/plan.ts";
import type { RolloutState } from "../../../domain/rollout/state.ts";
import type { ServingCause, ServingPart } from "../../../domain/serving.ts";
import { at } from "./columns.ts";

/** One deploy, rollback or retrain from request to final state. */
export const rollouts = pgTable(
  "rollouts",
  {
    id: serial("id").primaryKey(),
    operationId: text("operation_id").notNull().unique(),
    kind: text("kind").$type<RolloutKind>().notNull(),
    model: text("model").notNull(),
    environment: text("environment").notNull(),
    fromVersion: text("from_version"),
    toVersion: text("to_version"),
    reason: text("reason").notNull(),
    requestedBy: text("requested_by").notNull(),
    requestedIn: text("requested_in"),
    requestedAt: at("requested_at").notNull(),
    incidentId: integer("incident_id"),
    state: text("state").$type<RolloutState>().notNull(),
    /** Compare-and-set: every transition names the version it saw. */
    version: integer("version").notNull().default(1),
    plan: jsonb("plan").notNull(),
    planHash: text("plan_hash").notNull(),
    approvalsNeeded: integer("approvals_needed").notNull(),
    /** Who has to agree; null for rollouts of before there were roles to ask for: anyone who may approve. */
    approvalRules: jsonb("approval_rules").$type<readonly ApprovalRule[]>(),
    expiresAt: at("expires_at"),
    externalRef: jsonb("external_ref"),
    /** Steps and log tail as last observed. */
    progress: jsonb("progress").notNull().default({}),
    result: text("result"),
    startedAt: at("started_at"),
    finishedAt: at("finished_at"),
    /** How long it was watched while it was under way. */
    elapsed: jsonb("elapsed"),
    /** What became of the version once it served; null when nothing is watched. */
    bake: jsonb("bake"),
    /** True while the bake is not over: the bot watches, or a person is asked. */
    bakeIsOpen: boolean("bake_is_open").notNull().default(false),
    auditSeq: bigint("audit_seq", { mode: "number" }),
    revision: integer("revision").notNull().default(1),
  },
  (table) => [
    index("rollouts_bake").on(table.id).where(sql`bake_is_open`),
    index("rollouts_state").on(table.state),
    index("rollouts_model").on(table.model, table.environment, table.requestedAt),
  ],
);

/** What served before a rollout, in its backend's terms; a table of its own, since it may be large and is seldom read. */
export const snapshots = pgTable("snapshots", {
  rolloutId: integer("rollout_id").primaryKey(),
  snapshot: jsonb("snapshot").notNull(),
  at: at("at").notNull(),
});

/** Who agreed or refused. One row per person: one human, one voice. */
export const approvals = pgTable(
  "approvals",
  {
    rolloutId: integer("rollout_id").notNull(),
    person: text("person").notNull(),
    decision: text("decision").$type<Approval["decision"]>().notNull(),
    planHash: text("plan_hash").notNull(),
    reason: text("reason").notNull(),
    via: text("via").notNull(),
    at: at("at").notNull(),
  },
  (table) => [primaryKey({ columns: [table.rolloutId, table.person] })],
);

/** What somebody has to look at afterwards: a rollout that broke a freeze. */
export const reviews = pgTable(
  "reviews",
  {
    id: serial("id").primaryKey(),
    rolloutId: integer("rollout_id").notNull().unique(),
    openedBy: text("opened_by").notNull(),
    reason: text("reason").notNull(),
    openedAt: at("opened_at").notNull(),
    closedBy: text("closed_by"),
    closedAt: at("closed_at"),
    verdict: text("verdict"),
  },
  (table) => [index("reviews_open").on(table.id).where(sql`closed_at is null`)],
);

/** Which version served from when on, in each place where a model lives; never edited but for `seen_at`. */
export const servings = pgTable(
  "servings",
  {
    id: bigserial("id", { mode: "number" }).primaryKey(),
    model: text("model").notNull(),
    environment: text("environment").notNull(),
    part: text("part").$type<ServingPart>().notNull(),
    version: text("version"),
    after: at("after"),
    since: at("since").notNull(),
    seenAt: at("seen_at").notNull(),
    by: text("by"),
    cause: text("cause").$type<ServingCause>().notNull(),
    rolloutId: integer("rollout_id"),
    auditSeq: bigint("audit_seq", { mode: "number" }),
    /** The record that it ends: each has one successor, whoever saw the change first. */
    previousId: bigint("previous_id", { mode: "number" }).notNull(),
  },
  (table) => [
    uniqueIndex("servings_successor").on(table.model, table.environment, table.part, table.previousId),
    index("servings_place").on(table.model, table.environment, table.part, table.id),
  ],
);

/** Who holds a target ("model/environment"). */
export const locks = pgTable("locks", {
  target: text("target").primaryKey(),
  rolloutId: integer("rollout_id").notNull(),
  fence: bigint("fence", { mode: "number" }).notNull(),
  holder: text("holder").notNull(),
  since: at("since").notNull(),
  /** A person who keeps everyone else from it; null when nobody does. */
  heldBy: text("held_by"),
  heldReason: text("held_reason"),
  heldSince: at("held_since"),
});

/** What is said in the thread of a rollout's card; once by key. */
export const rolloutNotes = pgTable(
  "rollout_notes",
  {
    id: serial("id").primaryKey(),
    rolloutId: integer("rollout_id").notNull(),
    key: text("key").notNull(),
    at: at("at").notNull(),
    text: text("text").notNull(),
  },
  (table) => [uniqueIndex("rollout_notes_key").on(table.rolloutId, table.key)],
);
