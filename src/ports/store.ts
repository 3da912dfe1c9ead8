import type { TrackedAlert } from "../domain/alert/tracked.ts";
import type { Change } from "../domain/change.ts";
import type { RememberedAlert } from "../domain/clustering/correlation.ts";
import type { Incident, TimelineEntry } from "../domain/incident.ts";
import type { Topology } from "../domain/topology.ts";
import type { AuditStore, CheckpointStore } from "./audit.ts";
import type { CommandRequest, MessageRef } from "./chat.ts";
import type { DigestStore } from "./digest.ts";
import type { EscalationStore } from "./escalation.ts";
import type { ExplanationStore } from "./explainer.ts";
import type { FeedbackStore } from "./feedback.ts";
import type { IncidentChannelStore } from "./incident-channel.ts";
import type { LearningStore } from "./learning.ts";
import type { LinkStore } from "./link.ts";
import type { MonitoringStore } from "./monitoring.ts";
import type { MuteStore } from "./mute.ts";
import type { NoiseStore } from "./noise.ts";
import type { OperationRecordStore } from "./operation-record.ts";
import type { RolloutStore } from "./rollout.ts";
import type { SearchStore } from "./search.ts";
import type { ServingStore } from "./serving.ts";
import type { SimilarStore } from "./similar.ts";
import type { RawDelivery } from "./source.ts";
import type { SubscriptionStore } from "./subscription.ts";
import type { TroublePlace, TroubleStore } from "./trouble.ts";
import type { WatchStore } from "./watch.ts";

/** Everything the bot remembers. One transaction may use every slice. */
export interface Store extends StoreSlices {
  /** Runs `work` in one transaction: all of it is kept, or none when it throws. */
  transaction<Result>(work: (tx: StoreSlices) => Promise<Result>): Promise<Result>;
}

export interface StoreSlices {
  readonly deliveries: DeliveryStore;
  readonly leases: LeaseStore;
  readonly incidents: IncidentStore;
  readonly posts: PostStore;
  readonly troubles: TroubleStore;
  readonly incidentChannels: IncidentChannelStore;
  readonly subscriptions: SubscriptionStore;
  readonly links: LinkStore;
  readonly requests: RequestStore;
  readonly audit: AuditStore;
  readonly checkpoints: CheckpointStore;
  readonly rollouts: RolloutStore;
  readonly operationRecords: OperationRecordStore;
  readonly explanations: ExplanationStore;
  readonly feedback: FeedbackStore;
  readonly similar: SimilarStore;
  readonly search: SearchStore;
  readonly noise: NoiseStore;
  readonly learning: LearningStore;
  readonly digests: DigestStore;
  readonly watch: WatchStore;
  readonly monitoring: MonitoringStore;
  readonly escalations: EscalationStore;
  readonly serving: ServingStore;
  readonly jobs: JobQueue;
}

// ---------- deliveries ----------

export interface StoredDelivery extends RawDelivery {
  readonly id: number;
  readonly source: string;
}

export interface DeadDelivery extends StoredDelivery {
  readonly problem: string;
  readonly replayedAt: Date | null;
}

export interface DeliveryStore {
  /**
   * Commits a group of deliveries in one statement; ids grow in commit order, so that a cursor never skips one.
   * Resolves when they are durable.
   */
  insert(group: readonly (RawDelivery & { readonly source: string })[]): Promise<void>;
  /** The cursor behind which everything received at `at` or later lies; zero when there is nothing older. */
  cursorBefore(at: Date): Promise<number>;
  /** Deliveries after the cursor in order of id. */
  after(cursor: number, limit: number): Promise<readonly StoredDelivery[]>;
  /** Keeps one that could not be parsed. */
  bury(delivery: RawDelivery & { readonly source: string }, problem: string): Promise<number>;
  dead(limit: number): Promise<readonly DeadDelivery[]>;
  findDead(id: number): Promise<DeadDelivery | null>;
  markReplayed(id: number, at: Date): Promise<void>;
  /** Per source: how many in the last day, when last heard from, how many dead and not replayed. */
  heard(): Promise<
    readonly {
      readonly source: string;
      readonly lastDay: number;
      readonly lastAt: Date | null;
      readonly dead: number;
    }[]
  >;
  /** Newest id and its time, for the lag metric. */
  newest(): Promise<{ readonly id: number; readonly receivedAt: Date } | null>;
  /** Whether anything with a higher id came in from another source than this one. */
  cameAfter(id: number, except: string): Promise<boolean>;
  /** Removes deliveries received before `before`, at most `limit`; returns how many went. */
  prune(before: Date, limit: number): Promise<number>;
  /** Removes dead deliveries received before `before`, at most `limit`: replayed ones, and those that nobody replayed. */
  pruneDead(before: Date, limit: number): Promise<{ readonly replayed: number; readonly unread: number }>;
}

