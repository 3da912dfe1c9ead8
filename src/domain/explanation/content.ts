/**
 * Whether the evidence that a sentence cites holds what the sentence says: its names, the changes that it tells of, its
 * numbers with their units and of the right thing, the way things went, and what came before what. It errs on the side
 * of refusing: the template's text is always there to stand instead.
 */

import type { Evidence, ExplanationQuestion } from "../explanation.ts";
import { callersCounts, callProblem, silenceProblem } from "./callers-claim.ts";
import { directionsIn, directionsOf, falseOrder, isNegated } from "./direction.ts";
import { partsOf } from "./evidence.ts";
import { readsLikeInstructions } from "./model-text.ts";
import { hasStem, literal, mentions, mentionsApart, withoutNames } from "./names.ts";
import { backs, momentsIn, type Quantity, quantitiesIn } from "./quantity.ts";
import { strangerIn } from "./words.ts";

/** Causes whose reasons a sentence may quote. */
const quotedCauses = 5;

/** Something that may be quoted, and whom it is about. */
interface Source {
  readonly text: string;
  readonly quantities: readonly Quantity[];
  readonly moments: readonly string[];
  /** Names of what it is about; empty when it is about the incident. */
  readonly names: readonly string[];
}

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
  const sources = sourcesOf(cited, question);
  const rest = withoutNames(text, names);
  return (
    identifierProblem(rest, cited) ??
    strangerProblem(rest, cited) ??
    changeProblem(rest, cited) ??
    numberProblem(text, names, sources) ??
    directionProblem(text, cited) ??
    callProblem(text, cited) ??
    silenceProblem(text, cited, question) ??
    orderProblem(text, cited, question)
  );
}

function notHeld(verb: string, what: string): string {
  return `${verb} "${what.slice(0, 60)}", which the cited evidence does not`;
}

// ---------- names ----------

/** Names that the cited evidence gives; those that read like instructions are none. */
export function citedNames(cited: readonly Evidence[]): readonly string[] {
  return cited.flatMap((fact) => partsOf(fact).entities).filter((name) => !readsLikeInstructions(name));
}

/** What a sentence may call a fact by: its entities, or "deploy". */
function namesOfFact(fact: Evidence): readonly string[] {
  const kind = fact.data["changeKind"];
  return [...citedNames([fact]), ...(typeof kind === "string" ? [kind] : [])];
}

function isAmong(names: readonly string[], name: string): boolean {
  return names.some((other) => other.toLowerCase() === name.toLowerCase());
}

