/**
 * The second door into the bot: a command request. Parse, who, may they, then run it in one transaction with its audit
 * entry, or plan it and store the rollout. Commands never check their caller, audit or post, so none can forget to.
 */
import { randomBytes } from "node:crypto";
import { refuseUnconfirmed } from "../domain/approval/confirmation.ts";
import { formatLine } from "../domain/command/options.ts";
import { referenceOf, withReference } from "../domain/command/reference.ts";
import type { ChannelSettings } from "../domain/incident/channel.ts";
import { botPerson, type Person } from "../domain/people/person.ts";
import {
  type Decision,
  mayAtAll,
  type PolicyAction,
  type PolicyResource,
  sampleResourcesOf,
} from "../domain/policy.ts";
import type {
  ActingCommand,
  Charts,
  Clock,
  Command,
  CommandContext,
  CommandRequest,
  CommandResult,
  CommandShape,
  Forms,
  KeyedFormRequest,
  Log,
  Metrics,
  ModelEntry,
  Policy,
  RolloutCommand,
  Store,
  StoreSlices,
  View,
} from "../ports.ts";
import { type Effects, MovedElsewhereError } from "./effects.ts";
import { isDatabaseAway } from "./faults.ts";
import { createForms } from "./form.ts";
import { dryRunView, freezeRemedy, judgeRollout } from "./judge-rollout.ts";
import {
  type Answer,
  type AuditedDenial,
  databaseAway,
  denied,
  dryRun,
  faulted,
  misunderstood,
  type Outcome,
  outcomeOf,
  refused,
} from "./outcome.ts";
import {
  mannerOf,
  ofThreadOption,
  type PreparedCommand,
  parseOptions,
  prepareCommand,
  shapeOf,
  type ThreadSubject,
  unknownCommand,
} from "./parse.ts";
import { personOf } from "./person-of.ts";
import type { Planner } from "./plan.ts";
import { requestRollout } from "./request-rollout.ts";
import { createSuggest, type Suggest } from "./suggest.ts";

export type { Answer } from "./outcome.ts";

export interface ExecuteOptions {
  readonly store: Store;
  readonly policy: Policy;
  readonly people: readonly Person[];
  readonly models: readonly ModelEntry[];
  readonly commands: readonly Command[];
  readonly plan: Planner;
  readonly effects: Effects;
  readonly charts: Charts;
  /** Asks for a digest in a channel, inside the transaction of the command. */
  readonly requestDigest: (
    tx: StoreSlices,
    request: { readonly channel: NonNullable<CommandRequest["channel"]>; readonly now: Date },
  ) => Promise<{ readonly runId: number }>;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly clock: Clock;
  /** Channels of incidents' own; absent where there are none. */
  readonly channelSettings?: ChannelSettings;
  /** How long a rollout waits for approval before it expires, ms; default one day. */
  readonly approvalExpiryMs?: number;
}

export interface Execute {
  /**
   * Carries out a request once. Never throws: a fault becomes an answer. What went wrong has a reference that the log has too.
   * @returns null when this very request was carried out before: it has been answered then.
   */
  execute(request: CommandRequest): Promise<Answer | null>;
  /**
   * The answer of a command that only reads, for a page of the console: judged like the command itself, stored nowhere.
   * @throws Error when the command is no reading one, or what it reads is away.
   */
  look(asked: Look): Promise<LookResult>;
  /** What platforms register. */
  shapes(): readonly CommandShape[];
  /** Suggestions while someone types; at most 25, best first; never throws. */
  suggest: Suggest;
  /** Forms for what was left out. */
  readonly forms: Forms;
}

/** Something to look at, as the command line that would show it. */
export interface Look {
  readonly account: CommandRequest["account"];
  readonly command: string;
  readonly text: string;
}

export type LookResult =
  | { readonly kind: "shown"; readonly view: View }
  /** `isDenied`: the person may not, rather than that there is no such thing. */
  | { readonly kind: "refused"; readonly view: View; readonly isDenied: boolean };

