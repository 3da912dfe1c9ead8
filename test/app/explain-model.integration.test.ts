import { expect, test } from "vitest";
import { askModel } from "../../src/app/explain-model.ts";
import { type Explainer, type ExplainResult, noMetrics, silentLog } from "../../src/ports.ts";
import { at, freshStore } from "../adapters/store/fixture.ts";
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
