/** Against a fake of GitHub, with and without what networks do in between. */
import { generateKeyPairSync } from "node:crypto";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { createGithubActions } from "../../../src/adapters/models/github-actions.ts";
import { type OpenStore, openStore } from "../../../src/adapters/store/store.ts";
import type { RetrainManifest } from "../../../src/domain/rollout/retrain-manifest.ts";
import { NotStartedError, type Operation } from "../../../src/ports.ts";
import { modelContract, operationOf, watch } from "../../contracts/model.ts";
import { carryOut, modelFaultContract } from "../../contracts/model-faults.ts";
import { freshDatabase, type TestDatabase } from "../../database.ts";
import { openGithub, secret } from "./github-actions/scene.ts";
import { contextOf } from "./scene.ts";

let database: TestDatabase;
let store: OpenStore;
beforeAll(async () => {
  database = await freshDatabase();
  store = await openStore({ url: database.url });
});
afterAll(async () => {
  await store?.close();
  await database?.close();
});

const open = (given?: Parameters<typeof openGithub>[1]) => openGithub(store, given);

/** The same, closed by itself at the end of the test. */
async function opened(given: Parameters<typeof open>[0] = {}) {
  const scene = await open(given);
  onTestFinished(() => scene.close());
  return scene;
}

let retrains = 0;
function retrainOf(model: string, manifest: Partial<RetrainManifest> | null = null): Operation {
  retrains += 1;
  const nothing = { commit: null, data: null, parameters: {}, seed: null, image: null, rerunOf: null };
  return {
    ...operationOf({ model, environment: "production", from: "1", to: "2" }),
    ...{ operationId: `github-retrain-${retrains}`, kind: "retrain", to: null },
    manifest: manifest === null ? null : { ...nothing, ...manifest },
  };
}

modelContract("github-actions", open);
modelContract("github-actions on an older server", () => open({ github: { tellsRun: false } }));
modelFaultContract({ name: "github-actions", open, secrets: [secret, "ghp_leaked-secret-1"] });
modelFaultContract({
  ...{ name: "github-actions on an older server that lists runs late", secrets: [secret] },
  open: () => open({ github: { tellsRun: false, listLag: 2 } }),
});

describe("a dispatch", () => {
  test("carries the inputs of tocsin.yaml and the operation's id, once", async () => {
    const { backend, github, ...scene } = await opened();
    const operation = operationOf(scene);
    await backend.start(operation);
    expect(github.runs.map((run) => [run.ref, run.inputs])).toEqual([
      ["main", { version: "2", environment: "production", tocsin_operation: operation.operationId }],
    ]);
    await expect(backend.start(operation)).rejects.toThrow(
      "was dispatched before and is not dispatched again",
    );
    expect(github.runs).toHaveLength(1);
  });

  test("to an older server is asked for the run's id once, and found by its title", async () => {
    const { backend, github, ...scene } = await opened({ github: { tellsRun: false, listLag: 1 } });
    for (const round of [1, 2]) {
      const operation = { ...operationOf(scene), operationId: `older-${scene.model}-${round}` };
      const ref = await backend.start(operation);
      expect(await backend.observe(ref, operation)).toMatchObject({
        steps: [{ label: "GitHub makes the run" }],
      });
      expect((await watch(backend, ref, operation)).kind).toBe("succeeded");
    }
    const bodies = github.asked.filter(({ path }) => path.endsWith("/dispatches")).map(({ body }) => body);
    expect(bodies.map((body) => body.includes("return_run_details"))).toEqual([true, false, false]);
  });

  test("whose run has no such title is left to a person, and never repeated", async () => {
    const scene = await opened({ github: { tellsRun: false }, isNamed: false });
    expect(await carryOut(scene, operationOf(scene))).toBe("asks");
    expect(scene.github.runs).toHaveLength(1);
  });

  test.each([
    [
      "undeclared inputs",
      { deploy: { workflow: "deploy.yml", inputs: { colour: "red" } } },
      "Unexpected inputs",
    ],
    ["an unknown ref", { deploy: { workflow: "deploy.yml", ref: "gone" } }, "No ref found for: gone"],
  ])("with %s is refused in GitHub's words", async (_name, settings, words) => {
    const { backend, ...scene } = await opened({ settings });
    const error = await backend.start(operationOf(scene)).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(NotStartedError);
    expect(String(error)).toContain(words);
  });

  test("without the permission says which is needed", async () => {
    const { backend, github, ...scene } = await opened();
    github.permissions.delete("actions: write");
    await expect(backend.start(operationOf(scene))).rejects.toThrow(
      "github: the account may not do that (403): Resource not accessible by personal access token; grant it actions: write on acme/scorer",
    );
  });

  test("is not tried before GitHub's limit is reset", async () => {
    const { backend, proxy, clock, github, pass, ...scene } = await opened();
    const reset = String(clock.now().getTime() / 1_000 + 90);
    const headers = { "x-ratelimit-remaining": "0", "x-ratelimit-reset": reset };
    proxy.fate = () => ({ kind: "answer", status: 403, headers });
    await expect(backend.start(operationOf(scene))).rejects.toThrow("not asked again before 10:01:30Z");
    proxy.fate = () => ({ kind: "pass" });
    proxy.reached.length = 0;
    await expect(backend.live(scene.model, "production")).rejects.toThrow("asked too often");
    expect(proxy.reached).toEqual([]);
    pass(91_000);
    expect((await backend.live(scene.model, "production")).version).toBe("1");
  });
});

