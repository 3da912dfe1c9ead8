/** A small world for rollouts: the shipped policy, four people, one model in a backend that remembers, a clock. */
import { readFileSync } from "node:fs";
import { createCedarPolicy } from "../../src/adapters/policy/cedar.ts";
import { type Apply, createApply } from "../../src/app/apply.ts";
import { createBakeLook } from "../../src/app/bake-look.ts";
import { createEffects, type Effects } from "../../src/app/effects.ts";
import { createExecute, type Execute } from "../../src/app/execute.ts";
import { createGate } from "../../src/app/gate.ts";
import { createPlanner } from "../../src/app/plan.ts";
import { type KindOf, kindOf } from "../../src/domain/alert/evidence-kind.ts";
import type { ChannelSettings } from "../../src/domain/incident/channel.ts";
import type { Senders } from "../../src/domain/noise/sender.ts";
import { namesIn, type Person } from "../../src/domain/people/person.ts";
import type { Observed } from "../../src/domain/rollout/observation.ts";
import { emptyManifest } from "../../src/domain/rollout/retrain-manifest.ts";
import {
  type Command,
  type CommandRequest,
  inverseOperation,
  type Log,
  type MetricSource,
  type ModelBackend,
  type ModelEntry,
  NotStartedError,
  noMetrics,
  type Operation,
  type Policy,
  type Store,
  silentLog,
} from "../../src/ports.ts";
import { noCharts } from "../fixtures/charts.ts";

export const people: readonly Person[] = [
  person("ml", ["ml-engineer"]),
  person("oncall", ["oncall"]),
  person("lead", ["approver"]),
  person("second", ["approver"]),
  person("reader", ["viewer"]),
];

function person(id: string, roles: readonly string[]): Person {
  return { id, name: id, roles, accounts: { console: id, slack: `U-${id}` } };
}

/** @param more - rules beside the shipped ones. */
export async function shippedPolicy(more = ""): Promise<Policy> {
  const read = (name: string) => readFileSync(new URL(`../../assets/${name}`, import.meta.url), "utf8");
  return await createCedarPolicy({
    policy: `${read("policy.cedar")}\n${more}`,
    schema: read("policy.cedarschema"),
    origin: "assets/policy.cedar",
  });
}

/** A clock that only moves when told to. */
export interface TestClock {
  now(): Date;
  pass(ms: number): void;
}

export function createTestClock(startMs = Date.parse("2026-03-02T10:00:00Z")): TestClock {
  let now = startMs;
  return {
    now: () => new Date(now),
    pass: (ms) => {
      now += ms;
    },
  };
}

/** What a backend outside the bot remembers, whatever happens to the bot. */
export interface Ledger {
  readonly started: Map<string, Operation>;
  /** Every start that reached the backend, in order. */
  readonly starts: string[];
  readonly cancelled: Set<string>;
  serving: string | null;
  /** What observe answers for started work; by default it succeeds at the second look. */
  outcome: (operation: Operation, looks: number) => Observed;
  looks: number;
}

export function createLedger(): Ledger {
  return {
    started: new Map(),
    starts: [],
    cancelled: new Set(),
    serving: "1",
    looks: 0,
    outcome: (operation, looks) =>
      looks < 2
        ? { kind: "running", steps: [{ label: "shift traffic", state: "running" }], logTail: `look ${looks}` }
        : {
            kind: "succeeded",
            result: `${operation.to} serves`,
            newVersion: null,
            metrics: {},
            logTail: "done",
          },
  };
}

export function createLedgerBackend(ledger: Ledger, idempotency: ModelBackend["idempotency"]): ModelBackend {
  const version = (name: string, recall: number) => ({
    version: name,
    createdAt: null,
    createdBy: null,
    metrics: { recall },
    description: "",
    digest: `sha-${name}`,
  });
  return {
    name: "ledger",
    idempotency,
    versions: () => Promise.resolve([version("3", 0.93), version("2", 0.91), version("1", 0.9)]),
    live: () => Promise.resolve({ version: ledger.serving, since: null, by: null }),
    history: () => Promise.resolve([]),
    snapshot: () => Promise.resolve({ version: ledger.serving }),
    inverse: inverseOperation,
    plan: () => Promise.resolve({ kind: "plan", steps: ["shift traffic"], notes: [], expectedMs: null }),
    start: (operation) => {
      ledger.starts.push(operation.operationId);
      if (ledger.started.has(operation.operationId) && idempotency !== "native") {
        return Promise.reject(new Error("this operation was started before"));
      }
      if (operation.reason === "not startable") return Promise.reject(new NotStartedError("no such queue"));
      ledger.started.set(operation.operationId, operation);
      return Promise.resolve({ id: operation.operationId });
    },
    observe: (ref) => {
      const operation = ledger.started.get(ref["id"] ?? "");
      if (operation === undefined) return Promise.reject(new Error("unknown operation"));
      if (ledger.cancelled.has(operation.operationId))
        return Promise.resolve({ kind: "cancelled", logTail: "stopped" });
      ledger.looks += 1;
      const observed = ledger.outcome(operation, ledger.looks);
      if (observed.kind === "succeeded" && operation.to !== null) ledger.serving = operation.to;
      return Promise.resolve(observed);
    },
    cancel: (ref) => {
      ledger.cancelled.add(ref["id"] ?? "");
      return Promise.resolve();
    },
    findByOperationId: (operationId) => {
      if (idempotency === "none")
        return Promise.resolve({ kind: "cannot_look", problem: "it keeps no record" });
      return Promise.resolve(
        ledger.started.has(operationId) ? { kind: "found", ref: { id: operationId } } : { kind: "absent" },
      );
    },
  };
}

