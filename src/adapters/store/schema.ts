/** The tables. Words are those of docs/glossary in ARCHITECTURE.md; one word per idea, from README to column. */
import { sql } from "drizzle-orm";
import {
  bigint,
  bigserial,
  boolean,
  customType,
  date,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  serial,
  text,
  uniqueIndex,
} from "drizzle-orm/pg-core";
import type { ApprovalRule } from "../../domain/approval/rule.ts";
import type { MetricComparison } from "../../domain/rollout/metric-comparison.ts";
import { servingCauses } from "../../domain/serving.ts";
import type { Operation } from "../../ports.ts";
import { readTime, writeTime } from "./values.ts";

/** A moment to the millisecond. Not drizzle's own type: it reads the years before 100 as 1900 and later. */
const at = customType<{ data: Date; driverData: string }>({
  dataType: () => "timestamp (3) with time zone",
  toDriver: writeTime,
  fromDriver: readTime,
});
const bytea = customType<{ data: Uint8Array }>({ dataType: () => "bytea" });
const tsvector = customType<{ data: string }>({ dataType: () => "tsvector" });

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

export const incidents = pgTable(
  "incidents",
  {
    id: integer("id").primaryKey(),
    state: text("state", { enum: ["open", "acknowledged", "resolved"] }).notNull(),
    severity: text("severity", { enum: ["critical", "high", "warning", "info"] }).notNull(),
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
    status: text("status", { enum: ["firing", "resolved"] }).notNull(),
    labels: jsonb("labels").$type<Readonly<Record<string, string>>>().notNull(),
    annotations: jsonb("annotations").$type<Readonly<Record<string, string>>>().notNull(),
    name: text("name").notNull(),
    service: text("service"),
    severity: text("severity", { enum: ["critical", "high", "warning", "info"] }).notNull(),
    summary: text("summary").notNull(),
    url: text("url"),
    startsAt: at("starts_at").notNull(),
    endsAt: at("ends_at"),
    /** When it was last heard of; an alert without endsAt times out after a while of silence. */
    seenAt: at("seen_at").notNull(),
    seenCount: integer("seen_count").notNull().default(1),
    endedBy: text("ended_by", { enum: ["source", "timeout"] }),
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
    kind: text("kind", { enum: ["deploy", "config", "flag", "commit", "infra", "rollout"] }).notNull(),
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
    wanted: text("wanted", { enum: ["trigger", "acknowledge", "resolve"] }).notNull(),
    told: text("told", { enum: ["trigger", "acknowledge", "resolve"] }),
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

/** Numbered facts that a claim may cite. */
export const evidence = pgTable(
  "evidence",
  {
    incidentId: integer("incident_id").notNull(),
    number: integer("number").notNull(),
    kind: text("kind", { enum: ["alert", "change", "topology", "rollout", "metric", "incident"] }).notNull(),
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

/** One message in one channel: desired revision against posted revision. */
export const posts = pgTable(
  "posts",
  {
    /** Idempotency key, 25 characters: the same for every attempt. */
    key: text("key").primaryKey(),
    platform: text("platform").notNull(),
    channel: text("channel").notNull(),
    /** incident, rollout: a card. entry: a line in a thread. The others: once. */
    kind: text("kind", {
      enum: [
        "incident",
        "rollout",
        "entry",
        "digest",
        "digest_detail",
        "silence_ending",
        "silence_idle",
        "checkpoint",
        "rollout_note",
        "changed_outside",
        "trouble",
      ],
    }).notNull(),
    /** Id of the incident, rollout, timeline entry, digest run or silence. */
    subject: bigint("subject", { mode: "number" }).notNull(),
    /** Key of the card whose thread this belongs to; null for a card. */
    threadOf: text("thread_of"),
    desiredRevision: integer("desired_revision").notNull(),
    postedRevision: integer("posted_revision").notNull().default(0),
    /** sending: an attempt may have reached the platform. refused: a person must act. */
    state: text("state", { enum: ["waiting", "sending", "posted", "refused"] })
      .notNull()
      .default("waiting"),
    ref: jsonb("ref"),
    attempts: integer("attempts").notNull().default(0),
    attemptedAt: at("attempted_at"),
    notBefore: at("not_before"),
    problem: text("problem"),
    /** How often its message was found gone and posted anew. */
    reposts: integer("reposts").notNull().default(0),
    createdAt: at("created_at").notNull(),
  },
  (table) => [
    // Not unique: the key is made from these four, and a second unique index could fail an upsert on the first.
    index("posts_subject").on(table.kind, table.subject),
    /** From the message of a card to its incident, for what is said in its thread. */
    index("posts_card").on(table.ref).where(sql`thread_of is null`),
    index("posts_behind")
      .on(table.platform, table.channel, table.createdAt)
      .where(sql`posted_revision < desired_revision and state <> 'refused'`),
  ],
);

/** What keeps the bot from being heard in chat; see src/domain/chat/trouble.ts. */
export const chatTroubles = pgTable(
  "chat_troubles",
  {
    id: serial("id").primaryKey(),
    platform: text("platform").notNull(),
    /** Empty when it is the whole platform, for the unique index. */
    channel: text("channel").notNull(),
    /** Empty when it is the whole channel. */
    part: text("part").notNull(),
    problem: text("problem").notNull(),
    remedy: text("remedy").notNull(),
    metBy: text("met_by", { enum: ["post", "edit"] }).notNull(),
    since: at("since").notNull(),
    probes: integer("probes").notNull(),
    probeAt: at("probe_at").notNull(),
    healedAt: at("healed_at"),
    revision: integer("revision").notNull(),
  },
  (table) => [
    uniqueIndex("chat_troubles_open")
      .on(table.platform, table.channel, table.part)
      .where(sql`healed_at is null`),
  ],
);

/** Chat channels of incidents' own; the newest of an incident has the highest serial. */
export const incidentChannels = pgTable(
  "incident_channels",
  {
    incidentId: bigint("incident_id", { mode: "number" }).notNull(),
    serial: integer("serial").notNull(),
    platform: text("platform").notNull(),
    state: text("state", { enum: ["wanted", "creating", "open", "closed", "given_up"] }).notNull(),
    askedBy: text("asked_by"),
    channel: text("channel"),
    name: text("name"),
    namesTaken: integer("names_taken").notNull(),
    attemptedAt: at("attempted_at"),
    doubtedAt: at("doubted_at"),
    shown: jsonb("shown").notNull(),
    closedBy: text("closed_by", { enum: ["time", "people"] }),
    createdAt: at("created_at").notNull(),
    closedAt: at("closed_at"),
  },
  (table) => [
    primaryKey({ columns: [table.incidentId, table.serial] }),
    uniqueIndex("incident_channels_channel")
      .on(table.platform, table.channel)
      .where(sql`channel is not null`),
  ],
);

/** What channels asked to be shown, beside the routes of tocsin.yaml. */
export const subscriptions = pgTable(
  "subscriptions",
  {
    id: serial("id").primaryKey(),
    platform: text("platform").notNull(),
    channel: text("channel").notNull(),
    /** {match: [{name, op, value}], atLeast}; see src/domain/chat/subscription.ts. */
    filter: jsonb("filter").notNull(),
    /** The same as text: a channel has no two alike. */
    filterText: text("filter_text").notNull(),
    createdBy: text("created_by").notNull(),
    createdAt: at("created_at").notNull(),
  },
  (table) => [uniqueIndex("subscriptions_place").on(table.platform, table.channel, table.filterText)],
);

/** Accounts that people confirmed to be theirs; see src/domain/people/link.ts. */
export const accountLinks = pgTable(
  "account_links",
  {
    platform: text("platform").notNull(),
    account: text("account").notNull(),
    accountName: text("account_name").notNull(),
    /** Key in tocsin.yaml. */
    person: text("person").notNull(),
    linkedAt: at("linked_at").notNull(),
  },
  (table) => [primaryKey({ columns: [table.platform, table.account] })],
);

/** Codes that were given out and not used: one for a person. */
export const linkCodes = pgTable("link_codes", {
  person: text("person").primaryKey(),
  platform: text("platform").notNull(),
  expiresAt: at("expires_at").notNull(),
  hash: text("hash").notNull().unique(),
});

/** Codes that were wrong, for an hour. */
export const wrongLinkCodes = pgTable(
  "wrong_link_codes",
  {
    id: bigserial("id", { mode: "number" }).primaryKey(),
    platform: text("platform").notNull(),
    account: text("account").notNull(),
    at: at("at").notNull(),
  },
  (table) => [index("wrong_link_codes_at").on(table.at)],
);

/** Command requests, persisted before the platform is acknowledged. */
export const requests = pgTable(
  "requests",
  {
    key: text("key").primaryKey(),
    request: jsonb("request").notNull(),
    receivedAt: at("received_at").notNull(),
    /** waiting, running (fenced by a job), done. */
    state: text("state", { enum: ["waiting", "done"] })
      .notNull()
      .default("waiting"),
    outcome: text("outcome"),
    doneAt: at("done_at"),
  },
  (table) => [index("requests_received_at").on(table.receivedAt)],
);

/** One deploy, rollback or retrain from request to final state. */
export const rollouts = pgTable(
  "rollouts",
  {
    id: serial("id").primaryKey(),
    operationId: text("operation_id").notNull().unique(),
    kind: text("kind", { enum: ["deploy", "rollback", "retrain"] }).notNull(),
    model: text("model").notNull(),
    environment: text("environment").notNull(),
    fromVersion: text("from_version"),
    toVersion: text("to_version"),
    reason: text("reason").notNull(),
    requestedBy: text("requested_by").notNull(),
    requestedIn: text("requested_in"),
    requestedAt: at("requested_at").notNull(),
    incidentId: integer("incident_id"),
    state: text("state", {
      enum: [
        "pending",
        "approved",
        "starting",
        "running",
        "cancelling",
        "succeeded",
        "failed",
        "cancelled",
        "denied",
        "expired",
        "unknown",
      ],
    }).notNull(),
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
    decision: text("decision", { enum: ["approve", "deny"] }).notNull(),
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
    part: text("part", { enum: ["serving", "registry"] }).notNull(),
    version: text("version"),
    after: at("after"),
    since: at("since").notNull(),
    seenAt: at("seen_at").notNull(),
    by: text("by"),
    cause: text("cause", { enum: servingCauses }).notNull(),
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

/** Hash-chained; only ever inserted, and deleted up to a checkpoint by a pruning. */
export const audit = pgTable(
  "audit",
  {
    seq: bigint("seq", { mode: "number" }).primaryKey(),
    at: at("at").notNull(),
    /** Null when it is among audit_values. */
    actor: text("actor"),
    action: text("action").notNull(),
    subject: text("subject").notNull(),
    outcome: text("outcome").notNull(),
    /** Without what is among audit_values. */
    data: jsonb("data").notNull(),
    previousHash: text("previous_hash").notNull(),
    hash: text("hash").notNull(),
    /** Field to commitment; null in entries of format 1, which have everything in clear. */
    commitments: jsonb("commitments").$type<Readonly<Record<string, string>>>(),
  },
  (table) => [index("audit_subject").on(table.subject), index("audit_at").on(table.at)],
);

/**
 * Where the audit log stands: one row, moved by every append and its lock. A log whose last entries were removed no
 * longer reaches it.
 */
export const auditHead = pgTable("audit_head", {
  id: integer("id").primaryKey(),
  seq: bigint("seq", { mode: "number" }).notNull(),
  hash: text("hash").notNull(),
});

/** What audit entries only commit to: values that can be erased, each with its salt. */
export const auditValues = pgTable(
  "audit_values",
  {
    seq: bigint("seq", { mode: "number" }).notNull(),
    /** "actor", or "data." and a key. */
    field: text("field").notNull(),
    salt: text("salt").notNull(),
    value: jsonb("value").notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.seq, table.field] }),
    index("audit_values_actor").on(table.value).where(sql`field = 'actor'`),
  ],
);

/** Which values are gone, and the entry that erased them. */
export const auditErased = pgTable(
  "audit_erased",
  {
    seq: bigint("seq", { mode: "number" }).notNull(),
    field: text("field").notNull(),
    by: bigint("by", { mode: "number" }).notNull(),
  },
  (table) => [primaryKey({ columns: [table.seq, table.field] })],
);

/** Up to which checkpoint entries were removed, and the entry that says so. */
export const auditPrunings = pgTable("audit_prunings", {
  toSeq: bigint("to_seq", { mode: "number" }).primaryKey(),
  by: bigint("by", { mode: "number" }).notNull(),
});

/** Complete subtrees of the Merkle tree over the log; level 0 are the leaves. */
export const auditNodes = pgTable(
  "audit_nodes",
  {
    level: integer("level").notNull(),
    index: bigint("index", { mode: "number" }).notNull(),
    hash: bytea("hash").notNull(),
  },
  (table) => [primaryKey({ columns: [table.level, table.index] })],
);

/** Signed tree heads. */
export const auditCheckpoints = pgTable("audit_checkpoints", {
  size: bigint("size", { mode: "number" }).primaryKey(),
  at: at("at").notNull(),
  /** The signed note, as it is published. */
  note: text("note").notNull(),
  /** Verifier line of the key that signed. */
  key: text("key").notNull(),
});

/** Which checkpoint has gone where; a row for each configured destination. */
export const auditPublications = pgTable(
  "audit_publications",
  {
    destination: text("destination").notNull(),
    size: bigint("size", { mode: "number" }).notNull(),
    doneAt: at("done_at"),
    attempts: integer("attempts").notNull().default(0),
    problem: text("problem"),
  },
  (table) => [primaryKey({ columns: [table.destination, table.size] })],
);

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
    state: text("state", { enum: ["asked", "running", "succeeded", "failed", "cancelled"] }).notNull(),
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

/** What people say or do about a grouping or a cause; labelled data. */
export const feedback = pgTable(
  "feedback",
  {
    id: bigserial("id", { mode: "number" }).primaryKey(),
    kind: text("kind", { enum: ["right_cause", "wrong_cause", "merge", "split", "move"] }).notNull(),
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
    kind: text("kind", { enum: ["together", "apart"] }).notNull(),
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

/** A digest is sent once across replicas: the row is the claim. */
export const digestRuns = pgTable(
  "digest_runs",
  {
    id: bigserial("id", { mode: "number" }).primaryKey(),
    name: text("name").notNull(),
    /** The moment the schedule named, or of the request for `/digest now`. */
    slot: at("slot").notNull(),
    from: at("from").notNull(),
    to: at("to").notNull(),
    channel: text("channel").notNull(),
    digest: jsonb("digest"),
    createdAt: at("created_at").notNull(),
  },
  (table) => [uniqueIndex("digest_runs_claim").on(table.name, table.slot, table.channel)],
);

/** Messages of the console, the chat platform that needs no token. */
export const consoleMessages = pgTable(
  "console_messages",
  {
    id: bigserial("id", { mode: "number" }).primaryKey(),
    key: text("key").notNull().unique(),
    channel: text("channel").notNull(),
    threadOf: bigint("thread_of", { mode: "number" }),
    /** The session that alone may see it; null for everyone. */
    audience: text("audience"),
    view: jsonb("view").notNull(),
    postedAt: at("posted_at").notNull(),
    editedAt: at("edited_at"),
    /** Grows with every add and edit in commit order: writers take an advisory lock. */
    revision: bigint("revision", { mode: "number" }).notNull(),
  },
  (table) => [
    index("console_messages_channel").on(table.channel, table.id),
    index("console_messages_thread").on(table.threadOf, table.id),
    index("console_messages_audience").on(table.audience, table.id).where(sql`audience is not null`),
    uniqueIndex("console_messages_revision").on(table.revision),
  ],
);
