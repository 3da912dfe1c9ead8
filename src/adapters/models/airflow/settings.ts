/** Settings of the backend `airflow`. */
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

const dag = z.strictObject({
  dag: z.string().regex(/^[\w.~:+-]{1,250}$/, "must be a dag id"),
  conf: z.record(z.string().min(1).max(200), templateSchema).default({}),
  result: z
    .strictObject({
      task: z.string().min(1).max(250),
      key: z.string().min(1).max(250).default("return_value"),
    })
    .optional()
    .describe("XCom that says what came of it"),
});
export type DagSettings = z.infer<typeof dag>;

export const airflowSettingsSchema = z.strictObject({
  url: httpAddress,
  token: secretReference.optional().describe("sent as it is: Authorization: Bearer"),
  login: z
    .strictObject({ user: z.string().min(1).max(200), password: secretReference })
    .optional()
    .describe("exchanged for a token at /auth/token"),
  basic: z.strictObject({ user: z.string().min(1).max(200), password: secretReference }).optional(),
  deploy: dag.optional(),
  rollback: dag.optional(),
  retrain: dag.optional(),
  timeoutSeconds: z.number().int().min(1).max(60).default(20),
});

export type AirflowCredentials =
  | { readonly kind: "header"; readonly authorization: string }
  | { readonly kind: "login"; readonly user: string; readonly password: string }
  | { readonly kind: "none" };

export interface AirflowSettings {
  /** Ends in a slash. */
  readonly url: string;
  readonly credentials: AirflowCredentials;
  readonly deploy: DagSettings | null;
  readonly rollback: DagSettings | null;
  readonly retrain: DagSettings | null;
  readonly timeoutMs: number;
}

/** @throws Error naming the model, the setting and what is expected. */
export function parseAirflowSettings(
  model: string,
  given: unknown,
  environment: Readonly<Record<string, string>>,
): AirflowSettings {
  const parsed = parseBackendSettings(airflowSettingsSchema, model, given);
  const { token, login, basic, deploy, rollback, retrain } = parsed;
  const name = (...path: string[]) => settingName(model, path);
  const secret = (reference: string, ...path: string[]) => secretOf(reference, environment, name(...path));
  if ([token, login, basic].filter((one) => one !== undefined).length > 1)
    throw new Error(`${name()}: takes one of token, login and basic`);
  if (deploy === undefined && retrain === undefined)
    throw new Error(`${name()}: names neither deploy nor retrain, so there is nothing it could do`);
  const credentials: AirflowCredentials =
    token !== undefined
      ? { kind: "header", authorization: bearer(secret(token, "token"), name("token")) }
      : login !== undefined
        ? { kind: "login", user: login.user, password: secret(login.password, "login", "password") }
        : basic !== undefined
          ? {
              kind: "header",
              authorization: basicOf(basic.user, secret(basic.password, "basic", "password")),
            }
          : { kind: "none" };
  return {
    url: bareAddress(parsed.url, name("url"), 'login: { user, password: "env:NAME" }'),
    credentials,
    deploy: deploy ?? null,
    rollback: rollback ?? deploy ?? null,
    retrain: retrain ?? null,
    timeoutMs: parsed.timeoutSeconds * 1_000,
  };
}

function basicOf(user: string, password: string): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;
}

export function dagOf(settings: AirflowSettings, kind: RolloutKind): DagSettings | null {
  return settings[kind];
}
