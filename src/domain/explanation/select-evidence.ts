/**
 * Which facts an incident's explanation may cite. Evidence is immutable once numbered: its text tells what was so
 * when the fact arose, so that a citation in an old message still points at the same words.
 */
import { entityOf } from "../alert/entity.ts";
import { type Alert, compareSeverity } from "../alert.ts";
import type { Change } from "../change.ts";
import type { Cause } from "../clustering/correlation.ts";
import type { Evidence, NewEvidence } from "../explanation.ts";
import { endingText, type PastIncident, similarityText, whySimilar } from "../incident/past.ts";
import type { Incident } from "../incident.ts";
import { type ModelReport, reportOf, worstLoss } from "../monitoring/report.ts";
import { startOf } from "../text/whole-words.ts";
import { type Neighbours, neighboursIn, type Topology } from "../topology.ts";
import { oneLine, shorten } from "../view.ts";
import { forPrompt } from "./model-text.ts";

export interface EvidenceQuestion {
  readonly incident: Incident;
  /** Earliest first. */
  readonly alerts: readonly TrackedFact[];
  readonly changes: readonly Change[];
  readonly topology: Topology;
  /** Best first. */
  readonly causes: readonly Cause[];
  /** Earlier incidents like it, most similar first. */
  readonly past: readonly PastIncident[];
  /** Already numbered. */
  readonly known: readonly Evidence[];
}

/** Facts kept of one incident; those that a leading cause rests on may go beyond, up to the second number. */
export const maxEvidence = 40;
const maxWithCauses = 60;
/** Causes whose facts always get in. */
const leadingCauses = 3;
const maxText = 300;
/** An earlier incident says why it is like this one and how it ended. */
const maxPastText = 600;
const maxPathHops = 5;
const maxPaths = 2;
const maxPathsWalked = 500;
const maxChanges = 12;
/** Features of a drifting model that are named. */
const maxDrifted = 3;
const maxPast = 2;
/** Read of any one text; redaction is linear, but not free. */
const maxRaw = 4000;

/** A fact that may become evidence. Its text is written only when it is chosen: redaction is the dearest part of it. */
interface Candidate extends Pick<NewEvidence, "kind" | "subject"> {
  write(): Pick<NewEvidence, "text" | "at" | "data">;
}

interface TrackedFact {
  readonly key: string;
  readonly alert: Alert;
}

/**
 * Facts to add, the most telling first.
 * @returns only what is not known yet; with what is known at most 60.
 */
export function selectEvidence(question: EvidenceQuestion): readonly NewEvidence[] {
  const known = new Set(question.known.map(identity));
  const blamed = blamedEvidence(question);
  const rest = [...alertEvidence(question), ...changeEvidence(question)];
  const chosen = new Map<string, NewEvidence>();
  const add = (candidates: readonly Candidate[], max: number) => {
    for (const { kind, subject, write } of candidates) {
      const name = identity({ kind, subject });
      if (!known.has(name) && question.known.length + chosen.size < max && !chosen.has(name))
        chosen.set(name, { kind, subject, ...write() });
    }
  };
  add(rest.slice(0, 1), maxWithCauses);
  add(blamed, maxWithCauses);
  add(question.past.slice(0, maxPast).map(evidenceOfPast), maxWithCauses);
  add(rest, maxEvidence);
  return [...chosen.values()];
}

/** Kind and subject: unique in an incident. */
function identity(evidence: Pick<Evidence, "kind" | "subject">): string {
  return `${evidence.kind} ${evidence.subject}`;
}

/** Facts behind the leading causes: the change, the first alert of the service, the way from an alert to it. */
function blamedEvidence(question: EvidenceQuestion): readonly Candidate[] {
  const { callers } = neighboursIn(question.topology);
  const affected = new Set(question.alerts.flatMap(({ alert }) => entityOf(alert) ?? []));
  return question.causes.slice(0, leadingCauses).flatMap((cause) => {
    const change = question.changes.find((candidate) => candidate.id === cause.changeId);
    const service = cause.service ?? change?.service ?? null;
    const first = question.alerts.find(({ alert }) => service !== null && entityOf(alert) === service);
    return [
      ...(change === undefined ? [] : [evidenceOfChange(change)]),
      ...(first === undefined ? [] : [evidenceOfAlert(first)]),
      ...(service === null ? [] : pathEvidence(service, affected, callers)),
    ];
  });
}

/** The earliest alert, then one per service and name from the worst on, then repeats of a condition. */
function alertEvidence(question: EvidenceQuestion): readonly Candidate[] {
  const seen = new Set<string>();
  const firsts: TrackedFact[] = [];
  const repeats: TrackedFact[] = [];
  for (const tracked of question.alerts) {
    const condition = JSON.stringify([entityOf(tracked.alert), tracked.alert.name]);
    (seen.has(condition) ? repeats : firsts).push(tracked);
    seen.add(condition);
  }
  const ordered = [...firsts.slice(0, 1), ...firsts.slice(1).sort(byWeight), ...repeats];
  return ordered.slice(0, maxEvidence).map(evidenceOfAlert);
}

function byWeight(a: TrackedFact, b: TrackedFact): number {
  return (
    compareSeverity(a.alert.severity, b.alert.severity) ||
    a.alert.startsAt.getTime() - b.alert.startsAt.getTime() ||
    (a.key < b.key ? -1 : 1)
  );
}

