import { z } from "zod";
import type { TargetQuestion } from "../src/domain/command/target.ts";
import { defineCommand } from "../src/ports/command.ts";
import {
  prefillModel,
  resourceOfTarget,
  suggestEnvironments,
  suggestIncidents,
  suggestModels,
  suggestVersions,
} from "./_lookup.ts";

export default defineCommand({
  kind: "rollout",
  name: "rollback",
  summary: "Go back to the version of a model that served before, or to a named one",
  examples: ["rollback correlator", 'rollback correlator 1 --incident 12 --reason "false merges since 2"'],
  options: z.object({
    model: z.string().max(200).describe("name of the model"),
    version: z.string().max(200).optional().describe("version to go back to; the one before when left out"),
    environment: z
      .string()
      .max(100)
      .optional()
      .describe("where; needed when the model lives in several places"),
    reason: z.string().max(500).default("no reason given").describe("why; shown to whoever approves"),
    incident: z.number().int().positive().optional().describe("number of the incident this is about"),
  }),
  args: ["model", "version"],
  action: "rollback",
  resource: (options, context) => resourceOfTarget(questionOf(options), context),
  form: { prefill: prefillModel },
  suggest: {
    model: suggestModels,
    environment: suggestEnvironments,
    incident: suggestIncidents,
    version: suggestVersions,
  },
  plan: (options, context) =>
    context.plan({ ...questionOf(options), reason: options.reason, incidentId: options.incident ?? null }),
});

function questionOf(options: {
  readonly model: string;
  readonly version?: string | undefined;
  readonly environment?: string | undefined;
}): TargetQuestion {
  const { model, environment } = options;
  return { kind: "rollback", model, environment: environment ?? null, to: options.version ?? null };
}
