/**
 * The rollback that the bot itself asks for when a bake fails: a rollout like any other, planned, hashed, audited and
 * held to the policy, whose principal is the bot. What it may not do, or cannot, it says, and asks a person.
 */

import { demandText } from "../domain/approval/rule.ts";
import { unmeetable } from "../domain/approval.ts";
import type { Bake } from "../domain/bake.ts";
import { botPerson, ownPlatform } from "../domain/people/person.ts";
import { type Decision, modelResource } from "../domain/policy.ts";
import { freezeStanding, freezesOn } from "../domain/rollout/freeze.ts";
import { type Plan, planTitle } from "../domain/rollout/plan.ts";
import { isFinal, openStates } from "../domain/rollout/state.ts";
import { newRollout, type Rollout } from "../domain/rollout.ts";
import { oneLine } from "../domain/view.ts";
import type { Clock, Store, StoreSlices } from "../ports.ts";
import type { Authority } from "./authority.ts";
import type { Effects } from "./effects.ts";
import type { Planner } from "./plan.ts";
import { rulesFor } from "./request-rollout.ts";
import { approversOf } from "./rollout-card.ts";
import type { Transitions } from "./transition.ts";

export interface AutoRollbackOptions extends Authority {
  readonly store: Store;
  readonly plan: Planner;
  readonly effects: Effects;
  readonly transitions: Transitions;
  readonly clock: Clock;
  readonly approvalExpiryMs: number;
}

/** Asks for the rollback that the bake of this rollout is due, or follows it; one step, safe to repeat. */
export type AutoRollback = (rollout: Rollout, followMs: number) => Promise<void>;

/** How often a backend that is away is asked for a plan, and how long between. */
const maxAttempts = 20;
const retryMs = 15_000;

