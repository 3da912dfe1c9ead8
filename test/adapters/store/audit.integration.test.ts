import postgres from "postgres";
import { expect, test } from "vitest";
import { type AuditRecord, genesisHash, hashEntry } from "../../../src/domain/audit.ts";
import { verifyChain } from "../../domain/audit/chain.ts";
import { at, freshStore } from "./fixture.ts";

function record(over: Partial<AuditRecord> = {}): AuditRecord {
  return { at: at(0), actor: "oncall", action: "start", subject: "bot", outcome: "done", data: {}, ...over };
}

test("what was hashed is what is read back, whatever was recorded", async () => {
  const { store } = await freshStore();
  const data = {
    z: 1,
    a: { b: [1e21, 1e-7, -0, 5e-324, 1.7976931348623157e308, 0.1 + 0.2, 2 ** 53], " ": null },
    "nul\0": "a\0b\uD800",
    nested: [{ y: true, x: undefined, __proto__: "own" }],
    when: at(3),
    text: "\\u0000 \u2028 🔔",
    "10": 1,
    "9": 2,
  };
  const appended = await store.audit.append(
    record({ data, actor: "a\0", subject: "model:".padEnd(50_000, "x") }),
  );
  const read = await store.audit.read(1, 10);
  expect(read).toEqual([appended]);
  expect(verifyChain(read)).toMatchObject({ kind: "intact", entries: 1 });
});

test("many that append at once make one unbroken chain", async () => {
  const { store, another } = await freshStore();
  const stores = [store, await another(), await another()];
  await Promise.all(
    Array.from({ length: 60 }, (_, index) =>
      stores[index % 3]?.audit.append(record({ subject: `incident:${index}` })),
    ),
  );
  const entries = await store.audit.read(1, 100);
  expect(entries.map((entry) => entry.seq)).toEqual(Array.from({ length: 60 }, (_, index) => index + 1));
  const mark = await store.audit.mark();
  expect(mark).toEqual({ seq: 60, hash: entries[59]?.hash });
  expect(verifyChain(entries, mark === null ? [] : [mark])).toMatchObject({ kind: "intact", entries: 60 });
});

test("an entry is kept with its transaction or not at all", async () => {
  const { store } = await freshStore();
  await store.audit.append(record());
  const failing = store.transaction(async (tx) => {
    await tx.audit.append(record({ action: "lost" }));
    await tx.audit.append(record({ action: "lost too" }));
    throw new Error("no");
  });
  await expect(failing).rejects.toThrow("no");
  await store.audit.append(record({ action: "kept" }));
  const entries = await store.audit.read(1, 10);
  expect(entries.map((entry) => [entry.seq, entry.action])).toEqual([
    [1, "start"],
    [2, "kept"],
  ]);
  expect(verifyChain(entries)).toMatchObject({ kind: "intact" });
});

test("the database refuses to change, remove or empty the log", async () => {
  const { store, url } = await freshStore();
  await store.audit.append(record());
  const client = postgres(url, { max: 1, onnotice: () => undefined });
  for (const statement of [
    "update audit set actor = 'x'",
    "delete from audit",
    "truncate audit",
    "delete from audit_head",
    "truncate audit_head",
    "update audit_values set value = '1'",
    "delete from audit_values",
    "truncate audit_values",
    "update audit_nodes set level = 1",
    "delete from audit_checkpoints",
    "update audit_erased set by = 1",
    "delete from audit_prunings",
  ]) {
    await expect(client.unsafe(statement), statement).rejects.toThrow(
      /append-only: (UPDATE|DELETE|TRUNCATE)/,
    );
  }
  await client.end();
  expect(await store.audit.read(1, 10)).toHaveLength(1);
});

test("the database refuses an entry that does not follow the newest, and removals in the name of entries that are none", async () => {
  const { store, url } = await freshStore();
  const { seq } = await store.audit.append(record({ data: { reason: "because" } }));
  const client = postgres(url, { max: 1, onnotice: () => undefined });
  const columns = "seq, at, actor, action, subject, outcome, data, previous_hash, hash";
  for (const [statement, problem] of [
    [
      `insert into audit (${columns}) values (2, now(), 'x', 'x', 'x', 'done', '{}', 'x', 'x')`,
      "does not follow",
    ],
    [
      `insert into audit (${columns}) values (9, now(), 'x', 'x', 'x', 'done', '{}', 'x', 'x')`,
      "does not follow",
    ],
    [`insert into audit_erased values (${seq}, 'actor', ${seq})`, "is no erasure"],
    ["insert into audit_erased values (1, 'actor', 2)", "is no erasure"],
    [`insert into audit_prunings values (${seq}, ${seq + 1})`, "is no pruning"],
  ] as const)
    await expect(client.unsafe(statement), statement).rejects.toThrow(problem);
  await client.end();
});

test("entries that the release before wrote are read, verified and followed", async () => {
  const { store, url } = await freshStore();
  const old = record({ actor: "sre-lead", data: { reason: "old" } });
  const hash = hashEntry(old, 1, genesisHash);
  const client = postgres(url, { max: 1, onnotice: () => undefined });
  // What that release did, its own move of the head included.
  await client.begin(async (tx) => {
    await tx`insert into audit (seq, at, actor, action, subject, outcome, data, previous_hash, hash) values
      (1, ${old.at.toISOString()}, ${old.actor}, ${old.action}, ${old.subject}, ${old.outcome}, ${tx.json({ reason: "old" })},
       ${genesisHash}, ${hash})`;
    await tx`update audit_head set seq = 1, hash = ${hash} where id = 1`;
  });
  await client.end();
  await store.audit.append(record({ actor: "sre-lead", data: { reason: "new" } }));
  const entries = await store.audit.read(1, 10);
  expect(entries[0]).toEqual({ ...old, seq: 1, previousHash: genesisHash, hash });
  expect(verifyChain(entries)).toMatchObject({ kind: "intact", entries: 2 });
  expect(await store.audit.list({ actor: "sre-lead", limit: 5 })).toHaveLength(2);
  expect(await store.audit.unerasable(["sre-lead"])).toBe(1);
});

test("lists are newest first and narrow by subject, actor and action", async () => {
  const { store } = await freshStore();
  const longSubject = "model:".padEnd(5_000, "m");
  await store.audit.append(record({ subject: "a" }));
  await store.audit.append(record({ subject: longSubject, actor: "sre-lead" }));
  await store.audit.append(record({ subject: "a", action: "silence.created" }));
  const seqs = async (filter: Parameters<typeof store.audit.list>[0]) =>
    (await store.audit.list(filter)).map((entry) => entry.seq);
  expect(await seqs({ limit: 10 })).toEqual([3, 2, 1]);
  expect(await seqs({ limit: 10, subject: "a" })).toEqual([3, 1]);
  expect(await seqs({ limit: 10, subject: longSubject })).toEqual([2]);
  expect(await seqs({ limit: 10, actor: "sre-lead" })).toEqual([2]);
  expect(await seqs({ limit: 1, action: "start" })).toEqual([2]);
  expect((await store.audit.head())?.seq).toBe(3);
});

test("an empty log has no head", async () => {
  const { store } = await freshStore();
  expect(await store.audit.head()).toBeNull();
  expect(await store.audit.mark()).toBeNull();
});
