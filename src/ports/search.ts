import type { Severity } from "../domain/alert.ts";
import type { Incident } from "../domain/incident.ts";

/** What narrows a list of incidents; null where it does not. */
export interface IncidentSearch {
  /** Words, each of which has to begin a word of the incident: of its title, alerts, explanation, or what people wrote. */
  readonly text: string | null;
  /** Of the states these; "muted" is an incident whose alerts are all muted, and no other choice shows one. */
  readonly states: readonly (Incident["state"] | "muted")[];
  readonly severity: Severity | null;
  readonly service: string | null;
  /** The label team or owner of one of its alerts, else the channel that shows it, "slack:C1". */
  readonly team: string | null;
  /** Opened at this moment or later. */
  readonly from: Date | null;
  /** Opened before this moment. */
  readonly to: Date | null;
  /** Only those with a smaller number: where the page before ended. */
  readonly before: number | null;
  readonly limit: number;
}

/** How a team stands. */
export interface TeamHealth {
  readonly team: string;
  /** Not resolved. */
  readonly open: number;
  /** Of those, not acknowledged. */
  readonly untaken: number;
  /** Worst of those not resolved; null when there are none. */
  readonly worst: Severity | null;
  /** Opened since the asked moment. */
  readonly opened: number;
}

/** Finds incidents by what is in them, for people who look around. */
export interface SearchStore {
  /** Highest number first. Incidents merged into others are left out. */
  incidents(search: IncidentSearch): Promise<readonly Incident[]>;
  /** Makes an incident findable by what is known of it now. */
  takeIn(incidentId: number): Promise<void>;
  /** Names that incidents since a moment have, for suggestions; by name. */
  names(
    since: Date,
    limit: number,
  ): Promise<{ readonly services: readonly string[]; readonly teams: readonly string[] }>;
  /** Teams with incidents that are open or were opened since a moment, the worst first. */
  teams(since: Date, limit: number): Promise<readonly TeamHealth[]>;
}
