import { describe, expect, test } from "vitest";
import { composeModel } from "../../src/app/compose-model.ts";
import { emptyManifest } from "../../src/domain/rollout/retrain-manifest.ts";
import type { MadeVersion, ModelBackend, Observed, Operation } from "../../src/ports.ts";
import { modelContract, operationOf, watch } from "../contracts/model.ts";
import { createLedger, createLedgerBackend, type Ledger } from "./rollout-world.ts";

interface World {
  readonly registry: Ledger;
  readonly runtime: Ledger;
  readonly training: Ledger;
  readonly backend: ModelBackend;
  restart(): ModelBackend;
}

function world(idempotency: { runtime?: ModelBackend["idempotency"] } = {}): World {
  const [registry, runtime, training] = [createLedger(), createLedger(), createLedger()];
  const restart = () =>
    composeModel({
      registry: { ...createLedgerBackend(registry, "adopt"), name: "registry" },
      runtime: { ...createLedgerBackend(runtime, idempotency.runtime ?? "adopt"), name: "runtime" },
      training: { ...createLedgerBackend(training, "native"), name: "training" },
    });
  return { registry, runtime, training, backend: restart(), restart };
}

const place = { model: "scorer", environment: "production", from: "1", to: "2" };

modelContract("a registry, a runtime and a training", () => {
  const opened = world();
  return Promise.resolve({
    ...place,
    backend: opened.backend,
    remember: () => Promise.resolve(),
    restart: () => Promise.resolve(opened.restart()),
    close: () => Promise.resolve(),
  });
});

async function deploy(opened: World, over: Partial<Operation> = {}) {
  const operation = { ...operationOf(place), ...over };
  const ref = await opened.backend.start(operation);
  return { operation, ref, end: () => watch(opened.backend, ref, operation) };
}

describe("a deploy", () => {
  test("moves the pointer only after the runtime serves, and shows both while it goes on", async () => {
    const opened = world();
    const { operation, ref, end } = await deploy(opened);
    expect(opened.registry.starts).toEqual([]);
    const first = await opened.backend.observe(ref, operation);
    expect(first).toMatchObject({ kind: "running" });
    expect(first.kind === "running" && first.steps.at(-1)).toEqual({
      label: "point the registry to it",
      state: "waiting",
    });
    expect(await end()).toMatchObject({
      kind: "succeeded",
      result: expect.stringContaining("registry points to version 2"),
    });
    expect([opened.runtime.serving, opened.registry.serving]).toEqual(["2", "2"]);
    expect(opened.registry.starts).toHaveLength(1);
  });

  test("that fails in the runtime leaves the pointer where it was", async () => {
    const opened = world();
    opened.runtime.outcome = () => ({ kind: "failed", problem: "out of memory", logTail: "" });
    const { end } = await deploy(opened);
    expect(await end()).toMatchObject({ kind: "failed", problem: "out of memory" });
    expect([opened.registry.starts, opened.registry.serving]).toEqual([[], "1"]);
  });

  test("whose pointer cannot be moved says what serves and what does not point to it", async () => {
    const opened = world();
    opened.registry.outcome = () => ({ kind: "failed", problem: "alias is protected", logTail: "" });
    const { end } = await deploy(opened);
    expect(await end()).toMatchObject({
      kind: "failed",
      problem: "runtime serves version 2, but registry was not pointed to it: alias is protected",
    });
  });

  test("whose pointer certainly cannot be set is a failure, not an endless question", async () => {
    const opened = world();
    const { operation, ref } = await deploy(opened);
    const observed = await watch(opened.backend, ref, { ...operation, reason: "not startable" });
    expect(observed).toMatchObject({ kind: "failed", problem: expect.stringContaining("no such queue") });
  });

  test("interrupted between runtime and pointer is finished by a bot started anew, with one pointer set", async () => {
    const opened = world();
    const { operation, ref } = await deploy(opened);
    opened.registry.outcome = (_operation, looks) =>
      looks < 4
        ? { kind: "running", steps: [], logTail: "" }
        : { kind: "succeeded", result: "", newVersion: null, metrics: {}, logTail: "" };
    for (let look = 0; look < 10 && opened.registry.starts.length === 0; look += 1)
      await opened.backend.observe(ref, operation);
    expect(await watch(opened.restart(), ref, operation)).toMatchObject({ kind: "succeeded" });
    expect(opened.registry.starts).toEqual([`${operation.operationId}-pointer`]);
  });

  test("of a version that the registry points to already sets no pointer", async () => {
    const opened = world();
    opened.registry.serving = "2";
    const { end } = await deploy(opened);
    expect(await end()).toMatchObject({ kind: "succeeded" });
    expect(opened.registry.starts).toEqual([]);
  });
});

describe("the plan", () => {
  const question = { ...place, kind: "deploy", restore: null, manifest: null, reason: "" } as const;

  test("shows the runtime's rollout, the pointer and the check", async () => {
    expect(await world().backend.plan(question)).toMatchObject({
      kind: "plan",
      steps: ["runtime: shift traffic", "registry: shift traffic", "runtime: check that version 2 serves"],
      notes: [],
    });
  });

  test("says when registry and runtime disagree", async () => {
    const opened = world();
    opened.registry.serving = "3";
    expect(await opened.backend.plan(question)).toMatchObject({
      notes: ["version 1 serves, but registry points to version 3: one of them was changed outside the bot"],
    });
  });
});

test("a retrain is the training's alone", async () => {
  const opened = world();
  const { end } = await deploy(opened, { kind: "retrain", to: null });
  expect(await end()).toMatchObject({ kind: "succeeded" });
  expect([opened.training.starts.length, opened.runtime.starts, opened.registry.starts]).toEqual([1, [], []]);
});

