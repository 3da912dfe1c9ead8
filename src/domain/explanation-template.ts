/** The deterministic prose: what is broken since when, what most likely caused it and why, what to do first. */
import type { Cause, CauseTerm } from "./correlation.ts";
import { evidenceFor, partsOf } from "./evidence.ts";
import type { Claim, Evidence, ExplanationDraft, ExplanationQuestion } from "./explanation.ts";
import type { Incident } from "./incident.ts";
import { forPrompt } from "./model-text.ts";
import { duration, oneLine } from "./view.ts";

/** Log-odds below which a term is not worth a word. */
const tellingScore = 0.2;
/** Confidence below which a second suspect is not worth a word. */
const worthNaming = 0.1;
/** Confidence from which undoing is suggested for a cause that is not the first. */
const worthUndoing = 0.3;

/** Writes an explanation from the facts alone; names and reasons from outside pass through {@link forPrompt} first. Every claim cites evidence; without evidence there are no claims. */
export function writeTemplate(question: ExplanationQuestion): ExplanationDraft {
  if (question.evidence.length === 0) return { summary: [], causes: [], actions: [] };
  return {
    summary: summaryOf(question),
    causes: causesOf(question),
    actions: actionsOf(question),
  };
}

// ---------- what is broken, for whom, since when ----------

function summaryOf({ incident, evidence }: ExplanationQuestion): readonly Claim[] {
  const alerts = evidence.filter((fact) => fact.kind === "alert");
  const first = earliest(alerts) ?? evidence[0];
  if (first === undefined) return [];
  const since = clock(incident.startedAt);
  const began = capital(sentenceOf(first.text));
  // Where it began comes first: a service with more alerts is more often a victim than the source.
  const where = partsOf(first).service;
  const main = incident.services.find((service) => service === where) ?? incident.services[0];
  const others = incident.services.filter((service) => service !== main);
  if (main === undefined || (others.length === 0 && alerts.length < 2))
    return [{ text: `${began.slice(0, -1)} (since ${since}).`, evidence: [first.number] }];
  const witnesses = [main, ...others].flatMap((service) => firstAlertOf(service, alerts)?.number ?? []);
  const too =
    others.length === 0 ? "" : `; ${listOf(others, 3)} ${others.length === 1 ? "is" : "are"} affected too`;
  return [
    {
      text: `${forPrompt(main, 80)} has been in trouble since ${since}${too}.`,
      evidence: witnesses.length === 0 ? [first.number] : witnesses.slice(0, 4),
    },
    { text: `It began with ${sentenceOf(first.text)}`, evidence: [first.number] },
  ];
}

function earliest(alerts: readonly Evidence[]): Evidence | undefined {
  return [...alerts].sort((a, b) => timeOf(a) - timeOf(b) || a.number - b.number)[0];
}

function timeOf(fact: Evidence): number {
  return fact.at?.getTime() ?? Number.POSITIVE_INFINITY;
}

function firstAlertOf(service: string, alerts: readonly Evidence[]): Evidence | undefined {
  return earliest(alerts.filter((fact) => partsOf(fact).service === service));
}

// ---------- what caused it ----------

function causesOf(question: ExplanationQuestion): readonly Claim[] {
  const { causes, evidence } = question;
  const first = causes[0];
  if (first === undefined || (first.service === null && first.changeId === null))
    return [noCause(first, question)];
  if (first.changeId === null && isAllThereIs(first, evidence)) return [onlyItself(first, evidence)];
  const cited = evidenceFor(first, evidence);
  const grounds = cited.length > 0 ? cited.slice(0, 5) : firstNumbers(evidence, 1);
  // That a kind of alert is a weak sign in general says nothing against this suspect.
  const against = first.terms
    .filter((term) => term.score <= -tellingScore && !term.name.startsWith("kind:"))
    .sort((a, b) => a.score - b.score);
  const claims: Claim[] = [{ text: suspectSentence(first, question), evidence: grounds }];
  if (against.length > 0)
    claims.push({
      text: `What does not fit: ${reasons(against.slice(0, 2), titleOf(first, evidence))}.`,
      evidence: grounds.slice(0, 3),
    });
  const second = runnerUp(question);
  return second === null ? claims : [...claims, second];
}

