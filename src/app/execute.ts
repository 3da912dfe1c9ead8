/**
 * The second door into the bot: a command request. Parse, who, may they, then run it in one transaction with its audit
 * entry, or plan it and store the rollout. Commands never check their caller, audit or post, so none can forget to.
 */
import { createHash, randomUUID } from "node:crypto";
import { answerView, errorView } from "../domain/answer.ts";
import { findPerson, type Person, stranger } from "../domain/person.ts";
import { type Decision, modelResource, type PolicyAction, type PolicyResource } from "../domain/policy.ts";
import { isFinal, newRollout, type Plan, planTitle, type Rollout, rolloutStates } from "../domain/rollout.ts";
import type { View } from "../domain/view.ts";
import { oneLine } from "../domain/view.ts";
import {
  type ActingCommand,
  type Clock,
  type Command,
  type CommandContext,
  type CommandRequest,
  type CommandResult,
  type CommandShape,
  channelName,
  type Log,
  type Metrics,
  type ModelEntry,
  type Policy,
  type Refusal,
  type RolloutCommand,
  type Store,
  type StoreSlices,
} from "../ports.ts";
import { type Effects, MovedElsewhereError } from "./effects.ts";
import { isDatabaseAway } from "./faults.ts";
import { type PreparedCommand, parseOptions, prepareCommand, shapeOf, unknownCommand } from "./parse.ts";
import type { Planner } from "./plan.ts";
import { approversOf, rolloutCard } from "./rollout-card.ts";
import { createSuggest, type Suggest } from "./suggest.ts";

export interface ExecuteOptions {
  readonly store: Store;
  readonly policy: Policy;
  readonly people: readonly Person[];
  readonly models: readonly ModelEntry[];
  readonly commands: readonly Command[];
  readonly plan: Planner;
  readonly effects: Effects;
  /** Asks for a digest in a channel, inside the transaction of the command. */
  readonly requestDigest: (
    tx: StoreSlices,
    request: { readonly channel: NonNullable<CommandRequest["channel"]>; readonly now: Date },
  ) => Promise<{ readonly runId: number }>;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly clock: Clock;
  /** How long a rollout waits for approval before it expires, ms; default one day. */
  readonly approvalExpiryMs?: number;
}

export interface Answer {
  readonly view: View;
  readonly visibility: "private" | "public";
}

export interface Execute {
  /**
   * Carries out a request once. Never throws: a fault becomes an answer with a reference that the log has too.
   * @returns null when this very request was carried out before: it has been answered then.
   */
  execute(request: CommandRequest): Promise<Answer | null>;
  /** What platforms register. */
  shapes(): readonly CommandShape[];
  /** Suggestions while someone types; at most 25, best first; never throws. */
  suggest: Suggest;
}

const defaultExpiryMs = 24 * 3_600_000;
/** Runs of one command when others keep moving what it moves. */
const maxAttempts = 4;
const openStates = rolloutStates.filter((state) => !isFinal(state));

/** How a request went, for the log, the metrics and the row of the request. */
interface Outcome extends Answer {
  readonly outcome: string;
}

/** A request with everything that is known of it before it runs. */
interface Asked {
  readonly request: CommandRequest;
  readonly person: Person;
  readonly now: Date;
  readonly prepared: PreparedCommand;
  readonly options: Readonly<Record<string, unknown>>;
}

