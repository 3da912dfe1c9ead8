import { describe, expect, test } from "vitest";
import type { Cause } from "../../../src/domain/clustering/correlation.ts";
import {
  countFeedback,
  type Feedback,
  heedVerdicts,
  standingVerdicts,
  suspectName,
  suspectOf,
  type Verdict,
} from "../../../src/domain/learning/feedback.ts";

const start = Date.parse("2026-03-02T10:00:00Z");
let minutes = 0;

function said(over: Partial<Feedback> = {}): Feedback {
  minutes += 1;
  return {
    kind: "right_cause",
    incidentId: 1,
    subject: "service:api",
    person: "oncall",
    at: new Date(start + minutes * 60_000),
    data: {},
    ...over,
  };
}

function votes(...feedback: Feedback[]) {
  return Object.fromEntries(countFeedback(feedback));
}

describe("counting what people said", () => {
  test.each<[string, Feedback[], object]>([
    ["one person, once", [said()], { "service:api": { right: 1, wrong: 0 } }],
    ["the same person again", [said(), said()], { "service:api": { right: 1, wrong: 0 } }],
    [
      "a person who changed their mind",
      [said(), said({ kind: "wrong_cause" })],
      { "service:api": { right: 0, wrong: 1 } },
    ],
    [
      "another cause by the same person takes the first back",
      [said(), said({ subject: "service:db" })],
      { "service:db": { right: 1, wrong: 0 } },
    ],
    [
      "a refusal and then the real cause",
      [said({ kind: "wrong_cause" }), said({ subject: "service:db" })],
      { "service:api": { right: 0, wrong: 1 }, "service:db": { right: 1, wrong: 0 } },
    ],
    ["two people", [said(), said({ person: "sre-lead" })], { "service:api": { right: 2, wrong: 0 } }],
    ["two incidents", [said(), said({ incidentId: 2 })], { "service:api": { right: 2, wrong: 0 } }],
    ["groupings", [said({ kind: "merge", subject: "incident:2" })], {}],
    [
      "a change counts for its kind and for the service it is blamed for",
      [said({ subject: "change:d-1", data: { service: "api", changeKind: "deploy" } })],
      {
        "service:api": { right: 1, wrong: 0 },
        "change:d-1": { right: 1, wrong: 0 },
        "kind:deploy": { right: 1, wrong: 0 },
      },
    ],
    [
      "a refused change says nothing against a service that the same person confirms",
      [
        said(),
        said({ kind: "wrong_cause", subject: "change:d-1", data: { service: "api", changeKind: "deploy" } }),
      ],
      {
        "service:api": { right: 1, wrong: 0 },
        "change:d-1": { right: 0, wrong: 1 },
        "kind:deploy": { right: 0, wrong: 1 },
      },
    ],
  ])("%s", (_name, feedback, expected) => {
    expect(votes(...feedback)).toEqual(expected);
  });

  test("a person's words on one incident leave those on another alone", () => {
    const all = votes(said(), said({ incidentId: 2, kind: "wrong_cause" }));
    expect(all).toEqual({ "service:api": { right: 1, wrong: 1 } });
  });
});

test("what stands is the last word of each person on each suspect", () => {
  const standing = standingVerdicts([
    said({ person: "a" }),
    said({ person: "b", kind: "wrong_cause" }),
    said({ person: "a", subject: "change:d-1", data: { service: "api", changeKind: "deploy" } }),
  ]);
  expect(
    standing.map(({ person, isRight, service, changeId }) => [person, isRight, service, changeId]),
  ).toEqual([
    ["b", false, "api", null],
    ["a", true, "api", "d-1"],
  ]);
});

test.each([
  ["service:", null],
  ["nonsense", null],
  ["service:a:b", { service: "a:b", changeId: null, changeKind: null }],
  ["change:none", { service: null, changeId: "none", changeKind: null }],
])("a row about %s is about %o", (subject, suspect) => {
  expect(suspectOf(said({ subject }))).toEqual(suspect);
});

