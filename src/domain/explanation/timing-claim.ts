/** Whether the times of a sentence are right: clocks, and how long before or after something else a thing came. */

import type { Evidence } from "../explanation.ts";
import { isChange, namesOfFact } from "./cited.ts";
import { type Clause, namesAt } from "./clauses.ts";
import { mentions, withoutNames } from "./names.ts";
import { backs, momentPlaces, type Quantity, quantitiesIn } from "./quantity.ts";
import { isAbout } from "./statements.ts";
import type { Told } from "./told.ts";

/** The first time of day that the cited facts do not have, as a reason. */
export function momentProblem(told: Told): string | null {
  for (const clause of told.clauses) {
    const text = withoutNames(clause.text, told.names);
    const wrong = momentPlaces(text).find(({ moment, index }) => !momentsAt(clause, index, told).has(moment));
    if (wrong !== undefined) return `says "${wrong.moment}", which the cited evidence does not say of it`;
  }
  return null;
}

const wholeIncident = /\b(?:incident|troubles?|first)\b/i;

function momentsAt(clause: Clause, index: number, told: Told): ReadonlySet<string> {
  const names = namesAt(clause, index);
  const near = told.sources.filter((source) => isAbout(source, names, told.services));
  const facts = tellingOf(
    near.flatMap(({ fact }) => (fact?.at == null ? [] : [fact])),
    clause.text,
  );
  const start = facts.length === 0 || wholeIncident.test(clause.text) ? [told.startedAt] : [];
  const times = [...facts.flatMap(({ at }) => at ?? []), ...start].flatMap(timesOf);
  return new Set([...near.flatMap(({ moments }) => moments), ...times]);
}

function timesOf(at: Date): readonly string[] {
  const iso = at.toISOString();
  return [iso, iso.slice(0, 10), iso.slice(11, 16), iso.slice(11, 19)];
}

const changing = /\b(?:chang\w+|deploy\w*|roll\w*|live|versions?|went|updat\w+|releas\w+)\b/i;
const troubling =
  /\b(?:slow\w*|fail\w*|alert\w*|alarm\w*|fir(?:e|es|ed|ing)|errors?|troubles?|problems?|break\w*|broken?|degrad\w+)\b/i;

/** Of facts those that the text is about: a change where it tells of one, and the trouble where it tells of that. */
function tellingOf(facts: readonly Evidence[], text: string): readonly Evidence[] {
  const isOfChange = changing.test(text);
  if (isOfChange === troubling.test(text)) return facts;
  const telling = facts.filter((fact) => isChange(fact) === isOfChange);
  return telling.length > 0 ? telling : facts;
}

/** Facts with a time that a part of a sentence names, of each service those of which it names most. */
export function timedIn(text: string, cited: readonly Evidence[]): readonly Evidence[] {
  const named = cited.flatMap((fact) => {
    const count = new Set(namesOfFact(fact).filter((name) => mentions(text, name))).size;
    return fact.at === null || count === 0 ? [] : [{ fact, count, service: fact.data["service"] ?? null }];
  });
  const most = named.filter(
    ({ count, service }) => !named.some((other) => other.service === service && other.count > count),
  );
  const services = new Set(most.map(({ service }) => service));
  return [...services].flatMap((service) =>
    tellingOf(
      most.filter((each) => each.service === service).map(({ fact }) => fact),
      text,
    ),
  );
}

const lagAfter = /^[\d.,]+\s*\p{L}+\s+(?:before|after|earlier|later|prior|ahead|following)\b/iu;
const lagWords = /\b(?:within|since|ago|apart|between|after|before|later|earlier|prior|following|in)\b/i;

/** True for the time between two things that the sentence names, or between one and the start. */
export function isLag(claimed: Quantity, text: string, clause: Clause, told: Told): boolean {
  if (claimed.dimension !== "time" || !lagWords.test(text)) return false;
  const isDirect = lagAfter.test(text.slice(claimed.index));
  const isLimit = /\bwithin\s+$/i.test(text.slice(0, claimed.index));
  return secondsApart(claimed.index, { isDirect }, clause, told).some(
    (seconds) => isLong(claimed, seconds) || (isLimit && seconds <= claimed.value * claimed.factor),
  );
}

/**
 * Seconds between what stands before a place in a clause and what else the sentence names, or the start.
 * @param at - direct: what the time is counted from, or to, comes next: "4 min before …".
 */
export function secondsApart(
  index: number,
  { isDirect }: { readonly isDirect: boolean },
  clause: Clause,
  told: Told,
): readonly number[] {
  const startMs = told.startedAt.getTime();
  const timesIn = (part: string) => timedIn(part, told.cited).flatMap(({ at }) => at?.getTime() ?? []);
  const elsewhere = timesIn(told.text);
  const before = timesIn(clause.text.slice(0, index));
  const own = before.length > 0 ? before : (inheritedTimes(clause, told) ?? elsewhere);
  const behind = isDirect ? timesIn(clause.text.slice(index)) : [];
  const others = behind.length > 0 ? behind : [startMs, ...elsewhere];
  return own.flatMap((one) => others.map((other) => Math.abs(one - other) / 1000));
}

function inheritedTimes({ inherited, phrases }: Clause, told: Told): readonly number[] | null {
  if (inherited === null || phrases.length > 0) return null;
  const times = timedIn(inherited.join(" "), told.cited).flatMap(({ at }) => at?.getTime() ?? []);
  return times.length > 0 ? times : null;
}

/** Rounded either way, in each unit of which it is at least one. */
function isLong(claimed: Quantity, seconds: number): boolean {
  const units = [
    { size: 1, name: "s" },
    { size: 60, name: "min" },
    { size: 3600, name: "h" },
  ];
  return units
    .filter(({ size }) => seconds >= size)
    .flatMap(({ size, name }) =>
      [Math.floor, Math.round, Math.ceil].flatMap((round) =>
        quantitiesIn(`${round(seconds / size)} ${name}`),
      ),
    )
    .some((given) => backs(given, { ...claimed, noun: null }, ""));
}
