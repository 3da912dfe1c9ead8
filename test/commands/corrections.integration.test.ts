import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type OpenStore, openStore } from "../../src/adapters/store/store.ts";
import { suspectMark } from "../../src/domain/learning/feedback.ts";
import type { View } from "../../src/domain/view.ts";
import { checkCommand, loadFolders } from "../../src/load.ts";
import type { Command, Policy, StoredAlert } from "../../src/ports.ts";
import { createTestClock, createWorld, requestOf, shippedPolicy } from "../app/rollout-world.ts";
import { freshDatabase, type TestDatabase } from "../database.ts";
import { verifyChain } from "../domain/audit/chain.ts";
import { buildIncident, buildTracked } from "../domain/build.ts";
import { buildCause, buildChange, buildExplanation } from "../fixtures/explanation-question.ts";

let database: TestDatabase;
let store: OpenStore;
let policy: Policy;
let commands: readonly Command[];
const clock = createTestClock();

beforeAll(async () => {
  database = await freshDatabase();
  store = await openStore({ url: database.url });
  policy = await shippedPolicy();
  const loaded = await loadFolders([path.resolve("commands")], checkCommand);
  commands = loaded.plugins;
  await store.incidents.saveTopology("test", { edges: [["web", "payments"]], services: [] }, clock.now());
});
afterAll(async () => {
  await store.close();
  await database.close();
});

async function view(who: string, line: string): Promise<View> {
  const world = createWorld({ store, policy, models: [], commands, clock });
  const answer = await world.execute.execute(requestOf(who, line, clock.now()));
  if (answer === null) throw new Error("it was answered before");
  return answer.view;
}

async function say(who: string, line: string): Promise<string> {
  return (await view(who, line)).summary;
}

let ids = 0;
/** An open incident with a card in the console and an alert on each service, named "Down". */
async function incident(...services: readonly string[]): Promise<{ id: number; alerts: StoredAlert[] }> {
  ids += 1;
  const id = ids;
  const alerts = services.map((service) =>
    buildTracked(
      { name: "Down", service, labels: { alertname: "Down", service, at: String(id) } },
      { incidentId: id },
    ),
  );
  await store.incidents.saveAlerts(alerts);
  const at = new Date(clock.now().getTime() - 600_000);
  await store.incidents.save([
    buildIncident({
      id,
      services,
      startedAt: at,
      openedAt: at,
      alertCount: alerts.length,
      firingCount: alerts.length,
    }),
  ]);
  const card = { platform: "console", channel: "incidents", kind: "incident", subject: id } as const;
  await store.posts.want([{ ...card, desiredRevision: 1, threadOf: null }], clock.now());
  return { id, alerts };
}

/** What triage would do with the rulings that wait; here they are only taken from its desk. */
async function takeRulings() {
  const waiting = await store.feedback.waiting(100);
  await store.feedback.markCarriedOut(
    waiting.map(({ id }) => id),
    clock.now(),
  );
  return waiting.map(({ id: _id, ...ruling }) => ruling);
}

const keys = (alerts: readonly StoredAlert[]) => alerts.map(({ key }) => key).sort();

async function lines(id: number): Promise<readonly string[]> {
  return (await store.incidents.timeline(id, 20)).map(({ text }) => text);
}

