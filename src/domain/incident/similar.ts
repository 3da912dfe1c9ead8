/**
 * Which earlier incidents read like this one, and why. An incident is a short list of features: kinds of alerts with
 * their service, kinds alone, services, the service that alerted first, words of the texts. What two incidents share
 * counts by its rarity, so that an alert which is in every incident says little. The similarity is a sum whose parts
 * are shown.
 */

import { entityOf } from "../alert/entity.ts";
import { wordsOf } from "../alert/evidence-kind.ts";
import type { Alert } from "../alert.ts";
import { withoutSecrets } from "../text/redaction.ts";
import { startOf } from "../text/whole-words.ts";
import { oneLine } from "../view.ts";

/** Kinds of features, in the order in which they are shown. */
export const featureKinds = ["type", "first", "name", "service", "word"] as const;
export type FeatureKind = (typeof featureKinds)[number];

/** One thing that an incident is known by. */
export interface IncidentFeature {
  readonly kind: FeatureKind;
  /** At most 200 characters. Untrusted text. */
  readonly value: string;
}

/** How common features are: how many incidents have one, by {@link featureKey}, of how many in all. */
export interface FeatureRarity {
  readonly incidents: number;
  readonly having: ReadonlyMap<string, number>;
}

/** One shown part of a similarity. */
export interface SimilarPart {
  /** `common`: what is taken off because the shared kinds of alerts are in many incidents. */
  readonly kind: FeatureKind | "common";
  /** What it adds to the similarity. */
  readonly score: number;
  /** One plain phrase with the values that mattered. Untrusted text. */
  readonly because: string;
}

export interface Similar {
  readonly incidentId: number;
  /** Sum of the parts, 0 to 1. */
  readonly similarity: number;
  /** Largest first; what is taken off comes last. */
  readonly parts: readonly SimilarPart[];
}

export interface SimilarCandidate {
  readonly incidentId: number;
  readonly features: readonly IncidentFeature[];
}

/** From this on an earlier incident is shown; chosen on recurring faults, see docs/judgement.md. */
export const minSimilarity = 0.6;
/** The same for one of which somebody said what it was or what helped: a weaker likeness is worth a look then. */
export const minSimilarityIfExplained = 0.4;

/** What a full match of each kind is worth; kinds that neither incident has are left out of the sum. */
const worth: Readonly<Record<FeatureKind, number>> = {
  type: 0.6,
  first: 0.15,
  name: 0.05,
  service: 0.15,
  word: 0.05,
};
/** Shared rarity, in nats, that makes up for 63 % of what is lacking: one common alert alone is no likeness. */
const enoughRarity = 6;
/** Incidents imagined beside those there were, so that a young installation finds things rare too. */
const imagined = 50;

/** Features kept of an incident, by kind: those of most alerts first. */
const maxOfKind: Readonly<Record<FeatureKind, number>> = {
  type: 24,
  first: 1,
  name: 12,
  service: 16,
  word: 16,
};
/** Alerts read of an incident; more of a storm add nothing. */
const maxAlerts = 500;
const maxValue = 200;
const maxText = 500;
const stopWords = new Set(
  "the and for was has have been with from that this are not per usually above below than then when more less over under now its out".split(
    " ",
  ),
);

/**
 * What an incident is known by.
 * @param alerts - any order.
 * @returns at most 69 features, each once; the same for the same alerts.
 */
export function featuresOf(alerts: readonly Alert[]): readonly IncidentFeature[] {
  const read = [...alerts].sort(byStart).slice(0, maxAlerts);
  const plain = plainTexts();
  const first = read.map(entityOf).find((service) => service !== null);
  const values: Readonly<Record<FeatureKind, readonly string[]>> = {
    type: read.map(typeOf),
    first: first === undefined ? [] : [first],
    name: read.map((alert) => alert.name),
    service: read.flatMap((alert) => entityOf(alert) ?? []),
    word: read.flatMap((alert) => [...new Set(textWords(alert, plain(alert.summary)))]),
  };
  return featureKinds.flatMap((kind) =>
    commonest(values[kind].map(clean), maxOfKind[kind]).map((value) => ({ kind, value })),
  );
}

function byStart(a: Alert, b: Alert): number {
  return a.startsAt.getTime() - b.startsAt.getTime() || (a.fingerprint < b.fingerprint ? -1 : 1);
}

function typeOf(alert: Alert): string {
  const service = entityOf(alert);
  return service === null ? alert.name : `${alert.name} on ${service}`;
}

function clean(value: string): string {
  return oneLine(value, maxValue);
}

/** Texts without secrets, which are no words to know an incident by; alerts repeat each other, so each is read once. */
function plainTexts(): (text: string) => string {
  const known = new Map<string, string>();
  return (text) => {
    const plain = known.get(text) ?? withoutSecrets(startOf(text, maxText));
    known.set(text, plain);
    return plain;
  };
}

