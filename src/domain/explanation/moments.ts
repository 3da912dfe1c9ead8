/** The times in a sentence of an explanation, as moments that every reader sees in their own zone. */
import type { Incident } from "../incident.ts";
import { plain, type Span, type Text } from "../view.ts";
import { months } from "./wording.ts";

/** A time as `clock` of wording.ts writes it; the first of two that share their "UTC" has only what follows to tell it by. */
const written = new RegExp(
  String.raw`(?<![\d:])(?:(?<day>\d{1,2}) (?<month>${months.join("|")}) (?:(?<year>\d{4}) )?)?(?<hour>[01]\d|2[0-3]):(?<minute>[0-5]\d)` +
    String.raw`(?: UTC\b|(?= to (?:\d{1,2} [A-Z][a-z]{2} (?:\d{4} )?)?\d\d:\d\d UTC\b))`,
  "g",
);

/** The sentence with its times as moments; without a day they are of the day on which the incident was opened. */
export function withMoments(sentence: string, { openedAt }: Pick<Incident, "openedAt">): Text {
  const spans: Span[] = [];
  let end = 0;
  for (const match of sentence.matchAll(written)) {
    const at = momentOf(match.groups ?? {}, openedAt);
    if (at === null) continue;
    if (match.index > end) spans.push(plain(sentence.slice(end, match.index)));
    const inSentence = match.groups?.["day"] === undefined ? "time" : "day and time";
    spans.push({ text: match[0], at, inSentence });
    end = match.index + match[0].length;
  }
  return end < sentence.length || spans.length === 0 ? [...spans, plain(sentence.slice(end))] : spans;
}

/** Null for a day that there is not: the sentence may hold words from outside. */
function momentOf(groups: Readonly<Record<string, string | undefined>>, openedAt: Date): Date | null {
  const { day, month = "", year, hour, minute } = groups;
  const time = (Number(hour) * 60 + Number(minute)) * 60_000;
  if (day === undefined) return new Date(openedAt.getTime() - (openedAt.getTime() % dayMs) + time);
  const inYear = (year: number) => new Date(Date.UTC(year, months.indexOf(month), Number(day)) + time);
  // A day that is named without its year is the nearest one.
  const own = openedAt.getUTCFullYear();
  const [nearest] = (year === undefined ? [own - 1, own, own + 1] : [Number(year)])
    .map(inYear)
    .filter((at) => at.getUTCDate() === Number(day))
    .sort((a, b) => distance(a, openedAt) - distance(b, openedAt));
  return nearest ?? null;
}

const dayMs = 86_400_000;

function distance(a: Date, b: Date): number {
  return Math.abs(a.getTime() - b.getTime());
}
