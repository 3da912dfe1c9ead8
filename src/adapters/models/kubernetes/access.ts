/** How a cluster is reached and who we are there: from a kubeconfig, or from the service account of the bot's own pod. */
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import type { ClusterAccess } from "./credentials.ts";
import { createExecCredential, execPlugin } from "./exec-credential.ts";
import { KubernetesError } from "./failure.ts";

const text = z.string().min(1);
const kubeconfig = z.object({
  "current-context": z.string().default(""),
  contexts: z
    .array(
      z.object({
        name: text,
        context: z.object({ cluster: text, user: z.string().default(""), namespace: text.optional() }),
      }),
    )
    .default([]),
  clusters: z
    .array(
      z.object({
        name: text,
        cluster: z.object({
          server: z.url({ protocol: /^https?$/ }),
          "certificate-authority": text.optional(),
          "certificate-authority-data": text.optional(),
          "insecure-skip-tls-verify": z.boolean().default(false),
          "tls-server-name": text.optional(),
          "proxy-url": z.url().optional(),
        }),
      }),
    )
    .default([]),
  users: z
    .array(
      z.object({
        name: text,
        user: z
          .object({
            token: text.optional(),
            tokenFile: text.optional(),
            "client-certificate": text.optional(),
            "client-certificate-data": text.optional(),
            "client-key": text.optional(),
            "client-key-data": text.optional(),
            exec: execPlugin.optional(),
            "auth-provider": z.unknown().optional(),
            username: z.string().optional(),
          })
          .nullish()
          .transform((user) => user ?? {}),
      }),
    )
    .default([]),
});
type User = z.output<typeof kubeconfig>["users"][number]["user"];

/** A service account's token is replaced every hour or sooner; the file is read again after this long. */
const tokenFileMs = 60_000;
const serviceAccountFolder = "/var/run/secrets/kubernetes.io/serviceaccount";

/**
 * Reads a kubeconfig.
 * @param context - name of one; its current one when null.
 * @param environment - what a credential plugin is given.
 * @throws Error naming the file, and what is missing in it.
 */
export function kubeconfigAccess(
  file: string,
  context: string | null,
  environment: Readonly<Record<string, string>>,
): ClusterAccess {
  const fail = (problem: string) => new Error(`kubernetes: ${file} ${problem}`);
  if (!existsSync(file)) throw fail("does not exist; set kubeconfig to the path of a kubeconfig");
  const parsed = kubeconfig.safeParse(parse(readFileSync(file, "utf8")));
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw fail(`is not a kubeconfig (${issue?.path.join(".") ?? ""}: ${issue?.message ?? "invalid"})`);
  }
  const wanted = context ?? parsed.data["current-context"];
  const found = parsed.data.contexts.find(({ name }) => name === wanted)?.context;
  if (found === undefined) {
    const known = parsed.data.contexts.map(({ name }) => name).join(", ");
    throw fail(
      `has no context "${wanted}"; set context to one of: ${known === "" ? "(it has none)" : known}`,
    );
  }
  const cluster = parsed.data.clusters.find(({ name }) => name === found.cluster)?.cluster;
  if (cluster === undefined) throw fail(`has no cluster "${found.cluster}"`);
  const user: User = parsed.data.users.find(({ name }) => name === found.user)?.user ?? {};
  if (user["auth-provider"] !== undefined || user.username !== undefined)
    throw fail(
      `uses auth-provider or a password for "${found.user}", which Kubernetes has dropped; use exec or a token`,
    );
  const folder = path.dirname(path.resolve(file));
  const server = cluster.server.endsWith("/") ? cluster.server : `${cluster.server}/`;
  const ca = dataOrFile(cluster["certificate-authority-data"], cluster["certificate-authority"], folder);
  return {
    server,
    namespace: found.namespace ?? null,
    ca,
    serverName: cluster["tls-server-name"] ?? null,
    proxyUrl: cluster["proxy-url"] ?? null,
    isVerified: !cluster["insecure-skip-tls-verify"],
    ...credentialsOf(user, folder, { server, ca, environment }),
  };
}

interface Surroundings {
  readonly server: string;
  readonly ca: string | null;
  readonly environment: Readonly<Record<string, string>>;
}

function credentialsOf(
  user: User,
  folder: string,
  { server, ca, environment }: Surroundings,
): Pick<ClusterAccess, "credentials" | "renew"> {
  if (user.exec !== undefined) return createExecCredential(user.exec, { server, ca, folder, environment });
  const certificate = dataOrFile(user["client-certificate-data"], user["client-certificate"], folder);
  const key = dataOrFile(user["client-key-data"], user["client-key"], folder);
  const read = user.tokenFile === undefined ? null : rotatingFile(path.resolve(folder, user.tokenFile));
  return {
    credentials: async () => ({ token: user.token ?? read?.text() ?? null, certificate, key }),
    renew: () => read?.forget(),
  };
}

/**
 * The service account of the pod that the bot runs in.
 * @param environment - holds where the API server is, as Kubernetes sets it.
 * @throws Error when the bot does not run in a pod.
 * @see https://kubernetes.io/docs/tasks/run-application/access-api-from-pod/
 */
export function inClusterAccess(
  environment: Readonly<Record<string, string>>,
  folder = serviceAccountFolder,
): ClusterAccess {
  const host = environment["KUBERNETES_SERVICE_HOST"];
  const port = environment["KUBERNETES_SERVICE_PORT"] ?? "443";
  if (host === undefined || host === "")
    throw new Error("kubernetes: the bot does not run in a pod; set kubeconfig to the path of a kubeconfig");
  const token = rotatingFile(path.join(folder, "token"));
  const namespaceFile = path.join(folder, "namespace");
  return {
    server: `https://${host.includes(":") ? `[${host}]` : host}:${port}/`,
    namespace: existsSync(namespaceFile) ? readFileSync(namespaceFile, "utf8").trim() : null,
    ca: readFileSync(path.join(folder, "ca.crt"), "utf8"),
    serverName: null,
    proxyUrl: null,
    isVerified: true,
    credentials: async () => ({ token: token.text(), certificate: null, key: null }),
    renew: token.forget,
  };
}

function rotatingFile(file: string): { text(): string; forget(): void } {
  let kept = { text: "", readAtMs: Number.NEGATIVE_INFINITY };
  return {
    text: () => {
      // Monotonic: a clock that is set back must not keep an old token.
      if (performance.now() - kept.readAtMs > tokenFileMs)
        kept = { text: readToken(file), readAtMs: performance.now() };
      return kept.text;
    },
    forget: () => {
      kept = { text: "", readAtMs: Number.NEGATIVE_INFINITY };
    },
  };
}

function readToken(file: string): string {
  try {
    return readFileSync(file, "utf8").trim();
  } catch (error) {
    throw new KubernetesError("unclear", `the token ${file} cannot be read`, null, { cause: error });
  }
}

function dataOrFile(data: string | undefined, file: string | undefined, folder: string): string | null {
  if (data !== undefined) return Buffer.from(data, "base64").toString("utf8");
  return file === undefined ? null : readFileSync(path.resolve(folder, file), "utf8");
}
