/** The deterministic prose: what is broken for whom since when, what most likely caused it and why, what to do first. */

import { isRecord } from "../alert/intake.ts";
import type { Cause } from "../clustering/correlation.ts";
import type { Claim, Evidence, ExplanationDraft, ExplanationQuestion } from "../explanation.ts";
import type { Incident } from "../incident.ts";
import { oneLine } from "../view.ts";
import { evidenceFor, firstFacts, partsOf } from "./evidence.ts";
import { reasonsAgainst, reasonsFor } from "./reasons.ts";
import { alertsAmong, earliest, firstAlertOf, servicesInTrouble, severityOf, worstOf } from "./trouble.ts";
import { namedInTrouble, whomOf } from "./whom.ts";
import {
  alertName,
  alertSaying,
  capital,
  changeOf,
  clock,
  conditionOf,
  fullStop,
  groundsOf,
  isNamed,
  likelihoodOf,
  listOf,
  nameOf,
  openEnded,
  percent,
  suspectName,
  suspectPhrase,
} from "./wording.ts";

/** Confidence below which a second suspect is not worth a word. */
const worthNaming = 0.1;
/** Confidence from which undoing is suggested for a cause that is not the first. */
const worthUndoing = 0.3;

/**
 * Writes an explanation from the facts alone. Every claim cites evidence; without evidence there are no claims.
 * It holds no counts of alerts and no durations that grow, so that it is written anew only when its facts change.
 */
export function writeTemplate(question: ExplanationQuestion): ExplanationDraft {
  if (firstFacts(question.evidence, 1).length === 0) return { summary: [], causes: [], actions: [] };
  return {
    summary: summaryOf(question),
    causes: causesOf(question),
    actions: actionsOf(question),
  };
}

// ---------- what is broken, for whom, since when ----------

function summaryOf(question: ExplanationQuestion): readonly Claim[] {
  const { incident, evidence } = question;
  const alerts = alertsAmong(evidence);
  const first = earliest(alerts);
  if (first === undefined) return [];
  const worst = worstOf(alerts) ?? first;
  const history = historyOf(incident);
  const whom = whomOf(question);
  const concerned = whom?.evidence ?? [];
  if (alerts.length < 2 && incident.services.length < 2) {
    const more = [whom?.text ?? "", history].filter((said) => said !== "").map((said) => `${said}.`);
    const witness = history === "" ? [] : [first.number];
    return [
      {
        text: fullStop(`${alertName(first)} ${when(incident)}${alertSaying(first)}`),
        evidence: [first.number],
      },
      ...(more.length === 0 ? [] : [{ text: more.join(" "), evidence: [...witness, ...concerned] }]),
    ];
  }
  const services = servicesInTrouble(question);
  const witnesses = services.flatMap((service) => firstAlertOf(service, alerts)?.number ?? []);
  const named = namedInTrouble(services);
  const who = services.length === 0 ? "Alerts that name no service" : listOf(services, named);
  const isWorse = first !== worst && severityOf(first) !== severityOf(worst);
  const besides = `${whom === null ? "" : `; ${whom.text}`}.${history === "" ? "" : ` ${history}.`}`;
  return [
    {
      text: `${who} ${stateOf(incident, services.length)} ${when(incident)}${besides}`,
      evidence: [...(witnesses.length === 0 ? [first.number] : witnesses.slice(0, named)), ...concerned],
    },
    {
      text: fullStop(`It began with ${phraseOf(first)}${isWorse ? `; worst is ${phraseOf(worst)}` : ""}`),
      evidence: isWorse ? [first.number, worst.number] : [first.number],
    },
  ];
}

function stateOf({ state }: Incident, services: number): string {
  const what = services === 0 ? "firing" : "in trouble";
  if (state === "resolved") return `${services === 1 ? "was" : "were"} ${what}`;
  return `${services === 1 ? "has" : "have"} been ${what}`;
}

function phraseOf(fact: Evidence): string {
  return `${alertName(fact)}${alertSaying(fact)}`;
}

function when(incident: Incident): string {
  const { startedAt, resolvedAt, state } = incident;
  const from = clock(startedAt, incident);
  if (state !== "resolved" || resolvedAt === null) return `since ${from}`;
  const until = clock(resolvedAt, incident);
  return `from ${from.length === until.length ? from.replace(/ UTC$/, "") : from} to ${until}`;
}

