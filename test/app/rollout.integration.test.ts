import path from "node:path";
import postgres from "postgres";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createHttpClient } from "../../src/adapters/http-client.ts";
import builtin from "../../src/adapters/models/builtin.ts";
import { type OpenStore, openStore } from "../../src/adapters/store/store.ts";
import { rolloutCard } from "../../src/app/rollout-card.ts";
import { emptyManifest } from "../../src/domain/rollout/retrain-manifest.ts";
import { isFinal } from "../../src/domain/rollout/state.ts";
import type { Rollout } from "../../src/domain/rollout.ts";
import { shippedWeights } from "../../src/domain/weights.ts";
import { checkCommand, loadFolders } from "../../src/load.ts";
import { type Command, type ModelBackend, type Policy, silentLog, type Trainer } from "../../src/ports.ts";
import { freshDatabase, type TestDatabase } from "../database.ts";
import { verifyChain } from "../domain/audit/chain.ts";
import { Crash, createDeath, mortalBackend, mortalStore } from "./mortal.ts";
import {
  createLedger,
  createLedgerBackend,
  createTestClock,
  createWorld,
  drive,
  type Ledger,
  modelEntry,
  people,
  requestOf,
  shippedPolicy,
  type World,
} from "./rollout-world.ts";

let database: TestDatabase;
let store: OpenStore;
let policy: Policy;
let commands: readonly Command[];
let ledger: Ledger;

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

/** Each test has a model of its own, so that none waits for another's lock. */
let worlds = 0;
function world(
  idempotency: ModelBackend["idempotency"] = "adopt",
  over: Partial<Parameters<typeof createWorld>[0]> = {},
  backend: Partial<ModelBackend> = {},
) {
  worlds += 1;
  const model = `scorer-${worlds}`;
  const models = [modelEntry({ ...createLedgerBackend(ledger, idempotency), ...backend }, { name: model })];
  return { model, models, ...createWorld({ store, policy, models, commands, ...over }) };
}

async function newest(model: string): Promise<Rollout> {
  const [rollout] = await store.rollouts.list({ model, limit: 1 });
  if (rollout === undefined) throw new Error(`no rollout of ${model}`);
  return rollout;
}

