/** What stands between a plan and its start: who agrees, freezes, locks, names to type, and looking without asking. */
import path from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type OpenStore, openStore } from "../../src/adapters/store/store.ts";
import { createRender } from "../../src/app/render.ts";
import { rolloutCard } from "../../src/app/rollout-card.ts";
import { digestView } from "../../src/domain/digest/view.ts";
import type { Person } from "../../src/domain/people/person.ts";
import type { Rollout } from "../../src/domain/rollout.ts";
import { checkCommand, loadFolders } from "../../src/load.ts";
import { type Command, type ModelEntry, type Policy, silentLog } from "../../src/ports.ts";
import { freshDatabase, type TestDatabase } from "../database.ts";
import { noCharts } from "../fixtures/charts.ts";
import {
  createLedger,
  createLedgerBackend,
  createWorld,
  drive,
  type Ledger,
  modelEntry,
  requestOf,
  shippedPolicy,
  people as usual,
} from "./rollout-world.ts";

let database: TestDatabase;
let store: OpenStore;
let policy: Policy;
let commands: readonly Command[];
let ledger: Ledger;

const sre: Person = {
  id: "sre",
  name: "sre",
  roles: ["sre"],
  accounts: { console: "sre", slack: "U-sre", discord: "77" },
};
const people = [...usual, sre];

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
beforeEach(() => {
  ledger = createLedger();
});

let worlds = 0;
function world(over: Partial<ModelEntry> = {}) {
  worlds += 1;
  const model = `safe-${worlds}`;
  const models = [modelEntry(createLedgerBackend(ledger, "adopt"), { name: model, ...over })];
  return { model, models, ...createWorld({ store, policy, models, commands, people }) };
}
type World = ReturnType<typeof world>;

async function newest(model: string): Promise<Rollout> {
  const [rollout] = await store.rollouts.list({ model, limit: 1 });
  if (rollout === undefined) throw new Error(`no rollout of ${model}`);
  return rollout;
}

async function answer(w: World, who: string, line: string, platform = "console", account = who) {
  const request = { ...requestOf(who, line, w.clock.now()), account: { platform, id: account, name: who } };
  const answered = await w.execute.execute(request);
  if (answered === null) throw new Error("answered before");
  return answered.view;
}

describe("a dry run", () => {
  test.each(["deploy", "rollback", "retrain"])("of %s shows the card and stores nothing", async (kind) => {
    const w = world();
    const line =
      kind === "retrain"
        ? `retrain ${w.model} --environment production`
        : `${kind} ${w.model} 2 --environment production`;
    const entries = (await store.audit.head())?.seq ?? 0;
    const view = await answer(w, "sre", `${line} --dry-run`);
    expect(view.title).toMatch(/^Dry run: /);
    expect(view.summary).toContain("Nothing was stored.");
    expect(JSON.stringify(view.blocks)).toContain("allowed by");
    expect(await store.rollouts.list({ model: w.model, limit: 5 })).toEqual([]);
    expect((await store.audit.head())?.seq ?? 0).toBe(entries);
    if (kind !== "retrain") expect(view.actions.map(({ command }) => command)).toEqual([line]);
  });

  test("of any other change is undone, and says what would have been said", async () => {
    const w = world();
    const said = await w.say("sre", `freeze add model=${w.model} --for 2h --reason "year end" --dry-run`);
    expect(said).toMatch(
      /^Dry run: it would be carried out. Nothing was changed. It would say: Freeze \d+ is on/,
    );
    expect(await store.rollouts.freezes(w.clock.now())).toEqual([]);
  });

  test("by someone who may not is refused like the thing itself", async () => {
    const w = world();
    expect(await w.say("reader", `deploy ${w.model} 2 --environment production --dry-run`)).toContain(
      "you may not deploy",
    );
  });
});

