/** What someone changed without the bot: seen once, audited, posted, a suspect; and what the bot did is not. */
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import mlflowSource from "../../src/adapters/sources/mlflow.ts";
import { type OpenStore, openStore } from "../../src/adapters/store/store.ts";
import { composeModel } from "../../src/app/compose-model.ts";
import { createKnownMoves } from "../../src/app/known-moves.ts";
import { createReconcile } from "../../src/app/reconcile.ts";
import { createRender } from "../../src/app/render.ts";
import type { Change } from "../../src/domain/change.ts";
import { checkCommand, loadFolders } from "../../src/load.ts";
import {
  type Command,
  type Metrics,
  type ModelBackend,
  noMetrics,
  type Policy,
  silentLog,
  textOf,
} from "../../src/ports.ts";
import { freshDatabase, type TestDatabase } from "../database.ts";
import { noCharts } from "../fixtures/charts.ts";
import {
  createLedger,
  createLedgerBackend,
  createTestClock,
  createWorld,
  drive,
  modelEntry,
  people,
  requestOf,
  shippedPolicy,
} from "./rollout-world.ts";

const minute = 60_000;
let database: TestDatabase;
let store: OpenStore;
let policy: Policy;
let commands: readonly Command[];
let worlds = 0;

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

/** A model in staging, a bot, and what looks at the backend. */
function world(over: Partial<ModelBackend> = {}, options: { readonly withRuntime?: boolean } = {}) {
  worlds += 1;
  const model = `watched-${worlds}`;
  const ledger = createLedger();
  const registry = createLedger();
  const own = { ...createLedgerBackend(ledger, "adopt"), ...over };
  const backend =
    options.withRuntime === true
      ? composeModel({
          registry: { ...createLedgerBackend(registry, "adopt"), name: "registry" },
          runtime: own,
          training: null,
        })
      : own;
  const models = [
    modelEntry(backend, { name: model, environments: ["staging"], services: [`${model}-api`] }),
  ];
  const clock = createTestClock();
  const w = createWorld({ store, policy, models, commands, clock });
  const counted: string[] = [];
  const metrics: Metrics = {
    ...noMetrics,
    count: (_name, labels = {}) => void counted.push(labels["outcome"] ?? ""),
  };
  const looker = (replica = "a") =>
    createReconcile({
      ...{ store, models, channels: ["console:rollouts"], replica, clock, log: silentLog, metrics },
      ...{ everyMs: minute, random: () => 0.5, lookMs: 200 },
    });
  const one = looker();
  /** A look after a minute. */
  const look = async () => {
    clock.pass(minute + 1);
    await one.turn();
  };
  const records = () => store.serving.list({ model, environment: "staging", part: "serving", limit: 100 });
  const audited = () => store.audit.list({ subject: `model:${model}/staging`, limit: 100 });
  const changes = async () =>
    (await store.incidents.changesBetween(new Date(0), new Date("2100-01-01"), 10_000)).filter(
      (change) => change.service?.startsWith(model) === true,
    );
  const free = () => store.takeOver();
  return {
    ...w,
    model,
    models,
    ledger,
    registry,
    clock,
    look,
    looker,
    counted,
    records,
    audited,
    changes,
    free,
  };
}

