/** The files that docs/plugins.md shows, as a newcomer would drop them in; and what other tools say of their blocks. */
import { execFile } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { readRecording } from "../src/adapters/recordings.ts";
import { openStore } from "../src/adapters/store/store.ts";
import { replay, toPrediction } from "../src/app/replay.ts";
import { readConfig } from "../src/config.ts";
import type { Signal } from "../src/domain/clustering/signal.ts";
import { createCorrelator } from "../src/domain/clustering.ts";
import { shippedWeights } from "../src/domain/weights.ts";
import { checkModelBackend } from "../src/load.ts";
import { loadPlugins } from "../src/main/plugins.ts";
import { replayCommand } from "../src/main/replay.ts";
import type { BackendContext } from "../src/ports.ts";
import { modelContract } from "./contracts/model.ts";
import { busyContext, seen } from "./contracts/signal.ts";
import { freshDatabase } from "./database.ts";
import { type Block, readPages } from "./docs.ts";
import { buildIncident } from "./domain/build.ts";

const run = promisify(execFile);
const root = path.resolve(import.meta.dirname, "..");
const pages = readPages();
const folder = mkdtempSync(path.join(tmpdir(), "tocsin-docs-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function blocksOf(file: string, language: string): readonly Block[] {
  const page = pages.find((each) => each.file === file);
  return page?.blocks.filter((block) => block.language === language) ?? [];
}

/** Every block of code in docs/plugins.md that names its file, written there. */
function writePluginFiles(): readonly string[] {
  return blocksOf("docs/plugins.md", "ts").map(({ about, text }) => {
    const file = path.join(folder, about);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, text);
    return about;
  });
}

const written = writePluginFiles();
const ownFolder = (name: string) => written.some((file) => path.dirname(file) === name);

/** What test/docs-plugins.ts prints. */
interface Seen {
  readonly findings: readonly unknown[];
  readonly sources: readonly string[];
  readonly commands: readonly string[];
  readonly backends: readonly string[];
  readonly parsed: readonly unknown[];
  readonly answers: readonly unknown[];
}

async function loadAsTheBotDoes(incidents: readonly unknown[]): Promise<Seen> {
  const file = path.join(folder, "tocsin.yaml");
  writeFileSync(file, blocksOf("docs/plugins.md", "yaml")[0]?.text ?? "");
  const body = blocksOf("docs/plugins.md", "json").find(({ about }) => about === "backups")?.text;
  const wrong = '{"runs": [{"job": "nightly", "host": "db-1", "ok": "no"}]}';
  const work = { source: "backups", bodies: [body, wrong], command: "handover", incidents };
  const loader = pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href;
  const script = path.join(root, "test/docs-plugins.ts");
  const { stdout } = await run(process.execPath, ["--import", loader, script, file, JSON.stringify(work)], {
    timeout: 50_000,
  });
  return JSON.parse(stdout.trim().split("\n").at(-1) ?? "");
}

