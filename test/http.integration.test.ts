import { createHash, createHmac } from "node:crypto";
import { request as httpRequest, type IncomingMessage, type ServerResponse } from "node:http";
import { connect } from "node:net";
import { deflateSync, gzipSync } from "node:zlib";
import { expect, onTestFinished, test } from "vitest";
import alertmanager from "../src/adapters/sources/alertmanager.ts";
import generic from "../src/adapters/sources/generic.ts";
import grafana from "../src/adapters/sources/grafana.ts";
import { IngestUnavailableError, type NewDelivery, type UnavailableReason } from "../src/app/ingest.ts";
import type { ConfiguredSource } from "../src/app/parse-delivery.ts";
import type { SenderSecret } from "../src/domain/alert/sender.ts";
import { createCallbacks } from "../src/http/callbacks.ts";
import {
  closedSources,
  createHttpServer,
  type HttpOptions,
  impossibleChecks,
  openSources,
} from "../src/http.ts";
import { type Log, type Metrics, noMetrics, silentLog } from "../src/ports/observability.ts";

const now = new Date("2026-03-01T12:00:00.000Z");
const alert = { status: "firing", labels: { alertname: "Smoke" }, startsAt: "2026-03-01T11:59:00Z" };
const good = JSON.stringify({ alerts: [alert] });
const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

function source(from: ConfiguredSource["source"], secrets: readonly SenderSecret[] = []): ConfiguredSource {
  return { name: from.name, source: from, secrets, settings: undefined };
}

interface Door {
  readonly url: string;
  readonly accepted: NewDelivery[];
  readonly buried: { readonly delivery: NewDelivery; readonly problem: string }[];
  readonly close: () => Promise<void>;
}

async function open(options: Partial<HttpOptions> = {}, failure?: UnavailableReason): Promise<Door> {
  const accepted: NewDelivery[] = [];
  const buried: Door["buried"] = [];
  const fail = () => Promise.reject(new IngestUnavailableError(failure ?? "overloaded", "no room"));
  const server = createHttpServer({
    host: "127.0.0.1",
    port: 0,
    sources: new Map([alertmanager, grafana, generic].map((from) => [from.name, source(from)])),
    ingest: {
      accept: failure ? fail : async (delivery) => void accepted.push(delivery),
      bury: failure ? fail : async (delivery, problem) => void buried.push({ delivery, problem }),
    },
    console: null,
    readiness: async () => [],
    exposition: async () => ({ contentType: "text/plain; version=0.0.4", body: "up 1\n" }),
    metrics: noMetrics,
    clock: { now: () => now },
    log: silentLog,
    ...options,
  });
  const url = await server.listen();
  onTestFinished(() => server.close());
  return { url, accepted, buried, close: () => server.close() };
}

function withSecret(from: ConfiguredSource["source"], ...secrets: SenderSecret[]): Partial<HttpOptions> {
  return { sources: new Map([[from.name, source(from, secrets)]]) };
}

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Readonly<Record<string, unknown>>;
}

async function post(
  url: string,
  body: string | Uint8Array = good,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const sent = { "content-type": "application/json", ...headers };
  const response = await fetch(url, { method: "POST", body: Buffer.from(body), headers: sent });
  return { status: response.status, headers: response.headers, body: await bodyOf(response) };
}

/** Every answer is JSON; that is part of every test. */
async function bodyOf(response: Response): Promise<Readonly<Record<string, unknown>>> {
  expect(response.headers.get("content-type")).toBe("application/json; charset=utf-8");
  const body: unknown = await response.json();
  if (typeof body !== "object" || body === null) throw new Error("the answer is no object");
  if (response.status >= 400) {
    expect(body).toMatchObject({
      error: expect.any(String),
      message: expect.any(String),
      remedy: expect.any(String),
      reference: expect.stringMatching(/^[0-9a-f]{8}$/),
    });
  }
  return { ...body };
}

