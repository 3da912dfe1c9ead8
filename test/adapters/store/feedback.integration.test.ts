import { expect, test } from "vitest";
import type { Feedback } from "../../../src/ports.ts";
import { anAlert, aStoredAlert, at, freshStore } from "./fixture.ts";

function said(seconds: number, over: Partial<Feedback> = {}): Feedback {
  return {
    kind: "right_cause",
    incidentId: 1,
    subject: "service:db",
    person: "oncall",
    at: at(seconds),
    data: { a: 1 },
    ...over,
  };
}

test("feedback comes back as it was said, in its order, in all or of some incidents", async () => {
  const { store } = await freshStore();
  const rows = [said(3), said(1, { incidentId: 2, kind: "wrong_cause" }), said(2, { person: "sre-lead" })];
  for (const row of rows) await store.feedback.add(row);
  expect(await store.feedback.list(10)).toEqual(rows);
  expect(await store.feedback.list(2)).toEqual(rows.slice(1));
  expect(await store.feedback.ofIncidents([1], 10)).toEqual([rows[0], rows[2]]);
  expect(await store.feedback.ofIncidents([], 10)).toEqual([]);
});

test("rulings wait in the order of their numbers until they are carried out", async () => {
  const { store } = await freshStore();
  const split = said(1, { kind: "split", subject: "incident:new" });
  await store.feedback.add(split, [
    { kind: "apart", left: ["a"], right: ["b", "c"] },
    { kind: "together", left: ["a"], right: [] },
  ]);
  await store.feedback.add(said(2, { kind: "merge", subject: "incident:2" }), [
    { kind: "together", left: ["a"], right: ["b"] },
  ]);
  const waiting = await store.feedback.waiting(10);
  expect(waiting.map(({ kind, left, right }) => [kind, left, right])).toEqual([
    ["apart", ["a"], ["b", "c"]],
    ["together", ["a"], []],
    ["together", ["a"], ["b"]],
  ]);
  const ids = waiting.map(({ id }) => id);
  expect(ids).toEqual(ids.toSorted((a, b) => a - b));
  await store.feedback.markCarriedOut(ids.slice(0, 2), at(3));
  expect((await store.feedback.waiting(10)).map(({ id }) => id)).toEqual(ids.slice(2));
});

test("in force are rulings on alerts that fire or began lately, the newest of too many", async () => {
  const { store } = await freshStore();
  const ended = { status: "resolved", endsAt: at(60) } as const;
  const old = aStoredAlert(anAlert("Old", { startsAt: at(0), ...ended }));
  const firing = aStoredAlert(anAlert("Firing", { startsAt: at(0) }));
  const late = aStoredAlert(anAlert("Late", { startsAt: at(5_000), ...ended }));
  await store.incidents.saveAlerts([old, firing, late]);
  const lefts = [old.key, firing.key, late.key, "unknown"];
  for (const key of lefts)
    await store.feedback.add(said(1, { kind: "split" }), [{ kind: "apart", left: ["x"], right: [key] }]);
  const waiting = await store.feedback.waiting(10);
  expect(await store.feedback.inForce(at(1_000), 10)).toEqual([]);
  await store.feedback.markCarriedOut(
    waiting.map(({ id }) => id),
    at(10),
  );
  const rights = async (limit: number) =>
    (await store.feedback.inForce(at(1_000), limit)).map(({ right }) => right[0]);
  expect(await rights(10)).toEqual([firing.key, late.key]);
  expect(await rights(1)).toEqual([late.key]);
});
