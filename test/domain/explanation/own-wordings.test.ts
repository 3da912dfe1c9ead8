/** What the bot says itself must never be withheld as if it gave orders; issue 3 §4. Driven, not copied. */
import { describe, expect, test } from "vitest";
import { weighChanges } from "../../../src/domain/causes/change-evidence.ts";
import { rankAnswers } from "../../../src/domain/causes.ts";
import type { Change } from "../../../src/domain/change.ts";
import type { CauseQuestion } from "../../../src/domain/clustering/correlation.ts";
import { shippedSignals } from "../../../src/domain/clustering/shipped-signals.ts";
import { readsLikeInstructions, withheld } from "../../../src/domain/explanation/instructions.ts";
import { buildPrompt } from "../../../src/domain/explanation/prompt.ts";
import { writeTemplate } from "../../../src/domain/explanation/template.ts";
import { endingText, whySimilar } from "../../../src/domain/incident/past.ts";
import { compareIncidents, featureKinds, featuresOf } from "../../../src/domain/incident/similar.ts";
import { createServiceGraph } from "../../../src/domain/topology.ts";
import { shippedWeights } from "../../../src/domain/weights.ts";
import { busyContext, seen } from "../../contracts/signal.ts";
import { buildChange } from "../../fixtures/explanation-question.ts";
import { questionOf, rankedQuestionOf, stories } from "../../fixtures/incident-stories.ts";
import { at, buildAlert, buildIncident } from "../build.ts";

const edges = [
  ["web", "checkout"],
  ["checkout", "cart"],
  ["cart", "cart-db"],
  ["probe", "far-db"],
] as const;

function change(given: Partial<Change>): Change {
  return buildChange({ kind: "deploy", rolloutId: null, service: "checkout", title: "v2", ...given });
}

/** Of each thing that may be said of a change, one of which it is said. */
const changes: readonly Change[] = [
  change({ id: "recent", at: at(-4) }),
  change({ id: "instant", at: at(0) }),
  change({ id: "clocks", at: new Date(at(0).getTime() + 30_000) }),
  change({ id: "after", at: at(8) }),
  change({ id: "commit", kind: "commit", title: "docs: explain the rota", at: at(-9) }),
  change({ id: "inert", title: "docs: fix", text: "docs/runbook.md\nREADME.md" }),
  change({ id: "cosmetic", kind: "commit", title: "rename a variable" }),
  change({ id: "trouble", kind: "flag", title: "fault injection: delays" }),
  change({ id: "off", kind: "flag", title: "new-cart", text: "on -> off" }),
  change({ id: "text", title: "connection pool of 5", text: "connections are exhausted sooner" }),
  change({ id: "placeless", service: null, title: "bump" }),
  change({ id: "near", service: "cart" }),
  change({ id: "nearby", service: "cart-db" }),
  change({ id: "far", service: "billing" }),
  change({ id: "named", kind: "flag", service: "billing", title: "checkout and cart: on" }),
];

const more = { value: "900", baseline: "100" };
const alerts = [
  buildAlert({ service: "checkout", name: "HighLatency", summary: "p99 9 s (usually 0.1 s)" }),
  buildAlert({ service: "checkout", name: "PoolExhausted", summary: "connections exhausted; cart is slow" }),
  buildAlert({ service: "web", name: "HighErrorRate", summary: "5xx 34 % (usually 0.1 %)" }),
  buildAlert({ service: "web", name: "TrafficHigh", summary: "requests 900/s", annotations: more }),
  buildAlert({ service: "checkout", name: "TrafficHigh", summary: "requests 900/s", annotations: more }),
  // Measured by its only caller, which itself is silent.
  buildAlert({
    service: "far-db",
    name: "SlowCalls",
    summary: "p99 3 s (usually 0.1 s)",
    labels: { alertname: "SlowCalls", service: "far-db", span_kind: "client" },
  }),
  buildAlert({ service: "web", name: "PodCrashLooping", summary: "checkout refused, pod restarts" }),
];

const votes = { right: 2, wrong: 1 };
const question: CauseQuestion = {
  alerts,
  changes,
  topology: { edges, services: [] },
  feedback: new Map([
    ["service:checkout", votes],
    ["service:web", { right: 0, wrong: 2 }],
    ["service:cart", { right: 1, wrong: 0 }],
    ["kind:deploy", votes],
    ["change:recent", votes],
  ]),
  confirmed: [{ service: "checkout", similarity: 0.8, incidentId: 3 }],
};

