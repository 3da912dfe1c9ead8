import { expect, test } from "vitest";
import { createDenials } from "../../src/app/denials.ts";
import { silentLog } from "../../src/ports/observability.ts";
import type { Store } from "../../src/ports.ts";
import { at, freshStore } from "../adapters/store/fixture.ts";

const wrong = { door: "webhooks/alertmanager", status: 401, sender: "203.0.113.0/24" };

async function scene() {
  const { store } = await freshStore();
  const time = { seconds: 0 };
  const waits: number[] = [];
  let isAway = false;
  const transaction: Store["transaction"] = (work) =>
    isAway ? Promise.reject(new Error("the database is away")) : store.transaction(work);
  const denials = createDenials({
    store: { transaction },
    clock: { now: () => at(time.seconds) },
    log: silentLog,
    later: (_run, ms) => {
      waits.push(ms);
      return () => undefined;
    },
  });
  const entries = async () =>
    (await store.audit.read(1, 500)).filter(({ action }) => action === "door.denied");
  const away = (is: boolean) => {
    isAway = is;
  };
  return { denials, entries, time, waits, away };
}

test("a denied attempt is an entry a second later; those that follow are one more, with their number", async () => {
  const { denials, entries, time, waits } = await scene();
  denials.note(wrong);
  await denials.write();
  for (time.seconds = 10; time.seconds < 70; time.seconds += 10) denials.note(wrong);
  await denials.write();
  expect(waits).toEqual([1_000, 290_000]);
  const [first, second, ...more] = await entries();
  expect(more).toEqual([]);
  expect(first).toMatchObject({
    actor: "203.0.113.0/24",
    subject: "door:webhooks/alertmanager",
    outcome: "denied",
    data: { status: 401, count: 1 },
  });
  expect(second?.data).toEqual({
    status: 401,
    count: 6,
    firstAt: at(10).toISOString(),
    lastAt: at(60).toISOString(),
  });
});

test("a scanner from ten thousand networks makes 20 entries, and none of its attempts is lost", async () => {
  const { denials, entries } = await scene();
  for (let n = 0; n < 10_000; n += 1)
    denials.note({ ...wrong, sender: `10.${Math.floor(n / 250)}.${n % 250}.0/24` });
  await denials.stop();
  const written = await entries();
  expect(written).toHaveLength(20);
  expect(written.reduce((sum, { data }) => sum + Number(data["count"]), 0)).toBe(10_000);
  expect(written.map(({ actor }) => actor)).toContain("other senders");
});

test("while the database is away attempts stay counted", async () => {
  const { denials, entries, away, waits } = await scene();
  away(true);
  denials.note(wrong);
  await denials.write();
  denials.note(wrong);
  away(false);
  await denials.stop();
  expect((await entries()).map(({ data }) => data["count"])).toEqual([2]);
  expect(waits).toEqual([1_000, 300_000]);
});
