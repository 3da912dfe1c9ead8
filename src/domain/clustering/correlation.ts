/**
 * The contract between triage and the correlator: what goes in, what comes out. The correlator is deterministic:
 * no clock, no randomness; the same observations give the same incidents, in any order of arrival within the
 * settling window.
 */

import type { KindOf } from "../alert/evidence-kind.ts";
import type { Alert } from "../alert.ts";
import type { Change } from "../change.ts";
import type { CorrelatorLimit, LeftOut, LeftOutCounts } from "../limits.ts";
import type { Topology } from "../topology.ts";

export type Observation =
  | { readonly kind: "alert"; readonly key: string; readonly alert: Alert }
  | { readonly kind: "change"; readonly change: Change }
  | { readonly kind: "topology"; readonly topology: Topology }
  | { readonly kind: "ruling"; readonly ruling: Ruling };

/**
 * What a person decided about a grouping; respected at once, ahead of every score. `together`: all alerts of both
 * sides belong to one incident; `apart`: no alert of the left shares an incident with any of the right. Where two
 * rulings contradict one another the newer one, of the higher id, counts.
 */
export interface Ruling {
  readonly id: number;
  readonly kind: "together" | "apart";
  /** Keys of alerts. */
  readonly left: readonly string[];
  readonly right: readonly string[];
  /**
   * Number of the incident that goes on: of "together" all of its alerts come into it, of "apart" those of the right
   * stay in it and those of the left leave. Absent when the larger part may keep the number.
   */
  readonly keep?: number;
}

/** One scored reason; positive speaks for joining. Shown by /why. */
export interface Reason {
  /** Name of the signal (its file in signals/), or of the rule that decided. */
  readonly signal: string;
  /** Log-odds, natural logarithm. */
  readonly score: number;
  /** One plain sentence with the values that mattered. Untrusted text. */
  readonly because: string;
}

/** Where an alert belongs now. Sent when it is first placed and whenever that changes. */
export interface Placement {
  readonly key: string;
  readonly incidentId: number;
  /** The incident it was in before, or null for a first placement. */
  readonly previousIncidentId: number | null;
  readonly reasons: readonly Reason[];
}

/** One incident swallowed another because a bridge appeared. Placements of its alerts are sent too. */
export interface Merge {
  readonly from: number;
  readonly into: number;
  readonly reasons: readonly Reason[];
}

/**
 * One incident came out of another because independent root hypotheses, or a ruling, pulled it apart. Placements of
 * the alerts that went along are sent too.
 */
export interface Split {
  readonly from: number;
  readonly into: number;
  readonly reasons: readonly Reason[];
}

export interface Correlation {
  readonly placements: readonly Placement[];
  readonly merges: readonly Merge[];
  readonly splits: readonly Split[];
}

/** What is stored of an alert that the correlator has seen; enough to carry on after a restart. */
export interface RememberedAlert {
  readonly key: string;
  readonly alert: Alert;
  readonly incidentId: number;
}

/** See {@link Correlator.compare}. */
export interface Comparison {
  /** Sum of the reasons' scores. */
  readonly score: number;
  readonly reasons: readonly Reason[];
}

/** Steps that part alerts, in the order in which they are taken. */
export type PartingStep = "ruling" | "pause" | "unweighed" | "groups" | "stray" | "crowd" | "bridge";

/** See {@link Correlator.parting}. */
export interface Parting {
  readonly step: PartingStep;
  /** What stands in a sentence after "but", with its numbers. Untrusted text. */
  readonly because: string;
}

/** State lives inside, bounded; `observe` is the only way to change it. */
export interface Correlator {
  /** Takes observations in the order of receipt and says where alerts belong now. `now` is the time of receipt. */
  observe(observations: readonly Observation[], now: Date): Correlation;
  /**
   * Loads what an earlier run decided: topology, changes and alerts of the last day, in order of startsAt, and the
   * rulings on them.
   */
  restore(memory: {
    readonly topology: Topology;
    readonly changes: readonly Change[];
    readonly alerts: readonly RememberedAlert[];
    readonly rulings: readonly Ruling[];
    readonly nextIncidentId: number;
  }): void;
  /**
   * What speaks for and against two alerts being of one incident, with the threshold as one of the reasons: together
   * when the score is above zero. Null when either is forgotten, or was never seen. Only looks, changes nothing.
   */
  compare(a: string, b: string): Comparison | null;
  /**
   * Which step keeps two alerts in different incidents, with its number, whatever the two score as a pair: a ruling, a
   * pause, the groups or stories that they are part of. Null when none does, and
   * when either is forgotten, or was never seen. Only looks, changes nothing; no label to learn from, unlike `compare`.
   */
  parting(a: string, b: string): Parting | null;
  /**
   * Whether it has placed this alert before. Every alert that is observed for the first time is placed at once; one
   * that it remembers is placed again only when it moves. One that it has forgotten stays where it is until somebody
   * else moves it.
   */
  remembers(key: string): boolean;
  /** The number the next new incident will get. */
  nextIncidentId(): number;
  /** Gives that number out, for an incident of alerts that it has forgotten. */
  takeIncidentId(): number;
  /** Sizes of the bounded parts, for metrics. */
  sizes(): Readonly<Record<CorrelatorSize, number>>;
  /** What was let go, or not looked at, to keep within the limits since it was made. */
  leftOut(): LeftOutCounts<CorrelatorLimit>;
}

/** Parts of the correlator whose size is told. */
export const correlatorSizes = [
  "cells",
  "sessions",
  "alerts",
  "bridges",
  "placed",
  "rulings",
  "types",
  "label_values",
  "observed_edges",
  "message_templates",
  "hubs",
] as const;

export type CorrelatorSize = (typeof correlatorSizes)[number];

/** One shown term of a cause's score. */
export interface CauseTerm {
  readonly name: string;
  /** Log-odds, natural logarithm. */
  readonly score: number;
  /** One plain sentence with the values that mattered. Untrusted text. */
  readonly because: string;
}

/**
 * A ranked hypothesis. One without a change says that no change is likely; one without a service and a change, which
 * only ever comes first, that the evidence is not enough to name anything.
 */
export interface Cause {
  readonly service: string | null;
  /** Id of the change, or null: no change is blamed. */
  readonly changeId: string | null;
  /** Probability that this is the cause, 0 to 1. */
  readonly confidence: number;
  readonly score: number;
  readonly terms: readonly CauseTerm[];
}

/** A service that people confirmed as the cause of an earlier incident like this one. */
export interface ConfirmedBefore {
  readonly service: string;
  /** Of that incident to this one, 0 to 1. */
  readonly similarity: number;
  readonly incidentId: number;
}

/** All that the ranking sees. */
export interface CauseQuestion {
  readonly alerts: readonly Alert[];
  /** Changes from two hours before the earliest alert to now. */
  readonly changes: readonly Change[];
  readonly topology: Topology;
  /** How often people confirmed or refused a service or change kind as the cause; key "service:NAME". */
  readonly feedback: ReadonlyMap<string, { readonly right: number; readonly wrong: number }>;
  /** From similar earlier incidents, most similar first; absent where the past is not looked up. */
  readonly confirmed?: readonly ConfirmedBefore[];
  /** What sort of evidence an alert is; by the shipped rules when absent. */
  readonly kindOf?: KindOf;
  /** Told what the ranking does not look at. */
  readonly leftOut?: LeftOut;
}