export function createExecute(options: ExecuteOptions): Execute {
  const { store, policy, people, models, metrics, clock } = options;
  const prepared = new Map(options.commands.map((command) => [command.name, prepareCommand(command)]));
  const suggest = createSuggest({ ...options, prepared });

  async function execute(request: CommandRequest): Promise<Answer | null> {
    const log = options.log.child({ command: request.command, requestKey: request.key });
    const startedAt = clock.now().getTime();
    try {
      const done = await retryMoved(() => run(request));
      if (done === null) return null;
      const seconds = (clock.now().getTime() - startedAt) / 1_000;
      const labels = { command: prepared.has(request.command) ? request.command : "unknown" };
      metrics.count("tocsin_commands_total", { ...labels, outcome: done.outcome });
      log.info({ outcome: done.outcome, seconds }, "command carried out");
      return { view: done.view, visibility: done.visibility };
    } catch (error) {
      return await answerFault(request, error, log);
    }
  }

  async function run(request: CommandRequest): Promise<Outcome | null> {
    const now = clock.now();
    const { account } = request;
    const person =
      findPerson(people, account.platform, account.id) ??
      stranger(account.platform, account.id, account.name);
    const known = prepared.get(request.command);
    if (known === undefined) {
      const rest = request.input.kind === "text" ? request.input.text : "";
      return await finish(request, refused(unknownCommand(request.command, rest, [...prepared.values()])));
    }
    const parsed = parseOptions(known, request);
    if (parsed.kind === "refuse") return await finish(request, refused(parsed, parsed.usage));
    const asked: Asked = { request, person, now, prepared: known, options: parsed.options };
    const { command } = known;
    if (command.kind === "rollout") return await runRollout(asked, command);
    return command.kind === "read" ? await runRead(asked, command) : await runOperate(asked, command);
  }

  /** Reads need no transaction of their own, and must not hold one while a backend answers. */
  async function runRead(asked: Asked, command: ActingCommand): Promise<Outcome | null> {
    const context = contextOf(asked, store);
    const permission = await permit(asked, command, context);
    if (permission.kind === "stop") return await finish(asked.request, permission.outcome, permission.audit);
    const result = await command.run(asked.options, context);
    return await finish(asked.request, outcomeOf(result));
  }

  async function runOperate(asked: Asked, command: ActingCommand): Promise<Outcome | null> {
    return await store.transaction(async (tx) => {
      if (!(await takeRequest(tx, asked.request))) return null;
      const context = contextOf(asked, tx);
      const permission = await permit(asked, command, context);
      if (permission.kind === "stop") return await close(tx, asked, permission.outcome, permission.audit);
      const result = await command.run(asked.options, context);
      const outcome = outcomeOf(result);
      if (result.kind === "answer") await carryOut(tx, asked, result);
      await tx.requests.finish(asked.request.key, outcome.outcome, asked.now);
      return outcome;
    });
  }

  async function carryOut(
    tx: StoreSlices,
    asked: Asked,
    result: Extract<CommandResult, { kind: "answer" }>,
  ): Promise<void> {
    const actor = asked.person.id;
    let auditSeq: number | null = null;
    if (result.audit !== undefined) {
      const { action, subject, data } = result.audit;
      const via = asked.request.account.platform;
      const record = {
        at: asked.now,
        actor,
        action,
        subject,
        outcome: "done",
        data: { ...data, via },
      } as const;
      auditSeq = (await tx.audit.append(record)).seq;
    }
    const effects = result.effects ?? [];
    if (effects.length > 0) await options.effects.apply(tx, effects, { now: asked.now, actor, auditSeq });
  }

  async function runRollout(asked: Asked, command: RolloutCommand): Promise<Outcome | null> {
    const context = contextOf(asked, store);
    const permission = await permit(asked, command, context);
    if (permission.kind === "stop") return await finish(asked.request, permission.outcome, permission.audit);
    const planned = await command.plan(asked.options, context);
    if (planned.kind === "refuse") return await finish(asked.request, refused(planned));
    return await requestRollout(asked, planned.plan);
  }

  async function requestRollout(asked: Asked, plan: Plan): Promise<Outcome | null> {
    const { request, person, now } = asked;
    // The plan may be for another place than the options said (a default environment), so the policy is asked again.
    const decision = decidePlan(asked, plan);
    if (decision.kind === "deny") {
      const { action } = asked.prepared.command;
      const denied = denial(asked, action, planResource(plan), decision);
      return await finish(request, denied.outcome, denied.audit);
    }
    return await store.transaction(async (tx) => {
      if (!(await takeRequest(tx, request))) return null;
      const rollout = newRollout({
        operationId: operationIdOf(request),
        plan: { ...plan, notes: [...plan.notes, ...ruleNote(decision)] },
        requestedBy: person.id,
        requestedIn: request.channel === null ? null : channelName(request.channel),
        approvalsNeeded: decision.approvalsNeeded,
        expiresAt: new Date(now.getTime() + (options.approvalExpiryMs ?? defaultExpiryMs)),
        now,
      });
      const refusal = (await alreadyAsked(tx, rollout)) ?? nobodyApproves(rollout, now);
      if (refusal !== null) return await close(tx, asked, refused(refusal));
      const stored = await options.effects.insert(
        tx,
        rollout,
        async (id) => (await tx.audit.append(requestRecord(asked, id, rollout, decision))).seq,
        { now, actor: person.id },
      );
      await tx.requests.finish(request.key, "requested", now);
      return { ...(await rolloutAnswer(tx, stored, request, now)), outcome: "requested" };
    });
  }

  function nobodyApproves(rollout: Omit<Rollout, "id" | "version">, now: Date): Refusal | null {
    const approvers = approversOf({ policy, people, models }, { ...rollout, id: 0 }, now);
    if (approvers.length >= rollout.approvalsNeeded) return null;
    return {
      kind: "refuse",
      reason: "no_approvers",
      problem: `This needs ${rollout.approvalsNeeded} approvals, and ${approvers.length} other people in tocsin.yaml may give one.`,
      remedy: "Give someone else a role that may approve, or change @approvals in the policy.",
    };
  }

  async function alreadyAsked(
    tx: StoreSlices,
    rollout: Omit<Rollout, "id" | "version">,
  ): Promise<Refusal | null> {
    const { model, environment } = rollout.plan;
    const open = await tx.rollouts.list({ model, environment, states: openStates, limit: 50 });
    const same = open.find(
      (other) => other.plan.kind === rollout.plan.kind && other.plan.to === rollout.plan.to,
    );
    if (same === undefined) return null;
    return {
      kind: "refuse",
      reason: "already_asked",
      problem: `Rollout ${same.id} already asks for this and is ${same.state}: ${planTitle(same.plan)}.`,
      remedy: `Wait for it, or stop it first: cancel ${same.id}.`,
      suggestions: [`cancel ${same.id}`],
    };
  }

  /** The card itself where no card will appear; else one line, for the card says the rest in public. */
  async function rolloutAnswer(
    tx: StoreSlices,
    rollout: Rollout,
    request: CommandRequest,
    now: Date,
  ): Promise<Answer> {
    const card = await rolloutCard(tx.rollouts, { policy, people, models }, rollout.id, now);
    if (request.channel === null && card !== null) return { view: card, visibility: "private" };
    const next =
      rollout.state === "pending"
        ? `It waits for ${rollout.approvalsNeeded === 1 ? "an approval" : `${rollout.approvalsNeeded} approvals`}.`
        : "It needs no approval and starts now.";
    const text = `Rollout ${rollout.id} is asked for: ${planTitle(rollout.plan)}. ${next} Its card is in this channel.`;
    return { view: answerView(text), visibility: "private" };
  }

  // ---------- who may ----------

  type Permission =
    | { readonly kind: "go" }
    | { readonly kind: "stop"; readonly outcome: Outcome; readonly audit: AuditedDenial | null };

  async function permit(asked: Asked, command: Command, context: CommandContext): Promise<Permission> {
    const resource = (await command.resource?.(asked.options, context)) ?? { type: "Bot" as const };
    if ("kind" in resource) {
      // What exists is told only to those who may look.
      const mayLook = context.may("read", { type: "Bot" });
      if (mayLook) return { kind: "stop", outcome: refused(resource), audit: null };
      return {
        kind: "stop",
        ...denial(asked, "read", { type: "Bot" }, context.decide(asked.person, "read", { type: "Bot" })),
      };
    }
    const decision = context.decide(asked.person, command.action, resource);
    if (decision.kind === "allow") return { kind: "go" };
    return { kind: "stop", ...denial(asked, command.action, resource, decision) };
  }

  function denial(
    asked: Asked,
    action: PolicyAction,
    resource: PolicyResource,
    decision: Decision,
  ): { readonly outcome: Outcome; readonly audit: AuditedDenial } {
    const { person, now, request, prepared: known } = asked;
    const because = decision.kind === "deny" ? decision.because : "it was allowed a moment ago";
    const able = people.filter(
      (other) =>
        other.id !== person.id &&
        policy.decide({ person: other, action, resource, via: request.account.platform, now }).kind ===
          "allow",
    );
    const view = errorView({
      title: `You may not /${known.command.name} this`,
      problem: `${oneLine(person.name, 80)}, you may not ${action} ${resourceName(resource)}: ${because}.`,
      remedy: whomToAsk(asked, able),
    });
    return {
      outcome: { view, visibility: "private", outcome: "denied" },
      audit: { action, resource: resourceName(resource), because, policies: decision.policies },
    };
  }

  function decidePlan(asked: Asked, plan: Plan): Decision {
    const { person, request, now, prepared: known } = asked;
    const via = request.account.platform;
    return policy.decide({ person, action: known.command.action, resource: planResource(plan), via, now });
  }

  function planResource(plan: Plan): PolicyResource {
    const model = models.find((candidate) => candidate.name === plan.model);
    return modelResource(model ?? { name: plan.model, risk: "high", owners: [] }, plan.environment);
  }

  // ---------- the row of the request ----------

  /** Ends a request that changed nothing else. */
  async function finish(
    request: CommandRequest,
    outcome: Outcome,
    audit: AuditedDenial | null = null,
  ): Promise<Outcome | null> {
    return await store.transaction(async (tx) => {
      if (!(await takeRequest(tx, request))) return null;
      const person = personOf(request);
      return await close(tx, { request, person, now: clock.now() }, outcome, audit);
    });
  }

  async function close(
    tx: StoreSlices,
    asked: Pick<Asked, "request" | "person" | "now">,
    outcome: Outcome,
    audit: AuditedDenial | null = null,
  ): Promise<Outcome> {
    if (audit !== null) {
      await tx.audit.append({
        at: asked.now,
        actor: asked.person.id,
        action: `${asked.request.command}.denied`,
        subject: audit.resource,
        outcome: "denied",
        data: {
          asked: audit.action,
          because: audit.because,
          rules: audit.policies,
          via: asked.request.account.platform,
        },
      });
    }
    await tx.requests.finish(asked.request.key, outcome.outcome, asked.now);
    return outcome;
  }

  function personOf(request: CommandRequest): Person {
    const { platform, id, name } = request.account;
    return findPerson(people, platform, id) ?? stranger(platform, id, name);
  }

  // ---------- what a command may use ----------

  function contextOf(asked: Asked, slices: StoreSlices): CommandContext {
    const { person, request, now } = asked;
    const via = request.account.platform;
    const decide = (someone: Person, action: PolicyAction, resource: PolicyResource): Decision =>
      policy.decide({ person: someone, action, resource, via, now });
    return {
      now,
      person,
      channel: request.channel,
      via,
      store: slices,
      models,
      people,
      commands: options.commands,
      plan: options.plan,
      requestDigest: (channel) => options.requestDigest(slices, { channel, now }),
      may: (action, resource) => decide(person, action, resource).kind === "allow",
      decide,
      log: options.log.child({ command: request.command }),
    };
  }

  // ---------- faults ----------

  async function answerFault(request: CommandRequest, error: unknown, log: Log): Promise<Answer> {
    const reference = randomUUID().slice(0, 8);
    log.error({ err: error, reference }, "command failed");
    metrics.count("tocsin_commands_total", {
      command: prepared.has(request.command) ? request.command : "unknown",
      outcome: "fault",
    });
    if (isDatabaseAway(error)) {
      const problem = "The database does not answer, so this cannot be carried out now.";
      const remedy =
        "What was already accepted is carried out by itself when it is back; look before you ask again.";
      const title = "The database is away";
      return {
        view: errorView({ title, problem, remedy, footer: `reference ${reference}` }),
        visibility: "private",
      };
    }
    await finish(request, { ...faultAnswer(request, reference), outcome: "fault" }).catch(
      (second: unknown) => {
        log.error({ err: second, reference }, "the failed command could not be closed");
      },
    );
    return faultAnswer(request, reference);
  }

  return {
    execute,
    shapes: () => [...prepared.values()].map(shapeOf),
    suggest,
  };
}

