import { describe, expect, test } from "vitest";
import { createKindOf } from "../../src/domain/alert/evidence-kind.ts";
import { rankCauses } from "../../src/domain/causes.ts";
import type { CauseQuestion } from "../../src/domain/clustering/correlation.ts";
import { shippedWeights } from "../../src/domain/weights.ts";
import { noon, sketchAlert, sketchChange, twoShops } from "./learning/judgement-build.ts";

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

  test("calls that the alerts name count like those of the topology", () => {
    const calling = (service: string, at: number, callee?: string) =>
      sketchAlert({
        ...{ name: "HighErrorRate", service, at },
        labels: callee === undefined ? {} : { destination_service: callee },
      });
    const alerts = [calling("front", 0, "middle"), calling("middle", 20, "back"), calling("back", 40)];
    const rank = (edges: readonly [string, string][]) =>
      rankCauses(ask({ alerts, topology: { edges, services: [] } }), shippedWeights);
    const delivered: [string, string][] = [
      ["front", "middle"],
      ["middle", "back"],
    ];
    expect(rank([])[0]?.service).toBe("back");
    expect(rank([])).toEqual(rank(delivered));
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

  test("what people confirmed in a similar incident is a candidate, and counts", () => {
    const alerts = [sketchAlert({ service: "web-a", at: 0 }), sketchAlert({ service: "cart-a", at: 0 })];
    const confirmed = [{ service: "vault", similarity: 0.9, incidentId: 7 }];
    const find = (causes: ReturnType<typeof rankCauses>) => causes.find(({ service }) => service === "vault");
    expect(find(rankCauses(ask({ alerts }), shippedWeights))).toBeUndefined();
    const vault = find(rankCauses(ask({ alerts, confirmed }), shippedWeights));
    expect(vault?.terms.map((term) => term.name)).toContain("confirmed");
  });

  test("a caller is explained away by a callee that is as slow, not by one that is hardly slower than usual", () => {
    const suspicion = (calleeValue: string) => {
      const slow = (service: string, value: string) =>
        sketchAlert({ name: "HighLatency", service, at: 0, annotations: { value, baseline: "0.1" } });
      const alerts = [slow("cart-a", "0.6"), slow("stock-a", calleeValue)];
      return rankCauses(ask({ alerts }), shippedWeights)[0]?.service;
    };
    expect(suspicion("0.58")).toBe("stock-a");
    expect(suspicion("0.12")).toBe("cart-a");
  });

  test("what only its callers measure is less suspect than what measures itself", () => {
    const alerts = [
      sketchAlert({ service: "stock-a", labels: { resource_type: "remote" }, at: 0 }),
      sketchAlert({ service: "stock-b", at: 0 }),
    ];
    expect(rankCauses(ask({ alerts }), shippedWeights)[0]?.service).toBe("stock-b");
  });

  test("a silent service is suspect when only what it alone calls is slow, and not when a callee says so of itself", () => {
    const topology = { edges: [["cart", "far"] as const, ["cart", "stock"] as const], services: [] };
    const far = sketchAlert({ service: "far", labels: { resource_type: "remote" }, at: 0 });
    const first = (...alerts: Parameters<typeof sketchAlert>[0][]) =>
      rankCauses(ask({ alerts: [far, ...alerts.map(sketchAlert)], topology }), shippedWeights)[0];
    expect(first()?.service).toBe("cart");
    expect(first()?.terms.map((term) => term.name)).toContain("measures");
    expect(first({ service: "stock", at: 0 })?.service).toBe("stock");
  });

  test("more requests come from the callers, so the one nobody calls is the source", () => {
    const alerts = ["web-a", "cart-a", "stock-a"].map((service) =>
      sketchAlert({
        name: "RequestRate",
        service,
        at: 0,
        annotations: { value: "900", baseline: "300" },
        summary: `request rate of ${service}`,
      }),
    );
    expect(rankCauses(ask({ alerts }), shippedWeights)[0]?.service).toBe("web-a");
  });

  test("where nothing points at anything, the answer is that the evidence is not enough", () => {
    const waiting = sketchAlert({
      name: "HighClientLatency",
      service: "lone",
      at: 0,
      annotations: { value: "28.8", baseline: "0.005" },
    });
    const [first, second] = rankCauses(ask({ alerts: [waiting] }), shippedWeights);
    expect(first).toMatchObject({ service: null, changeId: null });
    expect(first?.confidence).toBeGreaterThan(0.5);
    expect(second?.service).toBe("lone");
    const crash = [sketchAlert({ name: "PodCrashLooping", service: "lone", at: 0 })];
    expect(rankCauses(ask({ alerts: crash }), shippedWeights)[0]?.service).toBe("lone");
  });

  test("a lone candidate is not certain", () => {
    const alerts = [sketchAlert({ name: "HighErrorRate", service: "lone", at: 0 })];
    const causes = rankCauses(ask({ alerts }), shippedWeights);
    expect(Math.max(...causes.map(({ confidence }) => confidence))).toBeLessThan(0.9);
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

  test("of two changes alike, the one of the kind that people confirmed is more suspect", () => {
    const alerts = [sketchAlert({ service: "web-a", at: 0 })];
    const changes = (["flag", "config"] as const).map((kind) =>
      sketchChange({ id: kind, kind, service: "web-a", at: minutesBefore(4) }),
    );
    const confidenceOf = (feedback: ReadonlyMap<string, { right: number; wrong: number }>) =>
      rankCauses(ask({ alerts, changes, feedback }), shippedWeights).find(
        ({ changeId }) => changeId === "flag",
      )?.confidence ?? 0;
    const before = confidenceOf(new Map());
    expect(confidenceOf(new Map([["kind:flag", { right: 5, wrong: 0 }]]))).toBeGreaterThan(before);
    expect(confidenceOf(new Map([["kind:flag", { right: 0, wrong: 5 }]]))).toBeLessThan(before);
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
    ["only a far one, just before", sketchChange({ service: "web-b", at: minutesBefore(2) })],
    ["only one that no call is known to", sketchChange({ service: "payroll", at: minutesBefore(2) })],
    [
      "only one of documents",
      sketchChange({ service: "stock-a", text: "README.md, docs/runbook.md", at: minutesBefore(2) }),
    ],
  ])("%s: no change is blamed", (_name, change) => {
    expect(rankCauses(ask({ alerts: outage, changes: [change] }), shippedWeights)[0]?.changeId).toBeNull();
  });

  test.each([
    [4 * 60, ["came 4 min before the first alert", "came only 4 min before, less than alerts usually take"]],
    [
      0,
      [
        "came together with the first alert",
        "came together with the first alert, and alerts usually take longer",
      ],
    ],
    [-30, ["came 30 s after the first alert", "came 30 s after the first alert, by clocks that may differ"]],
    [-360, ["came 6 min after the first alert"]],
  ])("when a change came reads as it was, %s s before the first alert", (seconds, sentences) => {
    const change = sketchChange({ service: "stock-a", title: "v2", at: new Date(noon - seconds * 1_000) });
    const causes = rankCauses(ask({ alerts: outage, changes: [change] }), shippedWeights);
    const said = causes
      .find(({ changeId }) => changeId !== null)
      ?.terms.filter(({ name }) => /^change:(recent|instant|after)$/.test(name))
      .map(({ because }) => because.replace(/^deploy "v2" /, ""));
    expect(said?.toSorted()).toEqual(sentences.toSorted());
  });

  test("unrelated deploys minutes before do not take the place of an older one of the failing service", () => {
    const changes = [
      ...["web-b", "cart-b", "payroll"].map((service, index) =>
        sketchChange({ id: service, service, title: `deploy ${service}`, at: minutesBefore(2 + index) }),
      ),
      sketchChange({ id: "guilty", service: "stock-a", title: "deploy stock-a v2", at: minutesBefore(20) }),
    ];
    const causes = rankCauses(ask({ alerts: outage, changes }), shippedWeights);
    const blamed = causes.flatMap(({ changeId }) => changeId ?? []);
    expect(blamed[0]).toBe("guilty");
    const far = rankCauses(ask({ alerts: outage, changes: changes.slice(0, 3) }), shippedWeights)
      .flatMap(({ terms }) => terms)
      .filter(({ name }) => name === "change:far")
      .map(({ because }) => because);
    expect(new Set(far)).toEqual(
      new Set([
        "web-b is over 2 calls from every alerting service",
        "cart-b is over 2 calls from every alerting service",
        "no call is known between payroll and an alerting service",
      ]),
    );
  });

  test("what one alerting service calls is said to be called by one", () => {
    const alerts = [sketchAlert({ name: "HighErrorRate", service: "cart-a", at: 0 })];
    const changes = [sketchChange({ service: "stock-a", at: minutesBefore(4) })];
    const terms = rankCauses(ask({ alerts, changes }), shippedWeights).flatMap((cause) => cause.terms);
    const called = terms.find(({ name }) => name === "change:calledBy");
    expect(called?.because).toBe("1 alerting service calls stock-a");
  });

  test("a silent service is blamed when what it calls for changed minutes before its callers failed", () => {
    const alerts = [
      sketchAlert({ name: "HighErrorRate", service: "cart-a", at: 0 }),
      sketchAlert({ name: "HighErrorRate", service: "web-a", at: 20 }),
    ];
    const changes = [
      sketchChange({
        id: "guilty",
        kind: "config",
        service: "stock-a",
        title: "new limits",
        at: minutesBefore(4),
      }),
    ];
    const [best] = rankCauses(ask({ alerts, changes }), shippedWeights);
    expect(best).toMatchObject({ service: "stock-a", changeId: "guilty" });
    expect(best?.terms.map((term) => term.name)).toContain("changed");
  });

  test("a flood of newer changes elsewhere does not push the guilty one out", () => {
    const guilty = sketchChange({ id: "guilty", service: "stock-a", at: minutesBefore(5) });
    const flood = Array.from({ length: 2_000 }, (_, i) =>
      sketchChange({ id: `c${i}`, service: `other-${i}`, title: "scale", at: minutesBefore(2) }),
    );
    const [best] = rankCauses(ask({ alerts: outage, changes: [guilty, ...flood] }), shippedWeights);
    expect(best).toMatchObject({ service: "stock-a", changeId: "guilty" });
  });

  test("a change that people refused for this incident falls back", () => {
    const changes = [sketchChange({ id: "c1", service: "stock-a", at: minutesBefore(4) })];
    const confidence = (feedback: CauseQuestion["feedback"]) =>
      rankCauses(ask({ alerts: outage, changes, feedback }), shippedWeights).find(
        (cause) => cause.changeId === "c1" && cause.service === "stock-a",
      )?.confidence ?? 0;
    const refused = new Map([["change:c1", { right: 0, wrong: 2 }]]);
    expect(confidence(refused)).toBeLessThan(confidence(new Map()));
  });

  test("a flag that is switched on and speaks of failure is more suspect than a banner, or than its end", () => {
    const suspicion = (text: string) => {
      const flag = sketchChange({ id: "f", kind: "flag", title: "flags", text, at: minutesBefore(4) });
      return rankCauses(ask({ alerts: outage, changes: [flag] }), shippedWeights)
        .filter((cause) => cause.changeId === "f")
        .reduce((sum, { confidence }) => sum + confidence, 0);
    };
    const failure = suspicion("chargeFailure: off -> on");
    expect(suspicion("newBanner: off -> on")).toBeLessThan(failure);
    expect(suspicion("chargeFailure: on -> off")).toBeLessThan(failure);
  });

  test("documentation is less suspect than code, and tidying less than a real change", () => {
    const at = minutesBefore(5);
    const suspicion = (text: string, title: string) => {
      const change = sketchChange({ kind: "commit", service: "stock-a", title, text, at });
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
    expect(causes[0]?.changeId).toBe("d1");
    expect(causes.map((cause) => cause.changeId)).not.toContain("abc123");
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
  expect(score(ask({ alerts, kindOf }))).toBeGreaterThan(score(ask({ alerts })));
});
