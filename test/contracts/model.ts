/** What every model backend must do, whatever it stands for. A backend's own test calls this with a scene. */
import { afterEach, describe, expect, test } from "vitest";
import { type ModelBackend, NotStartedError, type Observed, type Operation } from "../../src/ports.ts";

/** A backend with a model in it that serves one version and can serve another. */
export interface ModelScene {
  readonly backend: ModelBackend;
  readonly model: string;
  readonly environment: string;
  /** Serves at first. */
  readonly from: string;
  /** Exists and does not serve. */
  readonly to: string;
  /** Left out where the system cannot tell which of two fences is the newer one. */
  readonly comparesFences?: true;
  /** Stores the rollout that an operation belongs to, as the bot does before it starts anything. */
  remember(operation: Operation): Promise<void>;
  /** The same backend in a bot that was started anew. */
  restart(): Promise<ModelBackend>;
  close(): Promise<void>;
}

let operations = 0;

export function modelContract(name: string, open: () => Promise<ModelScene>): void {
  describe(`${name}, as every model backend,`, () => {
    const scenes: ModelScene[] = [];
    const scene = async () => {
      const opened = await open();
      scenes.push(opened);
      return opened;
    };
    afterEach(async () => {
      for (const opened of scenes.splice(0)) await opened.close();
    });

    test("lists versions, says which serves, and plans without changing anything", async () => {
      const { backend, model, environment, from, to } = await scene();
      const versions = (await backend.versions(model)).map((version) => version.version);
      expect(versions).toEqual(expect.arrayContaining([from, to]));
      const question = {
        kind: "deploy",
        model,
        environment,
        from,
        to,
        restore: null,
        manifest: null,
        reason: "test",
      } as const;
      const first = await backend.plan(question);
      expect(first.kind).toBe("plan");
      expect(await backend.plan(question)).toEqual(first);
      expect((await backend.live(model, environment)).version).toBe(from);
    });

    test("deploys, and is found by the operation id afterwards, also by a bot started anew", async () => {
      const opened = await scene();
      const operation = operationOf(opened);
      await opened.remember(operation);
      const ref = await opened.backend.start(operation);
      expect(JSON.parse(JSON.stringify(ref))).toEqual(ref);
      const found = await opened.backend.findByOperationId(operation.operationId);
      if (found.kind !== "found") throw new Error(`expected to find it: ${found.kind}`);
      const anew = await opened.restart();
      expect((await watch(anew, ref, operation)).kind).toBe("succeeded");
      expect((await watch(anew, found.ref, operation)).kind).toBe("succeeded");
      expect((await anew.live(opened.model, opened.environment)).version).toBe(opened.to);
    });

    test("does not do an operation twice", async () => {
      const opened = await scene();
      const operation = operationOf(opened);
      await opened.remember(operation);
      const first = await opened.backend.start(operation);
      await watch(opened.backend, first, operation);
      if (opened.backend.idempotency === "native") await opened.backend.start(operation);
      else await expect(opened.backend.start(operation)).rejects.toThrow();
      const history = await opened.backend.history(opened.model, opened.environment);
      expect(history.filter((served) => served.version === opened.to).length).toBeLessThanOrEqual(1);
    });

    test("never says found of an operation that was not started", async () => {
      const opened = await scene();
      const operation = operationOf(opened);
      await opened.remember(operation);
      const found = await opened.backend.findByOperationId(operation.operationId);
      expect(found.kind).toBe(opened.backend.idempotency === "none" ? "cannot_look" : "absent");
    });

    test("refuses what comes from a bot that has lost the target since, where it can tell", async () => {
      const opened = await scene();
      if (opened.comparesFences === undefined) return;
      const late = operationOf({ ...opened, from: opened.to, to: opened.from });
      const newer = operationOf(opened);
      for (const operation of [late, newer]) await opened.remember(operation);
      await watch(opened.backend, await opened.backend.start(newer), newer);
      const refusal = await opened.backend.start(late).catch((thrown: unknown) => thrown);
      expect(refusal).toBeInstanceOf(NotStartedError);
      expect(String(refusal)).toContain("fence");
      expect((await opened.backend.live(opened.model, opened.environment)).version).toBe(opened.to);
      expect((await opened.backend.findByOperationId(late.operationId)).kind).toBe("absent");
    });

    test("goes back again to what it kept before", async () => {
      const opened = await scene();
      const there = operationOf(opened);
      await opened.remember(there);
      const kept = await opened.backend.snapshot(opened.model, opened.environment);
      expect(JSON.parse(JSON.stringify(kept))).toEqual(kept);
      const undo = opened.backend.inverse(there, kept);
      expect(undo).toMatchObject({ kind: "rollback", from: opened.to, to: opened.from });
      if (undo === null) throw new Error("a deploy over something has an inverse");
      await watch(opened.backend, await opened.backend.start(there), there);
      const back = { ...operationOf(opened), ...undo };
      await opened.remember(back);
      await watch(opened.backend, await opened.backend.start(back), back);
      expect((await opened.backend.live(opened.model, opened.environment)).version).toBe(opened.from);
    });
  });
}

export function operationOf(scene: Pick<ModelScene, "model" | "environment" | "from" | "to">): Operation {
  operations += 1;
  const { model, environment, from, to } = scene;
  const operationId = `test-operation-${operations}`;
  return {
    ...{ operationId, kind: "deploy", model, environment, from, to },
    ...{ restore: null, manifest: null, requestedBy: "ml", reason: "test", fence: operations },
  };
}

/** Looks until it is over; at most ten seconds. */
export async function watch(
  backend: ModelBackend,
  ref: Parameters<ModelBackend["observe"]>[0],
  operation: Operation,
): Promise<Observed> {
  for (let look = 0; look < 200; look += 1) {
    const observed = await backend.observe(ref, operation);
    if (observed.kind !== "running") return observed;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error("it still runs after ten seconds");
}
