import { readFile } from "node:fs/promises";
import postgres from "postgres";
import { expect, test } from "vitest";
import type { IncidentSearch } from "../../../src/ports.ts";
import { anAlert, anIncident, aStoredAlert, at, freshStore } from "./fixture.ts";

const anything: IncidentSearch = {
  text: null,
  states: ["open", "acknowledged", "resolved"],
  severity: null,
  service: null,
  team: null,
  from: null,
  to: null,
  before: null,
  limit: 50,
};

/** Three incidents: one with alerts and words, one resolved, one muted. */
async function shop() {
  const { store, url } = await freshStore();
  await store.incidents.save([
    anIncident(1, { title: "HighErrorRate on checkout", severity: "critical" }),
    anIncident(2, { title: "DiskFull on db", services: ["db"], state: "resolved", openedAt: at(7_200) }),
    anIncident(3, { title: "Quiet", isMuted: true }),
  ]);
  const labels = { alertname: "HighErrorRate", service: "checkout", team: "Payments", pod: "checkout-7f" };
  await store.incidents.saveAlerts([
    aStoredAlert(anAlert("HighErrorRate", { labels, summary: "5 % of requests fail in eu-west-1" })),
  ]);
  await store.incidents.addTimeline([
    {
      ...{ incidentId: 1, at: at(5), kind: "note", actor: "oncall", isPosted: true, data: {} },
      text: "the vendor's gateway was restarted",
    },
    {
      ...{ incidentId: 2, at: at(5), kind: "opened", actor: "tocsin", isPosted: true, data: {} },
      text: "the bot speaks of zebras",
    },
  ]);
  await store.posts.want(
    [
      {
        ...{ platform: "slack", channel: "C1", kind: "incident", subject: 2, desiredRevision: 1 },
        threadOf: null,
      },
    ],
    at(0),
  );
  await store.search.takeIn(1);
  const find = async (over: Partial<IncidentSearch>) =>
    (await store.search.incidents({ ...anything, ...over })).map(({ id }) => id);
  return { store, url, find };
}

test("incidents are found by words, as people write them", async () => {
  const { find } = await shop();
  const found: [string, readonly number[]][] = [];
  for (const [text] of byWords) found.push([text, await find({ text })]);
  expect(found).toEqual(byWords.map(([text, ids]) => [text, ids]));
});

const byWords: readonly (readonly [text: string, found: readonly number[]])[] = [
  ["checkout", [1]],
  // The beginning of a word, and a part of a name in camel case.
  ["check", [1]],
  ["error", [1]],
  ["requests fail", [1]],
  // Values of labels, with dashes.
  ["checkout-7f", [1]],
  ["eu-west-1", [1]],
  ["FAIL checkout", [1]],
  // What a person wrote.
  ["vendor gateway", [1]],
  // The title of one that no job has looked at yet.
  ["disk", [2]],
  ["2", [2]],
  ["#2", [2]],
  // Every word has to be somewhere.
  ["checkout nowhere", []],
  // What only the bot said.
  ["zebras", []],
  // Operators, quotes and backslashes are text.
  ["checkout & ! | (", [1]],
  ["checkout':* | 'db", []],
  ["che'ck\\out", []],
  ["%%% '' \\", []],
  ["checkout\0", []],
];

test("incidents are narrowed by what is known of them", async () => {
  const { find } = await shop();
  for (const [what, over, expected] of narrowed) expect([what, await find(over)]).toEqual([what, expected]);
});

const narrowed: readonly (readonly [
  what: string,
  over: Partial<IncidentSearch>,
  found: readonly number[],
])[] = [
  ["everything that is not muted", {}, [2, 1]],
  ["the muted", { states: ["muted"] }, [3]],
  ["no state at all", { states: [] }, []],
  ["one state", { states: ["resolved"] }, [2]],
  ["a severity", { severity: "critical" }, [1]],
  ["a service", { service: "db" }, [2]],
  ["a team by label, whatever the case", { team: "payments" }, [1]],
  ["a team by channel", { team: "slack:C1" }, [2]],
  ["opened since", { from: at(7_200) }, [2]],
  ["opened before", { to: at(7_200) }, [1]],
  ["after a page", { before: 2 }, [1]],
  ["only so many", { limit: 1 }, [2]],
];