describe("a rollout from request to result", () => {
  test("staging needs no approval, production one, and what serves changes only when it has run", async () => {
    const w = world();
    await w.say("ml", `deploy ${w.model} 2 --environment staging`);
    const staging = await newest(w.model);
    expect(staging.state).toBe("approved");
    expect(await drive(w, store, staging.id)).toBe("succeeded");
    expect(ledger.serving).toBe("2");

    const answer = await w.say("ml", `deploy ${w.model} 3 --environment production --reason "better recall"`);
    expect(answer).toContain("It waits for an approval");
    const rollout = await newest(w.model);
    expect(rollout.state).toBe("pending");
    await w.apply.step(rollout.id);
    expect((await newest(w.model)).state).toBe("pending");
    expect(ledger.starts).toHaveLength(1);
    expect(await w.say("lead", `approve ${rollout.id}`)).toContain("It starts now");
    expect(await drive(w, store, rollout.id)).toBe("succeeded");
    expect(ledger.serving).toBe("3");
  });

  test("a success is a change that incidents can suspect, and a line in the incident it is about", async () => {
    const w = world();
    await store.incidents.save([incident(901)]);
    await w.say("ml", `deploy ${w.model} 2 --environment staging --incident 901`);
    const rollout = await newest(w.model);
    await drive(w, store, rollout.id);
    const changes = await store.incidents.changesBetween(new Date(0), new Date("2030-01-01"), 1000);
    const change = changes.find((candidate) => candidate.rolloutId === rollout.id);
    expect(change).toMatchObject({ kind: "rollout", service: "fraud-api", author: "ml" });
    const lines = (await store.incidents.timeline(901, 20)).map((entry) => entry.text);
    expect(lines.some((line) => line.includes(`rollout ${rollout.id} asked for by ml`))).toBe(true);
    expect(lines.some((line) => line.includes("succeeded: 2 serves"))).toBe(true);
  });

  test("it is a change from the moment it runs, at the time of its start, and open incidents are explained anew", async () => {
    const w = world();
    await store.incidents.save([incident(902)]);
    await w.say("ml", `deploy ${w.model} 2 --environment staging`);
    const { id } = await newest(w.model);
    await w.apply.step(id);
    const running = await newest(w.model);
    expect(running.state).toBe("running");
    w.clock.pass(60_000);
    expect(await drive(w, store, id)).toBe("succeeded");
    const changes = await store.incidents.changesBetween(new Date(0), new Date("2030-01-01"), 1000);
    const change = changes.find((candidate) => candidate.rolloutId === id);
    expect(change?.at).toEqual(running.startedAt);
    const sql = postgres(database.url, { max: 1 });
    const jobs = await sql`select key from graphile_worker.jobs where key = 'explain 902'`;
    await sql.end();
    expect(jobs).toHaveLength(1);
  });

  test("every transition is in the audit log, the chain holds, and the card names the last entry", async () => {
    const w = world();
    await w.say("ml", `deploy ${w.model} 2 --environment production`);
    const { id } = await newest(w.model);
    await w.say("lead", `approve ${id}`);
    await drive(w, store, id);
    const entries = await store.audit.list({ subject: `rollout:${id}`, limit: 20 });
    expect(entries.map((entry) => entry.action).reverse()).toEqual([
      "rollout.requested",
      "rollout.approved",
      "rollout.starting",
      "rollout.running",
      "rollout.succeeded",
    ]);
    const rollout = await newest(w.model);
    expect(rollout.auditSeq).toBe(entries[0]?.seq);
    const card = await rolloutCard(store.rollouts, { policy, people, models: w.models }, id, w.clock.now());
    expect(card?.footer).toContain(`audit entry ${entries[0]?.seq}`);
    const mark = await store.audit.mark();
    expect(verifyChain(await store.audit.read(1, 10_000), mark === null ? [] : [mark]).kind).toBe("intact");
  });

  test("cards are wanted where it was asked and where rollouts go, at the newest revision", async () => {
    const w = world();
    await w.say("ml", `deploy ${w.model} 2 --environment staging`);
    const { id } = await newest(w.model);
    await drive(w, store, id);
    const { revision } = await newest(w.model);
    const channels = await store.posts.channelsOf("rollout", id);
    expect(channels.map((each) => each.channel).sort()).toEqual(["incidents", "rollouts"]);
    const post = await store.posts.findBySubject("console", "incidents", "rollout", id);
    expect(post?.desiredRevision).toBe(revision);
    expect(revision).toBeGreaterThan(3);
  });
});

test("rolling back goes to the version before, and from there further back, never forward again", async () => {
  const w = world();
  const carryOut = async (line: string) => {
    const before = await store.rollouts.list({ model: w.model, limit: 1 });
    await w.say("ml", line);
    const rollout = await newest(w.model);
    expect(rollout.id).not.toBe(before[0]?.id);
    expect(await drive(w, store, rollout.id)).toBe("succeeded");
    w.clock.pass(60_000);
    return ledger.serving;
  };
  ledger.outcome = (operation) => ({
    kind: "succeeded",
    result: `${operation.to}`,
    newVersion: null,
    metrics: {},
    logTail: "",
  });
  expect(await carryOut(`deploy ${w.model} 2 --environment staging`)).toBe("2");
  expect(await carryOut(`deploy ${w.model} 3 --environment staging`)).toBe("3");
  expect(await carryOut(`rollback ${w.model} --environment staging`)).toBe("2");
  expect(await carryOut(`rollback ${w.model} --environment staging`)).toBe("1");
  expect(await w.say("ml", `rollback ${w.model} --environment staging`)).toContain(
    "No version is known to have served",
  );
});

