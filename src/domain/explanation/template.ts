/** The deterministic prose: what is broken for whom since when, what most likely caused it and why, what to do first. */

import type { Cause } from "../clustering/correlation.ts";
import type { Claim, Evidence, ExplanationDraft, ExplanationQuestion } from "../explanation.ts";
import type { Incident } from "../incident.ts";
import { actionsOf } from "./actions.ts";
import { evidenceFor, firstFacts, partsOf } from "./evidence.ts";
import { firstAnswer, witnessesAmong } from "./first-answer.ts";
import { reasonsAgainst, reasonsFor } from "./reasons.ts";
import {
  type Candidate,
  candidatesAmong,
  changesSeen,
  isAnyChangeLikely,
  rivalsOf,
  worthNaming,
} from "./rivals.ts";
import { alertsAmong, earliest, firstAlertOf, servicesInTrouble, severityOf, worstOf } from "./trouble.ts";
import { namedInTrouble, unlistedInTrouble, whomOf } from "./whom.ts";
import {
  alertName,
  alertSaying,
  capital,
  clock,
  fullStop,
  groundsOf,
  likelihoodOf,
  listOf,
  nameOf,
  openEnded,
  percent,
  suspectPhrase,
  weighedName,
} from "./wording.ts";

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
  const named = namedInTrouble(services.length);
  const who = services.length === 0 ? "Alerts that name no service" : whoIs(services, incident);
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

/** "a, b, c, d and 3 more"; of more than are listed "a, b, c, d and at least 50 more". */
function whoIs(services: readonly string[], incident: Incident): string {
  const named = namedInTrouble(services.length);
  const unlisted = unlistedInTrouble(incident);
  if (unlisted === null) return listOf(services, named);
  return `${services.slice(0, named).map(nameOf).join(", ")} and at least ${unlisted} more`;
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
  if (from === until) return `at ${from}`;
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
  const answer = firstAnswer(causes[0], witnessesAmong(evidence));
  if (answer.kind === "not_enough")
    return answer.only === null
      ? [noCause(question), ...bestGuess(question)]
      : onlyItself(answer.only, question);
  const first = answer.cause;
  const grounds = groundsOf(first, evidence);
  const against = reasonsAgainst(first, evidence, 2);
  const doubt = { text: fullStop(`What does not fit: ${against.join("; ")}`), evidence: grounds.slice(0, 3) };
  return [
    suspectClaim(first, question),
    ...metricsOf(first, evidence),
    ...(against.length === 0 ? [] : [doubt]),
    ...rivalsOf({ cause: first, share: first.confidence }, question),
  ];
}

function suspectClaim(cause: Cause, question: ExplanationQuestion): Claim {
  const { evidence } = question;
  const reasons = reasonsFor(cause, evidence, 2);
  const why = reasons.length > 0 ? `: ${reasons.join("; ")}` : whyWithoutReasons(cause);
  const word = likelihoodOf(cause.confidence);
  const lead = word === "weak suspicion" ? "Weak suspicion:" : capital(word);
  const text = fullStop(`${lead} ${suspectPhrase(cause, question)} (${percent(cause.confidence)})${why}`);
  const grounds = groundsOf(cause, evidence).slice(0, 5);
  if (cause.changeId !== null || isAnyChangeLikely(question)) return { text, evidence: grounds };
  const changes = changesSeen(question);
  return { text: `${text} ${capital(changes.text)}.`, evidence: [...grounds, ...changes.evidence] };
}

/** Of a service that comes first for want of a better one; of a change, when it came is said. */
function whyWithoutReasons({ changeId, terms }: Cause): string {
  if (changeId !== null || terms.length === 0) return "";
  return ": nothing speaks for it in particular, but nothing likelier was found";
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

function onlyItself({ service }: Cause, question: ExplanationQuestion): readonly Claim[] {
  const text = `Not enough evidence to name a cause: only ${nameOf(service ?? "one service")} is alerting`;
  const evidence = firstFacts(question.evidence, 2);
  const change = candidatesAmong(question.causes).find(({ cause }) => cause.changeId !== null);
  if (change !== undefined && change.share >= worthNaming)
    return [{ text: `${text}.`, evidence }, ...guessOf(change, question)];
  return [{ text: `${text}, and ${changesSeen(question).text}.`, evidence }];
}

function noCause(question: ExplanationQuestion): Claim {
  const { causes, evidence } = question;
  const [first] = causes;
  const why = first === undefined ? [] : [...reasonsFor(first, [], 1), ...reasonsAgainst(first, [], 1)];
  const because = why.length === 0 ? "" : `; ${why[0]}`;
  const changes = changesSeen(question);
  const nothing = isAnyChangeLikely(question)
    ? "no service and no change stands out"
    : `no service stands out, and ${changes.text}`;
  return {
    text: `Not enough evidence to name a cause: ${nothing}${because}.`,
    evidence: changes.evidence.length > 0 ? changes.evidence : firstFacts(evidence, 2),
  };
}

/** Where nothing is likely enough to be called a suspect, what comes nearest is worth a look all the same. */
function bestGuess(question: ExplanationQuestion): readonly Claim[] {
  const [guess] = candidatesAmong(question.causes);
  if (guess === undefined || guess.share < worthNaming) return [];
  return [...guessOf(guess, question), ...rivalsOf(guess, question)];
}

function guessOf({ cause, share }: Candidate, question: ExplanationQuestion): readonly Claim[] {
  const cited = evidenceFor(cause, question.evidence);
  if (cited.length === 0) return [];
  const [why] = reasonsFor(cause, question.evidence, 1);
  const because = why === undefined ? "" : `: ${why}`;
  const text = fullStop(`The best guess is ${weighedName(cause, share, question)}${because}`);
  return [{ text, evidence: cited.slice(0, 3) }];
}
