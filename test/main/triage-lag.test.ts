/** What the gauge of triage's lag says while nobody can look (issue 3, section 1). */
import { afterEach, beforeEach, expect, test } from "vitest";
import { type TriageLag, watchTriageLag } from "../../src/main/triage-lag.ts";
import { noMetrics, silentLog } from "../../src/ports.ts";
import { at } from "../domain/build.ts";

let now = at(0);
let isAway = false;
let answer: () => Promise<number> = () => Promise.resolve(0);
let waitsSince: Date | null = null;
let told: number[] = [];
let lag: TriageLag;

function later(seconds: number): void {
  now = new Date(now.getTime() + seconds * 1_000);
}

beforeEach(() => {
  [now, isAway, waitsSince, told] = [at(0), false, null, []];
  answer = () => (isAway ? Promise.reject(new Error("away")) : Promise.resolve(0));
  lag = watchTriageLag({
    store: {
      // Only what is asked of them.
      leases: { cursor: () => answer() } as never,
      deliveries: { oldestAfter: () => Promise.resolve(waitsSince) } as never,
    },
    clock: { now: () => now },
    log: silentLog,
    metrics: { ...noMetrics, gauge: (_name, value) => void told.push(value) },
  });
});
afterEach(() => lag.stop());

test("while the database is away the gauge grows, from what was seen last, as far as the lag may be by now", async () => {
  waitsSince = at(0);
  later(7);
  await lag.look();
  isAway = true;
  later(60);
  await lag.look();
  later(60);
  await lag.look();
  expect(told).toEqual([7, 67, 127]);
  expect(lag.ms()).toBe(null);
});

test("where it was never seen, the gauge grows from the start on", async () => {
  isAway = true;
  later(40);
  await lag.look();
  expect(told).toEqual([40]);
});

test("it is exact again as soon as somebody can look", async () => {
  isAway = true;
  later(90);
  await lag.look();
  isAway = false;
  await lag.look();
  expect(told).toEqual([90, 0]);
  expect(lag.ms()).toBe(0);
});

test("a database that does not answer at all is told like one that is away", async () => {
  answer = () => new Promise(() => undefined);
  void lag.look();
  later(30);
  await lag.look();
  expect(told).toEqual([30]);
});

test("a clock that is set back does not make it less than what was seen", async () => {
  waitsSince = at(0);
  later(5);
  await lag.look();
  isAway = true;
  later(-600);
  await lag.look();
  expect(told).toEqual([5, 5]);
});
