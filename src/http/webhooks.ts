import type { IncomingMessage, ServerResponse } from "node:http";
import { type Ingest, IngestUnavailableError, type NewDelivery } from "../app/ingest.ts";
import { type ConfiguredSource, inspectDelivery } from "../app/parse-delivery.ts";
import { checkSender, isLoopback } from "../domain/alert/sender.ts";
import type { Clock, Log, Metrics } from "../ports/observability.ts";
import type { ParseResult, RawDelivery } from "../ports/source.ts";
import { answerAccepted, answerJson, answerRefusal, type Refusal } from "./answer.ts";
import { type BodyBudget, readBody, refuseHeaders } from "./body.ts";
import { createComplaints } from "./complaints.ts";
import {
  fromWebPage,
  noSecret,
  notProved,
  tooManyParts,
  unavailable,
  unknownSource,
  unparseable,
  wrongMethod,
} from "./refusals.ts";

export interface WebhookOptions {
  /** By the name in the address. */
  readonly sources: ReadonlyMap<string, ConfiguredSource>;
  readonly ingest: Pick<Ingest, "accept" | "bury">;
  /** The address that the server is bound to: sources without a secret are open only on loopback. */
  readonly host: string;
  readonly maxBodyBytes: number;
  readonly budget: BodyBudget;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
}

/** Sources that anyone on this machine may post to, because no secret is configured; none on other addresses. */
export function openSources(sources: Iterable<ConfiguredSource>, host: string): readonly string[] {
  return isLoopback(host) ? withoutSecret(sources) : [];
}

/** Sources that answer 401 to everyone, because no secret is configured and the address is not loopback. */
export function closedSources(sources: Iterable<ConfiguredSource>, host: string): readonly string[] {
  return isLoopback(host) ? [] : withoutSecret(sources);
}

function withoutSecret(sources: Iterable<ConfiguredSource>): readonly string[] {
  return [...sources].filter((configured) => configured.secrets.length === 0).map(({ name }) => name);
}

/** Kinds of proof that are configured for a source but that its sender cannot give; they never match. */
export function impossibleChecks(configured: ConfiguredSource): readonly string[] {
  const { checks, hmac } = configured.source;
  return configured.secrets
    .map((secret) => secret.kind)
    .filter((kind) => !checks.includes(kind) || (kind === "hmac" && hmac === undefined));
}

