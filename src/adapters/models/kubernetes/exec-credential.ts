/**
 * Credentials from a program that a kubeconfig names, as cloud providers ship them.
 * @see https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins
 */

import { execFile } from "node:child_process";
import path from "node:path";
import { promisify } from "node:util";
import { z } from "zod";
import { jsonOf } from "../../../domain/text/json.ts";
import type { ClusterAccess, Credentials } from "./credentials.ts";
import { KubernetesError } from "./failure.ts";

export const execPlugin = z.object({
  apiVersion: z.enum(["client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1"]),
  command: z.string().min(1),
  args: z.array(z.string()).nullish(),
  env: z.array(z.object({ name: z.string(), value: z.string() })).nullish(),
  interactiveMode: z.enum(["Never", "IfAvailable", "Always"]).default("IfAvailable"),
  provideClusterInfo: z.boolean().default(false),
});
export type ExecPlugin = z.output<typeof execPlugin>;

export interface ExecPluginPlace {
  readonly server: string;
  readonly ca: string | null;
  /** Of the kubeconfig; a relative command is found from there. */
  readonly folder: string;
  readonly environment: Readonly<Record<string, string>>;
}

const timeoutMs = 30_000;
const maxOutputBytes = 256 * 1024;
/** Asked anew this long before what it gave expires. */
const marginMs = 60_000;

const execCredential = z.object({
  kind: z.literal("ExecCredential"),
  status: z.object({
    token: z.string().optional(),
    clientCertificateData: z.string().optional(),
    clientKeyData: z.string().optional(),
    expirationTimestamp: z.iso.datetime({ offset: true }).optional(),
  }),
});

export function createExecCredential(
  plugin: ExecPlugin,
  place: ExecPluginPlace,
): Pick<ClusterAccess, "credentials" | "renew"> {
  if (plugin.interactiveMode === "Always")
    throw new Error(
      `kubernetes: ${plugin.command} wants to ask a person, and the bot has none; use another user`,
    );
  let kept: { readonly credentials: Promise<Credentials>; expiresAtMs: number } | null = null;

  async function ask(): Promise<Credentials> {
    const { status } = await run(plugin, place);
    const { token, clientCertificateData, clientKeyData, expirationTimestamp } = status;
    if (kept !== null && expirationTimestamp !== undefined)
      kept.expiresAtMs = Date.parse(expirationTimestamp) - marginMs;
    return { token: token ?? null, certificate: clientCertificateData ?? null, key: clientKeyData ?? null };
  }

  return {
    credentials: async () => {
      if (kept !== null && Date.now() < kept.expiresAtMs) return await kept.credentials;
      const asked = Promise.resolve().then(ask);
      kept = { credentials: asked, expiresAtMs: Number.POSITIVE_INFINITY };
      // What failed is asked again next time.
      asked.catch(() => {
        kept = null;
      });
      return await asked;
    },
    renew: () => {
      kept = null;
    },
  };
}

async function run(plugin: ExecPlugin, { server, ca, folder, environment }: ExecPluginPlace) {
  const { apiVersion, command, args, env, provideClusterInfo } = plugin;
  const cluster = {
    server,
    ...(ca === null ? {} : { "certificate-authority-data": Buffer.from(ca).toString("base64") }),
  };
  const spec = { interactive: false, ...(provideClusterInfo ? { cluster } : {}) };
  const program = command.includes("/") ? path.resolve(folder, command) : command;
  const given = Object.fromEntries((env ?? []).map(({ name, value }) => [name, value]));
  try {
    const { stdout } = await promisify(execFile)(program, args ?? [], {
      env: {
        ...environment,
        ...given,
        KUBERNETES_EXEC_INFO: JSON.stringify({ apiVersion, kind: "ExecCredential", spec }),
      },
      timeout: timeoutMs,
      maxBuffer: maxOutputBytes,
      encoding: "utf8",
    });
    return execCredential.parse(jsonOf(stdout));
  } catch (error) {
    // Neither its output nor the cause is shown: both may hold the credentials.
    const code = error instanceof Error && "code" in error ? String(error.code) : "no ExecCredential";
    throw new KubernetesError(
      "unclear",
      `${command} gave no credentials (${code}); run it by hand to see why`,
    );
  }
}
