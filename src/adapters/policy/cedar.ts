/** Who may do what, decided by Cedar. Whatever cannot be decided for certain is denied. */
import { createHash } from "node:crypto";
import { setFlagsFromString } from "node:v8";
import type * as Cedar from "@cedar-policy/cedar-wasm/nodejs";
import { mostNeeded } from "../../domain/approval/rule.ts";
import type { Decision, PolicyQuestion, PolicyResource } from "../../domain/policy.ts";
import type { Policy } from "../../ports/policy.ts";

export interface CedarOptions {
  /** Text of the policy file; the shipped one is `assets/policy.cedar`. */
  readonly policy: string;
  /** Text of `assets/policy.cedarschema`: which questions there are. */
  readonly schema: string;
  /** Where the policy came from, for error messages: "./policy.cedar". */
  readonly origin: string;
}

/** V8 of Node 20 is 11.3 and needs it, that of Node 24 is 13.6 and does not. */
const firstUntoldV8 = 13;

/**
 * On Node 20 the process dies ("Fatal error: unreachable code" in Deoptimizer::DoComputeBuiltinContinuation) when
 * optimised JavaScript into which V8 has inlined a call to WebAssembly is thrown away while that call runs. It happens
 * by itself after some thousand decisions; test/adapters/policy/cedar.integration.test.ts makes it happen. Calls that
 * are not inlined are safe, and a decision costs the same.
 */
function keepWasmCallsWhole(): void {
  const major = Number.parseInt(process.versions.v8, 10);
  if (major < firstUntoldV8) setFlagsFromString("--no-turbo-inline-js-wasm-calls");
}

interface Rule {
  readonly text: string;
  readonly effect: "permit" | "forbid";
  readonly approvals: number;
  /** Roles of which an approver must have one; none means whoever may approve. */
  readonly approvers: readonly string[];
}

/** More than this many approvals on one rule is a typing error. */
const maxApprovals = 10;

/**
 * Reads a policy once and answers from the parsed form.
 * Policies are handed over as a map, because Cedar ignores `@id` in one string and the answers could not name a rule.
 * @throws Error naming the file, the rule and what is wrong with it, when the text does not parse, does not fit the
 * schema, or holds an `@approvals` that is not a small whole number.
 */
export async function createCedarPolicy(options: CedarOptions): Promise<Policy> {
  keepWasmCallsWhole();
  const cedar = await import("@cedar-policy/cedar-wasm/nodejs");
  const rules = readRules(cedar, options);
  const policies: Cedar.PolicySet = {
    staticPolicies: Object.fromEntries([...rules].map(([id, rule]) => [id, rule.text])),
  };
  checkAgainstSchema(cedar, options, policies);
  const hash = createHash("sha256").update(`${options.schema}\n${options.policy}`).digest("hex");
  const name = `tocsin-${hash}`;
  expectParsed(options, cedar.preparseSchema(name, options.schema));
  expectParsed(options, cedar.preparsePolicySet(name, policies));
  return { hash, decide: (question) => decide(cedar, { name, rules, question }) };
}

function readRules(cedar: typeof Cedar, options: CedarOptions): ReadonlyMap<string, Rule> {
  const parts = cedar.policySetTextToParts(options.policy);
  if (parts.type === "failure") {
    const problems = parts.errors.map((error) => `${place(options.policy, error)}${describe(error)}`);
    throw policyError(options, problems.join("; "));
  }
  if (parts.policy_templates.length > 0)
    throw policyError(options, "templates (?principal) are not supported");
  const rules = new Map<string, Rule>();
  for (const [index, text] of parts.policies.entries()) {
    const parsed = cedar.policyToJson(text);
    if (parsed.type === "failure") throw policyError(options, parsed.errors.map(describe).join("; "));
    const { annotations = {}, effect } = parsed.json;
    const id = annotations["id"] ?? `rule ${index + 1}`;
    if (rules.has(id)) throw policyError(options, `two rules have @id("${id}"); give each its own`);
    const approvals = approvalsOf(options, id, effect, annotations["approvals"]);
    const approvers = approversOf(options, id, approvals, annotations["approvers"]);
    rules.set(id, { text, effect, approvals, approvers });
  }
  return rules;
}

function approvalsOf(
  options: CedarOptions,
  id: string,
  effect: "permit" | "forbid",
  text: string | undefined,
): number {
  if (text === undefined) return 0;
  if (effect === "forbid") {
    throw policyError(options, `rule "${id}" forbids, so @approvals means nothing there; put it on a permit`);
  }
  const count = /^\d{1,2}$/.test(text) ? Number(text) : Number.NaN;
  if (!(count <= maxApprovals)) {
    const expected = `expected a whole number from 0 to ${maxApprovals}`;
    throw policyError(options, `rule "${id}" has @approvals("${text}"); ${expected}`);
  }
  return count;
}

/** Roles as they are written in tocsin.yaml, between commas or blanks. */
function approversOf(
  options: CedarOptions,
  id: string,
  approvals: number,
  text: string | undefined,
): readonly string[] {
  if (text === undefined) return [];
  if (approvals === 0) {
    throw policyError(options, `rule "${id}" has @approvers without @approvals; say how many it takes`);
  }
  const roles = text.split(/[\s,]+/).filter((role) => role !== "");
  const odd = roles.find((role) => !/^[a-z0-9][a-z0-9_-]{0,62}$/.test(role));
  if (odd === undefined && roles.length > 0) return roles;
  const problem = `rule "${id}" has @approvers("${text}")`;
  throw policyError(
    options,
    `${problem}; expected roles as tocsin.yaml names them, for example "sre, ml-lead"`,
  );
}

