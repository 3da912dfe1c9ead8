import { generateKeyPairSync } from "node:crypto";
import postgres from "postgres";
import { describe, expect, test } from "vitest";
import { createCheckpointer } from "../../src/app/checkpoint.ts";
import { createPublish } from "../../src/app/publish.ts";
import { readCheckpoints, readLog } from "../../src/app/read-log.ts";
import { askTree } from "../../src/app/tree.ts";
import { openCheckpoint, readSigner, verifierOf } from "../../src/domain/audit/checkpoint.ts";
import { verifyInclusion } from "../../src/domain/audit/merkle.ts";
import { createChainCheck, entryLeaf } from "../../src/domain/audit.ts";
import { noMetrics, type Publisher, type Store, silentLog } from "../../src/ports.ts";
import { at, freshStore } from "../adapters/store/fixture.ts";

function newSigner() {
  const pem = generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" });
  return readSigner("tocsin.example/audit", String(pem));
}

const signer = newSigner();
const clock = { now: () => at(0) };

function checkpointerOf(
  store: Store,
  over: { signer?: typeof signer; destinations?: readonly string[] } = {},
) {
  return createCheckpointer({
    store,
    signer,
    destinations: [],
    clock,
    log: silentLog,
    metrics: noMetrics,
    ...over,
  });
}

async function write(store: Store, count: number): Promise<void> {
  for (let index = 0; index < count; index += 1)
    await store.audit.append({
      at: at(index),
      actor: index % 2 === 0 ? "oncall" : "tocsin",
      action: "incident.acknowledged",
      subject: `incident:${index}`,
      outcome: "done",
      data: { title: "high", reason: `on it ${index}` },
    });
}

/** As the owner of the database: guards off. */
async function asOwner(url: string, statement: string): Promise<void> {
  const client = postgres(url, { max: 1, onnotice: () => undefined });
  await client.unsafe(`set session_replication_role = replica; ${statement}`);
  await client.end();
}

async function verdictOf(store: Store) {
  const checkpoints = [];
  for await (const { note } of readCheckpoints(store))
    checkpoints.push(openCheckpoint(note, verifierOf(signer)));
  const check = createChainCheck({ checkpoints });
  for await (const line of readLog(store)) {
    if (line.kind === "entry") check.add(line.entry);
    else check.pruned(line.leaf);
  }
  return check.end();
}

describe("a checkpoint", () => {
  test("is signed over what is there, once, and again when more was written", async () => {
    const { store } = await freshStore();
    const checkpoints = checkpointerOf(store);
    expect(await checkpoints.sign()).toEqual({ kind: "current", checkpoint: null });
    await write(store, 5);
    expect(await checkpoints.sign()).toMatchObject({ kind: "signed", checkpoint: { size: 5 } });
    expect(await checkpoints.sign()).toMatchObject({ kind: "current", checkpoint: { size: 5 } });
    await write(store, 8);
    expect(await checkpoints.sign()).toMatchObject({ kind: "signed", checkpoint: { size: 13 } });
    expect(await verdictOf(store)).toMatchObject({ kind: "intact", entries: 13, covered: 13 });
    const note = (await store.checkpoints.newest())?.note ?? "";
    const { root, size } = openCheckpoint(note, verifierOf(signer));
    for (const { seq, hash } of await store.audit.read(1, 20)) {
      const path = await askTree(store.checkpoints, size, (tree) => tree.inclusion(seq - 1));
      expect(verifyInclusion(entryLeaf(hash), seq - 1, size, path, root)).toBe(true);
    }
  });

  test("is signed by one of many that try at the same moment", async () => {
    const { store, another } = await freshStore();
    await write(store, 3);
    const stores = [store, await another(), await another()];
    const outcomes = await Promise.all(stores.map((each) => checkpointerOf(each).sign()));
    expect(outcomes.map(({ kind }) => kind).sort()).toEqual(["current", "current", "signed"]);
  });

  test.each([
    ["an entry that was edited", "update audit set subject = 'x' where seq = 7", "broken"],
    ["an entry that was removed", "delete from audit where seq = 7", "broken"],
    ["an entry that was removed from the end", "delete from audit where seq = 8", "broken"],
    [
      "a tree that was rewritten",
      "update audit_nodes set hash = sha256('x') where level = 2 and index = 0",
      "inconsistent",
    ],
  ])("is refused over %s", async (_, attack, reason) => {
    const { store, url } = await freshStore();
    await write(store, 5);
    await checkpointerOf(store).sign();
    await write(store, 3);
    await asOwner(url, attack);
    expect(await checkpointerOf(store).sign()).toMatchObject({ kind: "refused", reason });
    expect((await store.checkpoints.newest())?.size).toBe(5);
  });

  test("is refused under another key until a person accepts it", async () => {
    const { store } = await freshStore();
    await write(store, 2);
    await checkpointerOf(store).sign();
    await write(store, 2);
    const other = checkpointerOf(store, { signer: newSigner() });
    expect(await other.sign()).toMatchObject({ kind: "refused", reason: "other_key" });
    expect(await other.problem()).toMatchObject({ reason: "other_key" });
    expect(await other.sign("accept")).toMatchObject({ kind: "signed", checkpoint: { size: 4 } });
    expect(await other.problem()).toBeNull();
  });
});

describe("publication", () => {
  function fakePublisher(name: string) {
    const state = { got: [] as number[], failsWith: null as string | null };
    const publisher: Publisher = {
      name,
      async publish({ size, note }) {
        if (state.failsWith !== null) throw new Error(state.failsWith);
        expect(openCheckpoint(note, verifierOf(signer)).size).toBe(size);
        state.got.push(size);
      },
    };
    return { publisher, state };
  }

  test("brings every checkpoint to every destination once, in order, also after an outage", async () => {
    const { store } = await freshStore();
    const [good, bad] = [fakePublisher("file /a"), fakePublisher("http https://b")];
    const channels = [{ platform: "slack", id: "C1" }];
    const publish = createPublish({
      store,
      publishers: [good.publisher, bad.publisher],
      channels,
      origin: signer.name,
      clock,
      metrics: noMetrics,
    });
    expect(publish.destinations).toEqual(["file /a", "http https://b", "channel slack:C1"]);
    const checkpoints = checkpointerOf(store, { destinations: publish.destinations });
    bad.state.failsWith = "answered 503";
    for (const count of [2, 3]) {
      await write(store, count);
      await checkpoints.sign();
      await publish.publish("file /a");
      await expect(publish.publish("http https://b")).rejects.toThrow("503");
      await publish.publish("channel slack:C1");
    }
    const [behind] = await store.checkpoints.behind();
    expect(behind).toMatchObject({ destination: "http https://b", waiting: 2, problem: "answered 503" });
    bad.state.failsWith = null;
    for (const destination of publish.destinations) await publish.publish(destination);
    expect([good.state.got, bad.state.got]).toEqual([
      [2, 5],
      [2, 5],
    ]);
    expect(await store.checkpoints.behind()).toEqual([]);
    const posts = await store.posts.behind("slack", "C1", 10);
    expect(posts.map(({ kind, subject }) => [kind, subject])).toEqual([
      ["checkpoint", 2],
      ["checkpoint", 5],
    ]);
  });
});
