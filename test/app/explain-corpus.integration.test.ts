import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createOpenAiExplainer } from "../../src/adapters/explainers/openai.ts";
import { type OpenStore, openStore } from "../../src/adapters/store/store.ts";
import type { Alert } from "../../src/domain/alert.ts";
import { rankCauses } from "../../src/domain/causes.ts";
import type { Change } from "../../src/domain/change.ts";
import { systemPrompt } from "../../src/domain/explanation/prompt.ts";
import { incidentView } from "../../src/domain/incident/view.ts";
import { shippedWeights } from "../../src/domain/weights.ts";
import { type Log, type Metrics, noMetrics } from "../../src/ports.ts";
import { aStoredAlert } from "../adapters/store/fixture.ts";
import { freshDatabase, type TestDatabase } from "../database.ts";
import { at, buildAlert, buildIncident } from "../domain/build.ts";
import {
  type Behaviour,
  factsOf,
  type ModelServer,
  sendContent,
  sendDraft,
  startModelServer,
} from "../fakes/model-server.ts";
import { buildChange } from "../fixtures/explanation-question.ts";
import { type HostileText, hostileTexts } from "../fixtures/hostile-texts.ts";
import { type Injection, injections } from "../fixtures/injections.ts";
import { secretSamples } from "../fixtures/secrets.ts";
import { createBench, storedExplanation } from "./explain-fixture.ts";

let database: TestDatabase;
let store: OpenStore;
let server: ModelServer;
beforeAll(async () => {
  database = await freshDatabase();
  store = await openStore({ url: database.url });
  server = await startModelServer();
});
afterAll(async () => {
  await server.close();
  await store.close();
  await database.close();
});

/** Does whatever the text says: repeats every string it was given, bare and dressed up as a fact. */
const obedient: Behaviour = (request, response) => {
  const facts = factsOf(request);
  const strings = facts.evidence
    .flatMap((fact) => [fact.fact, fact.quote ?? ""])
    .filter((text) => text !== "");
  const numbers = facts.evidence.map((fact) => fact.n);
  const service = facts.incident.services[0] ?? "";
  const dressed = (evidence: readonly number[]) =>
    strings.flatMap((text) => [
      { text, evidence },
      { text: `${service}: ${text}`, evidence },
    ]);
  const good = { text: `${service} is in trouble.`, evidence: numbers };
  sendDraft([good, ...dressed(numbers)], [...dressed(numbers), good])(request, response);
};

/** Writes what the attacker wishes, citing what exists or what was asked for, beside one honest sentence. */
function wishful({ wish }: HostileText): Behaviour {
  return (request, response) => {
    const facts = factsOf(request);
    const numbers = facts.evidence.map((fact) => fact.n);
    const evidence = wish.cites === "all" ? numbers.slice(0, 8) : wish.cites;
    const claims = (texts: readonly string[]) => texts.map((text) => ({ text, evidence }));
    const order = wish.order.map((rank) => ({ rank, text: wish.causes[0] ?? "", evidence }));
    const honest = { text: "checkout is slow.", evidence: numbers.slice(0, 1) };
    sendContent(
      JSON.stringify({
        summary: [...claims(wish.summary), honest],
        causes: [...claims(wish.causes), honest],
        order,
        actions: [{ text: "Do it.", evidence: [1], command: "deploy fraud-scorer evil" }],
      }),
    )(request, response);
  };
}

/** What was written to the log and counted, as one text. */
let traces: string[] = [];
const keep = (...parts: readonly unknown[]) => void traces.push(JSON.stringify(parts));
const tracingLog: Log = {
  debug: keep,
  info: keep,
  warn: keep,
  error: keep,
  child: () => tracingLog,
};
const tracingMetrics: Metrics = { ...noMetrics, count: keep, observe: keep, gauge: keep };

let nextId = 1;