const learnedFrom = { ...emptyManifest, commit: "tocsin@1.0.0", data: "labels:200", seed: 0 };

describe("the way back", () => {
  /** A deploy of version 2 in staging that has succeeded. */
  async function deployed(over: Partial<ModelBackend> = {}) {
    const w = world("adopt", {}, over);
    await w.say("ml", `deploy ${w.model} 2 --environment staging`);
    expect(await drive(w, store, (await newest(w.model)).id)).toBe("succeeded");
    w.clock.pass(60_000);
    return w;
  }

  test("what served is kept before a start, and given back to the backend that restores it", async () => {
    const w = await deployed({ snapshot: () => Promise.resolve({ version: ledger.serving, replicas: 7 }) });
    await w.say("ml", `rollback ${w.model} --environment staging`);
    expect(await drive(w, store, (await newest(w.model)).id)).toBe("succeeded");
    const [deploy, rollback] = [...ledger.started.values()];
    expect(deploy).toMatchObject({ kind: "deploy", restore: null });
    expect(rollback).toMatchObject({ kind: "rollback", to: "1", restore: { version: "1", replicas: 7 } });
  });

  test("nothing is started while what serves cannot be kept", async () => {
    const away = () => Promise.reject(new Error("connection refused"));
    const w = world();
    await w.say("ml", `deploy ${w.model} 2 --environment staging`);
    const { id } = await newest(w.model);
    const [entry] = w.models;
    if (entry === undefined) throw new Error("no model");
    const { snapshot } = entry.backend;
    let asked = 0;
    entry.backend.snapshot = (...args) => (++asked === 2 ? away() : snapshot(...args));
    await w.apply.step(id);
    expect(await newest(w.model)).toMatchObject({ state: "approved" });
    expect((await newest(w.model)).progress.note).toContain("could not be kept: connection refused");
    expect(await drive(w, store, id)).toBe("succeeded");
  });

  test("more than may be kept of it is a failure before the start, never a rollout without a way back", async () => {
    const w = world("adopt", {}, { snapshot: () => Promise.resolve({ spec: "x".repeat(70_000) }) });
    await w.say("ml", `deploy ${w.model} 2 --environment staging`);
    expect(await drive(w, store, (await newest(w.model)).id)).toBe("failed");
    expect((await newest(w.model)).result).toContain("at most 65536 can be");
    expect(ledger.starts).toEqual([]);
  });

  test("a version whose files are gone is refused with what to do instead", async () => {
    const problem = "the image registry.example/scorer:1 is gone";
    const w = await deployed({ checkArtifact: () => Promise.resolve({ kind: "missing", problem }) });
    const said = await w.say("ml", `rollback ${w.model} --environment staging`);
    expect(said).toContain(`Version 1 of ${w.model} cannot serve again: ${problem}.`);
    expect(said).toContain(`rollback ${w.model} VERSION --environment staging`);
  });

  test("where nobody can look whether they are there, the plan says so", async () => {
    const w = await deployed();
    await w.say("ml", `rollback ${w.model} --environment staging`);
    expect((await newest(w.model)).plan.notes.join()).toContain(
      'nobody looked whether version 1 still exists: the backend "ledger" has no way to look',
    );
  });
});

