/** The bot's own models. */
import type { Store } from "../../../../src/ports.ts";
import { createTestClock } from "../../../app/rollout-world.ts";
import { openBuiltin } from "../builtin/scene.ts";
import { everything, type MortalRow, type MortalScene, nothing } from "./scene.ts";

async function open(store: Store): Promise<MortalScene> {
  const scene = await openBuiltin(store);
  const { model } = scene;
  const { operation } = await scene.train();
  const trained = await store.rollouts.findByOperationId(operation.operationId);
  if (trained !== null) await store.rollouts.update({ ...trained, state: "succeeded" });
  return {
    ...{ ...scene, manifest: "" },
    clock: createTestClock(),
    // Its system is the database: what dies with the store dies with it.
    backendIn: (bot) => scene.backendIn(bot),
    begun: async () => [
      (await store.rollouts.aliasHistory(model, "production", "champion")).length,
      (await store.rollouts.modelVersions(model)).length,
    ],
    settle: nothing,
  };
}

export const builtinRow: MortalRow = { name: "builtin", kinds: everything, mayAsk: false, open };