describe("heeding what was said of this very incident", () => {
  function cause(service: string, confidence: number, changeId: string | null = null): Cause {
    return {
      service,
      changeId,
      confidence,
      score: 1,
      terms: [{ name: "own", score: 1, because: "it fires" }],
    };
  }
  function verdict(over: Partial<Verdict> = {}): Verdict {
    const [first] = standingVerdicts([said()]);
    if (first === undefined) throw new Error("a verdict stands");
    return { ...first, ...over };
  }
  const nameOf = (person: string) => (person === "oncall" ? "Ada" : person);
  const ranking = [cause("api", 0.6, "d-1"), cause("api", 0.2), cause("db", 0.1)];

  test("what was refused goes behind what was not, with the reason shown", () => {
    const heeded = heedVerdicts(ranking, [verdict({ isRight: false })], nameOf);
    expect(heeded.map(({ service }) => service)).toEqual(["db", "api", "api"]);
    const term = heeded[1]?.terms.at(-1);
    expect(term).toMatchObject({ name: "verdict", because: "Ada says that api was not the cause" });
    expect(heeded[1]?.score).toBeCloseTo(1 + (term?.score ?? 0));
  });

  test("what was confirmed goes first", () => {
    const heeded = heedVerdicts(ranking, [verdict({ service: "db" })], nameOf);
    expect(heeded[0]?.service).toBe("db");
    expect(heeded[0]?.confidence).toBeGreaterThan(0.6);
  });

  test("a refused change leaves its service suspected for another reason", () => {
    const heeded = heedVerdicts(ranking, [verdict({ changeId: "d-1", isRight: false })], nameOf);
    expect(heeded.map(({ service, changeId }) => [service, changeId])[0]).toEqual(["api", null]);
  });

  test("no change to blame speaks for every suspect without one", () => {
    const heeded = heedVerdicts(ranking, [verdict({ service: null, changeId: "none" })], nameOf);
    expect(heeded.map(({ service, changeId }) => [service, changeId])[0]).toEqual(["api", null]);
  });

  test("confidences stay probabilities", () => {
    const heeded = heedVerdicts(ranking, [verdict(), verdict({ person: "b", isRight: false })], nameOf);
    expect(heeded.reduce((sum, { confidence }) => sum + confidence, 0)).toBeLessThanOrEqual(1);
    expect(heeded.every(({ confidence }) => confidence >= 0)).toBe(true);
  });

  describe("of what the ranking did not suspect", () => {
    const named = (heeded: readonly Cause[]) => heeded.map(({ service, changeId }) => [service, changeId]);
    const sum = (heeded: readonly Cause[]) => heeded.reduce((all, { confidence }) => all + confidence, 0);

    test.each<[string, Partial<Verdict>, readonly [string | null, string | null]]>([
      ["a service", { service: "vault" }, ["vault", null]],
      ["a change of a service", { service: "dns", changeId: "d-9" }, ["dns", "d-9"]],
      ["a change of no known service", { service: null, changeId: "d-9" }, [null, "d-9"]],
    ])("%s that somebody names goes first, with their word as its reason", (_name, over, suspect) => {
      const heeded = heedVerdicts(ranking, [verdict(over)], nameOf);
      expect(named(heeded)[0]).toEqual(suspect);
      expect(heeded).toHaveLength(ranking.length + 1);
      expect(heeded[0]?.confidence).toBeGreaterThan(0.9);
      const because = `Ada says that ${suspectName({ service: null, changeId: null, ...over })} was the cause`;
      expect(heeded[0]?.terms).toEqual([{ name: "verdict", score: heeded[0]?.score, because }]);
      expect(sum(heeded)).toBeLessThanOrEqual(1);
    });

    test("it goes first also where the ranking leaves nothing out", () => {
      const heeded = heedVerdicts([cause("api", 1)], [verdict({ service: "vault" })], nameOf);
      expect(named(heeded)[0]).toEqual(["vault", null]);
      expect(sum(heeded)).toBeLessThanOrEqual(1);
    });

    test("so does one that it held next to impossible", () => {
      const heeded = heedVerdicts(
        [cause("api", 0.98), cause("db", 0.001)],
        [verdict({ service: "db" })],
        nameOf,
      );
      expect(named(heeded)[0]).toEqual(["db", null]);
      expect(heeded[0]?.confidence).toBeCloseTo(0.95, 1);
      expect(heeded[0]?.score).toBeCloseTo(1 + (heeded[0]?.terms.at(-1)?.score ?? 0));
    });

    test("one that somebody else refuses does not", () => {
      const said = [
        verdict({ service: "vault" }),
        verdict({ service: "vault", isRight: false, person: "b" }),
      ];
      const heeded = heedVerdicts(ranking, said, nameOf);
      expect(named(heeded)[0]).toEqual(["api", "d-1"]);
      expect(named(heeded)).toContainEqual(["vault", null]);
      expect(sum(heeded)).toBeLessThanOrEqual(1);
    });

    test("two who name two leave it open between those", () => {
      const said = [verdict({ service: "vault" }), verdict({ service: "dns", person: "b" })];
      const [first, second, third] = heedVerdicts(ranking, said, nameOf);
      expect([first?.service, second?.service]).toEqual(["vault", "dns"]);
      expect(second?.confidence).toBeCloseTo(first?.confidence ?? 0);
      expect(third?.confidence).toBeLessThan(0.05);
    });

    test("a refused change of it takes nothing from a service that somebody names", () => {
      const said = [verdict({ changeId: "d-1", isRight: false }), verdict({ person: "b" })];
      const heeded = heedVerdicts([cause("db", 0.9), ...ranking.slice(0, 2)], said, nameOf);
      expect(named(heeded)[0]).toEqual(["api", null]);
    });

    test("what is refused becomes no candidate", () => {
      const heeded = heedVerdicts(ranking, [verdict({ service: "vault", isRight: false })], nameOf);
      expect(named(heeded)).toEqual(named(ranking));
    });
  });

  test("without a word nothing changes", () => expect(heedVerdicts(ranking, [], nameOf)).toBe(ranking));
});

test("a rollout of ours goes by its number, a change of others by its id", () => {
  expect(suspectName({ service: "api", changeId: "rollout:7:api" })).toBe("rollout 7 on api");
  expect(suspectName({ service: null, changeId: "rollout:7:api" })).toBe("rollout 7");
  expect(suspectName({ service: "api", changeId: "rollout-of-pain" })).toBe("change rollout-of-pain on api");
});
