/** Stretches of time: when alerts are muted, and when rollouts are not wanted. */
import { jsonb, pgTable, serial, text } from "drizzle-orm/pg-core";
import { at } from "./columns.ts";

export const silences = pgTable("silences", {
  id: serial("id").primaryKey(),
  /** [{name, op, value}] with op one of = != =~ !~ */
  matchers: jsonb("matchers").notNull(),
  reason: text("reason").notNull(),
  createdBy: text("created_by").notNull(),
  /** Channel in which it was made, for reminders. */
  createdIn: text("created_in"),
  startsAt: at("starts_at").notNull(),
  endsAt: at("ends_at").notNull(),
  createdAt: at("created_at").notNull(),
  /** When it last matched a firing alert, to the hour. */
  matchedAt: at("matched_at"),
});

/** Stretches of time, once or recurring; of tocsin.yaml or made by command. */
function windowTable(name: string) {
  return pgTable(name, {
    id: serial("id").primaryKey(),
    /** In tocsin.yaml; null for a window that was made by command. */
    name: text("name").unique(),
    matchers: jsonb("matchers").notNull(),
    /** When it is: once, weekly or by cron; see src/domain/suppression/maintenance.ts. */
    schedule: jsonb("schedule").notNull(),
    reason: text("reason").notNull(),
    createdBy: text("created_by").notNull(),
    createdAt: at("created_at").notNull(),
    /** When it has come for the last time; null while it comes again. */
    passesAt: at("passes_at"),
    endedAt: at("ended_at"),
  });
}

/** When alerts are expected. */
export const maintenance = windowTable("maintenance");

/** When rollouts are not wanted. */
export const freezes = windowTable("freezes");