describe("a retrain beside a registry that finds versions", () => {
  const made: MadeVersion = { version: "4", state: "ready", metrics: { auc: 0.9 }, comparison: [] };

  const trained: Observed = {
    kind: "succeeded",
    result: "trained",
    newVersion: "run-7",
    metrics: { seconds: 40 },
    logTail: "",
  };

  /** What the composed backend says, for each answer of the registry in turn. */
  async function retrain(
    answers: readonly (MadeVersion | null)[],
    end: Observed = trained,
    manifest: Operation["manifest"] = null,
  ) {
    const [registry, training] = [createLedger(), createLedger()];
    training.outcome = () => end;
    const left = [...answers];
    const asked: string[] = [];
    const backend = composeModel({
      registry: {
        ...createLedgerBackend(registry, "native"),
        name: "registry",
        versionOf: ({ operationId }) => {
          asked.push(operationId);
          return Promise.resolve(left.shift() ?? null);
        },
      },
      runtime: null,
      training: { ...createLedgerBackend(training, "native"), name: "pipeline" },
    });
    const operation = { ...operationOf(place), kind: "retrain" as const, to: null, manifest };
    const ref = await backend.start(operation);
    const first = await backend.observe(ref, operation);
    const seen = await watch(backend, ref, operation).catch(() => first);
    return { first, seen, isAskedFor: asked.every((id) => id === operation.operationId) && asked.length > 0 };
  }

  test("gives the registry's version, with what both parts measured", async () => {
    const { first, isAskedFor } = await retrain([made]);
    expect(first).toMatchObject({
      kind: "succeeded",
      newVersion: "4",
      metrics: { auc: 0.9, seconds: 40 },
      comparison: [],
    });
    expect(isAskedFor).toBe(true);
  });

  test("says where the version was made from something else than was asked for", async () => {
    const origin = { run: "run-7", commit: "bbbbbbb", data: null, parameters: {} };
    const manifest = { ...emptyManifest, commit: "aaaaaaa" };
    const { first } = await retrain([{ ...made, origin }], trained, manifest);
    expect(first).toMatchObject({
      kind: "succeeded",
      result: "trained; but it was made from commit bbbbbbb instead of aaaaaaa",
    });
  });

  test("waits while the version is being stored, and fails when it never will be", async () => {
    const { first, seen } = await retrain([{ ...made, state: "pending" }, made]);
    expect(first).toMatchObject({
      kind: "running",
      steps: [
        { label: "pipeline trained it", state: "done" },
        { label: "registry stores version 4", state: "running" },
      ],
    });
    expect(seen).toMatchObject({ kind: "succeeded", newVersion: "4" });
    expect((await retrain([{ ...made, state: "failed" }])).first).toMatchObject({
      kind: "failed",
      problem: "pipeline is done, but registry could not store version 4",
    });
  });

  test("claims no version that the registry does not know", async () => {
    expect((await retrain([null])).first).toMatchObject({
      kind: "succeeded",
      newVersion: null,
      result: "trained; but registry knows no version of this retrain, which pipeline calls run-7",
    });
  });

  test("is not asked about before the training is done", async () => {
    const { first, isAskedFor } = await retrain([made], {
      kind: "failed",
      problem: "out of memory",
      logTail: "",
    });
    expect(first).toMatchObject({ kind: "failed", problem: "out of memory" });
    expect(isAskedFor).toBe(false);
  });
});

test("can always be asked what was begun, whatever its parts promise", () => {
  expect(world().backend.idempotency).toBe("adopt");
  expect(world({ runtime: "none" }).backend.idempotency).toBe("adopt");
});

test("a part that can promise nothing never says that nothing was begun, and only the part concerned is asked", async () => {
  const registry = createLedgerBackend(createLedger(), "adopt");
  const blind = { idempotency: "none", name: "training" } as const;
  const training = { ...createLedgerBackend(createLedger(), "adopt"), ...blind };
  const { findByOperationId } = composeModel({ registry, runtime: null, training });
  expect(await findByOperationId("tocsin-1", "deploy")).toEqual({ kind: "absent" });
  expect(await findByOperationId("tocsin-1", "retrain")).toEqual({
    kind: "cannot_look",
    problem: "training cannot tell whether it was started",
  });
});

test("a registry that cannot tell whether its pointer was set is refused beside a runtime", async () => {
  const registry = { ...createLedgerBackend(createLedger(), "none"), name: "blind" };
  const runtime = createLedgerBackend(createLedger(), "adopt");
  expect(() => composeModel({ registry, runtime, training: null })).toThrow(
    'the registry "blind" cannot tell',
  );
  const alone = composeModel({ registry, runtime: null, training: null });
  expect((await alone.findByOperationId("tocsin-1", "deploy")).kind).toBe("cannot_look");
});

test("what was measured of what serves is the runtime's word, or else what was logged at the registry", async () => {
  const said = (monitor: string) => ({
    ...{ model: "scorer", environment: "production", monitor, at: null },
    ...{ findings: [], looked: null, performance: [], unsaid: [] },
  });
  const reports = { runtime: false, registry: true };
  const part = (name: "runtime" | "registry") => ({
    ...createLedgerBackend(createLedger(), "adopt"),
    report: () => Promise.resolve(reports[name] ? said(name) : null),
  });
  const { report } = composeModel({
    ...{ registry: part("registry"), runtime: part("runtime"), training: null },
  });
  expect((await report?.("scorer", "production"))?.monitor).toBe("registry");
  reports.runtime = true;
  expect((await report?.("scorer", "production"))?.monitor).toBe("runtime");
  const silent = createLedgerBackend(createLedger(), "adopt");
  expect(composeModel({ registry: silent, runtime: silent, training: null }).report).toBeUndefined();
});
