/**
 * Replays every recording of the benchmark folder and prints the scorer's table.
 *   node --import tsx test/bench/judgement.ts [BENCH_DIR] [OUT_DIR]
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { findRecordings, readRecording, writePrediction } from "../../src/adapters/recordings.ts";
import alertmanager from "../../src/adapters/sources/alertmanager.ts";
import changes from "../../src/adapters/sources/changes.ts";
import topology from "../../src/adapters/sources/topology.ts";
import { replay, toPrediction } from "../../src/app/replay.ts";
import { createCorrelator } from "../../src/domain/clustering.ts";
import { shippedWeights } from "../../src/domain/weights.ts";
import { type ReplayedStream, rowsOf, similarTable } from "./similar.ts";

const sources = new Map([alertmanager, changes, topology].map((source) => [source.name, source]));

async function main(): Promise<number> {
  const bench = resolve(process.argv[2] ?? join(import.meta.dirname, "../../../shared/bench"));
  const scorer = join(bench, "score.mjs");
  if (!existsSync(scorer)) {
    console.log(
      `judgement: skipped, there is no benchmark at ${bench} (pass its folder as the first argument)`,
    );
    return 0;
  }
  const out = process.argv[3] ?? mkdtempSync(join(tmpdir(), "tocsin-judgement-"));
  const replayed: ReplayedStream[] = [];
  for (const file of await findRecordings(bench)) {
    const result = await replay({
      deliveries: readRecording(file.path),
      sources,
      correlator: createCorrelator({ weights: shippedWeights }),
      weights: shippedWeights,
    });
    for (const problem of result.problems) console.error(`judgement: ${problem}`);
    await writePrediction(out, file.name, toPrediction(result));
    replayed.push({ name: file.name, incidents: result.incidents });
  }
  const score = spawnSync(process.execPath, [scorer, bench, out], { encoding: "utf8" });
  const lines = score.stdout.split("\n");
  const head = lines.find((line) => line.includes("ARI"));
  console.log([head, ...lines.filter((line) => /^(= |FAILURE|WARNING)/.test(line))].join("\n"));
  console.log(`\nSimilar past incidents\n${similarTable(rowsOf(bench, replayed))}`);
  if (process.argv[3] === undefined) rmSync(out, { recursive: true, force: true });
  return score.status ?? 1;
}

process.exitCode = await main();
