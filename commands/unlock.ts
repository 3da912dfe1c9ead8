import { z } from "zod";
import { answerView } from "../src/domain/command/answer.ts";
import { targetOf } from "../src/domain/rollout/plan.ts";
import { type CommandContext, type CommandResult, defineCommand } from "../src/ports/command.ts";
import { findRollout, resourceOfPlace, suggestEnvironments, suggestModels } from "./_lookup.ts";
import { refusal } from "./_matchers.ts";

export default defineCommand({
  kind: "operate",
  name: "unlock",
  summary: "Let rollouts of a model start again, or take its lock from a rollout that is stuck",
  examples: ["unlock correlator", "unlock correlator --rollout 7"],
  options: z.object({
    model: z.string().max(200).describe("name of the model"),
    environment: z.string().max(100).optional().describe("where; all its environments when left out"),
    rollout: z
      .number()
      .int()
      .positive()
      .optional()
      .describe("take the lock from this rollout, though it may still be at work"),
  }),
  args: ["model", "environment"],
  action: "unlock",
  resource: (options, context) => resourceOfPlace(options, context),
  suggest: { model: suggestModels, environment: suggestEnvironments },
  async run(options, context) {
    const model = context.models.find(({ name }) => name === options.model);
    const environments =
      options.environment === undefined ? (model?.environments ?? []) : [options.environment];
    const targets = environments.map((environment) => targetOf({ model: options.model, environment }));
    if (options.rollout !== undefined) return await takeFrom(options.rollout, targets, context);
    return await release(options.model, targets, context);
  },
});

async function release(
  model: string,
  targets: readonly string[],
  context: CommandContext,
): Promise<CommandResult> {
  const { rollouts } = context.store;
  const freed: string[] = [];
  for (const target of targets) if (await rollouts.release(target)) freed.push(target);
  if (freed.length === 0) {
    const holders = (await rollouts.locks()).filter(({ target }) => targets.includes(target));
    const held = holders.flatMap(({ rolloutId }) => (rolloutId === null ? [] : [rolloutId]));
    const [first] = held;
    const problem = `${model} is not locked by anyone.`;
    if (first === undefined) return refusal("not_locked", problem, "Nothing needs to be done.");
    const remedy = `Rollout ${first} holds it. To stop that: cancel ${first}; if it is stuck: unlock ${model} --rollout ${first}.`;
    return refusal("not_locked", problem, remedy);
  }
  await wake(freed, context);
  return {
    kind: "answer",
    view: answerView(`${freed.join(", ")} unlocked; who waits goes on in order.`, { tone: "good" }),
    visibility: "public",
    audit: { action: "target.unlocked", subject: `model:${model}`, data: { targets: freed } },
  };
}

/** Its steps are refused from now on, and its card asks a person how it ended. */
async function takeFrom(
  id: number,
  targets: readonly string[],
  context: CommandContext,
): Promise<CommandResult> {
  const rollout = await findRollout(id, context);
  if ("kind" in rollout) return rollout;
  const target = targetOf(rollout.plan);
  if (!targets.includes(target) || !(await context.store.rollouts.takeAway(target, id)))
    return refusal(
      "not_holder",
      `Rollout ${id} does not hold ${targets.join(" or ")}.`,
      "/locks says who does.",
    );
  await context.store.jobs.add({ task: "apply", rolloutId: id });
  await wake([target], context);
  return {
    kind: "answer",
    view: answerView(`Rollout ${id} no longer holds ${target}. Its card asks how it ended.`, {
      tone: "warning",
    }),
    visibility: "public",
    audit: { action: "target.taken", subject: `rollout:${id}`, data: { target } },
  };
}

async function wake(targets: readonly string[], { store }: CommandContext): Promise<void> {
  for (const target of targets)
    for (const { id } of await store.rollouts.queue(target))
      await store.jobs.add({ task: "apply", rolloutId: id });
}