describe("a clock that is set an hour", () => {
  const hourMs = 3_600_000;
  const jumps = [
    ["forward", hourMs],
    ["back", -hourMs],
  ] as const;

  test.each(jumps)("%s after a dispatch does not end the search for its run", async (_name, jumpMs) => {
    const { backend, pass, ...scene } = await opened({ github: { tellsRun: false, listLag: 2 } });
    const operation = operationOf(scene);
    const ref = await backend.start(operation);
    pass(jumpMs);
    expect(await backend.observe(ref, operation)).toMatchObject({ kind: "running" });
    expect((await watch(backend, ref, operation)).kind).toBe("succeeded");
  });

  test.each(jumps)(
    "%s neither loses nor keeps waiting a start that was interrupted",
    async (_name, jumpMs) => {
      const { backend, pass, proxy, isStart, github, ...scene } = await opened({
        github: { tellsRun: false },
      });
      const operation = operationOf(scene);
      proxy.fate = (call) => (isStart(call) ? { kind: "cut", when: "before" } : { kind: "pass" });
      await expect(backend.start(operation)).rejects.toThrow("could not be reached");
      pass(jumpMs);
      const look = () => backend.findByOperationId(operation.operationId).catch(() => "later" as const);
      expect(await look()).toBe("later");
      let looks = 1;
      for (let found = await look(); found === "later" && looks < 100; looks += 1) {
        pass(5_000);
        found = await look();
      }
      expect(await look()).toMatchObject({ kind: "cannot_look" });
      // Two minutes of looks; the jump counts for half a minute at most.
      expect(looks).toBeGreaterThan(17);
      expect(looks).toBeLessThan(27);
      expect(github.runs).toHaveLength(0);
    },
  );

  test("ahead at the dispatch, and right afterwards, does not hide the run", async () => {
    const { backend, pass, clock, github, ...scene } = await opened({ github: { tellsRun: false } });
    const operation = operationOf(scene);
    const ref = await backend.start(operation);
    for (const run of github.runs) run.createdAt = new Date(clock.now().getTime() - hourMs);
    expect((await watch(backend, ref, operation)).kind).toBe("succeeded");
  });

  test("back does not prolong GitHub's limit", async () => {
    const { backend, proxy, pass, ...scene } = await opened();
    proxy.fate = () => ({ kind: "answer", status: 429, headers: { "retry-after": "30" } });
    await expect(backend.live(scene.model, "production")).rejects.toThrow("asked too often");
    proxy.fate = () => ({ kind: "pass" });
    pass(-hourMs);
    expect((await backend.live(scene.model, "production")).version).toBe("1");
  });
});

