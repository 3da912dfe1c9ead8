import path from "node:path";
import { beforeAll, expect, test } from "vitest";
import { createPages } from "../../src/app/pages.ts";
import { referenceOf } from "../../src/domain/command/reference.ts";
import type { Page, PageBlock } from "../../src/domain/view/page.ts";
import { textOf } from "../../src/domain/view.ts";
import { checkCommand, loadFolders } from "../../src/load.ts";
import type { Command, PageResult, Policy } from "../../src/ports.ts";
import { anAlert, anIncident, aStoredAlert, at, freshStore } from "../adapters/store/fixture.ts";
import {
  createLedger,
  createLedgerBackend,
  createWorld,
  modelEntry,
  people,
  requestOf,
  shippedPolicy,
} from "./rollout-world.ts";

let policy: Policy;
let commands: readonly Command[];

beforeAll(async () => {
  policy = await shippedPolicy();
  commands = (await loadFolders([path.resolve("commands")], checkCommand)).plugins;
});

const settings = {
  file: null,
  effective: "people: {}\n",
  sources: [],
  channels: [],
  policy: { origin: "The shipped policy", text: "permit (principal, action, resource);", hash: "abc" },
};

async function console() {
  const { store } = await freshStore();
  const models = [modelEntry(createLedgerBackend(createLedger(), "native"))];
  const world = createWorld({ store, policy, models, commands });
  const pages = createPages({
    ...{ store, policy, people, models, settings },
    look: (asked) => world.execute.look(asked),
    clock: world.clock,
  });
  const open = (who: string, address: string): Promise<PageResult> => {
    const [where = "", query = ""] = address.split("?", 2);
    return pages.open({
      account: { platform: "console", id: who, name: who },
      path: where.slice(1).split("/").map(decodeURIComponent),
      query: Object.fromEntries(new URLSearchParams(query)),
      now: world.clock.now(),
    });
  };
  return { store, world, open };
}

function pageOf(result: PageResult): Page {
  if (result.kind !== "page") throw new Error(`${result.problem} ${result.remedy}`);
  return result.page;
}

function firstColumn(page: Page): readonly string[] {
  const block = page.blocks.find((each) => each.kind === "records");
  return block?.kind === "records" ? block.rows.map((row) => textOf(row[0]?.text ?? [])) : [];
}

function headings(blocks: readonly PageBlock[]): readonly string[] {
  return blocks.flatMap((block) => (block.kind === "heading" ? [block.text] : []));
}

const addresses = [
  "/home",
  "/incidents",
  "/incidents/1",
  "/incidents/1/report",
  "/models",
  "/models/scorer",
  "/rollouts",
  "/noise",
  "/settings",
];

test("pages are shown to whoever may read, and to no stranger", async () => {
  const { store, open } = await console();
  await store.incidents.save([anIncident(1)]);
  for (const address of addresses) {
    expect([address, (await open("reader", address)).kind]).toEqual([address, "page"]);
    expect(await open("stranger", address), address).toMatchObject({ kind: "refuse", because: "denied" });
  }
});

test("the audit log is shown to whoever may audit, and not to everyone who may read", async () => {
  const { store, world, open } = await console();
  await store.incidents.save([anIncident(1)]);
  await world.say("oncall", "ack 1");
  for (const address of ["/audit", "/audit/1"]) {
    expect((await open("lead", address)).kind, address).toBe("page");
    expect(await open("reader", address), address).toMatchObject({
      kind: "refuse",
      because: "denied",
      problem: "reader, you may not read the audit log.",
    });
  }
});

test("what cannot be shown is refused in words", async () => {
  const { open } = await console();
  for (const [address, because, problem] of refused) {
    const result = await open("reader", address);
    expect(result, address).toMatchObject({ kind: "refuse", because });
    expect(result.kind === "refuse" ? result.problem : "", address).toMatch(problem);
  }
});

const refused: readonly (readonly [address: string, because: string, problem: RegExp])[] = [
  ["/incidents?state=burning", "bad", /^state is "burning"/],
  ["/incidents?from=yesterday", "bad", /^from is "yesterday"/],
  ["/incidents?before=9e9", "bad", /^before is "9e9"/],
  ["/rollouts?state=no", "bad", /^state is "no"/],
  ["/incidents/7", "missing", /There is no incident 7/],
  ["/incidents/7/report", "missing", /There is no incident 7/],
  ["/incidents/7/constructor", "missing", /no such page/],
  ["/incidents/7/report/more", "missing", /no such page/],
  ["/rollouts/7/report", "missing", /no such page/],
  ["/rollouts/7", "missing", /There is no rollout 7/],
  ["/models/none", "missing", /There is no model "none"/],
  ["/incidents/0", "missing", /no such page/],
  ["/elsewhere", "missing", /no such page/],
  ["/constructor", "missing", /no such page/],
];

test("a list is cut into pages that leave out and repeat nothing, with what was asked for", async () => {
  const { store, open } = await console();
  const all = Array.from({ length: 120 }, (_, index) => anIncident(index + 1, { state: "resolved" }));
  await store.incidents.save(all);
  const seen: string[] = [];
  for (let address: string | null = "/incidents?state=resolved&service=checkout"; address !== null; ) {
    const page: Page = pageOf(await open("reader", address));
    seen.push(...firstColumn(page));
    if (page.next !== null) expect(page.next).toContain("state=resolved&service=checkout&before=");
    address = page.next;
  }
  expect(seen).toEqual(all.map(({ id }) => `#${id}`).reverse());
});

