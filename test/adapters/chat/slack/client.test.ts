import { webApi } from "@slack/bolt";
import { describe, expect, test } from "vitest";
import { classify, clientOptions } from "../../../../src/adapters/chat/slack/client.ts";
import { sdkLogger } from "../../../../src/adapters/chat/slack/logger.ts";
import { toPostResult } from "../../../../src/adapters/chat/slack/refusals.ts";
import { silentLog } from "../../../../src/ports/observability.ts";

const logger = sdkLogger(silentLog, { info: webApi.LogLevel.INFO });

test("the SDK never retries, never queues behind a rate limit, and gives up after ten seconds", () => {
  expect(clientOptions("https://slack.example/api/", logger)).toEqual({
    slackApiUrl: "https://slack.example/api/",
    logger,
    retryConfig: { retries: 0 },
    rejectRateLimitedCalls: true,
    timeout: 10_000,
  });
});

test("options are a new object each time, because the SDK writes into them", () => {
  expect(clientOptions(undefined, logger)).not.toBe(clientOptions(undefined, logger));
  expect(clientOptions(undefined, logger)).not.toHaveProperty("slackApiUrl");
});

function network(code: string): Error {
  return new webApi.WebAPIRequestError(
    Object.assign(new TypeError("fetch failed"), { cause: Object.assign(new Error(code), { code }) }),
  );
}
function platform(error: string, more: object = {}): Error {
  return new webApi.WebAPIPlatformError({ ok: false, error, ...more });
}
function http(status: number, headers: Record<string, string> = {}): Error {
  return new webApi.WebAPIHTTPError(status, "", headers, "");
}

describe("what is known after an error", () => {
  test.each<[string, Error, string]>([
    ["refused connection", network("ECONNREFUSED"), "unreachable"],
    ["unknown host", network("ENOTFOUND"), "unreachable"],
    ["no route", network("EHOSTUNREACH"), "unreachable"],
    ["slow connect", network("UND_ERR_CONNECT_TIMEOUT"), "unreachable"],
    ["wrong certificate", network("CERT_HAS_EXPIRED"), "unreachable"],
    ["reset", network("ECONNRESET"), "ambiguous"],
    ["closed early", network("UND_ERR_SOCKET"), "ambiguous"],
    ["timeout", new webApi.WebAPIRequestError(new DOMException("late", "TimeoutError")), "ambiguous"],
    ["no code at all", new webApi.WebAPIRequestError(new Error("odd")), "ambiguous"],
    ["HTTP 500", http(500), "ambiguous"],
    ["HTTP 503", http(503), "ambiguous"],
    ["HTTP 404 of a gateway", http(404), "unreachable"],
    ["HTTP 407 of a proxy", http(407), "unreachable"],
    ["fatal_error", platform("fatal_error"), "ambiguous"],
    ["request_timeout", platform("request_timeout"), "ambiguous"],
    ["a page", platform("<html>no</html>"), "ambiguous"],
    ["channel_not_found", platform("channel_not_found"), "refused"],
    ["ratelimited", platform("ratelimited"), "rate_limited"],
    ["429", new webApi.WebAPIRateLimitedError(5), "rate_limited"],
    [
      "429 without Retry-After",
      new Error("Retry header did not contain a valid timeout (url: x)"),
      "rate_limited",
    ],
    ["a surprise", new RangeError("surprise"), "ambiguous"],
  ])("%s", (_, error, kind) => {
    expect(classify(webApi, error).kind).toBe(kind);
  });

  test("several addresses count as unreachable only when each of them does", () => {
    const attempt = (code: string) => Object.assign(new Error(code), { code });
    const all = (...codes: string[]) =>
      new webApi.WebAPIRequestError(
        Object.assign(new Error("x"), { cause: new AggregateError(codes.map(attempt)) }),
      );
    expect(classify(webApi, all("ECONNREFUSED", "ENETUNREACH")).kind).toBe("unreachable");
    expect(classify(webApi, all("ECONNREFUSED", "ECONNRESET")).kind).toBe("ambiguous");
  });

  test("the wait is Slack's, and at least a second", () => {
    expect(classify(webApi, new webApi.WebAPIRateLimitedError(30))).toEqual({
      kind: "rate_limited",
      retryAfterMs: 30_000,
    });
    expect(classify(webApi, new webApi.WebAPIRateLimitedError(0))).toEqual({
      kind: "rate_limited",
      retryAfterMs: 1_000,
    });
    expect(classify(webApi, http(429, { "retry-after": "4" }))).toEqual({
      kind: "rate_limited",
      retryAfterMs: 4_000,
    });
    expect(classify(webApi, http(429))).toEqual({ kind: "rate_limited", retryAfterMs: 30_000 });
  });
});

test("message_not_found is missing for an edit only", () => {
  const answer = { kind: "refused", code: "message_not_found" } as const;
  expect(toPostResult(answer, "C1", "edit")).toMatchObject({ kind: "missing" });
  expect(toPostResult(answer, "C1", "post").kind).toBe("refused");
});

test("the SDK's debug lines, which hold payloads, go nowhere", () => {
  const lines: string[] = [];
  const take = (_: unknown, message: string) => {
    lines.push(message);
  };
  const log = { ...silentLog, debug: take, info: take, warn: take, error: take };
  const sdk = sdkLogger(log, { info: webApi.LogLevel.INFO });
  sdk.debug("body with xoxb-1-secret and everything");
  sdk.error("failed for xoxb-1-secret", new Error("at https://hooks.slack.example/T1/secret"), { a: 1 });
  expect(lines).toEqual(['failed for xoxb-… at https://hooks.slack.example/… {"a":1}']);
});
