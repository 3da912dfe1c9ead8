import { z } from "zod";
import { refuseUnconfirmed } from "../src/domain/approval/confirmation.ts";
import { demandText } from "../src/domain/approval/rule.ts";
import { type Approval, refuseVoice, weighApprovals } from "../src/domain/approval.ts";
import { answerView } from "../src/domain/command/answer.ts";
import { rolloutResource } from "../src/domain/policy.ts";
import { planTitle } from "../src/domain/rollout/plan.ts";
import { moveRollout, type Rollout } from "../src/domain/rollout.ts";
import { oneLine } from "../src/domain/view.ts";
import { type CommandContext, defineCommand } from "../src/ports/command.ts";
import { findRollout, resourceOfRollout, suggestRollouts } from "./_lookup.ts";

export default defineCommand({
  kind: "operate",
  name: "approve",
  summary: "Agree to a rollout that someone else asked for",
  examples: ["approve 7", "approve 7 metrics look right"],
  options: z.object({
    rollout: z.number().int().positive().describe("number of the rollout"),
    reason: z.string().max(500).default("").describe("what you looked at"),
    confirm: z.string().max(200).optional().describe("the model's name, for one of high risk"),
    plan: z.string().max(64).optional().describe("start of the plan's hash that you saw; buttons fill it in"),
  }),
  args: ["rollout", "reason"],
  rest: "reason",
  action: "approve",
  resource: (options, context) => resourceOfRollout(options.rollout, context),
  suggest: { rollout: (partial, context) => suggestRollouts(partial, context, ["pending"]) },
  async run(options, context) {
    const rollout = await findRollout(options.rollout, context);
    if ("kind" in rollout) return rollout;
    const earlier = await context.store.rollouts.approvals(rollout.id);
    const refusal = refuseVoice({
      rollout,
      approvals: earlier,
      person: context.person.id,
      decision: "approve",
      seenPlan: options.plan ?? null,
      now: context.now,
    });
    if (refusal !== null) return refusal;
    const { model } = rollout.plan;
    const unconfirmed = refuseUnconfirmed({
      risk: context.models.find(({ name }) => name === model)?.risk ?? "high",
      model,
      typed: options.confirm?.trim() ?? null,
      line: `approve ${rollout.id} --plan ${rollout.planHash.slice(0, 12)}`,
    });
    if (unconfirmed !== null) return unconfirmed;
    const approval = approvalOf(rollout, oneLine(options.reason, 500), context);
    await context.store.rollouts.addApproval(approval);
    const weight = weighApprovals({
      rollout,
      approvals: [...earlier, approval],
      rules: rollout.approvalRules,
      mayApprove: (person) => mayApprove(person, rollout, context),
      rolesOf: (person) => context.people.find(({ id }) => id === person)?.roles ?? [],
    });
    const isEnough = weight.kind === "enough";
    const next = isEnough
      ? "It starts now."
      : `It still needs ${weight.kind === "waiting" ? weight.open.map(({ missing, roles }) => demandText(missing, roles)).join(" and ") : "another"}.`;
    return {
      kind: "answer",
      view: answerView(`You approved rollout ${rollout.id}: ${planTitle(rollout.plan)}. ${next}`, {
        tone: "good",
      }),
      visibility: "private",
      audit: {
        action: isEnough ? "rollout.approved" : "approval.given",
        subject: `rollout:${rollout.id}`,
        data: {
          planHash: rollout.planHash,
          reason: approval.reason,
          by: weight.kind === "denied" ? [] : weight.by,
        },
      },
      effects: [
        { kind: "rollout", rollout: isEnough ? moveRollout(rollout, "approved", context.now) : rollout },
      ],
    };
  },
});

function approvalOf(rollout: Rollout, reason: string, context: CommandContext): Approval {
  const { id, planHash } = rollout;
  const { person, via, now } = context;
  return { rolloutId: id, person: person.id, decision: "approve", planHash, reason, via, at: now };
}

/** Voices given earlier count only while their owner may still give them. */
function mayApprove(id: string, rollout: Rollout, context: CommandContext): boolean {
  const person = context.people.find((candidate) => candidate.id === id);
  if (person === undefined) return false;
  return context.decide(person, "approve", rolloutResource(rollout, context.models)).kind === "allow";
}
