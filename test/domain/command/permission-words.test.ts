import { expect, test } from "vitest";
import { actAtAllInWords, actInWords } from "../../../src/domain/command/permission-words.ts";
import {
  modelResource,
  type PolicyAction,
  policyActions,
  sampleResources,
} from "../../../src/domain/policy.ts";

const scorer = { name: "scorer", environments: ["production"], risk: "low", owners: [] } as const;

test.each<[PolicyAction, string]>([
  ["acknowledge", "acknowledge incident 0"],
  ["annotate", "work on incident 0"],
  ["deploy", "deploy scorer in production"],
  ["rollback", "roll back scorer in production"],
  ["approve", "approve rollout 0 of scorer in production"],
  ["deny", "turn down rollout 0 of scorer in production"],
  ["audit", "read the audit log"],
  ["silence", "silence alerts"],
])("%s is to %s", (action, words) => {
  const [resource] = sampleResources(action, [scorer]);
  if (resource === undefined) throw new Error("every action is done to something");
  expect(actInWords(action, resource)).toBe(words);
});

test("every action goes on after “you may not” in words, not in its own name with a colon", () => {
  for (const action of policyActions)
    for (const resource of sampleResources(action, [scorer]))
      expect(`You may not ${actInWords(action, resource)}`).toMatch(/^You may not [a-z][a-z0-9 ]+$/);
});

test.each<[PolicyAction, string]>([
  ["resolve", "resolve incidents"],
  ["deploy", "deploy models"],
  ["approve", "approve rollouts"],
  ["silence", "silence alerts"],
])("of everything of its kind %s is to %s", (action, words) => {
  const type = sampleResources(action, [scorer])[0]?.type ?? "Bot";
  expect(actAtAllInWords(action, type)).toBe(words);
});

test("a name from outside stays on one line", () => {
  const odd = modelResource({ name: `a\nb${"x".repeat(200)}`, risk: "low", owners: [] }, "production");
  expect(actInWords("deploy", odd)).toMatch(/^deploy a bx+… in production$/);
});