/** True when nothing but alerts of the suspected service itself speaks for it: then it is a symptom, not a finding. */
function isAllThereIs(cause: Cause, evidence: readonly Evidence[]): boolean {
  return evidence.every((fact) =>
    fact.kind === "alert" ? partsOf(fact).service === cause.service : partsOf(fact).service !== cause.service,
  );
}

function onlyItself({ service }: Cause, evidence: readonly Evidence[]): Claim {
  const changes = evidence.some((fact) => partsOf(fact).changeId !== null)
    ? "none of the changes reported around the start fits"
    : "no change was reported around the start";
  return {
    text: `Not enough evidence to name a cause: only ${forPrompt(service ?? "one service", 80)} shows trouble, and ${changes}.`,
    evidence: firstNumbers(evidence, 2),
  };
}

function suspectSentence(cause: Cause, question: ExplanationQuestion): string {
  const title = titleOf(cause, question.evidence);
  const speaking = cause.terms
    .filter((term) => term.score >= tellingScore)
    .sort((a, b) => b.score - a.score)
    // The sentence itself says what was changed and when.
    .filter((term) => title === "" || !/^it came\b.* the first alert$|: it\b/.test(reasons([term], title)));
  const why = speaking.length === 0 ? "" : `: ${reasons(speaking.slice(0, 3), title)}`;
  const unblamed = cause.changeId === null ? " No change is blamed." : "";
  return `${likelihood(cause.confidence)} ${describe(cause, question)} (${percent(cause.confidence)})${why}.${unblamed}`;
}

/** What the blamed change is called, as its maker wrote it; empty without one. */
function titleOf(cause: Cause, evidence: readonly Evidence[]): string {
  const change = changeOf(cause, evidence);
  return change === undefined ? "" : partsOf(change).quote;
}

function changeOf(cause: Cause, evidence: readonly Evidence[]): Evidence | undefined {
  return evidence.find((fact) => cause.changeId !== null && partsOf(fact).changeId === cause.changeId);
}

function likelihood(confidence: number): string {
  if (confidence >= 0.7) return "Most likely";
  if (confidence >= 0.4) return "Probably";
  return confidence >= 0.2 ? "Possibly" : "Weak suspicion:";
}

/** "the deploy of checkout at 09:58 UTC, “v2.3.1”, 4 min before the first alert", or the service. */
function describe(cause: Cause, { incident, evidence }: ExplanationQuestion): string {
  const change = changeOf(cause, evidence);
  if (change === undefined) return forPrompt(cause.service ?? "an unnamed change", 80);
  const { fact, quote, service } = partsOf(change);
  const through =
    cause.service !== null && cause.service !== service ? ` through ${forPrompt(cause.service, 80)}` : "";
  const title = quote === "" ? "" : `, “${forPrompt(quote, 100)}”`;
  return `the ${fact}${change.at === null ? "" : ` at ${clock(change.at)}`}${title}${lag(change.at, incident)}${through}`;
}

function lag(at: Date | null, incident: Incident): string {
  if (at === null) return "";
  const ms = incident.startedAt.getTime() - at.getTime();
  return `, ${duration(Math.abs(ms))} ${ms >= 0 ? "before" : "after"} the first alert`;
}

function noCause(cause: Cause | undefined, { evidence }: ExplanationQuestion): Claim {
  const changes = evidence.filter((fact) => partsOf(fact).changeId !== null);
  const why = cause?.terms.filter((term) => Math.abs(term.score) >= tellingScore) ?? [];
  const because = why.length === 0 ? "" : `: ${reasons(why.slice(0, 2), "")}`;
  if (changes.length === 0)
    return {
      text: `Not enough evidence to name a cause: no change was reported around the start and no service stands out${because}.`,
      evidence: firstNumbers(evidence, 2),
    };
  const few =
    changes.length === 1
      ? "the one change reported around the start does not fit"
      : "none of the changes reported around the start fits";
  return {
    text: `No likely change: ${few}${because === "" ? "" : `; ${because.slice(2)}`}.`,
    evidence: changes.slice(0, 3).map((fact) => fact.number),
  };
}

