/** How explanations name things: moments, lists, degrees of certainty, alerts and suspects. */
import type { Cause } from "../clustering/correlation.ts";
import type { Evidence, ExplanationQuestion, Likelihood } from "../explanation.ts";
import type { Incident } from "../incident.ts";
import { suspectName as bareName } from "../learning/feedback.ts";
import { forPeople } from "../text/for-people.ts";
import { duration, shorten } from "../view.ts";
import { evidenceFor, firstFacts, partsOf } from "./evidence.ts";
import { wordsIn } from "./names.ts";

const maxName = 80;
/** Of what others wrote, within a sentence of ours. */
const maxQuote = 110;
/** Of what a report of a model says, which the bot worded itself. */
const maxReport = 240;
/** Clocks of different senders differ by as much. */
export const clockSlackMs = 60_000;
/** So much is looked at for a place to cut. */
const maxLooked = 500;

/** From which confidence on a cause is called so; above the last it is a weak suspicion. */
const likelihoods: readonly (readonly [number, Likelihood])[] = [
  [0.7, "most likely"],
  [0.4, "probably"],
  [0.2, "possibly"],
];

/** The word for a confidence. */
export function likelihoodOf(confidence: number): Likelihood {
  return likelihoods.find(([from]) => confidence >= from)?.[1] ?? "weak suspicion";
}

/**
 * The word for a confidence that had another before: it stays until the confidence is clearly beyond its border, so
 * that one which trembles there does not change every text.
 */
export function steadyLikelihood(confidence: number, before: Likelihood | null): Likelihood {
  const margin = 0.05;
  const reached = [confidence - margin, confidence + margin].map(likelihoodOf);
  return before !== null && reached.includes(before) ? before : likelihoodOf(confidence);
}

/** In steps of five up to 95: more would pretend, and finer would edit cards for nothing. */
export function percent(confidence: number): string {
  return `${Math.round(Math.min(0.95, Math.max(0, confidence)) * 20) * 5} %`;
}

/** Less than half a year, so that the nearest day of a name is the one that is meant. */
const monthsAwayMs = 150 * 86_400_000;

/** As a day is written: "28 Feb". */
export const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/**
 * "10:02 UTC"; with the day when it is another than that of the incident: "28 Feb 23:58 UTC"; and with the year when that
 * is another, or months lie between: "31 Dec 2025 23:58 UTC".
 */
export function clock(at: Date, { openedAt }: Pick<Incident, "openedAt">): string {
  const [time, day] = [at.toISOString().slice(11, 16), at.toISOString().slice(0, 10)];
  if (day === openedAt.toISOString().slice(0, 10)) return `${time} UTC`;
  const isNear =
    at.getUTCFullYear() === openedAt.getUTCFullYear() &&
    Math.abs(at.getTime() - openedAt.getTime()) < monthsAwayMs;
  const year = isNear ? "" : ` ${at.getUTCFullYear()}`;
  return `${at.getUTCDate()} ${months[at.getUTCMonth()]}${year} ${time} UTC`;
}

/** A name from outside, on its way into a sentence. */
export function nameOf(text: string): string {
  return forPeople(text, maxName);
}

/** "a", "a and b", "a, b and c", "a, b, c and 2 more". */
export function listOf(values: readonly string[], max: number): string {
  const shown = values.slice(0, max).map((value) => forPeople(value, 60));
  if (values.length > max) return `${shown.join(", ")} and ${values.length - max} more`;
  const last = shown.at(-1) ?? "";
  return shown.length < 2 ? last : `${shown.slice(0, -1).join(", ")} and ${last}`;
}

export function capital(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}

/** The text without what ends it, so that ours can end the sentence. */
export function openEnded(text: string): string {
  return text.replace(/[.;:,!\s]+$/, "");
}

/** "HighLatency (high)". */
export function conditionOf(fact: Evidence): string {
  const { name, severity } = fact.data;
  if (typeof name !== "string" || typeof severity !== "string") return openEnded(partsOf(fact).fact);
  return `${openEnded(nameOf(name))} (${severity})`;
}

/** "HighLatency (high) on checkout". */
export function alertName(fact: Evidence): string {
  const { service } = fact.data;
  return `${conditionOf(fact)}${typeof service === "string" ? ` on ${nameOf(service)}` : ""}`;
}

/** ": p99 latency 2.3 s": what an alert says beyond its name; empty when that is nothing. */
export function alertSaying(fact: Evidence): string {
  const { quote, entities } = partsOf(fact);
  const max = fact.data["drift"] === undefined ? maxQuote : maxReport;
  return isEcho(quote, entities) ? "" : `: ${quoteOf(quote, max)}`;
}

