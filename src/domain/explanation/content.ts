/**
 * Whether the evidence that a sentence cites holds what the sentence says: its names, the changes that it tells of, its
 * numbers with their units and of the right thing, the way things went, and what came before what. It errs on the side
 * of refusing: the template's text is always there to stand instead.
 */

import type { Evidence, ExplanationQuestion } from "../explanation.ts";
import { blameProblem } from "./blame-claim.ts";
import { callProblem } from "./call-claim.ts";
import { silenceProblem } from "./callers-claim.ts";
import { citedNames, metricNames, namesOfFact, subjectNames, textsOf, trusted } from "./cited.ts";
import { denialProblem, severityProblem } from "./denial.ts";
import { falseOrder, isNegated } from "./direction.ts";
import { directionProblem } from "./direction-claim.ts";
import { partsOf } from "./evidence.ts";
import { hasStem, literal, mentions, mentionsApart, withoutNames } from "./names.ts";
import { numberProblem } from "./number-claim.ts";
import { toldApart } from "./parallel.ts";
import { falseSequence } from "./sequence.ts";
import { stateProblem } from "./state-claim.ts";
import { servicesOf, topicsIn } from "./statements.ts";
import { momentProblem } from "./timing-claim.ts";
import { readSentence, type Told } from "./told.ts";
import { vagueProblem } from "./vague-claim.ts";
import { strangerIn } from "./words.ts";

/**
 * What a sentence says beyond the evidence that it cites, as a reason to drop it; null when all is backed.
 * @param cited - at least one.
 */
export function contentProblem(
  text: string,
  cited: readonly Evidence[],
  question: ExplanationQuestion,
): string | null {
  const names = citedNames(cited);
  if (!cited.flatMap(namesOfFact).some((name) => mentions(text, name)))
    return "names nothing of the evidence it cites";
  const foreign = knownNames(question).find(
    (name) => !isAmong(names, name) && mentionsApart(text, name, names),
  );
  if (foreign !== undefined) return notHeld("names", foreign);
  const rest = withoutNames(text, names);
  return (
    identifierProblem(rest, cited) ??
    strangerProblem(rest, cited) ??
    changeProblem(rest, cited) ??
    saidProblem(text, cited, question) ??
    blameProblem(text, cited, names) ??
    callProblem(text, cited, question) ??
    silenceProblem(text, cited, question) ??
    stateProblem(readSentence(text, cited, question)) ??
    orderProblem(text, cited, question)
  );
}

/** A sentence that lists in parallel stands when what it says of each does. */
function saidProblem(text: string, cited: readonly Evidence[], question: ExplanationQuestion): string | null {
  const subjects = subjectNames(cited);
  // Without its sign "95 % of its CPU" names what is measured, as "CPU" does.
  const measured = withoutNames(text, subjects).replace(/%|percent/giu, " ");
  const topics = topicsIn(measured, cited.flatMap(metricNames));
  const parts = toldApart(text, { subjects, services: servicesOf(cited, question), topics }) ?? [text];
  for (const part of parts) {
    const problem = toldProblem(readSentence(part, cited, question), question);
    if (problem !== null) return problem;
  }
  return null;
}

/** What is checked clause by clause. */
function toldProblem(told: Told, { incident }: ExplanationQuestion): string | null {
  return (
    momentProblem(told) ??
    directionProblem(told) ??
    numberProblem(told) ??
    vagueProblem(told) ??
    denialProblem(told) ??
    severityProblem(told, incident.severity)
  );
}

function notHeld(verb: string, what: string): string {
  return `${verb} "${what.slice(0, 60)}", which the cited evidence does not`;
}

// ---------- names ----------

function isAmong(names: readonly string[], name: string): boolean {
  return names.some((other) => other.toLowerCase() === name.toLowerCase());
}

/** Every service, alert and change name that this incident knows of. */
function knownNames({ incident, evidence, causes }: ExplanationQuestion): readonly string[] {
  const blamed = causes.flatMap((cause) => [cause.service, cause.changeId]).filter((name) => name !== null);
  // What metrics are called, "requests", names a thing rather than one of them.
  const metrics = new Set(evidence.flatMap(metricNames));
  const named = evidence.flatMap((fact) => partsOf(fact).entities).filter((name) => !metrics.has(name));
  return [...new Set([...incident.services, ...blamed, ...named])].filter((name) => name.length > 1);
}

