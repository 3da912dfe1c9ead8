/**
 * Runs a recorded stream through the real parsers, the correlator and the ranking of causes, in memory and in virtual
 * time: what the bot would have made of it. How teams tune before going live, and how judgement is measured.
 */

import { entityOf } from "../domain/alert/entity.ts";
import type { KindOf } from "../domain/alert/evidence-kind.ts";
import { type Alert, alertKey } from "../domain/alert.ts";
import { rankCauses } from "../domain/causes.ts";
import type { Change } from "../domain/change.ts";
import type { Cause, Correlator, Observation, Reason } from "../domain/clustering/correlation.ts";
import { type FirstAnswer, firstAnswer } from "../domain/explanation/first-answer.ts";
import { joinTopologies, type Topology } from "../domain/topology.ts";
import type { Weights } from "../domain/weights.ts";
import type { Source } from "../ports.ts";
import { createGrouping, type PlacedAlert } from "./replay/placing.ts";
import type { ReplayedRules } from "./replay/rules.ts";
import { createStoredChanges, type StoredChanges } from "./replay/stored-changes.ts";
import { createReplayedTriage } from "./replay/triage.ts";

/** One line of a recording, already JSON. `where` names file and line for complaints. */
export interface RecordedDelivery {
  readonly at: Date;
  readonly source: string;
  readonly body: unknown;
  readonly where: string;
}

export interface ReplayOptions {
  readonly deliveries: AsyncIterable<RecordedDelivery>;
  readonly sources: ReadonlyMap<string, Source>;
  /** A new, empty correlator with the same weights. */
  readonly correlator: Correlator;
  readonly weights: Weights;
  /** What sort of evidence an alert is; by the shipped rules when absent. The correlator is given its own. */
  readonly kindOf?: KindOf;
  /** What the bot keeps of changes of the time, in order of time; absent of a recording. */
  readonly storedChanges?: readonly Change[];
  /** What is known of the topology beside the recording: that of tocsin.yaml. */
  readonly topology?: Topology;
  /**
   * What else decides, beside grouping: what flaps or times out, what is muted, where cards go. Without it, alerts are only
   * grouped: each firing for itself, as recordings are scored.
   */
  readonly rules?: ReplayedRules;
  /** Most causes printed per incident. */
  readonly maxCauses?: number;
  /** Called now and then with the number of deliveries taken so far. */
  readonly onProgress?: (deliveries: number) => void;
}

export interface ReplayedAlert {
  /** The sender's own fingerprint where it has one, then "/" and startsAt in RFC 3339. */
  readonly name: string;
  readonly key: string;
  readonly alert: Alert;
  readonly reasons: readonly Reason[];
  /** The delivery that brought it first: "FILE:LINE", or "delivery 12". */
  readonly where: string;
  /** A firing that was held open with an earlier one: it is shown as one with that. */
  readonly isPart: boolean;
}

export interface ReplayedIncident {
  readonly id: number;
  readonly alerts: readonly ReplayedAlert[];
  readonly causes: readonly Cause[];
  /** What the first of them says. */
  readonly answer: FirstAnswer;
}

export interface ReplayResult {
  readonly incidents: readonly ReplayedIncident[];
  /** Channels in which an incident got a card, by its number; also of those that went into another later. Empty without rules. */
  readonly cards: ReadonlyMap<number, readonly string[]>;
  readonly deliveries: number;
  /** What could not be understood, each with its place; the rest was replayed. */
  readonly problems: readonly string[];
}

/** The JSON that `tocsin replay --json` prints and that a scorer reads. */
export interface Prediction {
  readonly incidents: readonly {
    readonly id: string;
    readonly alerts: readonly string[];
    readonly causes: readonly {
      readonly service?: string;
      readonly change?: string;
      readonly confidence: number;
    }[];
  }[];
}

const changesBeforeMs = 2 * 3_600_000;
const progressEvery = 500;
const maxProblems = 100;

interface Tape {
  /** By the key of an alert, the delivery that spoke of it first. */
  readonly places: Map<string, string>;
  readonly stored: StoredChanges;
  readonly changes: Map<string, Change>;
  readonly topologies: Map<string, Topology>;
  readonly problems: string[];
}

/** Replays a recording to its end. Never throws for a bad delivery: it is named in `problems`. */
export async function replay(options: ReplayOptions): Promise<ReplayResult> {
  const { correlator, rules, topology, storedChanges = null } = options;
  const stored = createStoredChanges(storedChanges);
  const tape: Tape = { stored, places: new Map(), changes: new Map(), topologies: new Map(), problems: [] };
  if (topology !== undefined) {
    tape.topologies.set("tocsin.yaml", topology);
    correlator.observe([{ kind: "topology", topology }], new Date(0));
  }
  const placing = rules === undefined ? createGrouping(correlator) : createReplayedTriage(correlator, rules);
  let deliveries = 0;
  for await (const delivery of options.deliveries) {
    const observations = [
      ...changesOf(stored.until(delivery.at), tape),
      ...observationsOf(delivery, options.sources, tape),
    ];
    if (observations.length > 0) placing.take(observations, delivery.at);
    deliveries += 1;
    if (deliveries % progressEvery === 0) options.onProgress?.(deliveries);
  }
  options.onProgress?.(deliveries);
  const incidents = incidentsOf(placing.alerts(), tape, options);
  return { incidents, cards: placing.cards(), deliveries, problems: tape.problems };
}

