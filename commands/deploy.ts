import { defineCommand } from "../src/ports/command.ts";
import { prefillModel, resourceOfTarget } from "./_lookup.ts";
import { planVersion, questionOf, suggestVersionOptions, versionOptions } from "./_version-options.ts";

export default defineCommand({
  kind: "rollout",
  name: "deploy",
  summary: "Make a version of a model serve, after a plan and the approvals the policy asks for",
  examples: [
    "deploy correlator 2",
    'deploy correlator 2 --environment production --reason "better hold-out recall"',
  ],
  options: versionOptions("version to serve"),
  args: ["model", "version"],
  action: "deploy",
  resource: (options, context) => resourceOfTarget(questionOf("deploy", options), context),
  form: { asks: ["version"], prefill: prefillModel },
  suggest: suggestVersionOptions,
  plan: (options, context) => planVersion("deploy", options, context),
});
