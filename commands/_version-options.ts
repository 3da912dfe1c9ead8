/** What the commands are given that make a version of a model serve. */
import { z } from "zod";
import type { TargetQuestion } from "../src/domain/command/target.ts";
import type { CommandContext, PlanResult } from "../src/ports/command.ts";
import { suggestEnvironments, suggestIncidents, suggestModels, suggestVersions } from "./_lookup.ts";

/** @param version - says in help and forms what the version is for. */
export function versionOptions(version: string) {
  return z.object({
    model: z.string().max(200).describe("name of the model"),
    version: z.string().max(200).optional().describe(version),
    environment: z
      .string()
      .max(100)
      .optional()
      .describe("where; needed when the model lives in several places"),
    reason: z.string().max(500).default("no reason given").describe("why; shown to whoever approves"),
    incident: z.number().int().positive().optional().describe("number of the incident this is about"),
  });
}

type VersionOptions = z.output<ReturnType<typeof versionOptions>>;
type Kind = "deploy" | "rollback";

export const suggestVersionOptions = {
  model: suggestModels,
  environment: suggestEnvironments,
  incident: suggestIncidents,
  version: suggestVersions,
};

export function questionOf(kind: Kind, { model, environment, version }: VersionOptions): TargetQuestion {
  return { kind, model, environment: environment ?? null, to: version ?? null };
}

export function planVersion(
  kind: Kind,
  options: VersionOptions,
  context: Pick<CommandContext, "plan">,
): Promise<PlanResult> {
  const { reason, incident = null } = options;
  return context.plan({ ...questionOf(kind, options), reason, incidentId: incident });
}