test("a delivery is kept byte for byte and answered 202", async () => {
  const door = await open();
  const body = `${good} \n`;
  expect(await post(`${door.url}/webhooks/alertmanager`, body)).toMatchObject({
    status: 202,
    body: { accepted: true },
  });
  expect(door.accepted).toHaveLength(1);
  expect(Buffer.from(door.accepted[0]?.body ?? []).toString()).toBe(body);
  expect(door.accepted[0]).toMatchObject({ source: "alertmanager", receivedAt: now });
});

test("202 waits for the commit", async () => {
  let commit: () => void = () => undefined;
  const committed = new Promise<void>((resolve) => {
    commit = resolve;
  });
  let isAnswered = false;
  const door = await open({ ingest: { accept: () => committed, bury: async () => undefined } });
  const answer = post(`${door.url}/webhooks/alertmanager`).then((given) => {
    isAnswered = true;
    return given;
  });
  await fetch(`${door.url}/healthz`);
  await fetch(`${door.url}/healthz`);
  expect(isAnswered).toBe(false);
  commit();
  expect((await answer).status).toBe(202);
});

test("no header that may hold a secret is kept", async () => {
  const door = await open(withSecret(alertmanager, { kind: "bearer", sha256: sha256("s3cret") }));
  await post(`${door.url}/webhooks/alertmanager`, good, {
    authorization: "Bearer s3cret",
    cookie: "session=1",
    "x-api-key": "k",
    "user-agent": "Alertmanager/0.28.0",
    "x-request-id": "r1",
  });
  expect(door.accepted[0]?.headers).toEqual({
    "content-type": "application/json",
    "user-agent": "Alertmanager/0.28.0",
    "x-request-id": "r1",
  });
});

test.each([
  ["/webhooks/alertmanger", "alertmanager"],
  ["/webhooks/graf", "grafana"],
  ["/webhooks/zzz", null],
  ["/webhooks/", null],
  ["/webhooks/__proto__", null],
])("unknown source: %s is 404 and means %s", async (path, didYouMean) => {
  const door = await open();
  expect(await post(door.url + path)).toMatchObject({
    status: 404,
    body: { error: "unknown_source", didYouMean, sources: ["alertmanager", "grafana", "generic"] },
  });
});

test.each(["GET", "PUT", "DELETE", "HEAD"])("%s on a webhook is 405", async (method) => {
  const door = await open();
  const response = await fetch(`${door.url}/webhooks/alertmanager`, { method });
  expect(response.status).toBe(405);
  expect(response.headers.get("allow")).toBe("POST");
});

test.each([
  ["application/x-www-form-urlencoded", "unsupported_content_type"],
  ["multipart/form-data; boundary=x", "unsupported_content_type"],
  ["application/jsonx", "unsupported_content_type"],
  ["application/json; charset=utf-16", "unsupported_charset"],
  ["text/plain; charset=iso-8859-1", "unsupported_charset"],
])("the content type %s is 415", async (type, error) => {
  const door = await open();
  expect(await post(`${door.url}/webhooks/alertmanager`, good, { "content-type": type })).toMatchObject({
    status: 415,
    body: { error },
  });
});

test.each([
  "application/json",
  "application/json; charset=utf-8",
  'Application/JSON;Charset="UTF-8"',
  "application/cloudevents+json",
  "text/plain",
  "text/plain;charset=US-ASCII",
])("the content type %s is taken", async (type) => {
  const door = await open();
  expect((await post(`${door.url}/webhooks/alertmanager`, good, { "content-type": type })).status).toBe(202);
});

test("a body without a content type is taken for JSON", async () => {
  const door = await open();
  const answer = await raw(
    door.url,
    `POST /webhooks/alertmanager HTTP/1.1\r\nhost: x\r\ncontent-length: ${good.length}\r\nconnection: close\r\n\r\n${good}`,
  );
  expect(answer).toMatch(/^HTTP\/1\.1 202 /);
});

test("a body over the limit is 413, announced or not, and the answer is seen", async () => {
  const door = await open({ limits: { maxBodyBytes: 1_000 } });
  const large = " ".repeat(200_000);
  expect(await post(`${door.url}/webhooks/alertmanager`, large)).toMatchObject({
    status: 413,
    body: { error: "too_large" },
  });
  expect(await postChunked(`${door.url}/webhooks/alertmanager`, large)).toBe(413);
  expect(await postChunked(`${door.url}/webhooks/alertmanager`, good)).toBe(202);
  expect(door.accepted).toHaveLength(1);
});

