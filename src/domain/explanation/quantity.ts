/** Numbers with their units, as they stand in sentences and in evidence, and whether one backs the other. */
import { hasStem } from "./names.ts";

/** A number as a text says it. */
export interface Quantity {
  /** As written, for the reason of a refusal. */
  readonly text: string;
  readonly value: number;
  /** What is measured; null for a bare number. */
  readonly dimension: Dimension | null;
  /** Of one unit, in the base unit of its dimension. */
  readonly factor: number;
  readonly decimals: number;
  /** The word that is counted: "pods" in "3 pods"; null when none follows. */
  readonly noun: string | null;
  /** The words that may say what is counted: those that follow it, or else stand before it, in one text. */
  readonly beside: string;
  /** Where its digits begin in the text with digits for numbers in words. */
  readonly index: number;
}

type Dimension = "time" | "share" | "bytes" | "bits" | "rate" | "multiple";

const units: Readonly<Record<Dimension, Readonly<Record<string, number>>>> = {
  time: {
    ns: 1e-9,
    us: 1e-6,
    µs: 1e-6,
    ms: 1e-3,
    millisecond: 1e-3,
    s: 1,
    sec: 1,
    second: 1,
    m: 60,
    min: 60,
    minute: 60,
    h: 3_600,
    hr: 3_600,
    hour: 3_600,
    d: 86_400,
    day: 86_400,
  },
  share: { "%": 1, percent: 1 },
  bytes: {
    b: 1,
    byte: 1,
    kb: 1e3,
    kib: 1_024,
    mb: 1e6,
    mib: 1_048_576,
    gb: 1e9,
    gib: 1_073_741_824,
    tb: 1e12,
  },
  bits: { kbps: 1e3, mbps: 1e6, gbps: 1e9, "kbit/s": 1e3, "mbit/s": 1e6, "gbit/s": 1e9 },
  rate: { rps: 1, qps: 1, "req/s": 1, "requests/s": 1, "/s": 1, hz: 1 },
  multiple: { x: 1, "×": 1, times: 1, fold: 1 },
};

/** A number with its unit, if any, as a pattern. */
export const figure = String.raw`(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?:\s?(?:${unitSpellings()})s?)?(?![\p{L}\p{N}])`;

function unitSpellings(): string {
  return Object.values(units)
    .flatMap(Object.keys)
    .sort((a, b) => b.length - a.length)
    .join("|");
}

/** Words after a number that count nothing. */
const noNoun =
  /^(?:of|to|from|for|and|or|in|on|at|per|with|than|the|a|an|by|since|before|after|earlier|later|ago|is|are|was|were|has|have|had|more|other|out|utc|up|down|as|over|under|above|below|ahead|prior|firing|affected|different|instead|compared|usually)$/;

const numberWords: Readonly<Record<string, number>> = {
  two: 2,
  three: 3,
  four: 4,
  five: 5,
  six: 6,
  seven: 7,
  eight: 8,
  nine: 9,
  ten: 10,
  eleven: 11,
  twelve: 12,
  dozen: 12,
  twenty: 20,
  thirty: 30,
  fifty: 50,
  hundred: 100,
  thousand: 1_000,
};

/** A clock, a date or a moment: "10:02", "2026-03-01", "2026-03-01T10:02:00.000Z". */
const moment =
  /(?<![\w.:-])(?:\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?Z?)?|\d{1,2}:\d{2}(?::\d{2})?)(?![\w:])/g;

const number =
  /(?<![\p{L}\p{N}_.:/]|\p{L}-)(?<whole>\d{1,3}(?:,\d{3})+|\d+)(?<fraction>\.\d+)?(?:(?<gap>\s?)(?<suffix>%|×|[\p{L}µ/][\p{L}/]*))?(?:\s+(?<following>\p{L}[\p{L}-]*))?/gu;

/** Every clock, date and moment in the text, as written. */
export function momentsIn(text: string): readonly string[] {
  return text.match(moment) ?? [];
}

/** Every clock, date and moment, and where it stands. */
export function momentPlaces(text: string): readonly { readonly moment: string; readonly index: number }[] {
  return [...text.matchAll(moment)].map((match) => ({ moment: match[0], index: match.index }));
}