/** Words that hold a digit, an underscore or a capital inside, and are no plain number: identifiers, not language. */
const identifier =
  /(?<![\p{L}\p{N}_])(?:\p{L}[\p{L}\p{N}_-]*\d[\p{L}\p{N}_-]*|\d+[\p{L}_-]+\d[\p{L}\p{N}_-]*|[\p{L}\p{N}]+_[\p{L}\p{N}_]+|\p{Ll}+\p{Lu}\p{L}*|\p{Lu}\p{Ll}+\p{Lu}\p{L}*)/gu;
/** "p99", "v43": too short to name anything by itself. */
const shortIdentifier = /^\p{L}{1,2}\d[\d.]*$/u;

function identifierProblem(rest: string, cited: readonly Evidence[]): string | null {
  const parts = cited.map(partsOf);
  const facts = trusted(parts.map((part) => part.fact)).join(" \n ");
  // Words of others may be quoted, but what they call something is no name for it.
  const quotes = trusted(parts.map((part) => part.quote)).join(" \n ");
  const stranger = (rest.match(identifier) ?? []).find(
    (word) => !holds(shortIdentifier.test(word) ? `${facts} \n ${quotes}` : facts, word),
  );
  return stranger === undefined ? null : notHeld("says", stranger);
}

function holds(source: string, word: string): boolean {
  return new RegExp(`(?<![\\p{L}\\p{N}])${literal(word)}(?![\\p{L}\\p{N}])`, "iu").test(source);
}

/** Facts without the names in them are words of ours; names and quotations are words of others, which may be repeated. */
function strangerProblem(rest: string, cited: readonly Evidence[]): string | null {
  const parts = cited.map(partsOf);
  const ours = cited.map(ownWords).join(" \n ");
  const kinds = cited.map((fact) => fact.kind);
  const said = trusted([...parts.flatMap(({ fact, quote }) => [fact, quote]), ...kinds]).join(" \n ");
  const stranger = strangerIn(rest, ours, said);
  return stranger === null ? null : notHeld("says", stranger);
}

/** What we say in a fact, without names and without what people wrote of how an earlier incident ended. */
function ownWords(fact: Evidence): string {
  const { fact: what, entities } = partsOf(fact);
  const { ending } = fact.data;
  return withoutNames(typeof ending === "string" ? what.replace(ending, "") : what, entities);
}

// ---------- what was done ----------

/** Words by which a sentence says that somebody put something live. They are plain English; that it happened is a fact. */
const putLive =
  /\b(?:(?:the|this|that|an?|recent|latest|new|last)\s+(change)s?|(deploy)(?:s|ed|ing|ments?)?|(rollout)s?|(?:went|goes?|gone|going) (live))\b/giu;

/** A change that is told of must be cited, or be told of by what is cited; "no deploy" needs neither. */
function changeProblem(rest: string, cited: readonly Evidence[]): string | null {
  if (cited.some(({ kind }) => kind === "change" || kind === "rollout")) return null;
  const held = cited.flatMap(textsOf).join(" \n ");
  const told = [...rest.matchAll(putLive)].find((match) => {
    const word = match.slice(1).find((group) => group !== undefined) ?? match[0];
    return !isNegated(rest, match.index) && !hasStem(held, word);
  });
  return told === undefined ? null : `tells of "${told[0]}", and cites no change`;
}

// ---------- what came first ----------

function orderProblem(
  text: string,
  cited: readonly Evidence[],
  { incident }: ExplanationQuestion,
): string | null {
  const named = cited.flatMap((fact) =>
    fact.at === null ? [] : [{ names: namesOfFact(fact), atMs: fact.at.getTime() }],
  );
  const word = falseOrder(text, named, incident.startedAt.getTime());
  const wrong = word ?? falseSequence(text, cited);
  return wrong === null ? null : `says "${wrong}", which the times of the cited evidence contradict`;
}
