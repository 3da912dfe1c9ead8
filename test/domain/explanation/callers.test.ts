import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  callersEvidence,
  citedDependents,
  withoutOldCallers,
} from "../../../src/domain/explanation/callers.ts";
import { checkDraft } from "../../../src/domain/explanation/check.ts";
import { evidenceFor } from "../../../src/domain/explanation/evidence.ts";
import { buildPrompt } from "../../../src/domain/explanation/prompt.ts";
import { materialOf, withTemplate } from "../../../src/domain/explanation/revision.ts";
import { selectEvidence } from "../../../src/domain/explanation/select-evidence.ts";
import { writeTemplate } from "../../../src/domain/explanation/template.ts";
import { groundsOf } from "../../../src/domain/explanation/wording.ts";
import type { Evidence } from "../../../src/domain/explanation.ts";
import type { Dependent, Dependents } from "../../../src/domain/topology/dependents.ts";
import {
  buildCause,
  buildFacts,
  buildQuestion,
  numbered,
  tracked,
} from "../../fixtures/explanation-question.ts";
import { injections } from "../../fixtures/injections.ts";
import { collectLeftOut } from "../../fixtures/left-out.ts";
import { at, buildIncident } from "../build.ts";

/** Who depends on a service: "web*" calls it itself, "web!" alerts. */
function dependents(of: string, marked: readonly string[], isCut = false): Dependents {
  const services = marked.map(
    (each): Dependent => ({
      service: each.replace(/[*!]/g, ""),
      isDirect: each.includes("*"),
      state: each.includes("!") ? "alerting" : "silent",
    }),
  );
  return { of, services, isCut };
}

function number(facts: readonly Omit<Evidence, "number">[]): readonly Evidence[] {
  return facts.map((fact, index) => ({ ...fact, number: index + 1 }));
}

const many = Array.from({ length: 20 }, (_, index) => `s${index + 10}`);

describe("what the fact says", () => {
  test.each<[readonly string[], boolean, string]>([
    [["web*"], false, "web calls db"],
    [["web*!", "cart*"], false, "web and cart call db"],
    [["front", "web*"], false, "front and web depend on db; web calls it"],
    [["front", "web*", "cart*"], false, "front, web and cart depend on db; web and cart call it"],
    [many.map((name) => `${name}*`), false, "s10, s11, s12, s13, s14, s15 and 14 more call db"],
    [[...many, "web*"], false, "s10, s11, s12, s13, s14, s15 and 15 more depend on db"],
    [many, true, "s10, s11, s12, s13, s14, s15 and at least 14 more depend on db"],
  ])("%s", (services, isCut, text) => {
    const [fact] = callersEvidence([dependents("db", services, isCut)], []);
    expect(fact).toMatchObject({ kind: "callers", text, at: null });
  });

  test("secrets are gone", () => {
    const secret = `ghp_${"a1B2".repeat(9)}`;
    const [fact] = callersEvidence([dependents("db", [`web-${secret}*`, "cart*"])], []);
    expect(JSON.stringify([fact?.text, fact?.data])).not.toContain("ghp_a1B2");
    expect(fact?.text).toMatch(/^web-.+ and cart call db$/);
  });

  test("whatever services are called, it is one bounded line", () => {
    fc.assert(
      fc.property(fc.array(fc.string({ maxLength: 3_000 }), { minLength: 1, maxLength: 30 }), (names) => {
        const [fact] = callersEvidence([dependents("db", names)], []);
        expect(fact?.text).not.toMatch(/[\n\r]/);
        expect((fact?.text ?? "").length).toBeLessThanOrEqual(700);
        expect((fact?.subject ?? "").length).toBeLessThanOrEqual(1_000);
      }),
    );
  });
});

describe("when there is a new fact", () => {
  const first = dependents("db", ["front", "web*"]);
  const known = number(callersEvidence([first], []));

  test.each<[string, Dependents, number]>([
    ["none while the same depend on it", first, 0],
    ["none when one of them begins to alert", dependents("db", ["front!", "web*"]), 0],
    ["one when another is named", dependents("db", ["front", "web*", "cart*"]), 1],
    ["one about another service", dependents("cache", ["front", "web*"]), 1],
  ])("%s", (_name, next, count) => {
    expect(callersEvidence([next], known)).toHaveLength(count);
  });

  test("beyond those that are named, one more is no new fact", () => {
    const before = number(callersEvidence([dependents("db", many)], []));
    expect(callersEvidence([dependents("db", [...many, "one-more"])], before)).toEqual([]);
  });

  test("no more than eight of an incident; the newest about a service then stands for it", () => {
    const { leftOut, counts } = collectLeftOut();
    let facts: readonly Evidence[] = [];
    for (let round = 0; round < 20; round += 1)
      facts = number([...facts, ...callersEvidence([dependents("db", [`caller-${round}`])], facts, leftOut)]);
    expect(facts).toHaveLength(8);
    expect(counts).toEqual({ callers: 12 });
    const [cited] = citedDependents([dependents("db", ["caller-19"])], facts);
    expect(cited?.evidence).toBe(8);
  });

  test("only facts that are cited now stay among what a text may rest on", () => {
    const facts = number([
      ...callersEvidence([first], []),
      ...callersEvidence([dependents("db", ["cart*"])], []),
      { kind: "alert", subject: "a", text: "a", at: null, data: {} },
    ]);
    const cited = citedDependents([first], facts);
    expect(withoutOldCallers(facts, cited).map((fact) => fact.number)).toEqual([1, 3]);
    expect(withoutOldCallers(facts, []).map((fact) => fact.number)).toEqual([3]);
  });
});