export function modelEntry(backend: ModelBackend, more: Partial<ModelEntry> = {}): ModelEntry {
  return {
    name: "scorer",
    backend,
    environments: ["staging", "production"],
    owners: ["ml"],
    risk: "low",
    services: ["fraud-api"],
    dashboards: [],
    alerts: [],
    bakes: new Map(),
    holdMs: 60_000,
    timeoutMs: null,
    manifest: { required: [], defaults: emptyManifest },
    ...more,
  };
}

export interface World {
  readonly execute: Execute;
  readonly apply: Apply;
  readonly effects: Effects;
  readonly clock: TestClock;
  /** Runs a command line of someone at the console and returns the answer's summary. */
  say(who: string, line: string): Promise<string>;
}

export interface WorldOptions {
  readonly store: Store;
  readonly policy: Policy;
  readonly models: readonly ModelEntry[];
  readonly commands: readonly Command[];
  readonly clock?: TestClock;
  readonly people?: readonly Person[];
  readonly rolloutChannels?: readonly string[];
  readonly channelSettings?: ChannelSettings;
  /** The shipped rules when absent. */
  readonly kindOf?: KindOf;
  /** Sources under their own names when absent. */
  readonly senders?: Senders;
  readonly source?: MetricSource;
  /** Takes the fields of every line that is logged as an error. */
  readonly log?: (fields: Readonly<Record<string, unknown>>) => void;
}

let requests = 0;

/** One bot: what main.ts wires, without jobs, chat and HTTP. */
export function createWorld(options: WorldOptions): World {
  const { store, policy, models, commands } = options;
  const clock = options.clock ?? createTestClock();
  const everyone = options.people ?? people;
  const plan = createPlanner({
    models,
    rollouts: store.rollouts,
    checks: [createGate({ store, clock })],
  });
  const effects = createEffects({
    models,
    rolloutChannels: options.rolloutChannels ?? ["console:rollouts"],
    metrics: noMetrics,
    nameOf: namesIn(everyone),
  });
  const heard = options.log;
  const log: Log =
    heard === undefined ? silentLog : { ...silentLog, info: heard, error: heard, child: () => log };
  const common = { store, policy, people: everyone, models, plan, effects, log, clock };
  const look = createBakeLook({ store, source: options.source ?? null });
  const execute = createExecute({
    ...common,
    commands,
    metrics: noMetrics,
    charts: noCharts,
    kindOf: options.kindOf ?? kindOf,
    senders: options.senders ?? { alertmanager: "alertmanager", grafana: "grafana" },
    requestDigest: () => Promise.resolve({ runId: 1 }),
    ...(options.channelSettings === undefined ? {} : { channelSettings: options.channelSettings }),
  });
  return {
    execute,
    apply: createApply({ ...common, look }),
    effects,
    clock,
    say: async (who, line) => {
      const answer = await execute.execute(requestOf(who, line, clock.now()));
      return answer?.view.summary ?? "(already answered)";
    },
  };
}

export function requestOf(who: string, line: string, receivedAt: Date, key?: string): CommandRequest {
  const [command = "", ...words] = line.split(" ");
  requests += 1;
  return {
    key: key ?? `request-${requests}`,
    account: { platform: "console", id: who, name: who },
    channel: { platform: "console", id: "incidents" },
    command,
    input: { kind: "text", text: words.join(" ") },
    receivedAt,
    reply: {},
  };
}

/** Steps a rollout until it is over or asks a person, letting time pass; at most 60 steps. */
export async function drive(world: World, store: Store, id: number, stepMs = 2_000): Promise<string> {
  for (let step = 0; step < 60; step += 1) {
    const rollout = await store.rollouts.find(id);
    const state = rollout?.state ?? "gone";
    if (["succeeded", "failed", "cancelled", "denied", "expired", "unknown", "pending"].includes(state))
      return state;
    await world.apply.step(id);
    world.clock.pass(stepMs);
  }
  return "still going after 60 steps";
}
