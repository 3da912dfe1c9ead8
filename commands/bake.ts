import { z } from "zod";
import { answerBake, type BakeWord, bakeAnswers } from "../src/domain/bake/decision.ts";
import { answerView } from "../src/domain/command/answer.ts";
import { planTitle } from "../src/domain/rollout/plan.ts";
import type { Rollout } from "../src/domain/rollout.ts";
import { defineCommand } from "../src/ports/command.ts";
import { findRollout, resourceOfRollout, suggestRollouts } from "./_lookup.ts";

export default defineCommand({
  kind: "operate",
  name: "bake",
  summary: "Say what to do with a version whose bake cannot tell, or with a canary that waits",
  examples: ["bake 7 --as accept", "bake 7 --as extend", "bake 7 --as advance"],
  options: z.object({
    rollout: z.number().int().positive().describe("number of the rollout"),
    as: z
      .enum(bakeAnswers)
      .describe(
        "accept: you vouch for it; extend: watch once more; advance: let the canary take its next step",
      ),
  }),
  args: ["rollout", "as"],
  action: "bake",
  resource: (options, context) => resourceOfRollout(options.rollout, context),
  suggest: {
    rollout: (partial, context) => suggestRollouts(partial, context, ["running", "succeeded"]),
  },
  async run(options, context) {
    const rollout = await findRollout(options.rollout, context);
    if ("kind" in rollout) return rollout;
    const decision = answerBake(rollout, options.as, context.person.id);
    if (decision.kind === "refuse") return decision;
    return {
      kind: "answer",
      view: answerView(answerOf(rollout, options.as), { tone: "good" }),
      visibility: "private",
      audit: {
        action: `rollout.bake_${pastOf[options.as]}`,
        subject: `rollout:${rollout.id}`,
        data: { bake: rollout.bake?.state ?? null, hold: rollout.progress.hold?.name ?? null },
      },
      effects: [{ kind: "rollout", rollout: decision.rollout }],
    };
  },
});

const pastOf: Readonly<Record<BakeWord, string>> = {
  accept: "accepted",
  extend: "extended",
  advance: "advanced",
};

function answerOf(rollout: Rollout, word: BakeWord): string {
  const name = `Rollout ${rollout.id} (${planTitle(rollout.plan)})`;
  if (word === "accept") return `${name} is accepted; you vouch for the version.`;
  if (word === "extend") return `${name} is watched for one more window.`;
  return `${name} goes on with its next step. Its card says when it has.`;
}