describe("merge", () => {
  test("is kept with who and when, rules the alerts together, and shows on both cards", async () => {
    const into = await incident("a1", "a2");
    const from = await incident("b1");
    expect(await say("oncall", `merge ${into.id} ${from.id}`)).toContain(
      `Incident ${from.id} goes into ${into.id}, which then has 3 alerts`,
    );
    const [said] = await store.feedback.ofIncidents([into.id], 10);
    expect(said).toMatchObject({
      kind: "merge",
      subject: `incident:${from.id}`,
      person: "oncall",
      at: clock.now(),
    });
    expect(said?.data).toMatchObject({ alerts: keys(from.alerts), correlator: null });
    const [ruling, ...others] = await takeRulings();
    expect(others).toEqual([]);
    expect([ruling?.kind, [...(ruling?.left ?? [])].sort(), ruling?.right]).toEqual([
      "together",
      keys(into.alerts),
      keys(from.alerts),
    ]);
    for (const { id } of [into, from]) {
      expect((await store.incidents.find(id))?.revision).toBe(2);
      expect((await store.posts.findBySubject("console", "incidents", "incident", id))?.desiredRevision).toBe(
        2,
      );
    }
    expect(await lines(into.id)).toEqual([
      `oncall merges incident ${from.id} into this one, 1 alert: Down on b1`,
    ]);
    expect(await lines(from.id)).toEqual([`oncall merges this into incident ${into.id}`]);
    const [entry] = await store.audit.list({ subject: `incident:${into.id}`, limit: 1 });
    expect(entry).toMatchObject({ action: "incident.merged", actor: "oncall", outcome: "done" });
  });

  test("of an incident with itself, also where it has gone, is refused", async () => {
    const { id } = await incident("a");
    const gone = await incident("b");
    const row = await store.incidents.find(gone.id);
    if (row === null) throw new Error("it was stored");
    await store.incidents.save([{ ...row, state: "resolved", mergedInto: id }]);
    expect(await say("oncall", `merge ${id} ${id}`)).toContain("is named twice");
    expect(await say("oncall", `merge ${id} ${gone.id}`)).toContain("are one already");
  });

  test("waits for an earlier correction of the same alerts", async () => {
    const [one, two] = [await incident("a"), await incident("b")];
    await say("oncall", `merge ${one.id} ${two.id}`);
    const again = await view("ml", `split ${two.id} Down`);
    expect(again.summary).toContain(`Incident ${two.id} is being regrouped`);
    await takeRulings();
  });

  test("two at once over the same incidents wait for one another", async () => {
    const [one, two] = [await incident("a"), await incident("b")];
    const said = await Promise.all([
      say("oncall", `merge ${one.id} ${two.id}`),
      say("ml", `merge ${two.id} ${one.id}`),
    ]);
    expect(said.filter((text) => text.includes(" goes into "))).toHaveLength(1);
    expect(said.filter((text) => text.includes("being regrouped"))).toHaveLength(1);
    await takeRulings();
  });

  test("is not for everyone, and a denial is audited", async () => {
    const [one, two] = [await incident("a"), await incident("b")];
    expect(await say("reader", `merge ${one.id} ${two.id}`)).toContain("you may not work on incident");
    expect(await store.feedback.waiting(10)).toEqual([]);
    const [entry] = await store.audit.list({ subject: `incident:${one.id}`, limit: 1 });
    expect(entry).toMatchObject({ action: "merge.denied", outcome: "denied" });
  });

  test("of an incident that there is not names those that are", async () => {
    const { id } = await incident("a");
    expect(await say("oncall", `merge ${id} 99999`)).toContain("There is no incident 99999");
  });
});

describe("split", () => {
  test("rules the named alerts apart from the rest, and together among themselves", async () => {
    const { id, alerts } = await incident("api", "api-2", "db");
    const [api, , db] = alerts;
    if (api === undefined || db === undefined) throw new Error("three alerts");
    expect(await say("oncall", `split ${id} api, db`)).toMatch(
      /^2 alerts: Down on (api|db), Down on (api|db) become an incident of their own; 1 stays/,
    );
    const rulings = await takeRulings();
    expect(rulings.map(({ kind, left, right }) => [kind, [...left].sort(), right.length])).toEqual([
      ["together", keys([api, db]), 0],
      ["apart", keys([api, db]), 1],
    ]);
    expect(await lines(id)).toEqual([expect.stringContaining("oncall splits off 2 alerts: Down on ")]);
    expect(await store.feedback.ofIncidents([id], 5)).toMatchObject([
      { kind: "split", subject: "incident:new" },
    ]);
  });

  test("a word that goes with no alert is refused with what was meant", async () => {
    const { id } = await incident("checkout", "db");
    const refused = await view("oncall", `split ${id} chekout`);
    expect(refused.summary).toContain("Did you mean checkout?");
    expect(refused.actions.map(({ command }) => command)).toEqual([`split ${id} checkout`]);
    expect(await store.feedback.ofIncidents([id], 5)).toEqual([]);
  });

  test("of everything is refused", async () => {
    const { id } = await incident("api", "db");
    expect(await say("oncall", `split ${id} Down`)).toContain(`That is all 2 alerts of incident ${id}`);
  });
});

