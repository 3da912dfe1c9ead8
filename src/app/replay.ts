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
import { notifying, type ReplayedMutes } from "./replay-mutes.ts";

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
  /** What is known of the topology beside the recording: that of tocsin.yaml. */
  readonly topology?: Topology;
  /** What tocsin.yaml mutes; nothing by default. */
  readonly mutes?: ReplayedMutes;
  /** Most causes printed per incident. */
  readonly maxCauses?: number;
  /** Called now and then with the number of deliveries taken so far. */
  readonly onProgress?: (deliveries: number) => void;
}

export interface ReplayedAlert {
  /** The sender's own fingerprint where it has one, then "/" and startsAt in RFC 3339. */
  readonly name: string;
  readonly alert: Alert;
  readonly reasons: readonly Reason[];
  /** The delivery that brought it first: "FILE:LINE", or "delivery 12". */
  readonly where: string;
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
  /** Incidents of which nothing would have notified, so that they have no card. */
  readonly muted: ReadonlySet<number>;
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

const noMutes: ReplayedMutes = { inhibition: [], windows: [] };
const changesBeforeMs = 2 * 3_600_000;
const progressEvery = 500;
const maxProblems = 100;

interface Tape {
  readonly alerts: Map<
    string,
    { alert: Alert; reasons: readonly Reason[]; incidentId: number | null; readonly where: string }
  >;
  readonly changes: Map<string, Change>;
  readonly topologies: Map<string, Topology>;
  readonly problems: string[];
}

/** Replays a recording to its end. Never throws for a bad delivery: it is named in `problems`. */
export async function replay(options: ReplayOptions): Promise<ReplayResult> {
  const tape: Tape = { alerts: new Map(), changes: new Map(), topologies: new Map(), problems: [] };
  if (options.topology !== undefined) {
    tape.topologies.set("tocsin.yaml", options.topology);
    options.correlator.observe([{ kind: "topology", topology: options.topology }], new Date(0));
  }
  let deliveries = 0;
  for await (const delivery of options.deliveries) {
    const observations = observationsOf(delivery, options.sources, tape);
    if (observations.length > 0) place(options.correlator, observations, delivery, tape);
    deliveries += 1;
    if (deliveries % progressEvery === 0) options.onProgress?.(deliveries);
  }
  options.onProgress?.(deliveries);
  return {
    incidents: incidentsOf(tape, options),
    muted: mutedOf(tape, options),
    deliveries,
    problems: tape.problems,
  };
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
  for (const problem of result.delivery.problems ?? []) complain(tape, `${delivery.where}: ${problem}`);
  for (const change of changes) tape.changes.set(change.id, change);
  if (topology !== null) tape.topologies.set(delivery.source, topology);
  return [
    ...(topology === null ? [] : [{ kind: "topology", topology: wholeTopology(tape) } satisfies Observation]),
    ...changes.map((change): Observation => ({ kind: "change", change })),
    ...alerts.map((alert): Observation => ({ kind: "alert", key: alertKey(alert), alert })),
  ];
}

function complain(tape: Tape, problem: string): void {
  if (tape.problems.length < maxProblems) tape.problems.push(problem);
}

/** What all sources together say of the topology. */
function wholeTopology(tape: Tape): Topology {
  return joinTopologies(tape.topologies.values());
}

function place(
  correlator: Correlator,
  observations: readonly Observation[],
  { at, where }: RecordedDelivery,
  tape: Tape,
): void {
  for (const observation of observations) {
    if (observation.kind !== "alert") continue;
    const known = tape.alerts.get(observation.key);
    if (known) known.alert = observation.alert;
    else tape.alerts.set(observation.key, { alert: observation.alert, reasons: [], incidentId: null, where });
  }
  for (const placement of correlator.observe(observations, at).placements) {
    const placed = tape.alerts.get(placement.key);
    if (placed === undefined) continue;
    placed.incidentId = placement.incidentId;
    placed.reasons = placement.reasons;
  }
}

function incidentsOf(tape: Tape, options: ReplayOptions): ReplayedIncident[] {
  const byIncident = new Map<number, ReplayedAlert[]>();
  for (const { alert, reasons, incidentId, where } of tape.alerts.values()) {
    if (incidentId === null) continue;
    const name = `${alert.externalId ?? alert.fingerprint}/${alert.startsAt.toISOString()}`;
    const list = byIncident.get(incidentId) ?? [];
    list.push({ name, alert, reasons, where });
    byIncident.set(incidentId, list);
  }
  const topology = wholeTopology(tape);
  const changes = [...tape.changes.values()].sort((a, b) => a.at.getTime() - b.at.getTime());
  return [...byIncident]
    .sort(([a], [b]) => a - b)
    .map(([id, alerts]) => {
      const sorted = alerts.sort(
        (a, b) => a.alert.startsAt.getTime() - b.alert.startsAt.getTime() || (a.name < b.name ? -1 : 1),
      );
      const near = changesNear(changes, sorted);
      const causes = rankCauses(
        {
          alerts: sorted.map((item) => item.alert),
          changes: near,
          topology,
          feedback: new Map(),
          ...(options.kindOf === undefined ? {} : { kindOf: options.kindOf }),
        },
        options.weights,
      );
      const answer = firstAnswer(causes[0], {
        alerts: sorted.map((item) => entityOf(item.alert)),
        others: near.map(({ service }) => service),
      });
      return { id, alerts: sorted, causes: causes.slice(0, options.maxCauses ?? 5), answer };
    });
}

function mutedOf({ alerts }: Tape, { mutes = noMutes }: ReplayOptions): ReadonlySet<number> {
  const heard = notifying(new Map([...alerts].map(([key, { alert }]) => [key, alert])), mutes);
  const muted = new Set<number>();
  for (const { incidentId } of alerts.values()) if (incidentId !== null) muted.add(incidentId);
  for (const [key, { incidentId }] of alerts)
    if (incidentId !== null && heard.has(key)) muted.delete(incidentId);
  return muted;
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