function runnerUp({ causes, evidence, ...rest }: ExplanationQuestion): Claim | null {
  const second = causes[1];
  if (second === undefined || second.confidence < worthNaming) return null;
  const cited = evidenceFor(second, evidence);
  if (cited.length === 0 || (second.service === null && second.changeId === null)) return null;
  const what = describe(second, { causes, evidence, ...rest });
  return { text: `Less likely: ${what} (${percent(second.confidence)}).`, evidence: cited.slice(0, 3) };
}

// ---------- what to do first ----------

/** Suggested actions. They come from here alone: never from the text of an alert, never from a model. */
export function actionsOf({ causes, evidence, undo }: ExplanationQuestion): readonly Claim[] {
  const first = causes[0];
  const actions: Claim[] = [];
  for (const [index, cause] of causes.slice(0, 3).entries()) {
    const way = undo.find((candidate) => candidate.changeId === cause.changeId);
    if (way === undefined || (index > 0 && cause.confidence < worthUndoing)) continue;
    const cited = evidence
      .filter((fact) => partsOf(fact).changeId === way.changeId)
      .map((fact) => fact.number);
    if (cited.length > 0)
      actions.push({ text: `${capital(oneLine(way.title, 200))}.`, evidence: cited, command: way.command });
  }
  if (first !== undefined && actions.length === 0) actions.push(...checkChange(first, evidence));
  if (!actions.some((action) => action.command !== undefined)) actions.push(...lookAt(first, evidence));
  return actions.slice(0, 3);
}

function checkChange(cause: Cause, evidence: readonly Evidence[]): readonly Claim[] {
  const change = changeOf(cause, evidence);
  if (change === undefined) return [];
  const at = change.at === null ? "" : ` at ${clock(change.at)}`;
  return [
    {
      text: `Check the ${partsOf(change).fact}${at} with whoever made it, and take it back if it fits.`,
      evidence: [change.number],
    },
  ];
}

function lookAt(cause: Cause | undefined, evidence: readonly Evidence[]): readonly Claim[] {
  const alerts = evidence.filter((fact) => fact.kind === "alert");
  if (cause === undefined || cause.service === null) {
    const first = earliest(alerts);
    return first === undefined
      ? []
      : [{ text: `Start with the earliest: ${partsOf(first).fact}.`, evidence: [first.number] }];
  }
  const own = firstAlertOf(cause.service, alerts);
  if (own !== undefined)
    return [
      {
        text: `Look at ${forPrompt(cause.service, 80)} first: ${partsOf(own).fact}.`,
        evidence: [own.number],
      },
    ];
  const way = evidence.filter((fact) => fact.kind === "topology" && partsOf(fact).service === cause.service);
  return way.length === 0
    ? []
    : [
        {
          text: `Look at ${forPrompt(cause.service, 80)} first: it has no alert of its own, but what calls it has.`,
          evidence: way.map((fact) => fact.number),
        },
      ];
}

// ---------- words ----------

/** @param title - of a change that the sentence has named already; it is not said again. */
function reasons(terms: readonly CauseTerm[], title: string): string {
  const said = terms.map((term) => forPrompt(term.because, 200).replace(/[.\s]+$/, ""));
  if (title === "") return said.join("; ");
  return said.map((because) => because.replace(/^[a-z]+ "/, '"').replace(`"${title}"`, "it")).join("; ");
}

/** In steps of five up to 95: more would pretend, and finer would edit cards for nothing. */
function percent(confidence: number): string {
  return `${Math.round(Math.min(0.95, Math.max(0, confidence)) * 20) * 5} %`;
}

/** "10:02 UTC". */
function clock(at: Date): string {
  return `${at.toISOString().slice(11, 16)} UTC`;
}

function sentenceOf(text: string): string {
  return `${text.replace(/[.\s]+$/, "")}.`;
}

function capital(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}

function listOf(values: readonly string[], max: number): string {
  const shown = values.slice(0, max).map((value) => forPrompt(value, 60));
  if (values.length > max) return `${shown.join(", ")} and ${values.length - max} more`;
  const last = shown.at(-1) ?? "";
  return shown.length < 2 ? last : `${shown.slice(0, -1).join(", ")} and ${last}`;
}

function firstNumbers(evidence: readonly Evidence[], count: number): readonly number[] {
  return evidence.slice(0, count).map((fact) => fact.number);
}
