/** What triage is given by whoever composes the bot. */
import type { Alert } from "../../domain/alert.ts";
import type { Route } from "../../domain/chat/routing.ts";
import type { Correlator } from "../../domain/clustering/correlation.ts";
import type { MonitoringSettings } from "../../domain/monitoring/profile-push.ts";
import type { FlappingRule } from "../../domain/suppression/flapping.ts";
import type { InhibitionRule } from "../../domain/suppression/inhibition.ts";
import type { Clock, Job, Log, Metrics, ParseResult, Store, StoredDelivery } from "../../ports.ts";
import type { KnownMoves } from "../known-moves.ts";
import type { ReminderRule } from "../silence-reminders.ts";

export interface TriageOptions {
  readonly store: Store;
  /** A new, empty correlator with the champion's weights. */
  readonly createCorrelator: () => Correlator;
  /** Version of those weights. */
  readonly correlatorVersion?: () => number;
  /** Finds the source and parses; never throws. */
  readonly parse: (delivery: StoredDelivery) => ParseResult;
  readonly routes: readonly Route[];
  /** What is to be done beside for an incident that changed; nothing by default. */
  readonly follow?: (incidentId: number) => readonly Job[];
  readonly replica: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  /** Told of alerts that are placed for the first time and stored. */
  readonly onNewAlerts?: (alerts: Iterable<Alert>) => void;
  /** How long a firing alert may go unheard of before it counts as ended, ms. */
  readonly timeoutMs: (source: string) => number;
  /** Leaves out what the bot knows already: moves of a registry's pointer that it made itself; all are news by default. */
  readonly knownMoves?: KnownMoves;
  /** Alerts that the leader remembers, as long as fewer are of incidents that are not over; as shipped when left out. */
  readonly mostRemembered?: number;
  /** None by default. */
  readonly inhibition?: readonly InhibitionRule[];
  /** When an alert flaps, and when a silence is reminded of; the shipped rules by default. */
  readonly flapping?: FlappingRule;
  readonly reminders?: ReminderRule;
  /** How what is pushed of models is gathered; as shipped when left out. */
  readonly monitoring?: MonitoringSettings;
  /** Person id to name, for what mutes say; ids stand for themselves by default. */
  readonly nameOf?: (person: string) => string;
  /** Whether anybody is to be told while nobody acknowledges an incident; false by default. */
  readonly escalates?: boolean;
}
