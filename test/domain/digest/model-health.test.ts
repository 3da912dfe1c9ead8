import { describe, expect, test } from "vitest";
import { type Bake, newBake } from "../../../src/domain/bake.ts";
import { healthOf, isWell, type ModelPlace } from "../../../src/domain/digest/model-health.ts";

const place: ModelPlace = {
  model: "fraud-scorer",
  environment: "production",
  environments: ["staging", "production"],
  alerts: [[{ name: "service", op: "=", value: "checkout" }]],
};
const record = { version: "42", since: new Date("2026-03-01T08:00:00Z") };

function health(labels: Readonly<Record<string, string>>, bake: Bake | null = null) {
  return healthOf(place, record, bake, [{ name: "ScoreDrift", labels }]);
}

describe("an alert is the model's own", () => {
  test.each([
    ["by the configured matchers", { service: "checkout" }, 1],
    ["because it names the model", { model: "fraud-scorer" }, 1],
    ["in its environment", { model: "fraud-scorer", environment: "production" }, 1],
    [
      "not when it names another environment of the model",
      { model: "fraud-scorer", environment: "staging" },
      0,
    ],
    ["whatever else its label of that name means", { service: "checkout", environment: "eu-west" }, 1],
    ["not when it names another model", { model: "ranker" }, 0],
  ])("%s", (_name, labels, alertCount) => {
    expect(health(labels).alertCount).toBe(alertCount);
    expect(isWell(health(labels))).toBe(alertCount === 0);
  });
});

test("names are told once each, three at most, and all alerts are counted", () => {
  const firing = ["A", "A", "B", "C", "D"].map((name) => ({ name, labels: { model: "fraud-scorer" } }));
  expect(healthOf(place, record, null, firing)).toMatchObject({ alertCount: 5, alertNames: ["A", "B", "C"] });
});

test.each([
  ["failed", true],
  ["inconclusive", true],
  ["passed", false],
  ["watching", false],
] as const)("a bake that is %s asks for a person: %s", (state, isDoubtful) => {
  const bake = {
    ...newBake({ windowMs: 60_000, onFail: "ask", checks: [] }, { alerts: [], incident: 0 }),
    state,
  };
  expect(health({ model: "other" }, bake)).toMatchObject({ isDoubtful });
});

test("a place where nobody has looked is told as such", () => {
  expect(healthOf(place, null, null, [])).toMatchObject({ version: null, since: null, bake: null });
});
