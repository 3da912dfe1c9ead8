/** The real kubectl against the fake: what it does not refuse there, the backend may rely on. */
import { execFile, spawn } from "node:child_process";
import { accessSync, constants, writeFileSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  backendOf,
  type Kubeconfig,
  podTemplate,
  putDeployment,
  writeKubeconfig,
} from "../adapters/models/kubernetes/scene.ts";
import { operationOf, watch } from "../contracts/model.ts";
import { type FakeCluster, startCluster } from "./kubernetes.ts";

const kubectl = (process.env["PATH"] ?? "")
  .split(path.delimiter)
  .map((folder) => path.join(folder, "kubectl"))
  .find((file) => {
    try {
      accessSync(file, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });

const title =
  kubectl === undefined ? "kubectl (not installed: apt-get install kubernetes-client)" : "kubectl";
describe.skipIf(kubectl === undefined)(title, () => {
  let cluster: FakeCluster;
  let kubeconfig: Kubeconfig;

  beforeEach(async () => {
    cluster = await startCluster();
    kubeconfig = writeKubeconfig(cluster.url);
    await putDeployment(cluster, "scorer");
  });
  afterEach(async () => {
    await cluster.close();
    kubeconfig.remove();
    expect(cluster.unknown).toEqual([]);
  });

  const argumentsOf = (line: readonly string[]) => {
    const cache = path.join(path.dirname(kubeconfig.file), "cache");
    return ["--kubeconfig", kubeconfig.file, "--cache-dir", cache, "--request-timeout", "20s", ...line];
  };
  async function run(...line: readonly string[]): Promise<string> {
    const { stdout } = await promisify(execFile)(kubectl ?? "", argumentsOf(line), { timeout: 30_000 });
    return stdout;
  }

  test("lists, reads and patches in three ways, and is refused what is not there", async () => {
    expect(await run("get", "deployments")).toMatch(/NAME\s+AGE\nscorer\s+/);
    expect(
      await run("get", "deploy", "scorer", "-o", "jsonpath={.spec.template.spec.containers[0].image}"),
    ).toBe("registry:5000/scorer:v1");
    const strategic = {
      spec: {
        template: {
          spec: { containers: [{ name: "server", env: [{ name: "LOG_LEVEL", value: "debug" }] }] },
        },
      },
    };
    await run("patch", "deployment", "scorer", "-p", JSON.stringify(strategic));
    await run(
      "patch",
      "deployment",
      "scorer",
      "--type=merge",
      "-p",
      JSON.stringify({ metadata: { labels: { a: "1" } } }),
    );
    const json = [
      { op: "test", path: "/metadata/labels/a", value: "1" },
      { op: "add", path: "/metadata/labels/b", value: "2" },
    ];
    await run("patch", "deployment", "scorer", "--type=json", "-p", JSON.stringify(json));
    expect(cluster.get("deployments", "scorer").metadata.labels).toEqual({ a: "1", b: "2" });
    expect(JSON.stringify(cluster.get("deployments", "scorer").spec)).toContain('"value":"debug"');
    // The other container is still there: the list was merged by name.
    expect(JSON.stringify(cluster.get("deployments", "scorer").spec)).toContain("registry/proxy:1");
    const stale = [{ op: "test", path: "/metadata/resourceVersion", value: "1" }];
    await expect(
      run("patch", "deployment", "scorer", "--type=json", "-p", JSON.stringify(stale)),
    ).rejects.toThrow(/test failed|invalid/i);
    await expect(run("get", "deployment", "missing")).rejects.toThrow(/NotFound/);
  });

  test("follows a rollout, shows its history and undoes it, as the backend sees it", async () => {
    await run("set", "image", "deployment/scorer", "server=registry:5000/scorer:v3");
    expect(await run("rollout", "status", "deployment/scorer")).toContain("successfully rolled out");
    const backend = backendOf({
      kubeconfig: kubeconfig.file,
      model: "scorer",
      settings: { kind: "deployment" },
    });
    expect((await backend.live("scorer", "production")).version).toBe("v3");
    const operation = {
      ...operationOf({ model: "scorer", environment: "production", from: "v3", to: "v2" }),
    };
    const ref = await backend.start(operation);
    await watch(backend, ref, operation);
    expect(await run("rollout", "history", "deployment/scorer")).toContain(
      `version v2, ${operation.operationId}`,
    );
    await run("rollout", "undo", "deployment/scorer");
    await run("rollout", "status", "deployment/scorer");
    const seen = await backend.live("scorer", "production");
    expect(seen.version).toBe("v3");
    expect(seen.by).toMatch(/kubectl/);
    // An undo puts back the annotations of then too, and with them the bot's record of then.
    expect(await backend.observe(ref, operation)).toMatchObject({ kind: "lost" });
  });

  test("creates a Job, and watches what changes", async () => {
    cluster.pods.behaviour = (text) => (text.includes("train") ? "completes" : "serves");
    const watcher = spawn(kubectl ?? "", argumentsOf(["get", "jobs", "-w", "-o", "name"]));
    const seen = new Promise<string>((resolve) =>
      watcher.stdout.once("data", (chunk: Buffer) => resolve(chunk.toString())),
    );
    try {
      // As JSON: of an image alone, newer ones send it as Protobuf, which the fake does not read.
      const file = path.join(path.dirname(kubeconfig.file), "job.json");
      const job = { apiVersion: "batch/v1", kind: "Job", metadata: { name: "by-hand" } };
      const spec = { template: podTemplate("registry/train:1", "by-hand") };
      writeFileSync(file, JSON.stringify({ ...job, spec }));
      await run("create", "-f", file, "--validate=false");
      expect(await seen).toContain("job.batch/by-hand");
    } finally {
      watcher.kill();
    }
    await cluster.settle();
    expect(await run("get", "job", "by-hand", "-o", "jsonpath={.status.succeeded}")).toBe("1");
  });
});
