import { afterAll, beforeAll, expect, test } from "vitest";
import { type OpenStore, openStore } from "../../../src/adapters/store/store.ts";
import type { OperationRecord } from "../../../src/ports.ts";
import { operationOf } from "../../contracts/model.ts";
import { freshDatabase, type TestDatabase } from "../../database.ts";

let database: TestDatabase;
let store: OpenStore;
beforeAll(async () => {
  database = await freshDatabase();
  store = await openStore({ url: database.url });
});
afterAll(async () => {
  await store?.close();
  await database?.close();
});

const at = (second: number) => new Date(Date.UTC(2026, 2, 2, 10, 0, second));
function recordOf(operationId: string): Omit<OperationRecord, "revision"> {
  const operation = operationOf({ model: "scorer", environment: "production", from: "1", to: "2" });
  return {
    operation: { ...operation, operationId },
    ...{ backend: "webhook", state: "asked", askedAt: at(0), endedAt: null, notes: { url: "x" } },
  };
}

test("an operation is kept once, whoever is first", async () => {
  const record = recordOf("kept-once");
  const kept = await Promise.all(Array.from({ length: 8 }, () => store.operationRecords.keep(record)));
  expect(kept.filter((isFirst) => isFirst)).toHaveLength(1);
  expect(await store.operationRecords.find("kept-once")).toEqual({ ...record, revision: 0 });
  expect(await store.operationRecords.find("never")).toBeNull();
});

test("of two updates of one revision, the second is refused", async () => {
  await store.operationRecords.keep(recordOf("updated"));
  const record = await store.operationRecords.find("updated");
  if (record === null) throw new Error("it was just kept");
  expect(await store.operationRecords.update({ ...record, state: "running" })).toBe(true);
  expect(await store.operationRecords.update({ ...record, state: "failed" })).toBe(false);
  expect(await store.operationRecords.find("updated")).toMatchObject({ state: "running", revision: 1 });
  await store.operationRecords.forget("updated");
  expect(await store.operationRecords.find("updated")).toBeNull();
});

test("those of a target that ended are listed, the last to end first", async () => {
  for (const second of [1, 3, 2]) {
    const record = recordOf(`ended-${second}`);
    await store.operationRecords.keep({ ...record, state: "succeeded", endedAt: at(second) });
  }
  await store.operationRecords.keep({ ...recordOf("failed"), state: "failed", endedAt: at(9) });
  const target = { backend: "webhook", model: "scorer", environment: "production" } as const;
  const listed = await store.operationRecords.list({ ...target, state: "succeeded", limit: 2 });
  expect(listed.map(({ operation }) => operation.operationId)).toEqual(["ended-3", "ended-2"]);
});

test("notes larger than 64 kB are refused", async () => {
  const notes = { text: "x".repeat(70_000) };
  await expect(store.operationRecords.keep({ ...recordOf("large"), notes })).rejects.toThrow(RangeError);
});
