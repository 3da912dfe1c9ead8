/** The evaluation gate: asked of every deploy when it is planned, and again before it starts. */
import {
  type EvaluationGate,
  type GateVerdict,
  gatesIn,
  joinVerdicts,
  judgeBake,
  judgeMetric,
  judgeTags,
} from "../domain/rollout/evaluation-gate.ts";
import type { Plan } from "../domain/rollout/plan.ts";
import { duration, oneLine } from "../domain/view.ts";
import type { Clock, ModelEntry, PlanCheck, Refusal, Store } from "../ports.ts";
import { readServing } from "../queries/serving-history.ts";

const backendMs = 10_000;
/** Newest rollouts of the other environment that are looked through. */
const maxRollouts = 100;

type CheckedVersion = Parameters<PlanCheck["check"]>[1];

/** A rollback is never kept from going back: what it goes to has served. */
export function createGate(options: {
  readonly store: Pick<Store, "serving" | "rollouts">;
  readonly clock: Clock;
}): PlanCheck {
  async function check(plan: Plan, { entry, version }: CheckedVersion) {
    const gates = gatesIn(entry.gates ?? [], plan.environment);
    if (plan.kind !== "deploy" || gates.length === 0) return null;
    const judged = await Promise.all(
      gates.map(async (gate) => ({ gate, verdict: await judge(gate, plan, { entry, version }) })),
    );
    const stopped = judged.find(
      ({ gate, verdict }) =>
        verdict.kind !== "pass" && (verdict.kind === "fail" || gate.missing === "refuse"),
    );
    if (stopped !== undefined) return refusalOf(plan, stopped.verdict);
    const { kind, text } = joinVerdicts(judged.map(({ verdict }) => verdict));
    const word = kind === "pass" ? "passed" : "not enough data, which is let through here";
    return { kind: "found" as const, text: `${word}: ${text}` };
  }

  async function judge(
    gate: EvaluationGate,
    plan: Plan,
    { entry, version }: CheckedVersion,
  ): Promise<GateVerdict> {
    const comparison = plan.facts?.comparison ?? [];
    const verdicts = gate.metrics.map((metric) => judgeMetric(metric, comparison));
    if (gate.servedIn !== null) verdicts.push(await judgeServed(gate.servedIn, plan, entry));
    if (gate.bakedIn !== null) verdicts.push(await judgeBaked(gate.bakedIn, plan));
    if (Object.keys(gate.tags).length > 0) verdicts.push(judgeTags(gate.tags, version?.tags ?? null));
    return joinVerdicts(verdicts);
  }

  /** How long the version has served in the other environment, all told; what nobody saw does not count. */
  async function judgeServed(
    { environment, ms }: { readonly environment: string; readonly ms: number },
    plan: Plan,
    entry: ModelEntry,
  ): Promise<GateVerdict> {
    const now = options.clock.now();
    const place = { model: entry.name, environment, backend: entry.backend };
    const { intervals } = await readServing(place, options.store, { now, limitMs: backendMs });
    const served = intervals
      .filter(({ state, version }) => state === "known" && version === plan.to)
      .reduce((sum, { from, to }) => sum + (to ?? now).getTime() - (from ?? to ?? now).getTime(), 0);
    const text = `version ${plan.to} served ${duration(served)} in ${environment}; ${duration(ms)} are asked for`;
    return { kind: served >= ms ? "pass" : "not_enough_data", text };
  }

  async function judgeBaked(environment: string, { model, to }: Plan): Promise<GateVerdict> {
    const rollouts = await options.store.rollouts.list({
      ...{ model, environment },
      states: ["succeeded"],
      limit: maxRollouts,
    });
    return judgeBake({ version: to ?? "?", environment }, rollouts);
  }

  return { name: "Evaluation", isBreakable: true, check };
}

function refusalOf(plan: Plan, verdict: GateVerdict): Refusal {
  const isWorse = verdict.kind === "fail";
  const what = `Version ${plan.to} of ${plan.model} ${isWorse ? "does not pass" : "cannot pass"} the evaluation gate of ${plan.environment}`;
  return {
    kind: "refuse",
    reason: isWorse ? "gate_failed" : "gate_without_data",
    problem: oneLine(`${what}: ${verdict.text}.`, 900),
    remedy: `${
      isWorse
        ? "Deploy a better version; a rollback to one that served needs no gate."
        : `Measure it beside version ${plan.from ?? "?"} on enough rows, or set missing: warn under models.${plan.model}.gates.`
    } Where that cannot wait, say why: --break-glass "why"; a second person has to agree.`,
  };
}