// ---------- lease ----------

export interface Lease {
  readonly scope: string;
  readonly holder: string;
  /** Grows at every change of holder. */
  readonly fence: number;
  readonly cursor: number;
  readonly nextIncidentId: number;
}

export interface LeaseStore {
  /** Takes or renews the lease; null while another live replica holds it. */
  acquire(scope: string, holder: string, ttlMs: number): Promise<Lease | null>;
  /** In the transaction of the results: moves the cursor, and throws {@link LeaseLostError} when the fence is old. */
  advance(lease: Lease, to: { readonly cursor: number; readonly nextIncidentId: number }): Promise<void>;
  release(lease: Lease): Promise<void>;
  /** How far the deliveries of a scope are read; 0 while nobody ever led it. */
  cursor(scope: string): Promise<number>;
  /** Says that this replica lives. */
  beat(replica: string, startedAt: Date): Promise<void>;
  forget(replica: string): Promise<void>;
}

/** The lease went to another replica; what was being done must be thrown away. */
export class LeaseLostError extends Error {
  override readonly name = "LeaseLostError";
}

// ---------- incidents ----------

/** An alert as it is remembered. */
export type StoredAlert = TrackedAlert;

export type NewTimelineEntry = Omit<TimelineEntry, "id">;

/** A line that was held back from its thread: it is told now, or says more. */
export interface TimelineRevision extends Pick<TimelineEntry, "id" | "incidentId" | "isPosted"> {
  /** Left out where it says what it said. */
  readonly said?: Pick<TimelineEntry, "text" | "data">;
}

export interface IncidentFilter {
  readonly states?: readonly Incident["state"][];
  readonly service?: string;
  readonly limit: number;
}

