/** Profiles as they are sent and stored: plain JSON, one form for both. */
import { isRecord, own, shown, storable } from "../alert/intake.ts";
import {
  type CategoricalHistogram,
  type FeatureProfile,
  type Histogram,
  limitCategories,
  maxCategories,
  type NumericHistogram,
  sizeOf,
} from "./histogram.ts";
import type { Profile } from "./judge-profile.ts";
import type { LabelledCounts } from "./performance.ts";

type Fields = Readonly<Record<string, unknown>>;

export const maxFeatures = 1_000;
const maxBins = 500;
const maxClasses = 50;
const maxName = 256;

export interface ReadProfile {
  readonly profile: Profile;
  /** What could not be read, each naming its place, the value and what is expected; the rest stands. */
  readonly problems: readonly string[];
}

/** @param at - where it stands, for messages: "" or "reference.". */
export function readProfile(body: Fields, at = ""): ReadProfile {
  const problems: string[] = [];
  const keep = <Value>(read: Value | string, place: string): Value | null => {
    if (typeof read !== "string") return read;
    problems.push(`${at}${place} ${read}`);
    return null;
  };
  const given = own(body, "features");
  const entries = isRecord(given) ? Object.entries(given) : [];
  if (given !== undefined && !isRecord(given))
    problems.push(`${at}features must be an object of histograms by name; got ${shown(given)}`);
  if (entries.length > maxFeatures)
    problems.push(`${at}features holds ${entries.length} features; at most ${maxFeatures} are kept`);
  const features = new Map<string, FeatureProfile>();
  for (const [name, value] of entries.slice(0, maxFeatures)) {
    const clean = storable(name, maxName).trim();
    const feature = keep(clean === "" ? "has no name" : readFeature(value), `features.${clean}`);
    if (feature !== null) features.set(clean, feature);
  }
  const predicted = own(body, "prediction");
  const prediction = predicted === undefined ? null : keep(readFeature(predicted), "prediction");
  const labelled = own(body, "labels");
  const labels = labelled === undefined ? null : keep(readLabelled(labelled), "labels");
  const rows = own(body, "rows");
  const known = rows === undefined ? null : keep(readCount(rows), "rows");
  const most = Math.max(
    0,
    ...[...features.values(), ...(prediction === null ? [] : [prediction])].map(rowsOf),
  );
  return { profile: { features, prediction, labels, rows: known ?? most }, problems };
}

function rowsOf({ histogram, nulls }: FeatureProfile): number {
  return sizeOf(histogram) + nulls;
}

/** A histogram with its nulls, or what is wrong with it. */
function readFeature(value: unknown): FeatureProfile | string {
  if (!isRecord(value)) return `must be an object; got ${shown(value)}`;
  const nulls = readCount(own(value, "nulls") ?? 0);
  if (typeof nulls === "string") return `.nulls ${nulls}`;
  const histogram = own(value, "edges") === undefined ? readCategories(value) : readNumeric(value);
  return typeof histogram === "string" ? histogram : { histogram, nulls };
}

function readNumeric(value: Fields): NumericHistogram | string {
  const edges = readEdges(own(value, "edges"));
  if (typeof edges === "string") return edges;
  const counts = readCounts(own(value, "counts"));
  if (typeof counts === "string") return counts;
  if (counts.length !== edges.length - 1)
    return `has ${edges.length} edges and ${counts.length} counts; there must be one edge more`;
  const [below, above] = [readCount(own(value, "below") ?? 0), readCount(own(value, "above") ?? 0)];
  if (typeof below === "string") return `.below ${below}`;
  if (typeof above === "string") return `.above ${above}`;
  return { kind: "numeric", edges, counts, below, above };
}

function readEdges(value: unknown): readonly number[] | string {
  if (!Array.isArray(value) || value.length < 2 || value.length > maxBins + 1)
    return `.edges must be a list of 2 to ${maxBins + 1} numbers; got ${shown(value)}`;
  const edges: readonly unknown[] = value;
  const numbers = edges.filter((edge): edge is number => typeof edge === "number" && Number.isFinite(edge));
  const isRising = numbers.every((edge, index) => index === 0 || edge > (numbers[index - 1] ?? edge));
  return numbers.length === edges.length && isRising
    ? numbers
    : `.edges must be finite numbers that rise; got ${shown(value)}`;
}