/** The words of an alert's text that are the text's own: numbers, names and what the labels say go. */
function textWords(alert: Alert, summary: string): readonly string[] {
  const said = new Set(
    Object.values(alert.labels).flatMap((value) => wordsOf(value.slice(0, maxText)).split(" ")),
  );
  return wordsOf(summary)
    .split(" ")
    .filter((word) => word.length > 2 && word.length < 30 && !/\d/.test(word))
    .filter((word) => !stopWords.has(word) && !said.has(word));
}

/** Each once, the most frequent first, at most `max`. */
function commonest(values: readonly string[], max: number): readonly string[] {
  const counts = new Map<string, number>();
  for (const value of values) if (value !== "") counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts]
    .sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1))
    .slice(0, max)
    .map(([value]) => value);
}

/** The feature as one text, by which stores know it. */
export function featureKey({ kind, value }: IncidentFeature): string {
  return `${kind}:${value}`;
}

/** Reads {@link featureKey} back; null for what is none. */
export function readFeatureKey(key: string): IncidentFeature | null {
  const colon = key.indexOf(":");
  const kind = featureKinds.find((known) => known === key.slice(0, colon));
  return kind === undefined ? null : { kind, value: key.slice(colon + 1) };
}

/**
 * The candidates that are similar to an incident, best first, newest first among equals.
 * @returns only those with at least {@link minSimilarityIfExplained}.
 */
export function rankSimilar(
  features: readonly IncidentFeature[],
  candidates: readonly SimilarCandidate[],
  rarity: FeatureRarity,
): readonly Similar[] {
  return candidates
    .map(({ incidentId, features: theirs }) => ({
      incidentId,
      ...compareIncidents(features, theirs, rarity),
    }))
    .filter(({ similarity }) => similarity >= minSimilarityIfExplained)
    .sort((a, b) => b.similarity - a.similarity || b.incidentId - a.incidentId);
}

/** Similarity of two incidents as the sum of its parts; 0 when they share nothing. */
export function compareIncidents(
  here: readonly IncidentFeature[],
  there: readonly IncidentFeature[],
  rarity: FeatureRarity,
): Pick<Similar, "similarity" | "parts"> {
  const shares = featureKinds.flatMap((kind) => {
    const [mine, theirs] = [valuesOf(here, kind), valuesOf(there, kind)];
    return mine.size + theirs.size === 0 ? [] : [overlap(kind, mine, theirs, rarity)];
  });
  const total = shares.reduce((sum, { kind }) => sum + worth[kind], 0);
  const parts = shares
    .filter(({ share }) => share > 0)
    .map(({ kind, share, because }) => ({ kind, score: (worth[kind] * share) / total, because }))
    .sort((a, b) => b.score - a.score);
  const likeness = parts.reduce((sum, part) => sum + part.score, 0);
  if (likeness === 0) return { similarity: 0, parts: [] };
  const shared = shares.find(({ kind }) => kind === "type")?.rarity ?? 0;
  const doubt = likeness * Math.exp(-shared / enoughRarity);
  return {
    similarity: likeness - doubt,
    parts: [...parts, { kind: "common", score: -doubt, because: doubtOf(shared) }],
  };
}

function doubtOf(shared: number): string {
  return shared < enoughRarity ? "what they share is common" : "what they share could be chance";
}

function valuesOf(features: readonly IncidentFeature[], kind: FeatureKind): ReadonlySet<string> {
  return new Set(features.filter((feature) => feature.kind === kind).map((feature) => feature.value));
}

/** Dice's coefficient, each value counted by its rarity. */
function overlap(
  kind: FeatureKind,
  mine: ReadonlySet<string>,
  theirs: ReadonlySet<string>,
  rarity: FeatureRarity,
) {
  const weigh = (value: string) => rarityOf({ kind, value }, rarity);
  const sum = (values: Iterable<string>) => [...values].reduce((total, value) => total + weigh(value), 0);
  const shared = [...mine]
    .filter((value) => theirs.has(value))
    .sort((a, b) => weigh(b) - weigh(a) || (a < b ? -1 : 1));
  const common = sum(shared);
  return {
    kind,
    share: (2 * common) / (sum(mine) + sum(theirs)),
    rarity: common,
    because: phrase(kind, shared, mine.size),
  };
}

/** Natural logarithm of one over the share of incidents that have it; above zero, so that everything counts a little. */
function rarityOf(feature: IncidentFeature, { incidents, having }: FeatureRarity): number {
  const known = having.get(featureKey(feature)) ?? 0;
  return Math.log((Math.max(incidents, known) + imagined) / (known + 1));
}

function phrase(kind: FeatureKind, shared: readonly string[], mine: number): string {
  const named = shared.slice(0, 2).map((value) => oneLine(value, 60));
  const list = `${named.join(", ")}${shared.length > named.length ? " and more" : ""}`;
  switch (kind) {
    case "type":
      return `${shared.length} of ${mine} alert types (${list})`;
    case "first":
      return `same first service, ${list}`;
    case "name":
      return `same kinds of alerts (${list})`;
    case "service":
      return `${shared.length} of ${mine} services (${list})`;
    case "word":
      return `same words (${shared.slice(0, 3).join(", ")})`;
  }
}
