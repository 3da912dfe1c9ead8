import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { type AfterTurn, createLeaseLoop, type LeaseLoopOptions } from "../../src/app/lease-loop.ts";
import { type Lease, LeaseLostError, type Log, silentLog } from "../../src/ports.ts";

beforeEach(() => vi.useFakeTimers({ now: 0 }));
afterEach(() => vi.useRealTimers());

const times = { ttlMs: 9_000, restMs: 250, followMs: 1_000 };

/** One scope, as the database keeps it: a lease goes to another when it is given back or has run out. */
function createLeases() {
  let holder: string | null = null;
  let fence = 0;
  let expiresAt = 0;
  const asked: number[] = [];
  const leases = {
    asked,
    isAway: false,
    holder: () => (holder !== null && expiresAt >= Date.now() ? holder : null),
    acquire: (scope: string, replica: string, ttlMs: number): Promise<Lease | null> => {
      asked.push(Date.now());
      if (leases.isAway) return Promise.reject(new Error("the database is away"));
      const isFree = holder === null || holder === replica || expiresAt < Date.now();
      if (!isFree) return Promise.resolve(null);
      if (holder !== replica) fence += 1;
      holder = replica;
      expiresAt = Date.now() + ttlMs;
      return Promise.resolve({ scope, holder, fence, cursor: 0, nextIncidentId: 1 });
    },
    release: (lease: Lease): Promise<void> => {
      if (leases.isAway) return Promise.reject(new Error("the database is away"));
      if (lease.holder === holder && lease.fence === fence) holder = null;
      return Promise.resolve();
    },
  };
  return leases;
}

type Leases = ReturnType<typeof createLeases>;
type Scene = Partial<LeaseLoopOptions<string>> & { readonly takes?: (turn: number) => Promise<AfterTurn> };

/** A replica that writes down when it took which turn, knowing what. */
function replica(name: string, leases: Leases, { takes, ...scene }: Scene = {}) {
  const turns: { readonly at: number; readonly knows: string }[] = [];
  const said: string[] = [];
  const say = (_fields: unknown, message: string) => void said.push(message);
  const log: Log = { ...silentLog, warn: say, error: say };
  const loop = createLeaseLoop<string>({
    ...{ name: "sums", scope: "sums", replica: name, leases, times, log },
    clock: { now: () => new Date() },
    takeOver: ({ fence }, now) => Promise.resolve(`fence ${fence} at ${now.getTime()}`),
    turn: (knows) => {
      turns.push({ at: Date.now(), knows });
      return takes?.(turns.length) ?? Promise.resolve("rest");
    },
    ...scene,
  });
  return { loop, turns, said, times: () => turns.map(({ at }) => at) };
}

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

test("the leader takes a turn after each pause, and knows what it took over once", async () => {
  const one = replica("one", createLeases());
  one.loop.start();
  await pass(600);
  await one.loop.stop();
  const knows = "fence 1 at 0";
  expect(one.turns).toEqual([0, 250, 500].map((at) => ({ at, knows })));
  expect(one.said).toEqual([]);
});

test("a turn that leaves more to do is followed by the next one at once", async () => {
  const takes = (turn: number) => Promise.resolve<AfterTurn>(turn < 3 ? "more" : "rest");
  const one = replica("one", createLeases(), { takes });
  one.loop.start();
  await pass(260);
  await one.loop.stop();
  expect(one.times()).toEqual([0, 0, 0, 250]);
});

test("a lease is renewed by every turn, or once it is as old as it may be", async () => {
  const [always, seldom] = [createLeases(), createLeases()];
  const one = replica("one", always);
  const two = replica("two", seldom, { times: { ...times, renewMs: 600 } });
  one.loop.start();
  two.loop.start();
  await pass(1_300);
  await one.loop.stop();
  await two.loop.stop();
  expect(always.asked).toEqual([0, 250, 500, 750, 1_000, 1_250]);
  expect(seldom.asked).toEqual([0, 750]);
  expect(two.times()).toEqual(one.times());
});

