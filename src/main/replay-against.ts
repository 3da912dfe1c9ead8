/** `tocsin replay --against`: the same deliveries twice, and what would change. */
import path from "node:path";
import { compareReplays, exampleKeys, withIncidents } from "../app/compare-replays.ts";
import { nothingSet } from "../app/replay/rules.ts";
import { type Config, readOtherConfig } from "../config.ts";
import type { Store } from "../ports.ts";
import { createBar } from "./progress-bar.ts";
import { type ComparedSides, formatComparison } from "./replay-comparison-text.ts";
import { incidentsHolding } from "./replay-kept.ts";
import { incidentPages, noPages, type PageOf } from "./replay-pages.ts";
import { pastSettings, replayedRules } from "./replay-rules.ts";
import { runReplay, type Side, type Tape } from "./replay-run.ts";
import { notReplayed } from "./replay-sections.ts";
import type { Judge } from "./replay-versions.ts";

/** What the bot knows of the time that is replayed; nothing of recordings, which need not be of this bot. */
export interface Kept {
  readonly store: Pick<Store, "incidents" | "subscriptions">;
  readonly since: Date;
}

interface Question {
  readonly tapes: readonly Tape[];
  /** A version of the correlator, or another tocsin.yaml. */
  readonly against: string;
  readonly isJson: boolean;
  readonly config: Config;
  readonly judge: Judge;
  readonly judgeOf: (version: string) => Promise<Judge>;
  readonly kept: Kept | null;
}

const notInRecordings = "silences, maintenance and subscriptions made by command (no recording has them)";
const notDecided = "what people did, and escalation, which depends on it";

/** Prints one comparison for each tape. Returns what was not understood, on either side. */
export async function replayAgainst(question: Question): Promise<readonly string[]> {
  const { tapes, config, judge, kept } = question;
  const past = kept === null ? nothingSet : await pastSettings(kept.store, kept.since);
  const other = await otherSide(question);
  const before: Side = { config, judge, rules: await replayedRules(config, past) };
  const after: Side = { ...other, rules: await replayedRules(other.config, past) };
  const sides = sidesOf(question, other);
  const pageOf = kept === null ? noPages : await incidentPages(config);
  const bar = createBar(tapes.length * 2);
  const problems: string[] = [];
  for (const [index, tape] of tapes.entries()) {
    const results = {
      before: await runReplay(tape, before, bar, 2 * index),
      after: await runReplay(tape, after, bar, 2 * index + 1),
    };
    problems.push(...results.before.problems);
    const known = new Set(results.before.problems);
    for (const problem of results.after.problems)
      if (!known.has(problem)) problems.push(`${sides.after}: ${problem}`);
    const comparison = await placed(compareReplays(results.before, results.after), kept, pageOf);
    console.log(
      question.isJson
        ? JSON.stringify({ recording: tape.name, ...sides, ...comparison })
        : formatComparison(tape.name, sides, comparison),
    );
  }
  return problems;
}

/** Another tocsin.yaml under the same version, or another version under the same tocsin.yaml. */
async function otherSide({ against, config, judge, judgeOf }: Question): Promise<Side> {
  if (isConfigFile(against)) return { config: readOtherConfig(against), judge };
  return { config, judge: await judgeOf(against) };
}

/** True of what names a file, and not a version. */
export function isConfigFile(name: string): boolean {
  return /\.ya?ml$/.test(name);
}

/** What both are called, and what the comparison leaves out. */
function sidesOf({ against, config, judge, kept }: Question, other: Side): ComparedSides {
  const own = config.configFile === null ? "no tocsin.yaml" : path.relative("", config.configFile);
  const isOfFiles = isConfigFile(against);
  const differing = notReplayed(config.sections, other.config.sections);
  return {
    ...(isOfFiles
      ? { before: own, after: against, both: `judged by ${judge.name}` }
      : { before: judge.name, after: other.judge.name, both: `configured by ${own}` }),
    notCompared: [
      ...(differing.length === 0
        ? []
        : [`keys that differ and cannot be replayed (${differing.join(", ")})`]),
      ...(kept === null ? [notInRecordings] : []),
      notDecided,
    ],
  };
}

/** With the incidents of the bot that the examples are of, and their pages. */
async function placed(
  comparison: ReturnType<typeof compareReplays>,
  kept: Kept | null,
  pageOf: PageOf,
): Promise<ReturnType<typeof compareReplays>> {
  if (kept === null) return comparison;
  return withIncidents(comparison, await incidentsHolding(kept.store, exampleKeys(comparison)), pageOf);
}
