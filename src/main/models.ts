import path from "node:path";
import { createHttpClient } from "../adapters/http-client.ts";
import type { OpenStore } from "../adapters/store/store.ts";
import { composeModel } from "../app/compose-model.ts";
import { createTrainer } from "../app/train.ts";
import type { ModelPart } from "../config/shape.ts";
import type { Config, ModelConfig } from "../config.ts";
import type {
  BackendContext,
  Clock,
  LearningThread,
  Log,
  Metrics,
  ModelBackend,
  ModelEntry,
} from "../ports.ts";
import { packageVersion } from "./package.ts";
import type { Plugins } from "./plugins.ts";

export interface ModelParts {
  readonly config: Config;
  readonly plugins: Plugins;
  readonly store: OpenStore;
  readonly learning: LearningThread;
  readonly log: Log;
  readonly clock: Clock;
  readonly metrics: Metrics;
}

export interface Models {
  readonly entries: readonly ModelEntry[];
  /** By name of the backend: those that take what their systems report. */
  readonly receivers: ReadonlyMap<string, NonNullable<ModelBackend["receive"]>>;
}

/**
 * The configured models with their backends. A backend is made once for all models that name it, and one that is
 * several parts of a model gets the settings of all of them.
 * @throws Error naming the model, when there is no such backend or its settings are not right.
 */
export async function createModels(parts: ModelParts): Promise<Models> {
  const backends = new Map<string, ModelBackend>();
  const backendOf = (part: ModelPart | null, model: string) => {
    if (part === null) return null;
    const backend = backends.get(part.backend) ?? createBackend(part.backend, model, parts);
    backends.set(part.backend, backend);
    return backend;
  };
  const entries = parts.config.models.map((model): ModelEntry => {
    const { registry: versions, runtime: serving, training: making, ...facts } = model;
    const registry = backendOf(versions, model.name);
    const runtime = backendOf(serving, model.name);
    const training = backendOf(making, model.name);
    if (registry === null) throw new Error(`tocsin.yaml models.${model.name} names no registry`);
    const backend =
      runtime === null && training === null ? registry : composeModel({ registry, runtime, training });
    const aliases = aliasesOf(registry, model.name, model.environments);
    return { ...facts, backend, aliases };
  });
  for (const [name, backend] of backends) {
    const using = new Set(modelsUsing(parts.config, name).map((model) => model.name));
    await backend.prepare?.(entries.filter((entry) => using.has(entry.name)));
  }
  const receivers = [...backends].flatMap(([name, backend]) => {
    const receive = backend.receive?.bind(backend);
    return receive === undefined ? [] : [[name, receive] as const];
  });
  return { entries, receivers: new Map(receivers) };
}

function aliasesOf(registry: ModelBackend, model: string, environments: readonly string[]) {
  const { aliasOf } = registry;
  if (aliasOf === undefined) return {};
  return Object.fromEntries(environments.map((environment) => [environment, aliasOf(model, environment)]));
}

function modelsUsing(config: Config, backend: string): readonly ModelConfig[] {
  return config.models.filter((model) => partsOf(model).some((part) => part.backend === backend));
}

function partsOf({ registry, runtime, training }: ModelConfig): readonly ModelPart[] {
  return [registry, runtime, training].filter((part) => part !== null);
}

function createBackend(name: string, model: string, parts: ModelParts): ModelBackend {
  const plugin = parts.plugins.backends.get(name);
  if (plugin === undefined) {
    const known = [...parts.plugins.backends.keys()].join(", ");
    throw new Error(`tocsin.yaml models.${model} names the backend "${name}"; expected one of: ${known}`);
  }
  const { config, store, learning, clock, log, metrics } = parts;
  const context: BackendContext = {
    store,
    clock,
    log,
    http: createHttpClient({ clock }),
    environment: config.environment,
    stateFolder: path.join(config.dataDir, "backends", name),
    trainer: createTrainer({
      ...{ store, learning, metrics },
      ...{ version: packageVersion, evidenceKinds: config.evidenceKinds },
    }),
  };
  const settings = new Map(
    modelsUsing(config, name).map((using) => [
      using.name,
      joinSettings(partsOf(using).filter((part) => part.backend === name)),
    ]),
  );
  return plugin.create(settings, context);
}

/** Settings of one part as they are; of several parts of one model side by side. */
function joinSettings(parts: readonly ModelPart[]): unknown {
  if (parts.length === 1) return parts[0]?.settings;
  return Object.assign({}, ...parts.map((part) => part.settings));
}
