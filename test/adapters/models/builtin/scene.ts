/** The bot's own model: version 1 serves. */
import builtin from "../../../../src/adapters/models/builtin.ts";
import { emptyManifest } from "../../../../src/domain/rollout/retrain-manifest.ts";
import { shippedWeights } from "../../../../src/domain/weights.ts";
import type { Fitted, ModelBackend, Store, Trainer } from "../../../../src/ports.ts";
import { operationOf } from "../../../contracts/model.ts";
import { contextOf, rememberRollout } from "../scene.ts";

let names = 0;

export const recall = {
  name: "recall",
  champion: 0.9,
  challenger: 0.95,
  interval: [0.01, 0.09],
  n: 60,
} as const;

const better = {
  ...shippedWeights,
  clustering: { ...shippedWeights.clustering, threshold: 0.5 },
};

export function trainer(over: Partial<Trainer> = {}): Trainer {
  const fitted: Fitted = {
    parameters: better,
    comparison: [recall],
    description: "fitted from 200 pieces of feedback",
  };
  return {
    check: () => Promise.resolve({ kind: "enough", notes: ["200 pieces of feedback"] }),
    inputs: () => Promise.resolve({ ...emptyManifest, commit: "tocsin@1.0.0", data: "labels:200", seed: 0 }),
    fit: () => Promise.resolve(fitted),
    ...over,
  };
}

/** `train` makes version 2. */
export async function openBuiltin(store: Store, own: Trainer = trainer()) {
  names += 1;
  const model = `correlator-${names}`;
  const backendIn = (bot: Store) => builtin.create(new Map(), contextOf(bot, { trainer: own }));
  const backend: ModelBackend = backendIn(store);
  await backend.prepare?.([{ name: model, environments: ["production"] }]);
  const scene = { backend, model, environment: "production", from: "1", to: "2" };
  return {
    ...scene,
    backendIn,
    train: async () => {
      const operation = { ...operationOf(scene), kind: "retrain" as const, to: null };
      await rememberRollout(store, operation);
      return { operation, ref: await backend.start(operation) };
    },
    remember: (operation: Parameters<typeof rememberRollout>[1]) => rememberRollout(store, operation),
    restart: () => Promise.resolve(backendIn(store)),
    close: () => Promise.resolve(),
  };
}
