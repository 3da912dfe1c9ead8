/** Airflow in which two retrains made versions 1 and 2, and a deploy of 1 was a success. */
import { createHttpClient } from "../../../../src/adapters/http-client.ts";
import { createAirflow } from "../../../../src/adapters/models/airflow.ts";
import type { Store } from "../../../../src/ports.ts";
import { createTestClock, type TestClock } from "../../../app/rollout-world.ts";
import type { FaultScene } from "../../../contracts/model-faults.ts";
import { startFakeAirflow } from "../../../fakes/airflow.ts";
import { startProxy } from "../proxy.ts";
import { contextOf } from "../scene.ts";

export const secrets = ["static-airflow-token", "airflow-passw0rd"];
const environment = { AIRFLOW_TOKEN: "static-airflow-token", AIRFLOW_PASSWORD: "airflow-passw0rd" };

export async function openAirflow({
  store,
  model = "scorer",
  settings = {},
  clock = createTestClock(),
}: {
  readonly store: Store;
  readonly model?: string;
  readonly clock?: TestClock;
  readonly settings?: Readonly<Record<string, unknown>>;
}) {
  const airflow = await startFakeAirflow({ clock });
  const proxy = await startProxy(airflow.url, "/api/v2/");
  for (const dag of ["train", "deploy"])
    airflow.dags.set(dag, { is_paused: false, has_import_errors: false, timetable_summary: null });
  const past = (dag: string, id: string, conf: object) => {
    const startedAt = clock.now().toISOString();
    const tocsin = {
      operationId: id,
      model,
      environment: "production",
      requestedBy: "ml",
      ...conf,
    };
    const xcoms = new Map<string, unknown>();
    airflow.runs.push({
      ...{ dag, id, conf: { tocsin }, state: "success", ends: "success", looksLeft: 0, startedAt },
      ...{ endedAt: startedAt, xcoms },
    });
    return xcoms;
  };
  past("train", "a", { kind: "retrain", to: null }).set("register/return_value", "1");
  past("train", "b", { kind: "retrain", to: null }).set("register/return_value", {
    version: 2,
    metrics: { auc: 0.9 },
  });
  past("deploy", "c", { kind: "deploy", to: "1" });
  clock.pass(60_000);
  const own = {
    ...{ url: proxy.url, timeoutSeconds: 1, token: "env:AIRFLOW_TOKEN" },
    deploy: { dag: "deploy" },
    retrain: { dag: "train", conf: { depth: "{manifest.parameters.depth}" }, result: { task: "register" } },
    ...settings,
  };
  const backendIn = (bot: Store) =>
    createAirflow(
      new Map([[model, own]]),
      contextOf(bot, { environment, clock, http: createHttpClient({ clock }) }),
    );
  const scene: FaultScene = {
    ...{ backend: backendIn(store), model, environment: "production", from: "1", to: "2", proxy },
    remember: () => Promise.resolve(),
    restart: () => Promise.resolve(backendIn(store)),
    isStart: ({ method, path }) => method === "POST" && path.endsWith("/dagRuns"),
    begun: () => airflow.runs.length - 3,
    pass: (ms) => clock.pass(ms),
    lie: JSON.stringify({ dag_run_id: "x", dag_id: "deploy", state: "queued" }),
    close: async () => {
      await proxy.close();
      await airflow.close();
    },
  };
  return { ...scene, airflow, clock, backendIn };
}