const defaultExpiryMs = 24 * 3_600_000;
/** Pause before a command that the database was away for is tried again, ms. */
const tryAgainMs = 5_000;
/** Runs of one command when others keep moving what it moves. */
const maxAttempts = 4;

/** A request with everything that is known of it before it runs. */
interface Asked {
  readonly request: CommandRequest;
  readonly person: Person;
  readonly now: Date;
  readonly options: Readonly<Record<string, unknown>>;
  /** Those that the person gave, without defaults. */
  readonly said: Readonly<Record<string, unknown>>;
  readonly known: PreparedCommand;
}

/** The command line as it was asked, but for some options. */
function lineOf({ known, said }: Asked, without: readonly string[]): string {
  const kept = Object.fromEntries(Object.entries(said).filter(([key]) => !without.includes(key)));
  return formatLine(known.command.name, known.line, kept);
}

/** Thrown to undo what a dry run did. */
class DryRun extends Error {
  override readonly name = "DryRun";
  readonly result: CommandResult;
  constructor(result: CommandResult) {
    super("a dry run ends without a change");
    this.result = result;
  }
}

type Permission =
  | { readonly kind: "go" }
  | { readonly kind: "stop"; readonly outcome: Outcome; readonly audit: AuditedDenial | null };

export function createExecute(options: ExecuteOptions): Execute {
  const { store, policy, people, models, metrics, clock } = options;
  const prepared = new Map(options.commands.map((command) => [command.name, prepareCommand(command)]));
  const approvalExpiryMs = options.approvalExpiryMs ?? defaultExpiryMs;

  async function execute(request: CommandRequest): Promise<Answer | null> {
    const log = options.log.child({ command: request.command, requestKey: request.key });
    let done: Outcome | null;
    try {
      done = await retryMoved(() => run(request));
    } catch (error) {
      done = await faultOf(request, error, log);
    }
    if (done === null) return null;
    log.info({ outcome: done.outcome, reference: referenceOf(request.key) }, "command carried out");
    return answerOf(request, done);
  }

  function answerOf(request: CommandRequest, done: Outcome): Answer {
    const command = prepared.has(request.command) ? request.command : "unknown";
    metrics.count("tocsin_commands_total", { command, outcome: done.outcome });
    return { view: withReference(done.view, referenceOf(request.key)), visibility: done.visibility };
  }

  async function run(request: CommandRequest): Promise<Outcome | null> {
    const known = prepared.get(request.command);
    if (known === undefined) return await finish(request, unknown(request));
    const parsed = parseOptions(known, request, await threadOf(known, request));
    if (parsed.kind === "refuse") return await finish(request, misunderstood(known, request.input, parsed));
    const { options: given, given: said } = parsed;
    const asked: Asked = {
      request,
      person: await personOf(store, people, request.account),
      now: clock.now(),
      options: given,
      said,
      known,
    };
    const { command } = known;
    if (command.kind === "rollout") return await runRollout(asked, command);
    if (command.kind === "read") return await runRead(asked, command);
    return mannerOf(given).isDryRun ? await tryOperate(asked, command) : await runOperate(asked, command);
  }

  async function threadOf(known: PreparedCommand, request: CommandRequest): Promise<ThreadSubject> {
    if (ofThreadOption(known) === null) return { kind: "none" };
    const { thread, channel } = request;
    const card = thread === undefined ? null : await store.posts.findCard(thread);
    if (card?.kind === "incident") return { kind: "incident", id: card.subject };
    // All that is said in an incident's own channel is about it.
    const own = channel === null ? null : await store.incidentChannels.at(channel.platform, channel.id);
    if (own !== null) return { kind: "incident", id: own };
    return { kind: thread === undefined ? "none" : "other" };
  }

  function unknown(request: CommandRequest): Outcome {
    const rest = request.input.kind === "text" ? request.input.text : "";
    return refused(unknownCommand(request.command, rest, [...prepared.values()]));
  }

  /** Reads need no transaction of their own, and must not hold one while a backend answers. */
  async function runRead(asked: Asked, command: ActingCommand): Promise<Outcome | null> {
    const context = contextOf(asked, store);
    const permission = await permit(asked, command, context);
    if (permission.kind === "stop") return await finish(asked.request, permission.outcome, permission.audit);
    return await finish(asked.request, outcomeOf(await command.run(asked.options, context)));
  }

  async function look({ account, command, text }: Look): Promise<LookResult> {
    const known = prepared.get(command);
    if (known === undefined || known.command.kind !== "read")
      throw new Error(`execute: "${command}" is no command that only reads`);
    const now = clock.now();
    const input = { kind: "text", text } as const;
    const request = { key: "", account, channel: null, command, input, receivedAt: now, reply: {} };
    const parsed = parseOptions(known, request, { kind: "none" });
    if (parsed.kind === "refuse")
      return { kind: "refused", view: refused(parsed, parsed.usage).view, isDenied: false };
    const { options: given } = parsed;
    const person = await personOf(store, people, account);
    const asked: Asked = { request, person, now, options: given, said: given, known };
    const context = contextOf(asked, store);
    const permission = await permit(asked, known.command, context);
    if (permission.kind === "stop")
      return { kind: "refused", view: permission.outcome.view, isDenied: permission.audit !== null };
    const result = await known.command.run(given, context);
    const { view } = outcomeOf(result);
    return result.kind === "answer" ? { kind: "shown", view } : { kind: "refused", view, isDenied: false };
  }

  async function runOperate(asked: Asked, command: ActingCommand): Promise<Outcome | null> {
    return await store.transaction(async (tx) => {
      if (!(await takeRequest(tx, asked.request))) return null;
      const context = contextOf(asked, tx);
      const permission = await permit(asked, command, context);
      if (permission.kind === "stop") return await close(tx, asked, permission.outcome, permission.audit);
      const result = await command.run(asked.options, context);
      if (result.kind === "answer") await carryOut(tx, asked, result);
      return await close(tx, asked, outcomeOf(result));
    });
  }

  /** The command runs in a transaction that is undone: what it would answer is known, and nothing has changed. */
  async function tryOperate(asked: Asked, command: ActingCommand): Promise<Outcome | null> {
    const { request } = asked;
    const permission = await permit(asked, command, contextOf(asked, store));
    if (permission.kind === "stop") return await finish(request, permission.outcome, permission.audit);
    let result: CommandResult;
    try {
      result = await store.transaction(async (tx) => {
        throw new DryRun(await command.run(asked.options, contextOf(asked, tx)));
      });
    } catch (error) {
      if (!(error instanceof DryRun)) throw error;
      result = error.result;
    }
    return await finish(request, dryRun(result));
  }

  /** Audit entry first: what it changes carries its number. */
  async function carryOut(
    tx: StoreSlices,
    asked: Asked,
    result: Extract<CommandResult, { kind: "answer" }>,
  ): Promise<void> {
    const { now, person, request } = asked;
    let auditSeq: number | null = null;
    if (result.audit !== undefined) {
      const { action, subject } = result.audit;
      const data = { ...result.audit.data, via: request.account.platform };
      const record = { at: now, actor: person.id, action, subject, outcome: "done", data } as const;
      auditSeq = (await tx.audit.append(record)).seq;
    }
    const effects = result.effects ?? [];
    if (effects.length > 0) await options.effects.apply(tx, effects, { now, actor: person.id, auditSeq });
  }

  async function runRollout(asked: Asked, command: RolloutCommand): Promise<Outcome | null> {
    const { request, person, now } = asked;
    const context = contextOf(asked, store);
    const permission = await permit(asked, command, context);
    if (permission.kind === "stop") return await finish(request, permission.outcome, permission.audit);
    const planned = await command.plan(asked.options, context);
    if (planned.kind === "refuse") return await finish(request, refused(planned));
    const manner = mannerOf(asked.options);
    const { plan } = planned;
    const asking = { plan, person, via: request.account.platform, now };
    const judged = await judgeRollout(store.rollouts, options, asking);
    if ("kind" in judged) return await finish(request, refused(judged));
    const line = lineOf(asked, ["dryRun", "confirm"]);
    if (manner.isDryRun) {
      const view = dryRunView(options, judged, asking, line);
      return await finish(request, { view, visibility: "private", outcome: "dry_run" });
    }
    const { decision, resource, standing, risk } = judged;
    if (decision.kind === "deny") {
      const { outcome, audit } = deny(asked, plan.kind, resource, decision, freezeRemedy(judged));
      return await finish(request, outcome, audit);
    }
    // The bot makes no slips: what it may do by itself the policy has said.
    const typed = person.id === botPerson.id ? plan.model : manner.typedName;
    const unconfirmed = refuseUnconfirmed({ risk, model: plan.model, typed, line });
    if (unconfirmed !== null) return await finish(request, refused(unconfirmed));
    return await store.transaction(async (tx) => {
      if (!(await takeRequest(tx, request))) return null;
      const rollout = { request, person, now, plan: judged.plan, decision, freezes: standing.freezes };
      const authority = { policy, people, models, effects: options.effects, approvalExpiryMs };
      return await close(tx, asked, await requestRollout(tx, authority, rollout));
    });
  }

  // ---------- who may ----------

  async function permit(asked: Asked, command: Command, context: CommandContext): Promise<Permission> {
    const resource = (await command.resource?.(asked.options, context)) ?? { type: "Bot" as const };
    if ("kind" in resource) {
      // What exists is told only to those who may look.
      const look = context.decide(asked.person, "read", { type: "Bot" });
      if (look.kind === "allow") return { kind: "stop", outcome: refused(resource), audit: null };
      return { kind: "stop", ...deny(asked, "read", { type: "Bot" }, look) };
    }
    const decision = context.decide(asked.person, command.action, resource);
    if (decision.kind === "allow") return { kind: "go" };
    return { kind: "stop", ...deny(asked, command.action, resource, decision) };
  }

  /** Of whom it is not known yet what they want to do it to: may they do it to anything? */
  function permitAtAll(asked: Asked, command: Command, context: CommandContext): Permission {
    const { action } = command;
    const decided = sampleResourcesOf(asked.person, action, models).map((resource) => ({
      resource,
      decision: context.decide(asked.person, action, resource),
    }));
    const [first] = decided;
    if (first === undefined || decided.some(({ decision }) => decision.kind === "allow"))
      return { kind: "go" };
    const { person, request, now } = asked;
    const via = request.account.platform;
    const able = people.filter((other) =>
      mayAtAll(
        action,
        models,
        (_, resource) => policy.decide({ person: other, action, resource, via, now }).kind === "allow",
      ),
    );
    return {
      kind: "stop",
      ...denied({ request, person, action, ...first, isOfAll: true, able, remedy: null }),
    };
  }

  /** See {@link Forms.refuse}. */
  async function refuseForm(form: KeyedFormRequest): Promise<View | null> {
    const known = prepared.get(form.command);
    if (known === undefined) return null;
    const now = clock.now();
    const request: CommandRequest = { ...form, receivedAt: now, reply: {} };
    const person = await personOf(store, people, request.account);
    const parsed = parseOptions(known, request, await threadOf(known, request));
    const isRead = parsed.kind === "options";
    const asked: Asked = {
      ...{ request, person, now, known },
      options: isRead ? parsed.options : {},
      said: isRead ? parsed.given : {},
    };
    const context = contextOf(asked, store);
    const exact = isRead ? await permit(asked, known.command, context) : null;
    // What is said so far may not name a thing that there is; the form asks for it.
    const isKnown = exact !== null && (exact.kind === "go" || exact.audit !== null);
    const permission = isKnown ? exact : permitAtAll(asked, known.command, context);
    if (permission.kind === "go") return null;
    await finish(request, permission.outcome, permission.audit);
    const { command, key: requestKey } = request;
    options.log.info({ command, requestKey, reference: referenceOf(requestKey) }, "a form was refused");
    return answerOf(request, permission.outcome).view;
  }

  function deny(
    asked: Asked,
    action: PolicyAction,
    resource: PolicyResource,
    decision: Decision,
    remedy: string | null = null,
  ) {
    const { request, person, now } = asked;
    const via = request.account.platform;
    const able = people.filter(
      (other) =>
        other.id !== person.id &&
        policy.decide({ person: other, action, resource, via, now }).kind === "allow",
    );
    return denied({ request, person, action, resource, decision, able, remedy });
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
      const person = await personOf(tx, people, request.account);
      return await close(tx, { request, person, now: clock.now() }, outcome, audit);
    });
  }

  async function close(
    tx: StoreSlices,
    asked: Pick<Asked, "request" | "person" | "now">,
    outcome: Outcome,
    audit: AuditedDenial | null = null,
  ): Promise<Outcome> {
    const { request, person, now } = asked;
    if (audit !== null) {
      const { action, because, policies: rules } = audit;
      await tx.audit.append({
        at: now,
        actor: person.id,
        action: `${request.command}.denied`,
        subject: audit.resource,
        outcome: "denied",
        data: {
          ...{ asked: action, because, rules, via: request.account.platform },
          reference: referenceOf(request.key),
        },
      });
    }
    await tx.requests.finish(request.key, outcome.outcome, now);
    return outcome;
  }

  // ---------- what a command may use ----------

  function contextOf(asked: Asked, slices: StoreSlices): CommandContext {
    const { person, request, now } = asked;
    const via = request.account.platform;
    const { breakGlass } = mannerOf(asked.options);
    const decide = (someone: Person, action: PolicyAction, resource: PolicyResource): Decision =>
      policy.decide({ person: someone, action, resource, via, now });
    return {
      now,
      person,
      via,
      models,
      people,
      decide,
      channel: request.channel,
      account: request.account,
      random: randomBytes,
      store: slices,
      commands: [...prepared.values()].map(({ command }) => command),
      plan: (question) =>
        options.plan(breakGlass === null ? question : { ...question, breakGlass: { reason: breakGlass } }),
      charts: options.charts,
      channelSettings: options.channelSettings ?? null,
      requestDigest: (channel) => options.requestDigest(slices, { channel, now }),
      may: (action, resource) => decide(person, action, resource).kind === "allow",
      log: options.log.child({ command: request.command }),
    };
  }

  // ---------- faults ----------

  async function faultOf(request: CommandRequest, error: unknown, log: Log): Promise<Outcome> {
    const reference = referenceOf(request.key);
    log.error({ err: error, reference }, "command failed");
    if (isDatabaseAway(error)) {
      await tryAgainLater(request);
      return databaseAway();
    }
    const outcome = faulted(request, reference);
    try {
      await finish(request, outcome);
    } catch (second) {
      log.error({ err: second, reference }, "the failed command could not be closed");
      if (isDatabaseAway(second)) await tryAgainLater(request);
    }
    return outcome;
  }

  /**
   * The row of the request stays open, and a job of its own takes up the request again. While the database is still
   * away that cannot be written either: then this throws, so that the job in hand fails and comes again. Were it to
   * end well, the queue could strike it off as soon as the database is back, and nobody would ever take the request up.
   */
  async function tryAgainLater(request: CommandRequest): Promise<void> {
    const runAt = new Date(clock.now().getTime() + tryAgainMs);
    await store.jobs.add({ task: "execute", requestKey: request.key }, { runAt });
  }

  const suggest = createSuggest({ ...options, prepared });
  return {
    execute,
    look,
    shapes: () => [...prepared.values()].map(shapeOf),
    suggest,
    forms: createForms({ ...options, prepared, suggest, judge: refuseForm }),
  };
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
