/**
 * Limits of judgement at which something is left out. All of them are named here, counted under these names in the
 * metric `tocsin_left_out_total`, and explained in docs/operations.md; a limit that only shortens what is shown says so
 * where it is shown, and is none of these.
 */

/** Of what the correlator weighs. */
export const groupingLimits = [
  "live_sessions",
  "live_alerts",
  "session_alerts",
  "late_alerts",
  "placed_alerts",
  "rulings",
  "ruled_alerts",
  "bridges",
  "bridge_candidates",
] as const;

/** Of what it knows besides. */
export const knowledgeLimits = [
  "changes",
  "types",
  "services",
  "label_values",
  "names",
  "past_firings",
  "recent_firings",
  "learned_places",
  "observed_calls",
  "observed_services",
  "message_templates",
  "message_words",
] as const;

/** Of what the leader of triage remembers, and reads when it takes over. */
export const triageLimits = [
  "remembered_alerts",
  "remembered_incidents",
  "guests",
  "takeover_alerts",
  "takeover_changes",
  "takeover_rulings",
  "stored_changes",
  "reconsidered_incidents",
] as const;

/** Of what an explanation reads, ranks and may cite. */
const explanationLimits = [
  "incident_alerts",
  "nearby_changes",
  "feedback",
  "related_rollouts",
  "cause_alerts",
  "cause_texts",
  "cause_changes",
  "cause_neighbours",
  "cause_suspects",
  "evidence",
  "callers",
  "dependents",
  "prompt_facts",
  "metric_questions",
  "metric_series",
  "metric_evidence",
] as const;

export const limits = [
  ...groupingLimits,
  ...knowledgeLimits,
  ...triageLimits,
  ...explanationLimits,
  "watched_series",
  "co_firings",
  "co_firings_near",
  "learned_causes",
  "learned_groupings",
  "learned_co_firings",
] as const;

export type KnowledgeLimit = (typeof knowledgeLimits)[number];
export type CorrelatorLimit = (typeof groupingLimits)[number] | KnowledgeLimit;
export type Limit = (typeof limits)[number];

/** How much was left out so far, by limit. */
export type LeftOutCounts<Of extends Limit = Limit> = Readonly<Record<Of, number>>;

/** Takes note of what is left out. */
export interface LeftOut {
  /** @param count - of whatever the limit is on; 0 when nothing was left out. */
  note(limit: Limit, count: number): void;
}
