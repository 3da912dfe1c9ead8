/** What people said, and what the correlator learns and has to heed. */
import { sql } from "drizzle-orm";
import {
  bigint,
  bigserial,
  date,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  text,
} from "drizzle-orm/pg-core";
import type { Ruling } from "../../../domain/clustering/correlation.ts";
import type { FeedbackKind } from "../../../domain/learning/feedback.ts";
import { at } from "./columns.ts";

/** What people say or do about a grouping or a cause; labelled data. */
export const feedback = pgTable(
  "feedback",
  {
    id: bigserial("id", { mode: "number" }).primaryKey(),
    kind: text("kind").$type<FeedbackKind>().notNull(),
    incidentId: integer("incident_id").notNull(),
    subject: text("subject").notNull(),
    person: text("person").notNull(),
    at: at("at").notNull(),
    data: jsonb("data").notNull().default({}),
  },
  (table) => [index("feedback_incident").on(table.incidentId, table.id)],
);

/** What the correlator has to heed of it: alerts that belong together, or apart. Of two that contradict the newer counts. */
export const rulings = pgTable(
  "rulings",
  {
    id: bigserial("id", { mode: "number" }).primaryKey(),
    feedbackId: bigint("feedback_id", { mode: "number" }).notNull(),
    kind: text("kind").$type<Ruling["kind"]>().notNull(),
    /** Keys of alerts. */
    left: jsonb("left_keys").$type<readonly string[]>().notNull(),
    right: jsonb("right_keys").$type<readonly string[]>().notNull(),
    /** Number of the incident that goes on; null when the larger part may keep it. */
    keep: integer("keep"),
    at: at("at").notNull(),
    /** Null until triage has moved the alerts. */
    carriedOutAt: at("carried_out_at"),
  },
  (table) => [index("rulings_waiting").on(table.id).where(sql`carried_out_at is null`)],
);

/** What each replica counted of alerts that began near one another; `b` is empty for how often `a` began. */
export const coFiringCounts = pgTable(
  "co_firing_counts",
  {
    replica: text("replica").notNull(),
    day: date("day").notNull(),
    a: text("a").notNull(),
    b: text("b").notNull(),
    count: integer("count").notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.replica, table.day, table.a, table.b] }),
    index("co_firing_counts_day").on(table.day),
  ],
);