describe("a change outside the bot", () => {
  test("is recorded once, audited with what was before, posted, and a suspect; by whoever looks and however often", async () => {
    const w = world();
    await w.free();
    await w.look();
    await w.look();
    w.ledger.serving = "3";
    await w.look();
    await w.look();
    await w.free();
    w.clock.pass(minute + 1);
    await w.looker("b").turn();
    const [newest, first, ...more] = await w.records();
    expect([newest, first, more]).toMatchObject([
      { version: "3", cause: "outside", rolloutId: null },
      { version: "1", cause: "first" },
      [],
    ]);
    const [entry, ...others] = await w.audited();
    expect(others).toEqual([]);
    expect(entry).toMatchObject({
      action: "model.changed_outside",
      data: { before: "1", after: "3", backend: "ledger" },
    });
    expect(newest?.auditSeq).toBe(entry?.seq);
    expect(await w.changes()).toMatchObject([
      {
        kind: "deploy",
        service: `${w.model}-api`,
        rolloutId: null,
        title: expect.stringContaining("version 1 → version 3"),
      },
    ]);
    const post = await store.posts.findBySubject("console", "rollouts", "changed_outside", newest?.id ?? 0);
    if (post === null) throw new Error("nothing is posted");
    const unused = () => Promise.reject(new Error("not asked"));
    const render = createRender({
      store,
      policy,
      people,
      models: w.models,
      charts: noCharts,
      clock: w.clock,
      log: silentLog,
      explain: unused,
    });
    expect((await render(post))?.view).toMatchObject({
      title: `${w.model} in staging was changed outside the bot`,
      summary: expect.stringContaining("version 1 → version 3, ledger does not say by whom"),
      actions: [
        { command: `deploy ${w.model} 1 --environment staging` },
        { command: `models history ${w.model} --environment staging` },
      ],
    });
  });

  test("voids what was planned before it", async () => {
    const w = world();
    await w.free();
    await w.look();
    await w.say("ml", `deploy ${w.model} 2`);
    w.ledger.serving = "3";
    await w.look();
    const [rollout] = await store.rollouts.list({ model: w.model, limit: 1 });
    expect(await drive(w, store, rollout?.id ?? 0)).toBe("failed");
    expect((await store.rollouts.find(rollout?.id ?? 0))?.result).toContain("from was 1 and is 3");
  });

  test("of the registry's pointer is seen beside what serves", async () => {
    const w = world({ name: "runtime" }, { withRuntime: true });
    await w.free();
    await w.look();
    w.registry.serving = "3";
    await w.look();
    expect(await w.audited()).toMatchObject([{ data: { part: "registry", before: "1", after: "3" } }]);
    expect(await w.say("reader", "models")).toContain(`${w.model} in staging: 1 (the registry points to 3)`);
  });
});

describe("a rollout of ours", () => {
  test("is what brought its version, and never a change outside", async () => {
    const w = world();
    await w.free();
    await w.look();
    await w.say("ml", `deploy ${w.model} 2`);
    const [rollout] = await store.rollouts.list({ model: w.model, limit: 1 });
    const id = rollout?.id ?? 0;
    for (let step = 0; step < 8; step += 1) {
      await w.apply.step(id);
      await w.look();
    }
    expect((await store.rollouts.find(id))?.state).toBe("succeeded");
    expect(await w.records()).toMatchObject([
      { version: "2", cause: "rollout", rolloutId: id },
      { version: "1" },
    ]);
    expect(await w.audited()).toEqual([]);
  });

  test("moves the registry's pointer too, and that is no change outside", async () => {
    const w = world({ name: "runtime" }, { withRuntime: true });
    await w.free();
    await w.look();
    await w.say("ml", `deploy ${w.model} 2`);
    const [rollout] = await store.rollouts.list({ model: w.model, limit: 1 });
    expect(await drive(w, store, rollout?.id ?? 0)).toBe("succeeded");
    await w.look();
    expect(w.registry.serving).toBe("2");
    expect(await w.audited()).toEqual([]);
    const pointer = await store.serving.newest(w.model, "staging", "registry");
    expect(pointer).toMatchObject({ version: "2", cause: "rollout", rolloutId: rollout?.id });
  });
});

describe("a backend that is away", () => {
  test("or hangs is asked less and less often, and the others are looked at all the same", async () => {
    let asked = 0;
    const w = world({
      live: () => {
        asked += 1;
        return asked % 2 === 0
          ? Promise.reject(new Error("connection refused"))
          : new Promise(() => undefined);
      },
    });
    await w.free();
    for (let turn = 0; turn < 30; turn += 1) await w.look();
    expect(asked).toBeGreaterThan(3);
    expect(asked).toBeLessThan(7);
    expect(new Set(w.counted)).toEqual(new Set(["away"]));
  });
});

