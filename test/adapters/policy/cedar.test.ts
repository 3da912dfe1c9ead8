import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import { createCedarPolicy } from "../../../src/adapters/policy/cedar.ts";
import type { Person } from "../../../src/domain/people/person.ts";
import {
  type FreezeStanding,
  type PolicyAction,
  type PolicyResource,
  policyActions,
  sampleResources,
} from "../../../src/domain/policy.ts";
import type { Policy } from "../../../src/ports/policy.ts";

const read = (name: string) => readFileSync(new URL(`../../../assets/${name}`, import.meta.url), "utf8");
const schema = read("policy.cedarschema");
const shipped = read("policy.cedar");
const monday = new Date("2026-03-02T10:00:00Z");

let policy: Policy;
beforeAll(async () => {
  policy = await create(shipped);
});

function create(text: string): Promise<Policy> {
  return createCedarPolicy({ policy: text, schema, origin: "test.cedar" });
}

function person(...roles: readonly string[]): Person {
  return { id: "asker", name: "Asker", roles, accounts: {} };
}

function model(environment: string): PolicyResource {
  return { type: "Model", name: "scorer", environment, alias: "champion", risk: "low", owners: ["ml"] };
}

function rollout(requestedBy: string): PolicyResource {
  return {
    type: "Rollout",
    id: 7,
    model: "scorer",
    environment: "production",
    alias: "champion",
    risk: "low",
    owners: [],
    requestedBy,
  };
}

const bot: PolicyResource = { type: "Bot" };
const incident: PolicyResource = { type: "Incident", id: 1, severity: "high" };

function ask(
  who: Person,
  action: PolicyAction,
  resource: PolicyResource,
  from: Policy = policy,
  now = monday,
) {
  return from.decide({ person: who, action, resource, via: "slack", now });
}

describe("the shipped policy", () => {
  /** Role, action, what it is done to, and how many approvals it needs; null is a deny. */
  const table: readonly (readonly [string, PolicyAction, PolicyResource, number | null])[] = [
    ["", "help", bot, 0],
    ["", "read", bot, null],
    ["", "acknowledge", incident, null],
    ["", "approve", rollout("someone"), null],
    ["viewer", "read", bot, 0],
    ["viewer", "read", incident, 0],
    ["viewer", "acknowledge", incident, null],
    ["viewer", "silence", bot, null],
    ["viewer", "audit", bot, null],
    ["viewer", "deploy", model("staging"), null],
    ["oncall", "acknowledge", incident, 0],
    ["oncall", "resolve", incident, 0],
    ["oncall", "silence", bot, 0],
    ["oncall", "digest", bot, 0],
    ["oncall", "deploy", model("staging"), 0],
    ["oncall", "deploy", model("production"), null],
    ["oncall", "rollback", model("production"), 1],
    ["oncall", "rollback", model("staging"), 0],
    ["oncall", "approve", rollout("someone"), null],
    ["oncall", "cancel", rollout("someone"), 0],
    ["oncall", "retrain", model("production"), null],
    ["ml-engineer", "deploy", model("production"), 1],
    ["ml-engineer", "deploy", model("staging"), 0],
    ["ml-engineer", "rollback", model("production"), 1],
    ["ml-engineer", "retrain", model("production"), 0],
    ["ml-engineer", "approve", rollout("someone"), null],
    ["ml-engineer", "cancel", rollout("someone"), null],
    ["ml-engineer", "cancel", rollout("asker"), 0],
    ["ml-engineer", "audit", bot, null],
    ["sre", "deploy", model("production"), 1],
    ["sre", "approve", rollout("someone"), 0],
    ["sre", "approve", rollout("asker"), null],
    ["sre", "audit", bot, 0],
    ["approver", "approve", rollout("someone"), 0],
    ["approver", "approve", rollout("asker"), null],
    ["approver", "deny", rollout("someone"), 0],
    ["approver", "deploy", model("staging"), null],
    ["approver", "audit", bot, 0],
    ["auditor", "audit", bot, 0],
    ["auditor", "acknowledge", incident, null],
    ["admin", "deploy", model("production"), 1],
    ["admin", "rollback", model("production"), 1],
    ["admin", "approve", rollout("asker"), null],
    ["made-up", "deploy", model("staging"), null],
  ];
  test.each(table)("role %j, %s on %o: approvals %j", (role, action, resource, approvals) => {
    const decision = ask(role === "" ? person() : person(role), action, resource);
    expect(decision.kind === "allow" ? decision.approvalsNeeded : null).toBe(approvals);
  });

  test("an admin can do everything to something, so that no action is beyond every role", () => {
    const models = [{ name: "scorer", environments: ["production"], risk: "low", owners: [] }] as const;
    for (const action of policyActions) {
      const allowed = sampleResources(action, models).some(
        (resource) => ask(person("admin"), action, resource).kind === "allow",
      );
      expect(allowed, action).toBe(true);
    }
  });

  test("a denial by a rule names the rule, and one by nothing says so", () => {
    expect(ask(person("sre"), "approve", rollout("asker"))).toEqual({
      kind: "deny",
      policies: ["nobody approves their own rollout"],
      because: 'the rule "nobody approves their own rollout" forbids it',
    });
    expect(ask(person("viewer"), "silence", bot)).toMatchObject({
      because: "no rule of the policy permits it",
    });
  });
});

