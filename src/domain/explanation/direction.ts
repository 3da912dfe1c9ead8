/** Which way things went, and what came before what, in sentences and in evidence. */
import { mentions, wordsIn } from "./names.ts";

export type Direction = "up" | "down";

const words: Readonly<Record<Direction, RegExp>> = {
  up: /\b(?:rose|rises?|risen|rising|rais(?:es|ed|ing)|increas\w+|grew|grow(?:s|n|ing|th)?|climb\w*|jump\w*|spik(?:e|es|ed|ing)|surg\w+|soar\w*|high|higher|highest|slow\w*|burst\w*|above|exceed\w*|more than|doubl(?:ed|es|ing)|tripl(?:ed|es|ing)|went up|gone up|going up|up (?:from|to|by)|elevated|worse\w*|peak\w*|too many|saturat\w+|backlog\w*)\b/giu,
  down: /\b(?:fell|fall(?:s|en|ing)|drop(?:s|ped|ping)?|decreas\w+|declin\w+|lower(?:s|ed|ing)?|lowest|low|below|less than|fewer than|shr[aiu]nk\w*|reduc\w+|sank|sinks?|sinking|went down|gone down|going down|down (?:from|to|by)|halved|improv\w+|plung\w+|slump\w*|dipp?(?:ed|s|ing)?|fast(?:er)?|too few)\b/giu,
};

const negated =
  /\b(?:not(?!\s+(?:only|just)\b)|no|never|neither|nor|without|hardly|cannot|\p{L}+n['’]t)(?:\s+\p{L}+){0,2}\s*$/iu;

/** True when what stands at this place of a text is denied: "did not rise", "no recent deploy". */
export function isNegated(text: string, index: number): boolean {
  return negated.test(text.slice(0, index));
}

/** A word for a direction, and where it stands. */
export interface DirectionPlace {
  readonly direction: Direction;
  readonly word: string;
  readonly index: number;
}

/** The directions that a text states, in no order; "did not rise" states "down". */
export function directionPlaces(text: string): readonly DirectionPlace[] {
  return Object.entries(words).flatMap(([key, pattern]) =>
    [...text.matchAll(pattern)].map(({ 0: word, index }) => {
      // Keys of a record of directions.
      const direction = key as Direction;
      return { direction: isNegated(text, index) ? opposite(direction) : direction, word, index };
    }),
  );
}

/** The directions that a text states; "did not rise" states "down". */
export function directionsIn(text: string): ReadonlySet<Direction> {
  return new Set(directionPlaces(text).map(({ direction }) => direction));
}

/** The directions that evidence holds: by its words, names like "HighLatency" split, and by numbers "from 1 to 2". */
export function directionsOf(text: string): ReadonlySet<Direction> {
  const found = new Set(directionsIn(`${text} ${wordsIn(text).join(" ")}`));
  for (const match of text.matchAll(fromTo)) {
    const [before, after] = [Number(match[1]), Number(match[2])];
    if (before !== after) found.add(after > before ? "up" : "down");
  }
  return found;
}

const fromTo = /(?<![\d.])(\d+(?:\.\d+)?)\s?[%\p{L}]{0,3}\s*(?:to|->|→|=>)\s*(\d+(?:\.\d+)?)/giu;

function opposite(direction: Direction): Direction {
  return direction === "up" ? "down" : "up";
}

/** Something with a time that a sentence may name. */
export interface Timed {
  readonly names: readonly string[];
  readonly atMs: number;
}

const sequence =
  /\b(?:(?<before>before|earlier than|prior to|ahead of|preced(?:es|ed|ing))|(?<after>after|later than|following|followed))\b/iu;
const trailing = /\b(?:(?<before>before|earlier|prior)|(?<after>after|later|afterwards))\s*[.,;]?$/iu;
/**
 * What a sentence says came before what, when the times of what it names say otherwise: its word for the order, or
 * null while nothing contradicts it. Where one side names nothing that has a time, the start stands for it.
 */
export function falseOrder(text: string, named: readonly Timed[], startMs: number): string | null {
  const found = trailing.exec(text) ?? sequence.exec(text);
  if (found === null) return null;
  const sides = sidesOf(text, found);
  const [subject, reference] = [timesIn(sides.subject, named), timesIn(sides.reference, named)];
  if (subject.length === 0 && reference.length === 0) return null;
  const orStart = (times: readonly number[]) => (times.length > 0 ? times : [startMs]);
  const isBefore = (found.groups?.["before"] !== undefined) !== sides.isPassive;
  const holds = orStart(subject).some((a) => orStart(reference).some((b) => (isBefore ? a <= b : a >= b)));
  return holds ? null : found[0];
}

/** "S came after R", "After R, S came", "R was followed by S": what came, and what it is compared with. */
function sidesOf(text: string, found: RegExpExecArray) {
  const left = text.slice(0, found.index);
  const right = text.slice(found.index + found[0].length);
  const isPassive = /^\s*by\b/i.test(right);
  const [reference, ...rest] = right.split(",");
  if (/^[\s\d\p{P}]*(?:[\d.]+\s*\p{L}+\s*)?$/u.test(left) && rest.length > 0)
    return { subject: rest.join(","), reference: reference ?? "", isPassive };
  return { subject: left, reference: right, isPassive };
}

/** Times of what a part of a sentence names. */
function timesIn(text: string, named: readonly Timed[]): readonly number[] {
  return named.filter(({ names }) => names.some((name) => mentions(text, name))).map(({ atMs }) => atMs);
}
