import { describe, expect, test } from "vitest";
import { rankCauses } from "../../src/domain/causes.ts";
import type { CauseQuestion } from "../../src/domain/correlation.ts";
import { createKindOf } from "../../src/domain/evidence-kind.ts";
import { shippedWeights } from "../../src/domain/weights.ts";
import { noon, sketchAlert, sketchChange, twoShops } from "./judgement-build.ts";

const minutesBefore = (minutes: number) => new Date(noon - minutes * 60_000);

function ask(question: Partial<CauseQuestion> & Pick<CauseQuestion, "alerts">): CauseQuestion {
  return { changes: [], topology: twoShops, feedback: new Map(), ...question };
}

const outage = [
  sketchAlert({ name: "HighErrorRate", service: "web-a", at: 30 }),
  sketchAlert({ name: "HighLatency", service: "cart-a", at: 5 }),
  sketchAlert({ name: "PodCrashLooping", service: "stock-a", at: 0 }),
];

describe("services", () => {
  test("the crashing service that the others depend on comes first, with its terms shown", () => {
    const [best] = rankCauses(ask({ alerts: outage }), shippedWeights);
    expect(best?.service).toBe("stock-a");
    expect(best?.changeId).toBeNull();
    expect(best?.terms.map((term) => term.name)).toContain("kind:crash");
    const sum = best?.terms.reduce((total, term) => total + term.score, 0);
    expect(best?.score).toBeCloseTo(sum ?? Number.NaN, 9);
  });

  test("a silent service that the alerts point at is a candidate", () => {
    const alerts = [
      sketchAlert({
        name: "SlowDependency",
        service: "cart-a",
        at: 0,
        labels: { destination_service: "stock-a" },
      }),
      sketchAlert({
        name: "SlowDependency",
        service: "web-a",
        at: 0,
        labels: { destination_service: "stock-a" },
      }),
    ];
    expect(rankCauses(ask({ alerts }), shippedWeights)[0]?.service).toBe("stock-a");
  });

  test("what people confirmed before counts, and what they refused counts against", () => {
    const alerts = [sketchAlert({ service: "web-a", at: 0 }), sketchAlert({ service: "web-b", at: 0 })];
    const rank = (right: number, wrong: number) =>
      rankCauses(
        ask({ alerts, feedback: new Map([["service:web-b", { right, wrong }]]) }),
        shippedWeights,
      )[0];
    expect(rank(5, 0)?.service).toBe("web-b");
    expect(rank(5, 0)?.terms.map((term) => term.name)).toContain("feedback");
    expect(rank(0, 5)?.service).toBe("web-a");
  });

  test("confidences are probabilities that add up to at most one", () => {
    const changes = [sketchChange({ id: "c1", service: "stock-a", at: minutesBefore(4) })];
    const causes = rankCauses(ask({ alerts: outage, changes }), shippedWeights);
    const sum = causes.reduce((total, cause) => total + cause.confidence, 0);
    expect(sum).toBeLessThanOrEqual(1 + 1e-9);
    for (const cause of causes) expect(cause.confidence).toBeGreaterThanOrEqual(0);
    expect(causes.map((cause) => cause.confidence)).toEqual(
      causes.map((cause) => cause.confidence).sort((a, b) => b - a),
    );
  });

  test("no alerts, no causes", () => {
    expect(rankCauses(ask({ alerts: [] }), shippedWeights)).toEqual([]);
  });
});

describe("changes", () => {
  test("a deploy of the failing service minutes before is blamed together with the service", () => {
    const changes = [
      sketchChange({ id: "guilty", service: "stock-a", title: "deploy stock-a v2", at: minutesBefore(4) }),
      sketchChange({ id: "far", service: "web-b", title: "deploy web-b v9", at: minutesBefore(3) }),
      sketchChange({ id: "old", service: "stock-a", title: "deploy stock-a v1", at: minutesBefore(110) }),
    ];
    const [best] = rankCauses(ask({ alerts: outage, changes }), shippedWeights);
    expect(best).toMatchObject({ service: "stock-a", changeId: "guilty" });
    expect(best?.terms.some((term) => term.name === "change:recent")).toBe(true);
  });

  test.each([
    ["only old changes", sketchChange({ service: "stock-a", at: minutesBefore(100) })],
    [
      "only a change after the first alert",
      sketchChange({ service: "stock-a", at: new Date(noon + 300_000) }),
    ],
    ["only a far one", sketchChange({ service: "web-b", at: minutesBefore(40) })],
  ])("%s: no change is blamed", (_name, change) => {
    expect(rankCauses(ask({ alerts: outage, changes: [change] }), shippedWeights)[0]?.changeId).toBeNull();
  });

  test("documentation is less suspect than code, and tidying less than a real change", () => {
    const at = minutesBefore(5);
    const suspicion = (text: string, title: string) => {
      const change = sketchChange({ service: "stock-a", title, text, at });
      const causes = rankCauses(ask({ alerts: outage, changes: [change] }), shippedWeights);
      return causes.find((cause) => cause.changeId !== null)?.confidence ?? 0;
    };
    const code = suspicion("src/stock/limits.ts\n+limit = 5", "lower the limit");
    expect(suspicion("docs/guide.md", "lower the limit")).toBeLessThan(code);
    expect(suspicion("src/stock/limits.ts\n+limit = 5", "tidy names")).toBeLessThan(code);
  });

  test("a flag that names a service concerns it, wherever the flag was flipped", () => {
    const flag = sketchChange({
      id: "flag",
      kind: "flag",
      service: "flags",
      title: "flags updated",
      text: "stockReservation: off -> on",
      at: minutesBefore(3),
    });
    const alerts = [sketchAlert({ name: "HighErrorRate", service: "stock", at: 0 })];
    const topology = { edges: [["stock", "flags"] as const], services: [] };
    const [best] = rankCauses(ask({ alerts, changes: [flag], topology }), shippedWeights);
    expect(best).toMatchObject({ service: "stock", changeId: "flag" });
  });

  test("a commit is judged by when its deploy went live", () => {
    const commit = sketchChange({
      id: "abc123",
      kind: "commit",
      title: "reserve stock later",
      at: minutesBefore(90),
    });
    const deploy = sketchChange({
      id: "d1",
      service: "stock-a",
      title: "deploy stock-a",
      text: "commit abc123",
      at: minutesBefore(4),
    });
    const causes = rankCauses(ask({ alerts: outage, changes: [commit, deploy] }), shippedWeights);
    expect(["abc123", "d1"]).toContain(causes[0]?.changeId);
  });
});

test("the operator's own kinds of evidence count in the ranking", () => {
  const alerts = [
    sketchAlert({ name: "Leaderless", service: "stock-a", at: 0 }),
    sketchAlert({ name: "HighLatency", service: "cart-a", at: 0 }),
  ];
  const kindOf = createKindOf([{ kind: "crash", words: ["leaderless"] }]);
  const score = (question: CauseQuestion) =>
    rankCauses(question, shippedWeights).find((cause) => cause.service === "stock-a")?.score ?? 0;
  expect(score(ask({ alerts, kindOf }))).toBeGreaterThan(score(ask({ alerts })) + 1);
});