describe("a webhook of a registry", () => {
  const pointer = { registry: "mlflow", name: "fraud", alias: "champion" };
  /** A move of the alias, as the source tells it. */
  function told(version: string, at: Date): readonly Change[] {
    const body = {
      ...{ entity: "model_version_alias", action: "created", timestamp: at.toISOString() },
      data: { name: "fraud", alias: "champion", version },
    };
    const delivery = { receivedAt: at, headers: {}, body: new Uint8Array() };
    const parsed = mlflowSource.parse(body, delivery, undefined);
    if (parsed.kind !== "parsed") throw new Error(parsed.problem);
    return parsed.delivery.changes;
  }

  test("about the move that a rollout made is no second suspect beside it", async () => {
    const w = world({ pointer: () => pointer });
    const { news } = createKnownMoves({ store, models: w.models });
    await w.say("ml", `deploy ${w.model} 2`);
    const [rollout] = await store.rollouts.list({ model: w.model, limit: 1 });
    const id = rollout?.id ?? 0;
    await w.apply.step(id);
    expect(await news(told("2", w.clock.now())), "while it runs").toEqual([]);
    expect(await drive(w, store, id)).toBe("succeeded");
    expect(await news(told("2", w.clock.now())), "just after").toEqual([]);
    w.clock.pass(10 * minute);
    expect(await news(told("2", w.clock.now())), "long after").toHaveLength(1);
    expect(await news(told("3", w.clock.now())), "of another version").toHaveLength(1);
  });

  test("about a change outside and a look that finds it are one suspect, dated by the webhook", async () => {
    const w = world({ pointer: () => pointer });
    await w.free();
    await w.look();
    w.ledger.serving = "3";
    w.clock.pass(20_000);
    const at = w.clock.now();
    const news = await createKnownMoves({ store, models: w.models }).news(told("3", at));
    await store.incidents.saveChanges(news.map((change) => ({ ...change, service: `${w.model}-api` })));
    await w.look();
    expect(await w.changes()).toHaveLength(1);
    expect((await w.records())[0]).toMatchObject({ cause: "outside", since: at });
  });

  test("that is stored at the same moment as a look finds the change is one suspect with it, whoever is first", async () => {
    for (let round = 0; round < 10; round += 1) {
      const w = world({ pointer: () => pointer });
      await w.free();
      await w.look();
      w.ledger.serving = "3";
      w.clock.pass(20_000);
      const known = createKnownMoves({ store, models: w.models });
      // Read before the look, as triage does; stored while it runs.
      const news = await known.news(told("3", w.clock.now()));
      expect(news).toHaveLength(1);
      const stored = store.transaction(async (tx) => {
        const changes = await known.newsIn(tx, news);
        await tx.incidents.saveChanges(changes.map((change) => ({ ...change, service: `${w.model}-api` })));
      });
      await Promise.all(round % 2 === 0 ? [stored, w.look()] : [w.look(), stored]);
      expect(await w.changes()).toHaveLength(1);
      expect(await w.audited()).toHaveLength(1);
    }
  });

  test("about moves away and back between two looks is in the history, the log, and a suspect; each once", async () => {
    const w = world({ pointer: () => pointer });
    await w.free();
    await w.look();
    const tell = async (version: string) => {
      w.clock.pass(10_000);
      const news = await createKnownMoves({ store, models: w.models }).news(told(version, w.clock.now()));
      await store.incidents.saveChanges(news.map((change) => ({ ...change, service: `${w.model}-api` })));
      return w.clock.now();
    };
    const [away, back] = [await tell("3"), await tell("1")];
    for (const _look of [1, 2, 3]) await w.look();
    expect(await w.records()).toMatchObject([
      { version: "1", cause: "outside", since: back },
      { version: "3", cause: "outside", since: away },
      { version: "1", cause: "first" },
    ]);
    expect((await w.audited()).map(({ data }) => [data["before"], data["after"]])).toEqual([
      ["3", "1"],
      ["1", "3"],
    ]);
    expect(await w.changes()).toHaveLength(2);
    await tell("4");
    w.ledger.serving = "2";
    await tell("2");
    for (const _look of [1, 2]) await w.look();
    expect((await w.records()).map(({ version }) => version)).toEqual(["2", "4", "1", "3", "1"]);
  });

  test("about a move away alone is left until the way back is told, or a look finds it", async () => {
    const w = world({ pointer: () => pointer });
    await w.free();
    await w.look();
    w.clock.pass(10_000);
    const news = await createKnownMoves({ store, models: w.models }).news(told("3", w.clock.now()));
    await store.incidents.saveChanges(news.map((change) => ({ ...change, service: `${w.model}-api` })));
    await w.look();
    expect(await w.records()).toHaveLength(1);
  });

  test("that comes after the look tells nothing new", async () => {
    const w = world({ pointer: () => pointer });
    await w.free();
    await w.look();
    const at = w.clock.now();
    w.ledger.serving = "3";
    await w.look();
    expect(await createKnownMoves({ store, models: w.models }).news(told("3", at))).toEqual([]);
  });
});

