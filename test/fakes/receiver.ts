/** A receiver of the backend `webhook`: checks every signature as its documentation says, and reports back. */
import { createHmac, timingSafeEqual } from "node:crypto";
import { z } from "zod";
import type { Clock } from "../../src/ports.ts";
import { type Answered, type Asked, startJsonServer } from "./json-server.ts";

const startBody = z.strictObject({
  type: z.literal("start"),
  callback: z.url().nullable(),
  operation: z.strictObject({
    ...{ operationId: z.string(), kind: z.string(), model: z.string(), environment: z.string() },
    ...{
      from: z.string().nullable(),
      to: z.string().nullable(),
      restore: z.unknown(),
      manifest: z.unknown(),
    },
    ...{ requestedBy: z.string(), reason: z.string(), fence: z.number().int() },
  }),
});

export interface Received {
  readonly body: z.infer<typeof startBody>;
  state: "running" | "succeeded" | "failed" | "cancelled";
  looksLeft: number;
}

export type FakeReceiver = Awaited<ReturnType<typeof startFakeReceiver>>;

/** Written apart from the code under test, by the specification. */
export function sign(secret: string, id: string, timestamp: string, body: string): string {
  return `v1,${createHmac("sha256", secret).update(`${id}.${timestamp}.${body}`).digest("base64")}`;
}

export async function startFakeReceiver({
  secret,
  clock,
}: {
  readonly secret: string;
  readonly clock: Clock;
}) {
  const received = new Map<string, Received>();
  /** The greatest that was seen, by target. */
  const fences = new Map<string, number>();
  const served = { version: "1" };

  function answer(asked: Asked): Answered {
    if (!isSigned(asked)) return { status: 401, body: { message: "bad signature" } };
    const route = `${asked.method} ${asked.path}`;
    if (route === "POST /start") return start(asked);
    if (route === "GET /status") return status(asked.query.get("operation") ?? "");
    if (route === "POST /cancel") return cancel(asked);
    if (route === "GET /live") return { status: 200, body: served };
    if (route === "GET /versions")
      return { status: 200, body: [{ version: 2, metrics: { auc: 0.9 } }, { version: "1" }] };
    throw new Error(`the receiver has no ${route}`);
  }

  function isSigned({ headers, body }: Asked): boolean {
    const text = (name: string) => String(headers[name] ?? "");
    const expected = sign(secret, text("webhook-id"), text("webhook-timestamp"), body);
    const given = text("webhook-signature");
    const isRecent = Math.abs(Number(text("webhook-timestamp")) - clock.now().getTime() / 1_000) <= 300;
    const isEqual =
      given.length === expected.length && timingSafeEqual(Buffer.from(given), Buffer.from(expected));
    return isEqual && isRecent && text("webhook-id") !== "";
  }

  function start({ body, headers }: Asked): Answered {
    const parsed = startBody.parse(JSON.parse(body));
    const { operationId } = parsed.operation;
    if (headers["tocsin-fence"] !== String(parsed.operation.fence)) throw new Error("two fences");
    const target = `${parsed.operation.model}/${parsed.operation.environment}`;
    if (parsed.operation.fence < (fences.get(target) ?? 0))
      return { status: 412, body: { message: "an older fence" } };
    fences.set(target, parsed.operation.fence);
    if (headers["webhook-id"] !== operationId) throw new Error("the id of a start is its operation's");
    if (received.has(operationId)) throw new Error(`${operationId} was sent twice`);
    received.set(operationId, { body: parsed, state: "running", looksLeft: 2 });
    return { status: 202, body: { ref: "job-1", url: "https://jobs.example.com/1" } };
  }

  function status(operationId: string): Answered {
    const one = received.get(operationId);
    if (one === undefined) return { status: 200, body: { state: "absent" } };
    one.looksLeft -= 1;
    if (one.state === "running" && one.looksLeft <= 0) end(operationId, "succeeded");
    const steps = [{ label: "shift traffic", state: one.state === "running" ? "running" : "done" }];
    return { status: 200, body: { state: one.state, steps, log: "50 %" } };
  }

  function cancel({ body }: Asked): Answered {
    const { operationId } = z
      .object({ type: z.literal("cancel"), operationId: z.string() })
      .parse(JSON.parse(body));
    end(operationId, "cancelled");
    return { status: 202 };
  }

  function end(operationId: string, state: Received["state"]): void {
    const one = received.get(operationId);
    if (one === undefined || one.state !== "running") return;
    one.state = state;
    const { to } = one.body.operation;
    if (state === "succeeded" && to !== null) served.version = to;
  }

  const server = await startJsonServer(answer);
  return { url: server.url, asked: server.asked, close: () => server.close(), received, served, end };
}
