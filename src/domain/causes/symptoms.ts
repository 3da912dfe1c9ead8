/** Alerts as the ranking of causes reads them: whose they are, of what kind and how large, and whom they point at. */

import { entityOf, peerOf } from "../alert/entity.ts";
import { type EvidenceKind, isCallSide, type KindOf, kindOf, magnitudeOf } from "../alert/evidence-kind.ts";
import type { Alert } from "../alert.ts";

/** One alert of a service. */
export interface Symptom {
  readonly alert: Alert;
  readonly service: string;
  /** The kind of evidence; `call` where the service's calls to others are slow, for which the far end may be to blame. */
  readonly kind: EvidenceKind | "call";
  /** How far off its usual value, as {@link magnitudeOf} says; null when unknown. */
  readonly magnitude: number | null;
  /** By how much the value exceeds the usual one, in the unit of the alert; null when it does not. */
  readonly excess: number | null;
  /** Minutes since the first alert of the incident. */
  readonly lagMinutes: number;
  /** True when the callers measured it, not the service itself. */
  readonly isFromOutside: boolean;
  /** Services that the alert itself points at, other than its own. */
  readonly points: readonly string[];
}

/** Alerts of which is read what they say; of more the first, which are nearest to the cause. */
export const maxSymptoms = 400;
const maxSummary = 500;

/** What alerts that name a service say, in their order; of more than {@link maxSymptoms} the first. */
export function readSymptoms(alerts: readonly Alert[], readKind: KindOf = kindOf): readonly Symptom[] {
  const onset = Math.min(...alerts.map((alert) => alert.startsAt.getTime()));
  const services = new Set(alerts.map((alert) => entityOf(alert)));
  return alerts.slice(0, maxSymptoms).flatMap((alert) => {
    const service = entityOf(alert);
    if (service === null) return [];
    const peer = peerOf(alert);
    const callee = peer?.isCallee === true ? peer.peer : null;
    const named = alert.summary.slice(0, maxSummary).split(/[\s,;:()'"<>]+/);
    const points = new Set(named.filter((word) => word !== service && services.has(word)));
    if (callee !== null) points.add(callee);
    const kind = readKind(alert);
    return [
      {
        alert,
        service,
        kind: kind === "latency" && (callee !== null || isCallSide(alert)) ? "call" : kind,
        magnitude: magnitudeOf(alert),
        excess: excessOf(alert),
        lagMinutes: (alert.startsAt.getTime() - onset) / 60_000,
        isFromOutside: isFromOutside(alert),
        points: [...points],
      } satisfies Symptom,
    ];
  });
}

/** Labels that say what sort of thing was measured, or from which end. */
const sortLabels = ["resource_type", "service_type", "span_kind"] as const;

/**
 * True for the far ends of calls as their callers see them: "remote" and "client" nodes of X-Ray's service graph and
 * the client spans of OpenTelemetry. Nothing runs there that could break.
 * @see https://docs.aws.amazon.com/xray/latest/api/API_Service.html (Type)
 */
function isFromOutside({ labels }: Alert): boolean {
  return sortLabels.some((name) => /^(span_kind_)?(remote|client)$/i.test(labels[name] ?? ""));
}

function excessOf({ annotations }: Alert): number | null {
  const value = Number.parseFloat(annotations["value"] ?? "");
  const usual = Number.parseFloat(annotations["baseline"] ?? annotations["usual"] ?? "");
  return value > usual ? value - usual : null;
}

/** The symptoms of each service, in their order. */
export function byService(symptoms: readonly Symptom[]): ReadonlyMap<string, readonly Symptom[]> {
  const groups = new Map<string, Symptom[]>();
  for (const symptom of symptoms) {
    const group = groups.get(symptom.service);
    if (group) group.push(symptom);
    else groups.set(symptom.service, [symptom]);
  }
  return groups;
}
