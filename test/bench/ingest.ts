/**
 * Durable alerts acknowledged per second, beside an Alertmanager that keeps the same bodies in memory.
 *   node --import tsx test/bench/ingest.ts [SECONDS] [ROUNDS]
 * Both take turns in one run, because a machine is never equally quiet twice: only the ratios mean anything.
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { cpus, tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import postgres from "postgres";
import { createMetrics } from "../../src/adapters/metrics.ts";
import alertmanager from "../../src/adapters/sources/alertmanager.ts";
import { startEmbedded } from "../../src/adapters/store/embedded.ts";
import { migrate } from "../../src/adapters/store/migrate.ts";
import { openStore } from "../../src/adapters/store/store.ts";
import { createIngest } from "../../src/app/ingest.ts";
import { createHttpServer } from "../../src/http.ts";
import { silentLog, systemClock } from "../../src/ports/observability.ts";
import { report } from "./report.ts";

const alertmanagerBinary = "/usr/bin/prometheus-alertmanager";
const wrkBinary = "/usr/bin/wrk";

/** What is sent: how many alerts in a request, over how many connections, and the ratio that we aim for. */
const shapes = [
  { alerts: 1, connections: 64, aim: 0.9 },
  { alerts: 100, connections: 12, aim: 1.2 },
] as const;
type Shape = (typeof shapes)[number];

interface Measured {
  readonly alertsPerSecond: number;
  readonly requests: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Answers that were not 2xx, and connections that failed. */
  readonly errors: number;
}

interface Target {
  readonly name: string;
  readonly url: string;
  /** Before each turn. */
  reset(): Promise<void>;
  /** What is durable after a turn, in requests; null where nothing is. */
  stored(): Promise<number | null>;
  stop(): Promise<void>;
}

export interface IngestBenchResult {
  readonly alertsPerRequest: number;
  readonly ours: Measured;
  readonly theirs: Measured;
  readonly ratio: number;
  readonly aim: number;
}

