/** What of a model's draft may stand: each claim must be backed, in content, by the evidence it cites. */
import type { Cause } from "./correlation.ts";
import { evidenceFor, partsOf } from "./evidence.ts";
import type { Claim, Evidence, ExplanationQuestion } from "./explanation.ts";
import { cleanModelSentence, readsLikeInstructions } from "./model-text.ts";

export interface DroppedClaim {
  readonly text: string;
  /** One plain line, for the log. */
  readonly reason: string;
}

export interface CheckedDraft {
  readonly summary: readonly Claim[];
  readonly causes: readonly Claim[];
  readonly dropped: readonly DroppedClaim[];
  /** False when the template's text should stand instead. */
  readonly isEnough: boolean;
}

interface Draft {
  readonly summary: readonly Claim[];
  readonly causes: readonly Claim[];
}

const maxClaims = 4;

/**
 * Checks what a model wrote.
 * A claim stands when it cites evidence that exists, names something of it, and holds no name or number that is not in
 * it. A claim about causes must cite what one of the ranked causes rests on, and the first of them must be explained.
 */
export function checkDraft(draft: Draft, question: ExplanationQuestion): CheckedDraft {
  const dropped: DroppedClaim[] = [];
  const keep = (claims: readonly Claim[], test: (claim: Claim) => string | null) =>
    claims.slice(0, maxClaims).flatMap((claim) => {
      const checked = checkClaim(claim, question);
      const problem = checked.kind === "refused" ? checked.reason : test(checked.claim);
      if (checked.kind === "stands" && problem === null) return [checked.claim];
      dropped.push({ text: claim.text.slice(0, 300), reason: problem ?? "" });
      return [];
    });
  const summary = keep(draft.summary, () => null);
  const causes = keep(draft.causes, (claim) => causeProblem(claim, question));
  const isEnough = summary.length > 0 && causes.length > 0 && explainsFirst(causes, question);
  return { summary, causes, dropped, isEnough };
}

type CheckedClaim =
  | { readonly kind: "stands"; readonly claim: Claim }
  | { readonly kind: "refused"; readonly reason: string };

function checkClaim(claim: Claim, question: ExplanationQuestion): CheckedClaim {
  const known = new Map(question.evidence.map((fact) => [fact.number, fact]));
  const numbers = [...new Set(claim.evidence)];
  const unknown = numbers.filter((number) => !known.has(number));
  if (unknown.length > 0)
    return refused(`cites evidence that does not exist: ${unknown.slice(0, 5).join(", ")}`);
  if (numbers.length === 0) return refused("cites no evidence");
  const cited = numbers.flatMap((number) => known.get(number) ?? []);
  const names = namesOf(cited);
  const cleaned = cleanModelSentence(claim.text, names);
  if (cleaned.kind === "refused") return cleaned;
  const problem = contentProblem(cleaned.text, cited, question);
  return problem === null
    ? { kind: "stands", claim: { text: cleaned.text, evidence: numbers.slice(0, 8) } }
    : refused(problem);
}

function refused(reason: string): CheckedClaim {
  return { kind: "refused", reason };
}

function namesOf(cited: readonly Evidence[]): readonly string[] {
  return cited.flatMap((fact) => partsOf(fact).entities).filter((name) => !readsLikeInstructions(name));
}

/** Names and numbers in a claim that its evidence does not hold; null when all is backed. */
function contentProblem(
  text: string,
  cited: readonly Evidence[],
  question: ExplanationQuestion,
): string | null {
  const names = namesOf(cited);
  const kinds = cited.flatMap(({ data }) =>
    typeof data["changeKind"] === "string" ? data["changeKind"] : [],
  );
  if (![...names, ...kinds].some((name) => mentions(text, name)))
    return "names nothing of the evidence it cites";
  const backed = new Set(names.map((name) => name.toLowerCase()));
  const foreign = knownNames(question).find(
    (name) => !backed.has(name.toLowerCase()) && standsAlone(text, name, backed),
  );
  if (foreign !== undefined) return `names "${foreign.slice(0, 60)}", which the cited evidence does not`;
  const figures = figuresOf(cited, question);
  const loose = withoutNames(text, names)
    .match(figure)
    ?.find((token) => !isBacked(token, figures));
  return loose === undefined ? null : `says "${loose.slice(0, 40)}", which the cited evidence does not`;
}

/** Every service and change name that this incident knows of. */
function knownNames({ incident, evidence, causes }: ExplanationQuestion): readonly string[] {
  const services = causes.flatMap((cause) => [cause.service, cause.changeId]).filter((name) => name !== null);
  return [
    ...new Set([...incident.services, ...services, ...evidence.flatMap((fact) => partsOf(fact).entities)]),
  ].filter((name) => name.length > 1);
}

/** True when a name occurs as a whole word. */
function mentions(text: string, name: string): boolean {
  return wordPattern(name).test(text);
}

function wordPattern(name: string): RegExp {
  return new RegExp(`(?<![\\p{L}\\p{N}_-])${literal(name)}(?![\\p{L}\\p{N}_]|-[\\p{L}\\p{N}])`, "iu");
}

/** The text as a pattern that matches it and nothing else. */
function literal(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&");
}

