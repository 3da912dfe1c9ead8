/** What holds alerts back, through the real triage on a real database: what is posted, what is told, what is stored. */
import postgres from "postgres";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import alertmanager from "../../src/adapters/sources/alertmanager.ts";
import { type OpenStore, openStore } from "../../src/adapters/store/store.ts";
import { parseDelivery } from "../../src/app/parse-delivery.ts";
import { createTriage, type Triage } from "../../src/app/triage.ts";
import { createCorrelator } from "../../src/domain/clustering.ts";
import type { InhibitionRule } from "../../src/domain/suppression/inhibition.ts";
import type { Silence } from "../../src/domain/suppression/silence.ts";
import { type Metrics, noMetrics, silentLog } from "../../src/ports.ts";
import { freshDatabase, type TestDatabase } from "../database.ts";
import { eventually } from "../e2e/process.ts";

let database: TestDatabase;
const stores: OpenStore[] = [];
const running: Triage[] = [];
const minuteMs = 60_000;
/** How far the bot's clock is ahead. */
let aheadMs = 0;
const clock = { now: () => new Date(Date.now() + aheadMs) };

beforeEach(async () => {
  aheadMs = 0;
  database = await freshDatabase();
});
afterEach(async () => {
  await stopAll();
  for (const store of stores.splice(0)) await store.close();
  await database.close();
});

async function stopAll(): Promise<void> {
  for (const triage of running.splice(0)) await triage.stop();
}

async function open(): Promise<OpenStore> {
  const store = await openStore({ url: database.url });
  stores.push(store);
  return store;
}

const rule: InhibitionRule = {
  name: "critical first",
  source: [{ name: "severity", op: "=", value: "critical" }],
  target: [{ name: "severity", op: "=", value: "warning" }],
  equal: ["zone"],
};

function lead(store: OpenStore, metrics: Metrics = noMetrics): Triage {
  const triage = createTriage({
    store,
    clock,
    metrics,
    replica: `replica-${running.length}`,
    routes: [{ to: "console:incidents", match: [] }],
    createCorrelator: () => createCorrelator(),
    parse: (delivery) =>
      parseDelivery(
        { name: alertmanager.name, source: alertmanager, secrets: [], settings: undefined },
        delivery,
      ),
    log: silentLog,
    timeoutMs: () => 12 * 3_600_000,
    inhibition: [rule],
    flapping: { firings: 3, windowMs: 30 * minuteMs, quietMs: 15 * minuteMs },
  });
  running.push(triage);
  triage.start();
  return triage;
}

interface Sent {
  readonly labels: Readonly<Record<string, string>>;
  readonly startsAt: Date;
  readonly endsAt?: Date;
}

async function send(store: OpenStore, triage: Triage, sent: Sent): Promise<void> {
  const { labels, startsAt, endsAt } = sent;
  const status = endsAt === undefined ? "firing" : "resolved";
  const end = endsAt?.toISOString() ?? "0001-01-01T00:00:00Z";
  const alert = { status, labels, annotations: {}, startsAt: startsAt.toISOString(), endsAt: end };
  const body = Buffer.from(JSON.stringify({ version: "4", status, alerts: [alert] }));
  await store.deliveries.insert([{ source: "alertmanager", headers: {}, receivedAt: clock.now(), body }]);
  triage.wake();
  const newest = await store.deliveries.newest();
  await eventually("the delivery is triaged", 10_000, async () => {
    const [lease] = await onDatabase((sql) => sql`select cursor from leases`);
    return Number(lease?.["cursor"]) >= (newest?.id ?? 0) ? true : null;
  });
}

async function onDatabase<Result>(work: (sql: postgres.Sql) => Promise<Result>): Promise<Result> {
  const sql = postgres(database.url, { max: 1, onnotice: () => undefined });
  try {
    return await work(sql);
  } finally {
    await sql.end({ timeout: 1 });
  }
}

/** Cards that there are or will be, by incident. */
async function cards(): Promise<number[]> {
  const rows = await onDatabase(
    (sql) => sql`select subject from posts where kind = 'incident' order by subject`,
  );
  return rows.map((row) => Number(row["subject"]));
}

