/** Everything that carries commands out: policy, models, planner, effects and the executor, made once. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { createCharts } from "../adapters/charts.ts";
import { createLearningThread } from "../adapters/learning/thread.ts";
import { createCedarPolicy } from "../adapters/policy/cedar.ts";
import type { OpenStore } from "../adapters/store/store.ts";
import { requestDigest } from "../app/digest.ts";
import { createEffects, type Effects } from "../app/effects.ts";
import { createExecute, type Execute } from "../app/execute.ts";
import { createGate } from "../app/gate.ts";
import { nameCommands } from "../app/name-commands.ts";
import { createPlanner, type Planner } from "../app/plan.ts";
import type { Config } from "../config.ts";
import { createKindOf } from "../domain/alert/evidence-kind.ts";
import type { CommandNaming } from "../domain/command/prefix.ts";
import { type Senders, sendersOf } from "../domain/noise/sender.ts";
import { namesIn } from "../domain/people/person.ts";
import type { Charts, Clock, Log, Metrics, ModelEntry, Policy } from "../ports.ts";
import { createModels, type Models } from "./models.ts";
import { ownChannelsOf } from "./own-channels.ts";
import { packageRoot } from "./package.ts";
import type { Plugins } from "./plugins.ts";

export interface CommandDesk {
  readonly policy: Policy;
  readonly models: readonly ModelEntry[];
  readonly receivers: Models["receivers"];
  readonly plan: Planner;
  readonly effects: Effects;
  readonly charts: Charts;
  readonly execute: Execute;
  readonly naming: CommandNaming;
  readonly senders: Senders;
  /** Ends what it computes. */
  stop(): Promise<void>;
}

export interface CommandDeskParts {
  readonly config: Config;
  readonly plugins: Plugins;
  readonly store: OpenStore;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly clock: Clock;
}

/** @throws Error when the policy does not hold together or a model names a backend that is not there. */
export async function createCommandDesk(parts: CommandDeskParts): Promise<CommandDesk> {
  const { config, plugins, store, log, metrics, clock } = parts;
  const policy = await readPolicy(config);
  const learning = createLearningThread();
  const { entries: models, receivers } = await createModels({ ...parts, learning });
  const plan = createPlanner({
    models,
    rollouts: store.rollouts,
    checks: [createGate({ store, clock })],
  });
  const effects = createEffects({
    ...{ models, metrics },
    rolloutChannels: rolloutChannels(config),
    nameOf: namesIn(config.people),
  });
  const naming = {
    prefix: config.commandPrefix,
    names: new Set(plugins.commands.map(({ name }) => name)),
  };
  const charts = createCharts(log);
  const senders = sendersOf(plugins.sources.values());
  const executeOwn = createExecute({
    store,
    charts,
    kindOf: createKindOf(config.evidenceKinds),
    senders,
    policy,
    models,
    plan,
    effects,
    requestDigest,
    log,
    metrics,
    clock,
    people: config.people,
    commands: plugins.commands,
    approvalExpiryMs: config.approvalExpiryMs,
    ...(ownChannelsOf(config) === "none" ? {} : { channelSettings: config.incidentChannels }),
  });
  const execute = nameCommands(executeOwn, naming);
  const stop = () => learning.close();
  return { policy, models, receivers, plan, effects, charts, execute, naming, senders, stop };
}

/** The operator's policy, or the shipped one. */
export async function readPolicy(config: Config): Promise<Policy> {
  const asset = (name: string) => readFileSync(path.join(packageRoot, "assets", name), "utf8");
  return await createCedarPolicy({
    policy: config.policy ?? asset("policy.cedar"),
    schema: asset("policy.cedarschema"),
    origin: config.policy === null ? "assets/policy.cedar" : "the policy named in tocsin.yaml",
  });
}

/** Without a channel of their own, rollouts are shown in the console beside the incidents. */
export function rolloutChannels(config: Config): readonly string[] {
  return config.rolloutChannels.length > 0 ? config.rolloutChannels : ["console:rollouts"];
}
