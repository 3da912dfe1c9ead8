import { expect, test } from "vitest";
import type { Change } from "../../src/domain/change.ts";
import { changesNearOnset } from "../../src/queries/changes-near-onset.ts";
import { noon, sketchChange } from "../domain/learning/judgement-build.ts";

const minute = (count: number) => new Date(noon + count * 60_000);

/** As the store answers: the newest of the time asked for, oldest first. */
function storeOf(changes: readonly Change[]) {
  return {
    changesBetween: async (from: Date, to: Date, limit: number) =>
      changes.filter(({ at }) => at >= from && at <= to).slice(-limit),
  };
}

test("the change before the onset is among them, however much was changed in the days since", async () => {
  const culprit = sketchChange({ id: "culprit", at: minute(-5) });
  const later = Array.from({ length: 3_000 }, (_, n) =>
    sketchChange({ id: `later ${n}`, at: minute(61 + n) }),
  );
  const store = storeOf([culprit, ...later]);
  const found = await changesNearOnset(store, minute(0), { since: minute(-120), now: minute(4_000) });
  expect(found.changes[0]).toBe(culprit);
  expect(found.changes).toHaveLength(301);
  expect(found.changes.at(-1)?.id).toBe("later 2999");
  expect(found.isCut).toBe(true);
});

test("none is named twice, and none from after now", async () => {
  const all = Array.from({ length: 200 }, (_, n) => sketchChange({ id: `change ${n}`, at: minute(n - 50) }));
  const until = (now: Date) => changesNearOnset(storeOf(all), minute(0), { since: minute(-120), now });
  expect(await until(minute(140))).toEqual({ changes: all.slice(0, 191), isCut: false });
  expect(await until(minute(10))).toEqual({ changes: all.slice(0, 61), isCut: false });
});
