import { entityOf, peerOf } from "../alert/entity.ts";
import { type KindOf, magnitudeOf } from "../alert/evidence-kind.ts";
import type { AlertTypes } from "../alert/type.ts";
import type { Alert } from "../alert.ts";
import type { ServiceGraph } from "../topology.ts";
import type { KeptReport, SeenAlert } from "./signal.ts";

const maxNames = 5;
const wordBreak = /[\s,;:()'"<>]/;
/** The same for ASCII, as a table: texts are read letter by letter. */
const isBreak: readonly boolean[] = Array.from({ length: 128 }, (_none, code) =>
  wordBreak.test(String.fromCharCode(code)),
);

/** Services that are looked for in texts. */
export interface SoughtServices {
  readonly names: ReadonlySet<string>;
  /** By a length, whether any name has it: of most words there is no need to look them up. */
  readonly lengths: readonly boolean[];
}

/** @param names - of the topology: only these are looked for, so that it does not matter which alert came first. */
export function seek(names: ReadonlySet<string>): SoughtServices {
  const lengths: boolean[] = [];
  for (const { length } of names) {
    while (lengths.length <= length) lengths.push(false);
    lengths[length] = true;
  }
  return { names, lengths };
}

/** How alerts are told apart. */
export interface Reading {
  readonly types: AlertTypes;
  readonly kindOf: KindOf;
}

/** Reads from an alert what clustering asks of it. */
export function seeAlert(
  key: string,
  alert: Alert,
  graph: ServiceGraph,
  services: SoughtServices,
  { types, kindOf }: Reading,
): SeenAlert {
  const named = entityOf(alert);
  const place = named === null ? null : graph.placeOf(named);
  const entity = place?.service ?? named;
  return {
    key,
    at: alert.startsAt.getTime(),
    type: types.typeOf(alert),
    entity,
    component: place?.component ?? null,
    kind: kindOf(alert),
    magnitude: magnitudeOf(alert),
    names: namesIn(alert, entity, services),
    name: alert.name,
    service: alert.service,
    source: alert.source,
    severity: alert.severity,
    summary: alert.summary,
    labels: alert.labels,
    annotations: alert.annotations,
    endsAt: endOf(alert),
  };
}

/** What is kept of a report. */
export function keptOf(alert: Alert): KeptReport {
  const { name, service, source, severity, summary, labels, annotations } = alert;
  return { name, service, source, severity, summary, labels, annotations, endsAt: endOf(alert) };
}

function endOf({ endsAt }: Alert): number | null {
  return endsAt === null ? null : endsAt.getTime();
}

const noNames: readonly string[] = [];

/** Other services that an alert names; see {@link SeenAlert}. */
export function namesIn(
  report: Pick<KeptReport, "service" | "labels" | "summary">,
  entity: string | null,
  services: SoughtServices,
): readonly string[] {
  const peer = peerOf(report, entity);
  const names = peer === null ? [] : [peer.peer];
  if (services.names.size > 0) addNamed(names, report.summary, entity, services);
  return names.length === 0 ? noNames : names;
}

/** Adds the services that are named in a text, but for the alert's own. */
function addNamed(names: string[], text: string, entity: string | null, services: SoughtServices): void {
  for (let start = 0; start < text.length && names.length < maxNames; start += 1) {
    let end = start;
    while (end < text.length && !breaksAt(text, end)) end += 1;
    if (services.lengths[end - start] === true) {
      const word = text.slice(start, end);
      if (word !== entity && services.names.has(word) && !names.includes(word)) names.push(word);
    }
    start = end;
  }
}

function breaksAt(text: string, place: number): boolean {
  return isBreak[text.charCodeAt(place)] ?? wordBreak.test(text.charAt(place));
}

/** What a part of the system can be: a component of the topology, a service outside it, alerts of one name. */
export type PartKind = "part" | "service" | "nameless";

/** Which kind of part of the system it is from; see {@link partNameOf}. */
export function partKindOf({ component, entity }: SeenAlert): PartKind {
  if (component !== null) return "part";
  return entity === null ? "nameless" : "service";
}

/** Which part of that kind. */
export function partNameOf({ component, entity, name }: SeenAlert): string {
  return component ?? entity ?? name;
}