test("the bot's own model is retrained, deployed and rolled back by the same commands", async () => {
  const trainer: Trainer = {
    check: () => Promise.resolve({ kind: "enough", notes: ["200 pieces of feedback"] }),
    inputs: () => Promise.resolve(learnedFrom),
    fit: () =>
      Promise.resolve({
        parameters: shippedWeights,
        comparison: [{ name: "recall", champion: 0.9, challenger: 0.95, interval: null, n: 6 }],
        description: "fitted",
      }),
  };
  const backend = builtin.create(new Map(), {
    store,
    clock: createTestClock(),
    log: silentLog,
    environment: {},
    http: createHttpClient({ clock: createTestClock() }),
    stateFolder: "/nonexistent",
    trainer,
  });
  const entry = modelEntry(backend, { name: "correlator", environments: ["production"] });
  await backend.prepare?.([entry]);
  const w = createWorld({ store, policy, commands, models: [entry] });
  const carryOut = async (line: string) => {
    await w.say("ml", line);
    const { id } = await newest("correlator");
    await w.say("lead", `approve ${id}`);
    const state = await drive(w, store, id);
    w.clock.pass(60_000);
    return {
      state,
      rollout: await newest("correlator"),
      live: (await backend.live("correlator", "production")).version,
    };
  };
  const trained = await carryOut("retrain correlator --reason feedback");
  expect(trained).toMatchObject({ state: "succeeded", live: "1" });
  expect(trained.rollout.progress).toMatchObject({
    newVersion: "2",
    metrics: { recall: 0.95 },
    comparison: [{ name: "recall", champion: 0.9, challenger: 0.95 }],
  });
  expect(await carryOut("deploy correlator 2")).toMatchObject({ state: "succeeded", live: "2" });
  expect(await carryOut("rollback correlator")).toMatchObject({ state: "succeeded", live: "1" });
});

describe("who may", () => {
  test("the requester may not approve, and the denial names the rule and whom to ask", async () => {
    const w = world();
    await w.say("ml", `deploy ${w.model} 2 --environment production`);
    const { id } = await newest(w.model);
    const both = [
      ...people.filter((person) => person.id !== "ml"),
      { ...people[0], id: "ml", name: "ml", roles: ["ml-engineer", "approver"], accounts: { console: "ml" } },
    ];
    const w2 = createWorld({ store, policy, models: w.models, commands, people: both });
    const answer = await w2.say("ml", `approve ${id}`);
    expect(answer).toContain("nobody approves their own rollout");
    expect(answer).toContain("lead");
    expect((await newest(w.model)).state).toBe("pending");
    const denied = await store.audit.list({ action: "approve.denied", limit: 1 });
    expect(denied[0]).toMatchObject({ actor: "ml", outcome: "denied", subject: `rollout:${id}` });
  });

  test("a stranger is told how to become known, and nothing of what exists", async () => {
    const w = world();
    const answer = await w.say("nobody", "ack 999999");
    expect(answer).not.toContain("There is no incident");
    expect(answer).toContain("tocsin.yaml");
  });

  test("someone without the role is refused before anything is planned", async () => {
    const w = world();
    expect(await w.say("reader", `deploy ${w.model} 2 --environment staging`)).toContain(
      "no rule of the policy permits it",
    );
    expect(await store.rollouts.list({ model: w.model, limit: 1 })).toEqual([]);
  });

  test("an approver who loses the role before it is applied does not count any more", async () => {
    const w = world();
    await w.say("ml", `deploy ${w.model} 2 --environment production`);
    const { id } = await newest(w.model);
    await w.say("lead", `approve ${id}`);
    const without = people.map((person) =>
      person.id === "lead" ? { ...person, roles: ["viewer"] } : person,
    );
    const later = createWorld({ store, policy, models: w.models, commands, people: without, clock: w.clock });
    expect(await drive(later, store, id)).toBe("failed");
    expect((await newest(w.model)).result).toContain("0 of 1 approvals still count");
    expect(ledger.starts).toEqual([]);
  });

  test("one denial is enough, and nothing is started after it", async () => {
    const w = world();
    await w.say("ml", `deploy ${w.model} 2 --environment production`);
    const { id } = await newest(w.model);
    await w.say("second", `deny ${id} not on a Friday`);
    expect((await newest(w.model)).result).toBe("denied by second: not on a Friday");
    expect(await w.say("lead", `approve ${id}`)).toContain("it is denied");
    await w.apply.step(id);
    expect(ledger.starts).toEqual([]);
  });

  test("a button of an older plan does not approve another", async () => {
    const w = world();
    await w.say("ml", `deploy ${w.model} 2 --environment production`);
    const { id } = await newest(w.model);
    expect(await w.say("lead", `approve ${id} --plan 0123456789ab`)).toContain("not 0123456789ab");
    expect((await newest(w.model)).state).toBe("pending");
  });
});

