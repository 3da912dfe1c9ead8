/**
 * Replays every recording of the benchmark folder and prints what judgement reaches: the scorer's numbers beside those
 * of the best simple rules, each requirement with whether it is met, how far confidence can be trusted, what similar
 * past incidents are worth, and how well alerts ahead of time foresee generated faults. Ends with 1 when an alert is in no incident; a missed requirement is only said.
 *   node --import tsx test/bench/judgement.ts [BENCH_DIR] [OUT_DIR]
 */
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
import { aheadRows } from "./ahead.ts";
import { type Answer, answersOf } from "./judgement/reliability.ts";
import { mostCalibrationError } from "./judgement/requirements.ts";
import { readBaselines, score } from "./judgement/scores.ts";
import { reliabilityTable, requirementsTable, scoresTable } from "./judgement/tables.ts";
import { reportLine } from "./report.ts";
import { type ReplayedStream, rowsOf, similarTable } from "./similar.ts";
import { readTruth } from "./similar-cases.ts";

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
  const scored = score(bench, out);
  const baselines = readBaselines(bench);
  const parts: readonly (readonly [title: string, text: string])[] = [
    ["Scores (best simple rule of each column)", scoresTable(scored.sets, baselines)],
    ["Required", requirementsTable(scored, baselines)],
    [
      "Reliability of the first answer",
      reliabilityTable(answersBySet(bench, replayed), mostCalibrationError),
    ],
    ["Similar past incidents", similarTable(rowsOf(bench, replayed))],
    ["Ahead of time, on generated series of known truth", aheadRows().map(reportLine).join("\n")],
  ];
  for (const [title, text] of parts) console.log(`## ${title}\n\n${text}\n`);
  for (const failure of scored.failures) console.log(failure);
  console.log(`${scored.missing} alerts in no incident`);
  if (process.argv[3] === undefined) rmSync(out, { recursive: true, force: true });
  return scored.missing > 0 || scored.failures.length > 0 ? 1 : 0;
}

/** The streams together and by kind; the recordings of one incident together. */
function answersBySet(
  bench: string,
  replayed: readonly ReplayedStream[],
): ReadonlyMap<string, readonly Answer[]> {
  const groups = new Map<string, Answer[]>();
  for (const { name, incidents } of replayed) {
    const [set = ""] = name.split("/");
    if (set.endsWith("-ns")) continue;
    const answers = answersOf(incidents, readTruth(bench, name));
    const isStream = /^nezha-(seq|cross|mixed|same)$/.test(set);
    for (const group of isStream ? ["streams", set] : ["single incidents"])
      groups.set(group, [...(groups.get(group) ?? []), ...answers]);
  }
  return groups;
}

process.exitCode = await main();
