import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import postgres from "postgres";
import { afterEach, expect, test } from "vitest";
import { startEmbedded } from "../../../src/adapters/store/embedded.ts";
import { type JobHandlers, type JobRunner, runJobs } from "../../../src/adapters/store/jobs.ts";
import { collectQueues, freeSilent } from "../../../src/adapters/store/liveness.ts";
import { migrate } from "../../../src/adapters/store/migrate.ts";
import { openStore } from "../../../src/adapters/store/store.ts";
import { type CommandRequest, type Job, silentLog } from "../../../src/ports.ts";
import { freshStore } from "./fixture.ts";

const ending: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ending.splice(0).reverse()) await end();
});

const slack: Job = { task: "post", platform: "slack", channel: "C1" };
const discord: Job = { task: "post", platform: "discord", channel: "9" };

async function startRunner(
  url: string,
  work: (job: Job) => Promise<void> | void,
  replica = "a",
): Promise<JobRunner> {
  const handle = async (job: Job) => await work(job);
  const handlers: JobHandlers = {
    post: handle,
    explain: handle,
    channel: handle,
    escalate: handle,
    page: handle,
    wake: handle,
    measure: handle,
    execute: handle,
    apply: handle,
    digest: handle,
    monitor: handle,
    checkpoint: handle,
    publish: handle,
  };
  const runner = await runJobs({ url, handlers, concurrency: 4, log: silentLog, replica });
  ending.push(() => runner.stop(500));
  return runner;
}

function gate() {
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { open, opened };
}

test("a job of a transaction that fails never runs, one of a commit does", async () => {
  const { store, url } = await freshStore();
  const ran: Job[] = [];
  await startRunner(url, (job) => void ran.push(job));
  const failing = store.transaction(async (tx) => {
    await tx.jobs.add({ task: "explain", incidentId: 1 });
    throw new Error("no");
  });
  await expect(failing).rejects.toThrow("no");
  const jobs: readonly Job[] = [
    slack,
    { task: "explain", incidentId: 2 },
    { task: "execute", requestKey: "k\0".padEnd(2_000, "x") },
    { task: "apply", rolloutId: 3 },
    { task: "digest", digestRunId: 4 },
    { task: "checkpoint" },
    { task: "publish", destination: "file /srv/checkpoints" },
  ];
  await store.transaction((tx) => tx.jobs.addAll(jobs));
  await expect.poll(() => ran.length, { timeout: 10_000 }).toBe(jobs.length);
  expect(ran.map((job) => job.task).sort()).toEqual([
    "apply",
    "checkpoint",
    "digest",
    "execute",
    "explain",
    "post",
    "publish",
  ]);
  expect(ran).toContainEqual({ task: "explain", incidentId: 2 });
});

test("a request is kept as it was with one job, however often it is delivered", async () => {
  const { store, url } = await freshStore();
  const request: CommandRequest = {
    key: "slack:1",
    account: { platform: "slack", id: "U1", name: "a" },
    channel: null,
    command: "note",
    input: { kind: "text", text: "x\0y" },
    receivedAt: new Date("2026-01-31T09:00:00Z"),
    reply: {},
  };
  const long = { ...request, key: "slack:2".padEnd(2_000, "x") };
  await Promise.all([request, request, request, long].map((each) => store.keepRequest(each)));
  await store.keepRequest(request);
  const ran: Job[] = [];
  await startRunner(url, (job) => void ran.push(job));
  // Added last and of the least priority: all others have been taken before it.
  await store.jobs.add({ task: "publish", destination: "last" });
  await expect.poll(() => ran.length, { timeout: 10_000 }).toBe(3);
  expect(ran).toContainEqual({ task: "execute", requestKey: request.key });
  expect(ran).toContainEqual({ task: "execute", requestKey: long.key });
  expect(await store.requests.take("slack:1")).toEqual({
    ...request,
    input: { kind: "text", text: "x\uFFFDy" },
  });
});