/** Runs all shapes and prints a line for each; empty when a program is missing. */
export async function benchIngest(seconds = 5, rounds = 3): Promise<readonly IngestBenchResult[]> {
  const missing = [wrkBinary, alertmanagerBinary].filter((binary) => !existsSync(binary));
  if (missing.length > 0) {
    console.log(`ingest: skipped, ${missing.join(" and ")} not found (Debian: wrk, prometheus-alertmanager)`);
    return [];
  }
  const folder = await mkdtemp(path.join(tmpdir(), "tocsin-bench-"));
  await chmod(folder, 0o711);
  const targets: Target[] = [];
  try {
    targets.push(await startOurs(folder), await startTheirs(folder));
    const results: IngestBenchResult[] = [];
    for (const shape of shapes) results.push(await compare(shape, targets, { folder, seconds, rounds }));
    return results;
  } finally {
    for (const target of targets) await target.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

async function compare(
  shape: Shape,
  targets: readonly Target[],
  run: { readonly folder: string; readonly seconds: number; readonly rounds: number },
): Promise<IngestBenchResult> {
  const script = path.join(run.folder, `post-${shape.alerts}.lua`);
  const bodies = Array.from({ length: 64 }, (_, index) => bodyOf(shape.alerts, index * shape.alerts));
  await writeFile(script, luaOf(bodies));
  const turns = targets.map((): Measured[] => []);
  for (const target of targets) await measure(target, shape, script, 1);
  for (let round = 0; round < run.rounds; round += 1) {
    for (const [index, target] of targets.entries()) {
      turns[index]?.push(await measure(target, shape, script, run.seconds));
    }
  }
  const [ours, theirs] = turns.map(median);
  if (ours === undefined || theirs === undefined) throw new Error("ingest bench: nothing was measured");
  const ratio = ours.alertsPerSecond / theirs.alertsPerSecond;
  const bytes = Math.round(Buffer.byteLength(bodies[0] ?? "") / shape.alerts);
  print(shape, bytes, [ours, theirs], ratio);
  return { alertsPerRequest: shape.alerts, ours, theirs, ratio, aim: shape.aim };
}

async function measure(target: Target, shape: Shape, script: string, seconds: number): Promise<Measured> {
  await target.reset();
  const options = [
    "-t1",
    `-c${shape.connections}`,
    `-d${seconds}s`,
    "--timeout",
    "10s",
    "--latency",
    "-s",
    script,
  ];
  const wrk = spawn(wrkBinary, [...options, target.url], { stdio: ["ignore", "pipe", "inherit"] });
  let output = "";
  for await (const chunk of wrk.stdout) output += String(chunk);
  const line = output.split("\n").find((text) => text.startsWith("RESULT "));
  if (line === undefined) throw new Error(`ingest bench: wrk said ${output}`);
  const [requests = 0, microseconds = 1, p50 = 0, p99 = 0, errors = 0] = line.split(" ").slice(1).map(Number);
  const stored = await target.stored();
  if (stored !== null && stored < requests) {
    throw new Error(`ingest bench: ${requests} requests were acknowledged and only ${stored} are stored`);
  }
  const alertsPerSecond = (requests * shape.alerts) / (microseconds / 1e6);
  return { alertsPerSecond, requests, p50Ms: p50 / 1000, p99Ms: p99 / 1000, errors };
}

function median(turns: readonly Measured[]): Measured {
  const sorted = [...turns].sort((a, b) => a.alertsPerSecond - b.alertsPerSecond);
  const middle = sorted[Math.floor(sorted.length / 2)];
  if (middle === undefined) throw new Error("ingest bench: no turns");
  return { ...middle, errors: turns.reduce((sum, turn) => sum + turn.errors, 0) };
}

function print(shape: Shape, bytes: number, measured: readonly Measured[], ratio: number): void {
  const [ours, theirs] = measured.map(
    (turn) =>
      `${Math.round(turn.alertsPerSecond).toLocaleString("en")}/s (p50 ${turn.p50Ms.toFixed(1)} ms, p99 ${turn.p99Ms.toFixed(1)} ms, ${turn.errors} errors)`,
  );
  report({
    measure: `durable alerts acknowledged, ${shape.alerts} of ${bytes} B per request, ${shape.connections} connections`,
    figure: `ratio ${ratio.toFixed(2)}, tocsin on disk ${ours}, Alertmanager in memory ${theirs}`,
    aim: `>= ${shape.aim}`,
    isMet: ratio >= shape.aim,
  });
}

// ---------- what is sent ----------

function bodyOf(alerts: number, first: number): string {
  return JSON.stringify(Array.from({ length: alerts }, (_, index) => alertOf(first + index)));
}

/** 731 bytes, as a service's alert with its annotations commonly has. Prometheus sends such lists. */
function alertOf(number: number) {
  const now = Date.now();
  const id = String(number).padStart(5, "0");
  return {
    labels: {
      alertname: "HighErrorRate",
      cluster: "north-1",
      namespace: "shop",
      service: `checkout-${number % 50}`.padEnd(11, "x"),
      pod: `checkout-7d9f8b6c5-${id}`,
      instance: `10.0.12.${(number % 90) + 10}:9090`,
      job: "kubernetes-pods",
      severity: "critical",
      team: "payments",
    },
    annotations: {
      summary: `High error rate on pod ${id}: more than five percent of requests fail`,
      description:
        "The share of failed requests has been above five percent for ten minutes; customers see errors at the last step of the order.",
      runbook_url: "https://runbooks.example.com/checkout/high-error-rate",
    },
    startsAt: new Date(now).toISOString(),
    endsAt: new Date(now + 3_600_000).toISOString(),
    generatorURL:
      "http://prometheus.example.com:9090/graph?g0.expr=rate%28http_requests_total%7Bcode%3D~%225..%22%7D&g0.tab=1",
  };
}

function luaOf(bodies: readonly string[]): string {
  const list = bodies.map((body) => `  [==[${body}]==]`).join(",\n");
  return `local bodies = {\n${list}\n}
local at = 0
local requests = {}
function init(args)
  wrk.method = "POST"
  wrk.headers["Content-Type"] = "application/json"
  for i, body in ipairs(bodies) do requests[i] = wrk.format(nil, nil, nil, body) end
end
function request()
  at = at % #requests + 1
  return requests[at]
end
function done(summary, latency)
  local e = summary.errors
  local errors = e.connect + e.read + e.write + e.status + e.timeout
  io.write(string.format("RESULT %d %d %d %d %d\\n", summary.requests - e.status, summary.duration,
    latency:percentile(50), latency:percentile(99), errors))
end
`;
}

// ---------- who takes it ----------

async function startOurs(folder: string): Promise<Target> {
  const server = await startEmbedded({ dataDir: path.join(folder, "data"), log: silentLog });
  await migrate(server.url);
  const store = await openStore({ url: server.url });
  const admin = postgres(server.url, { max: 1, onnotice: () => undefined });
  const { metrics, exposition } = createMetrics(silentLog);
  const ingest = createIngest({
    store: store.deliveries,
    metrics,
    log: silentLog,
    clock: systemClock,
    wake: () => undefined,
  });
  const http = createHttpServer({
    host: "127.0.0.1",
    port: 0,
    sources: new Map([
      ["alertmanager", { name: "alertmanager", source: alertmanager, secrets: [], settings: null }],
    ]),
    ingest,
    console: null,
    readiness: async () => [],
    exposition,
    metrics,
    clock: systemClock,
    log: silentLog,
  });
  return {
    name: "tocsin",
    url: `${await http.listen()}/webhooks/alertmanager`,
    async reset() {
      await admin`truncate deliveries`;
      await admin`checkpoint`;
    },
    async stored() {
      const [row] = await admin<{ count: number }[]>`select count(*)::int as count from deliveries`;
      return row?.count ?? 0;
    },
    async stop() {
      await http.close();
      await ingest.stop();
      await admin.end({ timeout: 5 });
      await store.close();
      await server.stop();
    },
  };
}

async function startTheirs(folder: string): Promise<Target> {
  const config = path.join(folder, "alertmanager.yml");
  await writeFile(config, "route:\n  receiver: nobody\n  group_wait: 1h\nreceivers:\n  - name: nobody\n");
  const port = await freePort();
  const child = spawn(
    alertmanagerBinary,
    [
      `--config.file=${config}`,
      `--storage.path=${path.join(folder, "alertmanager")}`,
      `--web.listen-address=127.0.0.1:${port}`,
      "--cluster.listen-address=",
      "--log.level=error",
    ],
    { stdio: "ignore" },
  );
  const url = `http://127.0.0.1:${port}`;
  await untilReady(`${url}/-/ready`, child);
  return {
    name: "Alertmanager",
    url: `${url}/api/v2/alerts`,
    reset: async () => undefined,
    stored: async () => null,
    async stop() {
      const ended = new Promise((resolve) => child.once("exit", resolve));
      child.kill("SIGKILL");
      await ended;
    },
  };
}

async function untilReady(url: string, child: ChildProcess): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    if (child.exitCode !== null) throw new Error(`ingest bench: Alertmanager ended with ${child.exitCode}`);
    const isReady = await fetch(url).then(
      (response) => response.ok,
      () => false,
    );
    if (isReady) return;
    await sleep(100);
  }
  throw new Error("ingest bench: Alertmanager was not ready within 10 s");
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer().once("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0));
    });
  });
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const version = spawnSync(alertmanagerBinary, ["--version"], { encoding: "utf8" }).stdout?.split(
    "\n",
    1,
  )[0];
  console.log(
    `ingest: ${cpus().length} × ${cpus()[0]?.model ?? "?"}, Node ${process.version}, ${version ?? ""}`,
  );
  await benchIngest(Number(process.argv[2] ?? 5), Number(process.argv[3] ?? 3));
}
