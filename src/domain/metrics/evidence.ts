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
 * @param around - when the first alert began, and when the metrics were read.
 */
export function evidenceOfMetrics(
  readings: readonly MetricReading[],
  around: { readonly onsetMs: number; readonly readAtMs: number },
): readonly NewEvidence[] {
  const changes = strongest(readings).flatMap((reading) => evidenceOfChange(reading, around.onsetMs) ?? []);
  return [
    ...changes,
    ...steadyEvidence(readings, around.readAtMs),
    ...unreadEvidence(readings, around.readAtMs),
  ];
}

function evidenceOfChange(reading: MetricReading, onsetMs: number): NewEvidence | null {
  const sentence = sentenceOfChange(reading, onsetMs);
  const { question, outcome } = reading;
  if (sentence === null || outcome.kind !== "read") return null;
  const { change } = outcome;
  const fact = oneLine(sentence, maxText);
  const others = outcome.changedCount > 1 ? ` (${outcome.changedCount} of ${outcome.count} series)` : "";
  const direction = change.kind === "changed" ? change.direction : change.kind;
  return {
    kind: "metric",
    subject: oneLine(`${nameOfMetric(reading)} ${direction}`, 400),
    text: oneLine(`${fact}${others}`, maxText),
    at: new Date(beganAt(reading) ?? onsetMs),
    data: {
      fact: `${fact}${others}`,
      quote: "",
      entities: [question.service, question.name].map((name) => forPeople(name, 100)),
      service: question.service,
      direction,
      score: Math.round(weightOf(reading) * 10) / 10,
    },
  };
}

/** What the first suspect's metrics do not show is worth knowing too. */
function steadyEvidence(readings: readonly MetricReading[], readAtMs: number): readonly NewEvidence[] {
  const service = readings[0]?.question.service;
  const steady = readings.filter(
    ({ question, outcome }) =>
      question.service === service && outcome.kind === "read" && outcome.change.kind === "steady",
  );
  if (service === undefined || steady.length === 0) return [];
  const names = steady.map((reading) => nameOfMetric(reading));
  const fact = `no change around the start in ${names.join(", ")}`;
  return [factOf(`steady ${service}`, fact, service, readAtMs)];
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