test("only one of two leads; the other asks again after its own pause, and goes on when the first one stops", async () => {
  const leases = createLeases();
  const [one, two] = [replica("one", leases), replica("two", leases)];
  one.loop.start();
  two.loop.start();
  await pass(1_500);
  expect(two.turns).toEqual([]);
  expect([one.loop.isLeading(), two.loop.isLeading()]).toEqual([true, false]);
  await one.loop.stop();
  await pass(500);
  expect([one.loop.isLeading(), two.loop.isLeading()]).toEqual([false, true]);
  expect(two.turns[0]).toEqual({ at: 2_000, knows: "fence 2 at 2000" });
  await two.loop.stop();
  expect(leases.holder()).toBeNull();
});

test("who finds the lease with another says so once, and takes over anew when it comes back", async () => {
  const leases = createLeases();
  const held: boolean[] = [];
  const one = replica("one", leases, { onLease: (isHeld) => void held.push(isHeld) });
  one.loop.start();
  await pass(0);
  // The replica was frozen for longer than its lease lasts.
  vi.setSystemTime(20_000);
  const other = await leases.acquire("sums", "two", times.ttlMs);
  await pass(250);
  expect(one.loop.isLeading()).toBe(false);
  await pass(1_000);
  expect(one.said).toEqual(["sums: the lease went to another replica"]);
  if (other !== null) await leases.release(other);
  await pass(1_000);
  expect(one.turns.map(({ knows }) => knows)).toEqual(["fence 1 at 0", "fence 3 at 22250"]);
  expect(held).toEqual([true, false, false, true]);
  await one.loop.stop();
});

test("a lease that went and came back between two turns is taken over anew", async () => {
  const leases = createLeases();
  const one = replica("one", leases);
  await one.loop.turn();
  vi.setSystemTime(20_000);
  const other = await leases.acquire("sums", "two", times.ttlMs);
  if (other !== null) await leases.release(other);
  await one.loop.turn();
  expect(one.turns.map(({ knows }) => knows)).toEqual(["fence 1 at 0", "fence 3 at 20000"]);
});

test("an error in a turn ends neither the loop nor the lead, and what the leader knows stays", async () => {
  const leases = createLeases();
  const takes = (turn: number) =>
    turn === 1 ? Promise.reject(new Error("a sum does not add up")) : Promise.resolve<AfterTurn>("rest");
  const one = replica("one", leases, { takes });
  one.loop.start();
  await pass(250);
  expect(one.said).toEqual(["sums: a turn failed; trying again"]);
  expect(one.turns).toEqual([0, 250].map((at) => ({ at, knows: "fence 1 at 0" })));
  await one.loop.stop();
  expect(leases.holder()).toBeNull();
});

test("a turn that finds the lease lost makes the leader forget, whatever else is told of errors", async () => {
  const takes = (turn: number) =>
    turn === 1 ? Promise.reject(new LeaseLostError("gone")) : Promise.resolve<AfterTurn>("rest");
  const one = replica("one", createLeases(), { takes });
  one.loop.start();
  await pass(0);
  expect(one.loop.isLeading()).toBe(false);
  await pass(1_000);
  expect(one.turns.map(({ knows }) => knows)).toEqual(["fence 1 at 0", "fence 1 at 1000"]);
  await one.loop.stop();
});

test("while the database is away the loop asks on, and leads again when it is back", async () => {
  const leases = createLeases();
  const one = replica("one", leases);
  leases.isAway = true;
  one.loop.start();
  await pass(2_500);
  expect(leases.asked).toEqual([0, 1_000, 2_000]);
  leases.isAway = false;
  await pass(500);
  expect(one.times()).toEqual([3_000]);
  await one.loop.stop();
});