/** Changes of services with alerts first, then the nearest to the start, before it rather than after. */
function changeEvidence({ incident, changes }: EvidenceQuestion): readonly Candidate[] {
  const startMs = incident.startedAt.getTime();
  const rank = (change: Change) => {
    const lagMs = startMs - change.at.getTime();
    const isConcerned = change.service !== null && incident.services.includes(change.service);
    return (isConcerned ? 0 : 7_200_000) + (lagMs >= 0 ? lagMs : 3_600_000 - lagMs);
  };
  return [...changes]
    .sort((a, b) => rank(a) - rank(b) || (a.id < b.id ? -1 : 1))
    .slice(0, maxChanges)
    .map(evidenceOfChange);
}

function evidenceOfAlert({ key, alert }: TrackedFact): Candidate {
  const report = reportOf(alert);
  const loss = report === null ? null : worstLoss(report);
  return {
    kind: "alert",
    // A loss that a later report found is news that the first report did not hold.
    subject: loss === null ? key : `${key} loss`,
    write: () => writeAlert(alert, report),
  };
}

function writeAlert(alert: Alert, report: ModelReport | null) {
  const service = entityOf(alert);
  const fact = `${alert.severity} alert ${name(alert.name)}${service === null ? "" : ` on ${name(service)}`}`;
  const quote = alert.summary === alert.name ? "" : quoted(alert.summary);
  return {
    text: sentence(fact, quote),
    at: alert.startsAt,
    data: {
      ...dataOf(fact, quote, [alert.name, service]),
      service,
      name: alert.name,
      severity: alert.severity,
      ...(report === null ? {} : { drift: driftOf(report) }),
    },
  };
}

/** For what to do first: the model, the features that changed most, and whether it is worse for it. */
function driftOf(report: ModelReport) {
  const features = [...new Set(report.findings.flatMap(({ feature }) => feature ?? []))].slice(0, maxDrifted);
  return { model: name(report.model), features: features.map(name), isWorse: worstLoss(report) !== null };
}

function evidenceOfChange(change: Change): Candidate {
  return {
    kind: change.rolloutId === null ? "change" : "rollout",
    subject: change.rolloutId === null ? change.id : String(change.rolloutId),
    write: () => writeChange(change),
  };
}

function writeChange(change: Change) {
  const where = change.service === null ? "" : ` of ${name(change.service)}`;
  const title = quoted(change.title);
  const fact = `${change.kind}${where}`;
  return {
    text: sentence(fact, title),
    at: change.at,
    data: {
      ...dataOf(fact, title, [change.service, change.id]),
      service: change.service,
      changeId: change.id,
      changeKind: change.kind,
      // Of a rollout of ours it is a person's id, and its own line in the thread names the person.
      ...(change.author === null || change.rolloutId !== null ? {} : { author: name(change.author) }),
    },
  };
}

/**
 * Shortest ways from services with alerts down to a suspected service, along the calls; at most two.
 * @param affected - services with an alert in the incident.
 */
function pathEvidence(
  suspect: string,
  affected: ReadonlySet<string>,
  callers: Neighbours["callers"],
): readonly Candidate[] {
  const paths = pathsTo(suspect, callers)
    .filter((path) => path.length > 1 && affected.has(path[0] ?? ""))
    .slice(0, maxPaths);
  return paths.map((path) => ({
    kind: "topology",
    subject: path.join(" -> ").slice(0, 1000),
    write: () => {
      const fact = path.map(name).join(" calls ");
      const data = { ...dataOf(fact, "", path), path, service: suspect, from: path[0] ?? null };
      return { text: oneLine(fact, maxText), at: null, data };
    },
  }));
}

/** Shortest call paths that end at a service, nearest callers first, then by name. */
function pathsTo(service: string, callers: Neighbours["callers"]): readonly (readonly string[])[] {
  const seen = new Set([service]);
  const paths: (readonly string[])[] = [[service]];
  for (const path of paths) {
    if (path.length > maxPathHops || paths.length > maxPathsWalked) break;
    for (const caller of [...(callers.get(path[0] ?? "") ?? [])].sort()) {
      if (seen.has(caller)) continue;
      seen.add(caller);
      paths.push([caller, ...path]);
    }
  }
  return paths;
}

function evidenceOfPast(past: PastIncident): Candidate {
  return { kind: "incident", subject: String(past.incident.id), write: () => writePast(past) };
}

function writePast(past: PastIncident) {
  const { incident } = past;
  const because = fromOutside(whySimilar(past), 160);
  const ending = fromOutside(endingText(past), 200);
  const fact = `incident ${incident.id}, ${similarityText(past)} similar (${because}), ${ending}`;
  const quote = quoted(incident.title);
  return {
    text: oneLine(`${fact}: ${quote}`, maxPastText),
    at: incident.startedAt,
    data: {
      ...dataOf(fact, quote, incident.services.slice(0, 5)),
      incidentId: incident.id,
      similarity: past.similarity,
      ending,
    },
  };
}

/** Names are short; a secret may hide in them too. */
function name(text: string): string {
  return fromOutside(text, 100);
}

/** What others wrote. */
function quoted(text: string): string {
  return shorten(fromOutside(text, maxRaw), maxText - 80);
}

/** Secrets go before the cut, since half a secret is no longer recognised; what orders its reader about goes whole. */
function fromOutside(text: string, max: number): string {
  return forPrompt(startOf(text, maxRaw), max);
}

function sentence(fact: string, quote: string): string {
  return oneLine(quote === "" ? fact : `${fact}: ${quote}`, maxText);
}

function dataOf(fact: string, quote: string, entities: readonly (string | null)[]) {
  return { fact, quote, entities: entities.filter((entity) => entity !== null).map(name) };
}
