/**
 * Words that stand for a number, "hours before", "most requests", "doubled": one among the cited facts has to back them,
 * as it would back the number.
 */
import { type Clause, namesAt } from "./clauses.ts";
import { withoutNames } from "./names.ts";
import { isBacked, ratiosIn } from "./number-claim.ts";
import { type Quantity, withDigits } from "./quantity.ts";
import { covers, isAbout, type Source, says } from "./statements.ts";
import { secondsApart } from "./timing-claim.ts";
import type { Told } from "./told.ts";

interface Range {
  readonly min: number;
  readonly max: number;
}

const unnumbered = String.raw`(?<!\d\s*(?:\p{L}+\s+)?)`;
const hour = 3_600;
/** Seconds between two things, and how long something lasted. */
const spans: readonly (readonly [RegExp, Range])[] = [
  [new RegExp(String.raw`${unnumbered}\bseconds\b`, "giu"), { min: 1.5, max: 120 }],
  [new RegExp(String.raw`${unnumbered}\bminutes\b`, "giu"), { min: 90, max: 2 * hour }],
  [new RegExp(String.raw`${unnumbered}\bhours\b`, "giu"), { min: 1.5 * hour, max: 48 * hour }],
  [new RegExp(String.raw`${unnumbered}\bdays\b`, "giu"), { min: 36 * hour, max: Number.POSITIVE_INFINITY }],
  [/\blong(?=\s+(?:before|after|ago)\b)/giu, { min: hour / 2, max: Number.POSITIVE_INFINITY }],
  [
    /\b(?:shortly|soon|immediately|right|just|directly)(?=\s+(?:before|after)\b)/giu,
    { min: 1, max: hour / 2 },
  ],
];
const untilOther = /^\p{L}+\s+(?:before|after|earlier|later|prior|ahead|following|ago)\b/iu;

/** Percent. */
const shares: readonly (readonly [RegExp, Range])[] = [
  [
    /(?<!\bat\s+|\bthe\s+)\bmost\s+(?:of\b|(?:\p{L}+\s+)?(?:requests|responses|answers|calls|replies|pods|services|callers)\b)/giu,
    { min: 50, max: 100 },
  ],
  [/\bhalf\b(?!\s+an?\b)/giu, { min: 40, max: 60 }],
  [/\b(?:an?|one)\s+third\s+of\b/giu, { min: 28, max: 38 }],
];

/** Times as much as before. */
const multiples: readonly (readonly [RegExp, Range])[] = [
  [/\b(?:doubl(?:e[sd]?|ing)|(?<=\b(?:is|are|was|were)\s+)twice)\b/giu, { min: 1.8, max: 2.9 }],
  [/\btripl(?:e[sd]?|ing)\b/giu, { min: 2.7, max: 3.9 }],
  [/\bhalved\b/giu, { min: 0.4, max: 0.6 }],
];

/** The first such word that no number backs, as a reason. */
export function vagueProblem(told: Told): string | null {
  for (const clause of told.clauses) {
    const text = withDigits(withoutNames(clause.text, told.names));
    const word =
      wrongIn(text, spans, (found, range) => isLong(found, range, text, clause, told)) ??
      wrongIn(text, shares, (found, range) => isShare(found, range, text, clause, told)) ??
      wrongIn(text, multiples, (found, range) => isMultiple(found, range, clause, told));
    if (word !== null) return `says "${word}", for which the cited evidence has no number`;
  }
  return null;
}

function wrongIn(
  text: string,
  table: readonly (readonly [RegExp, Range])[],
  isHeld: (found: RegExpExecArray, range: Range) => boolean,
): string | null {
  for (const [pattern, range] of table) {
    const wrong = [...text.matchAll(pattern)].find((found) => !isHeld(found, range));
    if (wrong !== undefined) return wrong[0];
  }
  return null;
}

function isIn({ min, max }: Range, value: number): boolean {
  return value >= min && value <= max;
}

function nearBy(index: number, clause: Clause, told: Told): readonly Source[] {
  const names = namesAt(clause, index);
  return told.sources.filter((source) => source.kind === "fact" && isAbout(source, names, told.services));
}

function quantitiesOf(sources: readonly Source[]): readonly Quantity[] {
  return sources.flatMap(({ statements }) => statements.flatMap(({ quantities }) => quantities));
}

function isLong(found: RegExpExecArray, range: Range, text: string, clause: Clause, told: Told): boolean {
  const isDirect = untilOther.test(text.slice(found.index));
  if (secondsApart(found.index, { isDirect }, clause, told).some((seconds) => isIn(range, seconds)))
    return true;
  if (isDirect) return false;
  return quantitiesOf(nearBy(found.index, clause, told)).some(
    ({ dimension, value, factor }) => dimension === "time" && isIn(range, value * factor),
  );
}

function isShare(found: RegExpExecArray, range: Range, text: string, clause: Clause, told: Told): boolean {
  const near = nearBy(found.index, clause, told);
  if (near.some(({ statements }) => statements.some((each) => says(each.text, found[0])))) return true;
  return quantitiesOf(near)
    .filter(({ dimension, value }) => dimension === "share" && isIn(range, value))
    .some((given) => isBacked({ ...given, noun: null, index: found.index }, text, clause, told));
}

function isMultiple(found: RegExpExecArray, range: Range, clause: Clause, told: Told): boolean {
  return nearBy(found.index, clause, told).some((source) =>
    source.statements.some((each) => {
      if (!covers(source, each, told.topicsOf(clause))) return false;
      if (says(each.text, found[0])) return true;
      return ratiosIn(each.text).some((ratio) => isIn(range, ratio));
    }),
  );
}