describe("/models", () => {
  test("answers which version served at a moment, and says where nobody knows", async () => {
    const w = world();
    await w.free();
    const before = w.clock.now();
    await w.look();
    const first = w.clock.now();
    w.clock.pass(5 * minute);
    await w.look();
    await w.say("ml", `deploy ${w.model} 2`);
    const [rollout] = await store.rollouts.list({ model: w.model, limit: 1 });
    expect(await drive(w, store, rollout?.id ?? 0)).toBe("succeeded");
    const ask = (at: Date) => w.say("reader", `models history ${w.model} --at ${at.toISOString()}`);
    expect(await ask(first)).toContain("version 1 served");
    expect(await ask(before)).toContain("it is unknown what served");
    expect(await ask(w.clock.now())).toContain(
      `version 2 served, from ${w.clock.now().toISOString().slice(0, 10)}`,
    );
    expect(await ask(w.clock.now())).toContain(`brought by rollout ${rollout?.id} by ml`);
    expect(await ask(new Date(w.clock.now().getTime() + minute))).toContain("has not come yet");
    const list = await w.say("reader", `models history ${w.model}`);
    expect(list).toContain("3 spans of time, newest first; page 1 of 1. In staging version 2 served");
  });

  test.each([
    ["models history", "The history of which model?"],
    ["models history nosuch", 'There is no model "nosuch"'],
    ["models history MODEL --at yesterday", "Write it with its zone"],
    ["models history MODEL --at 2026-11-01T12:00", "Write it with its zone"],
    ["models history MODEL --environment moon", "Its environments are: staging"],
    ["models history MODEL --page 9", "There is no page 9"],
    ["models MODEL other", "does not know what to do with a second name"],
  ])("%s is refused with what to do", async (line, because) => {
    const w = world();
    expect(await w.say("reader", line.replace("MODEL", w.model))).toContain(because);
  });

  test("shows since when and by whom from the bot's record where the backend does not say", async () => {
    const w = world();
    await w.say("ml", `deploy ${w.model} 2`);
    const [rollout] = await store.rollouts.list({ model: w.model, limit: 1 });
    await drive(w, store, rollout?.id ?? 0);
    const answer = await w.execute.execute(requestOf("reader", "models", w.clock.now()));
    const lines = answer?.view.blocks.flatMap((block) => (block.kind === "list" ? block.items : [])) ?? [];
    const line = lines.map(textOf).find((text) => text.startsWith(`${w.model} in staging`));
    expect(line).toMatch(/: 2 since \d{4}-\d\d-\d\d \d\d:\d\d UTC by ml/i);
  });
});