describe("it is never a reason for a cause", () => {
  const alone = tracked({ name: "HighLatency", service: "checkout", summary: "p99 2.3 s" });
  const cause = buildCause({ service: "checkout", changeId: null, terms: [] });
  const facts = buildFacts({
    incident: buildIncident({ services: ["checkout"] }),
    alerts: [alone],
    changes: [],
    causes: [cause],
  });
  const question = { incident: facts.incident, causes: facts.causes, undo: [], ...numbered(facts, []) };
  const callers = question.evidence.find(({ kind }) => kind === "callers")?.number ?? 0;

  test("with nothing besides, the evidence is still not enough", () => {
    const { causes } = writeTemplate(question);
    expect(callers).toBeGreaterThan(0);
    expect(causes.map(({ text }) => text)).toEqual([
      "Not enough evidence to name a cause: only checkout is alerting, and no change was reported around the start.",
    ]);
    expect(causes.flatMap(({ evidence }) => evidence)).not.toContain(callers);
  });

  test("an incident of which nothing else is known gets no text", () => {
    const only = question.evidence.filter(({ kind }) => kind === "callers");
    expect(writeTemplate({ ...question, evidence: only })).toEqual({ summary: [], causes: [], actions: [] });
  });

  test("no cause rests on it, whatever it names", () => {
    for (const service of ["checkout", "storefront", "fraud-scorer", "elsewhere"]) {
      expect(evidenceFor({ ...cause, service }, question.evidence)).not.toContain(callers);
      expect(groundsOf({ ...cause, service }, question.evidence)).not.toContain(callers);
    }
  });

  test("a model's sentence about causes does not stand on it alone", () => {
    const claim = { text: "storefront depends on checkout.", evidence: [callers] };
    const checked = checkDraft({ summary: [claim], causes: [claim] }, question);
    expect(checked.summary).toEqual([claim]);
    expect(checked.causes).toEqual([]);
    expect(checked.dropped.map(({ reason }) => reason)).toEqual(["rests on no more than who calls whom"]);
  });

  test("it takes no other fact's place", () => {
    const kinds = question.evidence.map(({ kind }) => kind);
    expect(kinds.filter((kind) => kind !== "callers")).toEqual(selectEvidence(facts).map(({ kind }) => kind));
    expect(kinds.at(-1)).toBe("callers");
  });
});

describe("what changes the text", () => {
  const question = buildQuestion({
    incident: buildIncident({ services: ["checkout"] }),
    alerts: [
      tracked({ service: "checkout" }),
      tracked({ name: "Slow", service: "checkout", startsAt: at(1) }),
    ],
    topology: {
      edges: [
        ["storefront", "checkout"],
        ["portal", "checkout"],
      ],
      services: [],
    },
    causes: [buildCause({ service: "checkout", changeId: null, terms: [] })],
  });

  test("another silent service, not another order of the same topology", () => {
    const same = buildQuestion({
      incident: question.incident,
      alerts: [
        tracked({ service: "checkout" }),
        tracked({ name: "Slow", service: "checkout", startsAt: at(1) }),
      ],
      topology: {
        edges: [
          ["portal", "checkout"],
          ["storefront", "checkout"],
        ],
        services: ["portal"],
      },
      causes: question.causes,
    });
    expect(materialOf(same, null)).toEqual(materialOf(question, null));
    const [known] = question.dependents ?? [];
    if (known === undefined) throw new Error("nothing depends on checkout");
    const services = known.services.filter(({ service }) => service !== "portal");
    expect(materialOf({ ...question, dependents: [{ ...known, services }] }, null)).not.toEqual(
      materialOf(question, null),
    );
  });

  test("a model's text falls with the fact about callers that it cites", () => {
    const callers = question.evidence.find(({ kind }) => kind === "callers")?.number ?? 0;
    const draft = writeTemplate(question);
    const made = { draft, material: materialOf(question, null), at: at(1) };
    const told = { ...withTemplate(question, { ...made, stored: null }), explainer: "openai" };
    const stored = { ...told, summary: [{ text: "A model wrote this.", evidence: [callers] }] };
    expect(withTemplate(question, { ...made, stored }).summary).toBe(stored.summary);
    const without = { ...question, evidence: question.evidence.filter(({ kind }) => kind !== "callers") };
    expect(withTemplate(without, { ...made, stored }).summary).toEqual(draft.summary);
  });
});

describe("what a model is told", () => {
  test("who has no alert stands with the fact", () => {
    const question = buildQuestion({
      topology: {
        edges: [
          ["portal", "storefront"],
          ["storefront", "checkout"],
        ],
        services: [],
      },
      causes: [buildCause({ service: "checkout", changeId: null })],
    });
    expect(buildPrompt(question).user).toContain('"withoutAlert":["portal"]');
  });

  test.each(injections().map(({ name, text, canary }) => [name, text, canary] as const))(
    "a service named by %s is shown to people and reaches no prompt",
    (_name, text, canary) => {
      const question = buildQuestion({
        topology: {
          edges: [
            [text, "storefront"],
            ["portal", "storefront"],
            ["storefront", "checkout"],
          ],
          services: [],
        },
        causes: [buildCause({ service: "checkout", changeId: null })],
      });
      const said = question.evidence.filter(({ kind }) => kind === "callers").map((fact) => fact.text);
      expect(said).toHaveLength(1);
      expect(said[0]).toMatch(/depend on checkout; storefront calls it$/);
      const { user } = buildPrompt(question);
      expect(user.toLowerCase()).not.toContain(canary);
      expect(user).toContain('"portal"');
    },
  );
});
