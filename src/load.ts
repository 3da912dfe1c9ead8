/**
 * From a folder to plug-ins: one file each, default export, name = file name. A file that cannot be used is named with
 * the reason, and the rest still load.
 */
import { readdir } from "node:fs/promises";
import { register } from "node:module";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { z } from "zod";
import { optionsOf, parseLine } from "./domain/command/options.ts";
import { policyActions } from "./domain/policy.ts";
import type { Command } from "./ports/command.ts";
import type { ModelBackendPlugin } from "./ports/model.ts";
import type { Source } from "./ports/source.ts";

/** A file that was not loaded. */
export interface LoadProblem {
  readonly file: string;
  /** One plain sentence: what is wrong, and what to write instead. */
  readonly problem: string;
}

export interface Loaded<Plugin> {
  readonly plugins: readonly Plugin[];
  readonly problems: readonly LoadProblem[];
}

/** Turns a default export into a plug-in. @throws Error saying what is wrong with it. */
export type Check<Plugin extends { readonly name: string }> = (value: unknown) => Plugin;

/** An import takes at most this long; a file that waits for ever must not stop the start, ms. */
const importMs = 20_000;
const maxFiles = 500;
const here = fileURLToPath(import.meta.url);
const extension = path.extname(here);

/**
 * Loads every plug-in of some folders, in the order of their names. A name may be used once over all folders: the first
 * folder wins, and the other file is named.
 * @param folders - those of the package and, after them, those named in tocsin.yaml. A folder that does not exist is a
 * problem like any other.
 */
export async function loadFolders<Plugin extends { readonly name: string }>(
  folders: readonly string[],
  check: Check<Plugin>,
): Promise<Loaded<Plugin>> {
  const plugins = new Map<string, Plugin>();
  const problems: LoadProblem[] = [];
  for (const folder of folders) {
    const listed = await listFiles(folder);
    if ("problem" in listed) problems.push(listed);
    else {
      for (const file of listed.files) await take(file);
    }
  }

  async function take(file: string): Promise<void> {
    try {
      const plugin = checkName(file, check(await importDefault(file)));
      if (plugins.has(plugin.name)) {
        throw new Error(`the name "${plugin.name}" is taken by another file; rename this one and its name`);
      }
      plugins.set(plugin.name, plugin);
    } catch (error) {
      problems.push({ file, problem: firstLines(error) });
    }
  }

  const sorted = [...plugins.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  return { plugins: sorted, problems };
}

async function listFiles(folder: string): Promise<{ readonly files: readonly string[] } | LoadProblem> {
  let names: string[];
  try {
    names = await readdir(folder);
  } catch (error) {
    return { file: folder, problem: `the folder cannot be read: ${firstLines(error)}` };
  }
  const files = names
    .filter((name) => /^[^_.].*\.(?:[cm]?ts|[cm]?js)$/.test(name) && !/\.(?:d|test)\.[cm]?[jt]s$/.test(name))
    .sort();
  if (files.length <= maxFiles) return { files: files.map((name) => path.join(folder, name)) };
  return { file: folder, problem: `the folder holds ${files.length} files; at most ${maxFiles} are loaded` };
}

async function importDefault(file: string): Promise<unknown> {
  if (!isOurs(file)) await prepareForeignImports();
  const loaded: unknown = await within(import(pathToFileURL(path.resolve(file)).href), file);
  const value =
    typeof loaded === "object" && loaded !== null && "default" in loaded ? loaded.default : undefined;
  if (value === undefined) {
    throw new Error("it has no default export; write: export default defineCommand({ … }) or the like");
  }
  return value;
}

async function within<Result>(work: Promise<Result>, file: string): Promise<Result> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    const problem = `importing ${path.basename(file)} took longer than ${importMs / 1_000} s`;
    timer = setTimeout(() => reject(new Error(problem)), importMs);
  });
  return await Promise.race([work, late]).finally(() => clearTimeout(timer));
}

/** Folder of this package: of the checkout, or of dist when compiled. */
const packageRoot = path.dirname(path.dirname(here));

const ownFolders = ["src", "commands"].map((name) => `${pathToFileURL(path.join(packageRoot, name)).href}/`);

function isOurs(file: string): boolean {
  const { href } = pathToFileURL(path.resolve(file));
  return ownFolders.some((folder) => href.startsWith(folder));
}

let prepared: Promise<void> | null = null;

/**
 * Lets files outside this package be TypeScript, be modules whatever package.json lies above them, and import
 * "tocsin/plugin" and "zod" as this very instance: a schema made by another copy of zod would not be ours.
 * @see https://nodejs.org/docs/latest-v20.x/api/module.html#customization-hooks
 * @see https://tsx.is/dev-api/register-esm
 */
function prepareForeignImports(): Promise<void> {
  prepared ??= (async () => {
    const tsx = await import("tsx/esm/api");
    tsx.register();
    // Registered last, asked first: the formats that it returns are what tsx then loads.
    const data = {
      plugin: new URL(`./ports${extension}`, import.meta.url).href,
      ownFolders,
    };
    register(`data:text/javascript,${encodeURIComponent(hooks)}`, { parentURL: import.meta.url, data });
  })();
  return prepared;
}