/** What became of it before, as a sentence without its full stop; empty when nothing did. */
function historyOf({ reopenedCount, parentId }: Incident): string {
  const times = reopenedCount === 1 ? "" : reopenedCount === 2 ? " twice" : ` ${reopenedCount} times`;
  const back = reopenedCount === 0 ? [] : [`was resolved and came back${times}`];
  const split = parentId === null ? [] : [`was split from incident ${parentId}`];
  const said = [...split, ...back].join(", and ");
  return said === "" ? "" : `The incident ${said}`;
}

// ---------- what caused it ----------

function causesOf(question: ExplanationQuestion): readonly Claim[] {
  const { causes, evidence } = question;
  const first = causes[0];
  if (!isNamed(first)) return [noCause(question), ...bestGuess(question)];
  if (first.changeId === null && isAllThereIs(first, evidence)) return [onlyItself(first, question)];
  const grounds = groundsOf(first, evidence);
  const against = reasonsAgainst(first, evidence, 2);
  const doubt = { text: `What does not fit: ${against.join("; ")}.`, evidence: grounds.slice(0, 3) };
  return [
    { text: suspectSentence(first, question), evidence: grounds.slice(0, 5) },
    ...metricsOf(first, evidence),
    ...(against.length === 0 ? [] : [doubt]),
    ...runnerUp(question),
  ];
}

/** True when nothing but alerts of the suspected service itself speaks for it: then it is a symptom, not a finding. */
function isAllThereIs(cause: Cause, evidence: readonly Evidence[]): boolean {
  return evidence.every((fact) =>
    fact.kind === "alert" ? partsOf(fact).service === cause.service : partsOf(fact).service !== cause.service,
  );
}

function suspectSentence(cause: Cause, question: ExplanationQuestion): string {
  const reasons = reasonsFor(cause, question.evidence, 2);
  const why = reasons.length === 0 ? "" : `: ${reasons.join("; ")}`;
  const word = likelihoodOf(cause.confidence);
  const lead = word === "weak suspicion" ? "Weak suspicion:" : capital(word);
  const isOnlyChanges =
    question.causes[1] === undefined ||
    question.causes[1].changeId === null ||
    question.causes[1].confidence < worthNaming;
  const unblamed =
    cause.changeId === null && isOnlyChanges ? ` ${capital(changesSeen(question.evidence))}.` : "";
  return `${lead} ${suspectPhrase(cause, question)} (${percent(cause.confidence)})${why}.${unblamed}`;
}

/** What the suspect's own metrics did, the strongest first. */
function metricsOf(cause: Cause, evidence: readonly Evidence[]): readonly Claim[] {
  const metric = evidence.find(
    (fact) =>
      fact.kind === "metric" &&
      typeof fact.data["direction"] === "string" &&
      partsOf(fact).service === cause.service,
  );
  if (metric === undefined) return [];
  return [{ text: `Its metrics: ${openEnded(partsOf(metric).fact)}.`, evidence: [metric.number] }];
}

function runnerUp(question: ExplanationQuestion): readonly Claim[] {
  const { causes, evidence } = question;
  const [first, second] = causes;
  if (!isNamed(second) || second.confidence < worthNaming) return [];
  const cited = evidenceFor(second, evidence);
  if (cited.length === 0) return [];
  const isSame = second.changeId === null && second.service === first?.service;
  const what = isSame
    ? `${nameOf(second.service ?? "")} by itself, without a change`
    : suspectName(second, question);
  return [{ text: `Less likely: ${what} (${percent(second.confidence)}).`, evidence: cited.slice(0, 3) }];
}

function onlyItself({ service }: Cause, { evidence }: ExplanationQuestion): Claim {
  return {
    text: `Not enough evidence to name a cause: only ${nameOf(service ?? "one service")} is alerting, and ${changesSeen(evidence)}.`,
    evidence: firstFacts(evidence, 2),
  };
}

function noCause({ causes, evidence }: ExplanationQuestion): Claim {
  const [first] = causes;
  const why = first === undefined ? [] : [...reasonsFor(first, [], 1), ...reasonsAgainst(first, [], 1)];
  const because = why.length === 0 ? "" : `; ${why[0]}`;
  const changes = evidence.filter((fact) => partsOf(fact).changeId !== null);
  const numbers = changes.slice(0, 3).map((fact) => fact.number);
  return {
    text: `Not enough evidence to name a cause: no service stands out, and ${changesSeen(evidence)}${because}.`,
    evidence: numbers.length > 0 ? numbers : firstFacts(evidence, 2),
  };
}

