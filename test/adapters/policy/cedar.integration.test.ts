import { execFile } from "node:child_process";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";

/** Optimises the glue of a decision, and throws the optimised code away while the decision is being made. */
const script = `
const { readFileSync } = await import("node:fs");
const { createCedarPolicy } = await import(${JSON.stringify(new URL("../../../src/adapters/policy/cedar.ts", import.meta.url).href)});
const read = (name) => readFileSync(new URL(name, ${JSON.stringify(new URL("../../../assets/", import.meta.url).href)}), "utf8");
await createCedarPolicy({ policy: read("policy.cedar"), schema: read("policy.cedarschema"), origin: "test" });
const cedar = (await import("@cedar-policy/cedar-wasm/nodejs")).default;
cedar.preparsePolicySet("p", { staticPolicies: { a: "permit(principal, action, resource);" } });
let hook = () => {};
const call = () => ({
  principal: { type: "P", id: "a" }, action: { type: "Action", id: "x" }, resource: { type: "R", id: "r" },
  preparsedPolicySetId: "p", entities: [], get context() { hook(); return {}; },
});
const decide = cedar.statefulIsAuthorized;
const native = (name) => new Function("f", "%" + name + "(f)");
native("PrepareFunctionForOptimization")(decide);
for (let i = 0; i < 200; i++) decide(call());
native("OptimizeFunctionOnNextCall")(decide);
decide(call());
hook = () => native("DeoptimizeFunction")(decide);
console.log("survived:", decide(call()).response.decision);
`;

test("a decision survives that its optimised code is thrown away while it is made", async () => {
  const loader = pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href;
  const flags = ["--allow-natives-syntax", "--import", loader, "--input-type=module", "-e", script];
  const { stdout } = await promisify(execFile)(process.execPath, flags, { timeout: 30_000 });
  expect(stdout).toContain("survived: allow");
});
