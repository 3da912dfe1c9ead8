/** How a cluster is reached: kubeconfigs, service accounts, credential plugins, TLS both ways, and watches. */
import { execFileSync } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { inClusterAccess, kubeconfigAccess } from "../../../../src/adapters/models/kubernetes/access.ts";
import { createKubernetesClient } from "../../../../src/adapters/models/kubernetes/client.ts";
import { waitForChange } from "../../../../src/adapters/models/kubernetes/watch.ts";
import { goneEvent } from "../../../fakes/kubernetes/watches.ts";
import { type FakeCluster, startCluster } from "../../../fakes/kubernetes.ts";
import { podTemplate, putDeployment, setTemplate, writeKubeconfig } from "./scene.ts";

const deployments = "apis/apps/v1/namespaces/ml/deployments";
const schema = z.looseObject({ metadata: z.looseObject({ resourceVersion: z.string() }) });
const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0)) await clean();
});

async function openCluster(options: Parameters<typeof startCluster>[0] = {}): Promise<FakeCluster> {
  const cluster = await startCluster(options);
  cleanups.push(() => cluster.close());
  await putDeployment(cluster, "scorer");
  return cluster;
}

function kubeconfigOf(...given: Parameters<typeof writeKubeconfig>): string {
  const { file, remove } = writeKubeconfig(...given);
  cleanups.push(remove);
  return file;
}

const ask = (access: Parameters<typeof createKubernetesClient>[0]) =>
  createKubernetesClient(access, 2_000).get({ path: `${deployments}/scorer`, schema });

