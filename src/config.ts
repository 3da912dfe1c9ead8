/**
 * The only reader of the environment and of tocsin.yaml. Everything else is given plain values.
 * Secrets: tokens that senders or people present are kept as SHA-256 only; secrets that we must present or sign with
 * are named by environment variable ("env:NAME"), never written into the file.
 */
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { ConfigError, type FileConfig, parseFile, sha256 } from "./config/file.ts";
import type { Person } from "./domain/person.ts";
import type { Route } from "./domain/routing.ts";
import type { SenderSecret } from "./domain/sender.ts";
import { type Matcher, parseMatcher } from "./domain/suppression.ts";
import type { Topology } from "./domain/topology.ts";

export { ConfigError } from "./config/file.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

export interface SourceConfig {
  /** The source whose parser is used; equals the name unless `use` says otherwise. */
  readonly use: string;
  readonly secrets: readonly SenderSecret[];
  readonly settings: unknown;
  readonly timeoutMs: number | null;
}

export interface ModelConfig {
  readonly name: string;
  readonly backend: string;
  readonly environments: readonly string[];
  readonly owners: readonly string[];
  readonly risk: "low" | "high";
  readonly services: readonly string[];
  readonly settings: unknown;
}

export interface DigestSchedule {
  readonly name: string;
  readonly cron: string;
  readonly timezone: string;
  readonly to: readonly string[];
}

export interface Config {
  readonly databaseUrl: string | null;
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
    readonly guildId: string | null;
  } | null;
  readonly openai: {
    readonly apiKey: string;
    readonly baseUrl: string | null;
    readonly model: string;
  } | null;
  readonly prometheusUrl: string | null;
  /** Variables that model backends may pass on by name; the bot's own secrets are not among them. */
  readonly environment: Readonly<Record<string, string>>;
  readonly routes: readonly Route[];
  readonly rolloutChannels: readonly string[];
  readonly sources: Readonly<Record<string, SourceConfig>>;
  readonly sourcesFolder: string | null;
  readonly commandsFolder: string | null;
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
  readonly alertTimeoutMs: number;
  readonly approvalExpiryMs: number;
  readonly keepDeliveriesMs: number;
  /** SHA-256 of the file, for the audit log. */
  readonly hash: string;
}

const hour = 3_600_000;

/**
 * Reads the environment and the file it names.
 * @throws ConfigError naming the variable or the line of tocsin.yaml, the value and the remedy.
 */
export function readConfig(env: Environment = process.env): Config {
  const file = findFile(env);
  const text = file === null ? "" : readFileSync(file, "utf8");
  const parsed = parseFile(text, file ?? "tocsin.yaml");
  const folder = file === null ? process.cwd() : path.dirname(file);
  const host = env["HOST"] || "127.0.0.1";
  const people = peopleOf(parsed, env);
  return {
    ...readEnvironment(env),
    host,
    environment: passable(env),
    configFile: file,
    ...chatOf(env),
    openai: openaiOf(env),
    routes: routesFrom(parsed),
    rolloutChannels: parsed.rollouts?.to ?? [],
    sources: sourcesOf(parsed, env),
    sourcesFolder: resolveOptional(folder, parsed.sourceFiles?.folder),
    commandsFolder: resolveOptional(folder, parsed.commands?.folder),
    modelsFolder: resolveOptional(folder, parsed.modelFiles?.folder),
    people: people.people,
    consoleTokens: people.tokens,
    policy: policyOf(parsed, folder),
    models: modelsOf(parsed),
    digests: parsed.digests,
    explainer: { ...parsed.explainer, timeoutMs: parsed.explainer.timeoutSeconds * 1000 },
    topology: parsed.topology,
    alertTimeoutMs: parsed.alerts.timeoutHours * hour,
    approvalExpiryMs: parsed.approvals.expireHours * hour,
    keepDeliveriesMs: parsed.keep.deliveriesDays * 24 * hour,
    hash: sha256(text),
  };
}

/**
 * The configuration of the demo: its own file and folder; where it listens and what explains come from the environment,
 * chat tokens and databases do not.
 */
