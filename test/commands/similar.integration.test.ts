import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createTemplateExplainer } from "../../src/adapters/explainers/template.ts";
import { type OpenStore, openStore } from "../../src/adapters/store/store.ts";
import { createExplain } from "../../src/app/explain.ts";
import { alertKey } from "../../src/domain/alert.ts";
import type { CauseQuestion } from "../../src/domain/clustering/correlation.ts";
import { textOf, type View } from "../../src/domain/view.ts";
import { checkCommand, loadFolders } from "../../src/load.ts";
import { type Command, noMetrics, type Policy, silentLog } from "../../src/ports.ts";
import { aStoredAlert } from "../adapters/store/fixture.ts";
import { createTestClock, createWorld, requestOf, shippedPolicy } from "../app/rollout-world.ts";
import { freshDatabase, type TestDatabase } from "../database.ts";
import { buildAlert, buildIncident } from "../domain/build.ts";

let database: TestDatabase;
let store: OpenStore;
let policy: Policy;
let commands: readonly Command[];
const clock = createTestClock();

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

function world() {
  return createWorld({ store, policy, models: [], commands, clock });
}

async function answer(line: string): Promise<View> {
  const answered = await world().execute.execute(requestOf("oncall", line, clock.now()));
  if (answered === null) throw new Error("it was answered before");
  return answered.view;
}

/** An open incident with two alerts, as triage leaves it. */
async function open(id: number, service = "checkout"): Promise<void> {
  const startsAt = new Date(clock.now().getTime() - 300_000);
  const labels = { incident: String(id) };
  const alerts = [
    buildAlert({ name: "HighErrorRate", service, startsAt, labels: { ...labels, n: "1" } }),
    buildAlert({ name: "QueueFull", service: "mailer", startsAt, labels: { ...labels, n: "2" } }),
  ];
  await store.incidents.save([
    buildIncident({
      id,
      startedAt: startsAt,
      openedAt: startsAt,
      services: [service, "mailer"],
      title: `Trouble ${id}`,
    }),
  ]);
  await store.incidents.saveAlerts(
    alerts.map((alert) => aStoredAlert(alert, { key: alertKey(alert), incidentId: id })),
  );
}

/** Explains it as the job does; answers what the ranking of causes was asked. */
async function explain(id: number): Promise<CauseQuestion | null> {
  let asked: CauseQuestion | null = null;
  const { explain: run } = createExplain({
    store,
    explainers: { template: createTemplateExplainer(), openai: null },
    rankCauses: (question) => {
      asked = question;
      return [];
    },
    budget: { perDay: 0, perIncident: 0 },
    clock,
    log: silentLog,
    metrics: noMetrics,
  });
  await run(id);
  return asked;
}

function words(view: View): string {
  const blocks = view.blocks.flatMap((block) =>
    block.kind === "text" ? [textOf(block.text)] : block.kind === "list" ? block.items.map(textOf) : [],
  );
  return [view.title, view.summary, ...blocks].join("\n");
}

test("what came before is found again with what resolved it, and goes on to evidence and causes", async () => {
  await open(1);
  await explain(1);
  expect(words(await answer("similar 1"))).toContain("No earlier incident is like incident 1.");
  await world().say("oncall", "resolve 1 restarted the mailer --cause mailer");
  await open(2, "unlike");
  await explain(2);
  clock.pass(3 * 7 * 24 * 3_600_000);
  await open(3);
  const asked = await explain(3);

  const view = await answer("similar 3");
  const text = words(view);
  expect(text).toMatch(
    /Most like incident 3 is 1 \(\d\d %\): resolved after 5 min: cause confirmed: mailer; “restarted the mailer”/,
  );
  expect(text).toMatch(/#1 Trouble 1 · 21 d before · \d\d % similar/);
  expect(text).toContain("2 of 2 alert types (HighErrorRate on checkout, QueueFull on mailer)");
  expect(view.actions[0]?.command).toBe("why 1");

  const evidence = await store.explanations.evidence(3);
  const fact = evidence.find(({ kind }) => kind === "incident");
  expect(fact?.text).toContain("cause confirmed: mailer; “restarted the mailer”");
  expect(asked?.confirmed).toMatchObject([{ service: "mailer", incidentId: 1 }]);
});

test("there is no answer for an incident that there is not", async () => {
  expect((await answer("similar 99")).kind).toBe("error");
});
