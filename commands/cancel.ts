import { z } from "zod";
import { answerView } from "../src/domain/command/answer.ts";
import { cancelRollout, settleRollout } from "../src/domain/rollout/decision.ts";
import { planTitle } from "../src/domain/rollout/plan.ts";
import type { Rollout } from "../src/domain/rollout.ts";
import { defineCommand } from "../src/ports/command.ts";
import { findRollout, resourceOfRollout, suggestRollouts } from "./_lookup.ts";

export default defineCommand({
  kind: "operate",
  name: "cancel",
  summary: "Stop a rollout, or say how one ended that nobody saw end",
  examples: ["cancel 7", "cancel 7 --as failed"],
  options: z.object({
    rollout: z.number().int().positive().describe("number of the rollout"),
    as: z
      .enum(["succeeded", "failed"])
      .optional()
      .describe("only for a rollout whose state is unknown: what you found it did"),
  }),
  args: ["rollout"],
  action: "cancel",
  resource: (options, context) => resourceOfRollout(options.rollout, context),
  suggest: {
    rollout: (partial, context) =>
      suggestRollouts(partial, context, ["pending", "approved", "starting", "running", "unknown"]),
  },
  async run(options, context) {
    const rollout = await findRollout(options.rollout, context);
    if ("kind" in rollout) return rollout;
    const { person, now } = context;
    const decision =
      options.as === undefined
        ? cancelRollout(rollout, person.id, now)
        : settleRollout(rollout, options.as, person.id, now);
    if (decision.kind === "refuse") return decision;
    const moved = decision.rollout;
    return {
      kind: "answer",
      view: answerView(answerOf(moved), { tone: "good" }),
      visibility: "private",
      audit: {
        action: options.as === undefined ? "rollout.cancel_requested" : "rollout.settled",
        subject: `rollout:${rollout.id}`,
        data: { from: rollout.state, to: moved.state },
      },
      effects: [{ kind: "rollout", rollout: moved }],
    };
  },
});

function answerOf(rollout: Rollout): string {
  const name = `Rollout ${rollout.id} (${planTitle(rollout.plan)})`;
  if (rollout.state === "cancelled") return `${name} is cancelled; nothing was started.`;
  if (rollout.state === "succeeded" || rollout.state === "failed")
    return `${name} is recorded as ${rollout.state}.`;
  return `${name} is asked to stop. Its card says when it has.`;
}
