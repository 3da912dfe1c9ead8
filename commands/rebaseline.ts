import { z } from "zod";
import { answerView } from "../src/domain/command/answer.ts";
import type { TargetQuestion } from "../src/domain/command/target.ts";
import { findTarget } from "../src/domain/command/target.ts";
import { defineCommand } from "../src/ports/command.ts";
import { resourceOfTarget, suggestEnvironments, suggestModels } from "./_lookup.ts";

export default defineCommand({
  kind: "operate",
  name: "rebaseline",
  summary: "Forget what a model's input looked like, so that the next rows become its reference",
  examples: ["rebaseline correlator", 'rebaseline correlator --reason "new data source since Monday"'],
  options: z.object({
    model: z.string().max(200).describe("name of the model"),
    environment: z
      .string()
      .max(100)
      .optional()
      .describe("where; needed when the model lives in several places"),
    reason: z.string().max(500).default("no reason given").describe("why; kept in the audit log"),
  }),
  args: ["model"],
  action: "retrain",
  resource: (options, context) => resourceOfTarget(questionOf(options), context),
  suggest: { model: suggestModels, environment: suggestEnvironments },
  async run(options, context) {
    const target = findTarget(context.models, questionOf(options));
    if (target.kind === "refuse") return target;
    const { environment } = target;
    const model = target.model.name;
    const gone = await context.store.monitoring.forget(model, environment);
    if (gone === 0)
      return {
        kind: "refuse",
        reason: "no_reference",
        problem: `Nothing is kept of the input of ${model} in ${environment}.`,
        remedy: "Push its histograms first; docs/model-monitoring.md shows how.",
      };
    return {
      kind: "answer",
      view: answerView(`The next rows of ${model} in ${environment} become its reference.`),
      visibility: "private",
      audit: {
        action: "model.rebaselined",
        subject: `model:${model}/${environment}`,
        data: { reason: options.reason, profiles: gone },
      },
    };
  },
});

function questionOf(options: {
  readonly model: string;
  readonly environment?: string | undefined;
}): TargetQuestion {
  const { model, environment } = options;
  return { kind: "retrain", model, environment: environment ?? null, to: null };
}