function checkAgainstSchema(cedar: typeof Cedar, options: CedarOptions, policies: Cedar.PolicySet): void {
  const answer = cedar.validate({ schema: options.schema, policies, validationSettings: { mode: "strict" } });
  if (answer.type === "failure") throw policyError(options, answer.errors.map(describe).join("; "));
  const [first] = answer.validationErrors;
  if (first !== undefined) throw policyError(options, `rule "${first.policyId}": ${describe(first.error)}`);
}

function expectParsed(options: CedarOptions, answer: Cedar.CheckParseAnswer): void {
  if (answer.type === "failure") throw policyError(options, answer.errors.map(describe).join("; "));
}

function policyError(options: CedarOptions, problem: string): Error {
  return new Error(`policy ${options.origin}: ${problem}`);
}

/** "line 12: ", when the error says where in the text it is. Cedar counts UTF-8 bytes. */
function place(text: string, error: Cedar.DetailedError): string {
  const start = error.sourceLocations?.[0]?.start;
  if (start === undefined) return "";
  return `line ${Buffer.from(text).subarray(0, start).toString("utf8").split("\n").length}: `;
}

function describe(error: Cedar.DetailedError): string {
  return error.help === null ? error.message : `${error.message} (${error.help})`;
}

function decide(
  cedar: typeof Cedar,
  context: {
    readonly name: string;
    readonly rules: ReadonlyMap<string, Rule>;
    readonly question: PolicyQuestion;
  },
): Decision {
  try {
    const answer = cedar.statefulIsAuthorized(callOf(context.name, context.question));
    if (answer.type === "failure") {
      return broken(
        [],
        `the question does not fit the policy schema: ${answer.errors.map(describe).join("; ")}`,
      );
    }
    return fromResponse(context.rules, answer.response);
  } catch (error) {
    return broken(
      [],
      `the policy could not be asked: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

/** A forbid rule that errs is skipped by Cedar, so an allow beside any error is not believed. */
function fromResponse(rules: ReadonlyMap<string, Rule>, response: Cedar.Response): Decision {
  const { errors } = response.diagnostics;
  // Cedar's own order is not always the same; that of the file is, and is what people read.
  const reason = [...rules.keys()].filter((id) => response.diagnostics.reason.includes(id));
  if (errors.length > 0) {
    const ids = errors.map((error) => error.policyId);
    const first = errors[0];
    return broken(ids, `rule "${ids[0]}" failed: ${first === undefined ? "" : describe(first.error)}`);
  }
  if (response.decision === "allow") {
    const approvals = reason.flatMap((id) => {
      const rule = rules.get(id);
      return rule === undefined || rule.approvals === 0
        ? []
        : [{ rule: id, count: rule.approvals, roles: rule.approvers }];
    });
    return { kind: "allow", policies: reason, approvals, approvalsNeeded: mostNeeded(approvals) };
  }
  const because =
    reason.length > 0 ? `the rule "${reason.join('", "')}" forbids it` : "no rule of the policy permits it";
  return { kind: "deny", policies: reason, because };
}

function broken(policies: readonly string[], because: string): Decision {
  return { kind: "deny", policies, because };
}

function callOf(name: string, question: PolicyQuestion): Cedar.StatefulAuthorizationCall {
  const { person, resource, now } = question;
  const principal = { type: "Person", id: person.id };
  const roles = person.roles.map((id) => ({ type: "Role", id }));
  const target = entityOf(resource);
  return {
    principal,
    action: { type: "Action", id: question.action },
    resource: target.uid,
    context: {
      via: question.via,
      hour: now.getUTCHours(),
      weekday: now.getUTCDay() || 7,
      ...(isRollout(question.action) ? freezeOf(question) : {}),
    },
    preparsedSchemaName: name,
    preparsedPolicySetId: name,
    validateRequest: true,
    entities: [
      { uid: principal, attrs: { isKnown: person.roles.length > 0 }, parents: roles },
      ...roles.map((uid) => ({ uid, attrs: {}, parents: [] })),
      target,
    ],
  };
}

function isRollout(action: PolicyQuestion["action"]): boolean {
  return action === "deploy" || action === "rollback" || action === "retrain";
}

function freezeOf({ freeze = "open" }: PolicyQuestion) {
  return {
    frozen: freeze === "frozen" || freeze === "broken",
    breakGlass: freeze === "broken" || freeze === "check_broken",
  };
}

function entityOf(resource: PolicyResource): Cedar.EntityJson & { uid: Cedar.TypeAndId } {
  const { type } = resource;
  switch (type) {
    case "Bot":
      return { uid: { type, id: "tocsin" }, attrs: {}, parents: [] };
    case "Incident":
      return { uid: { type, id: String(resource.id) }, attrs: { severity: resource.severity }, parents: [] };
    case "Model": {
      const { name, environment, alias, risk } = resource;
      const attrs = { name, environment, alias, risk, owners: [...resource.owners] };
      return { uid: { type, id: `${name}/${environment}` }, attrs, parents: [] };
    }
    case "Rollout": {
      const { model, environment, alias, risk } = resource;
      const requestedBy = { __entity: { type: "Person", id: resource.requestedBy } };
      const attrs = { model, environment, alias, risk, owners: [...resource.owners], requestedBy };
      return { uid: { type, id: String(resource.id) }, attrs, parents: [] };
    }
  }
}
