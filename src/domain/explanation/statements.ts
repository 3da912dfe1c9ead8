/**
 * What evidence states, in pieces that each tell of one thing: "CPU 95 %, memory 71 %" are two. A number and a direction
 * count for the piece in which they stand, and for what that piece measures.
 */
import type { Evidence, ExplanationQuestion } from "../explanation.ts";
import { callersCounts } from "./callers-claim.ts";
import { citedNames, isChange, metricNames, namesOfFact, trusted } from "./cited.ts";
import { type Direction, directionsOf } from "./direction.ts";
import { partsOf } from "./evidence.ts";
import { hasStem, withoutNames, wordsIn } from "./names.ts";
import { momentsIn, type Quantity, quantitiesIn } from "./quantity.ts";
import { isPlainWord } from "./vocabulary.ts";

/** Causes whose reasons a sentence may quote. */
const quotedCauses = 5;

export interface Statement {
  readonly text: string;
  /** With the statement before it where it does not say itself what it measures. */
  readonly context: string;
  readonly quantities: readonly Quantity[];
  readonly directions: ReadonlySet<Direction>;
}

/** Something that may be quoted, and whom it is about. */
export interface Source {
  /** fact: cited. reason: of a ranked cause. count: of the incident or of callers. */
  readonly kind: "fact" | "reason" | "count";
  /** Names of what it is about; empty when it is about the incident. */
  readonly names: readonly string[];
  readonly statements: readonly Statement[];
  /** What it calls itself, in words: "high error rate" of an alert. */
  readonly title: string;
  readonly titleDirections: ReadonlySet<Direction>;
  readonly moments: readonly string[];
  readonly fact: Evidence | null;
}

export function sourcesOf(cited: readonly Evidence[], question: ExplanationQuestion): readonly Source[] {
  const { incident, causes } = question;
  const facts = cited.map((fact) => sourceOfFact(fact));
  const reasons = causes.slice(0, quotedCauses).map((cause) => {
    const ofChange = cited.filter((fact) => partsOf(fact).changeId === cause.changeId).flatMap(namesOfFact);
    const names = [cause.service, ...ofChange].filter((name) => name !== null);
    return sourceOf("reason", trusted(cause.terms.map((term) => term.because)), names);
  });
  const { alertCount, firingCount, serviceCount, reopenedCount, id } = incident;
  const counts = `incident ${id}: ${alertCount} alerts, ${firingCount} firing alerts, ${firingCount} alerts firing, ${serviceCount} services affected, no likely change; reopened ${reopenedCount} times`;
  const callers = callersCounts(cited, question).map((text) => sourceOf("count", [text], []));
  return [...facts, ...reasons, ...callers, sourceOf("count", [counts], [])];
}

function sourceOfFact(fact: Evidence): Source {
  const { fact: what, quote } = partsOf(fact);
  const names = namesOfFact(fact);
  if (fact.kind !== "alert" && !isChange(fact))
    return { ...sourceOf("fact", trusted([what, quote]), names, metricNames(fact)), fact };
  // "high alert HighLatency on checkout" says of a direction no more than the name of its rule does.
  const title = isChange(fact) ? trusted([what]).join("") : citedNames([fact]).join(" ");
  return { ...sourceOf("fact", trusted([quote]), names), title, titleDirections: directionsOf(title), fact };
}

function sourceOf(
  kind: Source["kind"],
  texts: readonly string[],
  names: readonly string[],
  metrics: readonly string[] = [],
): Source {
  const statements = texts.flatMap((text) => statementsOf(text, names, metrics));
  const moments = texts.flatMap(momentsIn);
  return { kind, names, statements, title: "", titleDirections: new Set(), moments, fact: null };
}

const seams = /;\s|,\s|\.\s|\s[/|]\s|[()]|\s(?:and|but|while|with|whereas|vs\.?)\s/iu;