export function readDemoConfig(file: string, dataDir: string, env: Environment = process.env): Config {
  const own = Object.fromEntries(
    Object.entries(env).filter(([variable]) => !/^(DATABASE_URL$|TOCSIN_|SLACK_|DISCORD_)/.test(variable)),
  );
  return readConfig({
    ...own,
    LOG_LEVEL: env["LOG_LEVEL"] || "error",
    TOCSIN_CONFIG: file,
    TOCSIN_DATA_DIR: dataDir,
  });
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
): Pick<Config, "databaseUrl" | "dataDir" | "port" | "logLevel" | "prometheusUrl"> {
  const port = Number(env["PORT"] || "8080");
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new ConfigError(`PORT is "${env["PORT"]}"; expected a whole number from 0 to 65535`);
  const databaseUrl = env["DATABASE_URL"] || null;
  if (databaseUrl !== null && !/^postgres(ql)?:\/\//.test(databaseUrl)) {
    throw new ConfigError(
      "DATABASE_URL does not start with postgres://; expected postgres://user:password@host:5432/database, or unset it for the embedded database",
    );
  }
  const logLevel = env["LOG_LEVEL"] || "info";
  const levels = ["trace", "debug", "info", "warn", "error", "fatal", "silent"];
  if (!levels.includes(logLevel))
    throw new ConfigError(`LOG_LEVEL is "${logLevel}"; expected one of ${levels.join(", ")}`);
  return {
    databaseUrl,
    dataDir: path.resolve(env["TOCSIN_DATA_DIR"] || ".tocsin"),
    port,
    logLevel,
    prometheusUrl: urlOf(env, "PROMETHEUS_URL"),
  };
}

function chatOf(env: Environment): Pick<Config, "slack" | "discord"> {
  const botToken = env["SLACK_BOT_TOKEN"] || null;
  const appToken = env["SLACK_APP_TOKEN"] || null;
  const signingSecret = env["SLACK_SIGNING_SECRET"] || null;
  if (botToken !== null && !botToken.startsWith("xoxb-"))
    throw new ConfigError(
      `SLACK_BOT_TOKEN starts with "${botToken.slice(0, 5)}"; expected a bot token starting "xoxb-"`,
    );
  if (appToken !== null && !appToken.startsWith("xapp-"))
    throw new ConfigError(
      `SLACK_APP_TOKEN starts with "${appToken.slice(0, 5)}"; expected an app-level token starting "xapp-"`,
    );
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
            guildId: env["DISCORD_GUILD_ID"] || null,
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
  if (text !== null && !/^https?:\/\/[^\s]+$/.test(text))
    throw new ConfigError(`${variable} is "${text}"; expected an address starting http:// or https://`);
  return text;
}

/** Without any channel of its own the bot shows everything in the console; chat tokens without channels show nothing there. */
function routesFrom(file: FileConfig): readonly Route[] {
  const routes = (file.channels ?? []).map(
    (line, index): Route => ({
      to: line.to,
      match: line.match.map((text) => matcherOf(text, `channels.${index}.match`)),
    }),
  );
  const hasConsole = routes.some((route) => route.to.startsWith("console:"));
  return hasConsole ? routes : [...routes, { to: "console:incidents", match: [] }];
}

function matcherOf(text: string, where: string): Matcher {
  const matcher = parseMatcher(text);
  if (matcher === null)
    throw new ConfigError(
      `tocsin.yaml ${where}: "${text}" is not a matcher; expected for example team="payments" or severity=~"critical|high"`,
    );
  return matcher;
}

function sourcesOf(file: FileConfig, env: Environment): Readonly<Record<string, SourceConfig>> {
  return Object.fromEntries(
    Object.entries(file.sources).map(([source, given]): [string, SourceConfig] => {
      const at = `sources.${source}`;
      const secrets: SenderSecret[] = [];
      if (given?.bearer !== undefined)
        secrets.push({ kind: "bearer", sha256: digestOf(given.bearer, env, `${at}.bearer`) });
      if (given?.token !== undefined)
        secrets.push({ kind: "token", sha256: digestOf(given.token, env, `${at}.token`) });
      if (given?.basic !== undefined)
        secrets.push({
          kind: "basic",
          user: given.basic.user,
          sha256: digestOf(given.basic.password, env, `${at}.basic.password`),
        });
      if (given?.hmac !== undefined)
        secrets.push({
          kind: "hmac",
          secret: fromEnvironment(given.hmac, env, `${at}.hmac`),
          ...(given.timestampHeader === undefined
            ? {}
            : { timestampHeader: given.timestampHeader.toLowerCase() }),
        });
      return [
        source,
        {
          use: given?.use ?? source,
          secrets,
          settings: given?.settings,
          timeoutMs: given?.timeoutMinutes === undefined ? null : given.timeoutMinutes * 60_000,
        },
      ];
    }),
  );
}