function termsOf(asked: CauseQuestion) {
  return rankAnswers(asked, shippedWeights).flatMap(({ terms }) => terms);
}

describe("reasons of a ranking", () => {
  const featured = weighChanges(question, createServiceGraph(question.topology)).flatMap(
    ({ features }) => features,
  );
  const terms = [...termsOf(question), ...termsOf({ ...question, alerts: alerts.slice(0, 1) })];

  test("all that is weighed of a change and of a service is said here", () => {
    const said = new Set([...terms, ...featured].map(({ name }) => name.replace(/^change:/, "")));
    const weighed = [
      ...Object.keys(shippedWeights.causes.change),
      ...Object.keys(shippedWeights.causes.service).filter((name) => !/^(?:kind|size):/.test(name)),
    ];
    expect(weighed.filter((name) => !said.has(name))).toEqual([]);
  });

  test.each([...new Set([...terms, ...featured].map(({ because }) => because))])("%s", (because) => {
    expect(readsLikeInstructions(because)).toBe(false);
  });
});

describe("why alerts are together", () => {
  const message = "connection pool exhausted after 30 s";
  const some = ["web-a", "cart-a", "stock-a", "lone", null].flatMap((service, index) => [
    seen({ service, at: index }),
    seen({ service, at: index, summary: message, labels: { team: "a" } }, ["cart-a", "lone"]),
    seen({ service, at: index * 90, name: "HighCPU", end: 400, labels: { namespace: `${index}` } }),
    seen({ service, at: index, name: "PodCrashLooping", summary: message, labels: { team: "a" } }),
  ]);
  const context = busyContext();
  const said = (name: string) =>
    shippedSignals
      .filter((signal) => signal.name === name)
      .flatMap((signal) =>
        some.flatMap((a) =>
          some.flatMap((b) =>
            a !== b && a.at <= b.at && signal.score(a, b, context) !== null
              ? [signal.because(a, b, context)]
              : [],
          ),
        ),
      );

  test.each(shippedSignals.map(({ name, summary }) => [name, summary]))("%s", (name, summary) => {
    const reasons = new Set([...said(name), summary]);
    expect(reasons.size).toBeGreaterThan(1);
    expect([...reasons].filter(readsLikeInstructions)).toEqual([]);
  });
});

describe("earlier incidents", () => {
  const features = featuresOf(alerts);
  const { parts } = compareIncidents(features, features, { incidents: 9, having: new Map() });

  test("why they are alike", () => {
    const kinds = new Set(parts.map(({ kind }) => kind));
    expect(kinds).toEqual(new Set([...featureKinds, "common"]));
    for (const text of [whySimilar({ parts }), ...parts.map(({ because }) => because)])
      expect(readsLikeInstructions(text), text).toBe(false);
  });

  test("how they ended", () => {
    const incident = buildIncident({ state: "resolved", resolvedAt: at(40), resolvedBy: "ana" });
    const nothing = { reason: null, confirmed: [], rollouts: [] };
    const known = {
      reason: "restarted the mailer",
      confirmed: [
        { service: "checkout", changeId: null, changeKind: null },
        { service: null, changeId: "d-1", changeKind: "deploy" as const },
      ],
      rollouts: [{ id: 1, title: "deploy scorer 41 to 42" }],
    };
    for (const ending of [nothing, known])
      for (const resolvedBy of ["ana", null]) {
        const text = endingText({ incident: { ...incident, resolvedBy }, ending });
        expect(readsLikeInstructions(text), text).toBe(false);
      }
  });
});

describe("what is written about an incident", () => {
  const told = Object.entries(stories).flatMap(([name, story]) =>
    [questionOf(story), rankedQuestionOf(story)].map((asked) => [name, asked] as const),
  );
  test.each(told)("%s", (_name, asked) => {
    const { summary, causes, actions } = writeTemplate(asked);
    const terms = asked.causes.flatMap((cause) => cause.terms.map(({ because }) => because));
    const claims = [...summary, ...causes, ...actions].map(({ text }) => text);
    expect(
      [...claims, ...terms, ...asked.evidence.map(({ text }) => text)].filter(readsLikeInstructions),
    ).toEqual([]);
    expect(buildPrompt(asked).user).not.toContain(withheld);
  });
});

test("what stands for withheld text reads like none itself", () => {
  expect(readsLikeInstructions(`warning alert ${withheld} on ${withheld}`)).toBe(false);
});
