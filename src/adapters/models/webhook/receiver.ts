/** What is sent to and asked of the receiver; every message is signed in the way of Standard Webhooks. */
import { createHmac } from "node:crypto";
import { z } from "zod";
import type { HttpClient, HttpQuestion } from "../../../ports/http-client.ts";
import type { Clock } from "../../../ports/observability.ts";
import { type Report, report } from "./reports.ts";
import type { WebhookSettings } from "./settings.ts";

const taken = z
  .object({ ref: z.string().max(200).optional(), url: z.string().max(1_000).optional() })
  .nullish()
  .catch(null);
export type Taken = z.infer<typeof taken>;

const live = z.object({
  version: z.union([z.string(), z.number()]).transform(String).nullable(),
  since: z.iso.datetime({ offset: true }).optional(),
  by: z.string().max(200).optional(),
});
const version = z.object({
  version: z.union([z.string(), z.number()]).transform(String),
  createdAt: z.iso.datetime({ offset: true }).optional(),
  createdBy: z.string().max(200).optional(),
  metrics: z.record(z.string(), z.number()).default({}),
  description: z.string().max(2_000).default(""),
  digest: z.string().max(200).optional(),
  tags: z.record(z.string(), z.string()).default({}),
});

export interface Receiver {
  /**
   * @param fence - in a header too, so that a proxy can compare it.
   * @throws HttpMishapError
   */
  send(id: string, body: unknown, fence: number): Promise<Taken>;
  /** @throws Error where settings.status is not set. */
  status(operationId: string): Promise<Report | { readonly state: "absent" }>;
  cancel(operationId: string): Promise<void>;
  live(model: string, environment: string): Promise<z.infer<typeof live>>;
  versions(model: string): Promise<readonly z.infer<typeof version>[]>;
}

export function createReceiver(
  settings: WebhookSettings,
  { http, clock }: { readonly http: HttpClient; readonly clock: Clock },
): Receiver {
  const { secret, timeoutMs } = settings;

  async function ask<Data>(
    about: Pick<HttpQuestion<Data>, "method" | "url" | "schema"> & {
      readonly id: string;
      readonly body?: unknown;
      readonly headers?: Readonly<Record<string, string>>;
    },
  ): Promise<Data> {
    const { id, body, headers = {}, ...rest } = about;
    const text = body === undefined ? "" : JSON.stringify(body);
    const reply = await http.ask({
      ...{ ...rest, who: "webhook", timeoutMs },
      headers: { ...headers, ...signedHeaders({ id, body: text, secret, at: clock.now() }) },
      ...(body === undefined ? {} : { body: text }),
      remedies: {
        401: "does the receiver check with the same secret?",
        412: "a bot with a newer fence holds the target",
      },
    });
    return reply.data;
  }

  function addressed(setting: "status" | "live" | "versions", query: Readonly<Record<string, string>>): URL {
    const given = settings[setting];
    if (given === undefined)
      throw new Error(`webhook: set ${setting}, the address that can be asked for it, in tocsin.yaml`);
    const url = new URL(given);
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
    return url;
  }

  return {
    send: (id, body, fence) => {
      const headers = { "tocsin-fence": String(fence) };
      return ask({ method: "POST", url: new URL(settings.url), id, body, headers, schema: taken });
    },
    status: (operationId) => {
      const url = addressed("status", { operation: operationId });
      const schema = z.union([z.object({ state: z.literal("absent") }), report]);
      return ask({ method: "GET", url, id: `${operationId}-status`, schema });
    },
    cancel: async (operationId) => {
      const { cancel } = settings;
      if (cancel === undefined)
        throw new Error("webhook: the receiver cannot be asked to stop; set cancel in tocsin.yaml");
      const body = { type: "cancel", operationId };
      await ask({
        method: "POST",
        url: new URL(cancel),
        id: `${operationId}-cancel`,
        body,
        schema: z.unknown(),
      });
    },
    live: (model, environment) => {
      const url = addressed("live", { model, environment });
      return ask({ method: "GET", url, id: "live", schema: live });
    },
    versions: (model) => {
      const url = addressed("versions", { model });
      return ask({ method: "GET", url, id: "versions", schema: z.array(version).max(1_000) });
    },
  };
}

/**
 * "v1," and the base64 HMAC-SHA256 of "id.timestamp.body", with the secret's own bytes as the key.
 * @see https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
export function signedHeaders(message: {
  readonly id: string;
  readonly body: string;
  readonly secret: string;
  readonly at: Date;
}): Readonly<Record<string, string>> {
  const timestamp = String(Math.floor(message.at.getTime() / 1_000));
  const hmac = createHmac("sha256", message.secret).update(`${message.id}.${timestamp}.${message.body}`);
  return {
    "webhook-id": message.id,
    "webhook-timestamp": timestamp,
    "webhook-signature": `v1,${hmac.digest("base64")}`,
  };
}