describe("a model of high risk", () => {
  test("is asked for and approved by typing its name, which the server compares", async () => {
    const w = world({ risk: "high" });
    const line = `deploy ${w.model} 2 --environment production --reason "better recall"`;
    const refused = await answer(w, "ml", line);
    expect(refused.summary).toContain("its name has to be typed");
    const [button] = refused.actions;
    expect(button).toMatchObject({ ask: { label: `Type ${w.model} to go on`, option: "confirm" } });
    expect(await w.say("ml", `${button?.command} --confirm scorer`)).toContain(`"scorer" is not ${w.model}`);
    expect(await store.rollouts.list({ model: w.model, limit: 5 })).toEqual([]);
    expect(await w.say("ml", `${button?.command} --confirm ${w.model}`)).toContain(
      "It waits for an approval",
    );
    const rollout = await newest(w.model);
    expect(rollout.plan.reason).toBe("better recall");
    const card = await rolloutCard(
      store.rollouts,
      { policy, people, models: w.models },
      rollout.id,
      w.clock.now(),
    );
    expect(card?.actions[0]).toMatchObject({ label: "Approve", ask: { option: "confirm" } });
    expect(await w.say("lead", `approve ${rollout.id}`)).toContain("its name has to be typed");
    expect((await newest(w.model)).state).toBe("pending");
    expect(await w.say("lead", `approve ${rollout.id} --confirm ${w.model}`)).toContain("It starts now");
  });
});

test("one human on two platforms is one voice, whichever account they asked or approved with", async () => {
  const two = `@id("two") @approvals("2") permit (principal in Role::"ml-engineer", action == Action::"deploy", resource);`;
  const strict = await shippedPolicy(two);
  worlds += 1;
  const model = `safe-${worlds}`;
  const models = [modelEntry(createLedgerBackend(ledger, "adopt"), { name: model })];
  const w = { model, models, ...createWorld({ store, policy: strict, models, commands, people }) };
  await w.say("ml", `deploy ${model} 2 --environment production`);
  const { id } = await newest(model);
  expect((await answer(w, "ml", `approve ${id}`, "slack", "U-ml")).summary).toMatch(/may not|yourself/);
  expect((await answer(w, "sre", `approve ${id}`, "slack", "U-sre")).summary).toContain("It still needs 1");
  expect((await answer(w, "sre", `approve ${id}`, "discord", "77")).summary).toContain("already approved");
  expect((await answer(w, "sre", `approve ${id}`)).summary).toContain("already approved");
  expect((await newest(model)).state).toBe("pending");
  expect((await store.rollouts.approvals(id)).map(({ person }) => person)).toEqual(["sre"]);
  expect(await w.say("lead", `approve ${id}`)).toContain("It starts now");
});

test("people are reminded twice in the thread of the card, and then it expires", async () => {
  const w = world();
  await w.say("ml", `deploy ${w.model} 2 --environment production`);
  const { id } = await newest(w.model);
  const notes = async () => {
    const wanted = await store.posts.behind("console", "rollouts", 500);
    const found = await Promise.all(
      wanted
        .filter(({ kind }) => kind === "rollout_note")
        .map(({ subject }) => store.rollouts.findNote(subject)),
    );
    return found.filter((note) => note?.rolloutId === id).map((note) => note?.text ?? "");
  };
  await w.apply.step(id);
  expect(await notes()).toEqual([]);
  w.clock.pass(12 * 3_600_000);
  await w.apply.step(id);
  await w.apply.step(id);
  expect(await notes()).toHaveLength(1);
  expect((await notes())[0]).toMatch(
    /still waits: deploy .* Needs 1 more approval from .*lead.* It expires at 2026-03-03 10:00 UTC/,
  );
  const { render, post } = await reminderOf(w, id);
  const called = async () =>
    (await render(post))?.view.blocks
      .flatMap((block) => (block.kind === "text" ? block.text : []))
      .flatMap(({ mention }) => (mention?.kind === "person" ? [mention.accounts["slack"]] : []));
  expect(await called()).toEqual(["U-lead", "U-second", "U-sre"]);
  w.clock.pass(10 * 3_600_000);
  await w.apply.step(id);
  expect(await notes()).toHaveLength(2);
  w.clock.pass(2 * 3_600_000);
  await w.apply.step(id);
  expect((await newest(w.model)).state).toBe("expired");
  expect(await called()).toEqual([]);
});

