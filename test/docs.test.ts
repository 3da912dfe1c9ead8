/** What the documentation says is what there is. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { neededBits, permissions } from "../src/adapters/chat/discord/permissions.ts";
import { neededScopes } from "../src/adapters/chat/slack/manifest.ts";
import { createCron } from "../src/adapters/cron.ts";
import { declarations } from "../src/adapters/metrics.ts";
import { parseAirflowSettings } from "../src/adapters/models/airflow/settings.ts";
import { execSettingsSchema, parseExecSettings } from "../src/adapters/models/exec/settings.ts";
import { parseGithubSettings } from "../src/adapters/models/github-actions/settings.ts";
import { parseKubernetesSettings } from "../src/adapters/models/kubernetes/settings.ts";
import { parseMlflowSettings } from "../src/adapters/models/mlflow/settings.ts";
import { parseSagemakerSettings } from "../src/adapters/models/sagemaker/settings.ts";
import { parseWebhookSettings } from "../src/adapters/models/webhook/settings.ts";
import alertmanager from "../src/adapters/sources/alertmanager.ts";
import changes from "../src/adapters/sources/changes.ts";
import evidently from "../src/adapters/sources/evidently.ts";
import generic from "../src/adapters/sources/generic.ts";
import grafana from "../src/adapters/sources/grafana.ts";
import histograms from "../src/adapters/sources/histograms.ts";
import mlflow from "../src/adapters/sources/mlflow.ts";
import nannyml from "../src/adapters/sources/nannyml.ts";
import sagemakerMonitor from "../src/adapters/sources/sagemaker-monitor.ts";
import topology from "../src/adapters/sources/topology.ts";
import { prepareCommand } from "../src/app/parse.ts";
import { parseDelivery } from "../src/app/parse-delivery.ts";
import { fileSchema } from "../src/config/file.ts";
import { fileVariable } from "../src/config/secret-file.ts";
import { secretNames } from "../src/config/secrets.ts";
import { type Config, readConfig } from "../src/config.ts";
import { correlatorSizes } from "../src/domain/clustering/correlation.ts";
import { parseLine } from "../src/domain/command/options.ts";
import { isTimezone } from "../src/domain/digest/schedule.ts";
import { limits } from "../src/domain/limits.ts";
import { checkCommand, loadFolders } from "../src/load.ts";
import { type Command, type ParseResult, type Source, silentLog } from "../src/ports.ts";
import {
  type Block,
  brokenLinks,
  cliUses,
  curlBodies,
  inlineCodeOf,
  type Page,
  proseOf,
  readPages,
  tableOf,
  variablesIn,
} from "./docs.ts";

const root = path.resolve(import.meta.dirname, "..");
const read = (file: string) => readFileSync(path.join(root, file), "utf8");
const pages = readPages();
/** Written for readers of today; decisions and the changelog speak of other days. */
const guides = pages.filter(({ file }) => !file.startsWith("docs/decisions/") && file !== "CHANGELOG.md");
const page = (file: string): Page => {
  const found = pages.find((each) => each.file === file);
  if (found === undefined) throw new Error(`there is no page ${file}`);
  return found;
};
const blocks = (language: string, about: string) =>
  guides.flatMap(({ file, blocks: own }) =>
    own
      .filter((block) => block.language === language && block.about === about)
      .map((block) => ({ file, block })),
  );
const title = ({ file, block }: { readonly file: string; readonly block: Block }) => `${file}:${block.line}`;

const { plugins: commands } = await loadFolders([path.join(root, "commands")], checkCommand);

// ---------- configuration ----------

