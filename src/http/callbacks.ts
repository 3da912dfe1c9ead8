/** `POST /callbacks/<backend>/<operation id>`: what the system behind a model backend reports of its own accord. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { ModelBackend } from "../ports/model.ts";
import type { Clock, Log } from "../ports/observability.ts";
import { answerAccepted, answerRefusal, type Refusal } from "./answer.ts";
import { type BodyBudget, readBody, refuseHeaders } from "./body.ts";
import { createComplaints } from "./complaints.ts";

type Receive = NonNullable<ModelBackend["receive"]>;

/** Reports are short; what is longer is no report. */
const maxBodyBytes = 65_536;
/** Of all reports that are being read at once. */
const maxReadingBytes = 8 * 1024 * 1024;

/** @param receivers - by name of the backend. */
export function createCallbacks({
  receivers,
  clock,
  log,
}: {
  readonly receivers: ReadonlyMap<string, Receive>;
  readonly clock: Clock;
  readonly log: Log;
}) {
  const complain = createComplaints({ log, clock, level: "warn", what: "callback refused" });
  const budget: BodyBudget = { maxBytes: maxReadingBytes, heldBytes: 0 };

  return async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [, , backend = "", operationId = "", ...more] =
      (request.url ?? "").split("?", 1)[0]?.split("/") ?? [];
    const receive = receivers.get(backend);
    const door = receive === undefined ? "callbacks" : `callbacks/${backend}`;
    const refuse = (refusal: Refusal) => answerRefusal(response, refusal, complain(door, refusal));
    if (receive === undefined || more.length > 0 || !/^[a-z0-9-]{1,100}$/.test(operationId))
      return refuse(notHere);
    if (request.method !== "POST") return refuse(wrongMethod);
    const early = refuseHeaders(request, maxBodyBytes);
    if (early !== null) return refuse(early);
    const body = await readBody(request, maxBodyBytes, budget);
    if (body.kind === "gone") return;
    if (body.kind === "refused") return refuse(body.refusal);
    const answer = await receive({
      operationId,
      headers: plainHeaders(request),
      body: body.bytes,
      receivedAt: clock.now(),
    });
    if (answer.kind === "accepted") answerAccepted(response);
    else refuse(answer);
  };
}

function plainHeaders({ headers }: IncomingMessage): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) => (typeof value === "string" ? [[name, value]] : [])),
  );
}

const notHere: Refusal = {
  status: 404,
  error: "unknown_callback",
  message: "no configured backend takes reports at this address",
  remedy: "post to /callbacks/<backend>/<operation id>, as the operation's callback says",
};
const wrongMethod: Refusal = {
  status: 405,
  error: "wrong_method",
  message: "reports are taken by POST only",
  remedy: "choose the method POST",
  headers: { allow: "POST" },
};