test("a sender that asks first is refused before it has sent its body", async () => {
  const door = await open({ limits: { maxBodyBytes: 1_000 } });
  const head = (length: number) =>
    `POST /webhooks/alertmanager HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: ${length}\r\nconnection: close\r\n\r\n`;
  expect(await raw(door.url, head(5_000))).toMatch(/^HTTP\/1\.1 413 /);
  expect(await raw(door.url, head(good.length) + good)).toMatch(
    /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 202 /,
  );
});

test("more bodies at once than the budget allows are 503", async () => {
  const door = await open({ limits: { maxReadingBytes: 1_000 } });
  const answer = await post(`${door.url}/webhooks/alertmanager`, " ".repeat(5_000));
  expect(answer).toMatchObject({ status: 503, body: { error: "overloaded" } });
  expect(answer.headers.get("retry-after")).toBe("2");
  expect((await post(`${door.url}/webhooks/alertmanager`)).status).toBe(202);
});

test.each([
  ["gzip", gzipSync(good)],
  ["x-gzip", gzipSync(good)],
  ["deflate", deflateSync(good)],
  ["identity", Buffer.from(good)],
])("a body in %s is unpacked and kept plain", async (encoding, packed) => {
  const door = await open();
  expect(
    (await post(`${door.url}/webhooks/alertmanager`, packed, { "content-encoding": encoding })).status,
  ).toBe(202);
  expect(Buffer.from(door.accepted[0]?.body ?? []).toString()).toBe(good);
});

test("compression cannot get around the limit, and broken or unknown compression is told", async () => {
  const door = await open({ limits: { maxBodyBytes: 10_000 } });
  const to = `${door.url}/webhooks/alertmanager`;
  expect((await post(to, gzipSync(" ".repeat(1_000_000)), { "content-encoding": "gzip" })).status).toBe(413);
  expect((await post(to, good, { "content-encoding": "gzip" })).body["error"]).toBe("broken_compression");
  const brotli = await post(to, good, { "content-encoding": "br" });
  expect(brotli.status).toBe(415);
  expect(brotli.headers.get("accept-encoding")).toBe("gzip, deflate");
});

const key: SenderSecret = { kind: "hmac", secret: "key" };
const sign = (text: string) => createHmac("sha256", "key").update(text).digest("hex");
const seconds = String(now.getTime() / 1000);

test.each<[string, ConfiguredSource["source"], SenderSecret, string, Record<string, string>]>([
  ["bearer", alertmanager, { kind: "bearer", sha256: sha256("t") }, "", { authorization: "Bearer t" }],
  [
    "basic",
    alertmanager,
    { kind: "basic", user: "u", sha256: sha256("p") },
    "",
    { authorization: `Basic ${Buffer.from("u:p").toString("base64")}` },
  ],
  ["token", alertmanager, { kind: "token", sha256: sha256("a/b c") }, "/a%2Fb%20c", {}],
  ["hmac", grafana, key, "", { "x-grafana-alerting-signature": sign(good) }],
  [
    "hmac with time",
    grafana,
    { ...key, timestampHeader: "x-time" },
    "",
    { "x-grafana-alerting-signature": sign(`${seconds}:${good}`), "x-time": seconds },
  ],
])(
  "%s: the right proof is 202, a wrong or missing one 401 without storing anything",
  async (kind, from, secret, path, headers) => {
    for (const host of ["127.0.0.1", "0.0.0.0"]) {
      const door = await open({ ...withSecret(from, secret), host });
      const to = `${door.url.replace("0.0.0.0", "127.0.0.1")}/webhooks/${from.name}`;
      expect((await post(to + path, good, headers)).status).toBe(202);
      const wrong = Object.fromEntries(
        Object.entries(headers).map(([name, value]) => [name, value.replace(/.$/, "!")]),
      );
      for (const answer of [await post(to), await post(`${to}/wrong`, good, wrong)]) {
        expect(answer).toMatchObject({ status: 401, body: { error: "not_authenticated" } });
        expect(JSON.stringify(answer.body)).not.toContain(
          secret.kind === "hmac" ? secret.secret : secret.sha256,
        );
        expect(answer.headers.has("www-authenticate")).toBe(kind === "bearer" || kind === "basic");
      }
      expect(door.accepted).toHaveLength(1);
      expect(door.buried).toHaveLength(0);
    }
  },
);