/** Every service, alert and change name that this incident knows of. */
function knownNames({ incident, evidence, causes }: ExplanationQuestion): readonly string[] {
  const blamed = causes.flatMap((cause) => [cause.service, cause.changeId]).filter((name) => name !== null);
  const named = evidence.flatMap((fact) => partsOf(fact).entities);
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

// ---------- numbers ----------

function sourcesOf(cited: readonly Evidence[], question: ExplanationQuestion): readonly Source[] {
  const { incident, causes } = question;
  const facts = cited.map((fact) => {
    const { fact: what, quote } = partsOf(fact);
    const text = trusted([what, quote]).join(": ");
    return sourceOf(`${fact.kind} ${text}`, namesOfFact(fact), fact.at, lagsOf(fact, incident.startedAt));
  });
  const ranked = causes.slice(0, quotedCauses).map((cause) => {
    const because = trusted(cause.terms.map((term) => term.because)).join(" \n ");
    const names = [
      cause.service,
      ...cited.filter((fact) => partsOf(fact).changeId === cause.changeId).flatMap(namesOfFact),
    ];
    const percents = [1, 5]
      .map((step) => `${Math.round((cause.confidence * 100) / step) * step} %`)
      .join(" ");
    return sourceOf(
      `${because} ${percents}`,
      names.filter((name) => name !== null),
      null,
      [],
    );
  });
  const { alertCount, firingCount, services, reopenedCount, id } = incident;
  const counts = `incident ${id}: ${alertCount} alerts, ${firingCount} firing alerts, ${firingCount} alerts firing, ${services.length} services affected, no likely change; reopened ${reopenedCount} times; severity ${incident.severity}`;
  const callers = callersCounts(cited, question).map((text) => sourceOf(text, [], null, []));
  return [...facts, ...ranked, ...callers, sourceOf(counts, [], incident.startedAt, [])];
}

function sourceOf(text: string, names: readonly string[], at: Date | null, more: readonly string[]): Source {
  const moments = [...momentsIn(text), ...timesOf(at)];
  return { text, names, moments, quantities: [text, ...more].flatMap(quantitiesIn) };
}

/** Texts that a model was allowed to see. */
function trusted(texts: readonly string[]): readonly string[] {
  return texts.filter((text) => text !== "" && !readsLikeInstructions(text));
}

function timesOf(at: Date | null): readonly string[] {
  if (at === null) return [];
  const iso = at.toISOString();
  return [iso, iso.slice(0, 10), iso.slice(11, 16), iso.slice(11, 19)];
}

/** Time between a fact and the first alert, rounded either way, in each unit of which it is at least one. */
function lagsOf({ at }: Evidence, startedAt: Date): readonly string[] {
  if (at === null) return [];
  const seconds = Math.abs(startedAt.getTime() - at.getTime()) / 1000;
  const units = [
    { size: 1, name: "s" },
    { size: 60, name: "min" },
    { size: 3600, name: "h" },
  ];
  return units
    .filter(({ size }) => seconds >= size)
    .flatMap(({ size, name }) =>
      [Math.floor, Math.round, Math.ceil].map((round) => `${round(seconds / size)} ${name}`),
    );
}

/** Parts of a sentence that each speak of one thing. */
function clausesOf(text: string): readonly string[] {
  return text.split(/[;:]\s|,\s|\b(?:and|but|while|whereas|because|as|although|though|which|so)\b/iu);
}

/** A number must stand in a source about something that the same clause names, or else the same sentence. */
function numberProblem(text: string, names: readonly string[], sources: readonly Source[]): string | null {
  for (const clause of clausesOf(text)) {
    const near = sources.filter((source) => isAbout(source, clause, text, sources));
    const bare = withoutNames(clause, names);
    const time = momentsIn(bare).find((at) => !near.some((source) => source.moments.includes(at)));
    if (time !== undefined) return notHeld("says", time);
    const loose = quantitiesIn(bare).find(
      (claimed) =>
        !near.some((source) => source.quantities.some((given) => backs(given, claimed, source.text))),
    );
    if (loose !== undefined) return notHeld("says", loose.text);
  }
  return null;
}

function isAbout(source: Source, clause: string, text: string, sources: readonly Source[]): boolean {
  if (source.names.length === 0) return true;
  const isNamedHere = sources.some((other) => other.names.some((name) => mentions(clause, name)));
  return source.names.some((name) => mentions(isNamedHere ? clause : text, name));
}

// ---------- the way things went ----------

function directionProblem(text: string, cited: readonly Evidence[]): string | null {
  const names = citedNames(cited);
  for (const clause of clausesOf(text)) {
    const stated = directionsIn(withoutNames(clause, names));
    if (stated.size === 0) continue;
    const named = cited.filter((fact) => namesOfFact(fact).some((name) => mentions(clause, name)));
    const held = directionsOf((named.length > 0 ? named : cited).flatMap(textsOf).join(" \n "));
    const wrong = [...stated].find((direction) => !held.has(direction));
    if (wrong !== undefined) return `says that something went ${wrong}, which the cited evidence does not`;
  }
  return null;
}

function textsOf(fact: Evidence): readonly string[] {
  const { fact: what, quote } = partsOf(fact);
  return trusted([what, quote]);
}

function orderProblem(
  text: string,
  cited: readonly Evidence[],
  { incident }: ExplanationQuestion,
): string | null {
  const named = cited.flatMap((fact) =>
    fact.at === null ? [] : [{ names: namesOfFact(fact), atMs: fact.at.getTime() }],
  );
  const word = falseOrder(text, named, incident.startedAt.getTime());
  return word === null ? null : `says "${word}", which the times of the cited evidence contradict`;
}
