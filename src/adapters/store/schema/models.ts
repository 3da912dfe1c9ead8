/** What model backends and monitoring keep here. */
import { boolean, index, integer, jsonb, pgTable, primaryKey, text } from "drizzle-orm/pg-core";
import type { MetricComparison } from "../../../domain/rollout/metric-comparison.ts";
import type { Operation, OperationRecordState } from "../../../ports.ts";
import { at } from "./columns.ts";

/** Versions of models whose registry is this database (backend `builtin`). */
export const modelVersions = pgTable(
  "model_versions",
  {
    model: text("model").notNull(),
    version: integer("version").notNull(),
    createdAt: at("created_at").notNull(),
    createdBy: text("created_by").notNull(),
    operationId: text("operation_id").notNull(),
    parameters: jsonb("parameters").notNull(),
    metrics: jsonb("metrics").notNull(),
    comparison: jsonb("comparison").$type<readonly MetricComparison[]>().notNull(),
    description: text("description").notNull(),
    digest: text("digest").notNull(),
  },
  (table) => [primaryKey({ columns: [table.model, table.version] })],
);

export const modelAliases = pgTable(
  "model_aliases",
  {
    model: text("model").notNull(),
    environment: text("environment").notNull(),
    alias: text("alias").notNull(),
    version: integer("version").notNull(),
    since: at("since").notNull(),
    by: text("by").notNull(),
    operationId: text("operation_id").notNull(),
  },
  (table) => [primaryKey({ columns: [table.model, table.environment, table.alias, table.since] })],
);

/** Operations of model backends whose systems keep no record of their own; see src/ports/operation-record.ts. */
export const operationRecords = pgTable(
  "operation_records",
  {
    operationId: text("operation_id").primaryKey(),
    backend: text("backend").notNull(),
    model: text("model").notNull(),
    environment: text("environment").notNull(),
    operation: jsonb("operation").$type<Operation>().notNull(),
    state: text("state").$type<OperationRecordState>().notNull(),
    askedAt: at("asked_at").notNull(),
    endedAt: at("ended_at"),
    notes: jsonb("notes").$type<Readonly<Record<string, unknown>>>().notNull(),
    revision: integer("revision").notNull(),
  },
  (table) => [
    index("operation_records_target").on(table.backend, table.model, table.environment, table.state),
  ],
);

/** Counts of what models are given and answer: a reference of each, and a row for every window. */
export const modelProfiles = pgTable(
  "model_profiles",
  {
    model: text("model").notNull(),
    environment: text("environment").notNull(),
    /** Start of the window; the year 1 for the reference. */
    slot: at("slot").notNull(),
    profile: jsonb("profile").notNull(),
    pushes: jsonb("pushes").$type<readonly string[]>().notNull(),
    isComplete: boolean("is_complete").notNull(),
    updatedAt: at("updated_at").notNull(),
  },
  (table) => [primaryKey({ columns: [table.model, table.environment, table.slot] })],
);
