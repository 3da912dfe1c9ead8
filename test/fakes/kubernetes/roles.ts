/** Rules of a Role, as documentation gives them to administrators. */
import { z } from "zod";

const rule = z.strictObject({
  apiGroups: z.array(z.string()),
  resources: z.array(z.string()),
  verbs: z.array(z.enum(["get", "list", "watch", "create", "update", "patch", "delete"])),
});
export type Rule = z.output<typeof rule>;

const role = z.strictObject({
  apiVersion: z.literal("rbac.authorization.k8s.io/v1"),
  kind: z.literal("Role"),
  metadata: z.strictObject({ name: z.string(), namespace: z.string() }),
  rules: z.array(rule).min(1),
});

/** @throws ZodError when it is no Role. */
export function rulesOf(document: unknown): readonly Rule[] {
  return role.parse(document).rules;
}

export function isAllowed(
  rules: readonly Rule[],
  asked: { readonly group: string; readonly plural: string; readonly verb: string },
): boolean {
  return rules.some(
    ({ apiGroups, resources, verbs }) =>
      apiGroups.includes(asked.group) &&
      resources.includes(asked.plural) &&
      verbs.some((verb) => verb === asked.verb),
  );
}
