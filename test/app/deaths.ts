/**
 * A bot that dies at any moment of a rollout, with every backend, on both databases: whatever dies when, the work is
 * begun once at most, everything that was begun is in the audit log, and the rollout ends or asks a person. The story
 * of one rollout is told again and again, each time with a bot that dies at another moment of it.
 */
import postgres from "postgres";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import approve from "../../commands/approve.ts";
import deploy from "../../commands/deploy.ts";
import retrain from "../../commands/retrain.ts";
import rollback from "../../commands/rollback.ts";
import { migrate } from "../../src/adapters/store/migrate.ts";
import { grantRights } from "../../src/adapters/store/rights.ts";
import { type OpenStore, openStore } from "../../src/adapters/store/store.ts";
import { rolloutCard } from "../../src/app/rollout-card.ts";
import { targetOf } from "../../src/domain/rollout/plan.ts";
import { type RolloutState, rolloutStates, transitions } from "../../src/domain/rollout/state.ts";
import type { Rollout } from "../../src/domain/rollout.ts";
import type { Command, CommandRequest, Policy, RolloutKind } from "../../src/ports.ts";
import type { MortalRow, MortalScene } from "../adapters/models/mortal/scene.ts";
import { freshDatabase, type TestDatabase } from "../database.ts";
import { rolesDatabase } from "../database-roles.ts";
import { verifyChain } from "../domain/audit/chain.ts";
import { Crash, createDeath, type Death, mortalStore, noDeath } from "./mortal.ts";
import { createWorld, modelEntry, people, requestOf, type World } from "./rollout-world.ts";

/** Where the bots keep what they know. */
interface Place {
  readonly store: () => OpenStore;
  /** Asks the database past the bot. */
  readonly sql: () => postgres.Sql;
}

/** The bot owns everything. */
export function onEmbedded(): Place {
  return placeOn(async () => {
    const database = await freshDatabase();
    return { database, url: database.url };
  });
}

/** Owner and bot are two roles, and the bot's may only read the log and add to it. */
export function onServer(): Place {
  return placeOn(async () => {
    const database = await rolesDatabase();
    await migrate(database.owner);
    await grantRights(database.owner, new URL(database.bot).username);
    return { database, url: database.bot };
  });
}

function placeOn(open: () => Promise<{ readonly database: TestDatabase; readonly url: string }>): Place {
  let opened: { database: TestDatabase; store: OpenStore; sql: postgres.Sql } | null = null;
  beforeAll(async () => {
    const { database, url } = await open();
    const sql = postgres(database.url, { max: 1, onnotice: () => undefined });
    opened = { database, sql, store: await openStore({ url }) };
  });
  afterAll(async () => {
    await opened?.sql.end();
    await opened?.store.close();
    await opened?.database.close();
  });
  const get = () => {
    if (opened === null) throw new Error("it is opened before the tests");
    return opened;
  };
  return {
    store: () => get().store,
    sql: () => get().sql,
  };
}

const commands: readonly Command[] = [approve, deploy, retrain, rollback];

/** Everyone may, with a second person; who may is tested elsewhere, and asking takes time. */
const policy: Policy = {
  hash: "of the test",
  decide: ({ action }) => {
    const isRollout = action === "deploy" || action === "rollback" || action === "retrain";
    const approvals = isRollout ? [{ rule: "a second person", count: 1, roles: [] }] : [];
    return { kind: "allow", policies: ["everyone"], approvals, approvalsNeeded: approvals.length };
  },
};

const lines: Readonly<Record<RolloutKind, (scene: MortalScene) => string>> = {
  deploy: ({ model, to }) => `deploy ${model} ${to}`,
  rollback: ({ model }) => `rollback ${model}`,
  retrain: ({ model, manifest }) => `retrain ${model} ${manifest}`,
};

