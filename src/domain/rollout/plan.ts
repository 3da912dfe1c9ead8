/** What a rollout would do: what people are asked to approve, and the hash that binds them to it. */
import { createHash } from "node:crypto";
import { canonicalJson } from "../audit.ts";
import { oneLine } from "../view.ts";
import type { MetricComparison } from "./metric-comparison.ts";
import type { RetrainManifest } from "./retrain-manifest.ts";

export const rolloutKinds = ["deploy", "rollback", "retrain"] as const;
export type RolloutKind = (typeof rolloutKinds)[number];

/** What a rollout would do. What is approved is what is applied: its hash is checked again at apply. */
export interface Plan {
  readonly kind: RolloutKind;
  readonly model: string;
  readonly environment: string;
  /** Serving now; null when nothing is. */
  readonly from: string | null;
  /** Serving after; null for a retrain. */
  readonly to: string | null;
  /** What a retrain is made from; absent for the other kinds, and in plans that are older than it. */
  readonly manifest?: RetrainManifest;
  /** Content digest of `to` when the backend has one. */
  readonly digest: string | null;
  readonly metrics: readonly {
    readonly name: string;
    readonly from: number | null;
    readonly to: number | null;
  }[];
  readonly steps: readonly string[];
  readonly notes: readonly string[];
  /** Command line that undoes it, or null when nothing can. */
  readonly inverse: string | null;
  readonly reason: string;
  readonly incidentId: number | null;
  readonly expectedMs: number | null;
  /** Why a freeze, or the refusal of a check, is broken for it; absent when none is. */
  readonly breakGlass?: string;
  /** What people should know when they decide; not bound by the hash. */
  readonly facts?: PlanFacts;
}

/** What is known around a plan. Each null where nobody knows. */
export interface PlanFacts {
  /** Where `to` comes from; null for a retrain, and when the registry does not know the version. */
  readonly version: {
    readonly createdBy: string | null;
    /** ISO 8601. */
    readonly createdAt: string | null;
    readonly run: string | null;
    readonly commit: string | null;
    readonly data: string | null;
  } | null;
  /** `to` beside `from`, measured on the same data; empty when nobody measured. */
  readonly comparison: readonly MetricComparison[];
  /** Rules of the policy that allow it. */
  readonly rules: readonly string[];
  /** What the checks of the plan found; `isBroken` marks a refusal in spite of which it is asked for. */
  readonly checks: readonly {
    readonly name: string;
    readonly text: string;
    readonly isBroken?: boolean;
  }[];
}

/** What an approval is bound to, and what is locked while a rollout runs. */
export function targetOf(plan: Pick<Plan, "model" | "environment">): string {
  return `${plan.model}/${plan.environment}`;
}

/**
 * Hash of what would be done. Estimates and notes are left out: a retrain's "fits from 214 pieces of feedback" may
 * grow while people decide, without what they approve being another thing.
 * @returns 64 lowercase hex characters.
 */
export function hashPlan(plan: Plan): string {
  const { notes: _notes, expectedMs: _expectedMs, facts: _facts, ...binding } = plan;
  return createHash("sha256").update(canonicalJson(binding)).digest("hex");
}

/** "deploy fraud-scorer 3 → 4 in production", "retrain correlator in production". */
export function planTitle(plan: Plan): string {
  const versions = plan.to === null ? "" : ` ${plan.from ?? "nothing"} → ${plan.to}`;
  return `${plan.kind} ${plan.model}${versions} in ${plan.environment}`;
}

/** Names of the checks in spite of whose refusal it is asked for. */
export function brokenChecks({ facts }: Plan): readonly string[] {
  return (facts?.checks ?? []).filter(({ isBroken }) => isBroken === true).map(({ name }) => name);
}

/** The parts of two plans that differ, in words: "from 3 to 5"; for "the plan has changed". */
export function planDifference(before: Plan, after: Plan): string {
  const now = new Map<string, unknown>(Object.entries(after));
  return Object.entries(before)
    .filter(([name]) => name !== "notes" && name !== "expectedMs" && name !== "facts")
    .filter(([name, value]) => canonicalJson(value) !== canonicalJson(now.get(name)))
    .map(([name, value]) => oneLine(`${name} was ${shown(value)} and is ${shown(now.get(name))}`, 200))
    .join("; ");
}

function shown(value: unknown): string {
  return typeof value === "string" ? value : canonicalJson(value);
}