/** "An hour before", "a minute"; "a second" may be the second of several. */
const single =
  /(?<!\bhalf\s)\b(?:an?|one)(?=\s+(?:(?:minute|hour|day)\b|second\s+(?:before|after|earlier|later|ago)\b))/giu;

/** The text, as long as it was, with digits for numbers in words. */
export function withDigits(text: string): string {
  const counted = text.replace(single, (word) => "1".padStart(word.length));
  return counted.replace(/\p{L}+/gu, (word) => {
    const value = numberWords[word.toLowerCase()];
    return value === undefined ? word : String(value).padStart(word.length);
  });
}

/** Every number in the text that is no part of a name, a version or a moment; numbers in words count from two on. */
export function quantitiesIn(text: string): readonly Quantity[] {
  const plain = withDigits(text).replace(moment, (found) => " ".repeat(found.length));
  return [...plain.matchAll(number)].flatMap((match) => {
    const { whole = "", fraction = "", gap = "", suffix = "" } = match.groups ?? {};
    const end = match.index + `${whole}${fraction}`.length;
    const unit = suffix === "" ? null : unitOf(suffix);
    // "7d9f" and "41rc" are names.
    if (suffix !== "" && unit === null && gap === "") return [];
    const behind = plain.slice(unit === null ? end : end + gap.length + suffix.length);
    return [
      {
        text: match[0].trim(),
        value: Number(`${whole.replaceAll(",", "")}${fraction}`),
        dimension: unit?.dimension ?? null,
        factor: unit?.factor ?? 1,
        decimals: Math.max(0, fraction.length - 1),
        noun: nounIn(unit === null ? suffix || match.groups?.["following"] : match.groups?.["following"]),
        beside: besideOf(plain.slice(0, match.index), behind),
        index: match.index,
      },
    ];
  });
}

function nounIn(word: string | undefined): string | null {
  const noun = word?.toLowerCase();
  return noun === undefined || noNoun.test(noun) ? null : noun;
}

const followingWords = /^(?:\s+of\s+(?:the\s+)?\d+)?(?<words>(?:\s+\p{L}[\p{L}-]*){1,3})/u;
const precedingWords = /(?<words>(?:\p{L}[\p{L}-]*\s+)?\p{L}[\p{L}-]*)\s*[:=]?\s*$/u;

/** "4 of 5 pods wait" counts pods that wait, as "pods: 4" counts pods. */
function besideOf(before: string, behind: string): string {
  return (followingWords.exec(behind) ?? precedingWords.exec(before))?.groups?.["words"] ?? "";
}

function unitOf(suffix: string): { readonly dimension: Dimension; readonly factor: number } | null {
  const name = suffix.toLowerCase();
  for (const spelling of [name, name.replace(/s$/, "")])
    for (const [dimension, of] of Object.entries(units)) {
      const factor = of[spelling];
      // Keys of a record of dimensions.
      if (factor !== undefined) return { dimension: dimension as Dimension, factor };
    }
  return null;
}

/**
 * True when the number that a source gives backs the one that is claimed: the same value in the same dimension, other
 * units and fewer decimals allowed, and of the same things where they are named. What is counted has to stand beside
 * that very number; a measured thing somewhere in its statement.
 * @param context - the words of the source's statement.
 */
export function backs(source: Quantity, claimed: Quantity, context: string): boolean {
  if (source.dimension !== claimed.dimension) return false;
  const said = claimed.dimension === null ? source.beside : context;
  if (claimed.noun !== null && !hasStem(said, claimed.noun)) return false;
  const given = (source.value * source.factor) / claimed.factor;
  if (Math.abs(given - claimed.value) <= 1e-9 * Math.max(1, given)) return true;
  const digits = String(claimed.value).replace(/\D/g, "").replace(/^0+/, "").length;
  // "2.3 s" may stand for 2,304 ms, but "3 s" not for 2.6 s.
  return digits >= 2 && Math.abs(given - claimed.value) <= 0.5 * 10 ** -claimed.decimals;
}