interface AuditedDenial {
  readonly action: PolicyAction;
  readonly resource: string;
  readonly because: string;
  readonly policies: readonly string[];
}

/** False when the request was carried out before. One that nobody stored (the command line) is stored here. */
async function takeRequest(tx: StoreSlices, request: CommandRequest): Promise<boolean> {
  await tx.requests.add(request);
  return (await tx.requests.take(request.key)) !== null;
}

async function retryMoved<Result>(work: () => Promise<Result>): Promise<Result> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof MovedElsewhereError) || attempt >= maxAttempts) throw error;
    }
  }
}

function outcomeOf(result: CommandResult): Outcome {
  if (result.kind === "refuse") return refused(result);
  return { view: result.view, visibility: result.visibility, outcome: "done" };
}

function refused(refusal: Refusal, usage?: string): Outcome {
  const view = errorView({
    title: oneLine(refusal.problem, 150),
    problem: refusal.problem,
    remedy: refusal.remedy,
    suggestions: refusal.suggestions ?? [],
    ...(usage === undefined ? {} : { blocks: [{ kind: "code" as const, text: `/${usage}` }] }),
  });
  return { view, visibility: "private", outcome: refusal.reason };
}

function faultAnswer(request: CommandRequest, reference: string): Answer {
  const view = errorView({
    title: `/${oneLine(request.command, 60)} failed`,
    problem: `Something went wrong inside the bot while carrying out /${oneLine(request.command, 60)}.`,
    remedy: `Nothing was changed by it. The log says more under the reference ${reference}.`,
    footer: `reference ${reference}`,
  });
  return { view, visibility: "private" };
}

