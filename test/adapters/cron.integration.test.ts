import { expect, test } from "vitest";
import { createCron } from "../../src/adapters/cron.ts";
import { previousSlot } from "../../src/domain/digest/schedule.ts";
import { silentLog } from "../../src/ports.ts";

test.each([
  ["0 8 * * 1-5", { minute: [0], hour: [8], dayOfWeek: [1, 2, 3, 4, 5] }],
  ["*/20 8,20 1 jan *", { minute: [0, 20, 40], hour: [8, 20], dayOfMonth: [1], month: [1] }],
  ["0 9 L * *", { dayOfMonth: ["L"] }],
  ["0 9 * * 7", { dayOfWeek: [0] }],
  ["0 9 * * 1#1", { dayOfWeek: [{ weekday: 1, nth: 1 }] }],
  ["@daily", { minute: [0], hour: [0] }],
])("reads %s", async (expression, fields) => {
  const cron = await createCron(silentLog);
  expect(cron.parse(expression)).toMatchObject(fields);
});

test.each(["", "hello", "61 8 * * *", "0 8 * *", "0 0 8 * * *", "0 8 15W * *", "0 8 * * 5L", "@sometimes"])(
  "refuses %j",
  async (expression) => {
    const cron = await createCron(silentLog);
    expect(cron.parse(expression)).toBeNull();
  },
);

test("agrees with node-cron on when slots are, outside the hours that clocks change", async () => {
  const { default: nodeCron } = await import("node-cron");
  const cron = await createCron(silentLog);
  const expressions = ["0 8 * * 1-5", "*/25 3,17 * * *", "0 9 L * *", "0 9 * * 1#2", "30 6 13 * 5"];
  for (const expression of expressions) {
    for (const timezone of ["UTC", "America/New_York", "Asia/Kathmandu"]) {
      const fields = cron.parse(expression);
      if (fields === null) throw new Error(expression);
      const task = nodeCron.createTask(expression, () => undefined, { timezone });
      const now = new Date("2026-07-15T12:34:00Z");
      const slot = previousSlot(fields, timezone, now);
      if (slot === null) throw new Error(expression);
      expect(task.match(slot), `${expression} ${timezone} ${slot.toISOString()}`).toBe(true);
      const skipped = minutesBetween(slot, now).filter((moment) => task.match(moment));
      expect(skipped, `${expression} ${timezone}`).toEqual([]);
      await task.destroy();
    }
  }
});

/** At most a week of them. */
function minutesBetween(from: Date, to: Date): readonly Date[] {
  const count = Math.min(7 * 1440, Math.floor((to.getTime() - from.getTime()) / 60_000));
  return Array.from({ length: count }, (_, index) => new Date(to.getTime() - index * 60_000));
}

test("fires, and stops when told", async () => {
  const cron = await createCron(silentLog);
  let fired = 0;
  const stop = cron.schedule("* * * * * *", "UTC", () => {
    fired += 1;
  });
  await expect.poll(() => fired, { timeout: 4_000 }).toBeGreaterThan(0);
  stop();
  const before = fired;
  await new Promise((resolve) => setTimeout(resolve, 1_200));
  expect(fired).toBe(before);
});
