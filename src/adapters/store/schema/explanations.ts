/** What is said of incidents, and what it rests on. */
import { integer, jsonb, pgTable, primaryKey, text, uniqueIndex } from "drizzle-orm/pg-core";
import type { Evidence } from "../../../domain/explanation.ts";
import { at } from "./columns.ts";

/** Numbered facts that a claim may cite. */
export const evidence = pgTable(
  "evidence",
  {
    incidentId: integer("incident_id").notNull(),
    number: integer("number").notNull(),
    kind: text("kind").$type<Evidence["kind"]>().notNull(),
    /** What it is about: alert key, change id, rollout id, path. Unique in an incident with `kind`. */
    subject: text("subject").notNull(),
    text: text("text").notNull(),
    at: at("at"),
    data: jsonb("data").notNull().default({}),
  },
  (table) => [
    primaryKey({ columns: [table.incidentId, table.number] }),
    // A subject is cut to what an index can hold.
    uniqueIndex("evidence_subject").on(table.incidentId, table.kind, table.subject),
  ],
);

/** The newest explanation of an incident. */
export const explanations = pgTable("explanations", {
  incidentId: integer("incident_id").primaryKey(),
  /** Revision of the incident that it explains. */
  revision: integer("revision").notNull(),
  explainer: text("explainer").notNull(),
  /** Why the template's text stands although a model was asked for; null when it was not or it worked. */
  fallback: text("fallback"),
  explanation: jsonb("explanation").notNull(),
  at: at("at").notNull(),
});

/** Tokens spent on explanations: one row per day and incident. */
export const tokenSpend = pgTable(
  "token_spend",
  {
    day: text("day").notNull(),
    incidentId: integer("incident_id").notNull(),
    tokens: integer("tokens").notNull(),
  },
  (table) => [primaryKey({ columns: [table.day, table.incidentId] })],
);
