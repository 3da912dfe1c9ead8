import { expect, test } from "vitest";
import type { Evidence, Explanation } from "../../../src/domain/explanation.ts";
import { at, freshStore } from "./fixture.ts";

function fact(subject: string, text = subject): Omit<Evidence, "number"> {
  return { kind: "alert", subject, text, at: at(0), data: { subject } };
}

test("evidence keeps its number when it is added again, and gets its new text", async () => {
  const { store } = await freshStore();
  await store.explanations.addEvidence(1, [fact("a"), fact("b"), fact("a", "a again")]);
  const all = await store.explanations.addEvidence(1, [
    fact("c"),
    fact("b", "b anew"),
    { ...fact("a"), kind: "change" },
  ]);
  expect(all.map((found) => [found.number, found.kind, found.subject, found.text])).toEqual([
    [1, "alert", "a", "a again"],
    [2, "alert", "b", "b anew"],
    [3, "alert", "c", "c"],
    [4, "change", "a", "a"],
  ]);
  expect(await store.explanations.evidence(1)).toEqual(all);
  expect(await store.explanations.addEvidence(2, [fact("a")])).toMatchObject([
    { number: 1, data: { subject: "a" } },
  ]);
});

test("many that add evidence at once give every number once", async () => {
  const { store, another } = await freshStore();
  const stores = [store, await another()];
  await Promise.all(
    Array.from({ length: 20 }, (_, index) =>
      stores[index % 2]?.explanations.addEvidence(1, [fact(`s${index}`), fact("x")]),
    ),
  );
  const numbers = (await store.explanations.evidence(1)).map((found) => found.number);
  expect(numbers).toEqual(Array.from({ length: 21 }, (_, index) => index + 1));
});

test("a subject too long for an index is evidence like any other", async () => {
  const { store } = await freshStore();
  const path = "service → ".repeat(2_000);
  await store.explanations.addEvidence(1, [fact(path)]);
  const again = await store.explanations.addEvidence(1, [fact(path, "again"), fact(`${path}!`)]);
  expect(again.map((found) => found.number)).toEqual([1, 2]);
});

test("an explanation comes back whole, and the newest stands", async () => {
  const { store } = await freshStore();
  const explanation: Explanation = {
    incidentId: 1,
    revision: 3,
    explainer: "template",
    fallback: null,
    summary: [{ text: "it broke \uD83D\uDD14", evidence: [1, 2] }],
    causes: [],
    actions: [{ text: "roll back", evidence: [1], command: "rollback x" }],
    ranked: [{ service: null, changeId: null, confidence: 0.25, score: -1.5, terms: [] }],
    basis: "b",
    asked: { basis: "b", at: at(1).toISOString() },
    at: at(2),
  };
  expect(await store.explanations.find(1)).toBeNull();
  await store.explanations.save({ ...explanation, revision: 2 });
  await store.explanations.save(explanation);
  expect(await store.explanations.find(1)).toEqual(explanation);
});

test("tokens are counted per day and per incident", async () => {
  const { store } = await freshStore();
  await store.explanations.spend("2026-01-31", 1, 100);
  await store.explanations.spend("2026-01-31", 1, 50);
  await store.explanations.spend("2026-01-31", 2, 7);
  await store.explanations.spend("2026-02-01", 1, 3);
  await store.explanations.spend("2026-02-01", 1, -2);
  expect(await store.explanations.spent("2026-01-31", 1)).toEqual({ today: 157, incident: 151 });
  expect(await store.explanations.spent("2026-03-01", 9)).toEqual({ today: 0, incident: 0 });
});
