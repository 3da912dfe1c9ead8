/** The scorer's numbers, and those of the simple rules that are to be beaten. */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";

/** Columns of the tables, in the scorer's words. */
export const columns = [
  "ARI",
  "pair R",
  "pair F1",
  "compr.",
  "AC@1",
  "AC@3",
  "change@1",
  "change@3",
  "no-change",
] as const;
export type Column = (typeof columns)[number];

/** One set's numbers; a column that was not scored is absent. */
export type Scores = Partial<Record<Column, number>>;

const share = z.number().nullable();
const ranked = z.object({ "ac@1": share, "ac@3": share });
const setSchema = z.object({
  ari: z.number(),
  pairs: z.object({ recall: z.number(), f1: z.number() }),
  compression: z.number(),
  missing: z.number(),
  service: ranked,
  change: ranked,
  noChange: z.object({ correct: share }),
});
/** A recording without an alert has no grouping to judge. */
const scenarioSchema = z.object({ set: z.string(), name: z.string(), ari: z.number().nullable() });
const outputSchema = z.object({
  sets: z.record(z.string(), setSchema),
  scenarios: z.array(scenarioSchema),
});

export interface Scored {
  readonly sets: ReadonlyMap<string, Scores>;
  /** ARI of each recording, "SET/NAME". */
  readonly recordings: ReadonlyMap<string, number>;
  /** Alerts in no incident, over all sets. */
  readonly missing: number;
  /** What the scorer complained of. */
  readonly failures: readonly string[];
}

/** Runs the scorer of the benchmark on predictions. */
export function score(bench: string, predictions: string): Scored {
  const run = spawnSync(process.execPath, [join(bench, "score.mjs"), bench, predictions, "--json"], {
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
    timeout: 120_000,
  });
  const parsed = outputSchema.parse(JSON.parse(run.stdout));
  const sets = new Map(Object.entries(parsed.sets).map(([name, set]) => [name, scoresOf(set)]));
  const recordings = new Map(
    parsed.scenarios.flatMap(({ set, name, ari }) => (ari === null ? [] : [[`${set}/${name}`, ari]])),
  );
  const missing = Object.values(parsed.sets).reduce((sum, set) => sum + set.missing, 0);
  const complaints = `${run.stderr}`.split("\n").filter((line) => /^(FAILURE|WARNING)/.test(line));
  const failures = run.status === 0 ? complaints : [`the scorer ended with ${run.status}`, ...complaints];
  return { sets, recordings, missing, failures };
}

function scoresOf(set: z.infer<typeof setSchema>): Scores {
  const all: Partial<Record<Column, number | null>> = {
    ARI: set.ari,
    "pair R": set.pairs.recall,
    "pair F1": set.pairs.f1,
    "compr.": set.compression,
    "AC@1": set.service["ac@1"],
    "AC@3": set.service["ac@3"],
    "change@1": set.change["ac@1"],
    "change@3": set.change["ac@3"],
    "no-change": set.noChange.correct,
  };
  const scores: Scores = {};
  for (const column of columns) {
    const value = all[column];
    if (typeof value === "number") scores[column] = value;
  }
  return scores;
}

/**
 * The best of the simple rules in each column, by set; rules that were given the true grouping are left out. Empty
 * without the file. No one rule has all of these numbers at once.
 */
export function readBaselines(bench: string): ReadonlyMap<string, Scores> {
  const file = join(bench, "BASELINES.md");
  const best = new Map<string, Scores>();
  if (!existsSync(file)) return best;
  for (const section of readFileSync(file, "utf8").split(/^## /m).slice(1)) {
    const [name = "", ...lines] = section.split("\n");
    const [head, , ...rows] = lines.filter((line) => line.startsWith("|")).map(cellsOf);
    const scores: Scores = {};
    for (const [method = "", ...cells] of rows) {
      if (method.startsWith("(true partition)")) continue;
      for (const column of columns) {
        const value = Number.parseFloat(cells[(head ?? []).indexOf(column) - 1] ?? "");
        if (Number.isFinite(value)) scores[column] = Math.max(value, scores[column] ?? 0);
      }
    }
    best.set(name.trim(), scores);
  }
  return best;
}

function cellsOf(line: string): readonly string[] {
  return line
    .split("|")
    .slice(1, -1)
    .map((cell) => cell.trim());
}
