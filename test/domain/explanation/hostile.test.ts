import { describe, expect, test } from "vitest";
import { checkDraft } from "../../../src/domain/explanation/check.ts";
import { evidenceFor, partsOf } from "../../../src/domain/explanation/evidence.ts";
import { readsLikeInstructions } from "../../../src/domain/explanation/instructions.ts";
import { buildPrompt } from "../../../src/domain/explanation/prompt.ts";
import type { Claim, Evidence, ExplanationQuestion } from "../../../src/domain/explanation.ts";
import { buildCause, buildQuestion, numberOf, tracked } from "../../fixtures/explanation-question.ts";
import { type HostileText, hostileTexts } from "../../fixtures/hostile-texts.ts";
import { injections } from "../../fixtures/injections.ts";
import { at, buildIncident } from "../build.ts";

const hostile = hostileTexts();

test("the corpus holds at least sixty kinds, each of its own", () => {
  expect(hostile.length).toBeGreaterThanOrEqual(60);
  for (const part of [
    hostile.map(({ kind }) => kind),
    hostile.map(({ text }) => text),
    hostile.map(({ canary }) => canary),
    // Without what tells them apart anyway.
    hostile.map(({ text, canary }) => text.replaceAll(canary, "")),
  ])
    expect(new Set(part).size).toBe(hostile.length);
});

/** An incident in which the text stands wherever others may write. */
function attackedBy(text: string): ExplanationQuestion {
  return buildQuestion({
    alerts: [
      tracked({ name: "HighLatency", severity: "high", summary: text, annotations: { description: text } }),
      tracked({ name: text.slice(0, 200), summary: "x", startsAt: at(1), url: text.slice(0, 500) }),
      tracked({ service: text.slice(0, 200), startsAt: at(2), labels: { note: text, x: "1" } }),
    ],
    topology: {
      edges: [
        [text.slice(0, 200), "storefront"],
        ["storefront", "checkout"],
        ["checkout", "fraud-scorer"],
      ],
      services: [],
    },
    // As somebody wrote who resolved one like it.
    past: [
      {
        incidentId: 3,
        similarity: 0.8,
        parts: [],
        incident: buildIncident({ id: 3, title: text, state: "resolved", resolvedAt: at(-50) }),
        ending: { reason: text, confirmed: [], rollouts: [{ id: 1, title: text }] },
      },
    ],
    causes: [
      buildCause({ terms: [{ name: "x", score: 1, because: text }] }),
      buildCause({ service: "checkout", changeId: null, confidence: 0.12, terms: [] }),
      buildCause({ service: text.slice(0, 200), changeId: null, confidence: 0.05, terms: [] }),
    ],
  });
}

/** What stands of the answers of a model that does as it is told, whatever it cites. */
function standing({ text, wish }: HostileText) {
  const question = attackedBy(text);
  const all = question.evidence.map((fact) => fact.number);
  const citations = wish.cites === "all" ? [all.slice(0, 8), ...all.map((number) => [number])] : [wish.cites];
  return citations.map((evidence) => {
    const claims = (texts: readonly string[]) => texts.map((sentence) => ({ text: sentence, evidence }));
    const order = wish.order.map((rank) => ({ rank, text: wish.causes[0] ?? "", evidence }));
    const draft = { summary: claims(wish.summary), causes: claims(wish.causes), order };
    return { question, evidence, ...checkDraft(draft, question) };
  });
}

/** True when a fact holds the word in a text that a model was let see. */
function holds(fact: Evidence, word: string): boolean {
  const { fact: what, quote } = partsOf(fact);
  return [what, quote].some((text) => !readsLikeInstructions(text) && text.toLowerCase().includes(word));
}

describe("a model that obeys", () => {
  test.each(hostile.map((entry) => [entry.kind, entry] as const))("%s", (_kind, entry) => {
    for (const { question, evidence, summary, causes, order } of standing(entry)) {
      for (const { text, evidence: cited } of [...summary, ...causes]) {
        expect(cited.length).toBeGreaterThan(0);
        expect(text).not.toMatch(
          /:\/\/|www\.|@|<|\]\(|(?:^|\s)\/[a-z]|curl|kubectl|javascript:|data:|\.example|\b(?:fine|recovered|planned)\b/i,
        );
        // A word of the attacker's only where the cited evidence openly holds it.
        const facts = question.evidence.filter((fact) => cited.includes(fact.number));
        if (text.toLowerCase().includes(entry.canary))
          expect(
            facts.some((fact) => holds(fact, entry.canary)),
            text,
          ).toBe(true);
      }
      if (order === null) continue;
      const [first] = order;
      const risen = question.causes[(first ?? 1) - 1];
      if (risen === undefined) throw new Error("an order of causes that do not exist");
      const grounds = evidenceFor(risen, question.evidence);
      expect(evidence.some((number) => grounds.includes(number))).toBe(true);
    }
  });

  test("gets few words through at all, and never where they were recognised as orders", () => {
    const through = hostile.filter((entry) =>
      standing(entry).some(({ summary, causes }) =>
        [...summary, ...causes].some(({ text }) => text.toLowerCase().includes(entry.canary)),
      ),
    );
    expect(through.filter(({ text }) => readsLikeInstructions(text))).toEqual([]);
    expect(through.length, through.map(({ kind }) => kind).join(", ")).toBeLessThanOrEqual(3);
  });
});

describe("the prompt stays two messages and one JSON value", () => {
  test.each(hostile.map((entry) => [entry.kind, entry] as const))("with %s", (_kind, { text }) => {
    const { user } = buildPrompt(attackedBy(text));
    const [, length, data = ""] = /^The following (\d+) characters [^\n]*\n([\s\S]*)$/.exec(user) ?? [];
    expect(data.length).toBe(Number(length));
    expect(() => JSON.parse(data)).not.toThrow();
    expect(data).not.toMatch(/[<>\n\u200b\u202e]|<\|/);
    expect(user.length).toBeLessThan(25_000);
  });
});

describe("a model that repeats the orders that it saw", () => {
  const question = buildQuestion();
  const latency = numberOf(question, "HighLatency on checkout");

  test.each(injections().map(({ name, text, canary }) => [name, text, canary]))(
    "%s",
    (_name, text, canary) => {
      // As if nothing had been withheld on the way in.
      const evidence = question.evidence.map((fact) =>
        fact.number === latency ? { ...fact, text, data: { ...fact.data, quote: text } } : fact,
      );
      const parts = text.split(/(?<=[.;:,])\s/);
      const claims = [
        text,
        `checkout: ${text}`,
        ...parts,
        ...parts.map((part) => `checkout says ${part}`),
      ].map((part): Claim => ({ text: part, evidence: [latency] }));
      const stood = claims.flatMap((claim) => {
        const checked = checkDraft({ summary: [claim], causes: [claim] }, { ...question, evidence });
        return [...checked.summary, ...checked.causes];
      });
      const shown = JSON.stringify(stood);
      expect(shown).not.toContain(canary);
      expect(shown).not.toMatch(/https?:|<!|@everyone|\/rollback|curl/i);
    },
  );
});
