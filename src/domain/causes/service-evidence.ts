/** What speaks for and against each service as the root of an incident, as named numbers. */

import type { CauseQuestion } from "../clustering/correlation.ts";
import type { ServiceGraph } from "../topology.ts";
import { byService, maxSymptoms, readSymptoms, type Symptom } from "./symptoms.ts";

/** One named number with the sentence that explains it. */
export interface Feature {
  readonly name: string;
  /** Roughly -1 to 3; multiplied by the weight of the same name. */
  readonly value: number;
  readonly because: string;
}

export interface ServiceEvidence {
  readonly service: string;
  readonly features: readonly Feature[];
}

const maxSilent = 60;
const silentHops = 2;
/** Alerts this soon after the first are among the first, minutes. */
const atOnceMinutes = 0.1;
/** A magnitude of this much is one unit of a `size:` feature. */
const sizeUnit = 3;
/**
 * Slowness below this magnitude, some seven times the usual, says nothing of who is to blame. Beyond it the usual value
 * was close to nothing, which is how a caller looks that waits for somebody else.
 */
const plainSlowness = 2;

/** What all candidates are judged by. */
interface Scene {
  readonly symptoms: readonly Symptom[];
  readonly alerting: ReadonlyMap<string, readonly Symptom[]>;
  /** Services with any alert but of traffic, which falls with whoever calls. */
  readonly failing: ReadonlySet<string>;
  readonly graph: ServiceGraph;
}

/**
 * Collects the evidence of every candidate: alerting services, services they name, silent neighbours within two calls.
 * @param extra - further candidates.
 */
export function weighServices(
  { alerts, kindOf, leftOut }: Pick<CauseQuestion, "alerts" | "kindOf" | "leftOut">,
  graph: ServiceGraph,
  extra: readonly string[] = [],
): readonly ServiceEvidence[] {
  const symptoms = readSymptoms(alerts, kindOf);
  leftOut?.note("cause_alerts", Math.max(0, alerts.length - maxSymptoms));
  const alerting = byService(symptoms);
  const failing = [...alerting].filter(([, own]) => own.some(({ kind }) => kind !== "traffic"));
  const scene = { symptoms, alerting, failing: new Set(failing.map(([service]) => service)), graph };
  const named = symptoms.flatMap(({ points }) => points);
  const silent = silentNeighbours(scene);
  leftOut?.note("cause_neighbours", Math.max(0, silent.length - maxSilent));
  const near = silent.slice(0, maxSilent);
  const candidates = new Set([...alerting.keys(), ...named, ...extra, ...near]);
  return [...candidates].map((service) => ({ service, features: featuresOf(service, scene) }));
}

/** Those near most alerting services first. */
function silentNeighbours({ alerting, graph }: Scene): readonly string[] {
  const near = new Map<string, number>();
  for (const service of alerting.keys())
    for (const [other, hops] of graph.around(service, silentHops))
      if (!alerting.has(other)) near.set(other, (near.get(other) ?? 0) + 1 / hops);
  return [...near].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1)).map(([service]) => service);
}

function featuresOf(service: string, scene: Scene): readonly Feature[] {
  const own = scene.alerting.get(service) ?? [];
  return [...ownFeatures(service, own), ...blame(service, scene), ...placeFeatures(service, own, scene)];
}

/** What its own alerts are. */
function ownFeatures(service: string, own: readonly Symptom[]): readonly Feature[] {
  if (own.length === 0) return [{ name: "silent", value: 1, because: `${service} has no alert of its own` }];
  const features: Feature[] = [];
  for (const kind of new Set(own.map((symptom) => symptom.kind))) {
    const alike = own.filter((symptom) => symptom.kind === kind);
    const because = `${kind} alert on ${service}: ${alike[0]?.alert.summary}`;
    features.push({ name: `kind:${kind}`, value: 1, because });
    const size = sizeOf(alike);
    const telling = kind === "latency" || kind === "call" ? Math.max(0, size - plainSlowness) : size;
    const times = `${kind} of ${service} is ${Math.exp(size).toFixed(1)} times off its usual value`;
    if (telling > 0) features.push({ name: `size:${kind}`, value: telling / sizeUnit, because: times });
  }
  if (own.length > 1)
    features.push({
      name: "count",
      value: Math.log2(own.length),
      because: `${own.length} alerts on ${service}`,
    });
  if (own.some(({ lagMinutes }) => lagMinutes <= atOnceMinutes))
    features.push({ name: "first", value: 1, because: `${service} was among the first to alert` });
  if (own.some(({ isFromOutside }) => isFromOutside))
    features.push({ name: "outside", value: 1, because: `${service} is measured by those who call it` });
  return features;
}

