import { z } from "zod";
import type { TargetQuestion } from "../src/domain/target.ts";
import { defineCommand } from "../src/ports/command.ts";
import { resourceOfTarget, suggestEnvironments, suggestModels } from "./_lookup.ts";

export default defineCommand({
  kind: "rollout",
  name: "retrain",
  summary: "Train a new version of a model; it does not serve until it is deployed",
  examples: [
    "retrain correlator",
    'retrain correlator --reason "a month of new feedback"',
    'retrain correlator --incident 12 --reason "its input drifted"',
  ],
  options: z.object({
    model: z.string().max(200).describe("name of the model"),
    environment: z
      .string()
      .max(100)
      .optional()
      .describe("where; needed when the model lives in several places"),
    reason: z.string().max(500).default("no reason given").describe("why; kept with the version"),
    incident: z.number().int().positive().optional().describe("number of the incident this is about"),
  }),
  args: ["model"],
  action: "retrain",
  resource: (options, context) => resourceOfTarget(questionOf(options), context),
  suggest: { model: suggestModels, environment: suggestEnvironments },
  plan: (options, context) =>
    context.plan({ ...questionOf(options), reason: options.reason, incidentId: options.incident ?? null }),
});

function questionOf(options: {
  readonly model: string;
  readonly environment?: string | undefined;
}): TargetQuestion {
  const { model, environment } = options;
  return { kind: "retrain", model, environment: environment ?? null, to: null };
}
