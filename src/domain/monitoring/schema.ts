/** Features that went, came or became of another kind. No chance is at play: any of it is a finding. */
import type { FeatureProfile } from "./histogram.ts";

export interface SchemaChange {
  readonly feature: string;
  readonly change: "missing" | "new" | "kind";
  readonly text: string;
}

export function compareSchemas(
  reference: ReadonlyMap<string, FeatureProfile>,
  current: ReadonlyMap<string, FeatureProfile>,
): readonly SchemaChange[] {
  const changes: SchemaChange[] = [];
  for (const [feature, { histogram }] of reference) {
    const now = current.get(feature)?.histogram;
    if (now === undefined) changes.push({ feature, change: "missing", text: "is no longer sent" });
    else if (now.kind !== histogram.kind)
      changes.push({ feature, change: "kind", text: `was ${histogram.kind} and is ${now.kind}` });
  }
  for (const feature of current.keys())
    if (!reference.has(feature)) changes.push({ feature, change: "new", text: "is not in the reference" });
  return changes;
}