export interface IncidentStore extends MuteStore {
  find(id: number): Promise<Incident | null>;
  /** Locks the row until the transaction ends. */
  findForUpdate(id: number): Promise<Incident | null>;
  /** The same for many, in order of id; ids without a row are left out. */
  findManyForUpdate(ids: readonly number[]): Promise<readonly Incident[]>;
  /** Those split from any of these and not merged back into another since, in order of id. */
  children(parents: readonly number[]): Promise<readonly Incident[]>;
  /** Newest first; incidents merged into others and muted ones are left out. */
  list(filter: IncidentFilter): Promise<readonly Incident[]>;
  /** The highest number given so far; 0 when there is none. */
  newest(): Promise<number>;
  /** Inserts or replaces; one statement for all. */
  save(incidents: readonly Incident[]): Promise<void>;
  /** Inserts or replaces alerts by key; one statement for all. */
  saveAlerts(alerts: readonly StoredAlert[]): Promise<void>;
  /** Of these only when and how often they were heard of has changed; one statement for all. */
  hearAlerts(alerts: readonly Pick<StoredAlert, "key" | "seenAt" | "seenCount">[]): Promise<void>;
  /** Parts of these alerts ({@link TrackedAlert.partOf}) go to the incidents where their alerts are. */
  moveParts(alerts: readonly Pick<StoredAlert, "key" | "incidentId">[]): Promise<void>;
  /** Of one incident, earliest first, without parts. */
  alerts(incidentId: number, limit: number): Promise<readonly StoredAlert[]>;
  findAlert(key: string): Promise<StoredAlert | null>;
  /** By their keys, in order of key; those that there are. */
  findAlerts(keys: readonly string[]): Promise<readonly StoredAlert[]>;
  /** Without parts; newest firing first, by the start of the key, the name, the service or a label value. */
  searchAlerts(text: string, limit: number): Promise<readonly StoredAlert[]>;
  /** Appends; returns the ids in order. */
  addTimeline(entries: readonly NewTimelineEntry[]): Promise<readonly number[]>;
  /** One statement for all; each line once. */
  reviseTimeline(revisions: readonly TimelineRevision[]): Promise<void>;
  /**
   * For taking over: of each incident that is not over the newest line of each of {@link heldKinds} that its thread was
   * told or is to be told. Lines from before it was last over, or put to sleep, are left out.
   */
  threadLines(): Promise<readonly TimelineEntry[]>;
  timeline(incidentId: number, limit: number): Promise<readonly TimelineEntry[]>;
  findTimelineEntry(id: number): Promise<TimelineEntry | null>;
  saveChanges(changes: readonly Change[]): Promise<void>;
  changesBetween(from: Date, to: Date, limit: number): Promise<readonly Change[]>;
  saveTopology(source: string, topology: Topology, at: Date): Promise<void>;
  /** What each source last said, by its name. */
  topologies(): Promise<ReadonlyMap<string, Topology>>;
  /** Union of what every source last said. */
  topology(): Promise<Topology>;
  /** For taking over: alerts that started since `since` or still fire, without parts, in order of startsAt. */
  remembered(since: Date, limit: number): Promise<readonly (RememberedAlert & StoredAlert)[]>;
  /** Incidents to remember when taking over: not resolved, or touched since `since`. */
  rememberedIncidents(since: Date): Promise<readonly Incident[]>;
}

// ---------- posts ----------

/** The subject of the digest kinds is a digest run, of the silence kinds a silence, of a checkpoint its size, of a rollout_note a note, of changed_outside a record of what serves, of trouble what keeps a channel from being written to. */
export type PostKind =
  | "incident"
  | "rollout"
  | "entry"
  | "digest"
  | "digest_detail"
  | "silence_ending"
  | "silence_idle"
  | "checkpoint"
  | "rollout_note"
  | "changed_outside"
  | "trouble";

export interface Post {
  readonly key: string;
  readonly platform: string;
  readonly channel: string;
  readonly kind: PostKind;
  readonly subject: number;
  readonly threadOf: string | null;
  readonly desiredRevision: number;
  readonly postedRevision: number;
  readonly state: "waiting" | "sending" | "posted" | "refused";
  readonly ref: MessageRef | null;
  readonly attempts: number;
  readonly attemptedAt: Date | null;
  readonly notBefore: Date | null;
  readonly problem: string | null;
  /** How often its message was found gone and posted anew. */
  readonly reposts: number;
  readonly createdAt: Date;
}

export interface WantedPost {
  readonly platform: string;
  readonly channel: string;
  readonly kind: PostKind;
  readonly subject: number;
  readonly desiredRevision: number;
  /** For what is said in a thread: the card it hangs under. */
  readonly threadOf: { readonly kind: "incident" | "rollout" | "digest"; readonly subject: number } | null;
}