function whomToAsk(asked: Asked, able: readonly Person[]): string {
  if (asked.person.roles.length === 0) {
    const { platform, id } = asked.request.account;
    return `The bot does not know ${platform}:${oneLine(id, 60)} or their roles: someone who edits tocsin.yaml can add them under "people".`;
  }
  if (able.length === 0) return "Nobody in tocsin.yaml may; the policy would have to change.";
  const names = able.slice(0, 8).map((person) => person.name);
  return `Ask ${names.join(" or ")}.`;
}

function resourceName(resource: PolicyResource): string {
  switch (resource.type) {
    case "Bot":
      return "this bot";
    case "Incident":
      return `incident:${resource.id}`;
    case "Model":
      return `model:${resource.name}/${resource.environment}`;
    case "Rollout":
      return `rollout:${resource.id}`;
  }
}

function ruleNote(decision: Extract<Decision, { kind: "allow" }>): readonly string[] {
  return decision.policies.length === 0 ? [] : [`allowed by the rule "${decision.policies.join('", "')}"`];
}

/** The same request always gets the same operation id, so that it can never start two operations. */
function operationIdOf(request: CommandRequest): string {
  return `tocsin-${createHash("sha256").update(request.key).digest("hex").slice(0, 32)}`;
}

function requestRecord(
  asked: Asked,
  id: number,
  rollout: Omit<Rollout, "id" | "version">,
  decision: Extract<Decision, { kind: "allow" }>,
) {
  const { plan, planHash, approvalsNeeded, operationId } = rollout;
  const data = {
    title: planTitle(plan),
    planHash,
    reason: plan.reason,
    approvalsNeeded,
    operationId,
    rules: decision.policies,
    via: asked.request.account.platform,
  };
  return {
    at: asked.now,
    actor: asked.person.id,
    action: "rollout.requested",
    subject: `rollout:${id}`,
    outcome: "requested",
    data,
  } as const;
}