test("without a proof that needs the body, a stranger's body is not read", async () => {
  const door = await open(withSecret(alertmanager, { kind: "bearer", sha256: sha256("t") }));
  const head =
    "POST /webhooks/alertmanager HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n";
  expect(await raw(door.url, head, /\r\n\r\n/)).toMatch(/^HTTP\/1\.1 401 /);
});

test("a source without a secret is open on loopback only, and says how to configure it", async () => {
  const closed = await open({ host: "0.0.0.0" });
  expect(await post(`${closed.url.replace("0.0.0.0", "127.0.0.1")}/webhooks/alertmanager`)).toMatchObject({
    status: 401,
    body: {
      error: "no_secret_configured",
      remedy: expect.stringContaining("bearer, basic, token under sources.alertmanager in tocsin.yaml"),
    },
  });
  expect(closed.accepted).toEqual([]);
  const sources = [source(alertmanager), source(grafana, [key])];
  expect([openSources(sources, "127.0.0.1"), closedSources(sources, "127.0.0.1")]).toEqual([
    ["alertmanager"],
    [],
  ]);
  expect([openSources(sources, "0.0.0.0"), closedSources(sources, "0.0.0.0")]).toEqual([
    [],
    ["alertmanager"],
  ]);
});

test("web pages of others cannot post to an open source", async () => {
  const door = await open();
  const to = `${door.url}/webhooks/alertmanager`;
  const page = { origin: "https://evil.example.com", "content-type": "text/plain" };
  expect((await post(to, good, page)).body["error"]).toBe("from_a_web_page");
  expect(door.accepted).toEqual([]);
});

test("a proof that a sender cannot give is named", () => {
  expect(impossibleChecks(source(alertmanager, [key, { kind: "bearer", sha256: sha256("t") }]))).toEqual([
    "hmac",
  ]);
  expect(impossibleChecks(source(grafana, [key]))).toEqual([]);
});

test.each([
  ["not JSON", "{", "not JSON"],
  ["empty", "", "empty"],
  ["no alerts", "{}", '"alerts" must be a list'],
  ["a text", '"hello"', '"alerts" must be a list'],
  ["nested without end", `${"[".repeat(100_000)}${"]".repeat(100_000)}`, "alerts[0] must be an object"],
])("%s: 400, and the delivery is kept", async (_name, body, problem) => {
  const door = await open();
  expect(await post(`${door.url}/webhooks/alertmanager`, body)).toMatchObject({
    status: 400,
    body: { error: "unparseable", message: expect.stringContaining(problem), kept: true },
  });
  expect(door.buried).toMatchObject([{ problem: expect.stringContaining(problem) }]);
  expect(Buffer.from(door.buried[0]?.delivery.body ?? []).toString()).toBe(body);
  expect(door.accepted).toEqual([]);
});

test("of a delivery with an unreadable alert the readable ones are taken, and it is kept for repair too", async () => {
  const door = await open();
  const answer = await post(`${door.url}/webhooks/alertmanager`, JSON.stringify({ alerts: [alert, null] }));
  expect(answer).toMatchObject({
    status: 202,
    body: { problems: ["alerts[1] must be an object; got null"] },
  });
  expect(door.accepted).toHaveLength(1);
  expect(door.buried).toMatchObject([{ problem: "left out: alerts[1] must be an object; got null" }]);
});