const web = { alertname: "Slow", service: "web", severity: "warning", zone: "a" };
const disk = { alertname: "DiskGone", service: "storage", severity: "critical", zone: "a" };

describe("an alert that flaps", () => {
  test("has one card, one line when it begins and one when it settles, whoever leads meanwhile", async () => {
    const store = await open();
    let triage = lead(store);
    const from = clock.now().getTime() - 12 * minuteMs;
    for (let flap = 0; flap < 7; flap += 1) {
      if (flap === 4) {
        await stopAll();
        triage = lead(await open());
      }
      const startsAt = new Date(from + flap * 100_000);
      await send(store, triage, { labels: web, startsAt });
      await send(store, triage, { labels: web, startsAt, endsAt: new Date(startsAt.getTime() + 20_000) });
    }
    expect(await cards()).toEqual([1]);
    expect(await store.incidents.find(1)).toMatchObject({ state: "open", firingCount: 1, alertCount: 2 });
    const [held] = (await store.incidents.alerts(1, 10)).filter(({ endedBy }) => endedBy === null);
    expect(held?.flapping).toMatchObject({ count: 7 });
    const stored = await onDatabase((sql) => sql`select key, part_of, ended_by from alerts`);
    expect(stored).toHaveLength(7);
    expect(stored.filter((row) => row["part_of"] === held?.key)).toHaveLength(5);

    aheadMs = 20 * minuteMs;
    await eventually("resolved", 10_000, async () =>
      (await store.incidents.find(1))?.state === "resolved" ? true : null,
    );
    const lines = (await store.incidents.timeline(1, 100)).map(({ kind }) => kind);
    expect(lines.filter((kind) => kind === "flapping" || kind === "settled")).toEqual([
      "flapping",
      "settled",
    ]);
    // Twice it came to an end before it was known to flap, and once for good.
    expect(lines.filter((kind) => kind === "resolved" || kind === "reopened")).toEqual([
      "resolved",
      "reopened",
      "resolved",
      "reopened",
      "resolved",
    ]);
    expect(await cards()).toEqual([1]);
  });
});

describe("an inhibition", () => {
  test("keeps a target from being posted while its source fires, also by the next leader", async () => {
    const store = await open();
    let triage = lead(store);
    const startsAt = new Date(clock.now().getTime() - minuteMs);
    // Long before, so that they are no one incident.
    const since = new Date(startsAt.getTime() - 120 * minuteMs);
    await send(store, triage, { labels: disk, startsAt: since });
    await send(store, triage, { labels: web, startsAt });
    const [target] = await store.incidents.searchAlerts("slow", 5);
    expect(target?.mutedBy?.because).toBe("inhibition rule critical first: DiskGone on storage fires");
    const [muted, shown] = [target?.incidentId ?? 0, (await cards())[0]];
    expect(muted).not.toBe(shown);
    await stopAll();
    triage = lead(await open());
    await eventually("it leads", 15_000, () => (triage.isLeader() ? true : null));
    await send(store, triage, { labels: { ...disk, alertname: "DiskSlow" }, startsAt: since });
    expect(await cards()).not.toContain(muted);

    for (const alertname of ["DiskGone", "DiskSlow"]) {
      expect(await cards()).not.toContain(muted);
      await send(store, triage, { labels: { ...disk, alertname }, startsAt: since, endsAt: clock.now() });
    }
    await eventually("the card of the target", 10_000, async () =>
      (await cards()).includes(muted) ? true : null,
    );
    expect((await store.incidents.searchAlerts("slow", 5))[0]?.mutedBy).toBeNull();
  });
});