describe("what changes while it waits", () => {
  test("a rollout that was planned while another ended is planned again", async () => {
    const backend = createLedgerBackend(ledger, "adopt");
    let meanwhile: (() => Promise<unknown>) | null = null;
    const slow: ModelBackend = {
      ...backend,
      async plan(operation) {
        const planned = await backend.plan(operation);
        const act = meanwhile;
        meanwhile = null;
        await act?.();
        return planned;
      },
    };
    const w = world("adopt", { models: [modelEntry(slow, { name: "planned-twice" })] });
    const line = "deploy planned-twice 2 --environment production";
    await w.say("ml", line);
    const { id } = await newest("planned-twice");
    meanwhile = async () => {
      await w.say("lead", `approve ${id}`);
      await drive(w, store, id);
      w.clock.pass(1_000);
    };
    expect(await w.say("ml", line)).not.toContain("is asked for");
    expect(await newest("planned-twice")).toMatchObject({ id, state: "succeeded" });
  });

  test("a plan that no longer holds is not carried out", async () => {
    const w = world();
    await w.say("ml", `deploy ${w.model} 2 --environment production`);
    const { id } = await newest(w.model);
    ledger.serving = "3";
    await w.say("lead", `approve ${id}`);
    expect(await drive(w, store, id)).toBe("failed");
    const { result } = await newest(w.model);
    expect(result).toContain("the plan has changed, ask again: from was 1 and is 3");
    expect(ledger.starts).toEqual([]);
  });

  test("nobody approves in time and it expires", async () => {
    const w = world();
    await w.say("ml", `deploy ${w.model} 2 --environment production`);
    const { id } = await newest(w.model);
    w.clock.pass(24 * 3_600_000 + 1);
    await w.apply.step(id);
    expect((await newest(w.model)).state).toBe("expired");
    expect(await w.say("lead", `approve ${id}`)).toContain("it is expired");
  });

  test("a busy target is waited for with a note on the card, and is free when the other is over", async () => {
    const w = world();
    ledger.outcome = () => ({ kind: "running", steps: [], logTail: "" });
    await w.say("ml", `deploy ${w.model} 2 --environment staging`);
    const first = await newest(w.model);
    await w.apply.step(first.id);
    await w.say("ml", `deploy ${w.model} 3 --environment staging`);
    const second = await newest(w.model);
    await w.apply.step(second.id);
    const waiting = await newest(w.model);
    expect(waiting.state).toBe("approved");
    expect(waiting.progress.note).toContain(`waits for rollout ${first.id}`);
    ledger.outcome = () => ({ kind: "failed", problem: "out of memory", logTail: "" });
    expect(await drive(w, store, first.id)).toBe("failed");
    ledger.outcome = (operation) => ({
      kind: "succeeded",
      result: `${operation.to}`,
      newVersion: null,
      metrics: {},
      logTail: "",
    });
    expect(await drive(w, store, second.id)).toBe("succeeded");
  });

  test("the same rollout is not asked for twice while one is open", async () => {
    const w = world();
    await w.say("ml", `deploy ${w.model} 2 --environment production`);
    const { id } = await newest(w.model);
    expect(await w.say("ml", `deploy ${w.model} 2 --environment production`)).toContain(
      `Rollout ${id} already asks`,
    );
  });

  test("of two people who ask for the same at once one is told that the other has", async () => {
    for (let round = 0; round < 10; round += 1) {
      const w = world();
      const ask = () => w.say("ml", `deploy ${w.model} 2 --environment production`);
      const answers = await Promise.all([ask(), ask(), ask()]);
      const open = await store.rollouts.list({ model: w.model, limit: 10 });
      expect(open).toHaveLength(1);
      expect(answers.filter((answer) => answer.includes(`Rollout ${open[0]?.id} already asks`))).toHaveLength(
        2,
      );
    }
  });
});