/** True when a name occurs outside the longer names that are backed: "cart" in "cart service", not in "cart-db". */
function standsAlone(text: string, name: string, backed: ReadonlySet<string>): boolean {
  return mentions(withoutNames(text, [...backed]), name);
}

function withoutNames(text: string, names: readonly string[]): string {
  return [...names]
    .sort((a, b) => b.length - a.length)
    .reduce(
      (rest, name) => (name === "" ? rest : rest.replace(new RegExp(wordPattern(name), "giu"), " ")),
      text,
    );
}

/** Numbers, and words that hold a digit, an underscore or a capital inside: identifiers rather than language. */
const figure =
  /[\p{L}\p{N}_][\p{L}\p{N}_.:,/%-]*\d[\p{L}\p{N}_:%-]*|\d+(?:[.,:]\d+)*%?|\p{L}+_[\p{L}\p{N}_]+|\p{Ll}+\p{Lu}\p{L}*|\p{Lu}\p{Ll}+\p{Lu}\p{L}*/gu;

interface Figures {
  /** What may be quoted as a quantity: the cited text, times, what the ranking says. */
  readonly quantities: string;
  /** Where words of letters and digits may come from: facts and names, not the words of others. */
  readonly identifiers: string;
}

function figuresOf(cited: readonly Evidence[], { incident, causes }: ExplanationQuestion): Figures {
  const times = [...cited.map((fact) => fact.at), incident.startedAt].flatMap((at) => timesOf(at));
  const counts = [
    incident.alertCount,
    incident.firingCount,
    incident.services.length,
    incident.id,
    cited.length,
  ];
  const terms = causes
    .slice(0, 3)
    .flatMap((cause) => [
      ...cause.terms.map((term) => term.because),
      `${Math.round(cause.confidence * 100)}`,
    ]);
  const parts = cited.map(partsOf);
  const facts = trusted([...parts.map((part) => part.fact), ...cited.map((fact) => fact.kind)]);
  const quotes = trusted(parts.map((part) => part.quote));
  return {
    quantities: [facts, quotes, ...times, ...counts, ...trusted(terms), ...lags(cited, incident)]
      .flat()
      .join(" \n ")
      .toLowerCase(),
    identifiers: facts.join(" \n ").toLowerCase(),
  };
}

/** Texts that a model was allowed to see. */
function trusted(texts: readonly string[]): readonly string[] {
  return texts.filter((text) => !readsLikeInstructions(text));
}

function timesOf(at: Date | null): readonly string[] {
  if (at === null) return [];
  const iso = at.toISOString();
  return [iso, iso.slice(0, 10), iso.slice(11, 16), iso.slice(11, 19)];
}

/** Minutes between a cited fact and the first alert, rounded either way. */
function lags(cited: readonly Evidence[], incident: { readonly startedAt: Date }): readonly string[] {
  return cited.flatMap(({ at }) => {
    if (at === null) return [];
    const seconds = Math.abs(incident.startedAt.getTime() - at.getTime()) / 1000;
    return [seconds, seconds / 60, seconds / 3600].flatMap((value) => [
      String(Math.floor(value)),
      String(Math.round(value)),
      String(Math.ceil(value)),
    ]);
  });
}

/** A quantity is digits with at most two letters before, or a unit after: "12.5%", "p99", "v43", "10:02", "300ms". */
const quantity = /^(?:\p{L}{1,2}\d[\d.,:]*|\d[\d.,:]*(?:%|\p{L}{1,5})?)$/u;

function isBacked(token: string, figures: Figures): boolean {
  const clean = token.toLowerCase().replace(/[.,:/-]+$/, "");
  const isMixed = /\d/.test(clean) && !quantity.test(clean);
  if (boundary(isMixed ? figures.identifiers : figures.quantities, clean)) return true;
  const digits = /^(\d[\d.,]*)(?:%|\p{L}{1,5})$/u.exec(clean)?.[1];
  return digits !== undefined && boundary(figures.quantities, digits);
}

/** True when the digits occur as a number of their own: "5" is not in "1500". */
function boundary(source: string, token: string): boolean {
  return new RegExp(`(?<![\\p{L}\\p{N}.])${literal(token)}(?!\\d|\\.\\d|\\p{L}{6})`, "u").test(source);
}

/** A claim about causes must rest on what a ranked cause rests on. */
function causeProblem(claim: Claim, { causes, evidence }: ExplanationQuestion): string | null {
  const named = causes.slice(0, 3).filter(isNamed);
  if (named.length === 0 || named.length < Math.min(3, causes.length)) return null;
  return named.some((cause) => restsOn(claim, cause, evidence)) ? null : "speaks of no ranked cause";
}

function explainsFirst(claims: readonly Claim[], { causes, evidence }: ExplanationQuestion): boolean {
  const first = causes[0];
  if (first === undefined || !isNamed(first)) return true;
  return claims.some((claim) => restsOn(claim, first, evidence));
}

function isNamed(cause: Cause): boolean {
  return cause.service !== null || cause.changeId !== null;
}

function restsOn(claim: Claim, cause: Cause, evidence: readonly Evidence[]): boolean {
  const grounds = evidenceFor(cause, evidence);
  // A silent service that no known path leads to has no evidence of its own: any of the incident's may stand for it.
  return grounds.length === 0 || claim.evidence.some((number) => grounds.includes(number));
}
