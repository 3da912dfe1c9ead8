/** What runs elsewhere and is asked over HTTP. */
import type { ModelBackend, Store } from "../../../../src/ports.ts";
import { createTestClock } from "../../../app/rollout-world.ts";
import { openAirflow } from "../airflow/scene.ts";
import { openGithub } from "../github-actions/scene.ts";
import type { Call, FaultProxy } from "../proxy.ts";
import { openSagemaker } from "../sagemaker/scene.ts";
import { openWebhook } from "../webhook/scene.ts";
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

type Served = Omit<MortalScene, "manifest" | "backendIn" | "begun" | "settle"> & {
  readonly proxy: FaultProxy;
  backendIn(bot: Store): ModelBackend;
  begun(): number;
};

/** What is asked through one proxy, which dies with the bot. */
function behindProxy(scene: Served): MortalScene {
  return {
    ...{ ...scene, manifest },
    backendIn: (bot, death) => {
      dieBehind(scene.proxy, death);
      return scene.backendIn(bot);
    },
    begun: () => Promise.resolve([scene.begun()]),
    settle: nothing,
  };
}

async function airflow(store: Store): Promise<MortalScene> {
  const scene = await openAirflow({ store, model: newName(), settings: patient });
  return behindProxy(scene);
}

async function github(store: Store, given: Parameters<typeof openGithub>[1] = {}): Promise<MortalScene> {
  const scene = await openGithub(store, { ...given, model: newName(), settings: patient });
  return behindProxy(scene);
}

async function webhook(store: Store): Promise<MortalScene> {
  const scene = await openWebhook(store, patient, newName());
  return behindProxy(scene);
}

async function sagemaker(): Promise<MortalScene> {
  const scene = await openSagemaker(patient, newName());
  const isQuestion = ({ headers }: Call) => /\.(Describe|List)/.test(String(headers["x-amz-target"]));
  return {
    ...{ ...scene, manifest },
    clock: createTestClock(),
    backendIn: (_bot, death) => {
      dieBehind(scene.proxy, death, isQuestion);
      return scene.newBackend();
    },
    begun: () => Promise.resolve([scene.begun(), scene.aws.executions.length]),
    settle: nothing,
  };
}

export const serviceRows: readonly MortalRow[] = [
  { name: "airflow", kinds: everything, mayAsk: false, open: airflow },
  { name: "github-actions", kinds: everything, mayAsk: true, open: github },
  {
    ...{ name: "github-actions on an older server", kinds: ["deploy"], mayAsk: true },
    open: (store) => github(store, { github: { tellsRun: false, listLag: 1 } }),
  },
  { name: "sagemaker", kinds: everything, mayAsk: false, open: sagemaker },
  { name: "webhook", kinds: everything, mayAsk: true, open: webhook },
];