describe("stopping", () => {
  test("running work is asked to stop and cancelled when it has", async () => {
    const w = world();
    ledger.outcome = () => ({ kind: "running", steps: [], logTail: "" });
    await w.say("ml", `deploy ${w.model} 2 --environment staging`);
    const { id } = await newest(w.model);
    await w.apply.step(id);
    expect((await newest(w.model)).state).toBe("running");
    expect(await w.say("oncall", `cancel ${id}`)).toContain("asked to stop");
    expect((await newest(w.model)).state).toBe("cancelling");
    expect(await drive(w, store, id)).toBe("cancelled");
    expect((await newest(w.model)).result).toBe("cancelled by oncall");
  });

  test("work that cannot be stopped goes on, and the card says why", async () => {
    const w = world();
    ledger.outcome = () => ({ kind: "running", steps: [], logTail: "" });
    await w.say("ml", `deploy ${w.model} 2 --environment staging`);
    const { id } = await newest(w.model);
    await w.apply.step(id);
    const [entry] = w.models;
    if (entry === undefined) throw new Error("no model");
    const backend = {
      ...entry.backend,
      cancel: () => Promise.reject(new Error("past the point of no return")),
    };
    const stubborn = createWorld({
      store,
      policy,
      commands,
      models: [{ ...entry, backend }],
      clock: w.clock,
    });
    await stubborn.say("oncall", `cancel ${id}`);
    await stubborn.apply.step(id);
    const rollout = await newest(w.model);
    expect(rollout.state).toBe("running");
    expect(rollout.progress.cancelProblem).toBe("past the point of no return");
  });

  test("an approved rollout that has not started is cancelled at once, and is never started", async () => {
    const w = world();
    await w.say("ml", `deploy ${w.model} 2 --environment staging`);
    const { id } = await newest(w.model);
    expect(await w.say("ml", `cancel ${id}`)).toContain("nothing was started");
    await w.apply.step(id);
    expect(ledger.starts).toEqual([]);
  });
});

describe("backends that misbehave", () => {
  test("one that says it is done while the old version serves is not believed", async () => {
    const w = world();
    const [entry] = w.models;
    if (entry === undefined) throw new Error("no model");
    const backend = {
      ...entry.backend,
      live: () => Promise.resolve({ version: "1", since: null, by: null }),
    };
    const lying = createWorld({ store, policy, commands, models: [{ ...entry, backend }], clock: w.clock });
    await lying.say("ml", `deploy ${w.model} 2 --environment staging`);
    const { id } = await newest(w.model);
    expect(await drive(lying, store, id, 10_000)).toBe("failed");
    expect((await newest(w.model)).result).toContain("version 1 still serves instead of 2");
  });

  test("one that certainly started nothing is a failure, not a doubt", async () => {
    const w = world("none");
    await w.say("ml", `deploy ${w.model} 2 --environment staging --reason "not startable"`);
    const { id } = await newest(w.model);
    expect(await drive(w, store, id)).toBe("failed");
    expect((await newest(w.model)).result).toContain("no such queue");
  });

  test("one that lost the work leaves it unknown, keeps the target, and a person settles it", async () => {
    const w = world();
    ledger.outcome = () => ({ kind: "lost", problem: "its process is gone", logTail: "" });
    await w.say("ml", `deploy ${w.model} 2 --environment staging`);
    const { id } = await newest(w.model);
    expect(await drive(w, store, id)).toBe("unknown");
    await w.say("ml", `deploy ${w.model} 3 --environment staging`);
    const blocked = await newest(w.model);
    await w.apply.step(blocked.id);
    expect((await newest(w.model)).progress.note).toContain(`waits for rollout ${id}`);
    expect(await w.say("oncall", `cancel ${id}`)).toContain("--as succeeded");
    expect(await w.say("oncall", `cancel ${id} --as failed`)).toContain("recorded as failed");
    expect((await store.rollouts.find(id))?.result).toBe("not carried out, says oncall");
    ledger.outcome = (operation) => ({
      kind: "succeeded",
      result: `${operation.to}`,
      newVersion: null,
      metrics: {},
      logTail: "",
    });
    expect(await drive(w, store, blocked.id)).toBe("succeeded");
  });

  test("one that cannot be asked is asked again, and the card says so", async () => {
    const w = world();
    await w.say("ml", `deploy ${w.model} 2 --environment staging`);
    const { id } = await newest(w.model);
    await w.apply.step(id);
    ledger.outcome = () => {
      throw new Error("connection refused");
    };
    await w.apply.step(id);
    expect((await newest(w.model)).progress.note).toContain("connection refused");
    ledger.outcome = createLedger().outcome;
    expect(await drive(w, store, id)).toBe("succeeded");
  });
});

