import { expect, test } from "vitest";
import { findTarget } from "../../../src/domain/command/target.ts";

const models = [
  { name: "scorer", environments: ["staging", "production"], risk: "high", owners: ["ml"] },
  { name: "correlator", environments: ["production"], risk: "low", owners: [] },
] as const;

function find(model: string, environment: string | null = null, to: string | null = "2") {
  const target = findTarget(models, { kind: "deploy", model, environment, to });
  return target.kind === "target" ? `${target.model.name}/${target.environment}` : target;
}

test("the only environment is meant when none is named", () => {
  expect(find("correlator")).toBe("correlator/production");
  expect(find("scorer", "staging")).toBe("scorer/staging");
});

test("an environment left open offers each as a command line", () => {
  expect(find("scorer")).toMatchObject({
    reason: "environment",
    suggestions: ["deploy scorer 2 --environment staging", "deploy scorer 2 --environment production"],
  });
  expect(find("scorer", "prod")).toMatchObject({ problem: 'scorer has no environment "prod".' });
});

test("a model that there is not is answered by the one that was meant, with what else was said", () => {
  expect(find("scorre", "staging")).toMatchObject({
    reason: "unknown_model",
    suggestions: ["deploy scorer 2 --environment staging"],
  });
  expect(find("xyzzy", null, null)).toMatchObject({ suggestions: ["models"] });
});
