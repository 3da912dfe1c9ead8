import { describe, expect, test } from "vitest";
import { wake } from "../../src/app/wake.ts";
import { entryView } from "../../src/domain/incident/entry-view.ts";
import { people, requestOf } from "../app/rollout-world.ts";
import { buildTracked } from "../domain/build.ts";
import { commandScene } from "./scene.ts";

const scene = commandScene();
const say = (who: string, line: string) => scene.world().say(who, line);
const find = async (id: number) => {
  const incident = await scene.store().incidents.find(id);
  if (incident === null) throw new Error(`incident ${id} has gone`);
  return incident;
};
const lines = async (id: number) =>
  (await scene.store().incidents.timeline(id, 20)).map(({ kind, text }) => `${kind}: ${text}`);
const linkMl = async (account: string) =>
  await scene.store().links.save({
    ...{ platform: "discord", account, accountName: "ml there", person: "ml" },
    linkedAt: scene.clock.now(),
  });
const audited = async (id: number) => {
  const [entry] = await scene.store().audit.list({ subject: `incident:${id}`, limit: 1 });
  return entry?.action;
};

describe("assign", () => {
  test("without a name takes the incident, which acknowledges it", async () => {
    const { id } = await scene.incident();
    expect(await say("oncall", `assign ${id}`)).toContain(`Incident ${id} is now with you`);
    expect(await find(id)).toMatchObject({
      state: "acknowledged",
      acknowledgedBy: "oncall",
      assignedTo: "oncall",
    });
    expect(await lines(id)).toEqual(["assigned: taken by oncall"]);
    expect(await audited(id)).toBe("incident.assigned");
  });

  test("to somebody else leaves it to them to acknowledge", async () => {
    const { id } = await scene.incident();
    await say("oncall", `assign ${id} @ml`);
    expect(await find(id)).toMatchObject({ state: "open", assignedTo: "ml", acknowledgedBy: null });
  });

  test("hands over with a note, which says with whom it was", async () => {
    const { id } = await scene.incident();
    await say("ml", `assign ${id}`);
    await say("oncall", `assign ${id} lead --note "rolled back, watch the queue"`);
    expect((await lines(id)).at(-1)).toBe(
      "assigned: given to lead by oncall, until now with ml: rolled back, watch the queue",
    );
    expect(await say("oncall", `assign ${id} lead`)).toContain("already with lead");
  });

  test("calls whom it was given to on every platform, by a linked account too; who takes it is not called", async () => {
    const { id } = await scene.incident();
    await linkMl("555");
    await say("ml", `assign ${id}`);
    await say("oncall", `assign ${id} ml`);
    await say("oncall", `assign ${id}`);
    await say("oncall", `assign ${id} ml --note "yours again"`);
    const calls = (await scene.store().incidents.timeline(id, 20)).map(({ data }) => data["calls"]);
    const ml = { kind: "person", accounts: { console: "ml", slack: "U-ml", discord: "555" } };
    expect(calls).toEqual([[], [], [{ name: "ml", mention: ml }]]);
    const entry = (await scene.store().incidents.timeline(id, 20)).at(-1);
    if (entry === undefined) throw new Error("no line");
    const [text] = entryView(entry, (person) => person).blocks;
    expect(text?.kind === "text" ? text.text.at(-1) : null).toMatchObject({ text: "@ml", mention: ml });
  });

  test("knows a person by the mention of a linked account", async () => {
    const { id } = await scene.incident();
    await linkMl("556");
    const { world, clock } = scene;
    const asked = requestOf("oncall", `assign ${id} <@556>`, clock.now());
    const account = { platform: "discord", id: "oncall-there", name: "oncall" };
    const there = people.map((person) =>
      person.id === "oncall" ? { ...person, accounts: { discord: account.id } } : person,
    );
    await world(there).execute.execute({ ...asked, account });
    expect((await find(id)).assignedTo).toBe("ml");
  });

  test("names whom it could mean when nobody is called that", async () => {
    const { id } = await scene.incident();
    expect(await say("oncall", `assign ${id} onclal`)).toContain("Did you mean oncall?");
    expect((await find(id)).assignedTo).toBeNull();
  });

  test("of a resolved incident is refused with the way out", async () => {
    const { id } = await scene.incident({ state: "resolved" });
    const view = await scene.view("oncall", `assign ${id}`);
    expect(view.actions.map((action) => action.command)).toEqual([`reopen ${id}`]);
  });
});

test("what people write is a line of the thread each, as they wrote it", async () => {
  const { id } = await scene.incident();
  for (let index = 0; index < 10; index += 1) await say("oncall", `note ${id} looked at part ${index}`);
  const { incidents, posts } = scene.store();
  const told = await Promise.all(
    (await incidents.timeline(id, 50)).map((entry) =>
      posts.findBySubject("console", "incidents", "entry", entry.id),
    ),
  );
  expect(told.filter((post) => post !== null)).toHaveLength(10);
});

