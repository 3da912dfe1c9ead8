/** Settings of the backend `webhook`. */
import { z } from "zod";
import {
  bareAddress,
  httpAddress,
  parseBackendSettings,
  secretOf,
  secretReference,
  settingName,
} from "../../../domain/rollout/backend-settings.ts";
import { rolloutKinds } from "../../../domain/rollout/plan.ts";

export const webhookSettingsSchema = z.strictObject({
  url: httpAddress.describe("gets the operation"),
  secret: secretReference.describe("signs what is sent and what is asked"),
  callbackSecret: secretReference.optional().describe("signs what comes back; the same when left out"),
  callbackUrl: httpAddress.optional().describe("address of the bot as the receiver reaches it"),
  status: httpAddress.optional().describe("asked what became of an operation"),
  cancel: httpAddress.optional().describe("asked to stop one"),
  live: httpAddress.optional().describe("asked which version serves"),
  versions: httpAddress.optional().describe("asked which versions there are"),
  kinds: z
    .array(z.enum(rolloutKinds))
    .min(1)
    .default([...rolloutKinds])
    .describe("what it can do"),
  silentSeconds: z
    .number()
    .int()
    .min(60)
    .max(86_400)
    .default(3_600)
    .describe("without a word for so long, a person is asked"),
  timeoutSeconds: z.number().int().min(1).max(60).default(10),
});

export interface WebhookSettings
  extends Omit<
    z.infer<typeof webhookSettingsSchema>,
    "callbackSecret" | "silentSeconds" | "timeoutSeconds" | "callbackUrl"
  > {
  readonly callbackSecret: string;
  /** Ends in a slash. */
  readonly callbackUrl: string | null;
  readonly silentMs: number;
  readonly timeoutMs: number;
}

const minSecretCharacters = 16;

/** @throws Error naming the model, the setting and what is expected. */
export function parseWebhookSettings(
  model: string,
  given: unknown,
  environment: Readonly<Record<string, string>>,
): WebhookSettings {
  const parsed = parseBackendSettings(webhookSettingsSchema, model, given);
  const { silentSeconds, timeoutSeconds, callbackUrl, callbackSecret, ...rest } = parsed;
  const name = (setting: string) => settingName(model, [setting]);
  const secret = (reference: string, setting: string) => {
    const value = secretOf(reference, environment, name(setting));
    if (value.length < minSecretCharacters)
      throw new Error(
        `${name(setting)}: the secret has ${value.length} characters; at least ${minSecretCharacters} are needed`,
      );
    return value;
  };
  return {
    ...rest,
    secret: secret(parsed.secret, "secret"),
    callbackSecret:
      callbackSecret === undefined
        ? secret(parsed.secret, "secret")
        : secret(callbackSecret, "callbackSecret"),
    callbackUrl:
      callbackUrl === undefined
        ? null
        : bareAddress(callbackUrl, name("callbackUrl"), "an address without them"),
    silentMs: silentSeconds * 1_000,
    timeoutMs: timeoutSeconds * 1_000,
  };
}