describe("a freeze", () => {
  const standing = (role: string, action: PolicyAction, freeze: FreezeStanding) =>
    policy.decide({
      person: person(role),
      action,
      resource: model("production"),
      via: "slack",
      now: monday,
      freeze,
    });

  test.each([
    ["sre", "deploy", "open", "allow"],
    ["sre", "deploy", "frozen", "deny"],
    ["sre", "deploy", "broken", "allow"],
    ["ml-engineer", "deploy", "broken", "deny"],
    ["ml-engineer", "retrain", "frozen", "deny"],
    ["oncall", "rollback", "frozen", "allow"],
    ["viewer", "deploy", "broken", "deny"],
    ["sre", "deploy", "check_broken", "allow"],
    ["ml-engineer", "deploy", "check_broken", "deny"],
  ] as const)("%s may %s while %s: %s", (role, action, freeze, kind) => {
    expect(standing(role, action, freeze).kind).toBe(kind);
  });

  test("a rule of one's own that looks at it where it is not known keeps the bot from starting", async () => {
    const rule = `@id("x") forbid (principal, action, resource) when { context.frozen };`;
    await expect(create(`${shipped}\n${rule}`)).rejects.toThrow(/rule "x".*frozen/s);
  });
});

describe("who has to approve", () => {
  const asking = (annotations: string) =>
    create(`@id("r") ${annotations} permit (principal, action == Action::"deploy", resource);`);

  test("is one of the roles that @approvers names", async () => {
    const own = await asking('@approvals("2") @approvers("sre, ml-lead")');
    expect(ask(person("x"), "deploy", model("production"), own)).toMatchObject({
      approvals: [{ rule: "r", count: 2, roles: ["sre", "ml-lead"] }],
      approvalsNeeded: 2,
    });
  });

  test.each([
    ['@approvers("sre")', /"r" has @approvers without @approvals/],
    ['@approvals("0") @approvers("sre")', /without @approvals/],
    ['@approvals("1") @approvers("")', /expected roles/],
    ['@approvals("1") @approvers("SRE team!")', /expected roles/],
  ])("%s keeps the bot from starting", async (annotations, message) => {
    await expect(asking(annotations)).rejects.toThrow(message);
  });
});

