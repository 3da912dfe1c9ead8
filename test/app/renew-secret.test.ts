import { expect, test } from "vitest";
import { createRenewableSecret } from "../../src/app/renew-secret.ts";
import { type Log, silentLog } from "../../src/ports.ts";

interface Said {
  readonly fields: Readonly<Record<string, unknown>>;
  readonly message: string;
}

/** A secret over a file that the test writes. */
function scene(transaction: () => Promise<never> = () => new Promise(() => undefined)) {
  let nowMs = 0;
  let text = "old";
  let problem: string | null = null;
  let reads = 0;
  const said: Said[] = [];
  let asleep: { readonly untilMs: number; readonly wake: () => void }[] = [];
  const add = (fields: Said["fields"], message: string) => void said.push({ fields, message });
  const log: Log = { ...silentLog, info: add, warn: add, error: add };
  const secret = createRenewableSecret({
    name: "DISCORD_TOKEN",
    by: "discord",
    value: "old",
    read: () => {
      reads += 1;
      if (problem !== null) throw new Error(problem);
      return text;
    },
    store: { transaction },
    clock: { now: () => new Date(nowMs) },
    log,
    sleep: (ms) => new Promise((wake) => asleep.push({ untilMs: nowMs + ms, wake: () => wake(undefined) })),
  });
  return {
    secret,
    said,
    reads: () => reads,
    /** Time goes by; nobody wakes up. */
    pass: (ms: number) => {
      nowMs += ms;
    },
    /** Second by second, so that whoever sleeps wakes up at the right one. */
    live: async (ms: number) => {
      for (const untilMs = nowMs + ms; nowMs < untilMs; ) {
        nowMs += 1_000;
        const due = asleep.filter((sleeper) => sleeper.untilMs <= nowMs);
        asleep = asleep.filter((sleeper) => sleeper.untilMs > nowMs);
        for (const { wake } of due) wake();
        await new Promise(setImmediate);
      }
    },
    sleepers: () => asleep.length,
    write: (value: string) => {
      text = value;
      problem = null;
    },
    spoil: (why: string) => {
      problem = why;
    },
  };
}

test("is not read while nobody refuses it", () => {
  const { secret, write, reads } = scene();
  write("new");
  expect(secret.current()).toBe("old");
  expect(reads()).toBe(0);
});

test("is another one as soon as the one in use is refused, also while the database is away", async () => {
  const { secret, write, said } = scene(() => Promise.reject(new Error("the database is away")));
  write("new");
  expect(await secret.hasChangedFrom("old")).toBe(true);
  expect(secret.current()).toBe("new");
  await expect.poll(() => said.map(({ message }) => message).join()).toContain("could not be recorded");
  expect(JSON.stringify(said)).not.toMatch(/"(old|new)"/);
});

test("whoever still used the one before is told of the change without another look", async () => {
  const { secret, write, reads } = scene();
  write("new");
  await secret.hasChangedFrom("old");
  expect(await secret.hasChangedFrom("old")).toBe(true);
  expect(reads()).toBe(1);
});

test("refusals by the thousand are a handful of looks, ever further apart", async () => {
  const { secret, pass, reads } = scene();
  for (let second = 0; second < 3_600; second += 1) {
    for (let call = 0; call < 3; call += 1) await secret.hasChangedFrom("old");
    pass(1_000);
  }
  expect(secret.current()).toBe("old");
  expect(reads()).toBeGreaterThan(100);
  expect(reads()).toBeLessThan(130);
});

test("a change is taken within half a minute, however long it took to come", async () => {
  const { secret, pass, write } = scene();
  for (let hour = 0; hour < 10; hour += 1) {
    await secret.hasChangedFrom("old");
    pass(3_600_000);
  }
  await secret.hasChangedFrom("old");
  write("new");
  pass(30_000);
  expect(await secret.hasChangedFrom("old")).toBe(true);
});

test("a clock that is set back does not end the looking", async () => {
  const { secret, pass, write } = scene();
  pass(7_200_000);
  await secret.hasChangedFrom("old");
  pass(-3_600_000);
  write("new");
  expect(await secret.hasChangedFrom("old")).toBe(true);
});

test("a file that cannot be used leaves the secret as it was, says why, and is looked at again", async () => {
  const { secret, spoil, pass, write, said } = scene();
  spoil('DISCORD_TOKEN_FILE names "/run/secrets/discord", which is empty; write the secret into it');
  expect(await secret.hasChangedFrom("old")).toBe(false);
  expect(secret.current()).toBe("old");
  expect(said[0]?.fields).toMatchObject({ problem: expect.stringContaining("/run/secrets/discord") });
  write("new");
  pass(1_000);
  expect(await secret.hasChangedFrom("old")).toBe(true);
});

test("a new one that is refused, too, is replaced as well", async () => {
  const { secret, pass, write } = scene();
  write("second");
  await secret.hasChangedFrom("old");
  write("third");
  expect(await secret.hasChangedFrom("second")).toBe(false);
  pass(1_000);
  expect(await secret.hasChangedFrom("second")).toBe(true);
  expect(secret.current()).toBe("third");
});

test("is looked for by itself after one refusal, and taken within half a minute of its change", async () => {
  const { secret, live, write, sleepers } = scene();
  expect(await secret.hasChangedFrom("old")).toBe(false);
  await live(240_000);
  expect(secret.current()).toBe("old");
  write("new");
  await live(30_000);
  expect(secret.current()).toBe("new");
  expect(sleepers()).toBe(0);
});

test("looks by itself for ten minutes after the last refusal, once however many there were", async () => {
  const { secret, live, reads, sleepers } = scene();
  for (let call = 0; call < 100; call += 1) await secret.hasChangedFrom("old");
  expect(sleepers()).toBe(1);
  await live(300_000);
  await secret.hasChangedFrom("old");
  await live(630_000);
  expect(sleepers()).toBe(0);
  expect(reads()).toBeGreaterThan(25);
  expect(reads()).toBeLessThan(40);
  await live(3_600_000);
  expect(reads()).toBeLessThan(40);
});

test("looks no more once a refused caller has found the new one", async () => {
  const { secret, live, pass, write, reads, sleepers } = scene();
  await secret.hasChangedFrom("old");
  write("new");
  pass(1_000);
  expect(await secret.hasChangedFrom("old")).toBe(true);
  await live(60_000);
  expect(reads()).toBe(2);
  expect(sleepers()).toBe(0);
});