/** The tests of these backends. Their files run beside one another, since all deaths together take minutes. */
export function deathsOnBoth(rows: readonly MortalRow[]): void {
  describe("on the embedded database", () => {
    const place = onEmbedded();
    for (const row of rows) deathsOf(place, row, ["deploy", "rollback"]);
  });
  describe("on a server, where the log belongs to another role than the bot's", () => {
    const place = onServer();
    for (const row of rows) deathsOf(place, row, ["deploy", "retrain"]);
  });
}

/** The tests of one backend. */
export function deathsOf(place: Place, row: MortalRow, kinds: readonly RolloutKind[]): void {
  test.each(row.kinds.filter((kind) => kinds.includes(kind)))(
    `${row.name}: a %s ends or asks, is begun once at most, and is in the log`,
    async (kind) => {
      const tell = (death: Death, where: string) => tellStory({ place, row, kind, death, where });
      const calm = await tell(noDeath(), "undisturbed");
      expect(calm.rollout.state, calm.rollout.result ?? "").toBe("succeeded");
      expect(Math.max(...calm.begun)).toBe(1);
      expect(calm.moments).toBeGreaterThan(10);
      // Until it is approved no backend was asked for anything: one of them stands for all.
      const first = row.name === "builtin" ? 1 : calm.approvedAt;
      for (let at = first; at <= calm.moments; at += 1)
        await tell(createDeath(at), `death at moment ${at} of ${calm.moments}`);
      const { audit } = place.store();
      const mark = await audit.mark();
      expect(verifyChain(await audit.read(1, 100_000), mark === null ? [] : [mark]).kind).toBe("intact");
    },
    300_000,
  );
}

interface Telling {
  readonly place: Place;
  readonly row: MortalRow;
  readonly kind: RolloutKind;
  /** Of the first bot; the second one lives. */
  readonly death: Death;
  readonly where: string;
}

async function tellStory(telling: Telling) {
  const { place, row, kind, death, where } = telling;
  const scene = await row.open(place.store());
  try {
    if (kind === "rollback") {
      await live(place, scene, noDeath(), await requestsOf(place, scene, "deploy"));
      scene.clock.pass(60_000);
    }
    const before = await scene.begun();
    const requests = await requestsOf(place, scene, kind);
    const approvedAt = await live(place, scene, death, requests);
    const begunBy = async () => (await scene.begun()).map((times, part) => times - (before[part] ?? 0));
    if (Math.max(...(await begunBy())) > 0) {
      const told = await statesInLog(place, await requests.rollout());
      expect(told, `${where}: begun before it was in the log`).toContain("starting");
    }
    await live(place, scene, noDeath(), requests);
    const rollout = await requests.rollout();
    if (rollout === undefined) throw new Error(`${where}: it was never asked for`);
    const begun = await begunBy();
    expect(Math.max(...begun), `${where}: times that it was begun`).toBeLessThanOrEqual(1);
    await expectEnd(telling, scene, rollout);
    return { rollout, begun, moments: death.moments(), approvedAt };
  } finally {
    await scene.close();
  }
}

/** Each is asked with the same key by whoever lives, as the stored request is. */
async function requestsOf({ store }: Place, scene: MortalScene, kind: RolloutKind) {
  const now = scene.clock.now();
  const { list } = store().rollouts;
  const older = new Set((await list({ model: scene.model, limit: 10 })).map(({ id }) => id));
  const approvals = new Map<number, CommandRequest>();
  return {
    asked: requestOf("ml", lines[kind](scene), now),
    approval: (id: number) => {
      const known = approvals.get(id) ?? requestOf("lead", `approve ${id}`, now);
      approvals.set(id, known);
      return known;
    },
    /** What came of it: one rollout at most. */
    rollout: async (): Promise<Rollout | undefined> => {
      const [made, ...others] = (await list({ model: scene.model, limit: 10 })).filter(
        ({ id }) => !older.has(id),
      );
      expect(others).toEqual([]);
      return made;
    },
  };
}

/**
 * One bot: takes the requests up, and then does the jobs that it finds, until it dies or there are none.
 * @returns at which moment it had carried out what people asked for.
 */