test("what somebody waits for is done before what only makes a card say more", async () => {
  const { store, url } = await freshStore();
  const explanations = [1, 2, 3, 4, 5].map((incidentId): Job => ({ task: "explain", incidentId }));
  const urgent: readonly Job[] = [
    slack,
    discord,
    { task: "execute", requestKey: "k" },
    { task: "escalate", incidentId: 1 },
  ];
  await store.jobs.addAll(explanations);
  await store.jobs.addAll(urgent);
  const first = gate();
  const started: Job[] = [];
  await startRunner(url, async (job) => {
    started.push(job);
    await first.opened;
  });
  // The four workers are all taken now.
  await expect.poll(() => started.length, { timeout: 10_000 }).toBe(urgent.length);
  expect(new Set(started)).toEqual(new Set(urgent));
  first.open();
  await expect.poll(() => started.length, { timeout: 10_000 }).toBe(urgent.length + explanations.length);
});

test("transactions that add the same jobs in different orders do not wait for each other in a circle", async () => {
  const { store } = await freshStore();
  const jobs: readonly Job[] = [
    slack,
    discord,
    { task: "explain", incidentId: 1 },
    { task: "apply", rolloutId: 1 },
  ];
  /** Adds one by one, from a place of its own, with a moment in between for the others. */
  const addFrom = (first: number) =>
    store.transaction(async (tx) => {
      for (let step = 0; step < jobs.length; step += 1) {
        const job = jobs[(first + (first % 2 === 0 ? step : jobs.length - step)) % jobs.length];
        if (job !== undefined)
          await tx.jobs.add(job, step === 2 ? { runAt: new Date(Date.now() + 60_000) } : {});
        await tx.incidents.find(1);
      }
    });
  for (let round = 0; round < 5; round += 1) await Promise.all([0, 1, 2, 3, 4, 5, 6, 7].map(addFrom));
});

test("jobs for the same thing coalesce until one runs; what is added then runs after it", async () => {
  const { store, url } = await freshStore();
  for (let count = 0; count < 5; count += 1) await store.jobs.add(slack);
  const first = gate();
  let runs = 0;
  let running = 0;
  let most = 0;
  await startRunner(url, async () => {
    runs += 1;
    running += 1;
    most = Math.max(most, running);
    if (runs === 1) await first.opened;
    running -= 1;
  });
  await expect.poll(() => runs, { timeout: 10_000 }).toBe(1);
  for (let count = 0; count < 5; count += 1) await store.jobs.add(slack);
  first.open();
  await expect.poll(() => runs, { timeout: 10_000 }).toBe(2);
  await store.jobs.add({ task: "explain", incidentId: 1 });
  await expect.poll(() => runs, { timeout: 10_000 }).toBe(3);
  expect(most).toBe(1);
});

test("one channel is served by one replica at a time, and does not hold up another channel", async () => {
  const { store, url } = await freshStore();
  const stuck = gate();
  const started: string[] = [];
  const work = async (job: Job) => {
    const name = job.task === "post" ? job.platform : job.task;
    started.push(name);
    if (name === "slack") await stuck.opened;
  };
  await startRunner(url, work, "a");
  await startRunner(url, work, "b");
  await store.jobs.add(slack);
  await expect.poll(() => started, { timeout: 10_000 }).toEqual(["slack"]);
  await store.jobs.add(slack);
  for (let count = 0; count < 3; count += 1) {
    await store.jobs.add(discord);
    await expect.poll(() => started.length, { timeout: 10_000 }).toBe(count + 2);
  }
  expect(started).toEqual(["slack", "discord", "discord", "discord"]);
  stuck.open();
  await expect.poll(() => started.at(-1), { timeout: 10_000 }).toBe("slack");
});