test("a search looks at everything that there was, resolved or not", async () => {
  const { store, open } = await console();
  await store.incidents.save([anIncident(1, { state: "resolved", title: "DiskFull" }), anIncident(2)]);
  expect(firstColumn(pageOf(await open("reader", "/incidents")))).toEqual(["#2"]);
  expect(firstColumn(pageOf(await open("reader", "/incidents?q=diskfull")))).toEqual(["#1"]);
});

test("a list without rows says what to do next", async () => {
  const { store, open } = await console();
  await store.incidents.save([anIncident(1, { state: "resolved", acknowledgedBy: null, assignedTo: null })]);
  const quiet = pageOf(await open("reader", "/incidents"));
  expect(quiet.blocks).toMatchObject([
    { kind: "records", rows: [], empty: "No incident waits: all are resolved." },
    { kind: "text", text: [{ page: "/incidents?state=all" }] },
  ]);
  const narrowed = pageOf(await open("reader", "/incidents?q=nothing-like-that"));
  expect(narrowed.blocks).toMatchObject([
    { rows: [], empty: expect.stringMatching(/No incident is like that\./) },
  ]);
  expect(narrowed.blocks).toHaveLength(1);
});

test("what is over is nobody's, and its alerts are counted once", async () => {
  const { store, open } = await console();
  await store.incidents.save([
    anIncident(1, { state: "resolved", firingCount: 0, alertCount: 3 }),
    anIncident(2, { firingCount: 1, alertCount: 3 }),
  ]);
  const [list] = pageOf(await open("reader", "/incidents?state=all")).blocks;
  if (list?.kind !== "records") throw new Error("no list");
  const shown = list.rows.map((row) => row.slice(5, 7).map(({ text }) => textOf(text)));
  expect(shown).toEqual([
    ["nobody", "1 of 3 firing"],
    ["", "3"],
  ]);
});

test("the page of an incident draws where it is, and names its rollouts", async () => {
  const { store, world, open } = await console();
  await store.incidents.save([anIncident(1)]);
  await store.incidents.saveAlerts([aStoredAlert(anAlert("HighErrorRate"))]);
  await store.incidents.saveTopology("test", { edges: [["web", "checkout"]], services: [] }, at(0));
  await world.say("oncall", "rollback scorer --version 1 --environment production --incident 1");
  const page = pageOf(await open("reader", "/incidents/1"));
  const drawing = page.blocks.find((block) => block.kind === "drawing");
  expect(drawing?.kind === "drawing" ? drawing.drawing.words : []).toEqual([
    "checkout: 1 alert; called by web",
  ]);
  expect(headings(page.blocks)).toEqual(
    expect.arrayContaining(["Where it is", "Causes considered", "Timeline", "Alerts", "Evidence"]),
  );
});

test("the report of an incident is the whole of what /incident report writes", async () => {
  const { store, world, open } = await console();
  await store.incidents.save([anIncident(1)]);
  await world.say("oncall", "ack 1");
  await world.say("oncall", 'resolve 1 --fix "turned <it> off and on"');
  const page = pageOf(await open("reader", "/incidents/1/report"));
  expect(page.title).toMatch(/^Report of incident 1: /);
  const file = page.blocks.find((block) => block.kind === "file");
  const text = file?.kind === "file" ? file.text : "";
  expect(text).toContain("## Timeline");
  expect(text).toContain("off and on");
  const [back] = page.blocks;
  expect(back?.kind === "note" ? back.text : []).toContainEqual(
    expect.objectContaining({ page: "/incidents/1" }),
  );
});

test("home shows what waits for this person, and the same person's word takes it away", async () => {
  const { store, world, open } = await console();
  await store.incidents.save([anIncident(1)]);
  await world.say("ml", "deploy scorer 2 --environment production");
  const lead = pageOf(await open("lead", "/home"));
  expect(lead.lead).toContain("1 rollout waits for your approval");
  expect(pageOf(await open("ml", "/home")).lead).toContain("Nothing waits for your approval");
  await world.say("lead", "approve 1");
  expect(pageOf(await open("lead", "/home")).lead).toContain("Nothing waits for your approval");
  await world.say("oncall", "ack 1");
  expect(pageOf(await open("oncall", "/home")).lead).toContain("you have 1 incident");
});

test("audit entries are narrowed by who, what, about what and when", async () => {
  const { store, world, open } = await console();
  await store.incidents.save([anIncident(1), anIncident(2)]);
  await world.say("oncall", "ack 1");
  await world.say("ml", "ack 2");
  expect(firstColumn(pageOf(await open("lead", "/audit?actor=oncall")))).toEqual(["1"]);
  expect(firstColumn(pageOf(await open("lead", "/audit?subject=incident:2")))).toEqual(["2"]);
  expect(firstColumn(pageOf(await open("lead", "/audit?action=incident.acknowledged")))).toEqual(["2", "1"]);
  expect(firstColumn(pageOf(await open("lead", "/audit?before=2")))).toEqual(["1"]);
  const refused = requestOf("reader", "ack 1", world.clock.now());
  await world.execute.execute(refused);
  expect(firstColumn(pageOf(await open("lead", `/audit?reference=${referenceOf(refused.key)}`)))).toEqual([
    "3",
  ]);
  const later = new Date(world.clock.now().getTime() + 1_000).toISOString();
  expect(firstColumn(pageOf(await open("lead", `/audit?from=${encodeURIComponent(later)}`)))).toEqual([]);
});

test("only a command that reads can be looked at", async () => {
  const { world } = await console();
  const account = { platform: "console", id: "oncall", name: "oncall" };
  await expect(world.execute.look({ account, command: "ack", text: "1" })).rejects.toThrow(/only reads/);
});