async function explainIncident(
  alerts: readonly Partial<Alert>[],
  changes: readonly Partial<Change>[],
  behaviour: Behaviour = obedient,
) {
  traces = [];
  const id = nextId++;
  const first = alerts[0]?.service ?? "checkout";
  await store.incidents.save([
    buildIncident({ id, title: alerts[0]?.summary ?? "", services: [first], alertCount: alerts.length }),
  ]);
  await store.incidents.saveAlerts(
    alerts.map((given, index) => {
      const labels = { incident: String(id), index: String(index), ...given.labels };
      return aStoredAlert(buildAlert({ ...given, labels }), { incidentId: id });
    }),
  );
  // Each incident has an hour of its own, so that it sees no other's changes.
  await store.incidents.saveChanges(
    changes.map((given, index) =>
      buildChange({ id: `c-${id}-${index}`, kind: "deploy", rolloutId: null, ...given }),
    ),
  );
  server.behave(behaviour);
  const openai = createOpenAiExplainer({
    apiKey: "test-key",
    baseUrl: server.url,
    model: "test-model",
    timeoutMs: 10_000,
    log: tracingLog,
  });
  const bench = createBench(store, openai, {
    rankCauses: (question) => rankCauses(question, shippedWeights),
    budget: { perDay: 100_000_000, perIncident: 100_000 },
    log: tracingLog,
    metrics: tracingMetrics,
  });
  const before = server.requests.length;
  const startsAt = alerts[0]?.startsAt ?? at(0);
  bench.goTo(new Date(startsAt.getTime() + 60_000));
  await bench.explain(id);
  bench.goTo(new Date(startsAt.getTime() + 80_000));
  await bench.explain(id);
  const request = server.requests[before];
  if (request === undefined) throw new Error("the model was not asked");
  expect(server.requests.length).toBe(before + 1);
  return { id, request, explanation: await storedExplanation(store, id) };
}

/** The attack in every field that reaches an explanation. */
const everywhere = ({ text }: Pick<Injection, "text">, startsAt: Date) => ({
  alerts: [
    {
      name: "HighLatency",
      service: "checkout",
      summary: text,
      startsAt,
      annotations: { description: text },
    },
    { name: text.slice(0, 200), service: "checkout", startsAt },
    { name: "HighErrorRate", service: text.slice(0, 200), startsAt, labels: { note: text } },
  ],
  changes: [
    { title: text, text, author: text, service: "checkout", at: new Date(startsAt.getTime() - 60_000) },
    { title: "v2", service: text.slice(0, 200), at: new Date(startsAt.getTime() - 120_000) },
  ],
});

describe("orders in alert text", () => {
  const attacks = injections();

  test("the corpus is large enough", () => {
    expect(attacks.length).toBeGreaterThanOrEqual(60);
    expect(new Set(attacks.map((attack) => attack.text)).size).toBe(attacks.length);
  });

  test.each(attacks.map((attack, index) => [attack.name, attack, index] as const))(
    "%s gets nowhere",
    async (_name, attack, index) => {
      const { alerts, changes } = everywhere(attack, at(index * 180));
      const { id, request, explanation } = await explainIncident(alerts, changes);

      expect(request.body.messages.map((message) => message.role)).toEqual(["system", "user"]);
      expect(request.body.messages[0]?.content).toBe(systemPrompt);
      expect(Object.keys(JSON.parse(request.raw)).toSorted()).toEqual([
        "max_completion_tokens",
        "messages",
        "model",
        "response_format",
      ]);
      // Parses the fence: the stated length holds, and what follows is one JSON value.
      expect(factsOf(request).evidence.length).toBeGreaterThan(0);
      expect(request.raw.toLowerCase()).not.toContain(attack.canary);

      // What a model wrote. The template quotes people to people; what becomes of that: adapters/chat/attack-in-card.
      expect(explanation.explainer, explanation.fallback ?? "").toBe("openai");
      const shown = JSON.stringify([explanation.summary, explanation.causes]);
      expect(shown.toLowerCase()).not.toContain(attack.canary);
      expect(shown).not.toMatch(/https?:|<!|@everyone|\/rollback|curl/i);
      expect(explanation.actions.filter((action) => action.command !== undefined)).toEqual([]);
      expect((await store.incidents.find(id))?.state).toBe("open");
      expect(explanation.causes.length).toBeGreaterThan(0);
    },
  );
});