test("an incident that was merged away is not found", async () => {
  const { store, find } = await shop();
  await store.incidents.save([anIncident(1, { mergedInto: 2, state: "resolved" })]);
  expect(await find({ text: "checkout" })).toEqual([]);
});

test("taken in again, it is found by what is known now", async () => {
  const { store, find } = await shop();
  await store.incidents.saveAlerts([
    aStoredAlert(anAlert("CertificateExpired", { labels: { alertname: "CertificateExpired" } })),
  ]);
  expect(await find({ text: "certificate" })).toEqual([]);
  await store.search.takeIn(1);
  await store.search.takeIn(1);
  expect(await find({ text: "certificate" })).toEqual([1]);
});

const ofOps = { labels: { alertname: "CertificateExpired", owner: "Ops" } };

test("before a job has taken an incident in, its team is that of its alerts", async () => {
  const { store, find } = await shop();
  const alert = aStoredAlert(anAlert("CertificateExpired", ofOps));
  await store.incidents.saveAlerts([{ ...alert, incidentId: 2 }]);
  expect(await find({ team: "ops" })).toEqual([2]);
  await store.search.takeIn(2);
  expect(await find({ team: "OPS" })).toEqual([2]);
  expect(await find({ team: "Ops", states: ["open"] })).toEqual([]);
});

test("an incident is of every team that has an alert in it, once it is taken in again", async () => {
  const { store, find } = await shop();
  await store.incidents.saveAlerts([aStoredAlert(anAlert("CertificateExpired", ofOps))]);
  expect(await find({ team: "ops" })).toEqual([]);
  await store.search.takeIn(1);
  expect([await find({ team: "ops" }), await find({ team: "payments" })]).toEqual([[1], [1]]);
});

test("the migration finds the teams of what was taken in before there were any", async () => {
  const { store, url, find } = await shop();
  const client = postgres(url, { max: 1 });
  await client`update incident_texts set teams = '{}'`;
  expect(await find({ team: "payments" })).toEqual([]);
  const migration = await readFile(new URL("../../../migrations/0015_teams.sql", import.meta.url), "utf8");
  const [update = ""] = migration.split("--> statement-breakpoint").filter((part) => /^\s*UPDATE/.test(part));
  await client.unsafe(update);
  await client.end();
  expect(await find({ team: "payments" })).toEqual([1]);
  await store.search.takeIn(1);
  expect(await find({ team: "payments" })).toEqual([1]);
});

test("teams stand by their open incidents, and one whose week was calm is there too", async () => {
  const { store } = await shop();
  expect(await store.search.teams(at(0), 10)).toEqual([
    { team: "Payments", open: 1, untaken: 1, worst: "critical", opened: 1 },
    { team: "slack:C1", open: 0, untaken: 0, worst: null, opened: 1 },
  ]);
  expect(await store.search.teams(at(100_000), 10)).toEqual([
    { team: "Payments", open: 1, untaken: 1, worst: "critical", opened: 0 },
  ]);
  expect(await store.search.names(at(0), 10)).toEqual({
    services: ["checkout", "db"],
    teams: ["Payments"],
  });
});

test("services to look for are those of incidents, whatever their alerts call them (issue 3)", async () => {
  const { store, find } = await shop();
  const pod = "checkout-7d9f8b6c5d-x2k4q";
  const alert = aStoredAlert(anAlert("Crash", { service: pod, labels: { alertname: "Crash", pod } }));
  await store.incidents.saveAlerts([{ ...alert, incidentId: 1 }]);
  expect((await store.search.names(at(0), 10)).services).toEqual(["checkout", "db"]);
  expect(await find({ service: "checkout" })).toContain(1);
});
