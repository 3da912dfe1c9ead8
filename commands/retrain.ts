import { z } from "zod";
import type { TargetQuestion } from "../src/domain/command/target.ts";
import {
  emptyManifest,
  parseParameters,
  type RetrainManifest,
} from "../src/domain/rollout/retrain-manifest.ts";
import { oneLine } from "../src/domain/view.ts";
import { type CommandContext, defineCommand, type Refusal } from "../src/ports/command.ts";
import {
  findRollout,
  prefillModel,
  resourceOfTarget,
  suggestEnvironments,
  suggestIncidents,
  suggestModels,
} from "./_lookup.ts";

/** What stands as an argument of a command, whatever it holds. */
const plainValue = /^[A-Za-z0-9][\w.:/+@=-]*$/;

const options = z.object({
  model: z.string().max(200).optional().describe("name of the model; a rerun knows it"),
  environment: z
    .string()
    .max(100)
    .optional()
    .describe("where; needed when the model lives in several places"),
  commit: z
    .string()
    .max(100)
    .regex(/^[0-9a-f]{7,64}$/i, "must be a commit's hash, 7 to 64 hex digits; a branch or tag may move")
    .optional()
    .describe("commit of the training's code"),
  data: z
    .string()
    .max(200)
    .regex(plainValue, "must be letters, digits and _.:/+@=-")
    .optional()
    .describe("version of the data: transactions@2026-11-01"),
  seed: z.number().int().min(0).max(4_294_967_295).optional().describe("what randomness starts from"),
  image: z
    .string()
    .max(300)
    .regex(
      /^([A-Za-z0-9][\w.:/-]*@)?sha256:[0-9a-f]{64}$/,
      "must be sha256: and 64 hex digits, or name@sha256:…; a tag may move",
    )
    .optional()
    .describe("digest of the image that it runs in"),
  param: z.string().max(2_000).optional().describe('parameters, "epochs=20 lr=0.1"'),
  rerun: z.number().int().positive().optional().describe("number of a rollout: train from the same again"),
  reason: z.string().max(500).default("no reason given").describe("why; kept with the version"),
  incident: z.number().int().positive().optional().describe("number of the incident this is about"),
});
type Options = z.output<typeof options>;

export default defineCommand({
  kind: "rollout",
  name: "retrain",
  summary: "Train a new version of a model; it does not serve until it is deployed",
  examples: [
    "retrain correlator",
    'retrain correlator --reason "a month of new feedback"',
    'retrain fraud-scorer --commit 3f2a91c --data transactions@2026-11-01 --seed 7 --param "epochs=20"',
    "retrain --rerun 12",
    'retrain correlator --incident 12 --reason "its input drifted"',
  ],
  options,
  args: ["model"],
  action: "retrain",
  async resource(given, context) {
    const question = await questionOf(given, context);
    return "reason" in question ? question : resourceOfTarget(question, context);
  },
  form: { isForBare: true, prefill: prefillModel },
  suggest: { model: suggestModels, environment: suggestEnvironments, incident: suggestIncidents },
  async plan(given, context) {
    const question = await questionOf(given, context);
    if ("reason" in question) return question;
    const manifest = manifestOf(given);
    if ("reason" in manifest) return manifest;
    const { reason, incident = null } = given;
    return await context.plan({ ...question, manifest, reason, incidentId: incident });
  },
});

/** A rerun is of the model, and where nothing else is said in the place, of what it repeats. */
async function questionOf(
  given: Options,
  context: Pick<CommandContext, "store">,
): Promise<TargetQuestion | Refusal> {
  const { model, environment = null, rerun } = given;
  if (model !== undefined && rerun === undefined) return { kind: "retrain", model, environment, to: null };
  if (rerun === undefined) {
    return {
      kind: "refuse",
      reason: "missing",
      problem: "/retrain needs a model, or --rerun with the number of a rollout.",
      remedy: "Say which model is to be trained.",
      suggestions: ["models"],
    };
  }
  const earlier = await findRollout(rerun, context);
  if ("reason" in earlier) return earlier;
  const { plan } = earlier;
  return {
    kind: "retrain",
    model: model ?? plan.model,
    environment: environment ?? (model === undefined || model === plan.model ? plan.environment : null),
    to: null,
  };
}

function manifestOf(given: Options): RetrainManifest | Refusal {
  const { commit = null, data = null, seed = null, image = null, param = "", rerun = null } = given;
  const parsed = parseParameters(param);
  if (parsed.kind === "problem") {
    return {
      kind: "refuse",
      reason: "parameters",
      problem: `--param cannot be read: ${oneLine(parsed.problem, 200)}.`,
      remedy: 'Write --param "epochs=20 lr=0.1".',
    };
  }
  const { parameters } = parsed;
  return { ...emptyManifest, commit, data, seed, image, parameters, rerunOf: rerun };
}
