/**
 * `npm run bench [-- NAME...]`: every bench, or those named, one after another, each in a process of its own; then one
 * table of what was measured against what we aim for. Takes at most twelve minutes; what does not fit is said.
 */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import path from "node:path";
import build from "../e2e/build.ts";
import { type Measure, readMeasure } from "./report.ts";

interface Bench {
  readonly name: string;
  /** What it answers. */
  readonly title: string;
  readonly args?: readonly string[];
  /** Programs that it cannot do without, with the Debian package of each. */
  readonly needs?: Readonly<Record<string, string>>;
  readonly limitSeconds: number;
  /** Runs what is in dist/. */
  readonly isBuilt?: boolean;
}

const benches: readonly Bench[] = [
  {
    name: "ingest",
    title: "Durable alerts acknowledged, beside Alertmanager",
    args: ["4", "3"],
    needs: { "/usr/bin/wrk": "wrk", "/usr/bin/prometheus-alertmanager": "prometheus-alertmanager" },
    limitSeconds: 120,
  },
  { name: "store", title: "The store's hot statements", limitSeconds: 60 },
  { name: "audit", title: "Audit entries appended by eight writers", limitSeconds: 60 },
  { name: "pages", title: "Pages of the console with 10,000 incidents", limitSeconds: 120 },
  { name: "triage", title: "Alerts all the way into incidents", args: ["100000"], limitSeconds: 120 },
  // Its longest stream alone is a million alerts: two minutes and a half, twice that on a busy machine.
  { name: "clustering", title: "Clustering per alert", limitSeconds: 420, isBuilt: true },
  {
    name: "cards",
    title: "Receipt to card, acknowledgement, memory and start",
    limitSeconds: 150,
    isBuilt: true,
  },
  {
    name: "pacing",
    title: "Behind the pace that chat platforms allow",
    limitSeconds: 300,
  },
  { name: "first-card", title: "A newcomer's first card", limitSeconds: 150 },
  { name: "ahead", title: "Alerts ahead of time", limitSeconds: 120 },
  { name: "drift", title: "Drift of models: false alarms and power", limitSeconds: 240 },
  { name: "judgement", title: "Judgement", limitSeconds: 120 },
];

const totalSeconds = 720;
const folder = import.meta.dirname;

interface Outcome {
  readonly bench: Bench;
  readonly measures: readonly Measure[];
  /** Why there are none, or fewer than there should be. */
  readonly problem: string | null;
}

async function main(names: readonly string[]): Promise<number> {
  const unknown = names.filter((name) => !benches.some((bench) => bench.name === name));
  if (unknown.length > 0) {
    console.error(
      `bench: no bench "${unknown.join('", "')}"; there are ${benches.map(({ name }) => name).join(", ")}`,
    );
    return 2;
  }
  const chosen = benches.filter((bench) => names.length === 0 || names.includes(bench.name));
  const [processor] = cpus();
  console.log(`${cpus().length} × ${processor?.model ?? "?"}, Node ${process.version}, ${loadText()}`);
  if (chosen.some((bench) => bench.isBuilt === true)) build();
  const endsAt = Date.now() + totalSeconds * 1000;
  const outcomes: Outcome[] = [];
  for (const bench of chosen) {
    console.log(`\n== ${bench.name}: ${bench.title} (${loadText()})`);
    const outcome = await runBench(bench, endsAt);
    if (outcome.problem !== null) console.log(outcome.problem);
    outcomes.push(outcome);
  }
  printTable(outcomes);
  return outcomes.some(({ problem }) => problem?.startsWith("failed") === true) ? 1 : 0;
}

/** Others on the machine make every absolute number worse. */
function loadText(): string {
  return `load ${loadavg()[0]?.toFixed(1) ?? "?"}`;
}

async function runBench(bench: Bench, endsAt: number): Promise<Outcome> {
  const file = path.join(folder, `${bench.name}.ts`);
  const missing = Object.entries(bench.needs ?? {}).filter(([program]) => !existsSync(program));
  const left = (endsAt - Date.now()) / 1000;
  const why =
    missing.length > 0
      ? `not installed: ${missing.map(([program, debian]) => `${program} (Debian: ${debian})`).join(", ")}`
      : !existsSync(file)
        ? `there is no ${path.relative(process.cwd(), file)}`
        : left < 10
          ? `no time left of ${totalSeconds} s; run it alone: npm run bench -- ${bench.name}`
          : null;
  if (why !== null) return { bench, measures: [], problem: `skipped: ${why}` };
  const limit = Math.min(bench.limitSeconds, left);
  const { code, measures, isLate } = await runChild(["--import", "tsx", file, ...(bench.args ?? [])], limit);
  if (isLate) return { bench, measures, problem: `failed: not done after ${limit.toFixed(0)} s` };
  return { bench, measures, problem: code === 0 ? null : `failed: exit code ${code}` };
}

/** Shows what it says and keeps its measures. */
function runChild(args: readonly string[], limitSeconds: number) {
  const child = spawn(process.execPath, args, {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const measures: Measure[] = [];
  let rest = "";
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    child.kill("SIGTERM");
    // A database that it started ends with it.
    setTimeout(() => child.kill("SIGKILL"), 5_000).unref();
  }, limitSeconds * 1000);
  child.stdout.on("data", (chunk: Buffer) => {
    const lines = `${rest}${chunk.toString()}`.split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      console.log(line);
      const measure = readMeasure(line);
      if (measure !== null) measures.push(measure);
    }
  });
  return new Promise<{ code: number | null; measures: readonly Measure[]; isLate: boolean }>(
    (resolve, reject) => {
      child.once("error", reject);
      child.once("close", (code) => {
        clearTimeout(timer);
        resolve({ code, measures, isLate });
      });
    },
  );
}

function printTable(outcomes: readonly Outcome[]): void {
  const rows = outcomes.flatMap(({ bench, measures, problem }) => [
    ...measures.map(({ measure, figure, aim, isMet }) => [
      measure,
      figure,
      aim ?? "",
      isMet === null ? "" : isMet ? "met" : "MISSED",
    ]),
    ...(problem === null ? [] : [[bench.name, problem, "", ""]]),
  ]);
  const head = ["measure", "figure", "aim", "met"];
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  console.log();
  for (const row of [head, widths.map((width) => "-".repeat(width)), ...rows])
    console.log(`| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |`);
}

process.exitCode = await main(process.argv.slice(2));