test.each<UnavailableReason>(["overloaded", "database_away", "stopping"])(
  "%s: 503 with Retry-After, for good and for unparseable deliveries, never 429",
  async (reason) => {
    const door = await open({}, reason);
    for (const body of [good, "{"]) {
      const answer = await post(`${door.url}/webhooks/alertmanager`, body);
      expect(answer).toMatchObject({ status: 503, body: { error: reason } });
      expect(Number(answer.headers.get("retry-after"))).toBeGreaterThan(0);
    }
  },
);

test("a fault of ours is 500, and is not told to strangers", async () => {
  const errors: Readonly<Record<string, unknown>>[] = [];
  const log: Log = { ...silentLog, error: (fields) => void errors.push(fields) };
  const bug = () => Promise.reject(new Error("secret detail"));
  const door = await open({ log, ingest: { accept: bug, bury: bug } });
  const answer = await post(`${door.url}/webhooks/alertmanager`);
  expect(answer).toMatchObject({ status: 500, body: { error: "internal" } });
  expect(JSON.stringify(answer.body)).not.toContain("secret detail");
  expect(errors).toMatchObject([{ reference: answer.body["reference"] }]);
});

test("health, readiness and metrics", async () => {
  let isReady = true;
  const door = await open({
    readiness: async () => [{ name: "database", isReady, detail: "answers in 2 ms" }],
  });
  expect(await (await fetch(`${door.url}/healthz`)).json()).toEqual({ status: "up" });
  expect(await (await fetch(`${door.url}/readyz`)).json()).toMatchObject({ status: "ready" });
  isReady = false;
  const notReady = await fetch(`${door.url}/readyz`);
  expect(notReady.status).toBe(503);
  expect(await notReady.json()).toEqual({
    status: "not_ready",
    checks: [{ name: "database", isReady: false, detail: "answers in 2 ms" }],
  });
  const metrics = await fetch(`${door.url}/metrics`);
  expect([metrics.headers.get("content-type"), await metrics.text()]).toEqual([
    "text/plain; version=0.0.4",
    "up 1\n",
  ]);
});

test("the console has everything else, and other routes their own segment", async () => {
  const say = (word: string) => async (request: IncomingMessage, response: ServerResponse) => {
    if (request.url === "/unknown") return false;
    response.end(`${word} ${request.url ?? ""}`);
    return true;
  };
  const slack = async (request: IncomingMessage, response: ServerResponse) =>
    void (await say("slack")(request, response));
  const door = await open({ console: say("console"), extraRoutes: new Map([["slack", slack]]) });
  const text = async (path: string) => (await fetch(door.url + path)).text();
  expect(await text("/")).toBe("console /");
  expect(await text("/incidents/7?x=1")).toBe("console /incidents/7?x=1");
  expect(await text("/slack/events")).toBe("slack /slack/events");
  expect(await text("/healthz")).toContain("up");
  expect(await bodyOf(await fetch(`${door.url}/unknown`))).toMatchObject({ error: "not_found" });
});

test("without a console the rest is 404, and a malformed address 400", async () => {
  const door = await open();
  expect((await post(`${door.url}/nothing`)).status).toBe(404);
  expect((await post(`${door.url}/webhooks/alertmanager/%E0%A4%A`)).body["error"]).toBe("bad_address");
  expect((await post(`${door.url}/webhooks/alertmanager/a/b`)).body["error"]).toBe("unknown_address");
});

test("what is not HTTP, or never comes whole, is ended with an answer", async () => {
  const door = await open({ limits: { headersTimeoutMs: 200, requestTimeoutMs: 200 } });
  expect(await raw(door.url, "\x16\x03\x01\x02\x00\x01\x00")).toMatch(/^HTTP\/1\.1 400 .*put TLS in front/s);
  expect(await raw(door.url, `GET / HTTP/1.1\r\nx: ${"y".repeat(20_000)}\r\n\r\n`)).toMatch(
    /^HTTP\/1\.1 431 /,
  );
  expect(await raw(door.url, "POST /webhooks/alertmanager HTTP/1.1\r\nhost: x\r\n")).toMatch(
    /^HTTP\/1\.1 408 /,
  );
  const slowBody = "POST /webhooks/alertmanager HTTP/1.1\r\nhost: x\r\ncontent-length: 50\r\n\r\n{";
  expect(await raw(door.url, slowBody)).toMatch(/^HTTP\/1\.1 408 /);
  expect(door.accepted).toEqual([]);
});

