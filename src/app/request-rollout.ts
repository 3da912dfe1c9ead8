/** From a plan to a stored rollout: approvals counted, expiry set, cards and jobs wanted, all in one transaction. */
import { createHash } from "node:crypto";
import { type ApprovalRule, demandText } from "../domain/approval/rule.ts";
import { unmeetable } from "../domain/approval.ts";
import type { AuditRecord } from "../domain/audit.ts";
import { answerView } from "../domain/command/answer.ts";
import type { Person } from "../domain/people/person.ts";
import type { Decision } from "../domain/policy.ts";
import { type FreezeInForce, freezeText } from "../domain/rollout/freeze.ts";
import { type Plan, planTitle } from "../domain/rollout/plan.ts";
import { finalStates, openStates } from "../domain/rollout/state.ts";
import { newRollout, type Rollout } from "../domain/rollout.ts";
import { type CommandRequest, channelName, type Refusal, type StoreSlices } from "../ports.ts";
import type { Authority } from "./authority.ts";
import { type Effects, MovedElsewhereError } from "./effects.ts";
import { type Outcome, refused } from "./outcome.ts";
import { approversOf, rolloutCard } from "./rollout-card.ts";

export interface RolloutRequestOptions extends Authority {
  readonly effects: Effects;
  /** How long a rollout waits for approval before it expires, ms. */
  readonly approvalExpiryMs: number;
}

export interface RolloutRequest {
  readonly request: CommandRequest;
  readonly person: Person;
  readonly now: Date;
  readonly plan: Plan;
  readonly decision: Extract<Decision, { kind: "allow" }>;
  /** Those that it breaks. */
  readonly freezes: readonly FreezeInForce[];
}

type NewRollout = Omit<Rollout, "id" | "version">;
/** Newest rollouts of a target that are looked at. */
const maxLooked = 50;

/**
 * Stores the rollout in the caller's transaction, or says why it is not asked for.
 * @throws MovedElsewhereError when another rollout of the target has ended since this one was planned: plan it again.
 */
export async function requestRollout(
  tx: StoreSlices,
  options: RolloutRequestOptions,
  asked: RolloutRequest,
): Promise<Outcome> {
  const { request, person, now, plan, decision } = asked;
  const rollout = newRollout({
    operationId: operationIdOf(request),
    plan,
    requestedBy: person.id,
    requestedIn: request.channel === null ? null : channelName(request.channel),
    approvalRules: rulesFor(plan, decision),
    expiresAt: new Date(now.getTime() + options.approvalExpiryMs),
    now,
  });
  await tx.rollouts.askAlone(plan);
  await expectStill(tx, plan, now);
  const refusal = (await alreadyAsked(tx, rollout)) ?? tooFewApprovers(options, rollout, now);
  if (refusal !== null) return refused(refusal);
  const stored = await options.effects.insert(
    tx,
    rollout,
    async (id) => (await tx.audit.append(recordOf(asked, id, rollout))).seq,
    { now, actor: person.id },
  );
  if (plan.breakGlass !== undefined) {
    const review = { rolloutId: stored.id, openedBy: person.id, reason: plan.breakGlass, openedAt: now };
    await tx.rollouts.openReview(review);
  }
  return await answerOf(tx, options, stored, request, now);
}

/** Whatever the policy says, nobody breaks a freeze or a gate alone. */
export function rulesFor(plan: Plan, { approvals }: { readonly approvals: readonly ApprovalRule[] }) {
  if (plan.breakGlass === undefined || approvals.length > 0) return approvals;
  return [{ rule: "the glass is broken by two", count: 1, roles: [] }];
}

/** A plan says from which version it goes; what has ended since `plannedAt` may have changed that. */
async function expectStill(tx: StoreSlices, { model, environment }: Plan, plannedAt: Date): Promise<void> {
  const ended = await tx.rollouts.list({ model, environment, states: finalStates, limit: maxLooked });
  const other = ended.find(({ finishedAt }) => finishedAt !== null && finishedAt >= plannedAt);
  if (other === undefined) return;
  throw new MovedElsewhereError(`rollout ${other.id} ended while another of its target was being planned`);
}

async function alreadyAsked(tx: StoreSlices, rollout: NewRollout): Promise<Refusal | null> {
  const { model, environment, kind, to } = rollout.plan;
  const open = await tx.rollouts.list({ model, environment, states: openStates, limit: maxLooked });
  const same = open.find(({ plan }) => plan.kind === kind && plan.to === to);
  if (same === undefined) return null;
  return {
    kind: "refuse",
    reason: "already_asked",
    problem: `Rollout ${same.id} already asks for this and is ${same.state}: ${planTitle(same.plan)}.`,
    remedy: `Wait for it, or stop it first: cancel ${same.id}.`,
    suggestions: [`cancel ${same.id}`],
  };
}

/** What can never be approved is refused at once instead of waiting until it expires. */
function tooFewApprovers(options: RolloutRequestOptions, rollout: NewRollout, now: Date): Refusal | null {
  const lacking = unmeetable(rollout.approvalRules, approversOf(options, { ...rollout, id: 0 }, now));
  if (lacking === null) return null;
  const { able, count, roles } = lacking;
  const others =
    able === 0 ? "nobody else in tocsin.yaml may" : `only ${able} other people in tocsin.yaml may`;
  return {
    kind: "refuse",
    reason: "no_approvers",
    problem: `This needs approval by ${demandText(count, roles)} others, and ${others} give it.`,
    remedy: "Give someone else a role that may approve, or change @approvals in the policy.",
  };
}

/** The card itself where no card will appear; else one line, for the card says the rest in public. */
async function answerOf(
  tx: StoreSlices,
  options: RolloutRequestOptions,
  rollout: Rollout,
  request: CommandRequest,
  now: Date,
): Promise<Outcome> {
  const card = await rolloutCard(tx.rollouts, options, rollout.id, now);
  const outcome = { visibility: "private", outcome: "requested" } as const;
  if (request.channel === null && card !== null) return { ...outcome, view: card };
  const needed = rollout.approvalsNeeded;
  const next =
    rollout.state === "pending"
      ? `It waits for ${needed === 1 ? "an approval" : `${needed} approvals`}.`
      : "It needs no approval and starts now.";
  const text = `Rollout ${rollout.id} is asked for: ${planTitle(rollout.plan)}. ${next} Its card is in this channel.`;
  return { ...outcome, view: answerView(text) };
}

/** The same request always gets the same operation id, so that it can never start two operations. */
function operationIdOf(request: CommandRequest): string {
  return `tocsin-${createHash("sha256").update(request.key).digest("hex").slice(0, 32)}`;
}

function recordOf(asked: RolloutRequest, id: number, rollout: NewRollout): AuditRecord {
  const { plan, planHash, approvalsNeeded, operationId } = rollout;
  const { request, person, now, decision } = asked;
  return {
    at: now,
    actor: person.id,
    action: "rollout.requested",
    subject: `rollout:${id}`,
    outcome: "requested",
    data: {
      title: planTitle(plan),
      planHash,
      reason: plan.reason,
      approvalsNeeded,
      operationId,
      rules: decision.policies,
      ...(plan.breakGlass === undefined
        ? {}
        : {
            breakGlass: plan.breakGlass,
            freezes: asked.freezes.map(freezeText),
            checks: plan.facts?.checks.filter(({ isBroken }) => isBroken === true) ?? [],
          }),
      via: request.account.platform,
    },
  };
}