describe("the same request twice", () => {
  test("is carried out once", async () => {
    const w = world();
    const request = requestOf(
      "ml",
      `deploy ${w.model} 2 --environment staging`,
      w.clock.now(),
      `twice-${w.model}`,
    );
    const [first, second] = await Promise.all([w.execute.execute(request), w.execute.execute(request)]);
    expect([first, second].filter((answer) => answer !== null)).toHaveLength(1);
    expect(await store.rollouts.list({ model: w.model, limit: 5 })).toHaveLength(1);
  });

  test("two people who approve at the same moment both count", async () => {
    const w = world();
    await w.say("ml", `deploy ${w.model} 2 --environment production`);
    const { id } = await newest(w.model);
    await Promise.all([w.say("lead", `approve ${id}`), w.say("second", `approve ${id}`)]);
    expect((await newest(w.model)).state).toBe("approved");
    expect(ledger.starts).toEqual([]);
  });
});

// ---------- the bot dies at any moment ----------

interface Story {
  readonly name: string;
  readonly idempotency: ModelBackend["idempotency"];
  /** What people do before the steps; may prepare the ledger. */
  readonly before: (w: World & { readonly model: string }, id: number) => Promise<void>;
  /** What people do while it runs. */
  readonly during: (w: World, id: number) => Promise<void>;
  readonly ends: readonly string[];
}

const nothing = () => Promise.resolve();
const stories: readonly Story[] = [
  {
    name: "a deploy to a backend that can look",
    idempotency: "adopt",
    before: nothing,
    during: nothing,
    ends: ["succeeded"],
  },
  {
    name: "a deploy to a backend that takes a start twice",
    idempotency: "native",
    before: nothing,
    during: nothing,
    ends: ["succeeded"],
  },
  {
    name: "a deploy to a backend that cannot look",
    idempotency: "none",
    before: nothing,
    during: nothing,
    ends: ["succeeded", "unknown"],
  },
  {
    name: "a failure",
    idempotency: "adopt",
    before: () => {
      ledger.outcome = () => ({ kind: "failed", problem: "out of memory", logTail: "" });
      return Promise.resolve();
    },
    during: nothing,
    ends: ["failed"],
  },
  {
    name: "a cancellation while it runs",
    idempotency: "adopt",
    before: () => {
      ledger.outcome = () => ({ kind: "running", steps: [], logTail: "" });
      return Promise.resolve();
    },
    during: async (w, id) => void (await w.say("oncall", `cancel ${id}`)),
    ends: ["cancelled"],
  },
];

