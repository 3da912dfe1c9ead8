/** Whether a version is good enough to replace the one that serves: both measured on the same rows, with intervals. */

import { hasBaked } from "../bake.ts";
import type { Rollout } from "../rollout.ts";
import { figure } from "../text/figure.ts";
import { oneLine } from "../view.ts";
import type { MetricComparison } from "./metric-comparison.ts";

/** What one metric has to show. */
export interface GateMetric {
  readonly name: string;
  readonly better: "higher" | "lower";
  /** The least gain over what serves, in the metric's own unit; negative for a loss that is taken. */
  readonly minGain: number;
  /** Measured on fewer rows it says nothing. */
  readonly minRows: number;
  /** optional: where nobody gave an interval, the bare difference decides. */
  readonly interval: "required" | "optional";
}

/** What tocsin.yaml asks of deploys of one model. */
export interface EvaluationGate {
  /** Where it holds; empty for everywhere. */
  readonly environments: readonly string[];
  readonly metrics: readonly GateMetric[];
  /** Where the version must have served before, and how long in all; null for nowhere. */
  readonly servedIn: { readonly environment: string; readonly ms: number } | null;
  /** Where the version's bake must have passed; null for nowhere. */
  readonly bakedIn: string | null;
  /** Tags that the version must carry in its registry, each with its value. */
  readonly tags: Readonly<Record<string, string>>;
  /** warn: what cannot be judged is only said. */
  readonly missing: "refuse" | "warn";
}

export type GateVerdict =
  | { readonly kind: "pass"; readonly text: string }
  | { readonly kind: "fail"; readonly text: string }
  | { readonly kind: "not_enough_data"; readonly text: string };

/** Judges one metric. A loss that may be chance is neither passed nor failed. */
export function judgeMetric(metric: GateMetric, comparisons: readonly MetricComparison[]): GateVerdict {
  const { name, better, minGain, minRows } = metric;
  const measured = comparisons.find((comparison) => comparison.name === name);
  if (measured === undefined)
    return { kind: "not_enough_data", text: `${name} was not measured beside what serves` };
  const { champion, challenger, interval, n } = measured;
  const sign = better === "higher" ? 1 : -1;
  const shown = `${name} ${figure(champion)} → ${figure(challenger)}`;
  if (![champion, challenger].every(Number.isFinite))
    return { kind: "not_enough_data", text: `${shown}: these are no numbers to compare` };
  if (n < minRows) return { kind: "not_enough_data", text: `${shown} on ${n} rows; ${minRows} are needed` };
  const asked = `a ${minGain < 0 ? "loss of at most" : "gain of at least"} ${figure(Math.abs(minGain))} is asked for`;
  if (interval === null) {
    if (metric.interval === "required")
      return { kind: "not_enough_data", text: `${shown} without an interval: it may be chance` };
    const isEnough = (challenger - champion) * sign >= minGain;
    return { kind: isEnough ? "pass" : "fail", text: `${shown} (n ${n}); ${asked}` };
  }
  const [low, high] = sign === 1 ? interval : [-interval[1], -interval[0]];
  const range = `${shown}, gain ${figure(low)} to ${figure(high)} (95 %, n ${n}); ${asked}`;
  if (low >= minGain) return { kind: "pass", text: range };
  return { kind: high < minGain ? "fail" : "not_enough_data", text: range };
}

/**
 * Judges what was seen of a version where it served before: the newest bake of it that came to tell anything.
 * @param rollouts - of that place, newest first.
 */
export function judgeBake(
  { version, environment }: { readonly version: string; readonly environment: string },
  rollouts: readonly Pick<Rollout, "id" | "plan" | "bake">[],
): GateVerdict {
  const what = `the bake of version ${version} in ${environment}`;
  const rollout = rollouts.find(({ plan, bake }) => plan.to === version && bake?.state !== "superseded");
  const bake = rollout?.bake ?? null;
  if (rollout === undefined || bake === null)
    return { kind: "not_enough_data", text: `version ${version} was not watched in ${environment}` };
  const of = `${what} (rollout ${rollout.id})`;
  if (bake.state === "passed") return { kind: "pass", text: `${of} passed` };
  if (bake.answer !== null && hasBaked(bake))
    return { kind: "pass", text: `${of} was ${bake.state}, and ${bake.answer.by} vouched for it` };
  const [finding] = bake.findings;
  const why = finding === undefined ? "" : `: ${oneLine(finding, 150)}`;
  if (bake.state === "failed") return { kind: "fail", text: `${of} failed${why}` };
  const state = bake.state === "inconclusive" ? `was inconclusive${why}` : "is not over";
  return { kind: "not_enough_data", text: `${of} ${state}` };
}

/** Judges the tags of a version. @param carried - null where the registry tells none. */
export function judgeTags(
  wanted: Readonly<Record<string, string>>,
  carried: Readonly<Record<string, string>> | null,
): GateVerdict {
  const names = Object.keys(wanted);
  const said = (name: string) =>
    carried !== null && Object.hasOwn(carried, name) ? (carried[name] ?? null) : null;
  if (carried === null)
    return { kind: "not_enough_data", text: `the registry tells no tags; ${names.join(", ")} asked for` };
  const wrong = names.filter((name) => said(name) !== wanted[name]);
  if (wrong.length === 0) return { kind: "pass", text: `tags as asked for: ${names.join(", ")}` };
  const texts = wrong.map((name) => {
    const value = said(name);
    return `${value === null ? `no tag ${name}` : `tag ${name} is "${oneLine(value, 60)}"`}, "${wanted[name]}" is asked for`;
  });
  return { kind: "fail", text: texts.join("; ") };
}

/** The worst of several: one that fails is enough, and one that cannot be judged keeps the others from passing. */
export function joinVerdicts(verdicts: readonly GateVerdict[]): GateVerdict {
  const text = verdicts.map((verdict) => verdict.text).join("; ");
  const kinds = verdicts.map(({ kind }) => kind);
  if (kinds.includes("fail")) return { kind: "fail", text };
  return { kind: kinds.includes("not_enough_data") ? "not_enough_data" : "pass", text };
}

/** The gates that hold in an environment. */
export function gatesIn(gates: readonly EvaluationGate[], environment: string): readonly EvaluationGate[] {
  return gates.filter(({ environments }) => environments.length === 0 || environments.includes(environment));
}
