/** Alerts, incidents, what surrounds them, and what became of them. */
import { sql } from "drizzle-orm";
import { bigserial, boolean, index, integer, jsonb, pgTable, primaryKey, text } from "drizzle-orm/pg-core";
import type { TrackedAlert } from "../../../domain/alert/tracked.ts";
import type { Alert, Severity } from "../../../domain/alert.ts";
import type { ChangeKind } from "../../../domain/change.ts";
import type { IncidentState } from "../../../domain/incident.ts";
import type { PageAction } from "../../../ports.ts";
import { at, tsvector } from "./columns.ts";

export const incidents = pgTable(
  "incidents",
  {
    id: integer("id").primaryKey(),
    state: text("state").$type<IncidentState>().notNull(),
    severity: text("severity").$type<Severity>().notNull(),
    title: text("title").notNull(),
    services: jsonb("services").$type<readonly string[]>().notNull(),
    startedAt: at("started_at").notNull(),
    openedAt: at("opened_at").notNull(),
    acknowledgedAt: at("acknowledged_at"),
    acknowledgedBy: text("acknowledged_by"),
    resolvedAt: at("resolved_at"),
    resolvedBy: text("resolved_by"),
    reopenedCount: integer("reopened_count").notNull().default(0),
    alertCount: integer("alert_count").notNull().default(0),
    firingCount: integer("firing_count").notNull().default(0),
    isMuted: boolean("is_muted").notNull().default(false),
    mergedInto: integer("merged_into"),
    /** The incident that it was split from; of a family of splits the first. */
    parentId: integer("parent_id"),
    revision: integer("revision").notNull().default(1),
    updatedAt: at("updated_at").notNull(),
    assignedTo: text("assigned_to"),
    assignedAt: at("assigned_at"),
    severitySetBy: text("severity_set_by"),
    snoozedUntil: at("snoozed_until"),
    related: jsonb("related").$type<readonly number[]>().notNull().default([]),
    /** Null of what was last written before services were counted: then those listed are all that is known. */
    serviceCount: integer("service_count"),
  },
  (table) => [
    index("incidents_state").on(table.state, table.openedAt),
    index("incidents_updated_at").on(table.updatedAt),
    index("incidents_parent").on(table.parentId).where(sql`parent_id is not null`),
  ],
);

/** One firing of an alert. */
export const alerts = pgTable(
  "alerts",
  {
    key: text("key").primaryKey(),
    fingerprint: text("fingerprint").notNull(),
    externalId: text("external_id"),
    source: text("source").notNull(),
    status: text("status").$type<Alert["status"]>().notNull(),
    labels: jsonb("labels").$type<Readonly<Record<string, string>>>().notNull(),
    annotations: jsonb("annotations").$type<Readonly<Record<string, string>>>().notNull(),
    name: text("name").notNull(),
    service: text("service"),
    severity: text("severity").$type<Severity>().notNull(),
    summary: text("summary").notNull(),
    url: text("url"),
    startsAt: at("starts_at").notNull(),
    endsAt: at("ends_at"),
    /** When it was last heard of; an alert without endsAt times out after a while of silence. */
    seenAt: at("seen_at").notNull(),
    seenCount: integer("seen_count").notNull().default(1),
    endedBy: text("ended_by").$type<TrackedAlert["endedBy"]>(),
    incidentId: integer("incident_id").notNull(),
    /** Why it is where it is: the scored reasons of its placement. */
    reasons: jsonb("reasons").notNull(),
    /** Version of the correlator that put it there. */
    correlatorVersion: integer("correlator_version"),
    /** Null while it may notify; else what mutes it: {by, id, because}. */
    mutedBy: jsonb("muted_by"),
    /** How it came and went lately: {starts, windowMs, since, count, endedAt}; null as long as it fired once. */
    flapping: jsonb("flapping"),
    /** Key of the alert that was held open when this firing began, since it flapped. */
    partOf: text("part_of"),
  },
  (table) => [
    index("alerts_incident").on(table.incidentId),
    // Nothing that changes with a repeat is in an index, so that a repeat costs no index a write.
    index("alerts_firing").on(table.startsAt).where(sql`status = 'firing'`),
    index("alerts_starts_at").on(table.startsAt),
    index("alerts_part_of").on(table.partOf).where(sql`part_of is not null`),
  ],
);

export const changes = pgTable(
  "changes",
  {
    id: text("id").primaryKey(),
    kind: text("kind").$type<ChangeKind>().notNull(),
    service: text("service"),
    title: text("title").notNull(),
    text: text("text").notNull(),
    author: text("author"),
    url: text("url"),
    at: at("at").notNull(),
    rolloutId: integer("rollout_id"),
  },
  (table) => [index("changes_at").on(table.at)],
);

/** What each source last said of the topology. */
export const topologies = pgTable("topologies", {
  source: text("source").primaryKey(),
  edges: jsonb("edges").$type<readonly (readonly [string, string])[]>().notNull(),
  services: jsonb("services").$type<readonly string[]>().notNull(),
  receivedAt: at("received_at").notNull(),
});

export const timeline = pgTable(
  "timeline",
  {
    id: bigserial("id", { mode: "number" }).primaryKey(),
    incidentId: integer("incident_id").notNull(),
    at: at("at").notNull(),
    kind: text("kind").notNull(),
    actor: text("actor").notNull(),
    text: text("text").notNull(),
    data: jsonb("data").notNull().default({}),
    isPosted: boolean("is_posted").notNull().default(true),
  },
  (table) => [
    index("timeline_incident").on(table.incidentId, table.id),
    // What people wrote is searched; what the bot says of itself is not.
    index("timeline_said").using("gin", sql`to_tsvector('simple', text)`).where(sql`actor <> 'tocsin'`),
  ],
);

/** How far an incident that nobody acknowledges has come; see domain/people/escalation.ts. */
export const escalations = pgTable("escalations", {
  incidentId: integer("incident_id").primaryKey(),
  rule: text("rule").notNull(),
  since: at("since").notNull(),
  nextStep: integer("next_step").notNull(),
});

/** What a pager outside was last told of an incident, and what it should be told. */
export const pages = pgTable(
  "pages",
  {
    incidentId: integer("incident_id").notNull(),
    pager: text("pager").notNull(),
    wanted: text("wanted").$type<PageAction>().notNull(),
    told: text("told").$type<PageAction>(),
    /** What kept it from being told, or null. */
    problem: text("problem"),
  },
  (table) => [primaryKey({ columns: [table.incidentId, table.pager] })],
);

/** What an incident is known by: "KIND:VALUE", see domain/incident/similar.ts. */
export const incidentFeatures = pgTable("incident_features", {
  incidentId: integer("incident_id").primaryKey(),
  features: jsonb("features").$type<readonly string[]>().notNull(),
});

/** The same the other way round. A row never outgrows a fixed size, however common its feature becomes. */
export const featureOwners = pgTable("feature_owners", {
  feature: text("feature").primaryKey(),
  /** Incidents that have it, the newest few, newest first. */
  newest: jsonb("newest").$type<readonly number[]>().notNull(),
  /** How many have it in all. */
  total: integer("total").notNull(),
});

/** The words and teams that an incident is found by, as they were when a job last looked at it. */
export const incidentTexts = pgTable(
  "incident_texts",
  {
    incidentId: integer("incident_id").primaryKey(),
    words: tsvector("words").notNull(),
    /** Whose its alerts are, in lower case. */
    teams: text("teams").array().notNull().default([]),
  },
  (table) => [
    index("incident_texts_words").using("gin", table.words),
    index("incident_texts_teams").using("gin", table.teams),
  ],
);