async function reminderOf({ models, clock }: World, rolloutId: number) {
  const posts = await store.posts.behind("console", "rollouts", 500);
  for (const post of posts.filter(({ kind }) => kind === "rollout_note")) {
    if ((await store.rollouts.findNote(post.subject))?.rolloutId !== rolloutId) continue;
    const explain = () => Promise.resolve();
    const render = createRender({
      ...{ store, policy, people, models, clock, explain },
      ...{ charts: noCharts, log: silentLog },
    });
    return { render, post };
  }
  throw new Error("nobody was reminded");
}

describe("a freeze", () => {
  async function frozen() {
    const w = world();
    await w.say("sre", `freeze add model=${w.model} --for 2d --reason "year end"`);
    return w;
  }

  test("stops deploys, says why and the way out; rollbacks go on; ended, all goes on", async () => {
    const w = await frozen();
    const said = await w.say("sre", `deploy ${w.model} 2 --environment staging`);
    expect(said).toMatch(/freezes stop deploys and retrains.*year end.*--break-glass/);
    expect(await w.say("sre", `deploy ${w.model} 2 --environment staging --dry-run`)).toContain(
      "It is frozen",
    );
    expect(await w.say("oncall", `rollback ${w.model} 2 --environment staging`)).toContain("starts now");
    const [freeze] = await store.rollouts.freezes(w.clock.now());
    await w.say("sre", `freeze end ${freeze?.id}`);
    expect(await w.say("sre", `deploy ${w.model} 3 --environment staging`)).toContain("starts now");
  });

  test("that begins while a rollout waits for approval stops it when it would start", async () => {
    const w = world();
    await w.say("ml", `deploy ${w.model} 2 --environment production`);
    await w.say("sre", `freeze add model=${w.model} --for 2d --reason "year end"`);
    const { id } = await newest(w.model);
    await w.say("lead", `approve ${id}`);
    expect(await drive(w, store, id)).toBe("failed");
    expect((await newest(w.model)).result).toMatch(/may not deploy it any more.*year end/);
    expect(ledger.starts).toEqual([]);
  });

  test("is broken only with a reason and a second person, loudly, with a review that stays until it is closed", async () => {
    const w = await frozen();
    const line = `deploy ${w.model} 2 --environment staging --break-glass`;
    expect(await w.say("sre", `${line} "fraud is coming through"`)).toContain("It waits for an approval");
    const rollout = await newest(w.model);
    expect(rollout.plan.breakGlass).toBe("fraud is coming through");
    const card = await rolloutCard(
      store.rollouts,
      { policy, people, models: w.models },
      rollout.id,
      w.clock.now(),
    );
    expect(card).toMatchObject({ tone: "bad", title: expect.stringMatching(/^BREAKS A FREEZE: /) });
    const [entry] = await store.audit.list({ subject: `rollout:${rollout.id}`, limit: 1 });
    expect(entry?.data).toMatchObject({
      breakGlass: "fraud is coming through",
      freezes: [expect.stringContaining("year end")],
    });
    expect(await w.say("sre", `approve ${rollout.id}`)).toMatch(/may not|yourself/);
    await w.say("lead", `approve ${rollout.id}`);
    expect(await drive(w, store, rollout.id)).toBe("succeeded");
    const review = (await store.rollouts.openReviews(50)).find(({ rolloutId }) => rolloutId === rollout.id);
    if (review === undefined) throw new Error("no review");
    const digest = async () => {
      const facts = await store.digests.facts(
        new Date("2026-03-01T00:00:00Z"),
        new Date("2026-03-09T00:00:00Z"),
      );
      return JSON.stringify(digestView({ facts, chart: null, nameOf: (person) => person }).blocks);
    };
    expect(await digest()).toContain(`/review ${review.id}`);
    expect(await w.say("sre", `review ${review.id} "fine by me"`)).toContain("Someone else");
    expect(await w.say("lead", `review ${review.id} "right call"`)).toContain("is closed: right call");
    expect(await digest()).not.toContain(`/review ${review.id}`);
  });

  test("cannot be broken where there is none, nor by those whom the policy does not name", async () => {
    const w = world();
    expect(await w.say("sre", `deploy ${w.model} 2 --environment staging --break-glass "now"`)).toContain(
      "No freeze covers",
    );
    const other = await frozen();
    expect(
      await other.say("ml", `deploy ${other.model} 2 --environment staging --break-glass "now"`),
    ).toContain("responders break the glass");
  });
});

