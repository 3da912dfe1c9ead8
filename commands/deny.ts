import { z } from "zod";
import { refuseVoice } from "../src/domain/approval.ts";
import { answerView } from "../src/domain/command/answer.ts";
import { planTitle } from "../src/domain/rollout/plan.ts";
import { moveRollout } from "../src/domain/rollout.ts";
import { oneLine } from "../src/domain/view.ts";
import { defineCommand } from "../src/ports/command.ts";
import { findRollout, resourceOfRollout, suggestRollouts } from "./_lookup.ts";

export default defineCommand({
  kind: "operate",
  name: "deny",
  summary: "Refuse a rollout that waits for approval; one refusal is enough",
  examples: ["deny 7", "deny 7 the canary is not done"],
  options: z.object({
    rollout: z.number().int().positive().describe("number of the rollout"),
    reason: z.string().max(500).default("").describe("why"),
  }),
  args: ["rollout", "reason"],
  rest: "reason",
  action: "deny",
  resource: (options, context) => resourceOfRollout(options.rollout, context),
  suggest: { rollout: (partial, context) => suggestRollouts(partial, context, ["pending"]) },
  async run(options, context) {
    const rollout = await findRollout(options.rollout, context);
    if ("kind" in rollout) return rollout;
    const { person, now, via } = context;
    // Someone who approved may still think better of it, so only what stops a denial is asked.
    const refusal = refuseVoice({
      rollout,
      approvals: [],
      person: person.id,
      decision: "deny",
      seenPlan: null,
      now,
    });
    if (refusal !== null) return refusal;
    const reason = oneLine(options.reason, 500);
    const { id, planHash } = rollout;
    const approval = {
      rolloutId: id,
      person: person.id,
      decision: "deny",
      planHash,
      reason,
      via,
      at: now,
    } as const;
    await context.store.rollouts.addApproval(approval);
    const result = `denied by ${person.name}${reason === "" ? "" : `: ${reason}`}`;
    return {
      kind: "answer",
      view: answerView(`You denied rollout ${id}: ${planTitle(rollout.plan)}.`, { tone: "good" }),
      visibility: "private",
      audit: { action: "rollout.denied", subject: `rollout:${id}`, data: { planHash, reason } },
      effects: [{ kind: "rollout", rollout: moveRollout(rollout, "denied", now, { result }) }],
    };
  },
});
