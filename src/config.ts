/**
 * The only reader of the environment and of tocsin.yaml. Everything else is given plain values.
 * Secrets: tokens that senders or people present are kept as SHA-256 only; secrets that we must present or sign with
 * are named by environment variable ("env:NAME"), never written into the file.
 */
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { auditOf } from "./config/audit.ts";
import { digestsOf } from "./config/digests.ts";
import { effectiveText } from "./config/effective.ts";
import { ConfigError } from "./config/error.ts";
import { calendarsOf, escalationOf, pagersOf, rotasOf } from "./config/escalation.ts";
import { type FileConfig, parseFile } from "./config/file.ts";
import { incidentChannelsOf } from "./config/incident-channels.ts";
import { monitoringOf } from "./config/monitoring.ts";
import { flappingOf, freezesOf, inhibitionOf, maintenanceOf, remindersOf } from "./config/mutes.ts";
import { readSecretFiles } from "./config/secret-file.ts";
import { secretNames, secretsRead, tokenProblem } from "./config/secrets.ts";
import {
  fromEnvironment,
  modelsOf,
  peopleOf,
  policyOf,
  prometheusOf,
  routesFrom,
  sourcesOf,
} from "./config/sections.ts";
import type { Config, Environment } from "./config/shape.ts";
import { sha256 } from "./config/values.ts";
import { watchOf } from "./config/watch.ts";
import { canonicalJson } from "./domain/audit.ts";

export { ConfigError } from "./config/error.ts";
export type { FileSection } from "./config/file.ts";
export type { ConfiguredMaintenance } from "./config/mutes.ts";

export type { Config, Environment, ModelConfig, SourceConfig } from "./config/shape.ts";

const hour = 3_600_000;

/**
 * Reads the environment and the file it names.
 * @throws ConfigError naming the variable or the line of tocsin.yaml, the value and the remedy.
 */
export function readConfig(given: Environment = process.env): Config {
  const file = findFile(given);
  const text = file === null ? "" : readFileSync(file, "utf8");
  const parsed = parseFile(text, file ?? "tocsin.yaml");
  const { env, files } = readSecretFiles(given, secretNames(parsed));
  const folder = file === null ? process.cwd() : path.dirname(file);
  const host = env["HOST"] || "127.0.0.1";
  const people = peopleOf(parsed, env);
  const rotas = rotasOf(parsed.onCall, people.people);
  const rotaCalendars = calendarsOf(parsed.onCall, people.people, (written, where) =>
    fromEnvironment(written, env, where),
  );
  const everyRota = [...rotas, ...rotaCalendars];
  const pagers = pagersOf(parsed.pagers, (written, where) => fromEnvironment(written, env, where));
  const { groups } = parsed;
  return {
    ...readEnvironment(env),
    host,
    environment: passable(env),
    configFile: file,
    ...chatOf(env),
    openai: openaiOf(env),
    prometheus: prometheusOf(parsed, env, urlOf(env, "PROMETHEUS_URL")),
    routes: routesFrom(parsed),
    rolloutChannels: parsed.rollouts.to,
    lookEveryMs: parsed.rollouts.lookSeconds * 1000,
    sources: sourcesOf(parsed, env),
    sourcesFolder: resolveOptional(folder, parsed.sourceFiles?.folder),
    commandsFolder: resolveOptional(folder, parsed.commands?.folder),
    commandPrefix: parsed.commands?.prefix ?? "",
    pinEmoji: parsed.pins,
    modelsFolder: resolveOptional(folder, parsed.modelFiles?.folder),
    people: people.people,
    consoleTokens: people.tokens,
    policy: policyOf(parsed, folder),
    models: modelsOf(parsed),
    digests: digestsOf(parsed.digests, everyRota),
    explainer: { ...parsed.explainer, timeoutMs: parsed.explainer.timeoutSeconds * 1000 },
    topology: parsed.topology,
    watch: watchOf(parsed.watch),
    monitoring: monitoringOf(parsed.monitoring),
    evidenceKinds: parsed.evidenceKinds,
    alertTimeoutMs: parsed.alerts.timeoutHours * hour,
    audit: auditOf(parsed.audit, folder, (name, where) => fromEnvironment(name, env, where)),
    approvalExpiryMs: parsed.approvals.expireHours * hour,
    keepDeliveriesMs: parsed.keep.deliveriesDays * 24 * hour,
    keepDeadMs: parsed.keep.deadDays * 24 * hour,
    inhibition: inhibitionOf(parsed.inhibit_rules),
    maintenance: maintenanceOf(parsed.maintenance),
    freezes: freezesOf(parsed.freezes),
    flapping: flappingOf(parsed.flapping),
    rotas,
    rotaCalendars,
    pagers,
    escalation: escalationOf(parsed.escalation, { people: people.people, rotas: everyRota, pagers, groups }),
    incidentChannels: incidentChannelsOf(parsed.incidentChannels, {
      people: people.people,
      rotas: everyRota,
    }),
    silenceReminders: remindersOf(parsed.silences),
    sections: sectionsOf(parsed),
    secretsRead: secretsRead(parsed, env, files),
    effective: effectiveText(parsed),
    hash: sha256(text),
  };
}