describe("a lock", () => {
  test("keeps rollouts from starting until someone who may takes it away; who, why and since are shown", async () => {
    const w = world();
    expect(await w.say("oncall", `lock ${w.model}`)).toContain("needs a reason");
    expect(await w.say("oncall", `lock ${w.model} --reason "looking at yesterday"`)).toContain("locked");
    await w.say("ml", `deploy ${w.model} 2 --environment staging`);
    const { id } = await newest(w.model);
    await w.apply.step(id);
    expect((await newest(w.model)).progress.note).toContain("looking at yesterday");
    expect(await w.say("ml", "locks")).toMatch(/locked by oncall since .*: looking at yesterday/);
    expect(await w.say("oncall", `unlock ${w.model}`)).toContain("you may not unlock");
    expect(await w.say("sre", `unlock ${w.model}`)).toContain("unlocked");
    expect(await drive(w, store, id)).toBe("succeeded");
  });

  test("goes from one to the next in the order of asking, and the one whose turn comes is told", async () => {
    const w = world();
    ledger.outcome = () => ({ kind: "running", steps: [], logTail: "" });
    const ask = async (version: string) => {
      await w.say("ml", `deploy ${w.model} ${version} --environment staging`);
      w.clock.pass(1_000);
      return (await newest(w.model)).id;
    };
    const first = await ask("2");
    await w.apply.step(first);
    const second = await ask("3");
    await w.say("oncall", `rollback ${w.model} 3 --environment staging`);
    const third = (await newest(w.model)).id;
    // The later one looks first.
    await w.apply.step(third);
    await w.apply.step(second);
    const card = await rolloutCard(
      store.rollouts,
      { policy, people, models: w.models },
      third,
      w.clock.now(),
    );
    expect(await w.say("ml", "models")).toMatch(/in staging: 1 \(locked; 2 waiting\)/);
    expect(JSON.stringify(card?.blocks)).toContain(`number 3, after rollouts ${first} and ${second}`);
    await w.say("ml", `cancel ${first}`);
    await drive(w, store, first);
    await w.apply.step(third);
    expect((await store.rollouts.find(third))?.state).toBe("approved");
    await w.apply.step(second);
    expect((await store.rollouts.find(second))?.state).not.toBe("approved");
    const posts = (await store.posts.behind("console", "rollouts", 500)).filter(
      ({ kind }) => kind === "rollout_note",
    );
    const texts = await Promise.all(
      posts.map(async ({ subject }) => (await store.rollouts.findNote(subject))?.text),
    );
    expect(texts.filter((text) => text?.startsWith(`It is the turn of rollout ${second}`))).toHaveLength(1);
  });

  test("taken from a rollout at work ends its say: the next step is refused and a person is asked", async () => {
    const w = world();
    ledger.outcome = () => ({ kind: "running", steps: [], logTail: `look ${ledger.looks}` });
    await w.say("ml", `deploy ${w.model} 2 --environment staging`);
    const { id } = await newest(w.model);
    await w.apply.step(id);
    expect((await newest(w.model)).state).toBe("running");
    expect(await w.say("sre", `unlock ${w.model} --rollout ${id}`)).toContain("no longer holds");
    await w.apply.step(id);
    expect(await newest(w.model)).toMatchObject({
      state: "unknown",
      result: expect.stringContaining("taken away"),
    });
  });
});
