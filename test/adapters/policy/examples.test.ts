/** The example policies that ship, each beside the shipped policy, decide what they say. */
import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { createCedarPolicy } from "../../../src/adapters/policy/cedar.ts";
import { modelResource, type PolicyAction } from "../../../src/domain/policy.ts";
import type { Policy } from "../../../src/ports/policy.ts";

const assets = new URL("../../../assets/", import.meta.url);
const read = (name: string) => readFileSync(new URL(name, assets), "utf8");
const now = new Date("2026-03-02T10:00:00Z");
const model = {
  name: "scorer",
  risk: "high",
  owners: ["ml"],
  aliases: { staging: "challenger", canary: "champion" },
} as const;

async function beside(example: string): Promise<Policy> {
  return await createCedarPolicy({
    policy: `${read("policy.cedar")}\n${read(`policies/${example}`)}`,
    schema: read("policy.cedarschema"),
    origin: example,
  });
}

function decide(policy: Policy, role: string, action: PolicyAction, environment: string) {
  const person = { id: "asker", name: "Asker", roles: [role], accounts: {} };
  return policy.decide({ person, action, resource: modelResource(model, environment), via: "slack", now });
}

test("every example is here", () => {
  expect(readdirSync(new URL("policies/", assets)).sort()).toEqual([
    "aliases.cedar",
    "approval-groups.cedar",
    "staging-and-production.cedar",
  ]);
});

test.each([
  ["ml-engineer", "deploy", "staging", "allow"],
  ["ml-engineer", "rollback", "staging", "allow"],
  ["ml-engineer", "deploy", "production", "deny"],
  ["ml-engineer", "rollback", "production", "deny"],
  // An environment whose alias is champion is champion, whatever the environment is called.
  ["ml-engineer", "deploy", "canary", "deny"],
  ["oncall", "rollback", "production", "deny"],
  ["sre", "deploy", "production", "allow"],
  ["release-manager", "deploy", "production", "allow"],
  ["release-manager", "deploy", "staging", "deny"],
] as const)("aliases.cedar: %s may %s to %s: %s", async (role, action, environment, kind) => {
  expect(decide(await beside("aliases.cedar"), role, action, environment).kind).toBe(kind);
});

test.each([
  ["ml-engineer", "deploy", "staging", "allow"],
  ["ml-engineer", "deploy", "production", "deny"],
  ["ml-engineer", "rollback", "production", "deny"],
  ["oncall", "deploy", "staging", "allow"],
  ["sre", "deploy", "production", "allow"],
  ["sre", "deploy", "staging", "allow"],
] as const)("staging-and-production.cedar: %s may %s to %s: %s", async (role, action, environment, kind) => {
  const decision = decide(await beside("staging-and-production.cedar"), role, action, environment);
  expect(decision.kind).toBe(kind);
  if (kind === "deny") expect(decision.policies).toEqual(["production is for sre"]);
});

test("approval-groups.cedar: the demands of all rules that permit are named, with their roles", async () => {
  const decision = decide(await beside("approval-groups.cedar"), "ml-engineer", "deploy", "production");
  if (decision.kind === "deny") throw new Error(decision.because);
  expect(decision.approvalsNeeded).toBe(2);
  expect([...decision.approvals].sort((a, b) => a.rule.localeCompare(b.rule))).toEqual([
    { rule: "engineers deploy to production with one approval", count: 1, roles: [] },
    { rule: "high risk: one who leads the model's team", count: 1, roles: ["ml-lead", "risk-officer"] },
    { rule: "high risk: two of sre", count: 2, roles: ["sre"] },
  ]);
});
