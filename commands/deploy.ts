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
  name: "deploy",
  summary: "Make a version of a model serve, after a plan and the approvals the policy asks for",
  examples: [
    "deploy correlator 2",
    'deploy correlator 2 --environment production --reason "better hold-out recall"',
  ],
  options: z.object({
    model: z.string().max(200).describe("name of the model"),
    version: z.string().max(200).optional().describe("version to serve"),
    environment: z
      .string()
      .max(100)
      .optional()
      .describe("where; needed when the model lives in several places"),
    reason: z.string().max(500).default("no reason given").describe("why; shown to whoever approves"),
    incident: z.number().int().positive().optional().describe("number of the incident this is about"),
  }),
  args: ["model", "version"],
  action: "deploy",
  resource: (options, context) => resourceOfTarget(questionOf(options), context),
  form: { asks: ["version"], prefill: prefillModel },
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
  return { kind: "deploy", model, environment: environment ?? null, to: options.version ?? null };
}
