import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type OpenStore, openStore } from "../../src/adapters/store/store.ts";
import { createKindOf, type KindOf, kindOf as shippedKindOf } from "../../src/domain/alert/evidence-kind.ts";
import { alertKey } from "../../src/domain/alert.ts";
import { textOf, type View } from "../../src/domain/view.ts";
import { checkCommand, loadFolders } from "../../src/load.ts";
import type { Command, Policy, StoredAlert } from "../../src/ports.ts";
import { aStoredAlert } from "../adapters/store/fixture.ts";
import { createTestClock, createWorld, requestOf, shippedPolicy } from "../app/rollout-world.ts";
import { freshDatabase, type TestDatabase } from "../database.ts";
import { buildAlert, buildIncident } from "../domain/build.ts";

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
  await store.incidents.saveTopology(
    "test",
    {
      edges: [
        ["web", "cart"],
        ["mail", "queue"],
      ],
      services: [],
    },
    clock.now(),
  );
  await store.incidents.save([
    buildIncident({ id: 1, services: ["cart", "web"] }),
    buildIncident({ id: 2, services: ["queue"] }),
    buildIncident({ id: 3, services: ["queue"] }),
    buildIncident({ id: 4, services: ["cart"], isMuted: true }),
  ]);
  await store.incidents.saveAlerts([
    stored("SlowCart", "cart", 1, -600, { correlatorVersion: 4 }),
    stored("SlowWeb", "web", 1, -595),
    stored("QueueFull", "queue", 2, -590),
    stored("QueueOld", "queue", 3, -50_000),
    stored("Hushed", "cart", 4, -580, { mutedBy: { by: "silence", id: 9, because: "silence 9: load test" } }),
  ]);
  const card = {
    platform: "slack",
    channel: "C1",
    kind: "incident",
    desiredRevision: 1,
    threadOf: null,
  } as const;
  await store.posts.want(
    [
      { ...card, subject: 1 },
      { ...card, subject: 2 },
    ],
    clock.now(),
  );
  const post = await store.posts.findBySubject("slack", "C1", "incident", 2);
  await store.posts.markRefused(post?.key ?? "", "not_in_channel");
});
afterAll(async () => {
  await store.close();
  await database.close();
});

function stored(
  name: string,
  service: string,
  incidentId: number,
  seconds: number,
  more: Partial<StoredAlert> = {},
): StoredAlert {
  const alert = buildAlert({ name, service, startsAt: new Date(clock.now().getTime() + seconds * 1_000) });
  return { ...aStoredAlert(alert, { key: alertKey(alert), incidentId }), ...more };
}

function crash(name: string, service: string, seconds: number) {
  const startsAt = new Date(clock.now().getTime() + seconds * 1_000);
  return buildAlert({ name: "PodCrashLooping", service, startsAt, labels: { alertname: name, service } });
}

async function answer(line: string, kindOf: KindOf = shippedKindOf): Promise<View> {
  const w = createWorld({ store, policy, models: [], commands, clock, kindOf });
  const answered = await w.execute.execute(requestOf("oncall", line, clock.now()));
  if (answered === null) throw new Error("it was answered before");
  return answered.view;
}

function words(view: View): string {
  const blocks = view.blocks.flatMap((block) => {
    if (block.kind === "text" || block.kind === "note") return [textOf(block.text)];
    if (block.kind === "list") return block.items.map(textOf);
    if (block.kind === "heading") return [block.text];
    return block.kind === "fields"
      ? block.fields.map(({ label, value }) => `${label}: ${textOf(value)}`)
      : [];
  });
  return [view.title, view.summary, ...blocks].join("\n");
}

test("why not there: the correlator's own reasons for the best fitting pair, and with which weights", async () => {
  const text = words(await answer("why SlowCart --not 2"));
  expect(text).toContain("It is not in incident 2: the best fitting of them scores −");
  expect(text).toContain("Best fitting there: QueueFull on queue");
  expect(text).toContain("Asked anew from what is stored now, with the weights of this release.");
  expect(text).toContain("Placed by: correlator version 4");
});

test("why not there: kinds of evidence are those that the operator's rules say", async () => {
  const theirs = createKindOf([{ kind: "crash", words: ["slow web", "hushed"] }]);
  expect(words(await answer("why SlowWeb --not 4"))).not.toContain("cause of their own");
  expect(words(await answer("why SlowWeb --not 4", theirs))).toMatch(
    /(cart and web|web and cart) each show a cause of their own \(crash, crash\)/,
  );
});

test("the same question of an incident that it is in, of a neighbour, and of one long before", async () => {
  const there = await answer("why SlowCart --not 1");
  expect(there.kind).toBe("error");
  expect(there.summary).toContain("SlowCart is in incident 1");
  expect(words(await answer("why SlowCart --not 3"))).toMatch(
    /It is not in incident 3: the nearest of its alerts, QueueOld on queue, began 13 h \d+ min before it/,
  );
  expect((await answer("why 1 --not 2")).summary).toContain("--not asks about one alert");
  expect((await answer("why SlowCart --not 99")).summary).toContain("There is no incident 99");
});