/** Runs in the thread of Node's module hooks, which takes JavaScript only. */
const hooks = `
let given = { plugin: "", ownFolders: [] };
export async function initialize(data) { given = data; }
const isOurs = (url) => given.ownFolders.some((folder) => url.startsWith(folder));
const isForeign = (url) => url !== undefined && url.startsWith("file:") && !isOurs(url) && !url.includes("/node_modules/");
export async function resolve(specifier, context, next) {
  if (specifier === "tocsin/plugin" && isForeign(context.parentURL)) return { url: given.plugin, format: "module", shortCircuit: true };
  const isZod = specifier === "zod" || specifier.startsWith("zod/");
  if (isZod && isForeign(context.parentURL)) return next(specifier, { ...context, parentURL: given.plugin });
  const resolved = await next(specifier, context);
  const isSource = /\\.[mc]?[jt]s(?:\\?|$)/.test(resolved.url) && !/\\.c[jt]s(?:\\?|$)/.test(resolved.url);
  return isForeign(resolved.url) && isSource ? { ...resolved, format: "module" } : resolved;
}
`;

function checkName<Plugin extends { readonly name: string }>(file: string, plugin: Plugin): Plugin {
  const expected = path.basename(file).replace(/\.[cm]?[jt]s$/, "");
  if (plugin.name === expected) return plugin;
  throw new Error(`its name is "${plugin.name}" and its file name says "${expected}"; they must be the same`);
}

function firstLines(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "")
    .slice(0, 3)
    .join(" ");
}

// ---------- what each kind of plug-in must be ----------

const slug = z.string().regex(/^[a-z][a-z0-9-]{0,31}$/, {
  error: "must be 1 to 32 of a-z, 0-9 and -, beginning with a letter",
});
const callable = z.custom<(...args: never[]) => unknown>((value) => typeof value === "function", {
  error: "must be a function",
});
const zodObject = z.custom<z.ZodObject>((value) => value instanceof z.ZodObject, {
  error: 'must be z.object({ … }) of the zod that the bot uses; import it as "zod"',
});

const commandSchema = z.looseObject({
  kind: z.enum(["read", "operate", "rollout"]),
  name: slug,
  summary: z.string().min(1).max(100),
  examples: z.array(z.string().min(1).max(200)).min(1),
  options: zodObject,
  args: z.array(z.string()),
  rest: z.string().optional(),
  suggest: z.record(z.string(), callable).optional(),
  action: z.enum(policyActions),
  resource: callable.optional(),
  run: callable.optional(),
  plan: callable.optional(),
});

/** Checks the default export of a file in `commands/`. @throws Error naming the member and what is expected. */
export function checkCommand(value: unknown): Command {
  const command = parse(commandSchema, value);
  const method = command.kind === "rollout" ? "plan" : "run";
  if (command[method] === undefined) throw new Error(`a command of kind "${command.kind}" needs ${method}()`);
  const options = optionsOf(command.options);
  const undescribed = options.find((option) => option.summary === "");
  if (undescribed !== undefined) {
    throw new Error(`option "${undescribed.key}" has no description; add .describe("what it is")`);
  }
  const keys = options.map((option) => option.key);
  const stray = [...command.args, ...Object.keys(command.suggest ?? {})].find((key) => !keys.includes(key));
  if (stray !== undefined) throw new Error(`args or suggest names "${stray}", which is not an option`);
  const { rest = null } = command;
  if (rest !== null && command.args.at(-1) !== rest) {
    throw new Error(`rest is "${rest}", which must be the last of args`);
  }
  checkExamples(command, { options, args: command.args, rest });
  // Everything that the interface asks for has been checked above.
  return value as Command;
}

function checkExamples(command: z.infer<typeof commandSchema>, shape: Parameters<typeof parseLine>[1]): void {
  for (const example of command.examples) {
    const [name = "", ...words] = example.split(" ");
    if (name !== command.name) throw new Error(`example "${example}" does not begin with "${command.name}"`);
    const line = parseLine(words.join(" "), shape);
    if (line.kind !== "values") throw new Error(`example "${example}" does not parse: ${line.kind}`);
    const checked = command.options.safeParse(line.values);
    if (!checked.success) {
      throw new Error(`example "${example}" does not fit the options: ${checked.error.issues[0]?.message}`);
    }
  }
}

const sourceSchema = z.looseObject({
  name: slug,
  summary: z.string().min(1).max(200),
  checks: z.array(z.enum(["bearer", "basic", "token", "hmac"])),
  hmac: z.looseObject({ isSigned: callable, header: z.string() }).optional(),
  parse: callable,
});

/** Checks the default export of a source file. @throws Error naming the member and what is expected. */
export function checkSource(value: unknown): Source {
  const source = parse(sourceSchema, value);
  if (source.checks.includes("hmac") !== (source.hmac !== undefined)) {
    throw new Error('checks lists "hmac" exactly when there is hmac: { isSigned, header }');
  }
  // Everything that the interface asks for has been checked above.
  return value as Source;
}

const backendSchema = z.looseObject({ name: slug, summary: z.string().min(1).max(200), create: callable });

/** Checks the default export of a model backend file. @throws Error naming the member and what is expected. */
export function checkModelBackend(value: unknown): ModelBackendPlugin {
  parse(backendSchema, value);
  // Everything that the interface asks for has been checked above.
  return value as ModelBackendPlugin;
}

function parse<Schema extends z.ZodType>(schema: Schema, value: unknown): z.infer<Schema> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const where = issue === undefined || issue.path.length === 0 ? "the default export" : issue.path.join(".");
  throw new Error(`${where}: ${issue?.message ?? "invalid"}`);
}
