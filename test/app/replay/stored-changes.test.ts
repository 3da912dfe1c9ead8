import { expect, test } from "vitest";
import { createStoredChanges } from "../../../src/app/replay/stored-changes.ts";
import type { Change } from "../../../src/domain/change.ts";
import { sketchChange } from "../../domain/learning/judgement-build.ts";

const minute = (count: number) => new Date(Date.UTC(2026, 2, 1, 12, count));
const idsOf = (changes: readonly Change[]) => changes.map(({ id }) => id);

test("what the bot made or found is told once its time has come, and what deliveries bring is left to them", () => {
  const stored = createStoredChanges([
    sketchChange({ id: "rollout-7", kind: "rollout", rolloutId: 7, at: minute(1) }),
    sketchChange({ id: "deploy-1", at: minute(2) }),
    sketchChange({ id: "outside:ranker/production:5:2026", at: minute(3) }),
    sketchChange({ id: "rollout-8", kind: "rollout", rolloutId: 8, at: minute(9) }),
  ]);
  expect(idsOf(stored.until(minute(0)))).toEqual([]);
  expect(idsOf(stored.until(minute(3)))).toEqual(["rollout-7", "outside:ranker/production:5:2026"]);
  expect(idsOf(stored.until(minute(8)))).toEqual([]);
});

test("a move that a registry tells of is left out where the bot knew of it, and kept where it stored it as it was told", () => {
  const pointer = { registry: "mlflow", name: "ranker", alias: "champion", version: "5" };
  const moves = [
    sketchChange({ id: "known", pointer, at: minute(1) }),
    sketchChange({ id: "foreign", pointer, at: minute(1) }),
    sketchChange({ id: "deploy-1", at: minute(1) }),
  ];
  const stored = createStoredChanges([sketchChange({ id: "foreign", at: minute(1) })]);
  expect(idsOf(stored.news(moves))).toEqual(["foreign", "deploy-1"]);
  expect(idsOf(createStoredChanges(null).news(moves))).toEqual(["known", "foreign", "deploy-1"]);
});
