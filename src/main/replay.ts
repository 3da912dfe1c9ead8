/** `tocsin replay`: deliveries through the real parsers, grouping and ranking, in memory and in virtual time. */
import { statSync } from "node:fs";
import { createCron } from "../adapters/cron.ts";
import { findRecordings, readRecording, writePrediction } from "../adapters/recordings.ts";
import { compareReplays, exampleKeys, withIncidents } from "../app/compare-replays.ts";
import { type RecordedDelivery, type ReplayResult, replay, toPrediction } from "../app/replay.ts";
import { type Config, readConfig, readOtherConfig } from "../config.ts";
import { createKindOf } from "../domain/alert/evidence-kind.ts";
import { createCorrelator } from "../domain/clustering.ts";
import type { MaintenanceWindow } from "../domain/suppression/maintenance.ts";
import { type Source, silentLog } from "../ports.ts";
import { withBot } from "./offline.ts";
import { readableSources } from "./own-source.ts";
import { loadPlugins } from "./plugins.ts";
import { createBar, type ProgressBar } from "./progress-bar.ts";
import { incidentsHolding, keptDeliveries } from "./replay-kept.ts";
import { formatComparison, formatReplay } from "./replay-text.ts";
import { type Judge, shippedJudge, versionJudge } from "./replay-versions.ts";
import { replayWatchCommand } from "./replay-watch.ts";
import { configuredWindows } from "./windows.ts";

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

/** One set of deliveries to replay, readable again and again. */
interface Tape {
  readonly name: string;
  read(): AsyncIterable<RecordedDelivery>;
}

/** Exit code 1 when a delivery was not understood; what was is replayed all the same. */
export async function replayCommand(files: readonly string[], options: ReplayArguments): Promise<void> {
  const { watch } = options;
  if (watch !== undefined) return replayWatchCommand(files, { ...options, watch });
  checkArguments(files, options);
  if (needsDatabase(options))
    return withBot(async ({ config, store }) => {
      const judgeOf = (version: string) => versionJudge(store, version);
      const tapes =
        options.days === undefined
          ? await tapesOf(files)
          : [await keptDeliveries(store, daysOf(options.days))];
      // What is in a file need not be what this bot received.
      const incidentsOf =
        options.days === undefined ? noIncidents : (keys: Keys) => incidentsHolding(store, keys);
      await replayAll({ tapes, options, config, judgeOf, incidentsOf });
    });
  const judgeOf = () => Promise.resolve(shippedJudge);
  await replayAll({
    ...{ tapes: await tapesOf(files), options, config: readConfig() },
    ...{ judgeOf, incidentsOf: noIncidents },
  });
}

/** Of alerts. */
type Keys = readonly string[];
type IncidentsOf = (keys: Keys) => Promise<ReadonlyMap<string, number>>;

const noIncidents: IncidentsOf = () => Promise.resolve(new Map());

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

function isConfigFile(name: string): boolean {
  return /\.ya?ml$/.test(name);
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
  incidentsOf,
}: {
  readonly tapes: readonly Tape[];
  readonly options: ReplayArguments;
  readonly config: Config;
  readonly judgeOf: (version: string) => Promise<Judge>;
  readonly incidentsOf: IncidentsOf;
}): Promise<void> {
  const judge = await judgeOf(options.version ?? (options.days === undefined ? "shipped" : "champion"));
  const other =
    options.against === undefined ? null : await otherSide(options.against, config, judge, judgeOf);
  const bar = createBar(tapes.length * (other === null ? 1 : 2));
  let done = 0;
  for (const tape of tapes) {
    const result = await replayOne(tape, config, judge, bar, done++);
    complain(result);
    if (other !== null) {
      const changed = await replayOne(tape, other.config, other.judge, bar, done++);
      const compared = compareReplays(result, changed);
      const comparison = withIncidents(compared, await incidentsOf(exampleKeys(compared)));
      const names = { before: judge.name, after: other.name };
      console.log(
        options.json === true ? JSON.stringify(comparison) : formatComparison(tape.name, names, comparison),
      );
    } else if (options.out !== undefined) await writePrediction(options.out, tape.name, toPrediction(result));
    else
      console.log(
        options.json === true ? JSON.stringify(toPrediction(result)) : formatReplay(tape.name, result),
      );
  }
  if (options.out !== undefined) console.log(`wrote ${tapes.length} predictions into ${options.out}`);
}

/** What is compared with: another tocsin.yaml under the same version, or another version under the same tocsin.yaml. */
async function otherSide(
  against: string,
  config: Config,
  judge: Judge,
  judgeOf: (version: string) => Promise<Judge>,
): Promise<{ readonly name: string; readonly config: Config; readonly judge: Judge }> {
  if (isConfigFile(against)) return { name: against, config: readOtherConfig(against), judge };
  const other = against === "shipped" ? shippedJudge : await judgeOf(against);
  return { name: other.name, config, judge: other };
}

async function replayOne(
  tape: Tape,
  config: Config,
  judge: Judge,
  bar: ProgressBar,
  index: number,
): Promise<ReplayResult> {
  const kindOf = createKindOf(config.evidenceKinds);
  const hasTopology = config.topology.edges.length + config.topology.services.length > 0;
  bar.show(index, tape.name, 0);
  const result = await replay({
    deliveries: tape.read(),
    sources: await sourcesOf(config),
    correlator: createCorrelator({ weights: judge.weights, kindOf }),
    kindOf,
    weights: judge.weights,
    ...(hasTopology ? { topology: config.topology } : {}),
    mutes: { inhibition: config.inhibition, windows: await windowsOf(config) },
    onProgress: (deliveries) => bar.show(index, tape.name, deliveries),
  });
  bar.clear();
  return result;
}

/** The windows of tocsin.yaml as if they had been made by command, with numbers of their own. */
async function windowsOf(config: Config): Promise<readonly MaintenanceWindow[]> {
  const cron = await createCron(silentLog);
  return configuredWindows("maintenance", config.maintenance, cron).map((window, index) => ({
    ...window,
    id: index + 1,
    createdBy: "tocsin.yaml",
    createdAt: new Date(0),
  }));
}

async function sourcesOf(config: Config): Promise<ReadonlyMap<string, Source>> {
  const configured = readableSources((await loadPlugins(config)).sources);
  return new Map(
    [...configured].map(([name, { source, settings }]): [string, Source] => [
      name,
      { ...source, parse: (body, delivery) => source.parse(body, delivery, settings) },
    ]),
  );
}

function complain(result: ReplayResult): void {
  for (const problem of result.problems) console.error(`replay: ${problem}`);
  if (result.problems.length > 0) process.exitCode = 1;
}
