/** The parts of tocsin.yaml, each turned into what the bot works with. */
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { declaredSource } from "../domain/alert/declaration.ts";
import type { SenderSecret } from "../domain/alert/sender.ts";
import type { Route } from "../domain/chat/routing.ts";
import { shippedMetricQueries } from "../domain/metrics/queries.ts";
import { botPerson, type Person } from "../domain/people/person.ts";
import { type ManifestRule, shippedManifestRule } from "../domain/rollout/retrain-manifest.ts";
import { safeUrl } from "../domain/view.ts";
import { bakesOf, defaultHoldMs, strayBake } from "./bake.ts";
import { ConfigError } from "./error.ts";
import type { FileConfig } from "./file.ts";
import { matchersAt } from "./matchers.ts";
import type { Environment, ModelConfig, PrometheusConfig, SourceConfig } from "./shape.ts";
import { sha256 } from "./values.ts";

/** Without any channel of its own the bot shows everything in the console; chat tokens without channels show nothing there. */
export function routesFrom(file: FileConfig): readonly Route[] {
  const routes = (file.channels ?? []).map(
    (line, index): Route => ({
      to: line.to,
      match: matchersAt(line.match, `channels.${index}.match`),
    }),
  );
  const hasConsole = routes.some((route) => route.to.startsWith("console:"));
  return hasConsole ? routes : [...routes, { to: "console:incidents", match: [] }];
}

/** Names of sources that no sender can reach. */
const reserved: ReadonlyMap<string, string> = new Map([
  ["tocsin", "the bot raises itself"],
  [declaredSource, "people declare"],
]);