/**
 * The configuration of the demo: its own file and folder; where it listens and what explains come from the environment,
 * chat tokens and databases do not.
 */
export function readDemoConfig(file: string, dataDir: string, env: Environment = process.env): Config {
  const own = Object.fromEntries(
    Object.entries(env).filter(
      ([variable]) => !/^((MIGRATION_)?DATABASE_URL(_FILE)?$|TOCSIN_|SLACK_|DISCORD_)/.test(variable),
    ),
  );
  return readConfig({
    ...own,
    LOG_LEVEL: env["LOG_LEVEL"] || "error",
    TOCSIN_CONFIG: file,
    TOCSIN_DATA_DIR: dataDir,
  });
}

/**
 * The configuration that another tocsin.yaml would give, in the same environment.
 * @throws ConfigError as {@link readConfig}, and when there is no such file.
 */
export function readOtherConfig(file: string, env: Environment = process.env): Config {
  if (!existsSync(file))
    throw new ConfigError(`the other configuration, "${file}", does not exist; correct its path`);
  return readConfig({ ...env, TOCSIN_CONFIG: file });
}

/** How long a firing alert of a source may go unheard of before it counts as ended, ms. */
export function timeoutOf({
  sources,
  alertTimeoutMs,
}: Pick<Config, "sources" | "alertTimeoutMs">): (source: string) => number {
  return (source) => sources[source]?.timeoutMs ?? alertTimeoutMs;
}

function sectionsOf(parsed: FileConfig): Config["sections"] {
  const sections = Object.entries(parsed).map(([key, value]) => [key, sha256(canonicalJson(value))]);
  return Object.fromEntries(sections);
}

function findFile(env: Environment): string | null {
  const named = env["TOCSIN_CONFIG"];
  if (named !== undefined && named !== "") {
    if (!existsSync(named))
      throw new ConfigError(
        `TOCSIN_CONFIG names "${named}", which does not exist; correct the path or unset it`,
      );
    return path.resolve(named);
  }
  return existsSync("tocsin.yaml") ? path.resolve("tocsin.yaml") : null;
}

