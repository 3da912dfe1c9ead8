/** A real MLflow server over a folder that is thrown away: SQLite, one process, on loopback. */
import type { ChildProcess } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { spawnTied } from "./tied-process.ts";

/** Made by `.ci/run`: a Python virtual environment with MLflow in it. */
const program = path.join(import.meta.dirname, "../.mlflow/bin/mlflow");

/** Imports of a cold server take 10 to 20 s where the machine is busy. */
export const mlflowStartMs = 120_000;

/** Why tests against a real server cannot run here, or null. */
export function mlflowMissing(): string | null {
  return existsSync(program)
    ? null
    : "MLflow is not installed: python3 -m venv .mlflow && .mlflow/bin/pip install -r test/mlflow-requirements.txt";
}

export interface MlflowServer {
  readonly url: string;
  /** Python of the same environment, for tests that train something. */
  readonly python: string;
  /** What it wrote so far. */
  output(): string;
  /** Ends it and all it started. */
  stop(): Promise<void>;
}

/**
 * Starts a server and waits until it answers.
 * @param env - variables of its own, for example for webhooks.
 */
export async function startMlflow(env: Readonly<Record<string, string>> = {}): Promise<MlflowServer> {
  const folder = mkdtempSync(path.join(tmpdir(), "tocsin-mlflow-"));
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const child = spawnTied(
    [
      ...[program, "server", "--host", "127.0.0.1", "--port", String(port), "--workers", "1"],
      ...[
        "--backend-store-uri",
        `sqlite:///${folder}/mlflow.db`,
        "--default-artifact-root",
        `${folder}/artifacts`,
      ],
    ],
    {
      cwd: folder,
      env: {
        ...process.env,
        MLFLOW_DISABLE_TELEMETRY: "true",
        MLFLOW_SERVER_ENABLE_JOB_EXECUTION: "false",
        ...env,
      },
    },
  );
  let text = "";
  const keep = (chunk: Buffer) => {
    text = (text + chunk.toString()).slice(-100_000);
  };
  child.stdout.on("data", keep);
  child.stderr.on("data", keep);
  const stop = async () => {
    await end(child);
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await untilHealthy(url, child, () => text);
  } catch (error) {
    await stop();
    throw error;
  }
  return { url, python: path.join(path.dirname(program), "python"), output: () => text, stop };
}

async function untilHealthy(url: string, child: ChildProcess, output: () => string): Promise<void> {
  const until = Date.now() + mlflowStartMs;
  const hasEnded = () => child.exitCode !== null || child.signalCode !== null;
  while (Date.now() < until && !hasEnded()) {
    const response = await fetch(`${url}/health`, { signal: AbortSignal.timeout(2_000) }).catch(() => null);
    await response?.body?.cancel();
    if (response?.ok === true) return;
    await sleep(200);
  }
  const why = hasEnded() ? "ended by itself" : "did not answer in time";
  throw new Error(`MLflow ${why}:\n${output().slice(-2_000)}`);
}

async function end(child: ChildProcess): Promise<void> {
  if (child.pid === undefined) return;
  const gone = new Promise((resolve) => child.once("close", resolve));
  const isGone = child.exitCode !== null || child.signalCode !== null;
  try {
    process.kill(-child.pid, "SIGKILL");
  } catch {
    // The group is gone already.
  }
  if (!isGone) await gone;
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() =>
        typeof address === "object" && address !== null
          ? resolve(address.port)
          : reject(new Error("no port")),
      );
    });
  });
}

/** Asks the API as another client would; throws unless the answer is 2xx. */
export async function askMlflow(
  url: string,
  method: "GET" | "POST" | "DELETE",
  call: string,
  parameters: Readonly<Record<string, unknown>> = {},
): Promise<Record<string, unknown>> {
  const target = new URL(`/api/2.0/mlflow/${call}`, url);
  if (method === "GET")
    for (const [name, value] of Object.entries(parameters)) target.searchParams.set(name, String(value));
  const response = await fetch(target, {
    method,
    ...(method === "GET"
      ? {}
      : { headers: { "content-type": "application/json" }, body: JSON.stringify(parameters) }),
    signal: AbortSignal.timeout(30_000),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${call}: ${response.status} ${text.slice(0, 500)}`);
  const parsed: Record<string, unknown> = JSON.parse(text);
  return parsed;
}

export interface RunGiven {
  readonly metrics?: Readonly<Record<string, number>>;
  readonly params?: Readonly<Record<string, string>>;
  readonly tags?: Readonly<Record<string, string>>;
  /** Name and digest of the data it read. */
  readonly data?: readonly [name: string, digest: string];
  /** Id of the experiment; the default one when left out. */
  readonly experiment?: string;
}

/** A finished run; returns its id and where its artifacts are. */
export async function makeRun(url: string, given: RunGiven = {}): Promise<{ id: string; artifacts: string }> {
  const { metrics = {}, params = {}, tags = {}, data, experiment = "0" } = given;
  const pairs = (of: Readonly<Record<string, string>>) =>
    Object.entries(of).map(([key, value]) => ({ key, value }));
  const created = await askMlflow(url, "POST", "runs/create", {
    experiment_id: experiment,
    start_time: Date.now(),
    tags: pairs(tags),
  });
  // The shape that the server gives, which its own clients rely on.
  const { info } = created["run"] as { info: { run_id: string; artifact_uri: string } };
  await askMlflow(url, "POST", "runs/log-batch", {
    run_id: info.run_id,
    metrics: Object.entries(metrics).map(([key, value]) => ({
      key,
      value: Number.isFinite(value) ? value : String(value),
      timestamp: Date.now(),
      step: 0,
    })),
    params: pairs(params),
  });
  if (data !== undefined) {
    const dataset = { name: data[0], digest: data[1], source_type: "local", source: "{}" };
    await askMlflow(url, "POST", "runs/log-inputs", {
      run_id: info.run_id,
      datasets: [{ dataset, tags: [] }],
    });
  }
  await askMlflow(url, "POST", "runs/update", {
    ...{ run_id: info.run_id, status: "FINISHED", end_time: Date.now() },
  });
  return { id: info.run_id, artifacts: info.artifact_uri };
}

/** A version of a registered model, of a run or of none; returns its number. */
export async function makeVersion(
  url: string,
  name: string,
  given: {
    readonly run?: { id: string; artifacts: string };
    readonly tags?: Readonly<Record<string, string>>;
  } = {},
): Promise<string> {
  const { run, tags = {} } = given;
  const created = await askMlflow(url, "POST", "model-versions/create", {
    name,
    source: run === undefined ? "s3://models/none" : `${run.artifacts}/model`,
    ...(run === undefined ? {} : { run_id: run.id }),
    tags: Object.entries(tags).map(([key, value]) => ({ key, value })),
  });
  // The shape that the server gives, which its own clients rely on.
  return (created["model_version"] as { version: string }).version;
}
