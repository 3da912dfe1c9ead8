/** Numbered facts from metrics: the strongest few changes, what did not change, and what could not be read. */

import type { NewEvidence } from "../explanation.ts";
import { forPeople } from "../text/for-people.ts";
import { oneLine } from "../view.ts";
import { beganAt, clock, type MetricReading, nameOfMetric, sentenceOfChange, weightOf } from "./reading.ts";

/** Changes that become evidence of one reading. */
export const maxChanges = 4;
const maxText = 300;

/** Those that changed, strongest first. Of one service and origin the same change is told once. */
export function strongest(readings: readonly MetricReading[]): readonly MetricReading[] {
  return readings
    .filter((reading) => weightOf(reading) > 0)
    .toSorted((a, b) => weightOf(b) - weightOf(a) || (nameOfMetric(a) < nameOfMetric(b) ? -1 : 1))
    .slice(0, maxChanges);
}

/**
 * Facts to number. Never more than six: four changes, one of what stayed as it was, one of what could not be read.
 * @param around - when the first alert began, when the metrics were read, whether that was before most of what came after,
 *   and what earlier looks made evidence.
 */
export function evidenceOfMetrics(
  readings: readonly MetricReading[],
  around: {
    readonly onsetMs: number;
    readonly readAtMs: number;
    readonly isEarly: boolean;
    readonly known: readonly Pick<NewEvidence, "data">[];
  },
): readonly NewEvidence[] {
  const changes = strongest(readings).flatMap((reading) => evidenceOfChange(reading, around.onsetMs) ?? []);
  // What is steady so far may not be so at the second look, and evidence stands.
  const steady = around.isEarly ? [] : steadyEvidence(readings, around);
  return [...changes, ...steady, ...unreadEvidence(readings, around.readAtMs)];
}

function evidenceOfChange(reading: MetricReading, onsetMs: number): NewEvidence | null {
  const sentence = sentenceOfChange(reading, onsetMs);
  const { question, outcome } = reading;
  if (sentence === null || outcome.kind !== "read") return null;
  const { change } = outcome;
  const fact = oneLine(sentence, maxText);
  const others = othersOf(outcome);
  const direction = change.kind === "changed" ? change.direction : change.kind;
  return {
    kind: "metric",
    subject: oneLine(`${nameOfMetric(reading)} ${direction}`, 400),
    text: oneLine(`${fact}${others}`, maxText),
    at: new Date(beganAt(reading) ?? onsetMs),
    data: {
      fact: `${fact}${others}`,
      quote: "",
      entities: entitiesOf(reading),
      service: question.service,
      direction,
      score: Math.round(weightOf(reading) * 10) / 10,
    },
  };
}

/** " (2 of 20 series; 180 more were not looked at)" */
function othersOf({ changedCount, count, leftOut }: Read): string {
  if (leftOut > 0) return ` (${changedCount} of ${count} series; ${leftOut} more were not looked at)`;
  return changedCount > 1 ? ` (${changedCount} of ${count} series)` : "";
}

type Read = Extract<MetricReading["outcome"], { readonly kind: "read" }>;

/**
 * What the first suspect's metrics do not show is worth knowing too. What changed in an earlier look did not stay as it
 * was: it may have been back before this one saw enough of it.
 */
function steadyEvidence(
  readings: readonly MetricReading[],
  { readAtMs, known }: { readonly readAtMs: number; readonly known: readonly Pick<NewEvidence, "data">[] },
): readonly NewEvidence[] {
  const service = readings[0]?.question.service;
  if (service === undefined) return [];
  const changedBefore = new Set(
    known.flatMap(({ data }) => (data["direction"] === undefined ? [] : [JSON.stringify(data["entities"])])),
  );
  const names = readings.flatMap((reading) => {
    const { question, outcome } = reading;
    const isSteady =
      question.service === service && outcome.kind === "read" && outcome.change.kind === "steady";
    if (!isSteady || changedBefore.has(JSON.stringify(entitiesOf(reading)))) return [];
    const part =
      outcome.leftOut > 0 ? ` (${outcome.count} of ${outcome.count + outcome.leftOut} series)` : "";
    return [`${nameOfMetric(reading)}${part}`];
  });
  if (names.length === 0) return [];
  const fact = `no change around the start in ${names.join(", ")}`;
  return [factOf(`steady ${service}`, fact, service, readAtMs)];
}

/** Service and name of a metric, as evidence has them. */
function entitiesOf({ question }: MetricReading): readonly string[] {
  return [question.service, question.name].map((name) => forPeople(name, 100));
}

/** Whatever could not be read is said, with why: that there is no evidence is no evidence of nothing. */
function unreadEvidence(readings: readonly MetricReading[], readAtMs: number): readonly NewEvidence[] {
  const unread = readings.flatMap(({ question, outcome }) =>
    outcome.kind === "unreadable" ? [{ question, because: outcome.because }] : [],
  );
  const first = unread[0];
  if (first === undefined) return [];
  const names = unread
    .slice(0, 3)
    .map(({ question }) => `${forPeople(question.name, 60)} of ${forPeople(question.service, 60)}`);
  const more = unread.length > names.length ? ` and ${unread.length - names.length} more` : "";
  const fact = `could not be read at ${clock(readAtMs)}: ${names.join(", ")}${more}, because ${oneLine(first.because, 140)}`;
  return [factOf("unread", fact, null, readAtMs)];
}

function factOf(subject: string, text: string, service: string | null, atMs: number): NewEvidence {
  const fact = oneLine(text, maxText);
  return {
    kind: "metric",
    subject: oneLine(subject, 400),
    text: fact,
    at: new Date(atMs),
    // Of no service: it speaks for no suspect.
    data: { fact, quote: "", entities: service === null ? [] : [forPeople(service, 100)], service: null },
  };
}
