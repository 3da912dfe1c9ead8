/** Messages and commands, and the channels and accounts that they come from and go to. */
import { sql } from "drizzle-orm";
import {
  bigint,
  bigserial,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  serial,
  text,
  uniqueIndex,
} from "drizzle-orm/pg-core";
import type { Trouble } from "../../../domain/chat/trouble.ts";
import type { ChannelState, IncidentChannel } from "../../../domain/incident/channel.ts";
import type { Post, PostKind } from "../../../ports.ts";
import { at } from "./columns.ts";

/** One message in one channel: desired revision against posted revision. */
export const posts = pgTable(
  "posts",
  {
    /** Idempotency key, 25 characters: the same for every attempt. */
    key: text("key").primaryKey(),
    platform: text("platform").notNull(),
    channel: text("channel").notNull(),
    /** incident, rollout: a card. entry: a line in a thread. The others: once. */
    kind: text("kind").$type<PostKind>().notNull(),
    /** Id of the incident, rollout, timeline entry, digest run or silence. */
    subject: bigint("subject", { mode: "number" }).notNull(),
    /** Key of the card whose thread this belongs to; null for a card. */
    threadOf: text("thread_of"),
    desiredRevision: integer("desired_revision").notNull(),
    postedRevision: integer("posted_revision").notNull().default(0),
    /** sending: an attempt may have reached the platform. refused: a person must act. */
    state: text("state").$type<Post["state"]>().notNull().default("waiting"),
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
    metBy: text("met_by").$type<Trouble["metBy"]>().notNull(),
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
    state: text("state").$type<ChannelState>().notNull(),
    askedBy: text("asked_by"),
    channel: text("channel"),
    name: text("name"),
    namesTaken: integer("names_taken").notNull(),
    attemptedAt: at("attempted_at"),
    doubtedAt: at("doubted_at"),
    shown: jsonb("shown").notNull(),
    closedBy: text("closed_by").$type<IncidentChannel["closedBy"]>(),
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

/** Command requests, persisted before the platform is acknowledged. */
export const requests = pgTable(
  "requests",
  {
    key: text("key").primaryKey(),
    request: jsonb("request").notNull(),
    receivedAt: at("received_at").notNull(),
    /** waiting: nobody has answered it yet, though a job may be at it. */
    state: text("state").$type<"waiting" | "done">().notNull().default("waiting"),
    outcome: text("outcome"),
    doneAt: at("done_at"),
  },
  (table) => [index("requests_received_at").on(table.receivedAt)],
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
