import { expect, test } from "vitest";
import type { Explainer } from "../../src/ports.ts";
import { buildCause, buildFacts, buildQuestion } from "../fixtures/explanation-question.ts";

/** What every explainer must keep, whatever writes its prose. */
export function explainerContract(name: string, create: () => Promise<Explainer> | Explainer): void {
  const questions = {
    "a suspected rollout": buildQuestion(),
    "no likely change": buildQuestion({ causes: [buildCause({ service: null, changeId: null, terms: [] })] }),
    "one lone alert": buildQuestion({
      ...buildFacts(),
      alerts: buildFacts().alerts.slice(0, 1),
      changes: [],
      topology: { edges: [], services: [] },
      causes: [],
    }),
  };

  test.each(Object.entries(questions))(
    `${name} answers %s with claims that cite what exists`,
    async (_case, question) => {
      const explainer = await create();
      const result = await explainer.explain(question);
      if (result.kind === "unavailable") throw new Error(result.reason);
      const numbers = question.evidence.map((fact) => fact.number);
      const claims = [...result.draft.summary, ...result.draft.causes, ...result.draft.actions];
      expect(result.draft.summary.length).toBeGreaterThan(0);
      expect(result.draft.causes.length).toBeGreaterThan(0);
      for (const claim of claims) {
        expect(claim.text.trim()).not.toBe("");
        expect(claim.evidence.length).toBeGreaterThan(0);
        for (const number of claim.evidence) expect(numbers).toContain(number);
      }
      expect(result.tokens).toBeGreaterThanOrEqual(0);
    },
  );

  test(`${name} suggests no command that was not offered to it`, async () => {
    const question = { ...buildQuestion(), undo: [] };
    const result = await (await create()).explain(question);
    if (result.kind === "unavailable") throw new Error(result.reason);
    expect(result.draft.actions.filter((action) => action.command !== undefined)).toEqual([]);
  });
}
