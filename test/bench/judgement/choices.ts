/** The questions of the benchmark as rows of named numbers: what the weights of causes are fitted to. */
import { findRecordings, readRecording } from "../../../src/adapters/recordings.ts";
import alertmanager from "../../../src/adapters/sources/alertmanager.ts";
import changes from "../../../src/adapters/sources/changes.ts";
import topology from "../../../src/adapters/sources/topology.ts";
import { type ReplayedIncident, replay } from "../../../src/app/replay.ts";
import type { Alert } from "../../../src/domain/alert.ts";
import { type ChangeEvidence, weighChanges } from "../../../src/domain/causes/change-evidence.ts";
import { weighServices } from "../../../src/domain/causes/service-evidence.ts";
import type { Change } from "../../../src/domain/change.ts";
import { createCorrelator } from "../../../src/domain/clustering.ts";
import { createServiceGraph, type ServiceGraph, type Topology } from "../../../src/domain/topology.ts";
import { shippedWeights } from "../../../src/domain/weights.ts";
import { readTruth, type Truth } from "../similar-cases.ts";
import { judgedBy } from "./reliability.ts";

/** Name and value; names are those of the weights, as "service:first", "change:recent", "changed" and so on. */
export type Row = readonly (readonly [name: string, value: number])[];

/** A candidate: a service, or none of them, with a change, or none. */
export interface Candidate {
  readonly service: string | null;
  readonly change: string | null;
  readonly row: Row;
  readonly isRight: boolean;
}

export interface Choice {
  readonly set: string;
  /** Choices of one fold share it: of streams those with the same root, else one recording. */
  readonly fold: string;
  readonly candidates: readonly Candidate[];
  /** What is known of the truth. */
  readonly services: readonly string[];
  /** A change, "none", or null: not known. */
  readonly change: string | null;
}

const sources = new Map([alertmanager, changes, topology].map((source) => [source.name, source]));
const lookBackMs = 2 * 3_600_000;
const farCalls = 4;

/** Replays recordings and asks what the truth knows, given our grouping. */
export async function readChoices(bench: string, isWanted: (name: string) => boolean): Promise<Choice[]> {
  const choices: Choice[] = [];
  for (const { name, path } of await findRecordings(bench)) {
    if (!isWanted(name)) continue;
    const heard = { topology: { edges: [], services: [] } as Topology, changes: new Map<string, Change>() };
    const result = await replay({
      deliveries: listenedTo(path, heard),
      sources,
      correlator: createCorrelator({ weights: shippedWeights }),
      weights: shippedWeights,
    });
    choices.push(
      ...choicesOf({ name, incidents: result.incidents, truth: readTruth(bench, name), ...heard }),
    );
  }
  return choices;
}

async function* listenedTo(path: string, heard: { topology: Topology; changes: Map<string, Change> }) {
  for await (const line of readRecording(path)) {
    const raw = {
      body: new TextEncoder().encode(JSON.stringify(line.body)),
      headers: {},
      receivedAt: line.at,
    };
    const parsed = sources.get(line.source)?.parse(line.body, raw, undefined);
    if (parsed?.kind === "parsed") {
      heard.topology = parsed.delivery.topology ?? heard.topology;
      for (const change of parsed.delivery.changes) heard.changes.set(change.id, change);
    }
    yield line;
  }
}

interface Recording {
  readonly name: string;
  readonly incidents: readonly ReplayedIncident[];
  readonly truth: Truth;
  readonly topology: Topology;
  readonly changes: ReadonlyMap<string, Change>;
}

function choicesOf(recording: Recording): Choice[] {
  const { name, incidents, truth } = recording;
  const [set = ""] = name.split("/");
  const graph = createServiceGraph(recording.topology, shippedWeights.clustering.hubDegree);
  return Object.entries(truth.incidents).flatMap(([id, { services, change }]): Choice[] => {
    const judged = judgedBy(id, incidents, truth);
    if (judged === null || services.length === 0) return [];
    const alerts = judged.alerts.map(({ alert }) => alert);
    const [root = ""] = services;
    const isStream = /^nezha-(?!single)/.test(set);
    // The streams give each copy of a service an ending of its own.
    const fold = isStream ? root.replace(/-[a-z0-9]{4}$/, "") : set === "nezha-single" ? root : name;
    const near = changesNear(recording.changes, alerts);
    const known = { services, change: change === null ? null : standIn(change, truth) };
    return [{ set, fold, ...known, candidates: candidatesOf({ alerts, near, graph, truth, ...known }) }];
  });
}

function changesNear(known: ReadonlyMap<string, Change>, alerts: readonly Alert[]): Change[] {
  const starts = alerts.map(({ startsAt }) => startsAt.getTime());
  const [from, until] = [Math.min(...starts) - lookBackMs, Math.max(...starts)];
  return [...known.values()].filter(({ at }) => at.getTime() >= from && at.getTime() <= until);
}

/** A deploy stands for what it carries. */
function standIn(change: string, { aliases }: Truth): string {
  return aliases[change] ?? change;
}

function candidatesOf(asked: {
  readonly alerts: readonly Alert[];
  readonly near: readonly Change[];
  readonly graph: ServiceGraph;
  readonly truth: Truth;
  readonly services: readonly string[];
  readonly change: string | null;
}): Candidate[] {
  const { alerts, near, graph, truth, services, change } = asked;
  const suspects = weighChanges({ alerts, changes: near }, graph);
  const touched = suspects.flatMap(({ service, names }) => [service ?? [], names].flat());
  const evidence = weighServices({ alerts }, graph, touched);
  const isFound = evidence.some(({ service }) => services.includes(service));
  const isChange = (id: string) => change === null || standIn(id, truth) === change;
  const pairs = evidence.flatMap(({ service, features }) => {
    const row = features.map(({ name, value }) => [`service:${name}`, value] as const);
    const isRight = services.includes(service);
    return [
      {
        service,
        change: null,
        row: [...row, ["noChange", 1] as const],
        isRight: isRight && isChange("none"),
      },
      ...suspects.map((suspect) => ({
        service,
        change: standIn(suspect.change.id, truth),
        row: [...row, ...changeRow(service, suspect, graph)],
        isRight: isRight && isChange(suspect.change.id),
      })),
    ];
  });
  const rest: Row = [
    ["elsewhere", 1],
    ["noChange", 1],
  ];
  return [...pairs, { service: null, change: null, row: rest, isRight: !isFound && isChange("none") }];
}

function changeRow(service: string, suspect: ChangeEvidence, graph: ServiceGraph): Row {
  const features = suspect.features.map(({ name, value }) => [`change:${name}`, value] as const);
  if (suspect.service === service || suspect.names.includes(service)) return [...features, ["changed", 1]];
  const calls = suspect.service === null ? 1 : (graph.hops(service, suspect.service, 2) ?? farCalls);
  return [...features, ["changeDistance", calls]];
}
