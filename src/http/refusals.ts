/** Everything a webhook can be refused for, in words that say what to do next. No secret is ever repeated. */
import type { IngestUnavailableError } from "../app/ingest.ts";
import type { ConfiguredSource } from "../app/parse-delivery.ts";
import type { SenderSecret } from "../domain/alert/sender.ts";
import { closest } from "../domain/command/spelling.ts";
import type { Refusal } from "./answer.ts";

export function unknownSource(name: string, names: readonly string[]): Refusal {
  const meant = closest(name, names);
  return {
    status: 404,
    error: "unknown_source",
    message: name === "" ? "no source is named" : `there is no source "${name.slice(0, 64)}"`,
    remedy: `${meant === null ? "" : `did you mean /webhooks/${meant}? `}post to /webhooks/ and one of ${names.join(", ")}`,
    details: { didYouMean: meant, sources: names },
  };
}

export function tooManyParts(name: string): Refusal {
  return {
    status: 404,
    error: "unknown_address",
    message: "the address goes on after the token",
    remedy: `post to /webhooks/${name}, or to /webhooks/${name}/<token>`,
  };
}

export function wrongMethod(name: string): Refusal {
  return {
    status: 405,
    error: "wrong_method",
    message: "webhooks are taken by POST only",
    remedy: `choose the method POST for /webhooks/${name}`,
    headers: { allow: "POST" },
  };
}

export function noSecret({ name, source }: ConfiguredSource): Refusal {
  return {
    status: 401,
    error: "no_secret_configured",
    message: `the source "${name}" has no secret, and this address is reachable from other machines`,
    remedy: `set one of ${source.checks.join(", ")} under sources.${name} in tocsin.yaml, and the same in the sender`,
    headers: { "www-authenticate": 'Bearer realm="tocsin"' },
  };
}

export function notProved(
  { name, secrets, source }: ConfiguredSource,
  reason: "nothing_presented" | "wrong",
): Refusal {
  const kinds = [...new Set(secrets.map((secret) => secret.kind))];
  const ways = secrets.map((secret) => wayOf(secret, name, source.hmac?.header)).filter(isFirst);
  const challenge = challenges(kinds);
  return {
    status: 401,
    error: "not_authenticated",
    message:
      reason === "wrong"
        ? `what was sent to prove the sender of "${name}" is not right`
        : `nothing was sent to prove the sender of "${name}"`,
    remedy: `send ${ways.join(", or ")}; what is expected is set under sources.${name} in tocsin.yaml`,
    ...(challenge === "" ? {} : { headers: { "www-authenticate": challenge } }),
  };
}

function wayOf(secret: SenderSecret, name: string, signatureHeader: string | undefined): string {
  switch (secret.kind) {
    case "bearer":
      return "the header Authorization: Bearer <token>";
    case "basic":
      return "the configured user and password by HTTP basic authentication";
    case "token":
      return `the token as the last part of the address, /webhooks/${name}/<token>`;
    case "hmac":
      return `the HMAC-SHA256 signature in ${signatureHeader ?? "a header"}${
        secret.timestampHeader === undefined
          ? ""
          : ` with the time in ${secret.timestampHeader}, at most 5 minutes from now`
      }`;
  }
}

function isFirst(way: string, index: number, ways: readonly string[]): boolean {
  return ways.indexOf(way) === index;
}

function challenges(kinds: readonly SenderSecret["kind"][]): string {
  const bearer = kinds.includes("bearer") ? ['Bearer realm="tocsin"'] : [];
  const basic = kinds.includes("basic") ? ['Basic realm="tocsin", charset="UTF-8"'] : [];
  return [...bearer, ...basic].join(", ");
}

export function fromWebPage(name: string): Refusal {
  return {
    status: 401,
    error: "from_a_web_page",
    message: `the source "${name}" has no secret, and this request comes from a web page`,
    remedy: `post without the headers Origin and Sec-Fetch-Site, or set a secret under sources.${name} in tocsin.yaml`,
  };
}

export function unparseable(result: { readonly problem: string; readonly remedy: string }): Refusal {
  return {
    status: 400,
    error: "unparseable",
    message: result.problem,
    remedy: `${result.remedy} The delivery was kept: see tocsin doctor.`,
    details: { kept: true },
  };
}

export function unavailable(error: IngestUnavailableError): Refusal {
  return {
    status: 503,
    error: error.reason,
    message: `the delivery was not stored: ${error.message}`,
    remedy: "send it again after the time in Retry-After",
    headers: { "retry-after": String(error.retryAfterSeconds) },
  };
}
