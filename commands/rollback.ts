import { defineCommand } from "../src/ports/command.ts";
import { prefillModel, resourceOfTarget } from "./_lookup.ts";
import { planVersion, questionOf, suggestVersionOptions, versionOptions } from "./_version-options.ts";

export default defineCommand({
  kind: "rollout",
  name: "rollback",
  summary: "Go back to the version of a model that served before, or to a named one",
  examples: ["rollback correlator", 'rollback correlator 1 --incident 12 --reason "false merges since 2"'],
  options: versionOptions("version to go back to; the one before when left out"),
  args: ["model", "version"],
  action: "rollback",
  resource: (options, context) => resourceOfTarget(questionOf("rollback", options), context),
  form: { prefill: prefillModel },
  suggest: suggestVersionOptions,
  plan: (options, context) => planVersion("rollback", options, context),
});
