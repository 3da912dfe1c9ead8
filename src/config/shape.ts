/** What the configuration is once it is read: plain values, no file and no environment. */

import type { KindRule } from "../domain/alert/evidence-kind.ts";
import type { SenderSecret } from "../domain/alert/sender.ts";
import type { BakeRule } from "../domain/bake.ts";
import type { Route } from "../domain/chat/routing.ts";
import type { DigestSchedule } from "../domain/digest/schedule.ts";
import type { ChannelSettings } from "../domain/incident/channel.ts";
import type { MonitoringSettings } from "../domain/monitoring/profile-push.ts";
import type { EscalationRule } from "../domain/people/escalation.ts";
import type { Rota } from "../domain/people/on-call.ts";
import type { Person } from "../domain/people/person.ts";
import type { EvaluationGate } from "../domain/rollout/evaluation-gate.ts";
import type { ManifestRule } from "../domain/rollout/retrain-manifest.ts";
import type { FlappingRule } from "../domain/suppression/flapping.ts";
import type { InhibitionRule } from "../domain/suppression/inhibition.ts";
import type { Matcher } from "../domain/suppression/matcher.ts";
import type { Topology } from "../domain/topology.ts";
import type { WatchRule } from "../domain/watch/rule.ts";
import type { PagerSettings } from "../ports.ts";
import type { AuditConfig } from "./audit.ts";
import type { ConfiguredMaintenance } from "./mutes.ts";
import type { PinEmoji } from "./pins.ts";
import type { SecretRead } from "./secrets.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

export interface SourceConfig {
  /** The source whose parser is used; equals the name unless `use` says otherwise. */
  readonly use: string;
  readonly secrets: readonly SenderSecret[];
  readonly settings: unknown;
  readonly timeoutMs: number | null;
}

/** A backend by name, with what it needs to know of one model. */
export interface ModelPart {
  readonly backend: string;
  readonly settings: unknown;
}

export interface ModelConfig {
  readonly name: string;
  /** Knows the versions; for `backend:` alone it is everything. */
  readonly registry: ModelPart;
  readonly runtime: ModelPart | null;
  readonly training: ModelPart | null;
  readonly environments: readonly string[];
  readonly owners: readonly string[];
  readonly risk: "low" | "high";
  readonly services: readonly string[];
  /** Links for its cards; http(s), checked. */
  readonly dashboards: readonly { readonly name: string; readonly url: string }[];
  /** Which alerts concern it: those on which all matchers of at least one group hold. */
  readonly alerts: readonly (readonly Matcher[])[];
  readonly manifest: ManifestRule;
  readonly gates: readonly EvaluationGate[];
  /** What is watched after a rollout, by environment; nothing where there is none. */
  readonly bakes: ReadonlyMap<string, BakeRule>;
  /** How long a canary stays at each of its steps, ms. */
  readonly holdMs: number;
  /** How long a rollout may run before it is asked to stop, ms; null leaves it to the bot's own limit. */
  readonly timeoutMs: number | null;
}

/** A rota that is kept as an iCalendar. */
export interface CalendarConfig {
  readonly name: string;
  /** May hold a token. */
  readonly url: string;
  /** What the calendar calls people, to their ids. */
  readonly aliases: Readonly<Record<string, string>>;
  /** IANA name. */
  readonly timezone: string;
}

/** Where metrics are read from. */
export interface PrometheusConfig {
  /** May hold user and password. */
  readonly url: string;
  readonly auth:
    | { readonly kind: "bearer"; readonly token: string }
    | { readonly kind: "basic"; readonly user: string; readonly password: string }
    | null;
  readonly tenant: string | null;
  /** Asked of every suspect, with {{service}} in label matchers. */
  readonly queries: readonly { readonly name: string; readonly query: string; readonly unit: string }[];
}

export interface Config {
  readonly databaseUrl: string | null;
  /** Of the role that owns the tables, for migrations; null when the bot's own does. */
  readonly migrationUrl: string | null;
  readonly dataDir: string;
  readonly configFile: string | null;
  readonly host: string;
  readonly port: number;
  readonly logLevel: string;
  readonly slack: {
    readonly botToken: string;
    readonly appToken: string | null;
    readonly signingSecret: string | null;
    readonly apiUrl: string | null;
  } | null;
  readonly discord: {
    readonly token: string;
    readonly apiUrl: string | null;
    /** Servers whose commands appear at once; none registers them everywhere. */
    readonly guildIds: readonly string[];
  } | null;
  readonly openai: {
    readonly apiKey: string;
    readonly baseUrl: string | null;
    readonly model: string;
  } | null;
  /** Null while PROMETHEUS_URL is not set. */
  readonly prometheus: PrometheusConfig | null;
  /** Variables that model backends may pass on by name; the bot's own secrets are not among them. */
  readonly environment: Readonly<Record<string, string>>;
  readonly routes: readonly Route[];
  readonly rolloutChannels: readonly string[];
  /** Pause between two looks at what a model backend says is live, ms. */
  readonly lookEveryMs: number;
  /** Channels of incidents' own; no rules where there are none. */
  readonly incidentChannels: ChannelSettings;
  readonly sources: Readonly<Record<string, SourceConfig>>;
  readonly sourcesFolder: string | null;
  readonly commandsFolder: string | null;
  /** What the names of commands begin with in chat, "mlops-"; empty for none. */
  readonly commandPrefix: string;
  /** Emoji that pin a message, by platform. */
  readonly pinEmoji: PinEmoji;
  readonly modelsFolder: string | null;
  readonly people: readonly Person[];
  /** Person id to SHA-256 (hex) of their console token. */
  readonly consoleTokens: ReadonlyMap<string, string>;
  /** Cedar text of the operator's own policy, or null for the one that is shipped. */
  readonly policy: string | null;
  readonly models: readonly ModelConfig[];
  readonly digests: readonly DigestSchedule[];
  readonly explainer: {
    readonly use: "template" | "openai";
    readonly tokensPerDay: number;
    readonly tokensPerIncident: number;
    readonly timeoutMs: number;
  };
  readonly topology: Topology;
  /** Conditions of our own, those that are off among them. */
  readonly watch: readonly WatchRule[];
  /** How models are watched. */
  readonly monitoring: MonitoringSettings;
  /** Asked before the shipped rules. */
  readonly evidenceKinds: readonly KindRule[];
  readonly alertTimeoutMs: number;
  readonly audit: AuditConfig;
  readonly approvalExpiryMs: number;
  readonly keepDeliveriesMs: number;
  readonly keepDeadMs: number;
  readonly inhibition: readonly InhibitionRule[];
  readonly maintenance: readonly ConfiguredMaintenance[];
  readonly freezes: readonly ConfiguredMaintenance[];
  readonly flapping: FlappingRule;
  /** Who is told while nobody acknowledges an incident. */
  readonly rotas: readonly Rota[];
  /** Rotas that are kept as calendars elsewhere. */
  readonly rotaCalendars: readonly CalendarConfig[];
  readonly pagers: readonly PagerSettings[];
  readonly escalation: readonly EscalationRule[];
  readonly silenceReminders: { readonly leadMs: number; readonly idleMs: number };
  /** Key of tocsin.yaml to SHA-256 of what it says, defaults included, for the audit log. */
  readonly sections: Readonly<Record<string, string>>;
  /** Every secret with where it came from, for the audit log and for those that are read again. */
  readonly secretsRead: readonly SecretRead[];
  /** tocsin.yaml with its defaults, as people may read it: YAML, without secrets. */
  readonly effective: string;
  /** SHA-256 of the file, for the audit log. */
  readonly hash: string;
}
