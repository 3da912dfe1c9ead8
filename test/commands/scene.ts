/** A database, every command of the project, and people who say lines: what tests of commands stand on. */
import path from "node:path";
import { afterAll, beforeAll } from "vitest";
import { type OpenStore, openStore } from "../../src/adapters/store/store.ts";
import type { Incident } from "../../src/domain/incident.ts";
import type { Person } from "../../src/domain/people/person.ts";
import type { View } from "../../src/domain/view.ts";
import { checkCommand, loadFolders } from "../../src/load.ts";
import type { Command, Policy, Store, StoredAlert } from "../../src/ports.ts";
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
import { buildIncident, buildTracked } from "../domain/build.ts";

export interface CommandScene {
  readonly clock: TestClock;
  store(): OpenStore;
  /**
   * @param people - in place of those of the console.
   * @param store - in place of its own, for one that fails.
   */
  world(people?: readonly Person[], store?: Store): World;
  /** The whole answer to a line of somebody at the console. */
  view(who: string, line: string): Promise<View>;
  /** Alerts of an incident that fire, named "Down", one on each of these services. */
  alerts(incidentId: number, services: readonly string[]): Promise<readonly StoredAlert[]>;
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

  function world(people?: readonly Person[], over?: Store): World {
    const { policy, commands } = open;
    if (policy === undefined || commands === undefined) throw new Error("the scene is not open");
    const models = [modelEntry(createLedgerBackend(createLedger(), "adopt"))];
    return createWorld({
      store: over ?? store(),
      policy,
      models,
      commands,
      clock,
      ...(people === undefined ? {} : { people }),
    });
  }

  async function view(who: string, line: string): Promise<View> {
    const answer = await world().execute.execute(requestOf(who, line, clock.now()));
    if (answer === null) throw new Error("it was answered before");
    return answer.view;
  }

  async function alerts(incidentId: number, services: readonly string[]): Promise<readonly StoredAlert[]> {
    const firing = services.map((service) => {
      const labels = { alertname: "Down", service, at: String(incidentId) };
      return buildTracked({ name: "Down", service, labels }, { incidentId });
    });
    await store().incidents.saveAlerts(firing);
    return firing;
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

  return { clock, store, world, view, alerts, incident };
}
