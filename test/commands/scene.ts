/** A database, every command of the project, and people who say lines: what tests of commands stand on. */
import path from "node:path";
import { afterAll, beforeAll } from "vitest";
import { type OpenStore, openStore } from "../../src/adapters/store/store.ts";
import type { Incident } from "../../src/domain/incident.ts";
import type { View } from "../../src/domain/view.ts";
import { checkCommand, loadFolders } from "../../src/load.ts";
import type { Command, Policy } from "../../src/ports.ts";
import {
  createLedger,
  createLedgerBackend,
  createTestClock,
  createWorld,
  modelEntry,
  requestOf,
  shippedPolicy,
  type TestClock,
  type World,
} from "../app/rollout-world.ts";
import { freshDatabase, type TestDatabase } from "../database.ts";
import { buildIncident } from "../domain/build.ts";

export interface CommandScene {
  readonly clock: TestClock;
  store(): OpenStore;
  world(): World;
  /** The whole answer to a line of somebody at the console. */
  view(who: string, line: string): Promise<View>;
  /** An incident that began ten minutes ago, with a card in the console. */
  incident(given?: Partial<Incident>): Promise<Incident>;
}

/** Opens a scene for the tests of one file, and closes it after them. */
export function commandScene(): CommandScene {
  const clock = createTestClock();
  const open: { database?: TestDatabase; store?: OpenStore; policy?: Policy; commands?: readonly Command[] } =
    {};
  let ids = 0;

  beforeAll(async () => {
    open.database = await freshDatabase();
    open.store = await openStore({ url: open.database.url });
    open.policy = await shippedPolicy();
    open.commands = (await loadFolders([path.resolve("commands")], checkCommand)).plugins;
  });
  afterAll(async () => {
    await open.store?.close();
    await open.database?.close();
  });

  function store(): OpenStore {
    if (open.store === undefined) throw new Error("the scene is opened before the first test of a file");
    return open.store;
  }

  function world(): World {
    const { policy, commands } = open;
    if (policy === undefined || commands === undefined) throw new Error("the scene is not open");
    const models = [modelEntry(createLedgerBackend(createLedger(), "adopt"))];
    return createWorld({ store: store(), policy, models, commands, clock });
  }

  async function view(who: string, line: string): Promise<View> {
    const answer = await world().execute.execute(requestOf(who, line, clock.now()));
    if (answer === null) throw new Error("it was answered before");
    return answer.view;
  }

  async function incident(given: Partial<Incident> = {}): Promise<Incident> {
    ids += 1;
    const at = new Date(clock.now().getTime() - 600_000);
    const opened = buildIncident({
      ...{ id: ids, title: `HighErrorRate on service-${ids}`, services: [`service-${ids}`] },
      ...{ severity: "high", startedAt: at, openedAt: at, alertCount: 2, firingCount: 1 },
      ...given,
    });
    await store().incidents.save([opened]);
    const card = { platform: "console", channel: "incidents", kind: "incident", subject: opened.id } as const;
    await store().posts.want([{ ...card, desiredRevision: 1, threadOf: null }], clock.now());
    return opened;
  }

  return { clock, store, world, view, incident };
}
