/**
 * What each part of the grouping contributes: replays recordings of the benchmark folder without one part after the
 * other, and prints ARI and AC@1 of each set as a table in Markdown.
 *   node --import tsx test/bench/ablation.ts [BENCH_DIR] [RECORDINGS]
 * RECORDINGS is a pattern of names, by default three streams of each kind and the single faults.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { z } from "zod";
import {
  findRecordings,
  type RecordedLine,
  type RecordingFile,
  readRecording,
  writePrediction,
} from "../../src/adapters/recordings.ts";
import alertmanager from "../../src/adapters/sources/alertmanager.ts";
import changes from "../../src/adapters/sources/changes.ts";
import topology from "../../src/adapters/sources/topology.ts";
import { replay, toPrediction } from "../../src/app/replay.ts";
import { shippedSignals } from "../../src/domain/clustering/shipped-signals.ts";
import { createCorrelator } from "../../src/domain/clustering.ts";
import { shippedWeights, type Weights } from "../../src/domain/weights.ts";

type Clustering = Weights["clustering"];

interface Variant {
  readonly without: string;
  readonly clustering: Partial<Clustering>;
  readonly hasTopology?: false;
}

const sources = new Map([alertmanager, changes, topology].map((source) => [source.name, source]));
const { clustering: shipped } = shippedWeights;
const usual = /(^|\/)[a-z]+-(cross|mixed|same|seq)\/\D*[123]$|-single\//;

const variants: readonly Variant[] = [
  { without: "nothing", clustering: {} },
  { without: "delivered topology", clustering: {}, hasTopology: false },
  ...shippedSignals.map(({ name }) => ({
    without: name,
    clustering: { signals: { ...shipped.signals, [name]: 0 } },
  })),
  { without: "roots of groups", clustering: { rivalRoots: 0, sharedRoot: 0 } },
  { without: "bulk", clustering: { bulk: 0 } },
  { without: "crowding", clustering: { crowding: 0 } },
  { without: "strays", clustering: { strays: {} } },
  ...["solitude", "firm", "breath", "ahead"].map((name) => ({
    without: `${name} (strays)`,
    clustering: { strays: { ...shipped.strays, [name]: 0 } },
  })),
  { without: "bridges", clustering: { bridge: { base: -10 } } },
  ...["near", "burst", "affinity", "alike", "thin", "quiet"].map((name) => ({
    without: `${name} (bridge)`,
    clustering: { bridge: { ...shipped.bridge, [name]: 0 } },
  })),
];

const scoresSchema = z.object({
  scenarios: z.array(
    z.object({
      set: z.string(),
      name: z.string(),
      ari: z.number().nullable(),
      service: z.object({ n: z.number(), "ac@1": z.number().nullable() }),
    }),
  ),
});
type Scenario = z.infer<typeof scoresSchema>["scenarios"][number];

async function* withoutTopology(lines: AsyncIterable<RecordedLine>): AsyncGenerator<RecordedLine> {
  for await (const line of lines) if (line.source !== topology.name) yield line;
}

async function measure(
  variant: Variant,
  files: readonly RecordingFile[],
  bench: string,
): Promise<Scenario[]> {
  const weights = { ...shippedWeights, clustering: { ...shipped, ...variant.clustering } };
  const out = mkdtempSync(join(tmpdir(), "tocsin-ablation-"));
  for (const { path, name } of files) {
    const deliveries = readRecording(path);
    const result = await replay({
      deliveries: variant.hasTopology === false ? withoutTopology(deliveries) : deliveries,
      sources,
      correlator: createCorrelator({ weights }),
      weights,
    });
    await writePrediction(out, name, toPrediction(result));
  }
  const json = spawnSync(process.execPath, [join(bench, "score.mjs"), bench, out, "--json"], {
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
  });
  rmSync(out, { recursive: true, force: true });
  const names = new Set(files.map(({ name }) => name));
  const { scenarios } = scoresSchema.parse(JSON.parse(json.stdout));
  return scenarios.filter(({ set, name }) => names.has(`${set}/${name}`));
}

/** "0.906/0.823": the mean ARI of a set, and the share of its incidents whose first answer was right. */
function cell(scenarios: readonly Scenario[]): string {
  const ari = scenarios.reduce((sum, { ari }) => sum + (ari ?? 0), 0) / scenarios.length;
  const asked = scenarios.reduce((sum, { service }) => sum + service.n, 0);
  const right = scenarios.reduce((sum, { service }) => sum + (service["ac@1"] ?? 0) * service.n, 0);
  const short = (value: number) => value.toFixed(3).replace(/^0/, "");
  return `${short(ari)}/${short(right / asked)}`;
}

async function main(): Promise<void> {
  const bench = resolve(process.argv[2] ?? join(import.meta.dirname, "../../../shared/bench"));
  if (!existsSync(join(bench, "score.mjs"))) {
    console.log(
      `ablation: skipped, there is no benchmark at ${bench} (pass its folder as the first argument)`,
    );
    return;
  }
  const pattern = process.argv[3] === undefined ? usual : new RegExp(process.argv[3]);
  const files = (await findRecordings(bench)).filter(({ name }) => pattern.test(name));
  const sets = [...new Set(files.map(({ name }) => dirname(name)))].sort();
  console.log(`| without | ${sets.map((set) => set.replace(/^[a-z]+-/, "")).join(" | ")} |`);
  console.log(`|---|${sets.map(() => "---|").join("")}`);
  for (const variant of variants) {
    const scenarios = await measure(variant, files, bench);
    const cells = sets.map((set) => cell(scenarios.filter((scenario) => scenario.set === set)));
    console.log(`| ${variant.without} | ${cells.join(" | ")} |`);
  }
}

await main();
