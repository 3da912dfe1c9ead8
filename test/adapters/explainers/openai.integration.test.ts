import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createOpenAiExplainer } from "../../../src/adapters/explainers/openai.ts";
import { systemPrompt } from "../../../src/domain/explanation/prompt.ts";
import { type Secret, silentLog } from "../../../src/ports.ts";
import { explainerContract } from "../../contracts/explainer.ts";
import {
  type Behaviour,
  factsOf,
  flood,
  hang,
  type ModelServer,
  reset,
  sendContent,
  sendDraft,
  sendStatus,
  stall,
  startModelServer,
} from "../../fakes/model-server.ts";
import { replaceableSecret } from "../../fakes/secret.ts";
import { buildQuestion, numberOf } from "../../fixtures/explanation-question.ts";

let server: ModelServer;
beforeAll(async () => {
  server = await startModelServer();
});
afterAll(() => server.close());

const question = buildQuestion();
const good = sendDraft(
  [{ text: "checkout is slow.", evidence: [numberOf(question, "HighLatency")] }],
  [
    {
      text: "The rollout of fraud-scorer came first.",
      evidence: [numberOf(question, "rollout of fraud-scorer")],
    },
  ],
);

beforeEach(() => server.behave(good));

function explainer(timeoutMs = 5_000, baseUrl = server.url, apiKey: Secret | string = "test-key") {
  return createOpenAiExplainer({
    apiKey,
    baseUrl,
    model: "test-model",
    timeoutMs,
    log: silentLog,
  });
}

/** Cites the first evidence for everything, as an obedient model would. */
const obedient: Behaviour = (request, response) => {
  const facts = factsOf(request);
  const evidence = [facts.evidence[0]?.n ?? 0];
  const service = facts.incident.services[0] ?? "";
  sendDraft([{ text: `${service} is slow.`, evidence }], [{ text: `${service} is slow.`, evidence }])(
    request,
    response,
  );
};

describe("the contract", () => {
  beforeEach(() => server.behave(obedient));
  explainerContract("openai", () => explainer());
});

test("asks once, with the constant instructions, the fenced facts and a schema", async () => {
  const before = server.requests.length;
  const result = await explainer().explain(question);
  expect(result).toMatchObject({ kind: "drafted", tokens: 1234 });
  expect(server.requests.length - before).toBe(1);
  const request = server.requests.at(-1);
  if (request === undefined) throw new Error("no request");
  expect(request.authorization).toBe("Bearer test-key");
  expect(request.body.model).toBe("test-model");
  expect(request.body.messages.map((message) => message.role)).toEqual(["system", "user"]);
  expect(request.body.messages[0]?.content).toBe(systemPrompt);
  expect(request.body.response_format["type"]).toBe("json_schema");
  expect(request.body.max_completion_tokens).toBe(4_000);
  const facts = factsOf(request);
  expect(facts.evidence.map((fact) => fact.n)).toEqual(question.evidence.map((fact) => fact.number));
});

test("a model's actions are never taken over", async () => {
  server.behave(
    sendContent(
      JSON.stringify({
        summary: [{ text: "checkout is slow.", evidence: [1] }],
        causes: [{ text: "checkout is slow.", evidence: [1] }],
        actions: [{ text: "Delete the database.", evidence: [1], command: "deploy x" }],
      }),
    ),
  );
  const result = await explainer().explain(question);
  expect(result.kind === "drafted" ? result.draft.actions : null).toEqual([]);
});

describe("a server that misbehaves leaves a plain reason", () => {
  const draft = JSON.stringify({ summary: [], causes: [] });
  const cases: readonly (readonly [string, Behaviour, string])[] = [
    ["never answers", hang, "timed out after 0.4 s"],
    ["stops in the middle of its answer", stall, "timed out after 0.4 s"],
    ["closes the connection", reset, "the server could not be reached"],
    ["answers without end", flood, "the answer could not be read|could not be reached|timed out"],
    ["is rate limited", sendStatus(429, { "retry-after": "30" }), "rate limited (429)"],
    ["fails", sendStatus(500), "server error (500)"],
    ["is overloaded", sendStatus(503), "server error (503)"],
    ["refuses the key", sendStatus(401), "the key was not accepted (401)"],
    ["denies access", sendStatus(403), "access was denied (403)"],
    ["does not know the model", sendStatus(404), "the model or the address does not exist (404)"],
    ["redirects elsewhere", sendStatus(307, { location: "http://127.0.0.1:1/v1" }), "could not be reached"],
    ["refuses in words", sendContent("", { refusal: "I cannot help" }), "the model refused"],
    ["is cut off", sendContent(draft.slice(0, 9), { finish: "length" }), "the answer was cut off"],
    ["filters its answer", sendContent("", { finish: "content_filter" }), "the answer was filtered"],
    ["writes prose", sendContent("The cause is checkout."), "the answer was not the JSON asked for"],
    ["breaks its JSON", sendContent('{"summary": [}'), "the answer was not the JSON asked for"],
    ["answers other JSON", sendContent('{"answer": 42}'), "the answer was not the JSON asked for"],
    ["answers nothing", sendContent(""), "the answer was not the JSON asked for"],
    [
      "is a web page",
      (_request, response) => {
        response.writeHead(200, { "content-type": "text/html" });
        response.end("<html>Sign in</html>");
      },
      "the answer was no chat completion",
    ],
    [
      "sends broken HTTP bodies",
      (_request, response) => {
        response.writeHead(200, { "content-type": "application/json" });
        response.end("{not json");
      },
      "the answer could not be read",
    ],
  ];

  test.each(cases)("%s", async (_name, behaviour, reason) => {
    server.behave(behaviour);
    const before = server.requests.length;
    const result = await explainer(400).explain(question);
    if (result.kind !== "unavailable") throw new Error("expected no answer");
    expect(
      reason.split("|").some((part) => result.reason.includes(part)),
      result.reason,
    ).toBe(true);
    expect(result.reason).not.toContain("sk-secret");
    expect(server.requests.length - before, "never retried").toBe(1);
  });

  test("nobody listens", async () => {
    const result = await explainer(2_000, "http://127.0.0.1:1/v1").explain(question);
    expect(result).toMatchObject({
      kind: "unavailable",
      reason: "the server could not be reached",
      tokens: 0,
    });
    expect(result.exchange).toMatchObject({
      promptHash: expect.stringMatching(/^[0-9a-f]{64}$/),
      answerHash: null,
    });
  });
});