describe("move", () => {
  test("rules the alert together with its new incident and apart from its old one", async () => {
    const from = await incident("moving", "staying");
    const to = await incident("home");
    expect(await say("oncall", `move moving ${to.id}`)).toContain(
      `Down on moving goes from incident ${from.id} to incident ${to.id}`,
    );
    const [moving, staying] = from.alerts.map(({ key }) => key);
    expect(await takeRulings()).toEqual([
      { kind: "together", left: keys(to.alerts), right: [moving], keep: to.id },
      // One that stays alone needs no ruling to stay together.
      { kind: "apart", left: [moving], right: [staying], keep: from.id },
    ]);
    expect(await lines(from.id)).toEqual([`oncall moves 1 alert: Down on moving, to incident ${to.id}`]);
    expect(await lines(to.id)).toEqual([
      `oncall moves 1 alert: Down on moving, here from incident ${from.id}`,
    ]);
  });

  test("to a new incident needs no other", async () => {
    await incident("leaver", "stayer");
    expect(await say("oncall", 'move "Down on leaver" new')).toContain("to a new incident");
    expect((await takeRulings()).map(({ kind }) => kind)).toEqual(["apart"]);
  });

  test("of the only alert of an incident leaves nothing to be apart from", async () => {
    await incident("lonely");
    const to = await incident("crowd");
    await say("oncall", `move lonely ${to.id}`);
    expect((await takeRulings()).map(({ kind }) => kind)).toEqual(["together"]);
    expect(await say("oncall", "move lonely new")).toContain("has an incident of its own");
  });

  test("a name of several alerts is refused with the keys of each", async () => {
    const one = await incident("twice");
    const two = await incident("twice");
    const refused = await view("oncall", `move twice ${one.id}`);
    expect(refused.summary).toContain('"twice" goes with 2 alerts');
    const [key = ""] = keys(two.alerts);
    expect(refused.actions.map(({ command }) => command)).toContain(
      `move ${key.slice(0, 16)} ${one.id} --from ${two.id}`,
    );
    expect(await say("oncall", `move twice ${one.id} --from ${two.id}`)).toContain(`to incident ${one.id}`);
    await takeRulings();
    expect(await say("oncall", `move twice ${two.id} --from ${two.id}`)).toContain("already");
    expect(await say("oncall", "move nothing-like-it new")).toContain("No alert goes with");
    expect(await say("oncall", "move twice elsewhere")).toContain("an incident has a number");
  });
});

describe("asked for by buttons", () => {
  const press = (shown: View, label: RegExp): string => {
    const action = shown.actions.find((one) => label.test(one.label));
    if (action === undefined)
      throw new Error(`no button ${label}: ${shown.actions.map((one) => one.label).join(", ")}`);
    return action.command;
  };

  test("merge offers other open incidents, those with a service in common first, and asks before it acts", async () => {
    const into = await incident("shared", "picked");
    const from = await incident("shared");
    const why = await view("oncall", `why ${into.id}`);
    const question = await view("oncall", press(why, /^Merge/));
    expect(question.actions[0]).toMatchObject({
      command: `merge ${into.id} ${from.id}`,
      confirm: `Put incident ${from.id} into ${into.id}?`,
    });
    expect(await store.feedback.ofIncidents([into.id], 5)).toEqual([]);
    expect(await say("oncall", question.actions[0]?.command ?? "")).toContain("goes into");
    await takeRulings();
  });

  test("split offers sets of alerts and each alone", async () => {
    const { id } = await incident("left", "right");
    const why = await view("oncall", `why ${id}`);
    const question = await view("oncall", press(why, /^Split/));
    expect(await say("oncall", press(question, /^Down on right$/))).toContain(
      "1 alert: Down on right becomes",
    );
    await takeRulings();
  });

  test("move asks which alert, then where it belongs", async () => {
    const from = await incident("walker", "sitter");
    const to = await incident("walker");
    const which = await view("oncall", press(await view("oncall", `why ${from.id}`), /^Move/));
    const where = await view("oncall", press(which, /^Down on walker$/));
    expect(where.actions[0]).toMatchObject({ label: "A new incident" });
    expect(await store.feedback.waiting(10)).toEqual([]);
    expect(await say("oncall", press(where, new RegExp(`^${to.id} `)))).toContain(`to incident ${to.id}`);
    await takeRulings();
  });

  test("who may not annotate is not asked", async () => {
    const { id } = await incident("x", "y");
    for (const line of [`merge ${id}`, `split ${id}`, `move --from ${id}`])
      expect(await say("reader", line)).toContain("you may not work on incident");
    expect(await say("oncall", "move")).toContain("No alert is named");
  });
});