test("a port that is taken is named with a remedy", async () => {
  const door = await open();
  const port = Number(new URL(door.url).port);
  await expect(open({ port })).rejects.toThrow(`PORT ${port}: the port is taken`);
});

test("closing lets requests under way finish and ends streams", async () => {
  let commit: () => void = () => undefined;
  let hasArrived: () => void = () => undefined;
  const arrived = new Promise<void>((resolve) => {
    hasArrived = resolve;
  });
  const door = await open({
    ingest: {
      accept: () => {
        hasArrived();
        return new Promise<void>((resolve) => {
          commit = resolve;
        });
      },
      bury: async () => undefined,
    },
    console: async (_request, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write("data: hello\n\n");
      return true;
    },
  });
  const stream = await fetch(`${door.url}/`);
  const answer = post(`${door.url}/webhooks/alertmanager`);
  await arrived;
  const closed = door.close();
  commit();
  expect((await answer).status).toBe(202);
  await closed;
  await expect(stream.text()).rejects.toThrow();
  await expect(fetch(`${door.url}/healthz`)).rejects.toThrow();
});

test("closing does not wait longer than it may for what never ends", async () => {
  let hasArrived: () => void = () => undefined;
  const arrived = new Promise<void>((resolve) => {
    hasArrived = resolve;
  });
  const never = () => {
    hasArrived();
    return new Promise<void>(() => undefined);
  };
  const door = await open({ ingest: { accept: never, bury: never }, limits: { closeTimeoutMs: 100 } });
  const answer = post(`${door.url}/webhooks/alertmanager`).catch((error: unknown) => error);
  await arrived;
  await door.close();
  expect(await answer).toBeInstanceOf(Error);
});

test("requests are counted by source and outcome and timed by route", async () => {
  const seen: string[] = [];
  const metrics: Metrics = {
    ...noMetrics,
    count: (name, labels) => void seen.push(`${name} ${labels?.["source"]} ${labels?.["outcome"]}`),
    observe: (name, _seconds, labels) => void seen.push(`${name} ${labels?.["route"]} ${labels?.["status"]}`),
  };
  const door = await open({ metrics });
  await post(`${door.url}/webhooks/alertmanager`);
  await post(`${door.url}/webhooks/${"x".repeat(50)}`);
  await fetch(`${door.url}/healthz`);
  expect(seen).toEqual([
    "tocsin_deliveries_total alertmanager accepted",
    "tocsin_http_request_seconds webhooks 202",
    "tocsin_deliveries_total unknown unknown_source",
    "tocsin_http_request_seconds webhooks 404",
    "tocsin_http_request_seconds healthz 200",
  ]);
});

test("whoever is turned away is told of, by door, whatever stands behind it; what they sent is not", async () => {
  const denied: unknown[] = [];
  const refuseLater = (status: number) => (_request: IncomingMessage, response: ServerResponse) => {
    setImmediate(() => response.writeHead(status).end());
  };
  const receive = () =>
    Promise.resolve({
      kind: "refused" as const,
      status: 401 as const,
      error: "no",
      message: "no",
      remedy: "sign",
    });
  const door = await open({
    ...withSecret(alertmanager, { kind: "token", sha256: sha256("t") }),
    onDenied: (denial) => denied.push(denial),
    extraRoutes: new Map([
      ["slack", refuseLater(401)],
      [
        "callbacks",
        createCallbacks({
          receivers: new Map([["webhook", receive]]),
          clock: { now: () => now },
          log: silentLog,
        }),
      ],
    ]),
    console: async (request, response) => {
      refuseLater(request.url === "/api/sign-in" ? 429 : 401)(request, response);
      return true;
    },
  });
  await post(`${door.url}/webhooks/alertmanager/hush`, good, { "x-forwarded-for": "203.0.113.7" });
  await fetch(`${door.url}/slack/events`, { method: "POST", body: "hush" });
  await post(`${door.url}/callbacks/webhook/operation-1`, "{}");
  await fetch(`${door.url}/api/sign-in`, { method: "POST", body: "hush" });
  await fetch(`${door.url}/api/command`, { method: "POST" });
  await fetch(`${door.url}/api/state`, { headers: { cookie: "tocsin_session=forged" } });
  await fetch(`${door.url}/api/state`);
  await post(`${door.url}/webhooks/unheard-of`);
  expect(denied).toEqual([
    { door: "webhooks/alertmanager", status: 401, sender: "203.0.113.0/24" },
    { door: "slack", status: 401, sender: "this machine" },
    { door: "callbacks/webhook", status: 401, sender: "this machine" },
    { door: "console/sign-in", status: 429, sender: "this machine" },
    { door: "console", status: 401, sender: "this machine" },
    { door: "console", status: 401, sender: "this machine" },
  ]);
});

