import { expect, test } from "vitest";
import { looksDifferent } from "../../../src/domain/rollout/shown.ts";
import { rolloutIn } from "./build.ts";

test("a card looks different exactly when something shown has changed", () => {
  const running = rolloutIn("running");
  expect(looksDifferent(running, { ...running, version: 9, revision: 9 })).toBe(false);
  expect(looksDifferent(running, { ...running, progress: { ...running.progress, note: "waits" } })).toBe(
    true,
  );
  expect(looksDifferent(running, { ...running, state: "cancelling" })).toBe(true);
});