test("why not there: the step that decided, which the correlator is asked for (issue 3)", async () => {
  await store.incidents.save([20, 21, 22].map((id) => buildIncident({ id, services: ["cart"] })));
  await store.incidents.saveAlerts([
    stored("CartErrors", "cart", 20, -5_000),
    stored("WebCrash", "web", 21, -4_810, { alert: crash("WebCrash", "web", -4_810) }),
    stored("CartLate", "cart", 22, -4_400),
  ]);
  expect((await answer("why CartErrors --not 21")).summary).toMatch(
    /It is not in incident 21: it fits there \(\+\d\.\d on average, pair by pair\), but .+ \([−+]\d\.\d/,
  );
  expect((await answer("why CartLate --not 21")).summary).toMatch(
    /its part of the system was quiet for 6 min 50 s in between, and after 6 min what comes is another story/,
  );
});

test("why not there: what somebody said comes first, with who and when, then a split that is stored", async () => {
  await store.incidents.save([30, 31, 32].map((id) => buildIncident({ id, services: ["cart"] })));
  const [left, stayed, later] = [
    stored("PoolEmpty", "cart", 31, -9_000),
    stored("PoolSlow", "cart", 30, -9_001),
    stored("PoolLate", "cart", 32, -9_002),
  ];
  await store.incidents.saveAlerts([left, stayed, later]);
  const reasons = [
    { signal: "roots", score: -1.2, because: "cart is the likeliest root of those that left" },
  ];
  const told = (incidentId: number) => ({
    ...{
      incidentId,
      at: new Date(clock.now().getTime() - 8_000_000),
      kind: "split" as const,
      actor: "tocsin",
    },
    ...{ text: "split", data: { from: 30, into: 32, reasons }, isPosted: true },
  });
  await store.incidents.addTimeline([told(30), told(32)]);
  expect((await answer("why PoolLate --not 30")).summary).toMatch(
    /but incident 32, where it is, was split from it at [\w ]*\d\d:\d\d UTC: cart is the likeliest root of those that left \(−1\.2\)\./,
  );
  expect((await answer("why PoolSlow --not 32")).summary).toMatch(
    /but it was split from incident 30, where the alert stayed, at .+ UTC: cart is the likeliest root/,
  );
  const at = new Date(clock.now().getTime() - 8_500_000);
  await store.feedback.add({
    ...{ kind: "split", incidentId: 30, subject: "incident:new", person: "oncall", at },
    data: { alerts: [left.key], rest: [stayed.key] },
  });
  for (const line of ["why PoolEmpty --not 30", "why PoolSlow --not 31"])
    expect((await answer(line)).summary).toMatch(/oncall split them at [\w ]*\d\d:\d\d UTC\./i);
});

test("why it did not notify: muted, refused by the channel, or no route", async () => {
  const hushed = words(await answer("why Hushed"));
  expect(hushed).toContain("Nobody was told. It is muted by silence 9: load test.");
  expect(hushed).toContain("Every alert of incident 4 is muted, so it has no card.");
  expect(words(await answer("why QueueFull"))).toContain(
    "Nobody was told. The card of incident 2 was refused in slack:C1: not_in_channel.",
  );
  expect(words(await answer("why QueueOld"))).toContain(
    "No entry under channels: in tocsin.yaml matches an alert of incident 3",
  );
});

test("an answer stays quick on a day with thousands of alerts", async () => {
  const many = Array.from({ length: 5_000 }, (_, index) =>
    stored(`Rule${index % 200}`, `svc-${index % 90}`, 1_000 + Math.floor(index / 5), -80_000 + 15 * index),
  );
  await store.incidents.saveAlerts(many);
  await answer("why SlowCart --not 2");
  const begun = performance.now();
  const view = await answer("why SlowCart --not 2");
  const tookMs = performance.now() - begun;
  console.log(`why --not: ${tookMs.toFixed(0)} ms beside 5,000 alerts`);
  expect(view.summary).toContain("It is not in incident 2");
  expect(tookMs).toBeLessThan(8_000);
});

test("evidence of an alert that was moved away says where it is now", async () => {
  const here = stored("Here", "billing", 5, -60);
  const gone = stored("Gone", "ledger", 6, -60);
  await store.incidents.save([buildIncident({ id: 5 }), buildIncident({ id: 6 })]);
  await store.incidents.saveAlerts([here, gone]);
  await store.explanations.addEvidence(
    5,
    [here, gone].map(
      ({ key, alert }) =>
        ({
          ...{ kind: "alert", subject: key, text: `alert ${alert.name}`, at: null, data: {} },
        }) as const,
    ),
  );
  const text = words(await answer("why 5"));
  expect(text).toMatch(/\[1\] alert: alert Here$/m);
  expect(text).toMatch(/\[2\] alert: alert Gone · in incident 6 now$/m);
});
