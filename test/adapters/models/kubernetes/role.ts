/** The Role that the documentation tells administrators to grant: the tests run with no more than that. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { parse } from "yaml";
import { blocksOf } from "../../../docs.ts";
import { type Rule, rulesOf } from "../../../fakes/kubernetes/roles.ts";

const page = path.join(import.meta.dirname, "../../../../docs/models-kubernetes.md");

export function documentedRules(): readonly Rule[] {
  const roles = blocksOf(readFileSync(page, "utf8")).filter(({ about }) => about === "role.yaml");
  const [role, ...others] = roles;
  if (role === undefined || others.length > 0)
    throw new Error(`${page} has ${roles.length} Roles; expected one`);
  return rulesOf(parse(role.text));
}