function observationsOf(
  delivery: RecordedDelivery,
  sources: ReadonlyMap<string, Source>,
  tape: Tape,
): Observation[] {
  const source = sources.get(delivery.source);
  if (source === undefined) {
    complain(tape, `${delivery.where}: unknown source "${delivery.source}"; known: ${[...sources.keys()]}`);
    return [];
  }
  const raw = {
    body: new TextEncoder().encode(JSON.stringify(delivery.body)),
    headers: {},
    receivedAt: delivery.at,
  };
  const result = source.parse(delivery.body, raw, undefined);
  if (result.kind === "unparseable") {
    complain(tape, `${delivery.where}: ${result.problem}. ${result.remedy}`);
    return [];
  }
  const { alerts, changes, topology } = result.delivery;
  for (const alert of alerts) {
    const key = alertKey(alert);
    if (!tape.places.has(key)) tape.places.set(key, delivery.where);
  }
  for (const problem of result.delivery.problems ?? []) complain(tape, `${delivery.where}: ${problem}`);
  if (topology !== null) tape.topologies.set(delivery.source, topology);
  return [
    ...(topology === null ? [] : [{ kind: "topology", topology: wholeTopology(tape) } satisfies Observation]),
    ...changesOf(tape.stored.news(changes), tape),
    ...alerts.map((alert): Observation => ({ kind: "alert", key: alertKey(alert), alert })),
  ];
}

function changesOf(changes: readonly Change[], tape: Tape): readonly Observation[] {
  for (const change of changes) tape.changes.set(change.id, change);
  return changes.map((change) => ({ kind: "change", change }));
}

function complain(tape: Tape, problem: string): void {
  if (tape.problems.length < maxProblems) tape.problems.push(problem);
}

/** What all sources together say of the topology. */
function wholeTopology(tape: Tape): Topology {
  return joinTopologies(tape.topologies.values());
}

function incidentsOf(
  alerts: Iterable<PlacedAlert>,
  tape: Tape,
  { weights, kindOf, maxCauses = 5 }: ReplayOptions,
): ReplayedIncident[] {
  const byIncident = new Map<number, PlacedAlert[]>();
  for (const placed of alerts) {
    const list = byIncident.get(placed.incidentId);
    if (list === undefined) byIncident.set(placed.incidentId, [placed]);
    else list.push(placed);
  }
  const topology = wholeTopology(tape);
  const changes = [...tape.changes.values()].sort((a, b) => a.at.getTime() - b.at.getTime());
  return [...byIncident]
    .sort(([a], [b]) => a - b)
    .map(([id, placed]) => {
      const sorted = placed
        .map((one) => replayedAlert(one, tape))
        .sort(
          (a, b) => a.alert.startsAt.getTime() - b.alert.startsAt.getTime() || (a.name < b.name ? -1 : 1),
        );
      const near = changesNear(changes, sorted);
      const question = {
        alerts: sorted.flatMap(({ alert, isPart }) => (isPart ? [] : [alert])),
        changes: near,
        ...{ topology, feedback: new Map(), ...(kindOf === undefined ? {} : { kindOf }) },
      };
      const causes = rankCauses(question, weights);
      const answer = firstAnswer(causes[0], {
        alerts: question.alerts.map(entityOf),
        others: near.map(({ service }) => service),
      });
      return { id, alerts: sorted, causes: causes.slice(0, maxCauses), answer };
    });
}

function replayedAlert({ key, alert, reasons, partOf }: PlacedAlert, { places }: Tape): ReplayedAlert {
  const name = `${alert.externalId ?? alert.fingerprint}/${alert.startsAt.toISOString()}`;
  return { name, key, alert, reasons, where: places.get(key) ?? "", isPart: partOf !== undefined };
}

/** Changes from two hours before the earliest alert to the latest alert. */
function changesNear(changes: readonly Change[], alerts: readonly ReplayedAlert[]): Change[] {
  const starts = alerts.map((item) => item.alert.startsAt.getTime());
  const from = Math.min(...starts) - changesBeforeMs;
  const until = Math.max(...starts);
  return changes.filter((change) => change.at.getTime() >= from && change.at.getTime() <= until);
}

/** The result in the form that scorers read. */
export function toPrediction(result: ReplayResult): Prediction {
  return {
    incidents: result.incidents.map(({ id, alerts, causes }) => ({
      id: String(id),
      alerts: alerts.map((item) => item.name),
      causes: causes.map(({ service, changeId, confidence }) => ({
        ...(service === null ? {} : { service }),
        ...(changeId === null ? {} : { change: changeId }),
        confidence: Math.round(confidence * 1000) / 1000,
      })),
    })),
  };
}
