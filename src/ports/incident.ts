import type { TrackedAlert } from "../domain/alert/tracked.ts";
import type { Change } from "../domain/change.ts";
import type { RememberedAlert } from "../domain/clustering/correlation.ts";
import type { Incident, TimelineEntry } from "../domain/incident.ts";
import type { Topology } from "../domain/topology.ts";
import type { MuteStore } from "./mute.ts";

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
  /** In order of id; ids without a row are left out. */
  findMany(ids: readonly number[]): Promise<readonly Incident[]>;
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
  /** All of these incidents, earliest first, without parts. */
  alertsOfMany(incidentIds: readonly number[]): Promise<readonly StoredAlert[]>;
  findAlert(key: string): Promise<StoredAlert | null>;
  /** By their keys, in order of key; those that there are. */
  findAlerts(keys: readonly string[]): Promise<readonly StoredAlert[]>;
  /** Of each of these fingerprints the firing that began last, without parts; those that there are. */
  newestFirings(fingerprints: readonly string[]): Promise<readonly StoredAlert[]>;
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
  /** Alerts that started since `since` or still fire, without parts, in order of startsAt. */
  remembered(since: Date, limit: number): Promise<readonly (RememberedAlert & StoredAlert)[]>;
  /**
   * Incidents to remember when taking over: those that are not resolved or have an alert that fires, and of the others
   * those touched last, none before `since`, until they have `most` alerts or more. In the order in which they were touched.
   */
  rememberedIncidents(since: Date, most: number): Promise<readonly Incident[]>;
}