test("a sender that keeps failing does not flood the log, and every refusal refers to the line that tells of it", async () => {
  const lines: string[] = [];
  let nowMs = now.getTime();
  const log: Log = {
    ...silentLog,
    warn: (fields, message) => void lines.push(`${message} ${fields["reference"]} ${fields["unsaid"]}`),
  };
  const door = await open({ log, clock: { now: () => new Date(nowMs) } });
  const references: unknown[] = [];
  const fail = async (path: string) =>
    references.push((await post(`${door.url}/webhooks/${path}`, "{}")).body["reference"]);
  for (let count = 0; count < 5; count += 1) await fail("alertmanager");
  await fail("nobody");
  nowMs += 10_000;
  await fail("alertmanager");
  const [first, stranger, again] = [references[0], references[5], references[6]];
  expect(references).toEqual([first, first, first, first, first, stranger, again]);
  expect(new Set(references).size).toBe(3);
  expect(lines).toEqual([
    `webhook refused: "alerts" must be a list; got nothing ${first} 0`,
    `webhook refused: there is no source "nobody" ${stranger} 0`,
    `webhook refused: "alerts" must be a list; got nothing ${again} 4`,
  ]);
});

test.each([
  ["a callback of nobody's", "/callbacks/nobody/operation-1", "warn", "callback refused"],
  ["a callback that its backend refuses", "/callbacks/webhook/operation-1", "warn", "callback refused"],
  ["an address where nothing is", "/nothing", "info", "http: a request was refused"],
  ["a malformed address", "/%E0%A4%A", "info", "http: a request was refused"],
] as const)("%s is refused with the reference of its line in the log", async (_name, path, level, words) => {
  const lines: string[] = [];
  const log: Log = {
    ...silentLog,
    [level]: (fields: Readonly<Record<string, unknown>>, message: string) =>
      void lines.push(`${fields["reference"]} ${message}`),
  };
  const refused = { kind: "refused", status: 401, error: "no", message: "no", remedy: "sign" } as const;
  const receivers = new Map([["webhook", async () => refused]]);
  const callbacks = createCallbacks({ receivers, clock: { now: () => now }, log });
  const door = await open({ log, extraRoutes: new Map([["callbacks", callbacks]]) });
  const { body } = await post(`${door.url}${path}`, "{}");
  expect(lines).toEqual([expect.stringContaining(`${body["reference"]} ${words}: `)]);
});

/** Sends bytes as they are and reads until the end, or until what was read matches. */
async function raw(url: string, text: string, until?: RegExp): Promise<string> {
  const socket = connect(Number(new URL(url).port), "127.0.0.1");
  socket.write(text, "latin1");
  let answer = "";
  for await (const chunk of socket) {
    answer += String(chunk);
    if (until?.test(answer)) break;
  }
  socket.destroy();
  return answer;
}

/** Without a content length, as streams are sent. */
async function postChunked(url: string, body: string): Promise<number> {
  const request = httpRequest(url, { method: "POST", headers: { "content-type": "application/json" } });
  const half = Math.floor(body.length / 2);
  request.write(body.slice(0, half));
  request.end(body.slice(half));
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    request.once("response", resolve).once("error", reject);
  });
  response.resume();
  return response.statusCode ?? 0;
}
