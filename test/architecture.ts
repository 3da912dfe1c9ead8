import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";

/** Path from the repository root to source text. */
export type Tree = ReadonlyMap<string, string>;

export interface Violation {
  readonly file: string;
  readonly rule: string;
}

/** Reads every TypeScript file under src/ and commands/. */
export function readTree(root: string): Tree {
  const tree = new Map<string, string>();
  for (const folder of ["src", "commands"]) {
    for (const file of listFiles(path.join(root, folder)))
      tree.set(path.relative(root, file), readFileSync(file, "utf8"));
  }
  return tree;
}

function listFiles(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
    .map((entry) => path.join(entry.parentPath, entry.name));
}

/** Everything in a tree that breaks the layers; empty when all is well. */
export function violations(tree: Tree): readonly Violation[] {
  const found: Violation[] = [];
  for (const [file, text] of tree) {
    for (const target of importsOf(file, text)) {
      const rule = importRule(file, target);
      if (rule !== null) found.push({ file, rule: `${rule}: imports ${target}` });
    }
    found.push(...textRules(file, text).map((rule) => ({ file, rule })));
  }
  return [
    ...found,
    ...cycles(tree).map((cycle) => ({ file: cycle[0] ?? "", rule: `import cycle: ${cycle.join(" -> ")}` })),
  ];
}

