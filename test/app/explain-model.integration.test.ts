import { describe, expect, test } from "vitest";
import { askModel } from "../../src/app/explain-model.ts";
import { questionTokens, upToHundred } from "../../src/domain/explanation/tokens.ts";
import { type Explainer, type ExplainResult, noMetrics, silentLog } from "../../src/ports.ts";
import { at, freshStore } from "../adapters/store/fixture.ts";
import { buildQuestion } from "../fixtures/explanation-question.ts";
import { questionOf, stories } from "../fixtures/incident-stories.ts";

const [story] = Object.values(stories);
const exchange = { model: "gpt-small", promptHash: "a".repeat(64), answerHash: "b".repeat(64) };

test.each<[string, ExplainResult, string]>([
  [
    "answered",
    { kind: "drafted", tokens: 812, exchange, draft: { summary: [], causes: [], actions: [] } },
    "done",
  ],
  ["was away", { kind: "unavailable", reason: "it did not answer", tokens: 0, exchange }, "failed"],
])(
  "a question to a model that %s is an entry: hashes and tokens, no text",
  async (_name, result, outcome) => {
    if (story === undefined) throw new Error("no story");
    const { store } = await freshStore();
    const question = questionOf(story);
    const model: Explainer = { name: "openai", explain: () => Promise.resolve(result) };
    const budget = { perDay: 100_000, perIncident: 20_000 };
    const asked = { model, question, budget, store, at: at(0), log: silentLog, metrics: noMetrics };
    await askModel(asked);
    const entries = await store.audit.read(1, 10);
    expect(entries).toHaveLength(1);
    expect(entries[0]).toMatchObject({
      action: "explainer.asked",
      subject: `incident:${question.incident.id}`,
      outcome,
      data: {
        explainer: "openai",
        llmModel: "gpt-small",
        promptHash: exchange.promptHash,
        answerHash: exchange.answerHash,
        tokens: result.tokens,
      },
    });
    expect(JSON.stringify(entries)).not.toContain(question.incident.title);
  },
);

describe("a budget (issue 3)", () => {
  const question = buildQuestion();
  const takes = questionTokens(question);
  const about = upToHundred(takes).toLocaleString("en-US");

  /** Asks so often, one after another, a model that answers at that cost; what each was told, and how often it was asked. */
  async function ask(perIncident: number, cost: number, times: number) {
    const { store } = await freshStore();
    let calls = 0;
    const model: Explainer = {
      name: "openai",
      async explain() {
        calls += 1;
        return { kind: "unavailable", reason: "asked", tokens: cost };
      },
    };
    const told: unknown[] = [];
    for (let time = 0; time < times; time += 1) {
      const budget = { perDay: 200_000, perIncident };
      const asked = { model, question, budget, store, at: at(0), log: silentLog, metrics: noMetrics };
      told.push(await askModel(asked));
    }
    return { told: told.map((answer) => (answer as { reason: string }).reason), calls };
  }

  test("is asked from while a question fits in what is left of it", async () => {
    const { told, calls } = await ask(20_000, 9_000, 3);
    expect(calls).toBe(2);
    expect(told).toEqual([
      "asked",
      "asked",
      `too little is left of this incident's budget: 2,000 of 20,000 tokens, and a question takes about ${about}`,
    ]);
  });

  test("that is smaller than a question is never overspent, and not said to be spent", async () => {
    const { told, calls } = await ask(2_000, 9_000, 2);
    expect(calls).toBe(0);
    const reason = `too little is left of this incident's budget: 2,000 of 2,000 tokens, and a question takes about ${about}`;
    expect(told).toEqual([reason, reason]);
  });

  test("that is used up is spent", async () => {
    expect((await ask(takes, takes, 2)).told).toEqual([
      "asked",
      `this incident's budget of ${takes.toLocaleString("en-US")} tokens is spent`,
    ]);
  });

  test("is kept together by those who ask at the same moment", async () => {
    const { store, another } = await freshStore();
    const stores = [store, await another()];
    let calls = 0;
    const model: Explainer = {
      name: "openai",
      async explain() {
        calls += 1;
        return { kind: "unavailable", reason: "asked", tokens: takes };
      },
    };
    const budget = { perDay: 3 * takes + 1, perIncident: 100_000 };
    await Promise.all(
      Array.from({ length: 12 }, async (_, index) => {
        const incident = { ...question.incident, id: index + 1 };
        await askModel({
          ...{ model, budget, at: at(0), log: silentLog, metrics: noMetrics },
          ...{ store: stores[index % 2] ?? store, question: { ...question, incident } },
        });
      }),
    );
    expect(calls).toBe(3);
  });
});