describe("a kubeconfig", () => {
  test("whose token lies in a file is read again after the server refuses it", async () => {
    const cluster = await openCluster();
    const file = kubeconfigOf(cluster.url, { tokenFile: "token" });
    const token = path.join(path.dirname(file), "token");
    writeFileSync(token, "first\n");
    cluster.token = "first";
    const client = createKubernetesClient(kubeconfigAccess(file, null, {}), 2_000);
    await client.get({ path: `${deployments}/scorer`, schema });
    writeFileSync(token, "second\n");
    cluster.token = "second";
    await client.get({ path: `${deployments}/scorer`, schema });
    cluster.token = "third";
    await expect(client.get({ path: `${deployments}/scorer`, schema })).rejects.toThrow(/\(401\)/);
  });

  test("with a credential plugin asks it once, and anew after a refusal; its output is never shown", async () => {
    const cluster = await openCluster();
    const file = kubeconfigOf(cluster.url, {
      exec: {
        apiVersion: "client.authentication.k8s.io/v1",
        command: "./plugin",
        env: [{ name: "GIVEN", value: "x" }],
        provideClusterInfo: true,
      },
    });
    const folder = path.dirname(file);
    const answer = (token: string) => JSON.stringify({ kind: "ExecCredential", status: { token } });
    const script = [
      `#!${process.execPath}`,
      'const fs = require("node:fs");',
      `fs.appendFileSync("${folder}/asked", process.env.KUBERNETES_EXEC_INFO + process.env.GIVEN + "\\n");`,
      `process.stdout.write(fs.readFileSync("${folder}/answer"));`,
    ];
    writeFileSync(path.join(folder, "plugin"), script.join("\n"));
    chmodSync(path.join(folder, "plugin"), 0o755);
    writeFileSync(path.join(folder, "answer"), answer("one"));
    cluster.token = "one";
    const client = createKubernetesClient(kubeconfigAccess(file, null, {}), 2_000);
    for (let time = 0; time < 3; time += 1) await client.get({ path: `${deployments}/scorer`, schema });
    const asked = () => readFileSync(path.join(folder, "asked"), "utf8").trim().split("\n");
    expect(asked()).toEqual([expect.stringContaining(`"server":"${cluster.url}/"`)]);
    writeFileSync(path.join(folder, "answer"), answer("two"));
    cluster.token = "two";
    await client.get({ path: `${deployments}/scorer`, schema });
    expect(asked()).toHaveLength(2);
    writeFileSync(path.join(folder, "answer"), "two: not JSON");
    cluster.token = "three";
    const error = await client.get({ path: `${deployments}/scorer`, schema }).catch(String);
    expect(error).toContain("./plugin gave no credentials");
    expect(error).not.toContain("two");
  });

  test.each([
    [
      "a context that is not there",
      () => kubeconfigAccess(kubeconfigOf("http://x"), "prod", {}),
      /no context "prod"; set context to one of: fake/,
    ],
    [
      "a file that is not there",
      () => kubeconfigAccess("/nonexistent/config", null, {}),
      /does not exist; set kubeconfig/,
    ],
    [
      "a password",
      () => kubeconfigAccess(kubeconfigOf("http://x", { username: "me" }), null, {}),
      /use exec or a token/,
    ],
    [
      "an address that is none",
      () => kubeconfigAccess(kubeconfigOf("x"), null, {}),
      /is not a kubeconfig \(clusters\.0\.cluster\.server/,
    ],
    [
      "a plugin that wants to ask a person",
      () =>
        kubeconfigAccess(
          kubeconfigOf("http://x", {
            exec: {
              apiVersion: "client.authentication.k8s.io/v1",
              command: "sso",
              interactiveMode: "Always",
            },
          }),
          null,
          {},
        ),
      /the bot has none/,
    ],
    ["no pod", () => inClusterAccess({}), /does not run in a pod; set kubeconfig/],
  ])("with %s is refused, with the remedy", (_name, open, message) => {
    expect(open).toThrow(message);
  });
});

describe("TLS", () => {
  const folder = mkdtempSync(path.join(tmpdir(), "tocsin-tls-"));
  const file = (name: string) => path.join(folder, name);
  const read = (name: string) => readFileSync(file(name), "utf8");
  const openssl = (...line: readonly string[]) =>
    execFileSync("openssl", line, { cwd: folder, stdio: "pipe" });

  beforeAll(() => {
    openssl(
      "req",
      "-x509",
      "-newkey",
      "rsa:2048",
      "-nodes",
      "-keyout",
      "ca.key",
      "-out",
      "ca.crt",
      "-days",
      "2",
      "-subj",
      "/CN=test CA",
    );
    for (const [name, extension] of [
      ["server", "subjectAltName=IP:127.0.0.1"],
      ["bot", "extendedKeyUsage=clientAuth"],
    ] as const) {
      writeFileSync(file(`${name}.ext`), extension);
      openssl(
        "req",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-keyout",
        `${name}.key`,
        "-out",
        `${name}.csr`,
        "-subj",
        `/CN=${name}`,
      );
      openssl(
        "x509",
        "-req",
        "-in",
        `${name}.csr`,
        "-CA",
        "ca.crt",
        "-CAkey",
        "ca.key",
        "-CAcreateserial",
        "-days",
        "2",
        "-extfile",
        `${name}.ext`,
        "-out",
        `${name}.crt`,
      );
    }
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const tls = () => ({ key: read("server.key"), cert: read("server.crt") });

  test("trusts the authority of the kubeconfig, shows the client certificate, and no other server", async () => {
    const cluster = await openCluster({ tls: { ...tls(), clientCa: read("ca.crt") } });
    const base64 = (name: string) => Buffer.from(read(name)).toString("base64");
    const user = { "client-certificate-data": base64("bot.crt"), "client-key-data": base64("bot.key") };
    const authority = { "certificate-authority": file("ca.crt") };
    await ask(kubeconfigAccess(kubeconfigOf(cluster.url, user, authority), null, {}));
    await expect(ask(kubeconfigAccess(kubeconfigOf(cluster.url, {}, authority), null, {}))).rejects.toThrow(
      /could not be reached/,
    );
    await expect(ask(kubeconfigAccess(kubeconfigOf(cluster.url, user), null, {}))).rejects.toThrow(
      /could not be reached/,
    );
    const blind = kubeconfigAccess(
      kubeconfigOf(cluster.url, user, { "insecure-skip-tls-verify": true }),
      null,
      {},
    );
    expect(blind.isVerified).toBe(false);
    await ask(blind);
  });

  test("is that of the pod where the bot runs in one", async () => {
    const cluster = await openCluster({ tls: tls() });
    cluster.token = "of the pod";
    writeFileSync(file("token"), "of the pod\n");
    writeFileSync(file("namespace"), "ml");
    const { hostname, port } = new URL(cluster.url);
    const access = inClusterAccess(
      { KUBERNETES_SERVICE_HOST: hostname, KUBERNETES_SERVICE_PORT: port },
      folder,
    );
    expect(access.namespace).toBe("ml");
    await ask(access);
  });
});

describe("a watch", () => {
  async function open() {
    const cluster = await openCluster();
    const client = createKubernetesClient(kubeconfigAccess(kubeconfigOf(cluster.url), null, {}), 2_000);
    const { resourceVersion } = cluster.get("deployments", "scorer").metadata;
    const watched = { collection: deployments, name: "scorer", resourceVersion };
    const change = () =>
      setTemplate(cluster, "deployments", "scorer", podTemplate("registry:5000/scorer:v3", "scorer"));
    return { cluster, client, watched, change };
  }

  test("tells of a change, of its object alone", async () => {
    const { cluster, client, watched, change } = await open();
    await putDeployment(cluster, "other");
    expect(await waitForChange(client, watched, 200)).toBe("unchanged");
    const waited = waitForChange(client, watched, 20_000);
    await change();
    expect(await waited).toBe("changed");
  });

  test("that was cut goes on from the last bookmark, and misses nothing", async () => {
    const { cluster, client, watched, change } = await open();
    const asked: string[] = [];
    cluster.fate = ({ path: asking, isWatch }) => {
      if (isWatch) asked.push(new URL(asking, cluster.url).searchParams.get("resourceVersion") ?? "");
      return { kind: "pass" };
    };
    const waited = waitForChange(client, watched, 20_000);
    await putDeployment(cluster, "other");
    // Bookmarks come every 25 ms; two of them are certain to have come when the clock of the other says so.
    await new Promise((resolve) => setTimeout(resolve, 150));
    cluster.cutWatches();
    await change();
    expect(await waited).toBe("changed");
    expect(asked.length).toBeGreaterThanOrEqual(2);
    expect(Number(asked.at(-1))).toBeGreaterThan(Number(watched.resourceVersion));
  });

  test("from a version that the server forgot is told, so that one looks again", async () => {
    const { cluster, client, watched } = await open();
    await putDeployment(cluster, "other");
    cluster.store.compact();
    expect(await waitForChange(client, watched, 20_000)).toBe("expired");
  });

  test("whose past is forgotten while it runs is told inside the stream", async () => {
    const { cluster, client, watched } = await open();
    cluster.fate = ({ isWatch }) =>
      isWatch ? { kind: "answer", status: 200, body: goneEvent("1") } : { kind: "pass" };
    expect(await waitForChange(client, watched, 20_000)).toBe("expired");
  });

  test.each([{ kind: "hang" }, { kind: "half_open" }, { kind: "cut", when: "before" }] as const)(
    "that comes to nothing (%o) ends in time",
    async (fate) => {
      const { cluster, client, watched } = await open();
      cluster.fate = ({ isWatch }) => (isWatch ? fate : { kind: "pass" });
      expect(await waitForChange(client, watched, 300)).toBe("unchanged");
    },
  );
});
