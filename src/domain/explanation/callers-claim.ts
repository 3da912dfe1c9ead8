/**
 * What a sentence says of callers without an alert: neither that they suffer nor that they do not, since nobody knows.
 */
import type { CitedDependents, Evidence, ExplanationQuestion } from "../explanation.ts";
import type { Dependent } from "../topology/dependents.ts";
import { isNegated } from "./direction.ts";
import { partsOf } from "./evidence.ts";
import { type Place, placesOf } from "./names.ts";
import { quantitiesIn } from "./quantity.ts";

/** What only an alert can tell of a service. */
const suffering =
  /\b(?:affect\w*|hurt\w*|hit|hits|suffer\w*|fail\w*|broke|broken|break\w*|degrad\w*|slow\w*|troubles?|problems?|issues?|symptoms?|experienc\w*|encounter\w*|impact\w*|hang|hangs|block\w*|wait\w*|respond\w*|propagat\w*|spread\w*|reach(?:es|ed|ing)?|work(?:s|ed|ing)?)\b/giu;
const alerting = /\b(?:alert\w*|alarm\w*|fir(?:e|es|ed|ing))\b/giu;
/** Callers as one. */
const together = ["callers", "dependents", "everything", "everyone", "others"];
/** What may stand between names of one list. */
const joining = /^(?:,\s*(?:and|or)?\s*|\s+(?:and|or|nor|of)\s+(?:the\s+)?)$/iu;
/** "3 callers", "two other services"; of "of the 3 callers" something else is said. */
const counted =
  /(?<![\p{L}\p{N}.])(?<part>of\s+(?:(?:the|its|their)\s+)?)?(?:\d+|\p{L}+)\s+(?:other\s+|more\s+)?(?:services|callers|dependents)\b/giu;
/** What may stand between a word and the name that it is said of. */
const leading = /^\s+(?:(?:to|into|the|its|of|on|in|at|for|also|both|from|such|as|like|far|out|up)\s+)*$/iu;
const ofTheLast = /^,?\s*(?:which|that)\b[^,]*$/iu;

/** Says of a caller without an alert how it fares, or that it alerts; or of one that alerts that it does not. */
export function silenceProblem(
  text: string,
  cited: readonly Evidence[],
  question: ExplanationQuestion,
): string | null {
  const about = citedOf(cited, question);
  if (about.length === 0) return null;
  const named = namedBy(cited, about);
  const subjects = subjectsIn(text, cited);
  const wrongly = (word: RegExpExecArray, state: Dependent["state"]) =>
    subjectsOf(text, word, subjects).find((subject) => !isSo(subject, state, { about, named }))?.name;
  for (const word of text.matchAll(alerting)) {
    const isDenied = isNegated(text, word.index);
    const who = wrongly(word, isDenied ? "silent" : "alerting");
    if (who !== undefined)
      return `says that "${who}" ${isDenied ? "has no alert" : "alerts"}, of which the alerts say otherwise`;
  }
  for (const word of text.matchAll(suffering)) {
    const who = wrongly(word, "alerting");
    if (who !== undefined) return `says how "${who}" fares, of which no alert tells`;
  }
  return null;
}

/** A name or a number of services, and where it stands. */
interface Subject extends Place {
  readonly count?: number;
}

interface Callers {
  readonly about: readonly CitedDependents[];
  readonly named: readonly Named[];
}

type Named = Pick<Dependent, "service" | "state">;

/** All that the facts name, also by altered names, and what depends on it no longer. */
function namedBy(cited: readonly Evidence[], about: readonly CitedDependents[]): readonly Named[] {
  const states = new Map(about.flatMap(({ services }) => services).map((each) => [each.service, each.state]));
  return cited
    .filter(({ kind }) => kind === "callers")
    .flatMap((fact) => partsOf(fact).entities.filter((name) => name !== fact.data["of"]))
    .map((service) => ({ service, state: states.get(service) ?? "unknown" }));
}

/** False for callers that are not all in that state; what is said of others is not judged here. */
function isSo({ name, count }: Subject, state: Dependent["state"], { about, named }: Callers): boolean {
  if (count !== undefined)
    return about.some(({ services }) => services.filter((each) => each.state === state).length === count);
  const meant = together.includes(name.toLowerCase()) ? named : named.filter((each) => each.service === name);
  return meant.every((each) => each.state === state);
}

/** In the order of the text. */
function subjectsIn(text: string, cited: readonly Evidence[]): readonly Subject[] {
  const counts = [...text.matchAll(counted)].flatMap((match) => {
    const [found] = quantitiesIn(match[0]);
    const place = { name: match[0], from: match.index, to: match.index + match[0].length };
    const isPart = match.groups?.["part"] !== undefined;
    return found === undefined ? [] : [{ ...place, count: found.value, isPart }];
  });
  const names = [...cited.flatMap((fact) => partsOf(fact).entities), ...together];
  const apart = placesOf(text, names).filter(
    ({ from, to }) => !counts.some((place) => from >= place.from && to <= place.to),
  );
  return [...apart, ...counts.filter(({ isPart }) => !isPart)].sort((a, b) => a.from - b.from);
}

/** Of whom a word is said: the list before it, all before it where the sentence goes on, and what comes right after it. */
function subjectsOf(text: string, word: RegExpExecArray, subjects: readonly Subject[]): readonly Subject[] {
  const end = word.index + word[0].length;
  const before = subjects.filter(({ to }) => to <= word.index);
  const last = before.at(-1);
  const next = subjects.find(({ from }) => from >= end);
  const object = next !== undefined && leading.test(text.slice(end, next.from)) ? [next] : [];
  if (last === undefined) return object;
  const between = text.slice(last.to, word.index);
  const goesOn = /,|\b(?:and|without)\b/iu.test(between) && !ofTheLast.test(between);
  const list = goesOn ? before : before.filter((_, index) => isOneList(text, before.slice(index)));
  return [...list, ...object];
}

function isOneList(text: string, places: readonly Place[]): boolean {
  return places.every((place, index) => {
    const next = places[index + 1];
    return next === undefined || joining.test(text.slice(place.to, next.from));
  });
}

/** How many callers there are, with and without an alert, as a sentence may count them. */
export function callersCounts(cited: readonly Evidence[], question: ExplanationQuestion): readonly string[] {
  return citedOf(cited, question).map(({ services, isCut }) => {
    const silent = services.filter(({ state }) => state === "silent").length;
    const heard = services.filter(({ state }) => state === "alerting").length;
    // Where more were not looked at, nothing is the whole number.
    return isCut
      ? ""
      : `${services.length} services depend on it, ${services.length} callers; ${silent} services without alert, ${silent} callers without alert; ${heard} services alerting, ${heard} callers alerting`;
  });
}

function citedOf(
  cited: readonly Evidence[],
  { dependents = [] }: ExplanationQuestion,
): readonly CitedDependents[] {
  const numbers = new Set(cited.map(({ number }) => number));
  return dependents.filter(({ evidence }) => numbers.has(evidence));
}
