/**
 * Whether a sentence has right who calls whom: a call between two services has to be in a cited fact, the same way
 * round. Nothing else tells of one: two alerts that came together do not.
 */
import type { Evidence, ExplanationQuestion } from "../explanation.ts";
import { subjectNames } from "./cited.ts";
import { type Clause, readClauses } from "./clauses.ts";
import { isNegated } from "./direction.ts";
import { partsOf } from "./evidence.ts";
import { type Place, placesOf } from "./names.ts";
import { servicesOf } from "./statements.ts";

type Call = readonly [caller: string, callee: string];

const be = String.raw`(?:is|are|was|were|lies)\s+(?:also\s+|directly\s+|right\s+)?`;
/** Between a callee and its caller. */
const backward = String.raw`(?:called|needed|used|required)\s+by|(?:callees?|dependency|dependencies)\s+of|(?:is|are)\s+downstream\s+of|serv(?:es?|ed|ing)|answer(?:s|ed|ing)?(?:\s+to)?|respond(?:s|ed|ing)?\s+to|${be}behind|(?:its|their|['’]s)\s+(?:direct\s+)?(?:callers?|dependents?)|(?<=\b(?:callers?|dependents?)\s+of\s+(?:the\s+)?\S+\s+)(?:is|are|includes?)`;
/** Between a caller and its callee. */
const forward = String.raw`call(?:s|ed|ing)?(?:\s+to)?|depend(?:s|ed|ing)?(?:\s+(?:up)?on)?|need(?:s|ed|ing)?|requir(?:es?|ed|ing)|rel(?:y|ies|ied|ying)\s+on|us(?:es?|ed|ing)|(?:wait|block|hang)(?:s|ed|ing)?\s+(?:for|on)|in\s+need\s+of|dependency\s+on|(?:callers?|dependents?|upstream)\s+of|(?:its|their|['’]s)\s+(?:direct\s+)?(?:callees?|dependency|dependencies)`;
const relation = new RegExp(
  `(?:(?<![\\p{L}\\p{N}_-])|(?=['’]s))(?:(?<backward>${backward})|(?<forward>${forward}))(?![\\p{L}\\p{N}_-])`,
  "giu",
);
/** Verbs that only several do. */
const ofSeveral = /^(?:(?:call|depend|need|require|rely|use|wait|serve)\b|are\b|were\b)/i;
const beforeObject = /^\s+(?:(?:is|are|includes?|the|on|upon|for|both|either|service|services)\s+)*["“]?$/iu;
const joining = /^["”]?(?:,\s*(?:and\s+|or\s+)?|\s+(?:and|or)\s+)(?:the\s+)?["“]?$/iu;
const endOfItem = /^["”]?\s*(?:$|[.,;:)]|(?:and|or|but|while|which|without)\b)/iu;
const pronoun = /^\s+(?:it|them)\b/i;

/** A call that no cited fact has, as a reason; null when all that are told of are backed. */
export function callProblem(
  text: string,
  cited: readonly Evidence[],
  question: ExplanationQuestion,
): string | null {
  const services = servicesOf(cited, question);
  const names = subjectNames(cited).filter((name) => services.has(name.toLowerCase()));
  const known = cited.flatMap((fact) => callsOf(fact, names));
  const isKnown = ([caller, callee]: Call) =>
    caller === callee || known.some(([from, to]) => from === caller && to === callee);
  for (const { choices, isDenied } of callsTold(text, names)) {
    const [first] = choices;
    if (first === undefined || (!isDenied && choices.some(isKnown))) continue;
    const [caller, callee] = first;
    if (isDenied && caller !== callee)
      return `denies that "${caller}" calls "${callee}", which no evidence can`;
    if (isKnown([callee, caller]))
      return `says that "${caller}" calls "${callee}"; the cited evidence has it the other way round`;
    return `says that "${caller}" calls "${callee}", which the cited evidence does not`;
  }
  return null;
}

// ---------- what the evidence has ----------

/** Caller and callee, also through others. */
function callsOf(fact: Evidence, names: readonly string[]): readonly Call[] {
  const { entities } = partsOf(fact);
  if (fact.kind === "topology")
    return entities.flatMap((caller, index) =>
      entities.slice(index + 1).map((callee): Call => [caller, callee]),
    );
  const of = fact.data["of"];
  if (fact.kind === "callers" && typeof of === "string")
    return entities.filter((name) => name !== of).map((caller): Call => [caller, of]);
  return fact.kind === "alert" ? callsOfAlert(fact, names) : [];
}

/** "Calls to cart fail" of an alert on checkout, and "checkout to cart" or "checkout calls cart" of any. */
function callsOfAlert(fact: Evidence, names: readonly string[]): readonly Call[] {
  const { quote, service } = partsOf(fact);
  const places = placesOf(quote, names);
  return places.flatMap(({ name, from }, index) => {
    const previous = places[index - 1];
    const between = quote.slice(previous?.to ?? 0, from);
    if (previous !== undefined && /^\s*(?:to|calls|->|→|=>)\s*$/i.test(between))
      return [[previous.name, name] as const];
    const isCalled = /\b(?:calls?|calling|requests?|connections?|connect(?:ing)?)\s+to\s+$/i.test(between);
    return isCalled && service !== null ? [[service, name] as const] : [];
  });
}

// ---------- what the sentence says ----------

/** One call; where "it" may be any of several, one for each of them. */
interface Told {
  readonly choices: readonly Call[];
  readonly isDenied: boolean;
}

function callsTold(text: string, names: readonly string[]): readonly Told[] {
  let offset = 0;
  const clauses = readClauses(text, names).map((clause) => {
    const from = text.indexOf(clause.text, offset);
    offset = from + clause.text.length;
    return { clause, from, to: offset };
  });
  const places = placesOf(text, names);
  const verbs = [...text.matchAll(relation)].flatMap((match) => {
    const around = clauses.find(({ from, to }) => match.index >= from && match.index < to);
    return around === undefined ? [] : told(text, match, around, places);
  });
  return [...verbs, ...trafficTold(text, names)];
}

/** "Requests from storefront to checkout". */
function trafficTold(text: string, names: readonly string[]): readonly Told[] {
  const places = placesOf(text, names);
  return places.flatMap((callee, index) => {
    const caller = places[index - 1];
    if (caller === undefined || !/^\s+to\s+(?:the\s+)?$/i.test(text.slice(caller.to, callee.from))) return [];
    if (!/\b(?:calls|requests)\s+(?:from|of)\s+(?:the\s+)?$/i.test(text.slice(0, caller.from))) return [];
    return [{ choices: [[caller.name, callee.name]], isDenied: false }];
  });
}

interface Around {
  readonly clause: Clause;
  readonly from: number;
}

function told(
  text: string,
  match: RegExpExecArray,
  around: Around,
  places: readonly Place[],
): readonly Told[] {
  const { clause, from } = around;
  const before = places.filter((place) => place.to <= match.index);
  const own = before.filter((place) => place.from >= from).at(-1);
  const subjects = own === undefined ? (clause.inherited ?? []) : listBefore(text, own, match[0], before);
  const isBackward = match.groups?.["backward"] !== undefined;
  const isDenied = isNegated(text, match.index);
  const objects = objectsOf(text, match, { from, subjects, own }, places);
  return subjects.flatMap((subject) =>
    objects.map((choices) => ({
      choices: choices.map((object): Call => (isBackward ? [object, subject] : [subject, object])),
      isDenied,
    })),
  );
}

function listBefore(text: string, last: Place, verb: string, before: readonly Place[]): readonly string[] {
  if (!ofSeveral.test(verb)) return [last.name];
  const list = [last];
  for (const place of before.toReversed().slice(1)) {
    const [next] = list;
    if (next === undefined || !joining.test(text.slice(place.to, next.from))) break;
    list.unshift(place);
  }
  return list.map(({ name }) => name);
}

interface Subjects {
  /** Where their clause begins. */
  readonly from: number;
  readonly subjects: readonly string[];
  /** The last of them, where the clause names them itself. */
  readonly own: Place | undefined;
}

/** Each that is called, or calls; where it may be any of several, such as "it", all of them as one choice. */
function objectsOf(
  text: string,
  match: RegExpExecArray,
  { from, subjects, own }: Subjects,
  places: readonly Place[],
): readonly (readonly string[])[] {
  const end = match.index + match[0].length;
  const listed = listAfter(text, end, places);
  if (listed.length > 0) return listed.map((name) => [name]);
  const others = places.filter(({ name }) => !subjects.includes(name));
  const isPronoun = pronoun.test(text.slice(end));
  // "Fraud-scorer, which checkout calls".
  const isRelative =
    own !== undefined && /\b(?:which|that|what)\s+(?:the\s+)?$/i.test(text.slice(0, own.from));
  const meant = isPronoun ? others.filter(({ to }) => to <= from) : isRelative ? others : [];
  return meant.length > 0 ? [meant.map(({ name }) => name)] : [];
}

function listAfter(text: string, end: number, places: readonly Place[]): readonly string[] {
  const [first, ...others] = places.filter((place) => place.from >= end);
  if (first === undefined || !beforeObject.test(text.slice(end, first.from))) return [];
  const list = [first];
  for (const place of others) {
    const last = list.at(-1) ?? first;
    if (!joining.test(text.slice(last.to, place.from)) || !endOfItem.test(text.slice(place.to))) break;
    list.push(place);
  }
  return list.map(({ name }) => name);
}
