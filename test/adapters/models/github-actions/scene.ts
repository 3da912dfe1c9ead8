/** A repository with two releases of a model, of which the first serves, and workflows that deploy and train. */
import { createHttpClient } from "../../../../src/adapters/http-client.ts";
import { createGithubActions } from "../../../../src/adapters/models/github-actions.ts";
import type { Store } from "../../../../src/ports.ts";
import { createTestClock } from "../../../app/rollout-world.ts";
import type { FaultScene } from "../../../contracts/model-faults.ts";
import { type FakeGithubOptions, startFakeGithub } from "../../../fakes/github.ts";
import { startProxy } from "../proxy.ts";
import { contextOf } from "../scene.ts";

export const secret = "ghp_test-token-1";
const inputs = { version: {}, environment: {}, tocsin_operation: { required: true } };

let scenes = 0;

export async function openGithub(
  store: Store,
  given: {
    readonly model?: string;
    readonly settings?: Readonly<Record<string, unknown>>;
    readonly github?: Partial<FakeGithubOptions>;
    readonly environment?: Readonly<Record<string, string>>;
    readonly isNamed?: boolean;
  } = {},
) {
  scenes += 1;
  const clock = createTestClock();
  const github = await startFakeGithub({ clock, ...given.github });
  const proxy = await startProxy(github.url, `/repos/${github.repository}/`);
  const model = given.model ?? `scorer-${scenes}`;
  github.release("v1");
  github.release("v2");
  github.deployed("production", { version: "1" });
  const runName = (values: Readonly<Record<string, string>>) =>
    given.isNamed === false ? "Deploy" : `Deploy (${values["tocsin_operation"]})`;
  github.workflows.set("deploy.yml", {
    ...{ inputs, runName, state: "active" },
    effect: (run) => github.deployed(run.inputs["environment"] ?? "", { version: run.inputs["version"] }),
  });
  github.workflows.set("train.yml", {
    ...{ inputs: { tocsin_operation: {}, depth: {}, commit: {} }, runName, state: "active" },
  });
  const settings = {
    ...{ repository: github.repository, apiUrl: proxy.url, timeoutSeconds: 1, token: "env:GITHUB_TOKEN" },
    releases: { prefix: "v" },
    deploy: { workflow: "deploy.yml", inputs: { version: "{version}", environment: "{environment}" } },
    retrain: { workflow: "train.yml", inputs: { depth: "{manifest.parameters.depth}" } },
    ...given.settings,
  };
  const backendIn = (bot: Store) => {
    const context = contextOf(bot, { clock, environment: { GITHUB_TOKEN: secret, ...given.environment } });
    const own = { ...context, http: createHttpClient({ clock }) };
    return createGithubActions(new Map([[model, settings]]), own);
  };
  let isClosed = false;
  const scene: FaultScene = {
    ...{ backend: backendIn(store), model, environment: "production", from: "1", to: "2", proxy },
    remember: () => Promise.resolve(),
    restart: () => Promise.resolve(backendIn(store)),
    isStart: ({ method, path }) => method === "POST" && path.endsWith("/dispatches"),
    begun: () => github.runs.length,
    pass: (ms) => clock.pass(ms),
    lie: '{"workflow_run_id": 7}',
    close: async () => {
      if (isClosed) return;
      isClosed = true;
      await proxy.close();
      await github.close();
    },
  };
  return { ...scene, github, clock, backendIn };
}