describe("a plan", () => {
  const question = {
    kind: "deploy",
    environment: "production",
    from: "1",
    restore: null,
    manifest: null,
  } as const;

  test.each([
    ["a release that is not there", "3", {}, "unknown_version"],
    ["a workflow that is not there", "2", { deploy: { workflow: "gone.yml" } }, "unknown_workflow"],
    ["an odd version", "2$(id)", {}, "odd_value"],
    ["no workflow", "2", { deploy: undefined }, "no_workflow"],
    [
      "an input that needs a manifest",
      "2",
      { deploy: { workflow: "deploy.yml", inputs: { a: "x{manifest.seed}" } } },
      "missing_value",
    ],
  ])("with %s is refused", async (_name, to, settings, reason) => {
    const { backend, model } = await opened({ settings });
    expect(await backend.plan({ ...question, model, to, reason: "" })).toMatchObject({
      kind: "refuse",
      reason,
    });
  });

  test("of a disabled workflow is refused, and one of a release that was replaced differs", async () => {
    const { backend, model, github } = await opened();
    const before = await backend.plan({ ...question, model, to: "2", reason: "" });
    github.unrelease("v2");
    github.release("v2");
    expect(await backend.plan({ ...question, model, to: "2", reason: "" })).not.toEqual(before);
    const workflow = github.workflows.get("deploy.yml");
    if (workflow !== undefined) workflow.state = "disabled_manually";
    expect(await backend.plan({ ...question, model, to: "2", reason: "" })).toMatchObject({
      reason: "workflow_disabled",
    });
  });
});

describe("a run", () => {
  test.each([
    ["failure", "failed"],
    ["timed_out", "failed"],
    ["startup_failure", "failed"],
    ["action_required", "failed"],
    ["skipped", "failed"],
    ["cancelled", "cancelled"],
    ["success", "succeeded"],
  ])("that ends with %s has %s", async (conclusion, kind) => {
    const { backend, github, ...scene } = await opened();
    const operation = operationOf(scene);
    const ref = await backend.start(operation);
    for (const run of github.runs) run.ends = conclusion;
    const seen = await watch(backend, ref, operation);
    expect(seen.kind).toBe(kind);
    expect(seen.url).toContain("https://github.com/acme/scorer/actions/runs/");
    if (seen.kind === "failed") expect(seen.problem).toContain(`ended with ${conclusion}`);
  });

  test("shows its steps, and that it waits for an approval in GitHub", async () => {
    const { backend, github, ...scene } = await opened();
    const operation = operationOf(scene);
    const ref = await backend.start(operation);
    expect(await backend.observe(ref, operation)).toMatchObject({
      steps: [
        { label: "check out", state: "done" },
        { label: "apply", state: "running" },
      ],
    });
    for (const run of github.runs) run.status = "waiting";
    expect(await backend.observe(ref, operation)).toMatchObject({
      steps: [{ label: "waits for an approval or a turn in GitHub", state: "waiting" }],
    });
  });

  test("is cancelled once, and asking again does no harm", async () => {
    const { backend, ...scene } = await opened();
    const operation = operationOf(scene);
    const ref = await backend.start(operation);
    await backend.cancel(ref, operation);
    expect((await watch(backend, ref, operation)).kind).toBe("cancelled");
    await backend.cancel(ref, operation);
  });

  test("that was deleted is for a person to judge", async () => {
    const { backend, github, ...scene } = await opened();
    const operation = operationOf(scene);
    const ref = await backend.start(operation);
    github.runs.length = 0;
    expect(await backend.observe(ref, operation)).toMatchObject({ kind: "lost" });
  });
});