export interface PostStore {
  /** Creates the posts or raises their desired revision; one statement. */
  want(posts: readonly WantedPost[], now: Date): Promise<void>;
  /** Channels in which a card of this subject is or will be. */
  channelsOf(
    kind: PostKind,
    subject: number,
  ): Promise<readonly { readonly platform: string; readonly channel: string }[]>;
  /** The same for many subjects, by subject. */
  channelsOfMany(
    kind: PostKind,
    subjects: readonly number[],
  ): Promise<ReadonlyMap<number, readonly { readonly platform: string; readonly channel: string }[]>>;
  find(key: string): Promise<Post | null>;
  findBySubject(platform: string, channel: string, kind: PostKind, subject: number): Promise<Post | null>;
  /** The card that is shown by one of these messages. */
  findCard(refs: readonly MessageRef[]): Promise<Post | null>;
  /** Posts of one channel that lag behind, sending ones first, then cards before entries, oldest first. */
  behind(platform: string, channel: string, limit: number): Promise<readonly Post[]>;
  /** Channels with posts that lag behind, for the sweep after a crash. */
  channelsBehind(): Promise<readonly { readonly platform: string; readonly channel: string }[]>;
  /** Before an attempt: state sending, attempt counted. */
  markSending(key: string, at: Date): Promise<void>;
  markPosted(key: string, revision: number, ref: MessageRef): Promise<void>;
  /** Back to waiting, not before a moment, with the problem. */
  markWaiting(key: string, notBefore: Date | null, problem: string | null): Promise<void>;
  markRefused(key: string, problem: string): Promise<void>;
  /** The message is gone: forget the reference and post anew; counted. */
  markMissing(key: string): Promise<void>;
  /** Lines of a thread that wait are not due before a moment. */
  holdThread(card: string, until: Date): Promise<void>;
  /** What waits at a place is due at once; returns the channels that it is in. */
  release(place: TroublePlace): Promise<readonly { readonly platform: string; readonly channel: string }[]>;
  /** Nothing more is to be shown in a channel: it is archived, and was an incident's own. */
  forget(platform: string, channel: string): Promise<void>;
  /** How many messages wait at a place. */
  countBehind(place: TroublePlace): Promise<number>;
  /** Refused posts, for doctor. */
  refused(limit: number): Promise<readonly Post[]>;
  /** Refused posts of a channel become waiting again, after a person has put it right. */
  retryRefused(platform: string, channel: string): Promise<number>;
}

// ---------- requests ----------

export interface RequestStore {
  /** False when a request with this key was already there. */
  add(request: CommandRequest): Promise<boolean>;
  /** Locks the row; null when it is done or unknown. */
  take(key: string): Promise<CommandRequest | null>;
  finish(key: string, outcome: string, at: Date): Promise<void>;
  prune(before: Date): Promise<number>;
}

// ---------- jobs ----------

/** Work that must happen after a commit. Written in the same transaction as the state it follows. */
export type Job =
  /** Bring a channel up to date. */
  | { readonly task: "post"; readonly platform: string; readonly channel: string }
  | { readonly task: "explain"; readonly incidentId: number }
  /** End the sleep of an incident whose time has come. */
  | { readonly task: "wake"; readonly incidentId: number }
  /** Look whether somebody has to be told that nobody has it. */
  | { readonly task: "escalate"; readonly incidentId: number }
  /** Bring an incident's own channel up to date, or open one. */
  | { readonly task: "channel"; readonly incidentId: number }
  /** Tell pagers outside what became of an incident that they were told of. */
  | { readonly task: "page"; readonly incidentId: number }
  /** Read metrics around the start of an incident. */
  | { readonly task: "measure"; readonly incidentId: number }
  | { readonly task: "execute"; readonly requestKey: string }
  /** Move a rollout on by one step. */
  | { readonly task: "apply"; readonly rolloutId: number }
  | { readonly task: "digest"; readonly digestRunId: number }
  /** Judge what was pushed of a model. */
  | { readonly task: "monitor"; readonly model: string; readonly environment: string }
  /** Sign a checkpoint of the audit log. */
  | { readonly task: "checkpoint" }
  /** Bring checkpoints to one destination. */
  | { readonly task: "publish"; readonly destination: string };

export interface JobQueue {
  /** Jobs for the same thing coalesce; `runAt` null means at once. */
  add(job: Job, options?: { readonly runAt?: Date | null }): Promise<void>;
  /** The same for many, in one statement. */
  addAll(jobs: readonly Job[], options?: { readonly runAt?: Date | null }): Promise<void>;
}
