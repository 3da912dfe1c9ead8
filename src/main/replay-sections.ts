/** What a comparison of two files called tocsin.yaml heeds of each of their parts, and what it leaves out. */
import type { FileSection } from "../config.ts";

/**
 * replayed: it counts on both sides. unable: it may change what people are told or which cause comes first, and cannot be
 * replayed. elsewhere: it changes neither incidents nor their cards.
 */
export type Heed = "replayed" | "unable" | "elsewhere";

/** Every key of tocsin.yaml. */
export const heedOf: Readonly<Record<FileSection, Heed>> = {
  alerts: "replayed",
  channels: "replayed",
  evidenceKinds: "replayed",
  flapping: "replayed",
  incidentChannels: "replayed",
  inhibit_rules: "replayed",
  maintenance: "replayed",
  sourceFiles: "replayed",
  sources: "replayed",
  topology: "replayed",
  // Who is told later depends on whether somebody acknowledges, which nobody can know.
  escalation: "unable",
  groups: "unable",
  onCall: "unable",
  pagers: "unable",
  // Reminders depend on whether somebody makes a silence last.
  silences: "unable",
  // A language model may rank the first five anew.
  explainer: "unable",
  // What they raise is made of metrics and pushes, not of deliveries.
  watch: "unable",
  monitoring: "unable",
  // Which moves of registries are changes, and of which services.
  models: "unable",
  modelFiles: "elsewhere",
  // Evidence of metrics is shown beside causes, and ranks none.
  prometheus: "elsewhere",
  approvals: "elsewhere",
  audit: "elsewhere",
  commands: "elsewhere",
  digests: "elsewhere",
  freezes: "elsewhere",
  keep: "elsewhere",
  people: "elsewhere",
  pins: "elsewhere",
  policy: "elsewhere",
  rollouts: "elsewhere",
};

type Sections = Readonly<Record<string, string>>;

/** Keys in which the two differ and that no replay heeds, in order of name. @param before - key to hash of what it says. */
export function notReplayed(before: Sections, after: Sections): readonly string[] {
  return Object.entries(heedOf)
    .filter(([key, heed]) => heed === "unable" && before[key] !== after[key])
    .map(([key]) => key)
    .sort();
}
