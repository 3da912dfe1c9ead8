import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import {
  createThrottle,
  type SessionLimit,
  scarcityMs,
} from "../../../../src/adapters/chat/discord/throttle.ts";

const plenty: SessionLimit = { total: 1000, remaining: 900, resetAfterMs: 86_400_000 };

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** How long each of some sessions in a row had to wait, ms. */
async function waits(limit: SessionLimit | null, count: number, pauseMs = 0): Promise<number[]> {
  const throttle = createThrottle({
    backoffMs: [0, 5_000, 10_000],
    sessionLimit: async () => limit,
    onWait: () => {},
  });
  const out: number[] = [];
  for (let n = 0; n < count; n += 1) {
    const startedAt = Date.now();
    let isDone = false;
    const waiting = throttle.waitForIdentify(0, new AbortController().signal).then(() => {
      isDone = true;
    });
    while (!isDone) {
      expect(throttle.isWaiting()).toBe(true);
      await vi.advanceTimersByTimeAsync(1_000);
    }
    await waiting;
    out.push(Math.round((Date.now() - startedAt) / 5_000) * 5_000);
    await vi.advanceTimersByTimeAsync(pauseMs);
  }
  expect(throttle.isWaiting()).toBe(false);
  return out;
}

test("sessions that break one after the other are started ever more slowly", async () => {
  expect(await waits(plenty, 4)).toEqual([0, 5_000, 10_000, 10_000]);
});

test("after ten quiet minutes the first is free again", async () => {
  expect(await waits(plenty, 2, 600_000)).toEqual([0, 0]);
});

test("not knowing what is left does not stop it", async () => {
  expect(await waits(null, 1)).toEqual([0]);
});

describe("when Discord leaves few sessions, they are spread over the rest of the day", () => {
  const cases: readonly (readonly [string, SessionLimit, number])[] = [
    ["plenty left", plenty, 0],
    ["a fifth left", { total: 1000, remaining: 200, resetAfterMs: 3_600_000 }, 0],
    ["a hundred for an hour", { total: 1000, remaining: 100, resetAfterMs: 3_600_000 }, 36_000],
    ["few for a day", { total: 1000, remaining: 10, resetAfterMs: 86_400_000 }, 600_000],
    ["none", { total: 1000, remaining: 0, resetAfterMs: 1_234_000 }, 1_234_000],
  ];
  test.each(cases)("%s", (_name, limit, expected) => {
    expect(scarcityMs(limit)).toBe(expected);
  });
});

test("stops waiting when the connection is given up", async () => {
  const giveUp = new AbortController();
  const throttle = createThrottle({
    backoffMs: [60_000],
    sessionLimit: async () => plenty,
    onWait: () => {},
  });
  const waiting = throttle.waitForIdentify(0, giveUp.signal);
  const outcome = expect(waiting).rejects.toThrow("aborted");
  await vi.advanceTimersByTimeAsync(1_000);
  giveUp.abort();
  await outcome;
  expect(throttle.isWaiting()).toBe(false);
});
