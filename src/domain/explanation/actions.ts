/**
 * What to do first. Suggested actions come from here alone: never from the text of an alert, never from a model, and in
 * our order of the causes, whatever order a model argues for.
 */

import { isRecord } from "../alert/intake.ts";
import type { Cause } from "../clustering/correlation.ts";
import type { Claim, Evidence, ExplanationQuestion } from "../explanation.ts";
import { oneLine } from "../view.ts";
import { partsOf } from "./evidence.ts";
import { wordOfPeople } from "./reasons.ts";
import { alertsAmong, earliest, firstAlertOf } from "./trouble.ts";
import {
  alertName,
  capital,
  changeOf,
  conditionOf,
  groundsOf,
  listOf,
  nameOf,
  openEnded,
  suspectName,
} from "./wording.ts";

/** Confidence from which undoing is suggested for a cause that is not the first. */
const worthUndoing = 0.3;

/** At most two about the causes, one about drift and one about an incident like it; none once it is over. */
export function actionsOf(question: ExplanationQuestion): readonly Claim[] {
  const { incident, causes, evidence, undo } = question;
  if (incident.state === "resolved") return [];
  const first = causes[0];
  const actions: Claim[] = [];
  for (const [index, cause] of causes.slice(0, 3).entries()) {
    const way = undo.find((candidate) => candidate.changeId === cause.changeId);
    if (way === undefined || isOverruled(cause) || (index > 0 && cause.confidence < worthUndoing)) continue;
    const cited = evidence
      .filter((fact) => partsOf(fact).changeId === way.changeId)
      .map((fact) => fact.number);
    if (cited.length > 0)
      actions.push({ text: `${capital(oneLine(way.title, 200))}.`, evidence: cited, command: way.command });
  }
  if (first !== undefined && actions.length === 0)
    actions.push(
      ...(isOverruled(first)
        ? startAnywhere(evidence)
        : [...checkChange(first, question), ...lookAt(first, evidence)]),
    );
  return [...actions.slice(0, 2), ...aboutDrift(evidence), ...compareWith(evidence)];
}

/** What people say it was not is nothing to act on, even where nothing likelier is known. */
function isOverruled(cause: Cause): boolean {
  return wordOfPeople(cause).score < 0;
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
  const { service } = cause;
  if (service === null) return startAnywhere(evidence);
  const alerts = alertsAmong(evidence);
  const own = firstAlertOf(service, alerts);
  const lead = `Look at ${nameOf(service)} first:`;
  const word = wordOfPeople(cause).text;
  if (own === undefined && word !== "")
    return [{ text: `${lead} ${word}.`, evidence: groundsOf(cause, evidence).slice(0, 3) }];
  // Of a lone alert the summary has said all there is.
  if (alerts.length < 2) return [];
  if (own !== undefined) return [{ text: `${lead} ${conditionOf(own)}.`, evidence: [own.number] }];
  const ways = evidence.filter((fact) => fact.kind === "topology" && partsOf(fact).service === service);
  const direct = ways.filter((fact) => partsOf(fact).entities.length === 2);
  const quiet = `${lead} it has no alert of its own`;
  if (direct.length > 0)
    return [{ text: `${quiet}, but what calls it has.`, evidence: direct.map((fact) => fact.number) }];
  return ways
    .slice(0, 1)
    .map((way) => ({ text: `${quiet}; ${alertsThrough(way)}.`, evidence: [way.number] }));
}

/** "web, which depends on it through checkout and payments, alerts", of a way whose first service alerts. */
function alertsThrough(way: Evidence): string {
  const [from = "", ...rest] = partsOf(way).entities;
  return `${nameOf(from)}, which depends on it through ${listOf(rest.slice(0, -1), 4)}, alerts`;
}

function startAnywhere(evidence: readonly Evidence[]): readonly Claim[] {
  const alerts = alertsAmong(evidence);
  const first = earliest(alerts);
  // Of a lone alert the summary has said all there is.
  if (first === undefined || alerts.length < 2) return [];
  return [{ text: `Start with the earliest alert, ${alertName(first)}.`, evidence: [first.number] }];
}