describe("the files of docs/plugins.md", () => {
  let loaded: Seen;

  beforeAll(async () => {
    const mine = buildIncident({ id: 2, state: "acknowledged", acknowledgedBy: "oncall" });
    loaded = await loadAsTheBotDoes([buildIncident({ id: 1, acknowledgedBy: null }), mine]);
  });

  test("are a source, a command, a backend and a signal", () => {
    for (const name of ["sources-of-ours", "commands-of-ours", "backends-of-ours", "src/domain/signals"])
      expect(ownFolder(name), name).toBe(true);
  });

  test("are found in the folders that the page's tocsin.yaml names, without a complaint", () => {
    expect(loaded.findings).toEqual([]);
    expect(loaded.sources).toContain("backups");
    expect(loaded.commands).toContain("handover");
    expect(loaded.backends).toContain("release-folder");
  });

  test("are correct TypeScript by the project's own strict flags", async () => {
    const tsconfig = {
      extends: path.join(root, "tsconfig.json"),
      compilerOptions: {
        noEmit: true,
        rootDir: "/",
        declaration: false,
        typeRoots: [path.join(root, "node_modules/@types")],
        paths: {
          "tocsin/plugin": [path.join(root, "src/ports.ts")],
          zod: [path.join(root, "node_modules/zod/index.d.ts")],
        },
      },
      files: written.map((file) => path.join(folder, file)),
      include: [],
    };
    const shim = path.join(folder, "src/domain/clustering/signal.ts");
    const signal = path.relative(path.dirname(shim), path.join(root, "src/domain/clustering/signal.ts"));
    mkdirSync(path.dirname(shim), { recursive: true });
    writeFileSync(shim, `export * from ${JSON.stringify(signal)};`);
    writeFileSync(path.join(folder, "package.json"), '{ "type": "module" }');
    writeFileSync(path.join(folder, "tsconfig.json"), JSON.stringify(tsconfig));
    const tsc = path.join(root, "node_modules/typescript/bin/tsc");
    const checked = await run(process.execPath, [tsc, "-p", folder], { timeout: 50_000 }).catch(
      (error: { readonly stdout: string }) => error,
    );
    expect(checked.stdout).toBe("");
  });

  test("source: the page's body fires for the failed run and resolves for the good one", () => {
    expect(loaded.parsed[0]).toMatchObject({
      kind: "parsed",
      delivery: {
        problems: [],
        alerts: [
          {
            service: "db-1",
            status: "firing",
            summary: "exit code 2",
            startsAt: "2026-03-01T02:10:00.000Z",
          },
          { service: "db-2", status: "resolved" },
        ],
      },
    });
  });

  test("source: what it cannot read it names, with the value", () => {
    expect(loaded.parsed[1]).toMatchObject({
      kind: "unparseable",
      problem: 'runs[0].ok must be true or false; got "no"',
    });
  });

  test("command: each example runs and says who has what", () => {
    expect(loaded.answers).toHaveLength(2);
    for (const answer of loaded.answers) {
      expect(answer).toMatchObject({ kind: "answer", view: { summary: "2 open, 1 of them with nobody." } });
      expect(JSON.stringify(answer)).toContain("On call");
    }
  });

  test("signal: joins by the runbook that both name, and never by one that both lack", async () => {
    const { default: signal }: { default: Signal } = await import(
      path.join(folder, "src/domain/signals/same-runbook.ts")
    );
    const named = (url?: string) => seenAlert(url === undefined ? {} : { runbook_url: url });
    const context = busyContext();
    expect(signal.score(named("https://a"), named("https://a"), context)).toBe(0.8);
    expect(signal.score(named("https://a"), named("https://b"), context)).toBeNull();
    expect(signal.score(named(), named(), context)).toBeNull();
    expect(signal.because(named("https://a"), named("https://a"), context)).toContain("https://a");
  });
});

function seenAlert(annotations: Readonly<Record<string, string>>) {
  return { ...seen({ service: "web-a", at: 0 }), annotations };
}

// ---------- the backend keeps the contract of every backend ----------

/** The same file for the test runner, which finds packages from this repository only. */
const backendFile = path.join(folder, "release-folder-here.ts");
const [backendText] = blocksOf("docs/plugins.md", "ts").filter(({ about }) =>
  about.startsWith("backends-of-ours"),
);
writeFileSync(
  backendFile,
  (backendText?.text ?? "")
    .replace('"tocsin/plugin"', JSON.stringify(path.join(root, "src/ports.ts")))
    .replace('"zod"', JSON.stringify(createRequire(import.meta.url).resolve("zod"))),
);

modelContract("release-folder of docs/plugins.md", async () => {
  const home = mkdtempSync(path.join(folder, "releases-"));
  for (const version of ["1", "2"]) mkdirSync(path.join(home, "versions", version), { recursive: true });
  const first = [{ operationId: "before", version: "1", at: "2026-03-01T10:00:00.000Z", by: "ml-engineer" }];
  writeFileSync(path.join(home, "serving.json"), JSON.stringify(first));
  const module: { default: unknown } = await import(backendFile);
  const plugin = checkModelBackend(module.default);
  const context = { clock: { now: () => new Date() } };
  // It uses nothing else; anything else would throw.
  const create = () =>
    plugin.create(new Map([["ranker", { folder: home }]]), context as unknown as BackendContext);
  return {
    backend: create(),
    model: "ranker",
    environment: "production",
    from: "1",
    to: "2",
    remember: () => Promise.resolve(),
    restart: () => Promise.resolve(create()),
    close: () => Promise.resolve(),
  };
});

// ---------- docs/replay.md ----------