/** Sources by their name in the address, with the hashes and secrets that prove a sender. @throws ConfigError */
export function sourcesOf(file: FileConfig, env: Environment): Readonly<Record<string, SourceConfig>> {
  return Object.fromEntries(
    Object.entries(file.sources).map(([source, given]): [string, SourceConfig] => {
      const at = `sources.${source}`;
      const whose = reserved.get(source);
      if (whose !== undefined)
        throw new ConfigError(
          `tocsin.yaml sources.${source}: that is the name of the alerts that ${whose}; choose another`,
        );
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

/** What a variable holds that is written "env:NAME". @throws ConfigError when it is not set. */
export function fromEnvironment(text: string, env: Environment, where: string): string {
  const variable = text.slice("env:".length);
  const value = env[variable];
  if (value === undefined || value === "")
    throw new ConfigError(
      `tocsin.yaml ${where} names the environment variable ${variable}, which is not set; set it or ${variable}_FILE, or remove the line`,
    );
  return value;
}

/** People with their accounts, and the hashes of their console tokens. @throws ConfigError when two share an account. */
export function peopleOf(
  file: FileConfig,
  env: Environment,
): { people: readonly Person[]; tokens: ReadonlyMap<string, string> } {
  if (file.people === undefined) return { people: defaultPeople, tokens: new Map() };
  const tokens = new Map<string, string>();
  const people = Object.entries(file.people).map(([id, given]): Person => {
    if (id === botPerson.id)
      throw new ConfigError(
        "tocsin.yaml people.tocsin: that is the name by which the bot itself asks for things; choose another",
      );
    if (given.console !== undefined) tokens.set(id, digestOf(given.console, env, `people.${id}.console`));
    const accounts = {
      console: id,
      cli: id,
      ...(given.slack === undefined ? {} : { slack: given.slack }),
      ...(given.discord === undefined ? {} : { discord: given.discord }),
    };
    const teams = given.teams === undefined ? {} : { teams: given.teams };
    return { id, name: given.name ?? id, roles: given.roles, ...teams, accounts };
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

/** Text of the operator's policy, or null for the shipped one. @throws ConfigError when the file is not there. */
export function policyOf(file: FileConfig, folder: string): string | null {
  if (file.policy === undefined) return null;
  const target = path.resolve(folder, file.policy);
  if (!existsSync(target))
    throw new ConfigError(
      `tocsin.yaml policy: "${file.policy}" does not exist (looked for ${target}); correct the path or remove the line for the policy that is shipped`,
    );
  return readFileSync(target, "utf8");
}

/** The models, with the bot's own among them. @throws ConfigError */
export function modelsOf(file: FileConfig): readonly ModelConfig[] {
  const given = Object.entries(file.models).map(([model, entry]) => modelOf(model, entry));
  const stray = given.find((model) => model.registry.backend === "builtin" && model.name !== "correlator");
  if (stray !== undefined)
    throw new ConfigError(
      `tocsin.yaml models.${stray.name}: the backend "builtin" holds only the model "correlator"; name another backend, for example exec`,
    );
  const hasCorrelator = given.some((model) => model.name === "correlator");
  return hasCorrelator ? given : [{ ...modelOf("correlator", null), services: ["tocsin"] }, ...given];
}

function modelOf(name: string, entry: FileConfig["models"][string] | undefined): ModelConfig {
  const part = (given: { readonly backend: string; readonly settings?: unknown } | undefined) =>
    given === undefined ? null : { backend: given.backend, settings: given.settings };
  return {
    name,
    registry: part(entry?.registry) ?? { backend: entry?.backend ?? "builtin", settings: entry?.settings },
    runtime: part(entry?.runtime),
    training: part(entry?.training),
    environments: entry?.environments ?? ["production"],
    owners: entry?.owners ?? [],
    risk: entry?.risk ?? "low",
    services: entry?.services ?? [],
    dashboards: dashboardsOf(name, entry?.dashboards ?? {}),
    alerts: (entry?.alerts ?? []).map((given, index) =>
      matchersAt([given].flat(), `models.${name}.alerts.${index}`),
    ),
    manifest: manifestOf(entry?.manifest),
    gates: gatesOf(name, entry),
    bakes: bakesFrom(name, entry),
    holdMs: entry?.canary === undefined ? defaultHoldMs : entry.canary.holdMinutes * 60_000,
    timeoutMs: entry?.timeoutMinutes === undefined ? null : entry.timeoutMinutes * 60_000,
  };
}

function bakesFrom(model: string, entry: FileConfig["models"][string] | undefined): ModelConfig["bakes"] {
  const environments = entry?.environments ?? ["production"];
  const stray = strayBake(entry?.bake, environments);
  if (stray === null) return bakesOf(entry?.bake, environments);
  throw new ConfigError(
    `tocsin.yaml models.${model}.bake.environments: the model has no environment "${stray}"; it has ${environments.join(", ")}`,
  );
}

function dashboardsOf(model: string, given: Readonly<Record<string, string>>): ModelConfig["dashboards"] {
  return Object.entries(given).map(([name, address]) => {
    const url = safeUrl(address);
    if (url === null)
      throw new ConfigError(
        `tocsin.yaml models.${model}.dashboards.${name}: "${address}" is not an address; expected http(s) without user and password`,
      );
    return { name, url };
  });
}

/** @throws ConfigError for an environment that the model does not have. */
function gatesOf(model: string, entry: FileConfig["models"][string] | undefined): ModelConfig["gates"] {
  const environments = entry?.environments ?? ["production"];
  return (entry?.gates ?? []).map(({ servedIn, bakedIn = null, metrics, ...gate }, index) => {
    const others = [servedIn?.environment ?? null, bakedIn].filter((other) => other !== null);
    const named = [...gate.environments, ...others];
    const stray = named.find((environment) => !environments.includes(environment));
    if (stray !== undefined)
      throw new ConfigError(
        `tocsin.yaml models.${model}.gates.${index} names the environment "${stray}"; ${model} has ${environments.join(", ")}`,
      );
    if (bakedIn !== null && !bakesFrom(model, entry).has(bakedIn))
      throw new ConfigError(
        `tocsin.yaml models.${model}.gates.${index}.bakedIn: nothing is watched in "${bakedIn}"; set models.${model}.bake, and not to false there`,
      );
    return {
      ...gate,
      bakedIn,
      servedIn:
        servedIn === undefined ? null : { environment: servedIn.environment, ms: servedIn.hours * 3_600_000 },
      metrics: metrics.map(({ maxLoss = 0, minGain, ...metric }) => ({
        ...metric,
        minGain: minGain ?? -maxLoss,
      })),
    };
  });
}

function manifestOf(given: NonNullable<FileConfig["models"][string]>["manifest"]): ManifestRule {
  if (given === undefined) return shippedManifestRule;
  const { required, commit = null, data = null, parameters, seed = null, image = null } = given;
  return { required, defaults: { commit, data, parameters, seed, image, rerunOf: null } };
}

/** Where metrics are read from, with its credentials; null without an address. @throws ConfigError */
export function prometheusOf(
  file: FileConfig,
  env: Environment,
  url: string | null,
): PrometheusConfig | null {
  const { bearer, basic, tenant = null, queries = shippedMetricQueries } = file.prometheus;
  if (url === null) return null;
  const auth: PrometheusConfig["auth"] =
    bearer !== undefined
      ? { kind: "bearer", token: fromEnvironment(bearer, env, "prometheus.bearer") }
      : basic !== undefined
        ? {
            kind: "basic",
            user: basic.user,
            password: fromEnvironment(basic.password, env, "prometheus.basic.password"),
          }
        : null;
  return { url, auth, tenant, queries };
}