/** Hex SHA-256 of a token that is given as its hash or named by environment variable. */
function digestOf(text: string, env: Environment, where: string): string {
  return text.startsWith("sha256:")
    ? text.slice("sha256:".length)
    : sha256(fromEnvironment(text, env, where));
}

function fromEnvironment(text: string, env: Environment, where: string): string {
  const variable = text.slice("env:".length);
  const value = env[variable];
  if (value === undefined || value === "")
    throw new ConfigError(
      `tocsin.yaml ${where} names the environment variable ${variable}, which is not set; set it or remove the line`,
    );
  return value;
}

function peopleOf(
  file: FileConfig,
  env: Environment,
): { people: readonly Person[]; tokens: ReadonlyMap<string, string> } {
  if (file.people === undefined) return { people: defaultPeople, tokens: new Map() };
  const tokens = new Map<string, string>();
  const people = Object.entries(file.people).map(([id, given]): Person => {
    if (given.console !== undefined) tokens.set(id, digestOf(given.console, env, `people.${id}.console`));
    const accounts = {
      console: id,
      cli: id,
      ...(given.slack === undefined ? {} : { slack: given.slack }),
      ...(given.discord === undefined ? {} : { discord: given.discord }),
    };
    return { id, name: given.name ?? id, roles: given.roles, accounts };
  });
  for (const platform of ["slack", "discord"]) {
    const seen = new Map<string, string>();
    for (const person of people) {
      const account = person.accounts[platform];
      const other = account === undefined ? undefined : seen.get(account);
      if (other !== undefined)
        throw new ConfigError(
          `tocsin.yaml people: ${person.id} and ${other} have the same ${platform} account "${account}"; one account is one human`,
        );
      if (account !== undefined) seen.set(account, person.id);
    }
  }
  return { people, tokens };
}

/** Who there is when tocsin.yaml names nobody: enough to try everything at the console, which is then bound to loopback. */
const defaultPeople: readonly Person[] = [
  { id: "oncall", name: "On call", roles: ["sre"], accounts: { console: "oncall", cli: "oncall" } },
  {
    id: "approver",
    name: "Second person",
    roles: ["sre", "approver"],
    accounts: { console: "approver", cli: "approver" },
  },
];

function policyOf(file: FileConfig, folder: string): string | null {
  if (file.policy === undefined) return null;
  const target = path.resolve(folder, file.policy);
  if (!existsSync(target))
    throw new ConfigError(
      `tocsin.yaml policy: "${file.policy}" does not exist (looked for ${target}); correct the path or remove the line for the policy that is shipped`,
    );
  return readFileSync(target, "utf8");
}

function modelsOf(file: FileConfig): readonly ModelConfig[] {
  const given = Object.entries(file.models).map(
    ([model, entry]): ModelConfig => ({
      name: model,
      backend: entry?.backend ?? "builtin",
      environments: entry?.environments ?? ["production"],
      owners: entry?.owners ?? [],
      risk: entry?.risk ?? "low",
      services: entry?.services ?? [],
      settings: entry?.settings,
    }),
  );
  const stray = given.find((model) => model.backend === "builtin" && model.name !== "correlator");
  if (stray !== undefined)
    throw new ConfigError(
      `tocsin.yaml models.${stray.name}: the backend "builtin" holds only the model "correlator"; name another backend, for example exec`,
    );
  const hasCorrelator = given.some((model) => model.name === "correlator");
  return hasCorrelator
    ? given
    : [
        {
          name: "correlator",
          backend: "builtin",
          environments: ["production"],
          owners: [],
          risk: "low",
          services: ["tocsin"],
          settings: undefined,
        },
        ...given,
      ];
}

function resolveOptional(folder: string, target: string | undefined): string | null {
  return target === undefined ? null : path.resolve(folder, target);
}

const ownVariables = /^(DATABASE_URL|TOCSIN_|SLACK_|DISCORD_|OPENAI_)/;

function passable(env: Environment): Readonly<Record<string, string>> {
  const entries = Object.entries(env).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && !ownVariables.test(entry[0]),
  );
  return Object.fromEntries(entries);
}