describe("the recording of docs/replay.md", () => {
  test("gives the prediction beside it, but for the confidence", async () => {
    const [recording] = blocksOf("docs/replay.md", "jsonl");
    const shown = blocksOf("docs/replay.md", "json").find(({ about }) => about === "prediction");
    const file = path.join(folder, "recording.jsonl");
    writeFileSync(file, recording?.text ?? "");
    const { sources } = await loadPlugins(readConfig({}));
    const result = await replay({
      deliveries: readRecording(file),
      sources: new Map([...sources].map(([name, { source }]) => [name, source])),
      correlator: createCorrelator({ weights: shippedWeights }),
      weights: shippedWeights,
    });
    expect(result.problems).toEqual([]);
    expect(withoutConfidence(toPrediction(result))).toEqual(
      withoutConfidence(JSON.parse(shown?.text ?? "null")),
    );
  });

  test("compares with the other.yaml on the page as is shown there (issue 3)", async () => {
    const [recording] = blocksOf("docs/replay.md", "jsonl");
    const other = blocksOf("docs/replay.md", "yaml").find(({ about }) => about === "other.yaml");
    const [shown] = blocksOf("docs/replay.md", "text");
    const files = ["storm.jsonl", "other.yaml"].map((name) => path.join(folder, name));
    const [file = "", against = ""] = files;
    writeFileSync(file, recording?.text ?? "");
    writeFileSync(against, other?.text ?? "");
    const printed = vi.spyOn(console, "log").mockReturnValue(undefined);
    try {
      await replayCommand([file], { against });
      const text = printed.mock.calls.flat().join("\n").replaceAll(`${folder}${path.sep}`, "");
      expect(text).toBe(shown?.text.trimEnd());
    } finally {
      printed.mockRestore();
    }
  });

  test("is what the query on the page writes of deliveries", async () => {
    const sql = /psql[^"]*"\$DATABASE_URL"[^"]*"([\s\S]+?)"/.exec(
      blocksOf("docs/replay.md", "sh").at(-1)?.text ?? "",
    )?.[1];
    const database = await freshDatabase();
    const store = await openStore({ url: database.url, maxConnections: 2 });
    try {
      const body = new TextEncoder().encode(
        '{"alerts":[{"labels":{"alertname":"A","id":90071992547409931}}]}',
      );
      const receivedAt = new Date("2026-03-01T12:00:00Z");
      await store.deliveries.insert([{ source: "alertmanager", receivedAt, headers: {}, body }]);
      const { default: postgres } = await import("postgres");
      const client = postgres(database.url, { max: 1 });
      const rows = await client.unsafe(`select line::text as line from (${sql}) as recorded (line)`);
      await client.end();
      const file = path.join(folder, "recorded.jsonl");
      writeFileSync(file, rows.map((row) => String(row["line"])).join("\n"));
      const lines = [];
      for await (const line of readRecording(file)) lines.push(line);
      expect(lines).toMatchObject([
        {
          at: receivedAt,
          source: "alertmanager",
          body: { alerts: [{ labels: { alertname: "A", id: "90071992547409931" } }] },
        },
      ]);
    } finally {
      await store.close();
      await database.close();
    }
  });
});

/** The incidents, each with its first cause: weights may be tuned without the page being wrong. */
function withoutConfidence(prediction: ReturnType<typeof toPrediction>): unknown {
  return prediction.incidents.map(({ id, alerts, causes: [first] }) => ({
    id,
    alerts,
    service: first?.service,
    change: first?.change,
  }));
}

// ---------- what Prometheus' own tools say ----------

const tools = [
  { tool: "/usr/bin/amtool", about: "alertmanager.yml", args: ["check-config"] },
  { tool: "/usr/bin/promtool", about: "rules.yml", args: ["check", "rules"] },
] as const;

describe.each(tools)("$about in the documentation", ({ tool, about, args }) => {
  const found = pages.flatMap(({ file, blocks }) =>
    blocks.filter((block) => block.about === about).map((block) => ({ file, block, line: block.line })),
  );

  test("is there", () => expect(found.length).toBeGreaterThan(0));

  test.skipIf(!existsSync(tool)).each(found)(
    `in $file at line $line passes ${path.basename(tool)}`,
    async (each) => {
      const file = path.join(folder, `${each.line}-${about}`);
      writeFileSync(file, each.block.text);
      await expect(run(tool, [...args, file], { timeout: 20_000 })).resolves.toBeDefined();
    },
  );
});
