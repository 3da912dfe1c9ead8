/** A model's drift all the way: counts over HTTP, judged, alerted, shown on a card, retrained. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readConfig } from "../../src/config.ts";
import type { View } from "../../src/domain/view.ts";
import { type Bot, startBot } from "../../src/main.ts";
import { silentLog } from "../../src/ports.ts";
import { freshDatabase, type TestDatabase } from "../database.ts";
import { eventually } from "../e2e/process.ts";

const hour = 3_600_000;
const waitMs = 20_000;
let database: TestDatabase;
let folder: string;
let bot: Bot | null;

const config = `
models:
  fraud-scorer:
    backend: exec
    environments: [production]
    services: [payments]
    manifest: { commit: 3f2a9c1e, data: transactions@2026-11-01, seed: 7 }
    settings:
      versions: [/bin/echo, "1"]
      live: [/bin/echo, "1"]
      deploy: [/bin/true, "{version}"]
      retrain: [/bin/true, "{operationId}"]
      find: [/bin/echo, absent, "{operationId}"]
monitoring:
  windowHours: 1
`;
const byItself = `
@id("the bot retrains what lost performance")
permit (principal == Person::"tocsin", action == Action::"retrain", resource)
when { resource.risk == "low" };
`;

beforeEach(async () => {
  database = await freshDatabase();
  folder = mkdtempSync(path.join(tmpdir(), "tocsin-monitoring-"));
  bot = null;
});
afterEach(async () => {
  await bot?.stop();
  await database.close();
  rmSync(folder, { recursive: true, force: true });
});

async function start(policy: string | null = null): Promise<Bot> {
  const shipped = readFileSync(new URL("../../assets/policy.cedar", import.meta.url), "utf8");
  const text = policy === null ? config : `policy: policy.cedar\n${config}`;
  writeFileSync(path.join(folder, "policy.cedar"), `${shipped}\n${policy ?? ""}`);
  writeFileSync(path.join(folder, "tocsin.yaml"), text);
  const env = {
    DATABASE_URL: database.url,
    TOCSIN_CONFIG: path.join(folder, "tocsin.yaml"),
    TOCSIN_DATA_DIR: folder,
    PORT: "0",
  };
  const started = await startBot(readConfig(env), {
    log: silentLog,
    onFatal: (error) => {
      throw error;
    },
  });
  bot = started;
  return started;
}

async function post(started: Bot, source: string, body: unknown): Promise<void> {
  const response = await fetch(`${started.url}/webhooks/${source}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  expect([response.status, await response.text()]).toEqual([202, expect.anything()]);
}

/** Windows that are over, so that they are judged at once. */
const windowAt = (hoursAgo: number) => new Date(Date.now() - hoursAgo * hour).toISOString();
const target = { model: "fraud-scorer", environment: "production" };
const edges = [0, 10, 100, 1_000];
const usual = {
  rows: 3_000,
  features: {
    amount: { edges, counts: [1_000, 1_500, 480], nulls: 20 },
    country: { counts: { SE: 2_000, NO: 1_000 } },
  },
  prediction: { counts: { fraud: 60, fine: 2_940 } },
  labels: {
    confusion: [
      [2_900, 40],
      [10, 50],
    ],
  },
};
const moved = {
  ...usual,
  features: { ...usual.features, amount: { edges, counts: [200, 1_200, 1_580], nulls: 20 } },
};

async function incidentCard(started: Bot, test: (view: View) => boolean): Promise<View> {
  return await eventually("the card of the drift", waitMs, async () => {
    const messages = await started.store.console.list("incidents", null, 50);
    const card = messages
      .map((message) => message.view)
      .find((view) => view.kind === "incident" && test(view));
    return card ?? null;
  });
}