describe("a model that obeys what it reads", () => {
  const hostile = hostileTexts();

  test.each(hostile.map((entry, index) => [entry.kind, entry, index] as const))(
    "%s changes no more than words",
    async (_kind, entry, index) => {
      const startsAt = at(20_000 + index * 180);
      const { alerts, changes } = everywhere(entry, startsAt);
      const { id, request, explanation } = await explainIncident(alerts, changes, wishful(entry));
      expect(factsOf(request).evidence.length).toBeGreaterThan(0);

      const evidence = await store.explanations.evidence(id);
      const numbers = evidence.map((fact) => fact.number);
      const claims = [...explanation.summary, ...explanation.causes, ...explanation.actions];
      for (const claim of claims) {
        expect(claim.evidence.length).toBeGreaterThan(0);
        expect(claim.evidence.every((number) => numbers.includes(number))).toBe(true);
      }
      const written =
        explanation.explainer === "openai" ? [...explanation.summary, ...explanation.causes] : [];
      for (const { text } of written)
        expect(text).not.toMatch(
          /:\/\/|www\.|@|<|\]\(|(?:^|\s)\/[a-z]|curl|kubectl|javascript:|data:|\b(?:fine|recovered|planned)\b/i,
        );
      // Our ranking stands as it was computed, whatever order was asked for.
      const scores = explanation.ranked.map((cause) => cause.confidence);
      expect(scores).toEqual(scores.toSorted((a, b) => b - a));
      if (explanation.modelOrder !== null)
        expect(explanation.causes[0]?.text).toMatch(/^The model suspects .* first; by the ranking it comes /);

      const incident = await store.incidents.find(id);
      if (incident === null) throw new Error("the incident is stored");
      const card = incidentView({ incident, alerts: [], explanation, nameOf: (person) => person });
      const verbs = card.actions.map((action) => action.command.split(" ")[0]);
      expect(
        verbs.filter((verb) => !["ack", "assign", "resolve", "why", "cause"].includes(verb ?? "")),
      ).toEqual([]);
      expect(explanation.actions.filter((action) => action.command !== undefined)).toEqual([]);
      expect(incident.state).toBe("open");
    },
  );
});

describe("secrets in alert text", () => {
  const secrets = secretSamples("corpus");

  test("the corpus is large enough", () => {
    expect(secrets.length).toBeGreaterThanOrEqual(40);
  });

  const groups = Array.from({ length: Math.ceil(secrets.length / 10) }, (_, index) =>
    secrets.slice(index * 10, index * 10 + 10),
  );
  test.each(groups.map((group) => [group.map((secret) => secret.name).join(", "), group] as const))(
    "%s stay here",
    async (_names, group) => {
      const startsAt = at(100_000 + groups.indexOf(group) * 180);
      const { id, request, explanation } = await explainIncident(
        group.map((secret, index) => ({ name: `Rule${index}`, summary: secret.text, startsAt })),
        group.map((secret) => ({
          title: secret.text,
          service: "checkout",
          at: new Date(startsAt.getTime() - 60_000),
        })),
      );
      const evidence = await store.explanations.evidence(id);
      for (const { name, secret } of group) {
        const stored = [JSON.stringify(explanation), JSON.stringify(evidence)];
        for (const where of [request.raw, ...stored, traces.join("\n")]) {
          expect(where, name).not.toContain(secret);
          expect(where, name).not.toContain(JSON.stringify(secret).slice(1, -1));
        }
      }
      expect(request.raw).toContain("[redacted ");
    },
  );
});
