import { expect, test } from "vitest";
import {
  mayAtAll,
  policyActions,
  rolloutResource,
  sampleResources,
  sampleResourcesOf,
} from "../../src/domain/policy.ts";
import { rolloutIn } from "./rollout/build.ts";

const models = [
  { name: "scorer", environments: ["staging", "production"], risk: "low", owners: ["ml"] },
] as const;

test("every action has something that it could be done to", () => {
  for (const action of policyActions)
    expect(sampleResources(action, models).length, action).toBeGreaterThan(0);
});

test("what may be done in one place only may be done at all", () => {
  const onlyStaging = mayAtAll(
    "deploy",
    models,
    (_action, resource) => resource.type === "Model" && resource.environment === "staging",
  );
  expect(onlyStaging).toBe(true);
  expect(mayAtAll("deploy", models, () => false)).toBe(false);
  expect(mayAtAll("deploy", [], () => true)).toBe(false);
});

test("of rollouts a person is asked about their own, too", () => {
  const asking = (person: string) =>
    sampleResourcesOf({ id: person }, "cancel", models).map((resource) =>
      resource.type === "Rollout" ? `${resource.environment} ${resource.requestedBy}` : resource.type,
    );
  expect(asking("ml")).toEqual([
    "staging someone else",
    "production someone else",
    "staging ml",
    "production ml",
  ]);
  expect(sampleResourcesOf({ id: "ml" }, "audit", models)).toEqual([{ type: "Bot" }]);
});

test("a rollout of a model that is no longer configured counts as of high risk, and nobody's", () => {
  expect(rolloutResource(rolloutIn("pending"), models)).toMatchObject({
    risk: "low",
    owners: ["ml"],
    requestedBy: "ml",
  });
  expect(rolloutResource(rolloutIn("pending"), [])).toMatchObject({ risk: "high", owners: [] });
});
