import { describe, expect, test } from "vitest";
import { entryView } from "../../../src/domain/incident/entry-view.ts";
import { incidentView } from "../../../src/domain/incident/view.ts";
import type { Incident, TimelineEntry } from "../../../src/domain/incident.ts";
import { suspectMark, type Verdict } from "../../../src/domain/learning/feedback.ts";
import { verdictFields } from "../../../src/domain/learning/feedback-view.ts";
import { textOf, type View } from "../../../src/domain/view.ts";
import { buildCause, buildExplanation } from "../../fixtures/explanation-question.ts";
import { at, buildIncident } from "../build.ts";

const cause = buildCause({ service: "api", changeId: "d-1" });
const mark = suspectMark(cause);
const right = { label: "Right cause", command: `cause 1 right --suspect ${mark}` };
const wrong = { label: "Wrong cause", command: `cause 1 wrong --suspect ${mark}` };
const nameOf = (person: string) => person;

function card(incident: Partial<Incident>, more: Partial<Parameters<typeof incidentView>[0]> = {}): View {
  const explanation = buildExplanation({ ranked: [cause] });
  return incidentView({ incident: buildIncident(incident), alerts: [], explanation, nameOf, ...more });
}

function labels(view: View): readonly string[] {
  return view.actions.map(({ label }) => label);
}

function fieldsOf(view: View): Record<string, string> {
  const [block] = view.blocks;
  if (block?.kind !== "fields") throw new Error("a card begins with its fields");
  return Object.fromEntries(block.fields.map(({ label, value }) => [label, textOf(value)]));
}

describe("buttons about the first suspect", () => {
  test("stand behind those to act with, on one row", () => {
    const view = card({ state: "acknowledged" });
    expect(labels(view)).toEqual(["Take", "Resolve…", "Why", "Right cause", "Wrong cause"]);
    expect(view.actions.slice(3)).toMatchObject([right, wrong]);
  });

  test("stay on the card of an incident that is over", () => {
    expect(labels(card({ state: "resolved", resolvedAt: at(9), resolvedBy: "oncall" }))).toEqual([
      "Why",
      "Reopen",
      "Right cause",
      "Wrong cause",
    ]);
  });

  test.each<[string, Parameters<typeof card>]>([
    ["while nothing is suspected", [{}, { explanation: buildExplanation() }]],
    [
      "when the answer is that nothing is to blame",
      [{}, { explanation: buildExplanation({ ranked: [buildCause({ service: null, changeId: null })] }) }],
    ],
    ["before it is explained", [{}, { explanation: null }]],
    ["once it went into another", [{ mergedInto: 9, state: "resolved" }]],
  ])("are left out %s", (_name, given) => {
    expect(labels(card(...given)).filter((label) => label.endsWith("cause"))).toEqual([]);
  });

  test("make room for what can be undone", () => {
    const actions = [{ text: "Roll back the scorer.", evidence: [1], command: "rollback scorer" }];
    const explanation = buildExplanation({ ranked: [cause], actions });
    const made = labels(card({}, { explanation }));
    expect(made).toEqual(["Acknowledge", "Take", "Resolve…", "Why", "Roll back scorer"]);
    expect(labels(card({ state: "acknowledged" }, { explanation }))).toEqual(made.slice(1));
  });

  test("are about the suspect that a model put first with evidence", () => {
    const second = buildCause({ service: "db", changeId: null });
    const explanation = buildExplanation({ ranked: [cause, second], modelOrder: [2, 1] });
    expect(card({ state: "acknowledged" }, { explanation }).actions[3]?.command).toBe(
      `cause 1 right --suspect ${suspectMark(second)}`,
    );
  });

  test("are on the line of the thread that tells a suspect, and on no other", () => {
    const entry: TimelineEntry = {
      id: 1,
      incidentId: 1,
      at: at(1),
      kind: "explained",
      actor: "tocsin",
      text: "Now suspects the deploy of api",
      data: { service: "api", changeId: "d-1" },
      isPosted: true,
    };
    expect(entryView(entry, nameOf).actions).toMatchObject([right, wrong]);
    expect(entryView({ ...entry, data: { service: null, changeId: null } }, nameOf).actions).toEqual([]);
    expect(entryView({ ...entry, data: { service: 7 } }, nameOf).actions).toEqual([]);
    expect(entryView({ ...entry, kind: "resolved" }, nameOf).actions).toEqual([]);
  });
});

describe("what people say", () => {
  function verdict(over: Partial<Verdict> = {}): Verdict {
    return {
      service: "api",
      changeId: null,
      changeKind: null,
      isRight: true,
      person: "oncall",
      at: at(1),
      ...over,
    };
  }

  test("is on the card, by whom", () => {
    const verdicts = [
      verdict(),
      verdict({ person: "lead" }),
      verdict({ service: "db", isRight: false }),
      verdict({ person: "ml", service: null, changeId: "none" }),
    ];
    expect(fieldsOf(card({}, { verdicts }))).toMatchObject({
      Cause: "api, say oncall and lead; no change, says ml",
      "Not the cause": "db, says oncall",
    });
    expect(Object.keys(fieldsOf(card({})))).not.toContain("Cause");
  });

  test("is counted when many say it", () => {
    const verdicts = ["a", "b", "c", "d", "e"].map((person) => verdict({ person }));
    const [field] = verdictFields(verdicts, nameOf);
    expect(textOf(field?.value ?? [])).toBe("api, say a and b and c and 2 more");
  });
});

describe("a family", () => {
  test("the card of a split incident names its parent and makes no sound", () => {
    const view = card({ parentId: 7 });
    expect(fieldsOf(view)["Split from"]).toBe("#7");
    expect(view.isQuiet).toBe(true);
  });

  test("the card of the parent lists what was split from it", () => {
    const view = card({}, { children: [8, 9] });
    expect(fieldsOf(view)["Split into"]).toBe("#8, #9");
    expect(view.isQuiet).toBeUndefined();
  });
});
