/** What docs/policy.md says of the shipped policy is what it decides, and its examples fit beside it. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { createCedarPolicy } from "../src/adapters/policy/cedar.ts";
import { type PolicyAction, type PolicyResource, policyActions } from "../src/domain/policy.ts";
import { blocksOf, tableOf } from "./docs.ts";

const read = (file: string) => readFileSync(path.resolve(import.meta.dirname, "..", file), "utf8");
const now = new Date("2026-03-01T12:30:00Z");

describe("docs/policy.md", () => {
  const text = read("docs/policy.md");
  const schema = read("assets/policy.cedarschema");
  const shippedPolicy = read("assets/policy.cedar");

  test.each(blocksOf(text).filter(({ language }) => language === "cedar"))(
    "shows a rule that fits beside the shipped ones, at line $line",
    async (block) => {
      const policy = `${shippedPolicy}\n${block.text}`;
      await expect(createCedarPolicy({ policy, schema, origin: "docs/policy.md" })).resolves.toBeDefined();
    },
  );

  test("names every action", () => {
    for (const action of policyActions) expect(text).toContain(`\`${action}\``);
  });

  test("says of every role what the shipped policy says", async () => {
    const policy = await createCedarPolicy({ policy: shippedPolicy, schema, origin: "assets/policy.cedar" });
    const header = ["may", "oncall", "sre", "ml-engineer", "approver", "auditor", "admin"];
    expect(text).toContain(`| ${header.join(" | ")} |`);
    const said = tableOf(text, "may").map((row) => row.join(" | "));
    const decided = rolesTable.map(({ row, questions }) => {
      const cells = header.slice(1).map((role) => {
        const answers = questions.map(({ action, resource }) => wordFor(role, action, resource));
        expect(new Set(answers).size, `${row} of ${role}`).toBe(1);
        return answers[0];
      });
      return [row, ...cells].join(" | ");
    });
    expect(said).toEqual(decided);

    function wordFor(role: string, action: PolicyAction, resource: PolicyResource): string {
      const ask = (about: PolicyResource) =>
        policy.decide({
          person: { id: "asker", name: role, roles: [role], accounts: {} },
          action,
          resource: about,
          via: "slack",
          now,
        });
      const answer = ask(resource);
      if (answer.kind === "allow")
        return answer.approvalsNeeded === 0 ? "yes" : answer.approvalsNeeded === 1 ? "one approval" : "more";
      const own = resource.type === "Rollout" ? ask({ ...resource, requestedBy: "asker" }) : answer;
      return own.kind === "allow" ? "own" : "";
    }
  });
});

const model = (environment: string): PolicyResource => ({
  type: "Model",
  name: "ranker",
  environment,
  alias: "champion",
  risk: "low",
  owners: [],
});
const bot: PolicyResource = { type: "Bot" };
const incident: PolicyResource = { type: "Incident", id: 1, severity: "high" };
const rollout: PolicyResource = {
  type: "Rollout",
  id: 1,
  model: "ranker",
  environment: "production",
  alias: "champion",
  risk: "low",
  owners: [],
  requestedBy: "someone else",
};
const ask = (action: PolicyAction, resource: PolicyResource) => ({ action, resource });
const rolesTable = [
  { row: "read, help", questions: [ask("read", bot), ask("help", bot)] },
  {
    row: "acknowledge, resolve, annotate, silence, digest, subscribe, declare, open_channel",
    questions: [
      ask("acknowledge", incident),
      ask("resolve", incident),
      ask("annotate", incident),
      ask("silence", bot),
      ask("digest", bot),
      ask("subscribe", bot),
      ask("declare", bot),
      ask("open_channel", incident),
    ],
  },
  { row: "deploy outside production", questions: [ask("deploy", model("staging"))] },
  { row: "deploy to production", questions: [ask("deploy", model("production"))] },
  { row: "roll back outside production", questions: [ask("rollback", model("staging"))] },
  { row: "roll back production", questions: [ask("rollback", model("production"))] },
  { row: "retrain", questions: [ask("retrain", model("production")), ask("retrain", model("staging"))] },
  { row: "approve, deny", questions: [ask("approve", rollout)] },
  { row: "cancel", questions: [ask("cancel", rollout)] },
  { row: "freeze, lock", questions: [ask("freeze", bot), ask("lock", model("production"))] },
  { row: "unlock", questions: [ask("unlock", model("production"))] },
  { row: "review", questions: [ask("review", bot)] },
  { row: "answer for a bake", questions: [ask("bake", rollout)] },
  { row: "audit", questions: [ask("audit", bot)] },
] as const;
