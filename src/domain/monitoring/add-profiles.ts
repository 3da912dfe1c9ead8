/** Many small reports of one model as one: the profile of a whole window. */
import { addHistograms, type FeatureProfile } from "./histogram.ts";
import type { Profile } from "./judge-profile.ts";
import type { LabelledCounts } from "./performance.ts";
import { maxFeatures } from "./profile-json.ts";

export const emptyProfile: Profile = { features: new Map(), prediction: null, labels: null, rows: 0 };

/**
 * Both together. Where the two cannot be added, because bins or kinds differ, the newer one stands: it is what the
 * sender does from now on.
 */
export function addProfiles(earlier: Profile, later: Profile): Profile {
  const features = new Map(earlier.features);
  for (const [name, feature] of later.features) {
    const before = features.get(name);
    if (before === undefined && features.size >= maxFeatures) continue;
    features.set(name, addFeatures(before ?? null, feature));
  }
  return {
    features,
    prediction:
      later.prediction === null ? earlier.prediction : addFeatures(earlier.prediction, later.prediction),
    labels: later.labels === null ? earlier.labels : addLabels(earlier.labels, later.labels),
    rows: earlier.rows + later.rows,
  };
}

function addFeatures(earlier: FeatureProfile | null, later: FeatureProfile): FeatureProfile {
  const histogram = earlier === null ? null : addHistograms(earlier.histogram, later.histogram);
  return earlier === null || histogram === null ? later : { histogram, nulls: earlier.nulls + later.nulls };
}

function addLabels(earlier: LabelledCounts | null, later: LabelledCounts): LabelledCounts {
  const add = (a: readonly number[], b: readonly number[]) =>
    b.map((count, index) => count + (a[index] ?? 0));
  if (
    earlier?.kind === "confusion" &&
    later.kind === "confusion" &&
    earlier.counts.length === later.counts.length
  )
    return {
      kind: "confusion",
      counts: later.counts.map((row, index) => add(earlier.counts[index] ?? [], row)),
    };
  if (
    earlier?.kind === "scores" &&
    later.kind === "scores" &&
    earlier.positives.length === later.positives.length
  )
    return {
      kind: "scores",
      positives: add(earlier.positives, later.positives),
      negatives: add(earlier.negatives, later.negatives),
    };
  const isSame =
    earlier?.kind === "errors" && later.kind === "errors" && String(earlier.edges) === String(later.edges);
  return isSame ? { kind: "errors", edges: later.edges, counts: add(earlier.counts, later.counts) } : later;
}