describe("a bot that dies at any moment of a rollout", () => {
  /** Runs a story with a death at one moment, and then with a bot that lives; says how it ended. */
  async function tell(story: Story, at: number) {
    ledger = createLedger();
    const living = world(story.idempotency);
    await living.say("ml", `deploy ${living.model} 2 --environment staging`);
    const { id } = await newest(living.model);
    await story.before(living, id);
    const death = createDeath(at);
    const [entry] = living.models;
    if (entry === undefined) throw new Error("no model");
    const dying = createWorld({
      store: mortalStore(store, death),
      policy,
      commands,
      clock: living.clock,
      models: [{ ...entry, backend: mortalBackend(entry.backend, death) }],
    });
    let hasActed = false;
    const actOnce = async (rollout: Rollout | null) => {
      if (hasActed || rollout?.state !== "running") return;
      hasActed = true;
      await story.during(living, id);
    };
    const steps = async (w: World) => {
      for (let step = 0; step < 40; step += 1) {
        const rollout = await store.rollouts.find(id);
        if (rollout === null || isFinal(rollout.state) || rollout.state === "unknown") return;
        await actOnce(rollout);
        await w.apply.step(id);
        w.clock.pass(2_000);
      }
    };
    try {
      await steps(dying);
    } catch (error) {
      if (!(error instanceof Crash)) throw error;
    }
    await steps(living);
    const rollout = await store.rollouts.find(id);
    const card = await rolloutCard(
      store.rollouts,
      { policy, people, models: living.models },
      id,
      living.clock.now(),
    );
    return { rollout, card, moments: death.moments(), starts: ledger.starts };
  }

  test.each(stories)(
    "$name ends, starts its backend once, and never guesses",
    async (story) => {
      const calm = await tell(story, Number.POSITIVE_INFINITY);
      expect(calm.rollout?.state).toBe(story.ends[0]);
      expect(calm.moments).toBeGreaterThan(10);
      const seen = new Set<string>();
      for (let at = 1; at <= calm.moments; at += 1) {
        const { rollout, card, starts } = await tell(story, at);
        const where = `death at moment ${at} of ${calm.moments}`;
        expect(story.ends, where).toContain(rollout?.state);
        expect(starts.length, `${where}: starts that reached the backend`).toBeLessThanOrEqual(
          story.idempotency === "native" ? 2 : 1,
        );
        if (rollout?.state === "unknown") {
          expect(
            card?.actions.map((action) => action.command),
            where,
          ).toEqual([
            `cancel ${rollout.id} --as succeeded`,
            `cancel ${rollout.id} --as failed`,
            `audit --subject rollout:${rollout.id}`,
          ]);
        } else {
          // Whatever is over holds nothing.
          const lock = await store.rollouts.lock(
            `${rollout?.plan.model}/staging`,
            1_000_000,
            "test",
            new Date(),
          );
          expect(lock.kind, `${where}: the target is free`).toBe("held");
        }
        seen.add(rollout?.state ?? "");
      }
      expect([...seen].sort()).toEqual([...story.ends].sort());
      const mark = await store.audit.mark();
      expect(verifyChain(await store.audit.read(1, 100_000), mark === null ? [] : [mark]).kind).toBe(
        "intact",
      );
    },
    120_000,
  );
});

function incident(id: number) {
  const at = new Date("2026-03-02T09:00:00Z");
  return {
    id,
    state: "open" as const,
    severity: "high" as const,
    title: "HighErrorRate on fraud-api",
    serviceCount: 1,
    services: ["fraud-api"],
    startedAt: at,
    openedAt: at,
    acknowledgedAt: null,
    acknowledgedBy: null,
    assignedTo: null,
    assignedAt: null,
    severitySetBy: null,
    snoozedUntil: null,
    related: [],
    resolvedAt: null,
    resolvedBy: null,
    reopenedCount: 0,
    alertCount: 1,
    firingCount: 1,
    isMuted: false,
    mergedInto: null,
    parentId: null,
    revision: 1,
  };
}
