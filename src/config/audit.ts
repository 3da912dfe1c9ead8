/** `audit:` in tocsin.yaml: what signs checkpoints of the audit log, how often, and where they go. */
import path from "node:path";
import { z } from "zod";
import { channel, secretName } from "./values.ts";

const webAddress = z.url({ protocol: /^https?$/, error: "must be an address starting http:// or https://" });

/** One place that checkpoints go to. */
const destinationSchema = z.union(
  [
    z.strictObject({ file: z.string().min(1) }),
    z.strictObject({
      git: z.string().min(1),
      push: z
        .string()
        .regex(/^[A-Za-z0-9][A-Za-z0-9_.-]*$/, "must be the name of a remote")
        .optional(),
    }),
    z.strictObject({ channel }),
    z.strictObject({ http: webAddress, bearer: secretName.optional() }),
  ],
  { error: "must be one of: file, git (with push), channel, http (with bearer)" },
);

export const auditSchema = z
  .strictObject({
    origin: z
      .string()
      .max(200)
      .regex(/^[^\s+]+$/, "must be a name without spaces and +, for example tocsin.example.com/audit")
      .optional(),
    key: secretName.optional(),
    checkpointMinutes: z.number().min(1).max(10_080).default(60),
    publish: z.array(destinationSchema).max(20).default([]),
  })
  .prefault({});

export type AuditDestination =
  | { readonly kind: "file"; readonly path: string }
  /** `remote` null commits only. */
  | { readonly kind: "git"; readonly folder: string; readonly remote: string | null }
  | { readonly kind: "channel"; readonly channel: string }
  | { readonly kind: "http"; readonly url: string; readonly token: string | null };

export interface AuditConfig {
  /** Name of the log; null for one made from the installation's id. */
  readonly origin: string | null;
  /** Private key in PEM; null for the one in the data folder. */
  readonly keyPem: string | null;
  readonly checkpointEveryMs: number;
  readonly publish: readonly AuditDestination[];
}

/**
 * @param folder - that relative paths start from.
 * @param secret - the value of "env:NAME"; throws ConfigError when it is not set.
 */
export function auditOf(
  given: z.output<typeof auditSchema>,
  folder: string,
  secret: (name: string, where: string) => string,
): AuditConfig {
  return {
    origin: given.origin ?? null,
    // Some ways to set variables cannot hold line breaks.
    keyPem: given.key === undefined ? null : secret(given.key, "audit.key").replaceAll("\\n", "\n"),
    checkpointEveryMs: given.checkpointMinutes * 60_000,
    publish: given.publish.map((each, index): AuditDestination => {
      if ("file" in each) return { kind: "file", path: path.resolve(folder, each.file) };
      if ("git" in each)
        return { kind: "git", folder: path.resolve(folder, each.git), remote: each.push ?? null };
      if ("channel" in each) return { kind: "channel", channel: each.channel };
      const token = each.bearer === undefined ? null : secret(each.bearer, `audit.publish.${index}.bearer`);
      return { kind: "http", url: each.http, token };
    }),
  };
}
