import { expect, test } from "vitest";
import { createCron } from "../../src/adapters/cron.ts";
import { createDigest, type Digests, requestDigest } from "../../src/app/digest.ts";
import { createOnCall } from "../../src/app/on-call.ts";
import type { DigestSchedule } from "../../src/domain/digest/schedule.ts";
import type { Rota } from "../../src/domain/people/on-call.ts";
import { type Cron, type Store, silentLog } from "../../src/ports.ts";
import { aStoredAlert, freshStore } from "../adapters/store/fixture.ts";
import { buildAlert, buildIncident } from "../domain/build.ts";

const slack = { platform: "slack", id: "C1" } as const;
const weekday: DigestSchedule = {
  name: "daily",
  cron: "0 8 * * *",
  timezone: "UTC",
  to: ["slack:C1"],
  handover: null,
};

const primary: Rota = {
  name: "primary",
  people: ["ada", "bea"],
  from: { year: 2026, month: 3, day: 2, hour: 8, minute: 0 },
  turnDays: 1,
  timezone: "UTC",
  overrides: [],
};

/** A replica with a clock that tests move and timers that tests fire. */
async function replica(store: Store, schedules: readonly DigestSchedule[], start: string) {
  const real = await createCron(silentLog);
  const timers: (() => void)[] = [];
  let now = new Date(start);
  const cron: Cron = {
    parse: (expression) => real.parse(expression),
    schedule(_expression, _timezone, run) {
      timers.push(run);
      return () => timers.splice(timers.indexOf(run), 1);
    },
  };
  const digests = createDigest({
    ...{
      store,
      cron,
      schedules,
      onCall: createOnCall([primary], []),
      models: [],
      senders: {},
      log: silentLog,
    },
    clock: { now: () => now },
  });
  return {
    digests,
    timers,
    goTo(time: string) {
      now = new Date(time);
    },
  };
}

/** Windows of the runs that were claimed, "from/to" to the minute, oldest first. */
async function windows(store: Store): Promise<readonly string[]> {
  const found: string[] = [];
  for (let id = 1; id < 50; id += 1) {
    const run = await store.digests.find(id);
    if (run !== null) found.push(`${run.channel} ${minute(run.from)}/${minute(run.to)}`);
  }
  return found;
}

function minute(at: Date): string {
  return at.toISOString().slice(5, 16);
}

/** Restarting looks at what is due, as a timer would. */
async function startAt(store: Store, time: string, schedules = [weekday]): Promise<Digests> {
  const { digests } = await replica(store, schedules, time);
  await digests.start();
  return digests;
}

test("a schedule that never ran begins with the first slot it lives to see", async () => {
  const { store } = await freshStore();
  const { digests, timers, goTo } = await replica(store, [weekday], "2026-03-04T07:00:00Z");
  await digests.start();
  expect(await windows(store)).toEqual([]);
  goTo("2026-03-04T08:00:00Z");
  timers[0]?.();
  await expect.poll(() => windows(store)).toEqual(["slack:C1 03-03T08:00/03-04T08:00"]);
});

test("a slot is claimed once, however many replicas and timers fire", async () => {
  const { store, another } = await freshStore();
  await startAt(store, "2026-03-04T07:00:00Z");
  const stores = [store, await another(), await another()];
  const replicas = await Promise.all(stores.map((each) => replica(each, [weekday], "2026-03-04T07:00:00Z")));
  await Promise.all(replicas.map(({ digests }) => digests.start()));
  for (const { goTo } of replicas) goTo("2026-03-04T08:00:00Z");
  for (const { timers } of replicas) for (const fire of [...timers, ...timers]) fire();
  await expect.poll(() => windows(store)).toHaveLength(1);
  for (const { timers } of replicas) for (const fire of timers) fire();
  await store.transaction(async (tx) => tx.digests.find(1));
  expect(await windows(store)).toEqual(["slack:C1 03-03T08:00/03-04T08:00"]);
});