describe("severity", () => {
  test("stands until it is left to the alerts again, which then say what it is", async () => {
    const { id } = await scene.incident({ severity: "warning" });
    const alert = buildTracked({ severity: "high" }, { incidentId: id });
    await scene.store().incidents.saveAlerts([{ ...alert, key: `key-${id}` }]);
    await say("oncall", `severity ${id} critical checkout is down`);
    expect(await find(id)).toMatchObject({ severity: "critical", severitySetBy: "oncall" });
    expect(await say("oncall", `severity ${id} critical`)).toContain("already set to critical");
    await say("oncall", `severity ${id} auto`);
    expect(await find(id)).toMatchObject({ severity: "high", severitySetBy: null });
    expect(await lines(id)).toEqual([
      "severity_changed: severity from warning to critical by oncall: checkout is down",
      "severity_changed: severity left to the alerts again by oncall",
    ]);
    expect(await say("oncall", `severity ${id} auto`)).toContain("already what its alerts say: high");
  });
});

test("a note goes into the thread, with who wrote it", async () => {
  const { id } = await scene.incident();
  await say("oncall", `note ${id} the queue drains, 40k left`);
  expect(await lines(id)).toEqual(["note: oncall: the queue drains, 40k left"]);
  expect(await audited(id)).toBe("incident.noted");
});

describe("snooze", () => {
  test("keeps it quiet, wakes it when its time has come, once", async () => {
    const { id } = await scene.incident();
    expect(await say("oncall", `snooze ${id} 30m vendor is on it`)).toContain("is quiet until");
    const { snoozedUntil } = await find(id);
    const { effects } = scene.world();
    const parts = { store: scene.store(), effects, clock: scene.clock };
    await wake(id, parts);
    expect((await find(id)).snoozedUntil).toEqual(snoozedUntil);
    scene.clock.pass(31 * 60_000);
    await wake(id, parts);
    await wake(id, parts);
    expect((await find(id)).snoozedUntil).toBeNull();
    expect((await lines(id)).slice(1)).toEqual(["woken: no longer quiet: 1 alert fires"]);
  });

  test("of no time wakes it, of too much is refused", async () => {
    const { id } = await scene.incident();
    await say("oncall", `snooze ${id} 2h`);
    expect(await say("oncall", `snooze ${id} 30d`)).toContain("not a duration up to 7d");
    expect(await say("oncall", `snooze ${id} 0m`)).toContain("awake again");
    expect((await find(id)).snoozedUntil).toBeNull();
  });
});

test("a resolved incident is reopened by a person, and stays with whom it was", async () => {
  const { id } = await scene.incident();
  await say("ml", `assign ${id}`);
  expect(await say("oncall", `reopen ${id}`)).toContain("not resolved");
  await say("ml", `resolve ${id}`);
  await say("oncall", `reopen ${id} customers still see errors`);
  expect(await find(id)).toMatchObject({
    ...{ state: "open", reopenedCount: 1, resolvedBy: null, acknowledgedBy: null, assignedTo: "ml" },
  });
  expect((await lines(id)).at(-1)).toBe("reopened: reopened by oncall: customers still see errors");
});

test("related incidents name each other until that is taken back", async () => {
  const a = await scene.incident();
  const b = await scene.incident();
  await say("oncall", `relate ${b.id} ${a.id}`);
  expect([(await find(a.id)).related, (await find(b.id)).related]).toEqual([[b.id], [a.id]]);
  expect(await say("oncall", `relate ${a.id} ${b.id}`)).toContain("related already");
  await say("oncall", `relate ${a.id} ${b.id} --undo`);
  expect([(await find(a.id)).related, (await find(b.id)).related]).toEqual([[], []]);
  expect(await say("oncall", `relate ${a.id} ${a.id}`)).toContain(`Both numbers are incident ${a.id}`);
});

describe("in the thread of a card", () => {
  const thread = (ts: string) => [{ channel: { platform: "slack", id: "C1" }, data: { ts } }];
  async function carded(ts: string) {
    const { id } = await scene.incident();
    const card = { platform: "slack", channel: "C1", kind: "incident", subject: id } as const;
    await scene.store().posts.want([{ ...card, desiredRevision: 1, threadOf: null }], scene.clock.now());
    const post = await scene.store().posts.findBySubject("slack", "C1", "incident", id);
    const [ref] = thread(ts);
    if (post === null || ref === undefined) throw new Error("no card");
    await scene.store().posts.markPosted(post.key, 1, ref);
    return id;
  }
  const saidIn = async (ts: string, line: string) => {
    const request = { ...requestOf("oncall", line, scene.clock.now()), thread: thread(ts) };
    return (await scene.world().execute.execute(request))?.view.summary;
  };

  test("the incident's number may be left out, and one that is given counts", async () => {
    const here = await carded("1.000001");
    const { id: other } = await scene.incident();
    await saidIn("1.000001", "ack");
    expect(await find(here)).toMatchObject({ state: "acknowledged" });
    await saidIn("1.000001", "note the pool is exhausted");
    expect((await lines(here)).at(-1)).toContain("the pool is exhausted");
    await saidIn("1.000001", `ack ${other}`);
    expect(await find(other)).toMatchObject({ state: "acknowledged" });
  });

  test("another thread is named as the reason why the number is needed", async () => {
    expect(await saidIn("9.000009", "ack")).toContain("thread of an incident's card");
  });
});
