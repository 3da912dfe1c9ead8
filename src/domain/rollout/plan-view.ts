/** Fields of a rollout's card that help to decide: where the version comes from, what allows it, what is in its way. */

import { code, link, moment, oneLine, plain, type Text } from "../view.ts";
import type { RolloutFacts } from "./facts.ts";
import { brokenChecks, type Plan } from "./plan.ts";
import { standingFields } from "./standing.ts";
import { isFinal } from "./state.ts";

interface Field {
  readonly label: string;
  readonly value: Text;
}

/** In the order in which they are shown. */
export function planFields(facts: RolloutFacts): readonly Field[] {
  const { rollout, standing, dashboards = [] } = facts;
  const { plan } = rollout;
  const fields: Field[] = [...originFields(facts)];
  if (plan.breakGlass !== undefined)
    fields.push({ label: brokenThing(plan), value: [plain(oneLine(plan.breakGlass, 300))] });
  const rules = plan.facts?.rules ?? [];
  if (rules.length > 0) fields.push({ label: "Policy", value: [plain(`allowed by ${ruleNames(rules)}`)] });
  for (const { name, text } of plan.facts?.checks ?? [])
    fields.push({ label: oneLine(name, 40), value: [plain(oneLine(text, 600))] });
  if (standing !== undefined && isWaiting(facts)) fields.push(...standingFields(standing, facts.nameOf));
  if (dashboards.length > 0)
    fields.push({
      label: "Dashboards",
      value: dashboards
        .flatMap(({ name, url }, at) => [plain(at === 0 ? "" : ", "), link(name, url)])
        .slice(1),
    });
  return fields;
}

/** What the glass was broken for. */
export function brokenThing(plan: Plan): string {
  return brokenChecks(plan).length === 0 ? "Breaks a freeze" : "Breaks the gate";
}

/** "rule a" and "rule b" */
export function ruleNames(rules: readonly string[]): string {
  return rules.map((rule) => `"${rule}"`).join(" and ");
}

function isWaiting({ rollout }: RolloutFacts): boolean {
  return !isFinal(rollout.state) && (rollout.state === "pending" || rollout.state === "approved");
}

function originFields({ rollout, nameOf }: RolloutFacts): readonly Field[] {
  const { digest, facts } = rollout.plan;
  const fields: Field[] = [];
  if (digest !== null) fields.push({ label: "Digest", value: [code(oneLine(digest, 80))] });
  const version = facts?.version ?? null;
  if (version === null) return fields;
  const { createdBy, createdAt, run, commit, data } = version;
  if (createdBy !== null || createdAt !== null) {
    const when = createdAt === null ? [] : [plain(", "), moment(new Date(createdAt))];
    const who = createdBy === null ? "nobody knows who" : nameOf(createdBy);
    fields.push({ label: "Trained by", value: [plain(oneLine(who, 80)), ...when] });
  }
  const from: readonly (readonly [string, string | null])[] = [
    ["Run", run],
    ["Commit", commit],
    ["Data", data],
  ];
  for (const [label, value] of from)
    if (value !== null) fields.push({ label, value: [code(oneLine(value, 120))] });
  return fields;
}