test("what passed while the bot was down is caught up at start, as one digest since the last", async () => {
  const { store } = await freshStore();
  const first = await replica(store, [weekday], "2026-03-04T07:00:00Z");
  await first.digests.start();
  first.goTo("2026-03-04T08:00:30Z");
  first.timers[0]?.();
  await expect.poll(() => windows(store)).toHaveLength(1);
  first.digests.stop();
  await startAt(store, "2026-03-09T13:00:00Z");
  await startAt(store, "2026-03-09T13:05:00Z");
  expect(await windows(store)).toEqual([
    "slack:C1 03-03T08:00/03-04T08:00",
    "slack:C1 03-04T08:00/03-09T08:00",
  ]);
});

test("each channel of a schedule has a digest of its own", async () => {
  const { store } = await freshStore();
  const schedule = { ...weekday, to: ["slack:C1", "discord:9"] };
  const { digests, timers, goTo } = await replica(store, [schedule], "2026-03-04T07:59:00Z");
  await digests.start();
  goTo("2026-03-04T08:00:00Z");
  timers[0]?.();
  await expect
    .poll(() => windows(store))
    .toEqual(["slack:C1 03-03T08:00/03-04T08:00", "discord:9 03-03T08:00/03-04T08:00"]);
});

test("a slot in the hour that spring skips is sent as the clocks jump", async () => {
  const { store } = await freshStore();
  const schedule = { ...weekday, cron: "30 2 * * *", timezone: "Europe/Berlin" };
  const { digests, timers, goTo } = await replica(store, [schedule], "2026-03-29T00:00:00Z");
  await digests.start();
  for (const time of ["2026-03-29T00:59:00Z", "2026-03-29T01:00:00Z", "2026-03-29T01:30:00Z"]) {
    goTo(time);
    for (const fire of timers) fire();
  }
  await expect.poll(() => windows(store)).toEqual(["slack:C1 03-28T01:30/03-29T01:00"]);
});

test("a slot in the hour that autumn repeats is sent once", async () => {
  const { store } = await freshStore();
  const schedule = { ...weekday, cron: "30 2 * * *", timezone: "Europe/Berlin" };
  const { digests, timers, goTo } = await replica(store, [schedule], "2026-10-25T00:00:00Z");
  await digests.start();
  for (const time of ["2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z", "2026-10-25T02:30:00Z"]) {
    goTo(time);
    for (const fire of timers) fire();
    await expect.poll(() => windows(store)).toHaveLength(1);
  }
  expect(await windows(store)).toEqual(["slack:C1 10-24T00:30/10-25T00:30"]);
});

test("stopping stops the timers", async () => {
  const { store } = await freshStore();
  const { digests, timers } = await replica(store, [weekday], "2026-03-04T07:00:00Z");
  await digests.start();
  expect(timers.length).toBeGreaterThan(0);
  digests.stop();
  expect(timers).toEqual([]);
});

test("the job gathers the numbers once and wants one post, also when it runs again", async () => {
  const { store } = await freshStore();
  const { digests } = await replica(store, [weekday], "2026-03-04T09:00:00Z");
  const opened = new Date("2026-03-04T06:00:00Z");
  await store.incidents.save([buildIncident({ id: 5, openedAt: opened, startedAt: opened })]);
  await store.incidents.saveAlerts([aStoredAlert(buildAlert({ startsAt: opened }), { incidentId: 5 })]);
  const run = {
    name: "daily",
    slot: new Date("2026-03-04T08:00:00Z"),
    from: new Date("2026-03-03T08:00:00Z"),
    to: new Date("2026-03-04T08:00:00Z"),
    channel: "slack:C1",
  };
  const id = await store.digests.claim(run, run.slot);
  if (id === null) throw new Error("not claimed");
  await digests.run(id);
  const facts = (await store.digests.find(id))?.facts;
  expect(facts).toMatchObject({ alertCount: 1, timezone: "UTC", opened: [{ id: 5 }] });
  await store.incidents.save([buildIncident({ id: 6, openedAt: opened })]);
  await digests.run(id);
  expect((await store.digests.find(id))?.facts).toEqual(facts);
  const post = await store.posts.findBySubject("slack", "C1", "digest", id);
  expect(post).toMatchObject({ desiredRevision: 1, state: "waiting" });
  const detail = await store.posts.findBySubject("slack", "C1", "digest_detail", id);
  expect(detail?.threadOf).toBe(post?.key);
  expect(await store.posts.behind("slack", "C1", 10)).toHaveLength(2);
});

