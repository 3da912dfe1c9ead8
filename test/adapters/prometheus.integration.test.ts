import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterEach, describe, expect, test } from "vitest";
import { createPrometheus, type PrometheusOptions } from "../../src/adapters/prometheus.ts";
import { readsLikeInstructions } from "../../src/domain/explanation/instructions.ts";
import type { Clock } from "../../src/ports.ts";

type Answer = (request: IncomingMessage, response: ServerResponse, body: string) => void;

const clock: Clock = { now: () => new Date("2026-03-01T10:00:00Z") };
const window = { fromMs: 1_000_000, toMs: 1_060_000, stepMs: 15_000 };
const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

/** A server on loopback that answers as told, and what it was asked. */
async function serve(answer: Answer) {
  const asked: {
    readonly path: string;
    readonly headers: IncomingMessage["headers"];
    readonly body: string;
  }[] = [];
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += String(chunk);
    asked.push({ path: request.url ?? "", headers: request.headers, body });
    answer(request, response, body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  stops.push(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const address = server.address();
  if (typeof address !== "object" || address === null) throw new Error("no port");
  return { port: address.port, asked };
}

function json(value: unknown, status = 200): Answer {
  return (_request, response) => {
    response.writeHead(status, { "content-type": "application/json" });
    response.end(JSON.stringify(value));
  };
}

async function sourceOf(answer: Answer, given: Partial<PrometheusOptions> = {}) {
  const { port, asked } = await serve(answer);
  const url = given.url ?? `http://127.0.0.1:${port}/`;
  const source = createPrometheus({ auth: null, tenant: null, clock, timeoutMs: 3_000, ...given, url });
  const range = () => source.range("up", window, AbortSignal.timeout(5_000));
  return { source, range, asked, port };
}

const matrix = (result: unknown) => ({ status: "success", data: { resultType: "matrix", result } });

describe("values over time", () => {
  test.each([
    ["1", false],
    ["NaN", false],
    ["+Inf", true],
    ["-Inf", true],
  ])("that end with %s are infinite: %s (issue 3)", async (newest, endsInfinite) => {
    const values = [
      [1000, "1"],
      [1015, newest],
    ];
    const { range } = await sourceOf(json(matrix([{ metric: {}, values }])));
    const answer = await range();
    if (answer.kind === "unreadable") throw new Error(answer.because);
    expect(answer.series.map((one) => one.endsInfinite ?? false)).toEqual([endsInfinite]);
  });

  test("are read with what is no number left out", async () => {
    const { range, asked } = await sourceOf(
      json(
        matrix([
          {
            metric: { __name__: "up", job: "a" },
            values: [
              [1000, "1"],
              [1015, "NaN"],
              [1030, "+Inf"],
              [1045.5, "2e3"],
            ],
          },
          { metric: { job: "histogram" }, histograms: [[1000, {}]] },
        ]),
      ),
    );
    expect(await range()).toEqual({
      kind: "series",
      leftOut: 0,
      series: [
        {
          labels: { __name__: "up", job: "a" },
          points: [
            [1_000_000, 1],
            [1_045_500, 2000],
          ],
        },
        { labels: { job: "histogram" }, points: [] },
      ],
    });
    expect(asked[0]?.path).toBe("/api/v1/query_range");
    expect(Object.fromEntries(new URLSearchParams(asked[0]?.body))).toEqual({
      query: "up",
      start: "1000",
      end: "1060",
      step: "15",
      timeout: "3000ms",
      limit: "201",
    });
  });

  test("are none where nothing fits", async () => {
    const { range } = await sourceOf(json(matrix([])));
    expect(await range()).toEqual({ kind: "series", series: [], leftOut: 0 });
  });

  test("of too many series are told by how many were left out", async () => {
    const one = { metric: {}, values: [[1000, "1"]] };
    const { range } = await sourceOf(json(matrix([one, one, one])), { maxSeries: 2 });
    expect(await range()).toMatchObject({ kind: "series", series: [{}, {}], leftOut: 1 });
  });
});

test("a limit of time survives a collection of garbage while it runs", async () => {
  setFlagsFromString("--expose-gc");
  const collect: unknown = runInNewContext("gc");
  if (typeof collect !== "function") throw new Error("no way to collect garbage here");
  const { source } = await sourceOf(() => undefined, { timeoutMs: 1_000 });
  const giveUp = new AbortController();
  const collecting = setTimeout(() => collect(), 300);
  const givingUp = setTimeout(() => giveUp.abort(), 4_000);
  const answer = await source.range("up", window, giveUp.signal);
  clearTimeout(collecting);
  clearTimeout(givingUp);
  expect(answer).toMatchObject({ kind: "unreadable", because: "it took longer than 1 s" });
});

describe("what a server gets wrong is said in one line", () => {
  const big: Answer = (_request, response) => {
    response.writeHead(200);
    const chunk = Buffer.alloc(1024 * 1024, " ");
    const more = () => {
      if (!response.destroyed) response.write(chunk, () => setImmediate(more));
    };
    more();
  };
  test.each<readonly [string, Answer, RegExp, "server" | "query"]>([
    ["silence", () => undefined, /took longer than 3 s/, "query"],
    [
      "500 with a page",
      (_, response) => response.writeHead(500).end("<h1>oops</h1>"),
      /answered 500$/,
      "server",
    ],
    [
      "422 with its reason",
      json(
        { status: "error", errorType: "execution", error: "query processing would load too many samples" },
        422,
      ),
      /answered 422: query processing would load too many samples/,
      "query",
    ],
    [
      "400 with its reason",
      json({ status: "error", errorType: "bad_data", error: '1:5: parse error: unexpected "}"' }, 400),
      /answered 400: 1:5: parse error/,
      "query",
    ],
    ["an endless body", big, /larger than 4 MiB/, "query"],
    [
      "a web page",
      (_, response) => response.end("<html>login</html>"),
      /other than Prometheus' JSON/,
      "server",
    ],
    ["another JSON", json({ hello: 1 }), /other than Prometheus' JSON/, "server"],
    [
      "a vector",
      json({ status: "success", data: { resultType: "vector", result: [] } }),
      /another shape.*resultType/,
      "server",
    ],
    ["values that are none", json(matrix([{ metric: {}, values: [["x", 1]] }])), /another shape/, "server"],
    [
      "a redirect",
      (_, response) =>
        response.writeHead(302, { location: "http://elsewhere.example/login?token=abc" }).end(),
      /redirect \(302\), which is not followed/,
      "server",
    ],
    [
      "401",
      (_, response) => response.writeHead(401).end(),
      /other credentials \(401\); set prometheus\.bearer/,
      "server",
    ],
    ["403", (_, response) => response.writeHead(403).end(), /other credentials \(403\)/, "server"],
    ["404", (_, response) => response.writeHead(404).end(), /no such address \(404\)/, "server"],
    ["a connection that ends", (request) => request.socket.destroy(), /could not be reached/, "server"],
  ])("%s", async (_name, answer, because, scope) => {
    const { range } = await sourceOf(answer);
    const read = await range();
    expect(read).toEqual({ kind: "unreadable", because: expect.stringMatching(because), scope });
    if (read.kind === "unreadable") expect(readsLikeInstructions(read.because)).toBe(false);
  });

  test("a port where nobody listens", async () => {
    const { range } = await sourceOf(json({}), { url: "http://127.0.0.1:9/" });
    expect(await range()).toEqual({
      kind: "unreadable",
      because: expect.stringMatching(/could not be reached \(\w+/),
      scope: "server",
    });
  });

  test("time that is up before the answer", async () => {
    const { source } = await sourceOf(() => undefined);
    const read = await source.range("up", window, AbortSignal.timeout(50));
    expect(read).toMatchObject({ kind: "unreadable", because: "there was no time left" });
  });

  test("a secret in what it says is not repeated", async () => {
    const error = "no series for token=ghp_0123456789abcdefghijABCDEFGHIJ012345";
    const { range } = await sourceOf(json({ status: "error", error }, 422));
    expect(JSON.stringify(await range())).not.toContain("ghp_");
  });
});

describe("credentials", () => {
  test.each<readonly [string, Partial<PrometheusOptions>, string]>([
    ["a bearer token", { auth: { kind: "bearer", token: "t0k" } }, "Bearer t0k"],
    [
      "user and password",
      { auth: { kind: "basic", user: "me", password: "p:w" } },
      `Basic ${btoa("me:p:w")}`,
    ],
  ])("%s goes into a header", async (_name, given, authorization) => {
    const { range, asked } = await sourceOf(json(matrix([])), { ...given, tenant: "team-a" });
    await range();
    expect(asked[0]?.headers).toMatchObject({ authorization, "x-scope-orgid": "team-a" });
  });

  test("in the address go into a header too, and into no message", async () => {
    const { port, asked } = await serve((_, response) => response.writeHead(500).end("no"));
    const url = `http://me:s%2Fecret@127.0.0.1:${port}/prometheus`;
    const source = createPrometheus({ url, auth: null, tenant: null, clock });
    const read = await source.range("up", window, AbortSignal.timeout(2_000));
    expect(asked[0]?.headers.authorization).toBe(`Basic ${btoa("me:s/ecret")}`);
    expect(asked[0]?.path).toBe("/prometheus/api/v1/query_range");
    const findings = await source.check();
    expect(JSON.stringify([read, findings])).not.toMatch(/ecret|127\.0\.0\.1/);
  });

  test("are not sent to where a redirect points", async () => {
    const elsewhere = await serve(json(matrix([])));
    const { range } = await sourceOf(
      (_, response) => response.writeHead(307, { location: `http://127.0.0.1:${elsewhere.port}/` }).end(),
      { auth: { kind: "bearer", token: "t0k" } },
    );
    await range();
    expect(elsewhere.asked).toEqual([]);
  });
});

describe("rules", () => {
  const rule = {
    type: "alerting",
    name: "A",
    query: "up == 0",
    duration: 300,
    labels: { severity: "page" },
    alerts: [],
  };
  const groups = {
    status: "success",
    data: {
      groups: [
        { name: "g", rules: [rule, { ...rule, name: "B" }, { type: "recording", name: "A", query: "x" }] },
      ],
    },
  };

  test("are those of the names asked for, also from a server that sends all", async () => {
    const { source, asked } = await sourceOf(json(groups));
    expect(await source.rules(["A"], AbortSignal.timeout(2_000))).toEqual({
      kind: "rules",
      rules: [{ name: "A", query: "up == 0", labels: { severity: "page" }, holdMs: 300_000 }],
    });
    expect(new URL(asked[0]?.path ?? "", "http://x").searchParams.getAll("rule_name[]")).toEqual(["A"]);
  });
});

describe("doctor", () => {
  const answers: Readonly<Record<string, unknown>> = {
    "/api/v1/query": { resultType: "scalar", result: [Date.parse("2026-03-01T10:02:00Z") / 1000, "1"] },
    "/api/v1/status/buildinfo": { version: "2.42.0" },
    "/api/v1/rules": { groups: [] },
  };
  const healthy: Answer = (request, response) =>
    response.end(
      JSON.stringify({ status: "success", data: answers[(request.url ?? "").split("?")[0] ?? ""] }),
    );

  test("says version, clock and rules", async () => {
    const { source } = await sourceOf(healthy);
    expect(await source.check()).toEqual([
      { status: "ok", subject: "prometheus", text: "reachable, version 2.42.0" },
      expect.objectContaining({
        status: "warning",
        subject: "prometheus clock",
        text: "is 2 min ahead of ours",
      }),
      expect.objectContaining({
        status: "warning",
        subject: "prometheus rules",
        text: "there are no alerting rules",
      }),
    ]);
  });

  test("says in one finding that it cannot be read, and what to do", async () => {
    const { source } = await sourceOf((_, response) => response.writeHead(401).end());
    expect(await source.check()).toEqual([
      {
        status: "failure",
        subject: "prometheus",
        text: expect.stringContaining("401"),
        remedy: expect.stringContaining("PROMETHEUS_URL"),
      },
    ]);
  });
});