/** True when a quotation says no more than the names beside it: "High error rate on checkout". */
function isEcho(quote: string, names: readonly string[]): boolean {
  const said = new Set([
    ...names.flatMap(wordsIn),
    ..."on of in for the is a an at has with alert".split(" "),
  ]);
  return wordsIn(quote).every((word) => said.has(word)) && !/\d/.test(quote);
}

function quoteOf(quote: string, max = maxQuote): string {
  return shorten(openEnded(forPeople(quote, maxLooked)), max);
}

/** The text with a full stop, unless the mark of a cut ends it already. */
export function fullStop(text: string): string {
  return text.endsWith("…") ? text : `${text}.`;
}

/** The evidence of the change that a cause blames; undefined without one. */
export function changeOf(cause: Cause, evidence: readonly Evidence[]): Evidence | undefined {
  return evidence.find((fact) => cause.changeId !== null && partsOf(fact).changeId === cause.changeId);
}

/** True when the cause names something: a service, or a change. */
export function isNamed(cause: Cause | undefined): cause is Cause {
  return cause !== undefined && (cause.service !== null || cause.changeId !== null);
}

/** A suspect in a few words: "the deploy of checkout at 09:58 UTC", "change d-41 on checkout", or "checkout". */
export function suspectName(cause: Cause, { evidence, incident }: ExplanationQuestion): string {
  const change = changeOf(cause, evidence);
  return change === undefined ? nameOf(bareName(cause)) : changeAt(change, incident);
}

/** A change with its title: "the deploy of checkout at 09:58 UTC (“v2.3.1”)". */
export function changeInWords(change: Evidence, { incident }: Pick<ExplanationQuestion, "incident">): string {
  const { quote } = partsOf(change);
  return `${changeAt(change, incident)}${quote === "" ? "" : ` (“${quoteOf(quote)}”)`}`;
}

function changeAt(change: Evidence, incident: Incident): string {
  return `the ${changeName(change)}${change.at === null ? "" : ` at ${clock(change.at, incident)}`}`;
}

const changeKinds: Readonly<Record<string, string>> = {
  commit: "commit to",
  config: "config change of",
  flag: "flag change of",
  infra: "infrastructure change of",
};

/** "deploy of checkout", "config change of cart". */
function changeName({ data, text }: Evidence): string {
  const { changeKind: kind, service } = data;
  if (typeof kind !== "string") return openEnded(text);
  const what = changeKinds[kind] ?? `${kind} of`;
  return typeof service === "string" ? `${what} ${nameOf(service)}` : what.replace(/ (?:of|to)$/, "");
}

/**
 * A suspect with its share: "the commit at 09:50 UTC (“retry payments”, 25 %)", or "checkout (15 %)"; a change that came
 * late is said to have come late.
 */
export function weighedName(cause: Cause, confidence: number, question: ExplanationQuestion): string {
  const { evidence, incident } = question;
  const change = changeOf(cause, evidence);
  const quote = change === undefined ? "" : partsOf(change).quote;
  const title = quote === "" ? "" : `“${quoteOf(quote)}”, `;
  const late = lateness(change?.at ?? null, incident);
  return `${suspectName(cause, question)} (${title}${late}${percent(confidence)})`;
}

/** "5 min after the first alert, ". Of an incident that came back it is not known which of its beginnings that was. */
function lateness(at: Date | null, incident: Incident): string {
  const isLate = at !== null && at.getTime() - incident.startedAt.getTime() > clockSlackMs;
  return isLate && incident.reopenedCount === 0 ? `${lag(at, incident)}, ` : "";
}

/** A suspect in full: "the deploy of checkout at 09:58 UTC (“v2.3.1”), 4 min before the first alert". */
export function suspectPhrase(cause: Cause, question: ExplanationQuestion): string {
  const change = changeOf(cause, question.evidence);
  if (change === undefined) return suspectName(cause, question);
  const { service } = partsOf(change);
  const through =
    cause.service !== null && cause.service !== service ? `, felt in ${nameOf(cause.service)}` : "";
  const when = change.at === null ? "" : `, ${lag(change.at, question.incident)}`;
  return `${changeInWords(change, question)}${when}${through}`;
}

function lag(at: Date, { startedAt }: Incident): string {
  const ms = startedAt.getTime() - at.getTime();
  if (Math.abs(ms) < 1000) return "together with the first alert";
  return `${duration(Math.abs(ms))} ${ms >= 0 ? "before" : "after"} the first alert`;
}

/** Numbers that a cause rests on; of one that has no evidence of its own, the first of the incident. */
export function groundsOf(cause: Cause, evidence: readonly Evidence[]): readonly number[] {
  const grounds = evidenceFor(cause, evidence);
  return grounds.length > 0 ? grounds : firstFacts(evidence, 1);
}
