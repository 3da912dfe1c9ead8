/** Settings of the backend `github-actions`. */
import { z } from "zod";
import {
  bareAddress,
  bearer,
  httpAddress,
  parseBackendSettings,
  secretOf,
  secretReference,
  settingName,
} from "../../../domain/rollout/backend-settings.ts";
import { templateSchema } from "../../../domain/rollout/operation-template.ts";
import type { RolloutKind } from "../../../ports/model.ts";

/** GitHub takes 25 inputs; one is the operation's. */
const maxInputs = 24;

const workflow = z.strictObject({
  workflow: z
    .string()
    .regex(/^[\w.-]{1,200}\.ya?ml$/, "must be a file name in .github/workflows: deploy.yml"),
  ref: templateSchema.default("main").describe("branch or tag that it runs on"),
  inputs: z
    .record(z.string().regex(/^[A-Za-z_][\w-]{0,99}$/), templateSchema)
    .refine((inputs) => Object.keys(inputs).length <= maxInputs, `at most ${maxInputs} inputs`)
    .default({}),
});
export type WorkflowSettings = z.infer<typeof workflow>;

export const githubSettingsSchema = z.strictObject({
  repository: z.string().regex(/^[\w.-]{1,100}\/[\w.-]{1,100}$/, "must be owner/name"),
  apiUrl: httpAddress.default("https://api.github.com"),
  token: secretReference.optional(),
  app: z
    .strictObject({
      id: z.union([z.string().min(1), z.number().int()]).transform(String),
      installation: z.union([z.string().regex(/^\d+$/), z.number().int()]).transform(String),
      privateKey: secretReference.describe("its PEM"),
    })
    .optional(),
  deploy: workflow.optional(),
  rollback: workflow.optional(),
  retrain: workflow.optional(),
  operationInput: z
    .string()
    .regex(/^[A-Za-z_][\w-]{0,99}$/)
    .default("tocsin_operation"),
  releases: z
    .strictObject({ prefix: z.string().max(100).default("") })
    .optional()
    .describe("versions are the repository's releases: their tags without the prefix"),
  deployments: z
    .record(z.string(), z.string().min(1).max(255))
    .default({})
    .describe("environment to the one in GitHub"),
  timeoutSeconds: z.number().int().min(1).max(60).default(20),
});

export type GithubCredentials =
  | { readonly kind: "token"; readonly authorization: string }
  | {
      readonly kind: "app";
      readonly appId: string;
      readonly installation: string;
      /** PEM. */
      readonly privateKey: string;
    };

export interface GithubSettings
  extends Omit<z.infer<typeof githubSettingsSchema>, "token" | "app" | "timeoutSeconds"> {
  readonly credentials: GithubCredentials;
  readonly timeoutMs: number;
}

/** @throws Error naming the model, the setting and what is expected. */
export function parseGithubSettings(
  model: string,
  given: unknown,
  environment: Readonly<Record<string, string>>,
): GithubSettings {
  const { token, app, timeoutSeconds, apiUrl, ...rest } = parseBackendSettings(
    githubSettingsSchema,
    model,
    given,
  );
  const name = (...path: string[]) => settingName(model, path);
  if ((token === undefined) === (app === undefined)) throw new Error(`${name()}: takes one of token and app`);
  if (rest.deploy === undefined && rest.retrain === undefined && rest.releases === undefined)
    throw new Error(`${name()}: names none of deploy, retrain and releases, so there is nothing it could do`);
  return {
    ...rest,
    apiUrl: bareAddress(apiUrl, name("apiUrl"), 'token: "env:NAME"'),
    timeoutMs: timeoutSeconds * 1_000,
    credentials:
      app === undefined
        ? {
            kind: "token",
            authorization: bearer(secretOf(token ?? "", environment, name("token")), name("token")),
          }
        : {
            kind: "app",
            appId: app.id,
            installation: app.installation,
            privateKey: secretOf(app.privateKey, environment, name("app", "privateKey")),
          },
  };
}

/** The workflow for a kind of operation; a rollback is a deploy unless it has its own. */
export function workflowOf(
  { deploy, rollback, retrain }: GithubSettings,
  kind: RolloutKind,
): WorkflowSettings | null {
  if (kind === "retrain") return retrain ?? null;
  return (kind === "rollback" ? rollback : undefined) ?? deploy ?? null;
}
