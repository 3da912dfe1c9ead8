/** `tocsin replay`: deliveries through the real parsers, grouping and ranking, in memory and in virtual time. */
import { statSync } from "node:fs";
import { findRecordings, readRecording, writePrediction } from "../adapters/recordings.ts";
import { toPrediction } from "../app/replay.ts";
import { type Config, readConfig } from "../config.ts";
import { withBot } from "./offline.ts";
import { createBar } from "./progress-bar.ts";
import { isConfigFile, type Kept, replayAgainst } from "./replay-against.ts";
import { keptDeliveries } from "./replay-kept.ts";
import { runReplay, type Tape } from "./replay-run.ts";
import { formatReplay } from "./replay-text.ts";
import { type Judge, shippedJudge, versionJudge } from "./replay-versions.ts";
import { replayWatchCommand } from "./replay-watch.ts";

export interface ReplayArguments {
  readonly json?: boolean;
  readonly out?: string;
  /** Replay what the bot received in this many days, instead of files. */
  readonly days?: string;
  /** Version of the correlator to judge with; "champion" is the one that serves, the default with `days`. */
  readonly version?: string;
  /** A version of the correlator, "shipped", "champion", or another tocsin.yaml: what would change. */
  readonly against?: string;
  /** Name of a rule of `watch:`, to run through the past instead of deliveries. */
  readonly watch?: string;
  /** With `watch`: name of the alert that it should come before. */
  readonly alert?: string;
}

/** Exit code 1 when a delivery was not understood; what was is replayed all the same. */
export async function replayCommand(files: readonly string[], options: ReplayArguments): Promise<void> {
  const { watch, days } = options;
  if (watch !== undefined) return replayWatchCommand(files, { ...options, watch });
  checkArguments(files, options);
  if (needsDatabase(options))
    return withBot(async ({ config, store }) => {
      const judgeOf = (version: string) => versionJudge(store, version);
      if (days === undefined)
        return replayAll({ tapes: await tapesOf(files), options, config, judgeOf, kept: null });
      const { tape, since } = await keptDeliveries(store, daysOf(days));
      await replayAll({ tapes: [tape], options, config, judgeOf, kept: { store, since } });
    });
  const judgeOf = () => Promise.resolve(shippedJudge);
  await replayAll({ tapes: await tapesOf(files), options, config: readConfig(), judgeOf, kept: null });
}

function checkArguments(files: readonly string[], options: ReplayArguments): void {
  if (files.length === 0 && options.days === undefined)
    throw new Error(
      "name recordings (.jsonl, .jsonl.gz), a folder with --out, or --days N for what the bot received",
    );
  if (files.length > 0 && options.days !== undefined)
    throw new Error("--days replays what the bot received; leave out the files, or leave out --days");
  const isFolder = files.some((file) => statSync(file, { throwIfNoEntry: false })?.isDirectory() === true);
  if (isFolder && options.out === undefined && options.against === undefined)
    throw new Error("a directory needs --out DIR, into which one prediction per recording is written");
  if (!isFolder && options.out !== undefined)
    throw new Error("--out is for a directory; for files use --json");
  if (options.out !== undefined && options.against !== undefined)
    throw new Error("--out writes predictions and --against compares; use one of them");
}

function needsDatabase({ days, version, against }: ReplayArguments): boolean {
  const isStored = (name: string | undefined) =>
    name !== undefined && name !== "shipped" && !isConfigFile(name);
  return days !== undefined || isStored(version) || isStored(against);
}

function daysOf(text: string): number {
  const days = Number(text);
  if (!(days > 0 && days <= 366)) throw new Error(`--days is "${text}"; expected a number from 1 to 366`);
  return days;
}

async function tapesOf(files: readonly string[]): Promise<readonly Tape[]> {
  const found = (await Promise.all(files.map(findRecordings))).flat();
  if (found.length === 0) throw new Error(`no recordings (.jsonl, .jsonl.gz) in ${files.join(", ")}`);
  return found.map(({ path, name }) => ({ name, read: () => readRecording(path) }));
}

async function replayAll({
  tapes,
  options,
  config,
  judgeOf,
  kept,
}: {
  readonly tapes: readonly Tape[];
  readonly options: ReplayArguments;
  readonly config: Config;
  readonly judgeOf: (version: string) => Promise<Judge>;
  readonly kept: Kept | null;
}): Promise<void> {
  const { against, json: isJson = false, out } = options;
  const judge = await judgeOf(options.version ?? (options.days === undefined ? "shipped" : "champion"));
  if (against !== undefined)
    return complain(await replayAgainst({ tapes, against, isJson, config, judge, judgeOf, kept }));
  const bar = createBar(tapes.length);
  for (const [index, tape] of tapes.entries()) {
    const result = await runReplay(tape, { config, judge }, bar, index);
    complain(result.problems);
    if (out !== undefined) await writePrediction(out, tape.name, toPrediction(result));
    else console.log(isJson ? JSON.stringify(toPrediction(result)) : formatReplay(tape.name, result));
  }
  if (out !== undefined) console.log(`wrote ${tapes.length} predictions into ${out}`);
}

function complain(problems: readonly string[]): void {
  for (const problem of problems) console.error(`replay: ${problem}`);
  if (problems.length > 0) process.exitCode = 1;
}
