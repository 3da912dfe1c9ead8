/** One backend made of several. */
import { composeModel } from "../../../../src/app/compose-model.ts";
import type { Store } from "../../../../src/ports.ts";
import { openAirflow } from "../airflow/scene.ts";
import { openGithub } from "../github-actions/scene.ts";
import {
  dieBehind,
  everything,
  type MortalRow,
  type MortalScene,
  manifest,
  newName,
  nothing,
  patient,
} from "./scene.ts";

/** Registry and releases at GitHub, serving and training by dags. */
async function open(store: Store): Promise<MortalScene> {
  const registry = await openGithub(store, { model: newName(), settings: patient });
  const { model, clock } = registry;
  const runtime = await openAirflow({ store, model, clock, settings: patient });
  return {
    ...{ model, to: "2", manifest, clock },
    backendIn: (bot, death) => {
      dieBehind(registry.proxy, death);
      dieBehind(runtime.proxy, death);
      const dags = runtime.backendIn(bot);
      return composeModel({ registry: registry.backendIn(bot), runtime: dags, training: dags });
    },
    begun: () => Promise.resolve([registry.begun(), runtime.begun()]),
    settle: nothing,
    close: async () => {
      await registry.close();
      await runtime.close();
    },
  };
}

export const composedRow: MortalRow = {
  ...{ name: "a registry, a runtime and a training", kinds: everything, mayAsk: true, open },
};
