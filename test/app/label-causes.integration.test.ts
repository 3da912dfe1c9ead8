import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type OpenStore, openStore } from "../../src/adapters/store/store.ts";
import { knownCauses, labelledCauses } from "../../src/app/label-causes.ts";
import type { CauseQuestion } from "../../src/domain/clustering/correlation.ts";
import { featuresOf } from "../../src/domain/incident/similar.ts";
import type { Feedback } from "../../src/domain/learning/feedback.ts";
import { freshDatabase, type TestDatabase } from "../database.ts";
import { at, buildIncident, buildTracked } from "../domain/build.ts";
import { plan, rolloutIn } from "../domain/rollout/build.ts";

let database: TestDatabase;
let store: OpenStore;

beforeEach(async () => {
  database = await freshDatabase();
  store = await openStore({ url: database.url });
  await store.incidents.saveAlerts([buildTracked({ startsAt: at(0) })]);
  await store.incidents.save([
    buildIncident({ state: "resolved", startedAt: at(0), resolvedAt: at(30), resolvedBy: "tocsin" }),
  ]);
});
afterEach(async () => {
  await store.close();
  await database.close();
});

async function say(minute: number, given: Partial<Feedback> = {}): Promise<void> {
  await store.feedback.add({
    kind: "right_cause",
    incidentId: 1,
    subject: "service:checkout",
    person: "oncall",
    at: at(minute),
    data: {},
    ...given,
  });
}

/** A deploy four minutes before the alert, taken back for its sake; then it ended. */
async function rollBack(): Promise<void> {
  const done = { startedAt: at(-4), finishedAt: at(-3) };
  const deploy = await store.rollouts.insert(rolloutIn("succeeded", { ...done, operationId: "deploy" }));
  await store.incidents.saveChanges([
    {
      id: `rollout:${deploy.id}:checkout`,
      kind: "rollout",
      service: "checkout",
      title: "deploy scorer 3 → 4",
      text: "",
      author: null,
      url: null,
      at: at(-4),
      rolloutId: deploy.id,
    },
  ]);
  const undo = { ...plan, kind: "rollback", from: "4", to: "3", incidentId: 1 } as const;
  await store.rollouts.insert(
    rolloutIn("succeeded", { plan: undo, operationId: "undo", startedAt: at(10), finishedAt: at(20) }),
  );
}

async function labels() {
  const { causes } = await knownCauses(store);
  return causes.map(({ service, changeId, at: when }) => ({ service, changeId, at: when }));
}

describe("what is learned as the cause of an incident", () => {
  test("is what a person confirmed last", async () => {
    await say(40, { subject: "service:db" });
    await say(41);
    expect(await labels()).toEqual([{ service: "checkout", changeId: null, at: at(41) }]);
  });

  test("is nothing once the confirmation is taken back", async () => {
    await say(40);
    await say(41, { kind: "wrong_cause" });
    expect(await labels()).toEqual([]);
  });

  test("is what was rolled back before the incident ended, unless people refuse it", async () => {
    await rollBack();
    const [label] = await labels();
    expect(label).toMatchObject({ service: "checkout", at: at(20) });
    await say(41, {
      kind: "wrong_cause",
      subject: `change:${label?.changeId}`,
      data: { service: "checkout" },
    });
    expect(await labels()).toEqual([]);
    await say(42, { subject: "service:db" });
    expect(await labels()).toEqual([{ service: "db", changeId: null, at: at(42) }]);
  });
});

describe("the question that is learned with, as it stood when the first alert came (issue 3)", () => {
  /** Incident 2 is like the first, and begins two hours later. */
  async function another(): Promise<void> {
    const alerts = [1, 2].map((id) => buildTracked({ startsAt: at((id - 1) * 120) }, { incidentId: id }));
    await store.incidents.saveAlerts(alerts);
    await store.incidents.save([
      buildIncident({
        id: 2,
        state: "resolved",
        startedAt: at(120),
        resolvedAt: at(150),
        resolvedBy: "tocsin",
      }),
    ]);
    for (const [index, { alert }] of alerts.entries())
      await store.similar.remember(index + 1, featuresOf([alert]));
    await say(151, { incidentId: 2, subject: "service:db" });
  }

  async function questions() {
    const { causes } = await knownCauses(store);
    const found = new Map<number, CauseQuestion>();
    for (const cause of causes)
      for await (const { question } of labelledCauses(store, [cause])) found.set(cause.incidentId, question);
    return found;
  }

  test("holds what people had confirmed of earlier incidents like it", async () => {
    await say(60);
    await another();
    expect((await questions()).get(2)?.confirmed).toEqual([
      { service: "checkout", similarity: expect.closeTo(0.8, 0), incidentId: 1 },
    ]);
  });

  test("holds nothing of what they said later, nor of the answer itself", async () => {
    await say(121);
    await another();
    const asked = await questions();
    expect([...asked.keys()].sort()).toEqual([1, 2]);
    for (const { confirmed, feedback } of asked.values()) {
      expect(confirmed).toEqual([]);
      expect([...feedback]).toEqual([]);
    }
  });
});

test("of very many incidents with a known cause the newest are learned from, and the others told (issue 3)", async () => {
  await say(40);
  const said = (await store.feedback.list(1))[0];
  if (said === undefined) throw new Error("nothing was said");
  const many = Array.from({ length: 1_005 }, (_, n) => ({ ...said, incidentId: n + 1 }));
  const crowded = { ...store, feedback: { ...store.feedback, list: () => Promise.resolve(many) } };
  expect((await knownCauses(crowded)).leftOut).toBe(5);
});