export function createAutoRollback(options: AutoRollbackOptions): AutoRollback {
  const { store, transitions, clock } = options;

  return async (rollout, followMs) => {
    const { bake } = rollout;
    if (bake === null || bake.undo === null) return;
    const { rolloutId, attempts } = bake.undo;
    if (rolloutId !== null) return await follow(rollout, bake, rolloutId, followMs);
    const planned = await ask(rollout, bake);
    if (planned.kind === "ask") return await askPerson(rollout, bake, planned.problem);
    if (planned.kind === "retry") {
      if (attempts >= maxAttempts) return await askPerson(rollout, bake, planned.problem);
      const undo = { attempts: attempts + 1, rolloutId: null };
      return await transitions.progress(rollout, { ...rollout, bake: { ...bake, undo } }, retryMs);
    }
    await request(rollout, bake, planned);
  };

  type Planned =
    | {
        readonly kind: "go";
        readonly plan: Plan;
        readonly decision: Extract<Decision, { readonly kind: "allow" }>;
      }
    | { readonly kind: "ask"; readonly problem: string }
    | { readonly kind: "retry"; readonly problem: string };

  async function ask(rollout: Rollout, bake: Bake): Promise<Planned> {
    const { model, environment, to } = rollout.plan;
    const reason = oneLine(`the bake of rollout ${rollout.id} failed: ${bake.findings.join("; ")}`, 500);
    const question = { kind: "rollback", model, environment, to: null, reason } as const;
    const planned = await options.plan({ ...question, incidentId: bake.incidentId });
    if (planned.kind === "refuse") {
      const problem = `${planned.problem} ${planned.remedy}`;
      return { kind: planned.reason === "backend_away" ? "retry" : "ask", problem };
    }
    const { plan } = planned;
    if (plan.from !== to) {
      const problem = `version ${plan.from ?? "none"} serves instead of ${to}: somebody changed it meanwhile`;
      return { kind: "ask", problem };
    }
    return await permitted(plan);
  }

  async function permitted(plan: Plan): Promise<Planned> {
    const { model, environment } = plan;
    const entry = options.models.find((candidate) => candidate.name === model);
    if (entry === undefined) return { kind: "ask", problem: `${model} is no longer in tocsin.yaml` };
    const now = clock.now();
    const freeze = freezeStanding(
      plan,
      freezesOn(await store.rollouts.freezes(now), plan, options.models, now),
    );
    const resource = modelResource(entry, environment);
    const asked = { person: botPerson, action: "rollback", resource, via: ownPlatform, now, freeze } as const;
    const decision = options.policy.decide(asked);
    if (decision.kind === "deny") return { kind: "ask", problem: `the bot may not: ${decision.because}` };
    const able = approversOf(options, { id: 0, plan, requestedBy: botPerson.id }, now);
    const lacking = unmeetable(decision.approvals, able);
    if (lacking === null) return { kind: "go", plan, decision };
    const demand = demandText(lacking.count, lacking.roles);
    return { kind: "ask", problem: `it needs approval by ${demand}, and ${lacking.able} people may give it` };
  }

  /** The rollback, its audit entry, and that the bake knows of it: all or nothing, so that there is never a second one. */
  async function request(rollout: Rollout, bake: Bake, { plan, decision }: Extract<Planned, { kind: "go" }>) {
    const now = clock.now();
    const notes = [...plan.notes, `asked for by the bot under the rule "${decision.policies.join('", "')}"`];
    const wanted = newRollout({
      operationId: `tocsin-undo-${rollout.operationId}`.slice(0, 64),
      plan: { ...plan, notes },
      requestedBy: botPerson.id,
      requestedIn: null,
      approvalRules: rulesFor(plan, decision),
      expiresAt: new Date(now.getTime() + options.approvalExpiryMs),
      now,
    });
    const asked = await store.transaction(async (tx) => {
      const other = await openRollout(tx, plan);
      if (other !== null) return other;
      const undo = await options.effects.insert(tx, wanted, (id) => audit(tx, id, wanted, decision), {
        now,
        actor: botPerson.id,
      });
      const next = { ...rollout, bake: { ...bake, undo: { attempts: 0, rolloutId: undo.id } } };
      await options.effects.apply(tx, [{ kind: "rollout", rollout: next }], {
        now,
        actor: botPerson.id,
        auditSeq: null,
      });
      await tx.jobs.add({ task: "apply", rolloutId: rollout.id });
      return null;
    });
    if (asked === null) return;
    const problem = `rollout ${asked.id} of the same target is ${asked.state}: ${planTitle(asked.plan)}`;
    await askPerson(rollout, bake, problem);
  }

  /** A person's own rollout of the target goes first, whatever it is. */
  async function openRollout(tx: StoreSlices, { model, environment }: Plan): Promise<Rollout | null> {
    const [open] = await tx.rollouts.list({ model, environment, states: openStates, limit: 1 });
    return open ?? null;
  }

  async function audit(
    tx: StoreSlices,
    id: number,
    { plan, planHash, approvalsNeeded, operationId }: Omit<Rollout, "id" | "version">,
    decision: Extract<Decision, { kind: "allow" }>,
  ): Promise<number> {
    const rules = decision.policies;
    const { reason, incidentId } = plan;
    const title = planTitle(plan);
    const data = {
      title,
      planHash,
      reason,
      incidentId,
      approvalsNeeded,
      operationId,
      rules,
      via: ownPlatform,
    };
    const entry = await tx.audit.append({
      at: clock.now(),
      actor: botPerson.id,
      action: "rollout.requested",
      subject: `rollout:${id}`,
      outcome: "requested",
      data,
    });
    return entry.seq;
  }

  /** When it begins, the bake is over (see effects); when it never does, a person has to know. */
  async function follow(rollout: Rollout, bake: Bake, undoId: number, followMs: number): Promise<void> {
    const undo = await store.rollouts.find(undoId);
    if (undo !== null && !isFinal(undo.state) && undo.state !== "unknown") {
      return await transitions.again(rollout.id, followMs);
    }
    const how =
      undo === null ? "is gone" : `is ${undo.state}${undo.result === null ? "" : `: ${undo.result}`}`;
    await askPerson(rollout, bake, `rollout ${undoId}, which the bot asked for, ${how}`);
  }

  async function askPerson(rollout: Rollout, bake: Bake, problem: string): Promise<void> {
    const undoProblem = oneLine(problem, 300);
    const record = { action: "rollout.bake_asks", outcome: "requested", data: { undoProblem } } as const;
    await transitions.record({ ...rollout, bake: { ...bake, undo: null, undoProblem } }, record);
  }
}