const importPattern =
  /(?:^|[;\n}])\s*(?:import|export)\b[^"';]*?\bfrom\s*["']([^"']+)["']|(?:^|[;\n])\s*import\s*["']([^"']+)["']|\bimport\(\s*["']([^"']+)["']/g;

/** What a file imports: repository paths for relative imports, package names for the rest. */
export function importsOf(file: string, text: string): readonly string[] {
  return [...withoutComments(text).matchAll(importPattern)].map((match) => {
    const specifier = match[1] ?? match[2] ?? match[3] ?? "";
    return specifier.startsWith(".")
      ? path.posix.normalize(path.posix.join(path.posix.dirname(file), specifier))
      : specifier;
  });
}

function layerOf(file: string): string {
  const match = /^src\/(domain|app|adapters|ports|queries|main)\b/.exec(file) ?? /^(commands)\//.exec(file);
  if (file === "src/ports.ts") return "ports";
  if (file === "src/main.ts") return "main";
  return match?.[1] ?? (file.startsWith("src/") ? "root" : "package");
}

/** Layers each layer may import from; "package" is checked by name for domain, ports, app and commands. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  domain: ["domain", "package"],
  ports: ["ports", "domain", "package"],
  queries: ["queries", "ports", "domain"],
  app: ["app", "queries", "ports", "domain", "package"],
  commands: ["queries", "ports", "domain", "package"],
  adapters: ["adapters", "ports", "domain", "package"],
  root: ["root", "app", "ports", "domain", "package", "main"],
  main: ["main", "root", "app", "queries", "ports", "domain", "adapters", "package"],
};
const allowedPackages: Readonly<Record<string, readonly string[]>> = {
  domain: ["zod", "node:crypto"],
  ports: ["zod"],
  app: ["zod", "node:crypto"],
  commands: ["zod"],
};

function importRule(file: string, target: string): string | null {
  const from = layerOf(file);
  const to = layerOf(target);
  // Files that start with an underscore are what the commands of the folder share.
  if (from === "commands" && target.startsWith("commands/_")) return null;
  if (!(allowed[from] ?? []).includes(to)) return `${from} must not import ${to}`;
  const packages = allowedPackages[from];
  if (to === "package" && packages !== undefined && !packages.includes(target))
    return `${from} may import only ${packages.join(" and ")}`;
  if (from === "root" && to === "main" && file !== "src/cli.ts") return "only cli.ts may import main";
  if (from === "adapters" && to === "adapters" && adapterOf(file) !== adapterOf(target))
    return "an adapter must not import another";
  return null;
}

/** Adapters that are alone of their kind: a file, a folder of its name, or both. */
const singles: ReadonlySet<string> = new Set(["store", "charts", "prometheus"]);

/** "chat/slack" for chat/slack.ts and chat/slack/render.ts; the store is one adapter. */
function adapterOf(file: string): string {
  const [, , kind = "", name = ""] = file.split("/");
  const single = kind.replace(/\.ts$/, "");
  if (singles.has(single)) return single;
  return `${kind}/${name}`.replace(/\.ts$/, "").replace(/\.ts\/$/, "");
}

function textRules(file: string, text: string): string[] {
  const code = withoutComments(text);
  const rules: string[] = [];
  if (file !== "src/config.ts" && /\bprocess\s*(\.|\?\.|\[\s*["'])\s*env\b/.test(code))
    rules.push("reads the environment outside src/config.ts");
  if (
    layerOf(file) === "domain" &&
    /\bDate\.now\(|\bnew Date\(\s*\)|\bMath\.random\(|\bperformance\.now\(|\brandom(UUID|Bytes|Int)\(/.test(
      code,
    )
  ) {
    rules.push("the domain has no clock and no randomness");
  }
  if (/^src\/domain\/(alert|clustering|topology)[./]/.test(file) && /^\s*[gs]et \w+\(/m.test(code))
    rules.push(
      "asked for every alert: V8 keeps an object with accessors as a dictionary, so give a function",
    );
  if (layerOf(file) === "ports" && /\bawait\b/.test(code))
    rules.push("ports say what there is and do nothing");
  if (file.startsWith("src/adapters/store/schema/") && /\benum\s*:/.test(code))
    rules.push("a column takes its words from a type of the domain or the ports: $type<State>()");
  return rules;
}

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, "").replace(/(^|\s)\/\/[^\n]*/g, "$1");
}

/** Import cycles among the files of the tree, type imports included. */
function cycles(tree: Tree): string[][] {
  const graph = new Map(
    [...tree].map(([file, text]) => [file, importsOf(file, text).filter((target) => tree.has(target))]),
  );
  const done = new Set<string>();
  const found: string[][] = [];
  const visit = (file: string, trail: readonly string[]): void => {
    const at = trail.indexOf(file);
    if (at !== -1) {
      found.push([...trail.slice(at), file]);
      return;
    }
    if (done.has(file)) return;
    for (const next of graph.get(file) ?? []) visit(next, [...trail, file]);
    done.add(file);
  };
  for (const file of graph.keys()) visit(file, []);
  return found;
}

/** What Node calls by its name. */
const calledByNode: ReadonlySet<string> = new Set(["initialize"]);

/** What is exported and named nowhere else in the product: dead, or there for tests alone. Tables are for migrations too. */
export function idleExports(tree: Tree): readonly string[] {
  const named = new Map<string, number>();
  const code = [...tree].map(([file, text]) => [file, withoutComments(text)] as const);
  for (const [, text] of code)
    for (const [name] of text.matchAll(/[A-Za-z_$][\w$]*/g)) named.set(name, (named.get(name) ?? 0) + 1);
  return code
    .filter(([file]) => !file.startsWith("src/adapters/store/schema"))
    .flatMap(([file, text]) =>
      [...text.matchAll(/^export (?:async )?(?:function\*?|const|class|interface|type) (\w+)/gm)]
        .map(([, name = ""]) => name)
        .filter((name) => !calledByNode.has(name) && (named.get(name) ?? 0) < 2)
        .map((name) => `${name} of ${file}`),
    );
}

/** Paths named in backticks in a document that do not exist under the root. */
export function missingPaths(document: string, root: string): readonly string[] {
  const named = [
    ...document.matchAll(
      /`((?:src|commands|migrations|test|docs|assets|scripts|\.ci|\.github)\/[^`\s]*|[\w.-]+\.(?:ts|json|md|yaml))`/g,
    ),
  ];
  return named
    .map((match) => match[1] ?? "")
    .filter(
      (name) =>
        !name.includes("<") &&
        name !== "tocsin.yaml" &&
        !name.includes("*") &&
        !existsSync(path.join(root, name)),
    );
}
