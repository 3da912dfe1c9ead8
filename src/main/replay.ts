/** `tocsin replay`: recordings through the real parsers, grouping and ranking, in memory and in virtual time. */
import { statSync } from "node:fs";
import { findRecordings, readRecording, writePrediction } from "../adapters/recordings.ts";
import { type ReplayResult, replay, toPrediction } from "../app/replay.ts";
import { readConfig } from "../config.ts";
import { createCorrelator } from "../domain/clustering.ts";
import { shippedWeights } from "../domain/weights.ts";
import type { Source } from "../ports.ts";
import { loadPlugins } from "./plugins.ts";
import { formatReplay } from "./replay-text.ts";

export interface ReplayArguments {
  readonly json?: boolean;
  readonly out?: string;
}

/** Exit code 1 when a line was not understood; what was is replayed all the same. */
export async function replayCommand(files: readonly string[], options: ReplayArguments): Promise<void> {
  const config = readConfig();
  const hasTopology = config.topology.edges.length + config.topology.services.length > 0;
  const configured = (await loadPlugins(config)).sources;
  const sources = new Map(
    [...configured].map(([name, { source, settings }]): [string, Source] => [
      name,
      { ...source, parse: (body, delivery) => source.parse(body, delivery, settings) },
    ]),
  );
  const isFolder = files.some((file) => statSync(file, { throwIfNoEntry: false })?.isDirectory() === true);
  if (isFolder && options.out === undefined)
    throw new Error("a directory needs --out DIR, into which one prediction per recording is written");
  if (!isFolder && options.out !== undefined)
    throw new Error("--out is for a directory; for files use --json");
  const found = (await Promise.all(files.map(findRecordings))).flat();
  if (found.length === 0) throw new Error(`no recordings (.jsonl, .jsonl.gz) in ${files.join(", ")}`);
  const bar = createBar(found.length);
  for (const [index, file] of found.entries()) {
    bar.show(index, file.name, 0);
    const result = await replay({
      deliveries: readRecording(file.path),
      sources,
      correlator: createCorrelator({ weights: shippedWeights }),
      weights: shippedWeights,
      ...(hasTopology ? { topology: config.topology } : {}),
      onProgress: (deliveries) => bar.show(index, file.name, deliveries),
    });
    bar.clear();
    complain(result);
    if (options.out !== undefined) await writePrediction(options.out, file.name, toPrediction(result));
    else
      console.log(
        options.json === true ? JSON.stringify(toPrediction(result)) : formatReplay(file.name, result),
      );
  }
  if (options.out !== undefined) console.log(`wrote ${found.length} predictions into ${options.out}`);
}

function complain(result: ReplayResult): void {
  for (const problem of result.problems) console.error(`replay: ${problem}`);
  if (result.problems.length > 0) process.exitCode = 1;
}

/** A progress bar on a terminal; nothing elsewhere. */
function createBar(total: number): {
  show(done: number, name: string, deliveries: number): void;
  clear(): void;
} {
  const out = process.stderr;
  if (!out.isTTY) return { show: () => undefined, clear: () => undefined };
  const width = 24;
  return {
    show(done, name, deliveries) {
      const filled = Math.round((done / total) * width);
      out.write(
        `\r\x1b[K[${"#".repeat(filled)}${".".repeat(width - filled)}] ${done + 1}/${total} ${name}${deliveries > 0 ? `, ${deliveries} deliveries` : ""}`,
      );
    },
    clear: () => out.write("\r\x1b[K"),
  };
}