test("pushed counts become one incident that says what moved; it is information, and offers to retrain", async () => {
  const started = await start();
  await post(started, "histograms", { ...target, reference: usual });
  // Two halves of a window add up; the second comes twice and counts once.
  const at = windowAt(3);
  const half = {
    ...target,
    at,
    rows: 1_500,
    features: {
      amount: { edges, counts: [100, 600, 790], nulls: 10 },
      country: { counts: { SE: 1_000, NO: 500 } },
    },
  };
  await post(started, "histograms", { ...half, id: "a" });
  await post(started, "histograms", { ...half, id: "b" });
  await post(started, "histograms", { ...half, id: "b" });
  const card = await incidentCard(started, (view) => JSON.stringify(view).includes('"2980"'));
  const text = JSON.stringify(card);
  expect(card.tone).toBe("info");
  expect(card.title).toContain("ModelDrift");
  expect(text).toContain("Drift of fraud-scorer in production, by tocsin");
  expect(text).toContain("No performance was measured or estimated, so this is for your information.");
  const table = card.blocks.find((block) => block.kind === "table");
  expect(table).toMatchObject({ columns: ["feature", "check", "value", "limit", "n"] });
  expect(table?.kind === "table" && table.rows.map((row) => row[0])).not.toContain("country");
  expect(table?.kind === "table" && table.rows[0]).toEqual(expect.arrayContaining(["amount", "2980"]));
  const retrain = card.actions.find((action) => action.label === "Retrain fraud-scorer");
  expect(retrain?.command).toMatch(/^retrain fraud-scorer --environment production --incident \d+$/);
  // Nobody asked for one: the shipped policy permits nothing to the bot.
  expect(await started.store.rollouts.list({ limit: 10 })).toEqual([]);

  await post(started, "histograms", { ...target, at: windowAt(2), ...usual });
  await eventually("the drift to end", waitMs, async () => {
    const [alert] = await started.store.incidents.searchAlerts("ModelDrift", 5);
    return alert?.endedBy === "source" ? true : null;
  });
});

test("measured performance that suffered raises the severity, with its interval", async () => {
  const started = await start();
  await post(started, "histograms", { ...target, reference: usual });
  const worse = {
    ...moved,
    labels: {
      confusion: [
        [2_700, 240],
        [30, 30],
      ],
    },
  };
  await post(started, "histograms", { ...target, at: windowAt(3), ...worse });
  const card = await incidentCard(started, () => true);
  expect(card.tone).toBe("critical");
  const text = JSON.stringify(card.blocks);
  expect(text).toMatch(/Measured/);
  expect(text).toMatch(
    / f1 is 0\.\d+ \(95 %: 0\.\d+ to 0\.\d+\), was 0\.\d+ on the reference: \d+ % worse\./,
  );
});

test("where the policy says so the bot asks for a retrain itself: once for a report, audited, within its daily cap", async () => {
  const started = await start(byItself);
  await post(started, "histograms", { ...target, reference: usual });
  await post(started, "histograms", { ...target, at: windowAt(4), ...moved });
  const rollout = await eventually("a rollout", waitMs, async () => {
    const [newest] = await started.store.rollouts.list({ limit: 10 });
    return newest ?? null;
  });
  expect(rollout).toMatchObject({ requestedBy: "tocsin", plan: { kind: "retrain", model: "fraud-scorer" } });
  expect(rollout.plan.incidentId).not.toBeNull();
  // The policy is asked once more before it starts, about the bot too.
  await eventually("the retrain to be carried out", waitMs, async () =>
    (await started.store.rollouts.find(rollout.id))?.state === "succeeded" ? true : null,
  );
  // The same drift again, and that of another monitor of the same model: the cap is one a day.
  await post(started, "histograms", { ...target, at: windowAt(3), ...moved });
  const drift = {
    column_name: "amount",
    stattest_name: "PSI",
    stattest_threshold: 0.1,
    drift_score: 0.4,
    drift_detected: true,
  };
  await post(started, "evidently", {
    ...target,
    report: { metrics: [{ metric: "ColumnDriftMetric", result: drift }] },
  });
  await eventually("both alerts", waitMs, async () => {
    const alerts = await started.store.incidents.searchAlerts("ModelDrift", 5);
    const explained = await Promise.all(
      alerts.map(({ incidentId }) => started.store.explanations.find(incidentId)),
    );
    return alerts.length === 2 && explained.every((one) => one !== null) ? true : null;
  });
  const entries = await started.store.audit.list({ action: "retrain.automatic", limit: 10 });
  expect(entries).toHaveLength(1);
  expect(entries[0]).toMatchObject({ actor: "tocsin", subject: "model:fraud-scorer/production" });
  expect(await started.store.rollouts.list({ limit: 10 })).toHaveLength(1);
});

test("a report without findings opens nothing", async () => {
  const started = await start();
  await post(started, "evidently", { ...target, report: { metrics: [] } });
  await post(started, "alertmanager", {
    version: "4",
    alerts: [{ status: "firing", labels: { alertname: "Later" } }],
  });
  await eventually("the later alert", waitMs, async () => {
    const found = await started.store.incidents.searchAlerts("Later", 1);
    return found.length === 1 ? true : null;
  });
  expect(await started.store.incidents.searchAlerts("ModelDrift", 5)).toEqual([]);
});
