/** What people should know when they decide on a plan: where the version comes from, how it compares, what checks say. */
import type { Plan, PlanFacts } from "../domain/rollout/plan.ts";
import type { Rollout } from "../domain/rollout.ts";
import type { ModelEntry, ModelVersion, PlanCheck, PlanQuestion, PlanResult } from "../ports.ts";

/** @param rollouts - those that succeeded on the target, newest first: the retrain that made the version may be among them. */
export function factsOf(
  plan: Plan,
  versions: readonly ModelVersion[],
  rollouts: readonly Rollout[],
): PlanFacts {
  const made = rollouts.find(
    (rollout) => rollout.plan.kind === "retrain" && rollout.progress.newVersion === plan.to,
  );
  const isComparable = made !== undefined && plan.to !== null && made.plan.from === plan.from;
  return {
    version: versionOf(plan.to, versions, made),
    comparison: isComparable ? made.progress.comparison : [],
    rules: [],
    checks: [],
  };
}

function versionOf(
  to: string | null,
  versions: readonly ModelVersion[],
  made: Rollout | undefined,
): PlanFacts["version"] {
  const version = versions.find((candidate) => candidate.version === to);
  if (to === null || version === undefined) return null;
  const { origin } = version;
  return {
    createdBy: version.createdBy ?? made?.requestedBy ?? null,
    createdAt: version.createdAt?.toISOString() ?? null,
    run: origin?.run ?? null,
    commit: origin?.commit ?? null,
    data: origin?.data ?? null,
  };
}

/** How long rollouts of this kind took here, ms: the median of those that succeeded; null when there are none. */
export function usualMs(kind: Plan["kind"], rollouts: readonly Rollout[]): number | null {
  const took = rollouts
    .filter(({ plan }) => plan.kind === kind)
    .flatMap(({ startedAt, finishedAt }) =>
      startedAt === null || finishedAt === null ? [] : [finishedAt.getTime() - startedAt.getTime()],
    )
    .sort((a, b) => a - b);
  return took[Math.floor(took.length / 2)] ?? null;
}

/**
 * The plan with what each check found, or the first refusal that stands.
 * @param glass - whose refusals are broken; null for nobody's.
 */
export async function checkPlan(
  plan: Plan,
  of: { readonly entry: ModelEntry; readonly version: ModelVersion | null },
  checks: readonly PlanCheck[],
  glass: NonNullable<PlanQuestion["breakGlass"]> | null,
): Promise<PlanResult> {
  const found: PlanFacts["checks"][number][] = [];
  for (const { name, check, isBreakable } of checks) {
    const verdict = await check(plan, of);
    if (verdict === null) continue;
    if (verdict.kind === "found") found.push({ name, text: verdict.text });
    else if (isBreakable && glass !== null && (glass.checks?.includes(name) ?? true))
      found.push({ name, text: `broken: ${verdict.problem}`, isBroken: true });
    else return verdict;
  }
  if (plan.facts === undefined || found.length === 0) return { kind: "plan", plan };
  return { kind: "plan", plan: { ...plan, facts: { ...plan.facts, checks: found } } };
}
