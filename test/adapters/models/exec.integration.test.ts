import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readStatus, runFiles, writeWhole } from "../../../src/adapters/models/exec/state.ts";
import { type OpenStore, openStore } from "../../../src/adapters/store/store.ts";
import { emptyManifest } from "../../../src/domain/rollout/retrain-manifest.ts";
import { NotStartedError } from "../../../src/ports.ts";
import { modelContract, operationOf, watch } from "../../contracts/model.ts";
import { freshDatabase, type TestDatabase } from "../../database.ts";
import { execSystem } from "./exec/scene.ts";

let database: TestDatabase;
let store: OpenStore;
const folders: string[] = [];

beforeAll(async () => {
  database = await freshDatabase();
  store = await openStore({ url: database.url });
});
afterAll(async () => {
  await store.close();
  await database.close();
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

function system(
  over: Readonly<Record<string, unknown>> = {},
  environment: Readonly<Record<string, string>> = {},
) {
  const scene = execSystem({ store, over, environment });
  folders.push(scene.folder);
  return scene;
}

/** With a steady clock that passes when the test says so. */
function timed(over: Readonly<Record<string, unknown>> = {}) {
  let now = 0;
  const scene = execSystem({ store, over, steadyMs: () => now });
  folders.push(scene.folder);
  const pass = (ms: number) => {
    now += ms;
  };
  return { scene, pass };
}

/** Starts a command of one's own in place of the deploy command, and watches it to its end. */
async function run(
  code: string,
  over: Readonly<Record<string, unknown>> = {},
  environment: Readonly<Record<string, string>> = {},
) {
  const scene = system({ ...over, deploy: [process.execPath, "-e", code] }, environment);
  const operation = operationOf(scene);
  await scene.remember(operation);
  const ref = await scene.backend.start(operation);
  return { scene, operation, ref, end: () => watch(scene.backend, ref, operation) };
}

modelContract("exec", () => Promise.resolve(system()));

describe("a command", () => {
  test("that retrains is given the manifest, as arguments and whole in TOCSIN_MANIFEST", async () => {
    const code =
      "console.log(JSON.stringify({ result: process.argv.slice(1).join(' ') + ' ' + JSON.parse(process.env.TOCSIN_MANIFEST).data }))";
    const scene = system({
      retrain: [
        ...[process.execPath, "-e", code, "{manifest.commit}", "{manifest.seed}", "{manifest.parameters}"],
      ],
    });
    const manifest = {
      ...emptyManifest,
      commit: "3f2a91c",
      data: "t@1",
      seed: 0,
      parameters: { b: "$(id)", a: "1" },
    };
    const operation = { ...operationOf(scene), kind: "retrain" as const, to: null, manifest };
    await scene.remember(operation);
    expect(await watch(scene.backend, await scene.backend.start(operation), operation)).toMatchObject({
      kind: "succeeded",
      result: '3f2a91c 0 {"a":"1","b":"$(id)"} t@1',
    });
  });

  test.each([
    [{ image: null }, "uses {manifest.image}, and there is none"],
    [{ image: "--privileged" }, '"--privileged" cannot be passed on'],
  ])("that retrains from %j is refused", async (over, problem) => {
    const scene = system({ retrain: [process.execPath, "{manifest.image}"] });
    const operation = { ...operationOf(scene), kind: "retrain" as const, to: null };
    const planned = await scene.backend.plan({ ...operation, manifest: { ...emptyManifest, ...over } });
    expect(planned).toMatchObject({ kind: "refuse", problem: expect.stringContaining(problem) });
  });

  test("whose arguments hold anything is given them as they are, and no shell sees them", async () => {
    const out = path.join(mkdtempSync(path.join(tmpdir(), "tocsin-exec-")), "out");
    folders.push(path.dirname(out));
    const code = "require('fs').writeFileSync(process.argv[1], JSON.stringify(process.argv.slice(2)))";
    const scene = system({
      deploy: [process.execPath, "-e", code, out, "$(id) `id`; rm -rf /", "{model} {version}"],
    });
    const operation = operationOf(scene);
    await scene.remember(operation);
    await watch(scene.backend, await scene.backend.start(operation), operation);
    expect(JSON.parse(readFileSync(out, "utf8"))).toEqual(["$(id) `id`; rm -rf /", "scorer 2"]);
  });

  test.each(["--force", "-rf", "a b", "$(id)", "2;id", ""])(
    "is not given the version %j",
    async (version) => {
      const { backend } = system();
      const question = {
        kind: "deploy",
        model: "scorer",
        environment: "production",
        from: "1",
        to: version,
        restore: null,
        manifest: null,
        reason: "",
      } as const;
      expect(await backend.plan(question)).toMatchObject({ kind: "refuse", reason: "odd_value" });
    },
  );

  test("gets the environment variables that are named, and no others of the bot", async () => {
    const code = "console.log(JSON.stringify([process.env.WANTED ?? null, process.env.SECRET ?? null]))";
    const { end } = await run(code, { env: ["WANTED"] }, { WANTED: "yes", SECRET: "no" });
    expect(await end()).toMatchObject({ kind: "succeeded", logTail: '["yes",null]\n' });
  });

  test("that fails is a failure with its code, its last line and the end of what it wrote", async () => {
    const { end } = await run(
      "console.log('x'.repeat(20000)); console.error('disk full'); process.exitCode = 3",
    );
    const observed = await end();
    expect(observed).toMatchObject({ kind: "failed", problem: "the command exited with 3: disk full" });
    if (observed.kind !== "failed") throw new Error("expected a failure");
    expect(observed.logTail.length).toBeLessThanOrEqual(8_192);
    expect(observed.logTail).toContain("disk full");
  });

  test("that writes a secret does not have it shown", async () => {
    const { end } = await run("console.log('password=hunter2hunter2')");
    expect((await end()).kind).toBe("succeeded");
    expect(JSON.stringify(await end())).not.toContain("hunter2");
  });

  test("whose output is cut in the middle of a secret does not have the rest of it shown", async () => {
    const secret = "Zq7vXw2Lp9Rt".repeat(3);
    const { end } = await run(`console.log('key ghp_${secret} ' + 'x '.repeat(4_083)); process.exitCode = 3`);
    const observed = await end();
    if (observed.kind !== "failed") throw new Error("expected a failure");
    expect(observed.logTail).toContain("x x x");
    expect(observed.logTail).not.toContain("p9Rt");
  });

  test("that ends with a JSON line tells the new version and its metrics", async () => {
    const { end } = await run(
      "console.log('training'); console.log(JSON.stringify({ version: 7, metrics: { recall: 0.9 } }))",
    );
    expect(await end()).toMatchObject({ kind: "succeeded", newVersion: "7", metrics: { recall: 0.9 } });
  });

  test("that takes too long is stopped with everything it started", async () => {
    const sleeper = "setInterval(() => {}, 1000)";
    const code = `const c = require('child_process').spawn(process.execPath, ['-e', '${sleeper}']); ${sleeper}; console.log(c.pid)`;
    const { end } = await run(code, { timeoutSeconds: 1 });
    const observed = await end();
    expect(observed).toMatchObject({ kind: "failed", problem: "it took too long and was stopped" });
    const grandchild = Number(observed.kind === "failed" ? observed.logTail.trim() : "");
    expect(grandchild).toBeGreaterThan(1);
    await gone(grandchild);
  });

  test("is stopped when asked, and says so", async () => {
    const { scene, operation, ref, end } = await run("setInterval(() => {}, 1000)");
    expect((await scene.backend.observe(ref, operation)).kind).toBe("running");
    await scene.backend.cancel(ref, operation);
    expect(await end()).toMatchObject({ kind: "cancelled" });
  });

  test("that leaves something in the background does not keep the rollout running", async () => {
    const code =
      "require('child_process').spawn(process.execPath, ['-e', 'setTimeout(() => {}, 8000)'], { stdio: 'inherit', detached: true }).unref(); console.log('left one')";
    const startedAt = Date.now();
    const { end } = await run(code);
    expect((await end()).kind).toBe("succeeded");
    expect(Date.now() - startedAt).toBeLessThan(7_000);
  });

  test("that cannot be run at all certainly did not start", async () => {
    const scene = system({ deploy: ["/no/such/program"] });
    const operation = operationOf(scene);
    await scene.remember(operation);
    await expect(scene.backend.start(operation)).rejects.toThrow(NotStartedError);
  });
});

describe("when the bot or the command dies", () => {
  test("the command goes on without the bot, and the bot finds it again by the operation id", async () => {
    const { scene, operation } = await run("setTimeout(() => console.log('done at last'), 700)");
    const anew = await scene.restart();
    const found = await anew.findByOperationId(operation.operationId);
    if (found.kind !== "found") throw new Error(`expected to find it, not ${found.kind}`);
    expect((await anew.observe(found.ref, operation)).kind).toBe("running");
    expect(await watch(anew, found.ref, operation)).toMatchObject({
      kind: "succeeded",
      logTail: "done at last\n",
    });
  });

  test("a runner that was killed leaves the work lost, not failed and not running for ever", async () => {
    const { scene, operation, ref } = await run("setInterval(() => {}, 1000); console.log(process.pid)");
    const status = await started(path.join(scene.folder, "exec", operation.operationId));
    process.kill(status.runnerPid, "SIGKILL");
    const observed = await watch(scene.backend, ref, operation);
    expect(observed).toMatchObject({ kind: "lost" });
    // The command itself lost its parent; it is ended here, by its own id, which it printed.
    const child = Number(status.tail.trim());
    if (child > 0) process.kill(child, "SIGKILL");
  });

  test("work on another machine is left to it until its time is over, and then it is lost", async () => {
    const { scene, pass } = timed({ timeoutSeconds: 600 });
    const ref = { operationId: "elsewhere", model: "scorer", host: "another-host", runner: "1" };
    const operation = operationOf(scene);
    const waits = async (seconds: number) => {
      pass(seconds * 1_000);
      return (await scene.backend.observe(ref, operation)).kind;
    };
    expect([await waits(0), await waits(659), await waits(2)]).toEqual(["running", "running", "lost"]);
    await expect(scene.backend.cancel(ref, operation)).rejects.toThrow("another-host");
  });

  test("a process that has a silent runner's id is not it; times that a jumping clock wrote say nothing", async () => {
    const { scene, pass } = timed();
    const operation = operationOf(scene);
    const folder = path.join(scene.folder, "exec", operation.operationId);
    const says = (at: string) => {
      const status = { state: "running", runnerPid: process.pid, host: hostname(), startedAt: at, at };
      const nothing = { exitCode: null, signal: null, problem: null, tail: "" };
      writeWhole(runFiles(folder).status, JSON.stringify({ ...status, ...nothing }));
    };
    const ref = { operationId: operation.operationId, model: "scorer", host: hostname(), runner: "1" };
    const look = async (seconds: number) => {
      pass(seconds * 1_000);
      return (await scene.backend.observe(ref, operation)).kind;
    };
    says("2001-01-01T00:00:00.000Z");
    expect([await look(0), await look(59)]).toEqual(["running", "running"]);
    says("2000-01-01T00:00:00.000Z");
    expect([await look(2), await look(59), await look(2)]).toEqual(["running", "running", "lost"]);
  });

  test("a find command makes an interrupted start recoverable: absent, or found and watched", async () => {
    const answers = mkdtempSync(path.join(tmpdir(), "tocsin-exec-"));
    folders.push(answers);
    const file = path.join(answers, "answer");
    const scene = system({
      find: [
        process.execPath,
        "-e",
        "console.log(require('fs').readFileSync(process.argv[1], 'utf8'))",
        file,
        "{operationId}",
      ],
    });
    expect(scene.backend.idempotency).toBe("adopt");
    const operation = operationOf(scene);
    await scene.remember(operation);
    writeFileSync(file, "absent");
    expect(await scene.backend.findByOperationId(operation.operationId)).toEqual({ kind: "absent" });
    writeFileSync(file, "succeeded all replicas updated");
    const found = await scene.backend.findByOperationId(operation.operationId);
    if (found.kind !== "found") throw new Error("expected to find it");
    expect(await scene.backend.observe(found.ref, operation)).toMatchObject({
      kind: "succeeded",
      result: "all replicas updated",
    });
    writeFileSync(file, "hm");
    expect(await scene.backend.findByOperationId(operation.operationId)).toMatchObject({
      kind: "cannot_look",
    });
  });
});

test("a command that reports success while nothing moved leaves what serves to be asked, which the bot does", async () => {
  const { scene, end } = await run("console.log('all replicas updated')");
  expect((await end()).kind).toBe("succeeded");
  expect((await scene.backend.live(scene.model, scene.environment)).version).toBe(scene.from);
});

test.each([
  ["fails", "console.error('no cluster'); process.exitCode = 2", "exited with 2: no cluster"],
  ["hangs", "setInterval(() => {}, 1000)", "did not answer within 1 s"],
])("a find command that %s is never taken for absent", async (_name, code, expected) => {
  const scene = system({ find: [process.execPath, "-e", code], queryTimeoutSeconds: 1 });
  const operation = operationOf(scene);
  await scene.remember(operation);
  await expect(scene.backend.findByOperationId(operation.operationId)).rejects.toThrow(expected);
});

describe("questions", () => {
  test("read versions as JSON or as lines, and what serves from the first line", async () => {
    const lines = system({ versions: [process.execPath, "-e", "console.log('3\\n2\\n')"] });
    expect((await lines.backend.versions("scorer")).map((version) => version.version)).toEqual(["3", "2"]);
    const json = await system().backend.versions("scorer");
    expect(json).toMatchObject([
      { version: "2", metrics: {} },
      { version: "1", metrics: { recall: 0.9 } },
    ]);
    const silent = system({ live: [process.execPath, "-e", ""] });
    expect(await silent.backend.live("scorer", "production")).toMatchObject({ version: null });
  });

  test.each([
    [
      "exits with another code",
      "console.error('no cluster'); process.exitCode = 2",
      "exited with 2: no cluster",
    ],
    ["hangs", "setInterval(() => {}, 1000)", "did not answer within 1 s"],
    ["floods", "for (let i = 0; i < 200; i++) process.stdout.write('x'.repeat(10000))", "printed more than"],
  ])("a command that %s is an error that says so", async (_name, code, expected) => {
    const { backend } = system({ live: [process.execPath, "-e", code], queryTimeoutSeconds: 1 });
    await expect(backend.live("scorer", "production")).rejects.toThrow(expected);
  });
});

async function started(folder: string) {
  for (let look = 0; look < 100; look += 1) {
    const status = readStatus(folder);
    if (status !== null && status.tail !== "") return status;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error("the command wrote nothing in five seconds");
}

/** Resolves when there is no such process any more; a zombie that nobody has collected counts as gone. */
async function gone(pid: number): Promise<void> {
  for (let look = 0; look < 100; look += 1) {
    try {
      process.kill(pid, 0);
      if (/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"))) return;
    } catch {
      // No such process, or it went between the two looks.
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`process ${pid} still runs`);
}