function readCategories(value: Fields): CategoricalHistogram | string {
  const given = own(value, "counts");
  if (!isRecord(given)) return `.counts must be an object, or a list beside "edges"; got ${shown(given)}`;
  const other = readCount(own(value, "other") ?? 0);
  if (typeof other === "string") return `.other ${other}`;
  const counts = new Map<string, number>();
  for (const [name, count] of Object.entries(given).slice(0, 100 * maxCategories)) {
    const known = readCount(count);
    if (typeof known === "string") return `.counts of ${shown(name)} ${known}`;
    const clean = storable(name, maxName);
    counts.set(clean, (counts.get(clean) ?? 0) + known);
  }
  return limitCategories({ kind: "categorical", counts, other });
}

function readLabelled(value: unknown): LabelledCounts | string {
  if (!isRecord(value)) return `must be an object; got ${shown(value)}`;
  const [confusion, scores, errors] = [own(value, "confusion"), own(value, "scores"), own(value, "errors")];
  if (confusion !== undefined) return readConfusion(confusion);
  if (isRecord(scores)) {
    const [positives, negatives] = [
      readCounts(own(scores, "positives")),
      readCounts(own(scores, "negatives")),
    ];
    if (typeof positives === "string") return `.scores.positives ${positives}`;
    if (typeof negatives === "string") return `.scores.negatives ${negatives}`;
    if (positives.length !== negatives.length) return ".scores must hold as many positives as negatives";
    return { kind: "scores", positives, negatives };
  }
  if (!isRecord(errors)) return `must hold "confusion", "scores" or "errors"; got ${shown(value)}`;
  const edges = readEdges(own(errors, "edges"));
  if (typeof edges === "string") return `.errors${edges}`;
  const counts = readCounts(own(errors, "counts"));
  if (typeof counts === "string") return `.errors.counts ${counts}`;
  return counts.length === edges.length - 1
    ? { kind: "errors", edges, counts }
    : ".errors must have one edge more than counts";
}

function readConfusion(value: unknown): LabelledCounts | string {
  const expected = `.confusion must be a square of counts, 2 to ${maxClasses} classes; got ${shown(value)}`;
  if (!Array.isArray(value) || value.length < 2 || value.length > maxClasses) return expected;
  const rows: (readonly number[])[] = [];
  for (const row of value) {
    const counts = readCounts(row);
    if (typeof counts === "string" || counts.length !== value.length) return expected;
    rows.push(counts);
  }
  return { kind: "confusion", counts: rows };
}

function readCounts(value: unknown): readonly number[] | string {
  if (!Array.isArray(value) || value.length === 0 || value.length > maxBins)
    return `must be a list of 1 to ${maxBins} counts; got ${shown(value)}`;
  const counts: readonly unknown[] = value;
  const known = counts.map(readCount);
  const numbers = known.filter((count): count is number => typeof count === "number");
  return numbers.length === known.length ? numbers : `must be counts from 0 to 2^53; got ${shown(value)}`;
}

function readCount(value: unknown): number | string {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0
    ? value
    : `must be a count from 0 to 2^53; got ${shown(value)}`;
}

/** What {@link readProfile} reads back. */
export function writeProfile({ features, prediction, labels, rows }: Profile): Fields {
  return {
    rows,
    features: Object.fromEntries([...features].map(([name, feature]) => [name, writeFeature(feature)])),
    ...(prediction === null ? {} : { prediction: writeFeature(prediction) }),
    ...(labels === null ? {} : { labels: writeLabelled(labels) }),
  };
}

function writeFeature({ histogram, nulls }: FeatureProfile): Fields {
  return { ...writeHistogram(histogram), nulls };
}

function writeHistogram(histogram: Histogram): Fields {
  if (histogram.kind === "categorical")
    return { counts: Object.fromEntries(histogram.counts), other: histogram.other };
  const { edges, counts, below, above } = histogram;
  return { edges, counts, below, above };
}

function writeLabelled(labels: LabelledCounts): Fields {
  switch (labels.kind) {
    case "confusion":
      return { confusion: labels.counts };
    case "scores":
      return { scores: { positives: labels.positives, negatives: labels.negatives } };
    case "errors":
      return { errors: { edges: labels.edges, counts: labels.counts } };
  }
}
