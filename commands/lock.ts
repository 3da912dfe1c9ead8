import { z } from "zod";
import { answerView } from "../src/domain/command/answer.ts";
import { targetOf } from "../src/domain/rollout/plan.ts";
import { type CommandContext, type CommandResult, defineCommand } from "../src/ports/command.ts";
import { nameOf, resourceOfPlace, suggestEnvironments, suggestModels } from "./_lookup.ts";
import { readReason, refusal } from "./_matchers.ts";

export default defineCommand({
  kind: "operate",
  name: "lock",
  summary: "Keep rollouts of a model from starting until someone unlocks it",
  examples: ['lock correlator --reason "looking at yesterday\'s merges"'],
  options: z.object({
    model: z.string().max(200).describe("name of the model"),
    environment: z.string().max(100).optional().describe("where; all its environments when left out"),
    reason: z.string().max(500).optional().describe("why; shown to whoever waits"),
  }),
  args: ["model", "environment"],
  action: "lock",
  resource: (options, context) => resourceOfPlace(options, context),
  suggest: { model: suggestModels, environment: suggestEnvironments },
  async run(options, context) {
    const reason = readReason(options.reason, "A lock");
    if (typeof reason !== "string") return reason;
    const model = context.models.find(({ name }) => name === options.model);
    const environments =
      options.environment === undefined ? (model?.environments ?? []) : [options.environment];
    return await lockAll(options.model, environments, reason, context);
  },
});

async function lockAll(
  model: string,
  environments: readonly string[],
  reason: string,
  { store, person, people, now }: CommandContext,
): Promise<CommandResult> {
  const taken: string[] = [];
  for (const environment of environments) {
    const target = targetOf({ model, environment });
    if (await store.rollouts.hold({ target, by: person.id, reason, at: now })) taken.push(target);
  }
  if (taken.length === 0) {
    const lock = await store.rollouts.findLock(targetOf({ model, environment: environments[0] ?? "" }));
    const by = lock?.held == null ? "someone" : `${nameOf(people, lock.held.by)} (${lock.held.reason})`;
    return refusal("locked", `${model} is locked already by ${by}.`, `To take it away: unlock ${model}.`);
  }
  const where = taken.join(", ");
  return {
    kind: "answer",
    view: answerView(`${where} locked: no rollout starts there. What is under way goes on.`, {
      tone: "warning",
      actions: [{ label: "Unlock", command: `unlock ${model}`, style: "plain" }],
    }),
    visibility: "public",
    audit: { action: "target.locked", subject: `model:${model}`, data: { targets: taken, reason } },
  };
}
