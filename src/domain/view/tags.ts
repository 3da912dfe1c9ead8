/** Tags of what stands in a forum: how bad it is and how far, so that people can filter by it. */
import { severities } from "../alert.ts";
import { incidentStates } from "../incident.ts";
import type { View } from "../view.ts";

/** Of incidents; all of them belong in a forum that has one of them. */
export const incidentTags: readonly string[] = [...severities, ...incidentStates];

/** Every tag that the bot gives and takes; others are people's own. */
export const viewTags: readonly string[] = [...incidentTags, "rollout", "digest", "notice"];

/** The tags of a view, most important first. */
export function tagsOf({ kind, tags }: Pick<View, "kind" | "tags">): readonly string[] {
  if (tags !== undefined) return tags;
  return kind === "rollout" || kind === "digest" ? [kind] : ["notice"];
}
