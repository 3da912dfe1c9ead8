/** What comes in, who reads it, and what makes this installation its own. */
import { bigint, bigserial, index, integer, jsonb, pgTable, text } from "drizzle-orm/pg-core";
import { at, bytea } from "./columns.ts";

/** One HTTP request from a source, verbatim. Ids grow in commit order: inserts take an advisory lock. */
export const deliveries = pgTable(
  "deliveries",
  {
    id: bigserial("id", { mode: "number" }).primaryKey(),
    source: text("source").notNull(),
    receivedAt: at("received_at").notNull(),
    headers: jsonb("headers").notNull().default({}),
    body: bytea("body").notNull(),
  },
  (table) => [index("deliveries_received_at").on(table.receivedAt)],
);

/** Deliveries that passed the sender check and could not be parsed; kept until replayed or dismissed. */
export const deadDeliveries = pgTable("dead_deliveries", {
  id: bigserial("id", { mode: "number" }).primaryKey(),
  source: text("source").notNull(),
  receivedAt: at("received_at").notNull(),
  headers: jsonb("headers").notNull().default({}),
  body: bytea("body").notNull(),
  problem: text("problem").notNull(),
  replayedAt: at("replayed_at"),
});

/** Who leads a scope of triage, until when, and how far it has read. */
export const leases = pgTable("leases", {
  scope: text("scope").primaryKey(),
  holder: text("holder"),
  /** Grows at every change of holder; a commit with an old one is refused. */
  fence: bigint("fence", { mode: "number" }).notNull().default(0),
  expiresAt: at("expires_at"),
  /** Id of the last delivery whose results are committed. */
  cursor: bigint("cursor", { mode: "number" }).notNull().default(0),
  nextIncidentId: integer("next_incident_id").notNull().default(1),
});

/** Replicas that are alive; the jobs of a dead one are freed. */
export const replicas = pgTable("replicas", {
  id: text("id").primaryKey(),
  startedAt: at("started_at").notNull(),
  seenAt: at("seen_at").notNull(),
  version: text("version").notNull().default(""),
  /** Id of its pool of job workers: whose jobs are freed when it falls silent. */
  workerPool: text("worker_pool"),
});

/** One row: what makes the keys of this installation's messages its own. */
export const installation = pgTable("installation", {
  id: text("id").primaryKey(),
  /** 64 hex characters; signs the console's session cookies on every replica. */
  secret: text("secret").notNull(),
});