describe("whatever cannot be decided for certain is denied", () => {
  test("a question that lacks an attribute, although a rule would permit it without looking", async () => {
    const open = await create("permit (principal, action, resource);");
    expect(ask(person("sre"), "deploy", model("production"), open).kind).toBe("allow");
    const { risk: _risk, ...lacking } = {
      type: "Model",
      name: "m",
      environment: "e",
      risk: "low",
      owners: [],
    } as const;
    // A programming error that types forbid; the policy must not let it through.
    expect(ask(person("sre"), "deploy", lacking as unknown as PolicyResource, open)).toMatchObject({
      kind: "deny",
    });
  });

  test("a question about the wrong kind of thing", async () => {
    const open = await create("permit (principal, action, resource);");
    expect(ask(person("admin"), "deploy", bot, open)).toMatchObject({ kind: "deny" });
  });

  test("a rule that forbids and fails while it is evaluated, which Cedar itself would skip", async () => {
    const overflowing = await create(`
      @id("all") permit (principal, action, resource);
      @id("freeze") forbid (principal, action == Action::"deploy", resource)
      when { context.hour + 9223372036854775807 > 0 };
    `);
    const decision = ask(person("admin"), "deploy", model("production"), overflowing);
    expect(decision).toMatchObject({ kind: "deny", policies: ["freeze"] });
    expect(decision.kind === "deny" && decision.because).toContain('rule "freeze" failed');
    expect(ask(person("admin"), "rollback", model("production"), overflowing).kind).toBe("allow");
  });

  test("an empty policy permits nothing", async () => {
    const empty = await create("");
    expect(ask(person("admin"), "help", bot, empty).kind).toBe("deny");
  });
});

describe("a policy of one's own", () => {
  test("the largest number of approvals among the rules that permit counts", async () => {
    const own = await create(`
      @id("one") @approvals("1") permit (principal in Role::"sre", action == Action::"deploy", resource);
      @id("two") @approvals("2") permit (principal, action == Action::"deploy", resource)
      when { resource.risk == "high" };
    `);
    expect(ask(person("sre"), "deploy", model("production"), own)).toMatchObject({ approvalsNeeded: 1 });
    const high = {
      type: "Model",
      name: "scorer",
      environment: "production",
      alias: "champion",
      risk: "high",
      owners: [],
    } as const;
    expect(ask(person("sre"), "deploy", high, own)).toMatchObject({
      approvalsNeeded: 2,
      policies: ["one", "two"],
    });
  });

  test("the day of the week and the hour are in UTC, Sunday is 7", async () => {
    const weekdays = await create(
      `permit (principal, action, resource) when { context.weekday <= 5 && context.hour == 10 };`,
    );
    expect(ask(person("sre"), "read", bot, weekdays).kind).toBe("allow");
    expect(ask(person("sre"), "read", bot, weekdays, new Date("2026-03-01T10:00:00Z")).kind).toBe("deny");
    expect(ask(person("sre"), "read", bot, weekdays, new Date("2026-03-02T11:00:00Z")).kind).toBe("deny");
  });

  test.each([
    ["does not parse", "permit (", "unexpected end of input"],
    ["does not parse further down", "// ä\n\npermit (principal, action resource);", "line 3: "],
    [
      "names an attribute that there is not",
      "permit (principal, action, resource) when { context.frozen };",
      "frozen",
    ],
    [
      "asks for approvals in words",
      '@id("x") @approvals("two") permit (principal, action, resource);',
      'rule "x" has @approvals("two")',
    ],
    [
      "asks for approvals where it forbids",
      '@id("x") @approvals("1") forbid (principal, action, resource);',
      "put it on a permit",
    ],
    [
      "names two rules alike",
      '@id("x") permit (principal, action, resource); @id("x") forbid (principal, action, resource);',
      'two rules have @id("x")',
    ],
    [
      "names an action that there is not",
      'permit (principal, action == Action::"launch", resource);',
      "launch",
    ],
  ])("one that %s is refused at the start, by file and rule", async (_name, text, expected) => {
    await expect(create(text)).rejects.toThrow(expected);
    await expect(create(text)).rejects.toThrow("test.cedar");
  });

  test("the hash changes with the text", async () => {
    expect((await create(shipped)).hash).toBe(policy.hash);
    expect((await create(`${shipped}\n// changed`)).hash).not.toBe(policy.hash);
  });
});
