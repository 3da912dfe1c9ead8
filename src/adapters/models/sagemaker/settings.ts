/** Settings of the backend `sagemaker`. */
import { z } from "zod";
import {
  httpAddress,
  parseBackendSettings,
  secretOf,
  secretReference,
  settingName,
} from "../../../domain/rollout/backend-settings.ts";
import { templateSchema } from "../../../domain/rollout/operation-template.ts";

const name = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9-]{0,255}$/, "must be letters, digits and -");
const percent = z.number().int().min(1).max(50);

export const sagemakerSettingsSchema = z.strictObject({
  region: z.string().regex(/^[a-z]{2}(-[a-z]+)+-\d$/, "must be a region: eu-central-1"),
  endpointUrl: httpAddress.optional().describe("instead of the region's own, for example a VPC endpoint"),
  credentials: z
    .strictObject({
      accessKeyId: secretReference,
      secretAccessKey: secretReference,
      sessionToken: secretReference.optional(),
    })
    .optional()
    .describe("left out, the SDK finds them as it always does: role, profile, instance"),
  group: name.optional().describe("model package group: the versions"),
  endpoints: z.record(z.string(), name).default({}).describe("environment to endpoint"),
  executionRole: z
    .string()
    .regex(/^arn:aws[\w-]*:iam::\d{12}:role\/\S+$/, "must be the ARN of a role")
    .optional(),
  approval: z.enum(["required", "given"]).default("required"),
  traffic: z
    .discriminatedUnion("type", [
      z.strictObject({ type: z.literal("all"), waitSeconds: z.number().int().min(0).max(3_600).default(0) }),
      z.strictObject({ type: z.literal("canary"), percent, waitSeconds: z.number().int().min(0).max(3_600) }),
      z.strictObject({ type: z.literal("linear"), percent, waitSeconds: z.number().int().min(0).max(3_600) }),
    ])
    .prefault({ type: "all" }),
  alarms: z.array(z.string().min(1).max(255)).max(10).default([]),
  pipeline: z
    .strictObject({
      name,
      parameters: z.record(z.string().min(1).max(256), templateSchema).default({}),
      studioDomain: z
        .string()
        .regex(/^d-[a-z0-9]{1,61}$/, "must be the id of a domain: d-abc123")
        .optional()
        .describe("SageMaker Studio, where cards link to an execution"),
    })
    .optional(),
  monitoring: z
    .strictObject({
      schedules: z
        .record(z.string(), z.array(name).min(1).max(10))
        .describe("environment to the monitoring schedules that watch what serves there"),
    })
    .optional(),
  timeoutSeconds: z.number().int().min(1).max(60).default(20),
});

export interface SagemakerSettings
  extends Omit<z.infer<typeof sagemakerSettingsSchema>, "credentials" | "timeoutSeconds"> {
  readonly credentials: {
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
    readonly sessionToken?: string;
  } | null;
  readonly timeoutMs: number;
}

/** @throws Error naming the model, the setting and what is expected. */
export function parseSagemakerSettings(
  model: string,
  given: unknown,
  environment: Readonly<Record<string, string>>,
): SagemakerSettings {
  const { credentials, timeoutSeconds, ...rest } = parseBackendSettings(
    sagemakerSettingsSchema,
    model,
    given,
  );
  const place = (...path: string[]) => settingName(model, path);
  const serves = Object.keys(rest.endpoints).length > 0;
  if (serves && (rest.group === undefined || rest.executionRole === undefined))
    throw new Error(`${place()}: endpoints need group and executionRole, to make a model of a version`);
  if (!serves && rest.pipeline === undefined && rest.group === undefined)
    throw new Error(
      `${place()}: names none of endpoints, pipeline and group, so there is nothing it could do`,
    );
  const secret = (reference: string, setting: string) =>
    secretOf(reference, environment, place("credentials", setting));
  return {
    ...rest,
    credentials:
      credentials === undefined
        ? null
        : {
            accessKeyId: secret(credentials.accessKeyId, "accessKeyId"),
            secretAccessKey: secret(credentials.secretAccessKey, "secretAccessKey"),
            ...(credentials.sessionToken === undefined
              ? {}
              : { sessionToken: secret(credentials.sessionToken, "sessionToken") }),
          },
    timeoutMs: timeoutSeconds * 1_000,
  };
}
