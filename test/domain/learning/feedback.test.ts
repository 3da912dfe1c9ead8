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

  test("without a word nothing changes", () => expect(heedVerdicts(ranking, [], nameOf)).toBe(ranking));
});

test("a rollout of ours goes by its number, a change of others by its id", () => {
  expect(suspectName({ service: "api", changeId: "rollout:7:api" })).toBe("rollout 7 on api");
  expect(suspectName({ service: null, changeId: "rollout:7:api" })).toBe("rollout 7");
  expect(suspectName({ service: "api", changeId: "rollout-of-pain" })).toBe("change rollout-of-pain on api");
});
