import { generateKeyPairSync } from "node:crypto";
import postgres from "postgres";
import { describe, expect, test } from "vitest";
import { type JobHandlers, runJobs } from "../../src/adapters/store/jobs.ts";
import { migrate } from "../../src/adapters/store/migrate.ts";
import { grantRights } from "../../src/adapters/store/rights.ts";
import { openStore } from "../../src/adapters/store/store.ts";
import { createCheckpointer } from "../../src/app/checkpoint.ts";
import { readCheckpoints, readLog } from "../../src/app/read-log.ts";
import { checkpointBefore, eraseFields, pruneTo } from "../../src/app/retention.ts";
import { openCheckpoint, readSigner, verifierOf } from "../../src/domain/audit/checkpoint.ts";
import { createChainCheck, erasedActor } from "../../src/domain/audit.ts";
import { type Job, noMetrics, type Store, silentLog } from "../../src/ports.ts";
import { at, freshStore } from "../adapters/store/fixture.ts";
import { withRoles } from "../database-roles.ts";

const pem = String(generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" }));
const signer = readSigner("tocsin.example/audit", pem);
const act = { actor: "auditor", reason: "asked for it", now: at(100) };

function sign(store: Store) {
  const clock = { now: () => at(50) };
  const options = { store, signer, destinations: [], clock, log: silentLog, metrics: noMetrics };
  return createCheckpointer(options).sign();
}

async function write(
  store: Store,
  actor: string,
  data: Readonly<Record<string, unknown>> = {},
): Promise<number> {
  const record = {
    at: at(1),
    actor,
    action: "silence.created",
    subject: "silence:1",
    outcome: "done",
    data,
  } as const;
  return (await store.audit.append(record)).seq;
}

/** The whole log against every checkpoint, as tocsin audit verify reads it. */
async function verdictOf(store: Store) {
  const checkpoints = [];
  for await (const { note } of readCheckpoints(store))
    checkpoints.push(openCheckpoint(note, verifierOf(signer)));
  const mark = await store.audit.mark();
  const check = createChainCheck({ heads: mark === null ? [] : [mark], checkpoints });
  for await (const line of readLog(store)) {
    if (line.kind === "entry") check.add(line.entry);
    else check.pruned(line.leaf);
  }
  return check.end();
}

describe("erasing a person", () => {
  test("takes what they wrote and where others name them, and the log still verifies", async () => {
    const { store, url } = await freshStore();
    await write(store, "ada", { reason: "Ada's words", planHash: "h1" });
    await write(store, "grace", { reason: "Grace's words", approvers: [{ id: "ada" }] });
    await write(store, "grace", { reason: "ada is in this sentence" });
    await sign(store);
    expect(await eraseFields(store, { names: ["ada"], seqs: [] }, act)).toEqual({
      fields: 3,
      entries: 2,
      by: 4,
      unerasable: 0,
    });
    const [first, second, third, erasure] = await store.audit.read(1, 10);
    expect(first).toMatchObject({ actor: erasedActor, data: { planHash: "h1" } });
    expect(second).toMatchObject({ actor: "grace", data: { reason: "Grace's words" } });
    expect(third?.data).toEqual({ reason: "ada is in this sentence" });
    expect(erasure).toMatchObject({ action: "audit.erased", actor: "auditor", data: { count: 3, from: 1 } });
    expect(await verdictOf(store)).toMatchObject({ kind: "intact", erased: 3, covered: 3 });
    expect(await store.audit.list({ actor: "ada", limit: 5 })).toEqual([]);
    expect(await eraseFields(store, { names: ["ada"], seqs: [3] }, act)).toMatchObject({
      fields: 2,
      entries: 1,
    });
    expect(await verdictOf(store)).toMatchObject({ kind: "intact", erased: 5 });
    // Nothing of them is left in the tables of the log.
    const client = postgres(url, { max: 1 });
    const [left] = await client`select string_agg(t::text, '') as text from audit_values t`;
    await client.end();
    expect(left?.["text"]).not.toMatch(/ada/i);
  });

  test("that is undone by hand, or done by hand, is seen", async () => {
    const { store, url } = await freshStore();
    await write(store, "ada", { reason: "words" });
    await eraseFields(store, { names: ["ada"], seqs: [] }, act);
    const client = postgres(url, { max: 1, onnotice: () => undefined });
    await client.unsafe(
      "set session_replication_role = replica; delete from audit_values where seq = 2 and field = 'actor'",
    );
    await client.end();
    expect(await verdictOf(store)).toMatchObject({ kind: "broken", reason: "removed", seq: 2 });
  });
});

describe("pruning", () => {
  test("removes what a checkpoint covers; tree, proofs and later entries still verify", async () => {
    const { store } = await freshStore();
    for (let index = 0; index < 6; index += 1) await write(store, "ada", { reason: `words ${index}` });
    await eraseFields(store, { names: [], seqs: [2] }, act);
    await sign(store);
    for (let index = 0; index < 3; index += 1) await write(store, "ada");
    expect(await checkpointBefore(store, at(50))).toBeNull();
    const checkpoint = await checkpointBefore(store, at(51));
    if (checkpoint === null) throw new Error("a checkpoint");
    expect(await pruneTo(store, checkpoint, act)).toEqual({ kind: "pruned", entries: 7, by: 11 });
    expect((await store.audit.read(1, 20)).map(({ seq }) => seq)).toEqual([8, 9, 10, 11]);
    expect(await verdictOf(store)).toMatchObject({ kind: "intact", pruned: 7, entries: 4 });
    expect(await sign(store)).toMatchObject({ kind: "signed", checkpoint: { size: 11 } });
    expect(await verdictOf(store)).toMatchObject({ kind: "intact", covered: 11 });
    expect(await pruneTo(store, checkpoint, act)).toMatchObject({ kind: "refused" });
  });

  test("is refused when the entries are not those that were signed", async () => {
    const { store, url } = await freshStore();
    for (let index = 0; index < 3; index += 1) await write(store, "ada");
    await sign(store);
    const client = postgres(url, { max: 1, onnotice: () => undefined });
    await client.unsafe(
      "set session_replication_role = replica; update audit set subject = 'x' where seq = 2",
    );
    await client.end();
    const checkpoint = await checkpointBefore(store, at(51));
    if (checkpoint === null) throw new Error("a checkpoint");
    expect(await pruneTo(store, checkpoint, act)).toMatchObject({
      kind: "refused",
      problem: expect.stringContaining("entry 2"),
    });
    expect(await store.audit.read(1, 5)).toHaveLength(3);
  });
});

describe("on a server with a role for the owner and one for the bot", () => {
  test("the bot's can do its work and only read and add to the log; the owner's erases", async () => {
    await withRoles(async ({ owner, bot }) => {
      await migrate(owner);
      await grantRights(owner, new URL(bot).username);
      // A start without the owner's address finds nothing to do.
      await migrate(bot);
      const store = await openStore({ url: bot, maxConnections: 2 });
      const ownerStore = await openStore({ url: owner, maxConnections: 2 });
      try {
        expect(await store.excessRights()).toEqual([]);
        expect(await ownerStore.excessRights()).toContain("owns audit");
        await store.transaction(async (tx) => {
          await tx.audit.append({
            at: at(0),
            actor: "ada",
            action: "x",
            subject: "x",
            outcome: "done",
            data: {},
          });
          await tx.jobs.add({ task: "checkpoint" });
        });
        await expectJob(bot, "checkpoint");
        await sign(store);
        await expect(eraseFields(store, { names: ["ada"], seqs: [] }, act)).rejects.toThrow();
        expect(await eraseFields(ownerStore, { names: ["ada"], seqs: [] }, act)).toMatchObject({ fields: 1 });
        expect(await verdictOf(store)).toMatchObject({ kind: "intact", erased: 1, entries: 2 });
        const client = postgres(bot, { max: 1, onnotice: () => undefined });
        for (const statement of [
          "update audit_head set seq = 0",
          "delete from audit",
          "set session_replication_role = replica",
          "alter table audit disable trigger all",
          "insert into audit_erased values (1, 'actor', 2)",
        ])
          await expect(client.unsafe(statement), statement).rejects.toThrow(
            /permission denied|must be owner/,
          );
        await client.end();
      } finally {
        await Promise.all([store.close(), ownerStore.close()]);
      }
    });
  });

  /** Takes and does a job under this role, which is most of what the queue needs. */
  async function expectJob(url: string, task: string): Promise<void> {
    const done: string[] = [];
    const handle = async (job: Job) => void done.push(job.task);
    // Every task of the type is handled alike.
    const handlers = new Proxy({}, { get: () => handle }) as JobHandlers;
    const runner = await runJobs({ url, handlers, concurrency: 1, log: silentLog, replica: "bot-role" });
    await expect.poll(() => done).toContain(task);
    await runner.stop(5_000);
  }

  test("one role for both is seen by doctor and refused by the grants", async () => {
    await withRoles(async ({ owner }) => {
      await migrate(owner);
      await expect(grantRights(owner, new URL(owner).username)).rejects.toThrow("both name the role");
    });
  });
});