describe("a maintenance window", () => {
  test("mutes while it lasts; what still fires when it is over is posted", async () => {
    const store = await open();
    const now = clock.now();
    const windows = [
      {
        name: "disks",
        matchers: [{ name: "service", op: "=", value: "storage" }] as const,
        schedule: { kind: "once", from: now, to: new Date(now.getTime() + 30 * minuteMs) } as const,
        reason: "new disks",
      },
    ];
    await store.incidents.setConfiguredMaintenance(windows, now);
    const counted: string[] = [];
    const metrics: Metrics = {
      ...noMetrics,
      count: (name, labels = {}) => void counted.push(`${name} ${JSON.stringify(labels)}`),
    };
    const triage = lead(store, metrics);
    await send(store, triage, { labels: disk, startsAt: now });
    const [alert] = await store.incidents.searchAlerts("diskgone", 5);
    expect(alert?.mutedBy).toMatchObject({ by: "maintenance", id: "disks" });
    expect(counted).toContain('tocsin_mutes_total {"by":"maintenance"}');
    expect(await cards()).toEqual([]);
    aheadMs = 31 * minuteMs;
    await eventually("its card", 10_000, async () => ((await cards()).length === 1 ? true : null));
  });

  test("of tocsin.yaml is replaced by name, and gone when it is taken out", async () => {
    const store = await open();
    const now = clock.now();
    const window = {
      name: "backup",
      matchers: [{ name: "service", op: "=", value: "db" }] as const,
      schedule: { kind: "weekly", days: [0], fromMinute: 120, toMinute: 240, timezone: "UTC" } as const,
      reason: "backup",
    };
    await store.incidents.setConfiguredMaintenance([window], now);
    const [first] = await store.incidents.maintenance(now);
    await store.incidents.setConfiguredMaintenance([{ ...window, reason: "larger backup" }], now);
    const later = await store.incidents.maintenance(now);
    expect(later).toEqual([{ ...first, reason: "larger backup" }]);
    await store.incidents.setConfiguredMaintenance([], now);
    expect(await store.incidents.maintenance(now)).toEqual([]);
    await store.incidents.setConfiguredMaintenance([window], now);
    expect(await store.incidents.maintenance(now)).toMatchObject([
      { id: first?.id, createdBy: "tocsin.yaml" },
    ]);
  });
});

describe("a silence", () => {
  function silence(given: Partial<Silence>): Omit<Silence, "id" | "matchedAt"> {
    const now = clock.now();
    return {
      matchers: [{ name: "service", op: "=", value: "web" }],
      reason: "load test",
      createdBy: "oncall",
      createdIn: "console:ops",
      startsAt: new Date(now.getTime() - 60 * minuteMs),
      endsAt: new Date(now.getTime() + 10 * minuteMs),
      createdAt: now,
      ...given,
    };
  }

  async function reminders(): Promise<unknown[]> {
    const rows = await onDatabase(
      (sql) => sql`select kind, subject::int, platform, channel from posts where kind like 'silence%'`,
    );
    return rows.map((row) => ({ ...row }));
  }

  test("that ends soon is reminded of once, where it was made, whoever leads", async () => {
    const store = await open();
    const id = await store.incidents.saveSilence(silence({}));
    await store.incidents.saveSilence(silence({ matchers: [{ name: "service", op: "=", value: "none" }] }));
    let triage = lead(store);
    await send(store, triage, { labels: web, startsAt: clock.now() });
    // A look is due every half a minute.
    aheadMs += minuteMs;
    const expected = [{ kind: "silence_ending", subject: id, platform: "console", channel: "ops" }];
    await eventually("the reminder", 10_000, async () => ((await reminders()).length > 0 ? true : null));
    await stopAll();
    triage = lead(await open());
    aheadMs += minuteMs;
    await send(store, triage, { labels: { ...web, alertname: "Slower" }, startsAt: clock.now() });
    expect(await reminders()).toEqual(expected);
    expect(await store.incidents.mutedBySilence(id, 3)).toEqual({
      count: 2,
      names: ["Slow on web", "Slower on web"],
    });
    expect((await store.incidents.findSilence(id))?.matchedAt).not.toBeNull();
  });

  test("that matched nothing for a week is reminded of", async () => {
    const store = await open();
    const day = 24 * 60 * minuteMs;
    const startsAt = new Date(clock.now().getTime() - 8 * day);
    const id = await store.incidents.saveSilence(
      silence({ startsAt, endsAt: new Date(startsAt.getTime() + 20 * day) }),
    );
    lead(store);
    await eventually("the reminder", 15_000, async () => ((await reminders()).length > 0 ? true : null));
    expect(await reminders()).toMatchObject([{ kind: "silence_idle", subject: id }]);
  });
});