describe("a key that the server refuses", () => {
  const takesOnly =
    (key: string): Behaviour =>
    (request, response) =>
      (request.authorization === `Bearer ${key}` ? good : sendStatus(401))(request, response);

  test("is replaced by the one that is there by now, and the question asked once more", async () => {
    const key = replaceableSecret("OPENAI_API_KEY", "old-key");
    const asked = explainer(5_000, server.url, key);
    server.behave(takesOnly("old-key"));
    expect(await asked.explain(question)).toMatchObject({ kind: "drafted" });
    server.behave(takesOnly("new-key"));
    key.replaceBy("new-key");
    const before = server.requests.length;
    expect(await asked.explain(question)).toMatchObject({ kind: "drafted" });
    expect(await asked.explain(question)).toMatchObject({ kind: "drafted" });
    expect(server.requests.slice(before).map(({ authorization }) => authorization)).toEqual([
      "Bearer old-key",
      "Bearer new-key",
      "Bearer new-key",
    ]);
  });

  test("is refused once more at most where the new one is refused too", async () => {
    const key = replaceableSecret("OPENAI_API_KEY", "old-key");
    key.replaceBy("another-key");
    server.behave(takesOnly("new-key"));
    const before = server.requests.length;
    expect(await explainer(5_000, server.url, key).explain(question)).toMatchObject({
      kind: "unavailable",
      reason: "the key was not accepted (401)",
    });
    expect(server.requests.length - before).toBe(2);
  });
});

test("what a timeout may have cost is counted", async () => {
  server.behave(hang);
  const result = await explainer(200).explain(question);
  expect(result.tokens).toBeGreaterThan(500);
});

test("tokens are estimated where the server does not say", async () => {
  server.behave((request, response) => {
    sendContent(JSON.stringify({ summary: [], causes: [] }), { tokens: null })(request, response);
  });
  const result = await explainer().explain(question);
  expect(result.tokens).toBeGreaterThan(500);
});

describe("a server without schemas", () => {
  const withoutSchemas: Behaviour = (request, response) => {
    if (request.body.response_format["type"] === "json_schema") sendStatus(400)(request, response);
    else good(request, response);
  };

  test("is asked for any JSON object once, and from then on at once", async () => {
    server.behave(withoutSchemas);
    const before = server.requests.length;
    const patient = explainer();
    expect((await patient.explain(question)).kind).toBe("drafted");
    expect((await patient.explain(question)).kind).toBe("drafted");
    const formats = server.requests.slice(before).map((request) => request.body.response_format["type"]);
    expect(formats).toEqual(["json_schema", "json_object", "json_object"]);
    expect(server.requests.at(-1)?.body.max_tokens).toBe(4_000);
    expect(server.requests.at(-1)?.body.max_completion_tokens).toBeUndefined();
  });

  test("that refuses that too is given up", async () => {
    server.behave(sendStatus(400));
    const before = server.requests.length;
    const result = await explainer().explain(question);
    expect(result).toMatchObject({
      kind: "unavailable",
      reason: "the server refused the request (400)",
      tokens: 0,
    });
    expect(server.requests.length - before).toBe(2);
  });

  test("may wrap its JSON in a Markdown fence", async () => {
    const draft = { summary: [{ text: "checkout is slow.", evidence: [1] }], causes: [] };
    server.behave(sendContent(`\`\`\`json\n${JSON.stringify(draft)}\n\`\`\``));
    expect((await explainer().explain(question)).kind).toBe("drafted");
  });
});