test("the pause after failures doubles up to its bound, and begins anew after a success", async () => {
  const failures: number[] = [];
  const takes = (turn: number) =>
    turn === 6 ? Promise.resolve<AfterTurn>("rest") : Promise.reject(new Error(`turn ${turn}`));
  const one = replica("one", createLeases(), {
    takes,
    onFailure: {
      judge: (_error, count) => {
        failures.push(count);
        return "forget";
      },
      backOff: { firstMs: 400, mostMs: 2_000 },
    },
  });
  one.loop.start();
  // While it forgets it does not lead: the pause of one who follows comes on top.
  const pauses = [400, 800, 1_600, 2_000, 2_000].map((ms) => ms + times.followMs);
  await pass(pauses.reduce((sum, ms) => sum + ms) + times.restMs);
  const gaps = one.times().map((at, index, all) => at - (all[index - 1] ?? 0));
  expect(gaps).toEqual([0, ...pauses, times.restMs]);
  expect(failures).toEqual([1, 2, 3, 4, 5, 1]);
  await one.loop.stop();
});

test("waking ends the pause, and is not missed while a turn is under way", async () => {
  let finish: (after: AfterTurn) => void = () => undefined;
  const takes = (turn: number) =>
    turn === 2
      ? new Promise<AfterTurn>((resolve) => {
          finish = resolve;
        })
      : Promise.resolve<AfterTurn>("rest");
  const one = replica("one", createLeases(), { takes });
  one.loop.start();
  await pass(100);
  one.loop.wake();
  await pass(0);
  expect(one.times()).toEqual([0, 100]);
  one.loop.wake();
  finish("rest");
  await pass(0);
  expect(one.times()).toEqual([0, 100, 100]);
  await one.loop.stop();
});

test("waking during a turn that fails does not take its pause away", async () => {
  const one: ReturnType<typeof replica> = replica("one", createLeases(), {
    takes: (turn) => {
      if (turn > 1) return Promise.resolve("rest");
      one.loop.wake();
      return Promise.reject(new Error("a sum does not add up"));
    },
    onFailure: { judge: () => "keep", backOff: { firstMs: 400, mostMs: 2_000 } },
  });
  one.loop.start();
  await pass(399);
  expect(one.times()).toEqual([0]);
  await pass(1);
  expect(one.times().slice(0, 2)).toEqual([0, 400]);
  await one.loop.stop();
});

test("reloading takes over anew at once, although the lease is young and its own", async () => {
  const one = replica("one", createLeases(), { times: { ...times, renewMs: 5_000 } });
  one.loop.start();
  await pass(100);
  one.loop.reload();
  await pass(0);
  expect(one.turns.map(({ knows }) => knows)).toEqual(["fence 1 at 0", "fence 1 at 100"]);
  await one.loop.stop();
});

test("stopping waits for the turn in hand, tells it, and gives the lease back", async () => {
  const leases = createLeases();
  let finish: (after: AfterTurn) => void = () => undefined;
  let isTold = false;
  const one = replica("one", leases, {
    turn: (_knows, stopping) => {
      stopping.addEventListener("abort", () => {
        isTold = true;
      });
      return new Promise<AfterTurn>((resolve) => {
        finish = resolve;
      });
    },
  });
  one.loop.start();
  await pass(0);
  let isStopped = false;
  const stopped = one.loop.stop().then(() => {
    isStopped = true;
  });
  await pass(5_000);
  expect([isTold, isStopped, leases.holder()]).toEqual([true, false, "one"]);
  finish("more");
  await stopped;
  expect([leases.holder(), one.loop.isLeading()]).toEqual([null, false]);
});

test("stopping does not wait for a pause, not even for that after a failure", async () => {
  const leases = createLeases();
  const one = replica("one", leases, {
    takes: () => Promise.reject(new Error("a sum does not add up")),
    onFailure: { judge: () => "keep", backOff: { firstMs: 60_000, mostMs: 60_000 } },
  });
  one.loop.start();
  await pass(10);
  await one.loop.stop();
  expect(leases.holder()).toBeNull();
  expect(one.times()).toEqual([0]);
});

test("stopping ends although the lease cannot be given back, and says so", async () => {
  const leases = createLeases();
  const one = replica("one", leases);
  one.loop.start();
  await pass(0);
  leases.isAway = true;
  await one.loop.stop();
  expect(one.said).toEqual(["sums: could not give the lease back"]);
});