function sizeOf(symptoms: readonly Symptom[]): number {
  return Math.max(...symptoms.map(({ magnitude }) => magnitude ?? 0));
}

/** What the alerts of others say of it. */
function blame(service: string, { symptoms }: Scene): readonly Feature[] {
  const blaming = symptoms.filter(({ points }) => points.includes(service));
  if (blaming.length === 0) return [];
  const value = Math.log2(1 + new Set(blaming.map((symptom) => symptom.service)).size);
  return [
    {
      name: "blamed",
      value,
      because: `named by ${blaming.length} ${blaming.length === 1 ? "alert" : "alerts"} of others`,
    },
  ];
}

/** What its callers and callees say of it. */
function placeFeatures(service: string, own: readonly Symptom[], scene: Scene): readonly Feature[] {
  const { graph, alerting } = scene;
  const features = [...explainedAway(service, own, scene)];
  const hurt = [...graph.callers(service)].filter((caller) => alerting.has(caller));
  if (hurt.length > 0)
    features.push({
      name: "explains",
      value: Math.log2(1 + hurt.length),
      because:
        hurt.length === 1
          ? `1 caller of ${service} is alerting`
          : `${hurt.length} callers of ${service} are alerting`,
    });
  const busier = hurt.find((caller) => hasMoreTraffic(alerting.get(caller) ?? []));
  if (busier !== undefined && hasMoreTraffic(own))
    features.push({
      name: "surge",
      value: 1,
      because: `${service} gets more traffic because its caller ${busier} does`,
    });
  if (own.length === 0) features.push(...measured(service, scene));
  return features;
}

/**
 * Silent, but what it alone calls is slow or failing as seen from here, and nothing that it calls says so of itself: the
 * trouble may be its own.
 */
function measured(service: string, { graph, alerting }: Scene): readonly Feature[] {
  const sick = [...graph.callees(service)].filter((callee) => alerting.has(callee));
  const isSeenFromHere = (callee: string) =>
    graph.callers(callee).size === 1 &&
    (alerting.get(callee) ?? []).every(({ isFromOutside }) => isFromOutside);
  const [far] = sick;
  if (far === undefined || !sick.every(isSeenFromHere)) return [];
  return [{ name: "measures", value: 1, because: `only ${service} calls ${far}, which is alerting` }];
}

/** Requests come from callers, so a rise of them does too. */
function hasMoreTraffic(symptoms: readonly Symptom[]): boolean {
  return symptoms.some(({ kind, excess }) => kind === "traffic" && excess !== null);
}

/** Whether trouble of a callee accounts for its own, from 1, all of it, to -1, nothing of it. */
function explainedAway(
  service: string,
  own: readonly Symptom[],
  { graph, alerting, failing }: Scene,
): readonly Feature[] {
  if (own.length === 0) return [];
  const sick = [...graph.callees(service)].filter((callee) => failing.has(callee));
  const [worst] = sick
    .map((callee) => ({ callee, share: accountedFor(own, alerting.get(callee) ?? []) }))
    .sort((a, b) => b.share - a.share || (a.callee < b.callee ? -1 : 1));
  if (worst === undefined) return [];
  const { callee, share } = worst;
  const because =
    share >= 0.5
      ? `${service} calls ${callee}, which is alerting too`
      : `${service} calls ${callee}, whose trouble is too small to account for its own`;
  return [{ name: "explained", value: 2 * share - 1, because }];
}

/** Where no two alerts measure the same. */
const likelyShare = 0.75;

/** Part of a service's trouble that a callee's of the same measure accounts for, by ratio or in its unit, 0 to 1. */
function accountedFor(own: readonly Symptom[], callee: readonly Symptom[]): number {
  let best: number | null = null;
  for (const mine of own)
    for (const theirs of callee) {
      if (mine.alert.name !== theirs.alert.name || mine.kind !== theirs.kind) continue;
      const share = Math.max(
        part(theirs.magnitude, mine.magnitude) ?? -1,
        part(theirs.excess, mine.excess) ?? -1,
      );
      if (share >= 0) best = Math.max(best ?? 0, share);
    }
  return best ?? likelyShare;
}

function part(of: number | null, whole: number | null): number | null {
  return of === null || whole === null || whole <= 0 ? null : Math.min(1, of / whole);
}