function statementsOf(
  text: string,
  names: readonly string[],
  metrics: readonly string[],
): readonly Statement[] {
  const subjects = names.filter((name) => !metrics.includes(name));
  let before = "";
  return text.split(seams).flatMap((piece) => {
    if (piece.trim() === "") return [];
    const isWhole = topicsIn(withoutNames(piece, subjects), metrics).length > 0;
    const context = isWhole ? piece : `${before} ${piece}`;
    if (isWhole) before = piece;
    return [{ text: piece, context, quantities: quantitiesIn(piece), directions: directionsOf(piece) }];
  });
}

const wordOrCode = /(?<![\p{L}\p{N}_-])(?:\p{L}[\p{L}\p{N}]*|\dxx)/giu;
/** What evidence is called as a whole says nothing of what was measured. */
const general = /^(?:metrics?|topology|values?|utc)$/i;
/** "12 % of its requests" says of what a part is, not what is measured. */
const share = /(?:%|percent)\s+of\s+(?:(?:its|their|all|the)\s+)?\p{L}+/giu;

/**
 * What a text measures or counts: words that plain English does not hold, and what metrics are called.
 * @param text - without the names of services, alerts and changes.
 */
export function topicsIn(text: string, metrics: readonly string[]): readonly string[] {
  const called = new Set(metrics.flatMap((name) => name.toLowerCase().match(wordOrCode) ?? []));
  const words = text.replace(share, "%").match(wordOrCode) ?? [];
  return [...new Set(words.map((word) => word.toLowerCase()))].filter(
    (word) => !general.test(word) && !isUnit(word) && (!isPlainWord(word) || called.has(word)),
  );
}

function isUnit(word: string): boolean {
  return quantitiesIn(`1 ${word}`)[0]?.dimension !== null;
}

/** True when the text says this word, in whatever form. */
export function says(text: string, word: string): boolean {
  if (/\d/.test(word)) return new RegExp(`(?<![\\p{L}\\p{N}])${word}(?![\\p{L}\\p{N}])`, "iu").test(text);
  return hasStem(text, word);
}

/** True when the statement is about all of these; a title tells it of statements that do not say it themselves. */
export function covers(source: Source, statement: Statement, topics: readonly string[]): boolean {
  return topics.every((topic) => {
    if (says(statement.context, topic)) return true;
    return !source.statements.some(({ context }) => says(context, topic)) && says(source.title, topic);
  });
}

/** Which way a statement says that it went; where it says none, its title does. */
export function directionsHeld(source: Source, statement: Statement): ReadonlySet<Direction> {
  return statement.directions.size > 0 ? statement.directions : source.titleDirections;
}

/**
 * True for a source about what is named, or about the incident.
 * @param names - null when a sentence names nothing.
 */
export function isAbout(
  source: Source,
  names: readonly string[] | null,
  services: ReadonlySet<string>,
): boolean {
  if (names === null || source.names.length === 0) return true;
  const own = new Set(source.names.map((name) => name.toLowerCase()));
  const sought = names.map((name) => name.toLowerCase());
  const places = sought.filter((name) => services.has(name));
  return (places.length > 0 ? places : sought).some((name) => own.has(name));
}

/** Services among the names of an incident, in lower case. */
export function servicesOf(
  cited: readonly Evidence[],
  { incident, causes }: ExplanationQuestion,
): ReadonlySet<string> {
  const called = cited.flatMap((fact): readonly (string | null)[] =>
    fact.kind === "topology" || fact.kind === "callers" || fact.kind === "incident"
      ? partsOf(fact).entities
      : [partsOf(fact).service],
  );
  const all = [...incident.services, ...causes.map(({ service }) => service), ...called];
  return new Set(all.filter((name) => name !== null).map((name) => name.toLowerCase()));
}

/** Words of a text with those inside names, for comparing. */
export function allWords({ title, statements }: Source, statement: Statement | null): string {
  const texts = statement === null ? statements.map(({ text }) => text) : [statement.context];
  return [title, ...texts, ...wordsIn(title)].join(" ");
}

/** Facts that something was changed, apart from all others. */
export function ofChange({ fact }: Source): boolean {
  return fact !== null && isChange(fact);
}
