import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parse } from "yaml";
import { type OpenStore, openStore } from "../../src/adapters/store/store.ts";
import type { Senders } from "../../src/domain/noise/sender.ts";
import { textOf, type View } from "../../src/domain/view.ts";
import { checkCommand, loadFolders } from "../../src/load.ts";
import type { Command, Policy } from "../../src/ports.ts";
import { aStoredAlert } from "../adapters/store/fixture.ts";
import { createTestClock, createWorld, requestOf, shippedPolicy } from "../app/rollout-world.ts";
import { freshDatabase, type TestDatabase } from "../database.ts";
import { buildAlert, buildIncident } from "../domain/build.ts";

let database: TestDatabase;
let store: OpenStore;
let policy: Policy;
let commands: readonly Command[];
const clock = createTestClock();
const minuteMs = 60_000;

beforeAll(async () => {
  database = await freshDatabase();
  store = await openStore({ url: database.url });
  policy = await shippedPolicy();
  commands = (await loadFolders([path.resolve("commands")], checkCommand)).plugins;
  await store.incidents.save([
    buildIncident({ id: 1 }),
    buildIncident({ id: 2, state: "acknowledged", acknowledgedBy: "oncall", acknowledgedAt: clock.now() }),
  ]);
  await fire("Chatty", 12, { incident: 1, team: "payments", minutes: 2 });
  await fire("Chatty", 6, { incident: 1, team: "search", minutes: 2 });
  await fire("Serious", 18, { incident: 2, team: "payments", minutes: 45 });
});
afterAll(async () => {
  await store.close();
  await database.close();
});

/** So many firings, an hour and a half apart, the last a day ago. */
async function fire(
  name: string,
  count: number,
  more: {
    readonly incident: number;
    readonly team: string;
    readonly minutes: number;
    readonly source?: string;
  },
): Promise<void> {
  const alerts = Array.from({ length: count }, (_, index) => {
    const startsAt = new Date(clock.now().getTime() - (1_440 + 90 * index) * minuteMs);
    const endsAt = new Date(startsAt.getTime() + more.minutes * minuteMs);
    const labels = { alertname: name, service: "db", team: more.team, via: more.source ?? "" };
    const source = more.source ?? "alertmanager";
    return buildAlert({ name, source, service: "db", labels, startsAt, endsAt, status: "resolved" });
  });
  await store.incidents.saveAlerts(alerts.map((alert) => aStoredAlert(alert, { incidentId: more.incident })));
}

async function answer(line: string, who = "oncall", senders?: Senders): Promise<View> {
  const w = createWorld({
    ...{ store, policy, models: [], commands, clock },
    ...(senders === undefined ? {} : { senders }),
  });
  const answered = await w.execute.execute(requestOf(who, line, clock.now()));
  if (answered === null) throw new Error("it was answered before");
  return answered.view;
}

function tables(view: View): readonly (readonly string[])[] {
  return view.blocks.flatMap((block) => (block.kind === "table" ? block.rows : []));
}

test("the report says which rules are noise, whose, how much of it, and what would help", async () => {
  const view = await answer("noise");
  expect(view.blocks[0]).toEqual({ kind: "text", text: [{ text: view.summary }] });
  expect(view.summary).toBe(
    "36 notifications in 30 days; nobody acted on 50 % of them. 2 rules made 50 % of them, first Chatty (never mattered).",
  );
  expect(tables(view)).toEqual([
    ["Chatty", "payments", "12", "33 %", "0", "2 min", "never mattered"],
    ["Chatty", "search", "6", "17 %", "0", "2 min", "never mattered"],
    ["payments", "30", "83 %", "18"],
    ["search", "6", "17 %", "0"],
  ]);
  const snippets = view.blocks.flatMap((block): unknown[] =>
    block.kind === "code" ? [parse(block.text)] : [],
  );
  expect(snippets).toContainEqual([{ alert: "Chatty", for: "5m" }]);
  expect(view.actions[0]).toMatchObject({
    command: 'silence alertname="Chatty" team="payments" --for 7d --reason "noise"',
  });
});

test("the suggested silence is one that the bot takes", async () => {
  const [action] = (await answer("noise")).actions;
  const said = await answer(action?.command ?? "");
  expect(said.summary).toContain('mutes alerts with alertname="Chatty" and team="payments"');
});

test("of one team there is only its own; who may not silence gets no buttons", async () => {
  const view = await answer("noise SEARCH", "reader");
  expect(tables(view)).toEqual([["Chatty", "search", "6", "17 %", "0", "2 min", "never mattered"]]);
  expect(view.actions).toEqual([]);
});

test("a window of one day holds less, and a team that there is not names those that there are", async () => {
  expect((await answer("noise --days 1")).summary).toContain("3 notifications in a day");
  const wrong = await answer("noise nobody");
  expect(wrong.kind).toBe("error");
  expect(wrong.summary).toContain("Teams are: payments, search.");
  expect(
    wrong.blocks.flatMap((block) => (block.kind === "text" ? [textOf(block.text)] : [])).join(),
  ).not.toBe("");
});

test("what is suggested fits the sender, which tells rows of one team apart (issue 3)", async () => {
  const more = { incident: 1, team: "infra", minutes: 3 };
  await fire("Quiet", 10, { ...more, source: "alertmanager-eu" });
  await fire("Quiet", 10, { ...more, source: "zabbix" });
  const senders = { "alertmanager-eu": "alertmanager" } as const;
  const view = await answer("noise infra", "oncall", senders);
  expect(tables(view).map(([name, , notified]) => [name, notified])).toEqual([
    ["Quiet (alertmanager-eu)", "10"],
    ["Quiet (zabbix)", "10"],
  ]);
  const words = view.blocks
    .flatMap((block) => (block.kind === "text" ? [textOf(block.text)] : []))
    .join("\n");
  expect(words.match(/Nobody ever acted on Quiet.*/g)).toEqual([
    "Nobody ever acted on Quiet (infra, from alertmanager-eu): 10 notifications, over after 3 min (median). Delete the rule, or route it to nobody. In alertmanager.yml:",
    "Nobody ever acted on Quiet (infra, from zabbix): 10 notifications, over after 3 min (median). Delete the rule where it lives, or silence it here.",
  ]);
  const silences = view.actions.flatMap(({ command }) => (command.includes("Quiet") ? [command] : []));
  expect(silences).toEqual(['silence alertname="Quiet" team="infra" --for 7d --reason "noise"']);
  const plainNames = await answer("noise infra");
  expect(JSON.stringify(plainNames.blocks)).not.toMatch(/alertmanager\.yml|Prometheus rule/);
});
