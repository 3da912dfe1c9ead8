/** What speaks for and against each service as the root of an incident, as named numbers. */
import type { Alert } from "./alert.ts";
import { entityOf, peerOf } from "./entity.ts";
import { type EvidenceKind, isCallSide, type KindOf, kindOf, magnitudeOf } from "./evidence-kind.ts";
import type { ServiceGraph } from "./topology.ts";

/** One named number with the sentence that explains it. */
export interface Feature {
  readonly name: string;
  /** Roughly 0 to 3; multiplied by the weight of the same name. */
  readonly value: number;
  readonly because: string;
}

export interface ServiceEvidence {
  readonly service: string;
  readonly features: readonly Feature[];
}

/** An alert with what the ranking reads from it. */
interface Symptom {
  readonly alert: Alert;
  readonly service: string;
  readonly kind: EvidenceKind;
  readonly isCallSide: boolean;
  readonly magnitude: number | null;
  readonly lagMinutes: number;
  /** Services that the alert itself points at, other than its own. */
  readonly points: readonly string[];
}

const maxSymptoms = 400;
const maxSilent = 60;
const maxCoverHops = 3;

/** Collects the evidence of every candidate: alerting services, services they name, silent neighbours. */
export function weighServices(
  alerts: readonly Alert[],
  graph: ServiceGraph,
  extra: readonly string[] = [],
  readKind: KindOf = kindOf,
): readonly ServiceEvidence[] {
  const symptoms = readSymptoms(alerts, readKind);
  const byService = groupBy(symptoms);
  const candidates = new Set(byService.keys());
  for (const symptom of symptoms) for (const service of symptom.points) candidates.add(service);
  for (const service of extra) candidates.add(service);
  for (const service of silentNeighbours(byService, graph)) candidates.add(service);
  return [...candidates].map((service) => ({
    service,
    features: featuresOf(service, byService, symptoms, graph),
  }));
}

function readSymptoms(alerts: readonly Alert[], readKind: KindOf): Symptom[] {
  const onset = Math.min(...alerts.map((alert) => alert.startsAt.getTime()));
  const services = new Set(alerts.map((alert) => entityOf(alert)));
  const symptoms: Symptom[] = [];
  for (const alert of alerts.slice(0, maxSymptoms)) {
    const service = entityOf(alert);
    if (service === null) continue;
    const peer = peerOf(alert);
    const points = new Set(peer?.isCallee === true ? [peer.peer] : []);
    for (const word of alert.summary.slice(0, 500).split(/[\s,;:()'"<>]+/))
      if (word !== service && services.has(word)) points.add(word);
    symptoms.push({
      alert,
      service,
      kind: readKind(alert),
      isCallSide: isCallSide(alert) || peer?.isCallee === true,
      magnitude: magnitudeOf(alert),
      lagMinutes: (alert.startsAt.getTime() - onset) / 60_000,
      points: [...points],
    });
  }
  return symptoms;
}

function groupBy(symptoms: readonly Symptom[]): Map<string, Symptom[]> {
  const groups = new Map<string, Symptom[]>();
  for (const symptom of symptoms) {
    const group = groups.get(symptom.service);
    if (group) group.push(symptom);
    else groups.set(symptom.service, [symptom]);
  }
  return groups;
}

function silentNeighbours(alerting: ReadonlyMap<string, unknown>, graph: ServiceGraph): string[] {
  const near = new Map<string, number>();
  for (const service of alerting.keys())
    for (const [other, hops] of graph.around(service, 2))
      if (!alerting.has(other)) near.set(other, (near.get(other) ?? 0) + 1 / hops);
  return [...near]
    .sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1))
    .slice(0, maxSilent)
    .map(([service]) => service);
}

/** How many alerting services are the service itself or reach it within three calls. */
function coveredBy(service: string, byService: ReadonlyMap<string, unknown>, graph: ServiceGraph): number {
  const seen = new Map([[service, 0]]);
  let covered = 0;
  for (const [at, far] of seen) {
    if (byService.has(at)) covered += 1;
    if (far >= maxCoverHops) continue;
    for (const caller of graph.callers(at)) if (!seen.has(caller)) seen.set(caller, far + 1);
  }
  return covered;
}

function featuresOf(
  service: string,
  byService: ReadonlyMap<string, readonly Symptom[]>,
  symptoms: readonly Symptom[],
  graph: ServiceGraph,
): Feature[] {
  const own = byService.get(service) ?? [];
  const features: Feature[] = [];
  const add = (name: string, value: number, because: string) => {
    if (value !== 0) features.push({ name, value, because });
  };
  if (own.length === 0) add("silent", 1, `${service} has no alert of its own`);
  for (const kind of new Set(own.map((s) => (s.isCallSide && s.kind === "latency" ? "call" : s.kind)))) {
    const of = own.filter((s) => (s.isCallSide && s.kind === "latency" ? "call" : s.kind) === kind);
    add(`kind:${kind}`, 1, `${kind} alert on ${service}: ${of[0]?.alert.summary}`);
    const best = Math.max(...of.map((s) => s.magnitude ?? 0));
    add(
      `size:${kind}`,
      best / 3,
      `${kind} of ${service} is ${Math.exp(best).toFixed(1)} times off its usual value`,
    );
  }
  add("count", Math.log2(Math.max(1, own.length)), `${own.length} alerts on ${service}`);
  const lag = own.length === 0 ? null : Math.min(...own.map((s) => s.lagMinutes));
  if (lag !== null) {
    add("first", lag <= 0.1 ? 1 : 0, `${service} was among the first to alert`);
  }
  const blamers = symptoms.filter((s) => s.points.includes(service));
  add(
    "blamed",
    Math.log2(1 + new Set(blamers.map((s) => s.service)).size),
    `named by ${blamers.length} alerts of others`,
  );
  if (blamers.length > 0) {
    const best = Math.max(...blamers.map((s) => s.magnitude ?? 0));
    add(
      "blamedSize",
      best / 3,
      `calls to ${service} are ${Math.exp(best).toFixed(1)} times off their usual value`,
    );
  }
  const callees = [...graph.callees(service)];
  const sick = callees.filter((callee) => byService.has(callee));
  add(
    "explained",
    sick.length > 0 ? 1 : 0,
    `${service} calls ${sick.slice(0, 3).join(", ")}, which is alerting too`,
  );
  const callers = [...graph.callers(service)];
  const hurt = callers.filter((caller) => byService.has(caller));
  add("explains", Math.log2(1 + hurt.length), `${hurt.length} callers of ${service} are alerting`);
  const covered = coveredBy(service, byService, graph);
  add(
    "covers",
    (2 * covered) / Math.max(1, byService.size),
    `${covered} of ${byService.size} alerting services depend on ${service} or are it`,
  );
  return features;
}