/** Where nothing is likely enough to be called a suspect, what comes nearest is worth a look all the same. */
function bestGuess(question: ExplanationQuestion): readonly Claim[] {
  const guess = question.causes.find(isNamed);
  if (guess === undefined || guess.confidence < worthNaming) return [];
  const cited = evidenceFor(guess, question.evidence);
  if (cited.length === 0) return [];
  const [why] = reasonsFor(guess, question.evidence, 1);
  const because = why === undefined ? "" : `: ${why}`;
  const text = `The best guess is ${suspectName(guess, question)} (${percent(guess.confidence)})${because}.`;
  return [{ text, evidence: cited.slice(0, 3) }];
}

function changesSeen(evidence: readonly Evidence[]): string {
  const count = evidence.filter((fact) => partsOf(fact).changeId !== null).length;
  if (count === 0) return "no change was reported around the start";
  return count === 1
    ? "the one change reported around the start does not fit"
    : `none of the ${count} changes reported around the start fits`;
}

// ---------- what to do first ----------

/**
 * Suggested actions. They come from here alone: never from the text of an alert, never from a model, and in our order
 * of the causes, whatever order a model argues for. None once it is over.
 */
export function actionsOf(question: ExplanationQuestion): readonly Claim[] {
  const { incident, causes, evidence, undo } = question;
  if (incident.state === "resolved") return [];
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
  if (first !== undefined && actions.length === 0)
    actions.push(...checkChange(first, question), ...lookAt(first, evidence));
  return [...actions.slice(0, 2), ...aboutDrift(evidence), ...compareWith(evidence)];
}

/** Drift is more often a broken feed than a changed world: retraining on it would teach the model the fault. */
function aboutDrift(evidence: readonly Evidence[]): readonly Claim[] {
  // The newest says most of the model.
  const drifting = evidence.findLast(({ data }) => isDrift(data["drift"]));
  const drift = drifting?.data["drift"];
  if (drifting === undefined || !isDrift(drift)) return [];
  const { model, features, isWorse } = drift;
  const what = features.length === 0 ? "its input" : listOf(features, 3);
  const then = isWorse ? `retrain ${model} if the change is real` : "no loss is known, so there is time";
  return [{ text: oneLine(`Check what feeds ${what} first; ${then}.`, 300), evidence: [drifting.number] }];
}

/** Stored by `selectEvidence`. */
function isDrift(
  value: unknown,
): value is { readonly model: string; readonly features: readonly string[]; readonly isWorse: boolean } {
  if (!isRecord(value)) return false;
  const { model, features, isWorse } = value;
  const areTexts = Array.isArray(features) && features.every((feature) => typeof feature === "string");
  return typeof model === "string" && areTexts && typeof isWorse === "boolean";
}

/** An earlier incident like it is worth reading where it is known how it ended. */
function compareWith(evidence: readonly Evidence[]): readonly Claim[] {
  const past = evidence.find((fact) => fact.kind === "incident");
  if (past === undefined) return [];
  const { incidentId, similarity, ending } = past.data;
  if (typeof incidentId !== "number" || typeof similarity !== "number" || typeof ending !== "string")
    return [];
  const how = openEnded(ending);
  const text = `Compare with incident ${incidentId}, ${Math.round(similarity * 100)} % similar, which ${how.startsWith("ended") ? how : `was ${how}`}.`;
  return [{ text: oneLine(text, 300), evidence: [past.number] }];
}

function checkChange(cause: Cause, question: ExplanationQuestion): readonly Claim[] {
  const change = changeOf(cause, question.evidence);
  if (change === undefined) return [];
  const { author } = change.data;
  const whom =
    typeof author === "string" && author !== "" ? `${nameOf(author)}, who made it` : "whoever made it";
  const text = `Check ${suspectName(cause, question)} with ${whom}, and take it back if it fits.`;
  return [{ text, evidence: [change.number] }];
}

function lookAt(cause: Cause, evidence: readonly Evidence[]): readonly Claim[] {
  const alerts = alertsAmong(evidence);
  const first = earliest(alerts);
  // Of a lone alert the summary has said all there is.
  if (first === undefined || alerts.length < 2) return [];
  if (cause.service === null)
    return [{ text: `Start with the earliest alert, ${alertName(first)}.`, evidence: [first.number] }];
  const own = firstAlertOf(cause.service, alerts);
  if (own !== undefined)
    return [{ text: `Look at ${nameOf(cause.service)} first: ${conditionOf(own)}.`, evidence: [own.number] }];
  const ways = evidence.filter((fact) => fact.kind === "topology" && partsOf(fact).service === cause.service);
  if (ways.length === 0) return [];
  const text = `Look at ${nameOf(cause.service)} first: it has no alert of its own, but what calls it has.`;
  return [{ text, evidence: ways.map((fact) => fact.number) }];
}
