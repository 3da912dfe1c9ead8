import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { readConfig } from "../../src/config.ts";
import { startSweep } from "../../src/main/sweep.ts";
import { noMetrics, type Store, silentLog, systemClock } from "../../src/ports.ts";

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

/** A store with this many deliveries that are too old; what a sweep does not use would throw. */
function storeWith(old: number, dead = 0) {
  const state = { old, dead, deadBefore: new Date(0), asked: 0 };
  const store = {
    troubles: { open: () => Promise.resolve([]) },
    posts: { channelsBehind: () => Promise.resolve([]) },
    rollouts: { list: () => Promise.resolve([]) },
    requests: { prune: () => Promise.resolve(0) },
    monitoring: { prune: () => Promise.resolve(0) },
    deliveries: {
      prune: (_before: Date, limit: number) => {
        const gone = Math.min(limit, state.old);
        state.old -= gone;
        state.asked += 1;
        return Promise.resolve(gone);
      },
      pruneDead: (before: Date, limit: number) => {
        const gone = Math.min(limit, state.dead);
        state.dead -= gone;
        state.deadBefore = before;
        return Promise.resolve({ replayed: 0, unread: gone });
      },
    },
  };
  return { state, store: store as unknown as Store };
}

test("removes all deliveries that are too old, however many came, and then waits for an hour", async () => {
  const { state, store } = storeWith(120_000);
  const sweep = startSweep({
    store,
    config: readConfig({}),
    log: silentLog,
    clock: systemClock,
    metrics: noMetrics,
  });
  await vi.advanceTimersByTimeAsync(0);
  expect(state.old).toBe(70_000);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(state.old).toBe(0);
  const { asked } = state;
  await vi.advanceTimersByTimeAsync(50 * 60_000);
  expect(state.asked).toBe(asked);
  await vi.advanceTimersByTimeAsync(15 * 60_000);
  expect(state.asked).toBeGreaterThan(asked);
  sweep.stop();
});

test("removes dead deliveries after thirty days, and says how many nobody replayed", async () => {
  const { state, store } = storeWith(0, 7_000);
  const said: unknown[] = [];
  const log = { ...silentLog, warn: (data: object) => void said.push(data) };
  const sweep = startSweep({ store, config: readConfig({}), log, clock: systemClock, metrics: noMetrics });
  await vi.advanceTimersByTimeAsync(60_000);
  expect(state.dead).toBe(0);
  expect(said).toEqual([{ deliveries: 5_000 }, { deliveries: 2_000 }]);
  expect((Date.now() - state.deadBefore.getTime()) / 86_400_000).toBeCloseTo(30, 1);
  sweep.stop();
});
