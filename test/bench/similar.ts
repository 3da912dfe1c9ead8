/**
 * Similar past incidents on the recurring faults of the streams: of what is shown as similar, how much is the same
 * fault again.
 *   node --import tsx test/bench/similar.ts [BENCH_DIR]
 *
 * A truth file names the root service of a fault, not the fault. The streams play the same recordings again and again,
 * so two faults are called the same ("again") when they have the same root service and most of their alerts carry the
 * very same measured values, which the product never compares; a looser reading ("same root") asks for the service
 * alone. An incident is judged as the fault that most of its alerts belong to.
 */
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { findRecordings, readRecording } from "../../src/adapters/recordings.ts";
import alertmanager from "../../src/adapters/sources/alertmanager.ts";
import changes from "../../src/adapters/sources/changes.ts";
import topology from "../../src/adapters/sources/topology.ts";
import { type ReplayedIncident, replay } from "../../src/app/replay.ts";
import { createCorrelator } from "../../src/domain/clustering.ts";
import {
  type FeatureRarity,
  featureKey,
  featuresOf,
  type IncidentFeature,
  minSimilarity,
  minSimilarityIfExplained,
  rankSimilar,
  type SimilarCandidate,
} from "../../src/domain/incident/similar.ts";
import { shippedWeights } from "../../src/domain/weights.ts";
import { type Case, casesOf, readTruth, regrouped } from "./similar-cases.ts";

const sources = new Map([alertmanager, changes, topology].map((source) => [source.name, source]));
/** The streams; a recording of one incident has no past. */
const sets: readonly string[] = ["nezha-seq", "nezha-cross", "nezha-mixed", "nezha-same"];

/** One line of the table; shares are 0 to 1, NaN when there was nothing to judge. */
export interface SimilarRow {
  readonly set: string;
  readonly method: string;
  /** Incidents of a fault. */
  readonly asked: number;
  /** Of those: the fault had happened before. */
  readonly recurring: number;
  /** Share of the recurring whose first shown incident, or one of the first three, is the same fault; silence is a miss. */
  readonly hitAt1: number;
  readonly hitAt3: number;
  /** Share of what is shown first, or among the first three, that is the same fault again; silence is left out. */
  readonly precisionAt1: number;
  readonly precisionAt3: number;
  /** The same for the root service alone. */
  readonly sameRootAt1: number;
  /** Share of the asked for which nothing is shown; of those whose fault is new. */
  readonly silent: number;
  readonly silentWhenNew: number;
  /** Of new faults whose root had another fault before: the first shown has that root. */
  readonly kinHitAt1: number;
}

/** What the judgement bench hands over of one replayed stream. */
export interface ReplayedStream {
  /** "SET/NAME". */
  readonly name: string;
  readonly incidents: readonly ReplayedIncident[];
}

/** Measures streams that were replayed already. */
export function rowsOf(bench: string, streams: readonly ReplayedStream[]): readonly SimilarRow[] {
  const bySet = new Map<string, { readonly ours: Case[]; readonly true: Case[] }[]>();
  for (const { name, incidents } of streams) {
    const set = name.split("/")[0] ?? "";
    if (!sets.includes(set)) continue;
    const truth = readTruth(bench, name);
    const grouped = { ours: casesOf(incidents, truth), true: casesOf(regrouped(incidents, truth), truth) };
    bySet.set(set, [...(bySet.get(set) ?? []), grouped]);
  }
  return [...bySet].flatMap(([set, list]) =>
    methods.map(({ name, grouping, show }) =>
      measure(
        set,
        name,
        list.map((stream) => [stream[grouping], show(stream[grouping])]),
      ),
    ),
  );
}

interface Method {
  readonly name: string;
  /** Whose incidents are asked about: those that the product made, or those of the truth. */
  readonly grouping: "ours" | "true";
  /** For each case in order the earlier ones shown, best first. */
  readonly show: (cases: readonly Case[]) => readonly (readonly Case[])[];
}

const methods: readonly Method[] = [
  { name: "same title", grouping: "ours", show: sameTitle },
  { name: "similar", grouping: "ours", show: (cases) => similar(cases, {}) },
  { name: "asked after 2 min", grouping: "ours", show: (cases) => similar(cases, { withinMs: 120_000 }) },
  {
    name: "if explained",
    grouping: "ours",
    show: (cases) => similar(cases, { min: minSimilarityIfExplained }),
  },
  { name: "true grouping", grouping: "true", show: (cases) => similar(cases, {}) },
];

/** What was shown before: resolved incidents of the same title, newest first. */
function sameTitle(cases: readonly Case[]): readonly (readonly Case[])[] {
  return cases.map((asked) =>
    cases.filter((other) => other.over < asked.at && other.title === asked.title).reverse(),
  );
}

/** @param asking - what is known of an incident when it is asked, and from which similarity on an answer is shown. */
function similar(
  cases: readonly Case[],
  asking: { readonly withinMs?: number; readonly min?: number },
): readonly (readonly Case[])[] {
  const { withinMs = Number.POSITIVE_INFINITY, min = minSimilarity } = asking;
  const features = new Map(cases.map((each) => [each.id, featuresOf(each.alerts)]));
  const ended = [...cases].sort((a, b) => a.over - b.over);
  const past = createPast();
  let next = 0;
  return cases.map((asked) => {
    for (let other = ended[next]; other !== undefined && other.over < asked.at; other = ended[next]) {
      past.add(other, features.get(other.id) ?? []);
      next += 1;
    }
    const soFar = asked.alerts.filter(({ startsAt }) => startsAt.getTime() <= asked.at + withinMs);
    const mine = featuresOf(soFar);
    const ranked = rankSimilar(mine, past.sharing(mine), past.rarity());
    return ranked
      .filter(({ similarity }) => similarity >= min)
      .flatMap(({ incidentId }) => past.find(incidentId));
  });
}