test("a job for later does not put off the one for now, and waits for its moment", async () => {
  const { store, url } = await freshStore();
  const ran: number[] = [];
  await store.jobs.add(slack);
  await store.jobs.add(slack, { runAt: new Date(Date.now() + 3_600_000) });
  const soon = Date.now() + 1_500;
  await store.jobs.add(slack, { runAt: new Date(soon) });
  await startRunner(url, () => void ran.push(Date.now()));
  await expect.poll(() => ran.length, { timeout: 10_000 }).toBe(2);
  expect(ran[0]).toBeLessThan(soon);
  expect(ran[1]).toBeGreaterThanOrEqual(soon - 5);
});

test("a job that fails is tried again", async () => {
  const { store, url } = await freshStore();
  let tries = 0;
  await startRunner(url, () => {
    tries += 1;
    if (tries === 1) throw new Error("not yet");
  });
  await store.jobs.add(slack);
  await expect.poll(() => tries, { timeout: 15_000 }).toBe(2);
}, 30_000);

test("no wait between two tries exceeds a minute, and a job planned for tomorrow stays planned", async () => {
  const { store, url } = await freshStore();
  const client = postgres(url, { max: 1, onnotice: () => undefined });
  ending.push(() => client.end());
  await store.jobs.add(slack);
  await client`
    update graphile_worker._private_jobs set attempts = 12, last_error = 'x', run_at = now() + interval '6 hours'`;
  await store.jobs.add(discord, { runAt: new Date(Date.now() + 86_400_000) });
  await freeSilent(client, 10_000);
  const waits = await client<{ wait: number }[]>`
    select extract(epoch from run_at - now())::int as wait from graphile_worker._private_jobs order by run_at`;
  expect(waits[0]?.wait).toBeLessThanOrEqual(60);
  expect(waits[1]?.wait).toBeGreaterThan(86_000);
});

test("stopping waits for what runs, and leaves to others what takes too long", async () => {
  const { store, url } = await freshStore();
  const started: string[] = [];
  const patient = await startRunner(url, async (job) => {
    started.push(`a ${job.task}`);
    await (job.task === "post"
      ? new Promise(() => undefined)
      : new Promise((resolve) => setTimeout(resolve, 200)));
    started.push(`a ${job.task} done`);
  });
  await store.jobs.add(slack);
  await store.jobs.add({ task: "explain", incidentId: 1 });
  await expect.poll(() => started.length, { timeout: 10_000 }).toBeGreaterThanOrEqual(2);
  const stoppingAt = Date.now();
  await patient.stop(1_000);
  expect(Date.now() - stoppingAt).toBeLessThan(4_000);
  expect(started).toContain("a explain done");
  await startRunner(url, (job) => void started.push(`b ${job.task}`), "b");
  await expect.poll(() => started, { timeout: 10_000 }).toContain("b post");
  expect(started).not.toContain("b explain");
});

test("the jobs of a replica that was killed run elsewhere within 15 s", async () => {
  const { store, url } = await freshStore();
  const ran: Job[] = [];
  const child = await startChild(url);
  const taken = waitForLine(child, '"slack"');
  await store.jobs.add(slack);
  await taken;
  await startRunner(url, (job) => void ran.push(job), "survivor");
  await store.jobs.add(slack);
  child.kill("SIGKILL");
  const killedAt = Date.now();
  await expect.poll(() => ran.length, { interval: 50 }).toBeGreaterThanOrEqual(1);
  expect(Date.now() - killedAt).toBeLessThan(15_000);
}, 60_000);

test("a bot that is alone takes over at once what its former self was doing", async () => {
  const { store, url } = await freshStore();
  const ran: Job[] = [];
  const child = await startChild(url);
  const taken = waitForLine(child, '"slack"');
  await store.jobs.add(slack);
  await store.leases.acquire("triage", "former self", 60_000);
  await taken;
  child.kill("SIGKILL");
  await once(child, "exit");
  await store.takeOver();
  await startRunner(url, (job) => void ran.push(job), "new self");
  await expect.poll(() => ran, { timeout: 5_000 }).toEqual([slack]);
  expect(await store.leases.acquire("triage", "new self", 60_000)).not.toBeNull();
}, 60_000);

