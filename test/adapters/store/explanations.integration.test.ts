import { describe, expect, test } from "vitest";
import type { Evidence } from "../../../src/domain/explanation.ts";
import { buildExplanation } from "../../fixtures/explanation-question.ts";
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
  const explanation = buildExplanation({
    revision: 3,
    summary: [{ text: "it broke \uD83D\uDD14", evidence: [1, 2] }],
    actions: [{ text: "roll back", evidence: [1], command: "rollback x" }],
    ranked: [{ service: null, changeId: null, confidence: 0.25, score: -1.5, terms: [] }],
    modelOrder: [2, 1],
    asked: { basis: "b", at: at(1).toISOString() },
    at: at(2),
  });
  expect(await store.explanations.find(1)).toBeNull();
  await store.explanations.save({ ...explanation, revision: 2 });
  await store.explanations.save(explanation);
  expect(await store.explanations.find(1)).toEqual(explanation);
});

describe("tokens", () => {
  const budget = { perDay: 100, perIncident: 60 };
  const reserved = { kind: "reserved" };
  const tooLittle = (of: "day" | "incident", leftTokens: number) => ({ kind: "too_little", of, leftTokens });
  const wanted = (incidentId: number, tokens: number, day = "2026-01-31") => ({
    day,
    incidentId,
    tokens,
    budget,
  });

  test("are set aside before, and settled to what a question cost", async () => {
    const { store } = await freshStore();
    const { reserve, settle } = store.explanations;
    expect(await reserve(wanted(1, 50))).toEqual(reserved);
    expect(await reserve(wanted(1, 11))).toEqual(tooLittle("incident", 10));
    await settle(wanted(1, 50), 20);
    expect(await reserve(wanted(1, 41))).toEqual(tooLittle("incident", 40));
    expect(await reserve(wanted(1, 40))).toEqual(reserved);
    expect(await reserve(wanted(2, 41))).toEqual(tooLittle("day", 40));
    expect(await reserve(wanted(2, 40))).toEqual(reserved);
  });

  test("are limited for each day and for each incident over all days", async () => {
    const { store } = await freshStore();
    expect(await store.explanations.reserve(wanted(1, 60))).toEqual(reserved);
    expect(await store.explanations.reserve(wanted(1, 1, "2026-02-01"))).toEqual(tooLittle("incident", 0));
    expect(await store.explanations.reserve(wanted(2, 41))).toEqual(tooLittle("day", 40));
    expect(await store.explanations.reserve(wanted(2, 40))).toEqual(reserved);
    expect(await store.explanations.reserve(wanted(3, 60, "2026-02-01"))).toEqual(reserved);
  });

  test("that many set aside at once stay within the limit", async () => {
    const { store, another } = await freshStore();
    const stores = [store, await another()];
    const outcomes = await Promise.all(
      Array.from({ length: 30 }, (_, index) => stores[index % 2]?.explanations.reserve(wanted(index, 9))),
    );
    expect(outcomes.filter((outcome) => outcome?.kind === "reserved")).toHaveLength(11);
    expect(await store.explanations.reserve(wanted(40, 2))).toEqual(tooLittle("day", 1));
    expect(await store.explanations.reserve(wanted(40, 1))).toEqual(reserved);
  });

  test("that were set aside stay counted after a restart", async () => {
    const { store, another } = await freshStore();
    await store.explanations.reserve(wanted(1, 60));
    await store.close();
    expect(await (await another()).explanations.reserve(wanted(1, 1))).toEqual(tooLittle("incident", 0));
  });
});