const folder = mkdtempSync(path.join(tmpdir(), "tocsin-docs-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
writeFileSync(path.join(folder, "policy.cedar"), read("assets/policy.cedar"));
let files = 0;

/** With every variable set that the text names. */
function configOf(text: string): Config {
  files += 1;
  const file = path.join(folder, `${files}.yaml`);
  writeFileSync(file, text);
  const named = [...text.matchAll(/env:([A-Z][A-Z0-9_]*)/g)].map((match) => [
    match[1],
    "https://example.com/a-secret-of-24-letters",
  ]);
  return readConfig({ ...Object.fromEntries(named), TOCSIN_CONFIG: file });
}

const configurations = blocks("yaml", "tocsin.yaml").map((found) => ({ ...found, title: title(found) }));

/** Each throws for settings that are not right. */
const settingsReaders = new Map<
  string,
  (model: string, settings: unknown, environment: Readonly<Record<string, string>>) => unknown
>([
  ["exec", parseExecSettings],
  ["mlflow", parseMlflowSettings],
  ["github-actions", parseGithubSettings],
  ["airflow", parseAirflowSettings],
  ["kubernetes", parseKubernetesSettings],
  ["sagemaker", parseSagemakerSettings],
  ["webhook", parseWebhookSettings],
]);

describe("a tocsin.yaml in the documentation", () => {
  test("is there, on many pages", () => expect(configurations.length).toBeGreaterThan(20));

  test.each(configurations)("at $title is read, down to settings and schedules", async ({ block }) => {
    const config = configOf(block.text);
    const cron = await createCron(silentLog);
    for (const digest of config.digests) {
      expect(cron.parse(digest.cron), digest.cron).not.toBeNull();
      expect(isTimezone(digest.timezone), digest.timezone).toBe(true);
    }
    for (const [name, { use, settings }] of Object.entries(config.sources)) {
      const source = shipped.get(use);
      expect(source?.name, `source of ${name}`).toBe(use);
      expect(source?.settingsProblem?.(settings) ?? null).toBeNull();
    }
    for (const { name, registry, runtime, training } of config.models)
      for (const { backend, settings } of [registry, runtime, training].filter((part) => part !== null))
        settingsReaders.get(backend)?.(name, settings, config.environment);
  });
});

test("a block that calls itself yaml says whose it is, so that none escapes its reader", () => {
  const loose = guides.flatMap((each) =>
    each.blocks
      .filter(({ language, about }) => language === "yaml" && about === "")
      .map((block) => `${each.file}:${block.line}`),
  );
  expect(loose).toEqual([]);
});

describe("docs/configuration.md", () => {
  const { text } = page("docs/configuration.md");

  test("speaks of every key that tocsin.yaml may hold", () => {
    const keys = keysOf(z.toJSONSchema(fileSchema, { io: "input", unrepresentable: "any" }));
    expect(keys.length).toBeGreaterThan(40);
    expect(keys.filter((key) => !new RegExp(`(?<![\\w-])${key}(?![\\w-])`).test(text))).toEqual([]);
  });

  test("lists every variable that is read, and no other", () => {
    const listed = tableOf(text, "variable").flatMap(([cell = ""]) => variablesIn(cell));
    expect(listed.sort()).toEqual([...variables].sort());
  });
});

/** Names of properties at any depth. */
function keysOf(schema: unknown): readonly string[] {
  if (typeof schema !== "object" || schema === null) return [];
  return Object.entries(schema).flatMap(([key, value]) =>
    key === "properties" && typeof value === "object" && value !== null
      ? [...Object.keys(value), ...Object.values(value).flatMap(keysOf)]
      : keysOf(value),
  );
}

/** What src/config.ts reads. */
const variables = new Set(
  [...read("src/config.ts").matchAll(/(?:env\[|\b(?:urlOf|databaseUrlOf)\(env, )"([A-Z][A-Z0-9_]*)"/g)].map(
    (match) => match[1] ?? "",
  ),
);

test("every variable that a page mentions is read, or chosen by the reader in an example", () => {
  expect(variables.size).toBeGreaterThan(12);
  const all = guides.map(({ text }) => text).join("\n");
  const chosen = [
    ...all.matchAll(
      /env:([A-Z][A-Z0-9_]*)|env: \[([A-Z0-9_, ]+)\]|\{ env: ([A-Z_]+) \}|(?:\$\{?|secrets\.)([A-Z_]+)/g,
    ),
  ];
  const theirs = new Set(chosen.flatMap((match) => variablesIn(match.slice(1).join(" "))));
  // Those of programs that we speak of.
  const others = ["LC_ALL", "APPLICATION_ID", "PG_VERSION"];
  const inFiles = [...secretNames({}), "NAME"].map(fileVariable);
  const ofMlflow = ["MLFLOW_WEBHOOK_ALLOWED_SCHEMES", "MLFLOW_WEBHOOK_ALLOW_PRIVATE_IPS"];
  const ofJobs = [...read("src/adapters/models/kubernetes/job-template.ts").matchAll(/"(TOCSIN_[A-Z_]+)"/g)];
  for (const [, name = ""] of ofJobs) theirs.add(name);
  // What the bot sets for commands.
  const ofCommands = ["TOCSIN_MANIFEST", "TOCSIN_FENCE"];
  for (const other of [...others, ...inFiles, ...ofMlflow, ...ofCommands]) theirs.add(other);
  expect(variablesIn(all).filter((name) => !variables.has(name) && !theirs.has(name))).toEqual([]);
});

// ---------- webhooks ----------

const shipped = new Map<string, Source>(
  [
    alertmanager,
    changes,
    evidently,
    generic,
    grafana,
    histograms,
    mlflow,
    nannyml,
    sagemakerMonitor,
    topology,
  ].map((source) => [source.name, source]),
);
const receivedAt = new Date("2026-03-01T12:30:00Z");

/** As the running bot would, with the sources that the page configures. */
function receive(from: Page, source: string, body: string): ParseResult {
  const given = from.blocks
    .filter(({ language, about }) => language === "yaml" && about === "tocsin.yaml")
    .map(({ text }) => configOf(text).sources[source])
    .find((configured) => configured !== undefined);
  const plain = shipped.get(given?.use ?? source);
  if (plain === undefined) throw new Error(`${from.file} posts to ${source}, which it does not configure`);
  const delivery = { body: new TextEncoder().encode(body), headers: {}, receivedAt };
  return parseDelivery({ name: source, source: plain, secrets: [], settings: given?.settings }, delivery);
}

function expectRead(result: ParseResult): void {
  if (result.kind === "unparseable") throw new Error(`${result.problem} ${result.remedy}`);
  const { alerts, changes: made, topology: graph, profiles = [], problems = [] } = result.delivery;
  expect(problems).toEqual([]);
  expect(alerts.length + made.length + profiles.length + (graph === null ? 0 : 1)).toBeGreaterThan(0);
}

describe("a body that a page posts", () => {
  const posted = guides.flatMap((from) =>
    curlBodies(from).map((each) => ({ from, file: from.file, ...each })),
  );

  test("is there for every shipped source", () => {
    expect(new Set(posted.map(({ source }) => source))).toEqual(new Set(shipped.keys()));
  });

  test.each(posted)("to $source in $file is read whole", ({ from, source, body }) => {
    expectRead(receive(from, source, body));
  });
});

describe("a body beside a mapping", () => {
  const own: ReadonlySet<string> = new Set(["docs/plugins.md"]);
  const cases = guides
    .filter(({ file }) => !own.has(file))
    .flatMap((from) =>
      from.blocks.flatMap((block, index) => {
        const isBody = block.language === "json" && !["", "becomes", "prediction"].includes(block.about);
        const next = from.blocks[index + 1];
        const becomes = next?.about === "becomes" ? next.text : null;
        return isBody ? [{ from, file: from.file, source: block.about, body: block.text, becomes }] : [];
      }),
    );

  test("is there, mostly with what becomes of it", () => {
    expect(cases.filter(({ becomes }) => becomes !== null).length).toBeGreaterThanOrEqual(4);
  });

  test.each(cases)("of $source in $file becomes what the page says", ({ from, source, body, becomes }) => {
    const result = receive(from, source, body);
    expectRead(result);
    if (becomes === null || result.kind !== "parsed") return;
    expect(JSON.parse(JSON.stringify(result.delivery.alerts))).toMatchObject(JSON.parse(becomes));
  });
});

// ---------- commands ----------

test("the command table of the README is the commands", () => {
  const rows = tableOf(page("README.md").text, "command").map((cells) => cells.map((cell) => cell));
  const expected = commands.map((command) => [
    `\`/${command.name}\``,
    command.summary,
    `\`/${command.examples[0]}\``,
  ]);
  expect(rows).toEqual(expected);
});

test("every command line on a page is one that its command takes", () => {
  const lines = guides.flatMap(({ file, text }) => inlineCodeOf(text).map((line) => ({ file, line })));
  const asked = lines.filter(
    ({ line }) => /^\/[a-z]+( |$)/.test(line) && !notCommands.has(line.split(" ")[0] ?? ""),
  );
  expect(asked.length).toBeGreaterThan(20);
  const wrong = asked.flatMap(({ file, line }) => {
    const problem = lineProblem(line.slice(1));
    return problem === null ? [] : [`${file}: ${line}: ${problem}`];
  });
  expect(wrong).toEqual([]);
});

/** Paths of ours, and commands of Slack's own. */
const notCommands: ReadonlySet<string> = new Set([
  "/healthz",
  "/readyz",
  "/metrics",
  "/invite",
  "/root",
  "/tocsin",
]);

function lineProblem(line: string): string | null {
  const [name = "", ...words] = line.split(" ");
  const command = commands.find((each) => each.name === name);
  if (command === undefined) return `there is no command "${name}"`;
  // "/help COMMAND" and a command alone, as its name, stand for more than one line.
  if (words.length === 0 || words.some((word) => /^[A-Z]+$/.test(word))) return null;
  return optionProblem(command, words.join(" "));
}

function optionProblem(command: Command, rest: string): string | null {
  const parsed = parseLine(rest, prepareCommand(command).line);
  if (parsed.kind !== "values") return parsed.kind;
  const checked = command.options.safeParse(parsed.values);
  return checked.success ? null : (checked.error.issues[0]?.message ?? "does not fit");
}

describe("a use of the command line", () => {
  const cli = read("src/cli.ts");
  const known = new Set([...cli.matchAll(/\.command\("([a-z-]+)"\)/g)].map((match) => match[1] ?? ""));
  const flags = new Set([...cli.matchAll(/"(--[a-z-]+)/g)].map((match) => match[1] ?? ""));
  const uses = guides.flatMap(cliUses);

  test("is one that there is, with options that there are", () => {
    expect(known.size).toBeGreaterThan(8);
    expect(uses.length).toBeGreaterThan(15);
    const wrong = uses.filter(({ words: [name = "", ...rest] }) => {
      if (!known.has(name)) return true;
      const own = name === "run" ? rest.slice(0, 1) : rest;
      return own.some((word) => word.startsWith("--") && !flags.has(word));
    });
    expect(wrong.map(({ where }) => where)).toEqual([]);
  });

  test("is shown for every one that there is", () => {
    const words = uses.flatMap(({ words: all }) => all);
    // Those that npm scripts stand for.
    const scripts = ["start", "demo"];
    expect([...known].filter((name) => !words.includes(name) && !scripts.includes(name))).toEqual([]);
  });
});

test("every npm script that a page names is in package.json", () => {
  const { scripts } = z
    .object({ scripts: z.record(z.string(), z.string()) })
    .parse(JSON.parse(read("package.json")));
  const named = guides.flatMap(({ text }) =>
    [...text.matchAll(/npm run ([a-z:]+)/g)].map((match) => match[1] ?? ""),
  );
  expect(named).toContain("demo");
  expect(named.filter((name) => scripts[name] === undefined)).toEqual([]);
});

test("the README begins with the two commands", () => {
  const shown = page("README.md").blocks.filter(({ language }) => language === "sh");
  expect(shown.slice(0, 2).map(({ text }) => text.trim())).toEqual([
    "npm ci && npm run demo",
    "npm ci && npm test",
  ]);
});

// ---------- tables that repeat what the code says ----------

test("the metrics of docs/operations.md are those that there are", () => {
  const rows = tableOf(page("docs/operations.md").text, "name").map(([name = "", kind = ""]) => [name, kind]);
  expect(rows).toEqual(Object.entries(declarations).map(([name, { kind }]) => [`\`${name}\``, kind]));
  const used = [...page("docs/operations.md").text.matchAll(/\btocsin_[a-z_]+\b/g)].map((match) => match[0]);
  expect(used.filter((name) => !Object.hasOwn(declarations, name))).toEqual([]);
});

test("the limits of docs/operations.md are those that are counted, in that order, and each says what goes first", () => {
  const rows = tableOf(page("docs/operations.md").text, "limit");
  expect(rows.map(([name]) => name)).toEqual(limits.map((limit) => `\`${limit}\``));
  for (const [name = "", , goes = ""] of rows) expect(goes, name).toMatch(/^[A-Z].{8,}\.$/);
});

test("docs/operations.md names every part whose size is told", () => {
  const { text } = page("docs/operations.md");
  const said = text.slice(text.indexOf("Parts of `tocsin_correlator_size`"));
  for (const part of correlatorSizes) expect(said.slice(0, 900)).toContain(`\`${part}\``);
});

test("metrics that any page names are those that there are", () => {
  const used = guides.flatMap(({ text }) =>
    [...text.matchAll(/`(tocsin_[a-z_]+)`/g)].map((match) => match[1] ?? ""),
  );
  const others = new Set(["tocsin_operation", "tocsin_owner"]);
  expect(used.filter((name) => !Object.hasOwn(declarations, name) && !others.has(name))).toEqual([]);
  expect(used.length).toBeGreaterThan(50);
});

test("the scopes of docs/slack.md are those that the manifest asks for", () => {
  const scopes = tableOf(page("docs/slack.md").text, "scope").map(([scope = ""]) =>
    scope.replaceAll("`", ""),
  );
  expect(scopes).toEqual(neededScopes);
});

test("the permissions of docs/discord.md are those that are needed, and so is every invitation", () => {
  const names = tableOf(page("docs/discord.md").text, "permission").map(([name]) => name);
  expect(names.sort()).toEqual(Object.keys(permissions).sort());
  const bits = guides.flatMap(({ text }) =>
    [...text.matchAll(/permissions=(\d+)/g)].map((match) => match[1]),
  );
  expect(bits.length).toBeGreaterThan(1);
  expect(new Set(bits)).toEqual(new Set([String(neededBits)]));
});

test("the settings of docs/models.md are those of exec", () => {
  const names = tableOf(page("docs/models.md").text, "setting").map(([name = ""]) =>
    name.replaceAll("`", ""),
  );
  expect(names.sort()).toEqual(Object.keys(execSettingsSchema.shape).sort());
});

// ---------- links and pictures ----------

test("every relative link leads to a file, and its anchor to a heading", () => {
  expect(pages.flatMap(brokenLinks)).toEqual([]);
});

test("a link that leads nowhere would be found, and so would a heading", () => {
  const text =
    "[a](no-such.md) [b](configuration.md#no-such) [c](#here) [d](https://example.com/x) [e](policy.md)\n# Here";
  expect(brokenLinks({ file: "docs/planted.md", text })).toEqual([
    "docs/planted.md: no-such.md",
    "docs/planted.md: configuration.md#no-such",
  ]);
});

test("the picture of the README is a PNG below 300 kB", () => {
  const picture = readFileSync(path.join(root, "docs/images/console.png"));
  expect(picture.subarray(1, 4).toString()).toBe("PNG");
  expect(picture.byteLength).toBeLessThan(300_000);
});

test("every page of docs/ can be reached from the README", () => {
  const linked = new Set(
    [...proseOf(page("README.md").text).matchAll(/\]\(([^)#\s]+)/g)].map((match) => match[1]),
  );
  const own = pages.map(({ file }) => file).filter((file) => /^docs\/[^/]+\.md$/.test(file));
  expect(own.filter((file) => !linked.has(file))).toEqual([]);
});

test("paths of the repository that a page names in code are there", () => {
  const named = guides.flatMap(({ file, text }) =>
    inlineCodeOf(text)
      .filter((code) => /^(?:src|test|assets|commands|docs|migrations|scripts|\.ci)\/[\w./-]*$/.test(code))
      .map((code) => ({ file, code })),
  );
  expect(named.length).toBeGreaterThan(20);
  expect(named.filter(({ code }) => !existsSync(path.join(root, code)))).toEqual([]);
});