test("a hand-over knows whose turn ended and began, whom escalations told, and the newest notes", async () => {
  const { store } = await freshStore();
  const schedule = { ...weekday, name: "shift", handover: "primary" };
  const { digests } = await replica(store, [schedule], "2026-03-04T09:00:00Z");
  const openedAt = new Date("2026-03-04T02:00:00Z");
  await store.incidents.save([buildIncident({ id: 5, openedAt, startedAt: openedAt })]);
  const entry = { incidentId: 5, actor: "tocsin", data: {}, isPosted: true };
  await store.incidents.addTimeline([
    { ...entry, at: new Date("2026-03-04T02:10:00Z"), kind: "escalated", text: "step 1: told Ada" },
    { ...entry, at: new Date("2026-03-02T02:10:00Z"), kind: "escalated", text: "before this turn" },
    { ...entry, at: new Date("2026-03-04T03:00:00Z"), kind: "note", text: "Ada: looking" },
    { ...entry, at: new Date("2026-03-04T04:00:00Z"), kind: "note", text: "Ada: it drains" },
  ]);
  const slot = new Date("2026-03-04T08:00:00Z");
  const run = { name: "shift", slot, from: new Date("2026-03-03T08:00:00Z"), to: slot, channel: "slack:C1" };
  const id = await store.digests.claim(run, slot);
  if (id === null) throw new Error("not claimed");
  await digests.run(id);
  expect((await store.digests.find(id))?.facts).toMatchObject({
    handover: { rota: "primary", from: "bea", to: "ada" },
    told: [{ id: 5, at: "2026-03-04T02:10:00.000Z", text: "step 1: told Ada" }],
    lastNotes: [{ id: 5, text: "Ada: it drains" }],
  });
  expect(await store.posts.findBySubject("slack", "C1", "digest_detail", id)).toBeNull();
});

test("a job for a run that does not exist is done", async () => {
  const { store } = await freshStore();
  const { digests } = await replica(store, [], "2026-03-04T09:00:00Z");
  await expect(digests.run(99)).resolves.toBeUndefined();
});

test("a digest on request covers the last day, or what came since the last digest there", async () => {
  const { store } = await freshStore();
  const ask = (time: string, channel: { readonly platform: string; readonly id: string } = slack) =>
    store.transaction((tx) => requestDigest(tx, { channel, now: new Date(time) }));
  const first = await ask("2026-03-04T10:00:00Z");
  await ask("2026-03-04T12:00:00Z");
  await ask("2026-03-04T12:00:00Z", { platform: "discord", id: "9" });
  expect(await windows(store)).toEqual([
    "slack:C1 03-03T10:00/03-04T10:00",
    "slack:C1 03-04T10:00/03-04T12:00",
    "discord:9 03-03T12:00/03-04T12:00",
  ]);
  expect(first.runId).toBe(1);
});

test("two requests in the same moment are two digests", async () => {
  const { store } = await freshStore();
  const ask = () =>
    store.transaction((tx) => requestDigest(tx, { channel: slack, now: new Date("2026-03-04T10:00:00Z") }));
  const ids = [(await ask()).runId, (await ask()).runId];
  expect(new Set(ids).size).toBe(2);
});

test("a wrong schedule is refused by name, with its value and the remedy", async () => {
  const { store } = await freshStore();
  const wrong: readonly (readonly [DigestSchedule, RegExp])[] = [
    [{ ...weekday, cron: "every day" }, /"daily" has the cron expression "every day"; expected five fields/],
    [{ ...weekday, cron: "0 0 8 * * *" }, /expected five fields/],
    [{ ...weekday, cron: "0 8 15W * *" }, /expected five fields/],
    [{ ...weekday, timezone: "Mars/Olympus" }, /"Mars\/Olympus"; expected an IANA name/],
  ];
  for (const [schedule, problem] of wrong)
    await expect(replica(store, [schedule], "2026-03-04T09:00:00Z")).rejects.toThrow(problem);
});