describe("cause", () => {
  const suspects = [
    buildCause({ service: "scorer", changeId: "deploy-41", confidence: 0.7 }),
    buildCause({ service: "payments", changeId: null, confidence: 0.2 }),
  ] as const;

  async function explained(ranked: readonly (typeof suspects)[number][] = suspects) {
    const { id } = await incident("scorer", "checkout");
    const at = clock.now();
    await store.incidents.saveChanges([
      buildChange({
        id: "deploy-41",
        kind: "deploy",
        service: "scorer",
        at: new Date(at.getTime() - 900_000),
      }),
    ]);
    await store.explanations.save(buildExplanation({ incidentId: id, ranked, at }));
    return id;
  }

  test("right is kept with what was suspected, shown in the thread, and audited", async () => {
    const id = await explained();
    expect(await say("oncall", `cause ${id} right`)).toContain(
      `You said that change deploy-41 on scorer was the cause of incident ${id}`,
    );
    const [said] = await store.feedback.ofIncidents([id], 5);
    expect(said).toMatchObject({ kind: "right_cause", subject: "change:deploy-41", person: "oncall" });
    expect(said?.data).toMatchObject({ service: "scorer", changeKind: "deploy", rank: 1 });
    expect(said?.data["suspects"]).toHaveLength(2);
    expect(said?.data["alerts"]).toHaveLength(2);
    expect(await lines(id)).toEqual(["oncall: change deploy-41 on scorer was the cause"]);
    expect((await store.incidents.find(id))?.revision).toBe(2);
    const [entry] = await store.audit.list({ subject: `incident:${id}`, limit: 1 });
    expect(entry).toMatchObject({ action: "cause.confirmed", data: { cause: "change:deploy-41" } });
  });

  test("wrong asks what it was, with a button for every other suspect", async () => {
    const id = await explained();
    const answer = await view("oncall", `cause ${id} wrong`);
    expect(answer.summary).toContain("was not the cause");
    expect(answer.actions.map(({ label }) => label)).toEqual([
      "It was payments",
      "No change",
      "Other cause…",
    ]);
    const [other] = answer.actions;
    expect(await say("oncall", other?.command ?? "")).toContain("payments was the cause");
    expect(await store.feedback.ofIncidents([id], 5)).toMatchObject([
      { kind: "wrong_cause", subject: "change:deploy-41" },
      { kind: "right_cause", subject: "service:payments" },
    ]);
  });

  test("said twice changes nothing, and another word replaces the first", async () => {
    const id = await explained();
    await say("oncall", `cause ${id} right`);
    expect(await say("oncall", `cause ${id} right`)).toContain("You already said that");
    expect(await store.feedback.ofIncidents([id], 5)).toHaveLength(1);
    expect((await store.incidents.find(id))?.revision).toBe(2);
    expect(await say("ml", `cause ${id} right`)).toContain("You said that");
    expect(await say("oncall", `cause ${id} wrong`)).toContain("Your earlier word is replaced");
  });

  test("a button keeps to the suspect that it was made for", async () => {
    const id = await explained();
    const mark = suspectMark(suspects[0]);
    await store.explanations.save(buildExplanation({ incidentId: id, ranked: [suspects[1], suspects[0]] }));
    expect(await say("oncall", `cause ${id} wrong --suspect ${mark}`)).toContain(
      "deploy-41 on scorer was not",
    );
    await store.explanations.save(buildExplanation({ incidentId: id, ranked: [suspects[1]] }));
    expect(await say("ml", `cause ${id} wrong --suspect ${mark}`)).toContain(
      "no longer suspects that of incident",
    );
  });

  test.each([
    ["service:checkout", "service:checkout"],
    ["payments", "service:payments"],
    ["change:deploy-41", "change:deploy-41"],
    ["none", "change:none"],
    ["the-moon --as-written", "service:the-moon"],
    ["right --rank 2", "service:payments"],
  ])("%s is kept as %s", async (what, subject) => {
    const id = await explained();
    await say("oncall", `cause ${id} ${what}`);
    expect(await store.feedback.ofIncidents([id], 5)).toMatchObject([{ kind: "right_cause", subject }]);
  });

  test.each([
    ["service:chekout", "Did you mean checkout?", "service:checkout"],
    ["change:deploy-42", "Did you mean deploy-41?", "change:deploy-41"],
  ])("%s is refused with what was meant", async (what, remedy, suggestion) => {
    const id = await explained();
    const refused = await view("oncall", `cause ${id} ${what}`);
    expect(refused.summary).toContain(remedy);
    expect(refused.actions.map(({ command }) => command)).toContain(`cause ${id} ${suggestion}`);
    expect(await store.feedback.ofIncidents([id], 5)).toEqual([]);
  });

  test("without a cause it asks, and says what was said before", async () => {
    const id = await explained();
    await say("oncall", `cause ${id} wrong`);
    const asked = await view("ml", `cause ${id}`);
    expect(JSON.stringify(asked.blocks)).toContain("change deploy-41 on scorer, says oncall");
    expect(asked.actions.map(({ label }) => label)).toEqual([
      "It was change deploy-41 on scorer",
      "It was payments",
      "No change",
      "It was scorer",
      "It was checkout",
    ]);
  });

  test("where nothing is suspected, right and wrong are about nothing", async () => {
    const id = await explained([]);
    expect(await say("oncall", `cause ${id} right`)).toContain("suspects nothing");
    const unexplained = await incident("x");
    expect(await say("oncall", `cause ${unexplained.id} wrong`)).toContain("suspects nothing");
  });

  test("may be said of an incident that is over, and not of one that went into another", async () => {
    const id = await explained();
    await say("oncall", `resolve ${id} done`);
    expect(await say("oncall", `cause ${id} right`)).toContain("was the cause");
    const gone = await explained();
    const row = await store.incidents.find(gone);
    if (row === null) throw new Error("it was stored");
    await store.incidents.save([{ ...row, state: "resolved", mergedInto: id }]);
    expect(await say("oncall", `cause ${gone} right`)).toContain(`went into ${id}`);
  });

  test("suggests verdicts, services and changes", async () => {
    await explained();
    const world = createWorld({ store, policy, models: [], commands, clock });
    const account = { platform: "console", id: "oncall", name: "oncall" };
    const values = async (partial: string) =>
      (await world.execute.suggest({ account, command: "cause", option: "what", partial })).map(
        ({ value }) => value,
      );
    expect(await values("wro")).toEqual(["wrong"]);
    expect(await values("scor")).toContain("service:scorer");
    expect(await values("deploy-41")).toEqual(["change:deploy-41"]);
  });
});

test("what was said is kept with the version of the correlator that decided", async () => {
  const { id, alerts } = await incident("v1", "v2");
  const began = alerts[0]?.alert.startsAt ?? new Date(0);
  const alias = { model: "correlator", environment: "production", alias: "champion", by: "sre-lead" };
  const around = (ms: number) => new Date(began.getTime() + ms);
  await store.rollouts.setAlias({ ...alias, version: 3, at: around(-1_000), operationId: "op-3" });
  await store.rollouts.setAlias({ ...alias, version: 4, at: around(1_000), operationId: "op-4" });
  await say("oncall", `split ${id} v1`);
  expect((await store.feedback.ofIncidents([id], 1))[0]?.data["correlator"]).toBe(3);
  await takeRulings();
});

test("all of it is in an audit log that is whole", async () => {
  const entries = await store.audit.read(1, 1_000);
  expect(entries.map(({ action }) => action)).toEqual(
    expect.arrayContaining([
      "incident.merged",
      "incident.split",
      "alert.moved",
      "cause.confirmed",
      "cause.refused",
    ]),
  );
  expect(verifyChain(entries)).toMatchObject({ kind: "intact" });
});
