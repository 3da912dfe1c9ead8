import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type OpenStore, openStore } from "../../src/adapters/store/store.ts";
import { checkCommand, loadFolders } from "../../src/load.ts";
import type { Command, Policy } from "../../src/ports.ts";
import { createTestClock, createWorld, shippedPolicy } from "../app/rollout-world.ts";
import { freshDatabase, type TestDatabase } from "../database.ts";

let database: TestDatabase;
let store: OpenStore;
let policy: Policy;
let commands: readonly Command[];
const clock = createTestClock();

beforeAll(async () => {
  database = await freshDatabase();
  store = await openStore({ url: database.url });
  policy = await shippedPolicy();
  commands = (await loadFolders([path.resolve("commands")], checkCommand)).plugins;
});
afterAll(async () => {
  await store.close();
  await database.close();
});

function say(line: string, who = "oncall"): Promise<string> {
  return createWorld({ store, policy, models: [], commands, clock }).say(who, line);
}

async function window(id: number) {
  return (await store.incidents.maintenance(clock.now())).find((each) => each.id === id);
}

describe("maintenance", () => {
  test("is made for once, listed, ended and audited", async () => {
    const said = await say('maintenance add service=db --for 2h --reason "new disks"');
    const id = Number(/Maintenance (\d+)/.exec(said)?.[1]);
    const now = clock.now();
    expect(await window(id)).toMatchObject({
      name: null,
      matchers: [{ name: "service", op: "=", value: "db" }],
      schedule: { kind: "once", from: now, to: new Date(now.getTime() + 7_200_000) },
      reason: "new disks",
      createdBy: "oncall",
    });
    expect(await say("maintenance list")).toContain(`under way: ${id}`);
    expect(await say("silence --list")).toContain(`Under maintenance: ${id}`);
    expect(await say(`maintenance end ${id}`)).toContain("has ended");
    expect(await window(id)).toBeUndefined();
    expect(await say(`maintenance end ${id}`)).toContain(`no maintenance window "${id}"`);
    const acts = await store.audit.list({ subject: `maintenance:${id}`, limit: 5 });
    expect(acts.map(({ action }) => action)).toEqual(["maintenance.ended", "maintenance.created"]);
  });

  test("is made for every week in a zone", async () => {
    const said = await say(
      "maintenance add team=data --days mon-wed --from 23:00 --to 01:00 --timezone Europe/Berlin --reason backup",
    );
    expect(said).toContain("mon to wed 23:00 to 01:00 Europe/Berlin");
    expect(await window(Number(/Maintenance (\d+)/.exec(said)?.[1]))).toMatchObject({
      schedule: {
        kind: "weekly",
        days: [1, 2, 3],
        fromMinute: 1_380,
        toMinute: 60,
        timezone: "Europe/Berlin",
      },
    });
  });

  test("of tocsin.yaml is listed, and ended nowhere else", async () => {
    await store.incidents.setConfiguredMaintenance(
      [
        {
          name: "nightly",
          matchers: [{ name: "service", op: "=", value: "db" }],
          schedule: { kind: "weekly", days: [0], fromMinute: 0, toMinute: 60, timezone: "UTC" },
          reason: "backup",
        },
      ],
      clock.now(),
    );
    expect(await say("maintenance")).toContain("planned");
    expect(await say("maintenance end nightly")).toContain("is in tocsin.yaml");
  });

  test.each([
    ["maintenance add service=x --for 2h", "needs a reason"],
    ["maintenance add service --for 2h --reason x", '"service" is not a matcher'],
    ["maintenance add team!=a --for 2h --reason x", "would mute every alert"],
    ["maintenance add service=x --reason x", "is not a duration"],
    ["maintenance add service=x --for 2h --at tomorrow --reason x", '"tomorrow" is not a moment'],
    ["maintenance add service=x --for 2h --at 2026-03-01T22:00 --reason x", "is not a moment"],
    ["maintenance add service=x --for 2h --at 2020-01-01T00:00Z --reason x", "is over"],
    ["maintenance add service=x --days noday --from 01:00 --to 02:00 --reason x", "names no days"],
    ["maintenance add service=x --days sun --from 1 --to 02:00 --reason x", "no stretch of a day"],
    ["maintenance add service=x --days sun --from 01:00 --to 01:00 --reason x", "no stretch of a day"],
    ["maintenance add service=x --from 01:00 --to 02:00 --timezone Mars --reason x", "not a time zone"],
    ["maintenance add service=x --for 1h --from 01:00 --to 02:00 --reason x", "for a window that is once"],
    ["maintenance end 99999", "no maintenance window"],
  ])("%s is refused", async (line, expected) => {
    const before = await store.incidents.maintenance(clock.now());
    expect(await say(line)).toContain(expected);
    expect(await store.incidents.maintenance(clock.now())).toEqual(before);
  });

  test("is not for everyone", async () => {
    const before = await store.incidents.maintenance(clock.now());
    await say("maintenance add service=x --for 1h --reason x", "reader");
    expect(await store.incidents.maintenance(clock.now())).toEqual(before);
  });
});

describe("silence --extend", () => {
  test("makes another that takes its place and lasts longer", async () => {
    const id = Number(/Silence (\d+)/.exec(await say("silence service=web --for 1h --reason x"))?.[1]);
    const [before] = (await store.incidents.silences(clock.now())).filter((each) => each.id === id);
    const next = Number(/Silence (\d+)/.exec(await say(`silence --extend ${id} --for 30m`))?.[1]);
    const active = await store.incidents.silences(clock.now());
    expect(active.some((each) => each.id === id)).toBe(false);
    expect(active.find((each) => each.id === next)).toMatchObject({
      matchers: before?.matchers,
      reason: "x",
      endsAt: new Date((before?.endsAt.getTime() ?? 0) + 1_800_000),
    });
    expect(await say(`silence --extend ${id} --for 30m`)).toContain("no active silence");
    expect(await say(`silence --extend ${next} --for 30d`)).toContain("more than 30 days");
  });
});