describe("a retrain", () => {
  test("proposes the commit of its branch, and is not started when the branch moved", async () => {
    const { backend, model, github } = await opened();
    const nothing = { commit: null, data: null, parameters: {}, seed: null, image: null, rerunOf: null };
    const proposed = await backend.proposeManifest?.(model, nothing);
    expect(proposed?.commit).toBe("4f2a000000000000000000000000000000000000");
    github.refs.set("main", "77c1000000000000000000000000000000000000");
    const operation = retrainOf(model, proposed ?? {});
    await expect(backend.start(operation)).rejects.toThrow(
      /main was at 4f2a000000 when this was approved and is at 77c1/,
    );
    expect(github.runs).toHaveLength(0);
    await expect(backend.proposeManifest?.(model, { ...nothing, commit: "gone" })).rejects.toThrow(
      "No commit found",
    );
  });

  test("may be given the commit, and leaves out inputs that nobody gave", async () => {
    const retrain = {
      workflow: "train.yml",
      inputs: { commit: "{manifest.commit}", depth: "{manifest.parameters.depth}" },
    };
    const { backend, model, github } = await opened({ settings: { retrain } });
    github.refs.set("main", "77c1000000000000000000000000000000000000");
    await backend.start(retrainOf(model, { commit: "4f2a" }));
    await backend.start(retrainOf(model, { commit: "4f2a", parameters: { depth: "7" } }));
    expect(github.runs.map(({ inputs: { tocsin_operation: _id, ...rest } }) => rest)).toEqual([
      { commit: "4f2a" },
      { commit: "4f2a", depth: "7" },
    ]);
  });

  test("says what came of it in an annotation", async () => {
    const { backend, model, github } = await opened();
    const operation = retrainOf(model);
    const ref = await backend.start(operation);
    for (const run of github.runs)
      run.annotations = [
        { title: "", message: "Node 16 is deprecated", annotation_level: "warning" },
        { title: "tocsin", message: '{"version": 3, "metrics": {"auc": 0.94}}', annotation_level: "notice" },
      ];
    const seen = await watch(backend, ref, operation);
    expect(seen).toMatchObject({ kind: "succeeded", newVersion: "3", metrics: { auc: 0.94 } });
  });

  test("is found as the release whose text names it", async () => {
    const { backend, model, github } = await opened();
    const operation = retrainOf(model);
    expect(await backend.versionOf?.(operation)).toBeNull();
    github.release("v3", `trained by ${operation.operationId}`);
    expect(await backend.versionOf?.(operation)).toMatchObject({ version: "3", state: "ready" });
  });
});

test("a deployment made on a tag serves that version; those of branches say nothing", async () => {
  const { backend, model, github } = await opened();
  github.deployed("production", "", "v2");
  github.deployed("production", "", "main");
  expect(await backend.live(model, "production")).toMatchObject({ version: "2", by: "octo" });
  const served = await backend.history(model, "production");
  expect(served.map(({ version }) => version)).toEqual(["2", "1"]);
  expect(await backend.checkArtifact?.(model, "1")).toEqual({ kind: "present" });
  github.unrelease("v1");
  expect(await backend.checkArtifact?.(model, "1")).toMatchObject({ kind: "missing" });
});

test("an App gets itself tokens, and another when one ends or is refused", async () => {
  const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const pem = privateKey.export({ type: "pkcs8", format: "pem" }).toString();
  const app = { id: "12345", installation: "987", privateKey: "env:APP_KEY" };
  const scene = await opened({
    settings: { token: undefined, app },
    github: { app: { id: "12345", installation: "987", publicKey } },
    environment: { APP_KEY: pem },
  });
  const { backend, model, github, pass } = scene;
  const asked = () => github.asked.filter(({ path }) => path.startsWith("/app/")).length;
  await backend.live(model, "production");
  await backend.live(model, "production");
  expect(asked()).toBe(1);
  pass(3_400_000);
  await backend.live(model, "production");
  expect(asked()).toBe(2);
  github.tokens.clear();
  await expect(backend.live(model, "production")).rejects.toThrow("wants other credentials (401)");
  await backend.live(model, "production");
  expect(asked()).toBe(3);
});

test.each([
  [{ token: undefined }, "models.scorer.settings: takes one of token and app"],
  [{ token: "ghp_plain" }, 'models.scorer.settings.token: must be "env:NAME"'],
  [{ repository: "scorer" }, "models.scorer.settings.repository: must be owner/name"],
  [{ deploy: { workflow: "../x.yml" } }, "models.scorer.settings.deploy.workflow: must be a file name"],
  [
    { deploy: { workflow: "a.yml", inputs: { a: "{vresion}" } } },
    "holds {vresion}; expected one of {operationId}",
  ],
  [{ deploy: undefined }, "names none of deploy, retrain and releases"],
])("the settings %o are refused: %s", (over, problem) => {
  const settings = { repository: "acme/scorer", token: "env:T", deploy: { workflow: "deploy.yml" }, ...over };
  const create = () =>
    createGithubActions(new Map([["scorer", settings]]), contextOf(store, { environment: { T: "x" } }));
  expect(create).toThrow(problem);
});