function readEnvironment(
  env: Environment,
): Pick<Config, "databaseUrl" | "migrationUrl" | "dataDir" | "port" | "logLevel"> {
  const port = Number(env["PORT"] || "8080");
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new ConfigError(`PORT is "${env["PORT"]}"; expected a whole number from 0 to 65535`);
  const databaseUrl = databaseUrlOf(env, "DATABASE_URL", "or unset it for the embedded database");
  const migrationUrl = databaseUrlOf(env, "MIGRATION_DATABASE_URL", "or unset it");
  if (migrationUrl !== null && databaseUrl === null)
    throw new ConfigError("MIGRATION_DATABASE_URL is set without DATABASE_URL; set both");
  const logLevel = env["LOG_LEVEL"] || "info";
  const levels = ["trace", "debug", "info", "warn", "error", "fatal", "silent"];
  if (!levels.includes(logLevel))
    throw new ConfigError(`LOG_LEVEL is "${logLevel}"; expected one of ${levels.join(", ")}`);
  return {
    databaseUrl,
    migrationUrl,
    dataDir: path.resolve(env["TOCSIN_DATA_DIR"] || ".tocsin"),
    port,
    logLevel,
  };
}

function databaseUrlOf(env: Environment, variable: string, otherwise: string): string | null {
  const url = env[variable] || null;
  if (url === null || /^postgres(ql)?:\/\//.test(url)) return url;
  throw new ConfigError(
    `${variable} does not start with postgres://; expected postgres://user:password@host:5432/database, ${otherwise}`,
  );
}

function chatOf(env: Environment): Pick<Config, "slack" | "discord"> {
  const botToken = env["SLACK_BOT_TOKEN"] || null;
  const appToken = env["SLACK_APP_TOKEN"] || null;
  const signingSecret = env["SLACK_SIGNING_SECRET"] || null;
  const mistaken =
    (botToken === null ? null : tokenProblem("SLACK_BOT_TOKEN", botToken)) ??
    (appToken === null ? null : tokenProblem("SLACK_APP_TOKEN", appToken));
  if (mistaken !== null) throw new ConfigError(mistaken);
  if (botToken !== null && appToken === null && signingSecret === null)
    throw new ConfigError(
      "SLACK_BOT_TOKEN is set, but neither SLACK_APP_TOKEN (Socket Mode) nor SLACK_SIGNING_SECRET (HTTP mode); set one of them",
    );
  if (botToken === null && appToken !== null)
    throw new ConfigError("SLACK_APP_TOKEN is set without SLACK_BOT_TOKEN; set both");
  const discordToken = env["DISCORD_TOKEN"] || null;
  return {
    slack:
      botToken === null ? null : { botToken, appToken, signingSecret, apiUrl: urlOf(env, "SLACK_API_URL") },
    discord:
      discordToken === null
        ? null
        : {
            token: discordToken,
            apiUrl: urlOf(env, "DISCORD_API_URL"),
            guildIds: (env["DISCORD_GUILD_ID"] ?? "").split(/[\s,]+/).filter((id) => id !== ""),
          },
  };
}

function openaiOf(env: Environment): Config["openai"] {
  const baseUrl = urlOf(env, "OPENAI_BASE_URL");
  const apiKey = env["OPENAI_API_KEY"] || null;
  if (apiKey === null && baseUrl === null) return null;
  return { apiKey: apiKey ?? "none", baseUrl, model: env["OPENAI_MODEL"] || "gpt-5-mini" };
}

function urlOf(env: Environment, variable: string): string | null {
  const text = env[variable] || null;
  if (text !== null && !(/^https?:\/\/[^\s]+$/.test(text) && URL.canParse(text))) {
    const shown = text.replace(/\/\/[^/]*@/, "//…@");
    throw new ConfigError(`${variable} is "${shown}"; expected an address starting http:// or https://`);
  }
  return text;
}

function resolveOptional(folder: string, target: string | undefined): string | null {
  return target === undefined ? null : path.resolve(folder, target);
}

const ownVariables = /^(DATABASE_URL|MIGRATION_DATABASE_URL|TOCSIN_|SLACK_|DISCORD_|OPENAI_)/;

function passable(env: Environment): Readonly<Record<string, string>> {
  const entries = Object.entries(env).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && !ownVariables.test(entry[0]),
  );
  return Object.fromEntries(entries);
}