async function live(
  place: Place,
  scene: MortalScene,
  death: Death,
  requests: Awaited<ReturnType<typeof requestsOf>>,
): Promise<number> {
  const store = mortalStore(place.store(), death);
  const entry = modelEntry(scene.backendIn(store, death), {
    ...{ name: scene.model, environments: ["production"], services: [`${scene.model}-api`] },
  });
  const bot = createWorld({
    ...{ store, policy, commands, clock: scene.clock, models: [entry] },
  });
  // What was carried out is not taken up again.
  if ((await requests.rollout()) === undefined) await bot.execute.execute(requests.asked);
  const rollout = await requests.rollout();
  if (death.isDead() || rollout === undefined) return death.moments();
  if (rollout.state === "pending") await bot.execute.execute(requests.approval(rollout.id));
  const approvedAt = death.moments();
  if (death.isDead()) return approvedAt;
  try {
    await work(place, scene, bot, rollout.id);
  } catch (error) {
    if (!(error instanceof Crash)) throw error;
  }
  return approvedAt;
}

/** Nothing moves a rollout but the jobs that were stored with what they follow. */
async function work(place: Place, scene: MortalScene, bot: World, id: number): Promise<void> {
  const sql = place.sql();
  for (let turn = 0; turn < 100; turn += 1) {
    const [job] = await sql<{ id: string; revision: number; run_at: Date; is_later: boolean }[]>`
      select id, revision, run_at, key like '% later' as is_later from graphile_worker.jobs
      where key in (${`apply ${id}`}, ${`apply ${id} later`}) order by is_later limit 1`;
    if (job === undefined) return;
    if (job.is_later) scene.clock.pass(Math.max(0, job.run_at.getTime() - scene.clock.now().getTime()));
    await scene.settle();
    await bot.apply.step(id);
    await sql`
      delete from graphile_worker._private_jobs where id = ${job.id} and revision = ${job.revision}`;
  }
  throw new Error(`rollout ${id} came to no end in a hundred steps`);
}

/** The states that the log tells of, in order. */
async function statesInLog({ store }: Place, rollout: Rollout | undefined): Promise<readonly RolloutState[]> {
  const entries = await store().audit.list({ subject: `rollout:${rollout?.id}`, limit: 50 });
  const told = entries.map(({ action }) => (action === "rollout.requested" ? "rollout.pending" : action));
  return rolloutStates
    .filter((state) => told.includes(`rollout.${state}`))
    .sort((one, other) => told.indexOf(`rollout.${other}`) - told.indexOf(`rollout.${one}`));
}

async function expectEnd(
  { place, row, where }: Telling,
  scene: MortalScene,
  rollout: Rollout,
): Promise<void> {
  const store = place.store();
  const { id, state, plan, result } = rollout;
  expect(row.mayAsk ? ["succeeded", "unknown"] : ["succeeded"], `${where}: ${result}`).toContain(state);
  const told = await statesInLog(place, rollout);
  expect(told[0], where).toBe("pending");
  expect(told.at(-1), where).toBe(state);
  for (const [index, next] of told.slice(1).entries())
    expect(transitions[told[index] ?? "denied"], `${where}: ${told.join(", ")}`).toContain(next);
  const target = targetOf(plan);
  const holder = async () => (await store.rollouts.findLock(target))?.rolloutId ?? null;
  if (state === "succeeded") {
    expect(await holder(), `${where}: who holds the target`).toBeNull();
    if (plan.to === null) return;
    const { version } = await scene.backendIn(store, noDeath()).live(scene.model, "production");
    expect(version, `${where}: what serves`).toBe(plan.to);
    return;
  }
  expect(await holder(), `${where}: who holds the target`).toBe(id);
  const models = [modelEntry(scene.backendIn(store, noDeath()), { name: scene.model })];
  const authority = { policy, people, models };
  const card = await rolloutCard(store.rollouts, authority, id, scene.clock.now());
  expect(
    card?.actions.map(({ command }) => command),
    where,
  ).toContain(`cancel ${id} --as failed`);
}
