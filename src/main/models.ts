import path from "node:path";
import type { OpenStore } from "../adapters/store/store.ts";
import { createTrainer } from "../app/train.ts";
import type { Config } from "../config.ts";
import type { BackendContext, Clock, Log, ModelBackend, ModelEntry } from "../ports.ts";
import type { Plugins } from "./plugins.ts";

export interface ModelParts {
  readonly config: Config;
  readonly plugins: Plugins;
  readonly store: OpenStore;
  readonly log: Log;
  readonly clock: Clock;
}

/**
 * The configured models with their backends, one backend for all models that name it.
 * @throws Error naming the model, when there is no such backend or its settings are not right.
 */
export async function createModels(parts: ModelParts): Promise<readonly ModelEntry[]> {
  const backends = new Map<string, ModelBackend>();
  const entries = parts.config.models.map((model): ModelEntry => {
    const backend = backends.get(model.backend) ?? createBackend(model.backend, model.name, parts);
    backends.set(model.backend, backend);
    const { name, environments, owners, risk, services } = model;
    return { name, backend, environments, owners, risk, services };
  });
  for (const [name, backend] of backends)
    await backend.prepare?.(entries.filter((entry) => entry.backend === backends.get(name)));
  return entries;
}

function createBackend(name: string, model: string, parts: ModelParts): ModelBackend {
  const plugin = parts.plugins.backends.get(name);
  if (plugin === undefined) {
    const known = [...parts.plugins.backends.keys()].join(", ");
    throw new Error(`tocsin.yaml models.${model}.backend is "${name}"; expected one of: ${known}`);
  }
  const { config, store, clock, log } = parts;
  const context: BackendContext = {
    store,
    clock,
    log,
    environment: config.environment,
    stateFolder: path.join(config.dataDir, "backends", name),
    trainer: createTrainer({ store }),
  };
  const settings = new Map(
    config.models.filter((entry) => entry.backend === name).map((entry) => [entry.name, entry.settings]),
  );
  return plugin.create(settings, context);
}