test("a job that this replica holds without knowing of it is freed", async () => {
  const { store, url } = await freshStore();
  const client = postgres(url, { max: 1, onnotice: () => undefined });
  ending.push(() => client.end());
  const ran: Job[] = [];
  const inHand = gate();
  await startRunner(url, async (job) => {
    ran.push(job);
    if (job.task === "explain") await inHand.opened;
  });
  await store.jobs.add({ task: "explain", incidentId: 1 });
  await expect.poll(() => ran.length, { timeout: 10_000 }).toBe(1);
  await store.jobs.add(slack, { runAt: new Date(Date.now() + 3_600_000) });
  // As if the answer that gave the job had been lost with its connection.
  await client`
    update graphile_worker._private_jobs set locked_at = now() - interval '1 minute', run_at = now(),
      locked_by = (select worker_pool from replicas)
    where key like 'post %'`;
  await client`update graphile_worker._private_jobs set locked_at = now() - interval '1 minute' where key like 'explain %'`;
  await expect.poll(() => ran.at(-1), { timeout: 10_000 }).toEqual(slack);
  expect(ran).toHaveLength(2);
  inHand.open();
});

test("queues without jobs are removed, those with jobs stay", async () => {
  const { store, url } = await freshStore();
  const client = postgres(url, { max: 1, onnotice: () => undefined });
  ending.push(() => client.end());
  let runs = 0;
  const runner = await startRunner(url, () => {
    runs += 1;
  });
  await store.jobs.add(slack);
  await expect.poll(() => runs, { timeout: 10_000 }).toBe(1);
  await runner.stop(1_000);
  await store.jobs.add(discord);
  await collectQueues(client);
  const queues = await client`select queue_name from graphile_worker._private_job_queues`;
  expect(queues.map((row) => row["queue_name"])).toEqual(["post discord:9"]);
});

test("jobs go on after the database was killed and came back", async () => {
  const dataDir = await mkdtemp(path.join(tmpdir(), "tocsin-jobs-"));
  await chmod(dataDir, 0o711);
  ending.push(() => rm(dataDir, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 }));
  const server = await startEmbedded({ dataDir, log: silentLog });
  ending.push(() => server.stop());
  await migrate(server.url);
  const store = await openStore({ url: server.url });
  ending.push(() => store.close());
  const ran: Job[] = [];
  const inHand = gate();
  await startRunner(server.url, async (job) => {
    ran.push(job);
    if (ran.length === 1) await inHand.opened;
  });
  await store.jobs.add(slack);
  await expect.poll(() => ran, { timeout: 10_000 }).toEqual([slack]);
  const killed = server.pid();
  process.kill(killed, "SIGKILL");
  // The end of the job that was in hand cannot be recorded now, and must neither be fatal nor leave it locked.
  inHand.open();
  const added = async () =>
    await store.jobs.add(discord).then(
      () => "added",
      () => "away",
    );
  await expect.poll(added).toBe("added");
  await expect.poll(() => ran, { timeout: 40_000 }).toContainEqual(discord);
  const client = postgres(server.url, { max: 1, onnotice: () => undefined });
  ending.push(() => client.end());
  const left = async () =>
    (await client`select count(*)::int as n from graphile_worker._private_jobs`)[0]?.["n"];
  await expect.poll(left, { timeout: 40_000 }).toBe(0);
  await expect(store.ping()).resolves.toBeUndefined();
  await expect.poll(() => server.pid(), { timeout: 10_000 }).not.toBe(killed);
}, 120_000);

async function startChild(url: string): Promise<ChildProcess> {
  const script = fileURLToPath(new URL("./job-worker.ts", import.meta.url));
  const child = spawn(process.execPath, ["--import", "tsx", script, url], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  ending.push(async () => child.kill("SIGKILL"));
  return child;
}

async function waitForLine(child: ChildProcess, text: string): Promise<void> {
  let output = "";
  for await (const chunk of child.stdout ?? []) {
    output += String(chunk);
    if (output.includes(text)) return;
  }
  throw new Error(`the child ended without saying ${text}`);
}