/** Resolved incidents by what they are known by. */
function createPast() {
  const byId = new Map<number, { readonly each: Case; readonly features: readonly IncidentFeature[] }>();
  const byKey = new Map<string, number[]>();
  return {
    add(each: Case, features: readonly IncidentFeature[]) {
      byId.set(each.id, { each, features });
      for (const key of features.map(featureKey)) byKey.set(key, [...(byKey.get(key) ?? []), each.id]);
    },
    find: (id: number): readonly Case[] => [byId.get(id)].flatMap((found) => found?.each ?? []),
    /** Without a shared kind of alert there is no similarity worth showing. */
    sharing(features: readonly IncidentFeature[]): readonly SimilarCandidate[] {
      const ids = new Set(
        features.filter(({ kind }) => kind === "type").flatMap((type) => byKey.get(featureKey(type)) ?? []),
      );
      return [...ids].map((id) => ({ incidentId: id, features: byId.get(id)?.features ?? [] }));
    },
    rarity: (): FeatureRarity => ({
      incidents: byId.size,
      having: new Map([...byKey].map(([key, ids]) => [key, ids.length])),
    }),
  };
}

function measure(
  set: string,
  method: string,
  streams: readonly (readonly [readonly Case[], readonly (readonly Case[])[]])[],
): SimilarRow {
  const asked = streams.flatMap(([cases, shown]) =>
    cases.flatMap((each, index) => {
      if (each.fault === null) return [];
      const before = cases.filter((other) => other.over < each.at);
      return [{ each, before, shown: shown[index] ?? [] }];
    }),
  );
  const isSame = (a: Case, b: Case) => a.fault === b.fault;
  const isRoot = (a: Case, b: Case) => a.root === b.root;
  const share = (of: typeof asked, test: (one: (typeof asked)[number]) => boolean) =>
    of.length === 0 ? Number.NaN : of.filter(test).length / of.length;
  const again = asked.filter(({ each, before }) => before.some((other) => isSame(each, other)));
  const fresh = asked.filter(({ each, before }) => !before.some((other) => isSame(each, other)));
  const kin = fresh.filter(({ each, before }) => before.some((other) => isRoot(each, other)));
  const spoken = asked.filter(({ shown }) => shown.length > 0);
  const firstThree = spoken.flatMap(({ each, shown }) =>
    shown.slice(0, 3).map((other) => ({ each, before: [], shown: [other] })),
  );
  const hits = (most: number, test: typeof isSame) => (one: (typeof asked)[number]) =>
    one.shown.slice(0, most).some((other) => test(one.each, other));
  return {
    set,
    method,
    asked: asked.length,
    recurring: again.length,
    hitAt1: share(again, hits(1, isSame)),
    hitAt3: share(again, hits(3, isSame)),
    precisionAt1: share(spoken, hits(1, isSame)),
    precisionAt3: share(firstThree, hits(1, isSame)),
    sameRootAt1: share(spoken, hits(1, isRoot)),
    silent: 1 - spoken.length / Math.max(1, asked.length),
    silentWhenNew: share(fresh, ({ shown }) => shown.length === 0),
    kinHitAt1: share(kin, hits(1, isRoot)),
  };
}

/** The rows as a Markdown table. */
export function similarTable(rows: readonly SimilarRow[]): string {
  const head = [
    "set",
    "method",
    "asked",
    "again",
    "hit@1",
    "hit@3",
    "P@1",
    "P@3",
    "root@1",
    "silent",
    "silent if new",
    "kin@1",
  ];
  const figure = (value: number) => (Number.isNaN(value) ? "-" : value.toFixed(3));
  const cells = rows.map((row) => [
    row.set,
    row.method,
    String(row.asked),
    String(row.recurring),
    ...[
      row.hitAt1,
      row.hitAt3,
      row.precisionAt1,
      row.precisionAt3,
      row.sameRootAt1,
      row.silent,
      row.silentWhenNew,
      row.kinHitAt1,
    ].map(figure),
  ]);
  return [head, head.map(() => "---"), ...cells].map((line) => `| ${line.join(" | ")} |`).join("\n");
}

/** Replays the streams and measures them. */
export async function similarRows(bench: string): Promise<readonly SimilarRow[]> {
  const streams: ReplayedStream[] = [];
  for (const { name, path } of await findRecordings(bench)) {
    if (!sets.includes(name.split("/")[0] ?? "")) continue;
    const { incidents } = await replay({
      deliveries: readRecording(path),
      sources,
      correlator: createCorrelator({ weights: shippedWeights }),
      weights: shippedWeights,
    });
    streams.push({ name, incidents });
  }
  return rowsOf(bench, streams);
}

async function main(): Promise<number> {
  const bench = resolve(process.argv[2] ?? join(import.meta.dirname, "../../../shared/bench"));
  if (!existsSync(bench)) {
    console.log(
      `similar: skipped, there is no benchmark at ${bench} (pass its folder as the first argument)`,
    );
    return 0;
  }
  console.log(similarTable(await similarRows(bench)));
  return 0;
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href)
  process.exitCode = await main();