/** Takes `POST /webhooks/:source[/:token]`; everything a sender can do wrong has its own answer. */
export function createWebhooks(options: WebhookOptions) {
  const { sources, ingest, clock, log, metrics } = options;
  const complain = createComplaints({ log, clock, level: "warn", what: "webhook refused" });

  /** @param parts - the decoded segments after /webhooks. Resolves when the answer has been given. */
  return async function handle(
    request: IncomingMessage,
    response: ServerResponse,
    parts: readonly string[],
  ): Promise<void> {
    const [name = "", token = ""] = parts;
    const configured = sources.get(name);
    const refusal =
      configured === undefined
        ? unknownSource(name, [...sources.keys()])
        : parts.length > 2
          ? tooManyParts(name)
          : await take(request, response, configured, token === "" ? null : token);
    if (refusal === null) return;
    const source = configured?.name ?? "unknown";
    metrics.count("tocsin_deliveries_total", { source, outcome: refusal.error });
    answerRefusal(response, refusal, complain(source, refusal));
  };

  /** Answers 202 itself and returns null, or returns the refusal to answer. */
  async function take(
    request: IncomingMessage,
    response: ServerResponse,
    configured: ConfiguredSource,
    pathToken: string | null,
  ): Promise<Refusal | null> {
    if (request.method !== "POST") return wrongMethod(configured.name);
    const headers = flatHeaders(request);
    const early =
      refuseHeaders(request, options.maxBodyBytes) ?? refuseUnread(configured, headers, pathToken);
    if (early !== null) return early;
    if (headers["expect"] !== undefined) response.writeContinue();
    const body = await readBody(request, options.maxBodyBytes, options.budget);
    if (body.kind === "gone") return null;
    if (body.kind === "refused") return body.refusal;
    const received: RawDelivery = { body: body.bytes, headers, receivedAt: clock.now() };
    const stranger = isReadFirst(configured) ? refuseSender(configured, received, pathToken) : null;
    if (stranger !== null) return stranger;
    return store(response, configured, {
      ...received,
      headers: keptHeaders(headers),
      source: configured.name,
    });
  }

  async function store(
    response: ServerResponse,
    configured: ConfiguredSource,
    delivery: NewDelivery,
  ): Promise<Refusal | null> {
    const result = inspectDelivery(configured, delivery);
    try {
      return await keep(response, delivery, result);
    } catch (error) {
      if (error instanceof IngestUnavailableError) return unavailable(error);
      throw error;
    }
  }

  async function keep(
    response: ServerResponse,
    delivery: NewDelivery,
    result: ParseResult | null,
  ): Promise<Refusal | null> {
    if (result?.kind === "unparseable") {
      await ingest.bury(delivery, `${result.problem}; ${result.remedy}`);
      return unparseable(result);
    }
    await ingest.accept(delivery);
    const problems = result?.delivery.problems ?? [];
    if (problems.length > 0) await ingest.bury(delivery, `left out: ${problems.slice(0, 20).join("; ")}`);
    metrics.count("tocsin_deliveries_total", { source: delivery.source, outcome: "accepted" });
    if (problems.length === 0) answerAccepted(response);
    else answerJson(response, 202, { accepted: true, problems: problems.slice(0, 20) });
    return null;
  }

  /** Proofs that need no body are checked before it is read, so that strangers cannot make us read. */
  function refuseUnread(
    configured: ConfiguredSource,
    headers: RawDelivery["headers"],
    pathToken: string | null,
  ): Refusal | null {
    return isReadFirst(configured) ? null : refuseSender(configured, { headers, body: null }, pathToken);
  }

  function refuseSender(
    configured: ConfiguredSource,
    received: RawDelivery | { readonly headers: RawDelivery["headers"]; readonly body: null },
    pathToken: string | null,
  ): Refusal | null {
    const { name, secrets, source } = configured;
    const { headers } = received;
    if (secrets.length === 0) {
      if (!isLoopback(options.host)) return noSecret(configured);
      return isFromWebPage(headers) ? fromWebPage(name) : null;
    }
    const { hmac } = source;
    const isSigned =
      hmac === undefined || received.body === null
        ? null
        : (secret: string, names: { readonly timestampHeader?: string }) =>
            hmac.isSigned(received, secret, names);
    const verdict = checkSender(secrets, { headers, pathToken, isSigned });
    return verdict.kind === "proved" ? null : notProved(configured, verdict.reason);
  }
}

/** A signature covers the body, so the body comes first. */
function isReadFirst(configured: ConfiguredSource): boolean {
  return configured.secrets.some((secret) => secret.kind === "hmac");
}

/** Headers that help to tell deliveries apart later. Everything else may hold secrets and is not kept. */
const keptNames = [
  "content-type",
  "user-agent",
  "x-request-id",
  "traceparent",
  "x-github-delivery",
  "x-github-event",
  "sentry-hook-resource",
  "request-id",
  "x-mlflow-delivery-id",
  "x-amz-sns-message-id",
  "x-amz-sns-message-type",
  "ce-id",
  "ce-type",
] as const;

function keptHeaders(headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const kept: Record<string, string> = {};
  for (const name of keptNames) {
    const value = headers[name];
    if (value !== undefined) kept[name] = value.slice(0, 300);
  }
  return kept;
}

/** As Node gives them, lower case, but for the one header that it gives as a list. */
function flatHeaders(request: IncomingMessage): Readonly<Record<string, string>> {
  const { headers } = request;
  if (headers["set-cookie"] !== undefined) delete headers["set-cookie"];
  // Every other header is one text, and those that did not come are absent rather than undefined.
  return headers as Record<string, string>;
}

/** Browsers say where a request comes from; nothing but a web page of someone else's would post here with one. */
function isFromWebPage(headers: RawDelivery["headers"]): boolean {
  const site = headers["sec-fetch-site"];
  return headers["origin"] !== undefined || (site !== undefined && site !== "none");
}
