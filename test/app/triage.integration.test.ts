import postgres from "postgres";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import alertmanager from "../../src/adapters/sources/alertmanager.ts";
import changes from "../../src/adapters/sources/changes.ts";
import { type OpenStore, openStore } from "../../src/adapters/store/store.ts";
import { parseDelivery } from "../../src/app/parse-delivery.ts";
import { createTriage, type Triage, triageScope } from "../../src/app/triage.ts";
import { correlatorSizes } from "../../src/domain/clustering/correlation.ts";
import { createCorrelator } from "../../src/domain/clustering.ts";
import { groupingLimits, knowledgeLimits } from "../../src/domain/limits.ts";
import { shippedWeights } from "../../src/domain/weights.ts";
import {
  noMetrics,
  type ParseResult,
  type Store,
  type StoredDelivery,
  silentLog,
  systemClock,
} from "../../src/ports.ts";
import { freshDatabase, type TestDatabase } from "../database.ts";
import { sketchChange } from "../domain/learning/judgement-build.ts";
import { eventually } from "../e2e/process.ts";
import { Crash } from "./mortal.ts";

let database: TestDatabase;
const stores: OpenStore[] = [];
const running: Triage[] = [];

beforeEach(async () => {
  database = await freshDatabase();
  await (await open()).incidents.saveTopology("test", { edges: [["web", "api"]], services: [] }, new Date());
});

afterEach(async () => {
  for (const triage of running.splice(0)) await triage.stop();
  for (const store of stores.splice(0)) await store.close();
  await database.close();
});

async function open(): Promise<OpenStore> {
  const store = await openStore({ url: database.url });
  stores.push(store);
  return store;
}

async function onDatabase<Result>(work: (sql: postgres.Sql) => Promise<Result>): Promise<Result> {
  const sql = postgres(database.url, { max: 1, onnotice: () => undefined });
  try {
    return await work(sql);
  } finally {
    await sql.end({ timeout: 1 });
  }
}

async function countJobs(task: string): Promise<number> {
  const rows = await onDatabase(
    (sql) => sql`select 1 from graphile_worker.jobs where task_identifier = ${task}`,
  );
  return rows.length;
}

async function clearJobs(): Promise<void> {
  await onDatabase((sql) => sql`delete from graphile_worker._private_jobs`);
}

const sources = new Map([alertmanager, changes].map((source) => [source.name, source]));

function parse(delivery: StoredDelivery): ParseResult {
  const source = sources.get(delivery.source);
  if (source === undefined) throw new Error(`no source ${delivery.source}`);
  return parseDelivery({ name: source.name, source, secrets: [], settings: undefined }, delivery);
}

function lead(store: Store, replica: string, more: Partial<Parameters<typeof createTriage>[0]> = {}): Triage {
  const triage = createTriage({
    store,
    parse,
    replica,
    routes: [{ to: "console:incidents", match: [] }],
    createCorrelator: () => createCorrelator({ weights: shippedWeights }),
    clock: systemClock,
    log: silentLog,
    metrics: noMetrics,
    timeoutMs: () => 3_600_000,
    ...more,
  });
  running.push(triage);
  triage.start();
  return triage;
}

interface Sent {
  readonly name?: string;
  readonly service?: string;
  readonly status?: "firing" | "resolved";
  readonly startsAt?: Date;
  readonly summary?: string;
  readonly severity?: string;
}

const start = new Date(Date.now() - 60_000);

function delivery(sent: Sent = {}): {
  source: string;
  headers: Record<string, string>;
  receivedAt: Date;
  body: Uint8Array;
} {
  const {
    name = "HighErrorRate",
    service = "api",
    status = "firing",
    startsAt = start,
    summary = "bad",
    severity = "critical",
  } = sent;
  const body = {
    version: "4",
    status,
    receiver: "tocsin",
    groupKey: "{}",
    groupLabels: {},
    commonLabels: {},
    commonAnnotations: {},
    externalURL: "",
    alerts: [
      {
        status,
        labels: { alertname: name, service, severity },
        annotations: { summary },
        startsAt: startsAt.toISOString(),
        endsAt: status === "firing" ? "0001-01-01T00:00:00Z" : new Date().toISOString(),
        generatorURL: "",
      },
    ],
  };
  return {
    source: "alertmanager",
    headers: {},
    receivedAt: new Date(),
    body: Buffer.from(JSON.stringify(body)),
  };
}

async function incidents(store: OpenStore, count: number) {
  return await eventually(`${count} incidents`, 15_000, async () => {
    const list = await store.incidents.list({ limit: 50 });
    return list.length === count ? list : null;
  });
}

describe("routing", () => {
  test("an incident is shown where tocsin.yaml says and where channels subscribed, with one state", async () => {
    const store = await open();
    const filter = { match: [{ name: "service", op: "=", value: "api" }], atLeast: "high" } as const;
    const by = { createdBy: "oncall", createdAt: new Date() };
    await store.transaction(async (tx) => {
      await tx.subscriptions.add({ platform: "slack", channel: "CTEAM", filter, ...by });
      await tx.subscriptions.add({
        platform: "slack",
        channel: "DADA",
        filter: { match: [], atLeast: null },
        ...by,
      });
      const other = { ...filter, match: [{ name: "service", op: "=", value: "web" }] } as const;
      await tx.subscriptions.add({ platform: "slack", channel: "CWEB", filter: other, ...by });
    });
    const triage = lead(store, "a");
    await store.deliveries.insert([delivery()]);
    triage.wake();
    await incidents(store, 1);
    const shown = async () =>
      (await store.posts.channelsOf("incident", 1)).map(({ platform, channel }) => `${platform}:${channel}`);
    expect(await shown()).toEqual(["console:incidents", "slack:CTEAM", "slack:DADA"]);
    // What joins later brings it to those who asked for that.
    await store.deliveries.insert([delivery({ service: "web", name: "Latency" })]);
    triage.wake();
    await eventually("a third channel", 10_000, async () =>
      (await shown()).includes("slack:CWEB") ? true : null,
    );
    const posts = await Promise.all(
      ["CTEAM", "DADA", "CWEB"].map((channel) => store.posts.findBySubject("slack", channel, "incident", 1)),
    );
    expect(new Set(posts.map((post) => post?.desiredRevision)).size).toBe(1);
  });
});

/** Has one delivery after another taken, on a clock of its own. */
function createFeed(store: OpenStore) {
  let [nowMs, sent] = [Date.now(), 0];
  return {
    clock: { now: () => new Date(nowMs) },
    pass(ms: number): void {
      nowMs += ms;
    },
    /** @param leader - asked again and again for who is to take it. */
    async send(what: Sent, leader: () => Triage | Promise<Triage>): Promise<void> {
      await store.deliveries.insert([delivery(what)]);
      sent += 1;
      await eventually("it is taken", 10_000, async () => {
        (await leader()).wake();
        return (await store.leases.cursor(triageScope)) >= sent ? true : null;
      });
      nowMs += 1_500;
    },
  };
}

/** What the thread of incident 1 was told, in order. */
async function toldLines(store: OpenStore): Promise<readonly string[]> {
  const timeline = await store.incidents.timeline(1, 500);
  const shown = await Promise.all(
    timeline.map(async (entry) => {
      const post = await store.posts.findBySubject("console", "incidents", "entry", entry.id);
      expect(entry.isPosted).toBe(post !== null);
      return post === null ? [] : [`${entry.kind}: ${entry.text}`];
    }),
  );
  return shown.flat();
}

/** A store whose owner dies of telling a thread what was held back from it. */
function mortalTeller(real: Store, when: "before the commit" | "after it") {
  let isDead = false;
  const check = () => {
    if (isDead) throw new Crash("this process is dead");
  };
  const transaction: Store["transaction"] = async (work) => {
    check();
    let isTelling = false;
    const result = await real.transaction(async (tx) => {
      const reviseTimeline: typeof tx.incidents.reviseTimeline = async (revisions) => {
        isTelling ||= revisions.some(({ isPosted }) => isPosted);
        await tx.incidents.reviseTimeline(revisions);
      };
      const done = await work({ ...tx, incidents: { ...tx.incidents, reviseTimeline } });
      isDead ||= isTelling && when === "before the commit";
      check();
      return done;
    });
    isDead ||= isTelling;
    check();
    return result;
  };
  const die = () => {
    isDead = true;
  };
  return { store: { ...real, transaction }, isDead: () => isDead, die };
}

describe("the thread of an incident in a burst", () => {
  test("hears of 30 joining alerts and a severity that flaps five times, all within a minute, in five lines", async () => {
    const store = await open();
    const feed = createFeed(store);
    const triage = lead(store, "a", { clock: feed.clock });
    const send = (what: Sent) => feed.send(what, () => triage);
    await send({ name: "Base", severity: "warning" });
    for (let index = 0; index < 20; index += 1) await send({ name: `Joins${index}`, severity: "warning" });
    for (let flap = 0; flap < 5; flap += 1) {
      await send({ name: `Flap${flap}`, severity: "critical" });
      await send({ name: `Flap${flap}`, severity: "critical", status: "resolved" });
      await send({ name: `Late${flap}`, severity: "warning" });
    }
    const card = async () =>
      (await store.posts.findBySubject("console", "incidents", "incident", 1))?.desiredRevision;
    const before = await card();
    feed.pass(40_000);
    triage.wake();
    const lines = await eventually("five lines", 10_000, async () => {
      const found = await toldLines(store);
      return found.length < 5 ? null : found;
    });
    // Whether a look at the clock comes before the next delivery changes the order, and no line.
    const of = (kind: string) => lines.filter((text) => text.startsWith(`${kind}: `));
    expect(of("severity_changed")).toEqual([
      "severity_changed: severity up from warning to critical",
      "severity_changed: severity down from critical to warning",
    ]);
    expect(of("joined")).toEqual([
      "joined: Joins0 on api joined",
      expect.stringMatching(/^joined: Joins1 on api, Joins2 on api, Joins3 on api and \d+ more joined$/),
      expect.stringMatching(/^joined: .* and \d+ more joined$/),
    ]);
    expect(lines).toHaveLength(5);
    // The card said all of it before: lines that were held back do not have it edited again.
    expect(await card()).toBe(before);
    expect(await store.incidents.find(1)).toMatchObject({ alertCount: 31, severity: "warning" });
  });

  test.each([
    "before it tells what it held back",
    "telling it, with everything written and nothing committed",
    "once that is committed",
  ])("hears everything once when the leader dies %s", async (when) => {
    const store = await open();
    const feed = createFeed(store);
    const teller = mortalTeller(store, when.startsWith("telling") ? "before the commit" : "after it");
    const dying = lead(teller.store, "a", { clock: feed.clock });
    let leader = dying;
    const whoLeads = async () => {
      if (!teller.isDead() || leader !== dying) return leader;
      // Nothing that it does has an effect any more; its lease lapses at once instead of in seconds.
      await dying.stop();
      await store.leases.acquire(triageScope, "a", 1);
      leader = lead(store, "b", { clock: feed.clock });
      return leader;
    };
    const send = (what: Sent) => feed.send({ severity: "warning", ...what }, whoLeads);
    await send({ name: "Base" });
    await send({ name: "First" });
    await send({ name: "Second" });
    await send({ name: "Worst", severity: "critical" });
    await send({ name: "Worst", severity: "critical", status: "resolved" });
    if (when.startsWith("before")) teller.die();
    // It joins in the same pause, whoever leads by now.
    await send({ name: "Third" });
    // The pause is over: what is due is told between these, and what would be told twice is too.
    for (let round = 0; round < 3; round += 1) {
      feed.pass(31_000);
      await send({ name: "Base" });
    }
    expect(leader).not.toBe(dying);
    expect([...(await toldLines(store))].sort()).toEqual([
      "joined: First on api joined",
      "joined: Second on api, Worst on api, Third on api joined",
      "severity_changed: severity down from critical to warning",
      "severity_changed: severity up from warning to critical",
    ]);
  });
});

describe("triage", () => {
  test("makes an incident, wants its card, and resolves it when its alert ends", async () => {
    const store = await open();
    const triage = lead(store, "a");
    await store.deliveries.insert([delivery(), delivery({ service: "web", name: "Latency" })]);
    triage.wake();
    const [incident] = await incidents(store, 1);
    expect(incident).toMatchObject({
      id: 1,
      state: "open",
      severity: "critical",
      alertCount: 2,
      firingCount: 2,
    });
    const card = await store.posts.findBySubject("console", "incidents", "incident", 1);
    expect(card).toMatchObject({ state: "waiting", desiredRevision: incident?.revision });
    const [alert] = await store.incidents.alerts(1, 10);
    expect(alert?.reasons.length).toBeGreaterThan(0);
    await store.deliveries.insert([
      delivery({ status: "resolved" }),
      delivery({ status: "resolved", service: "web", name: "Latency" }),
    ]);
    triage.wake();
    await eventually("resolved", 10_000, async () =>
      (await store.incidents.find(1))?.state === "resolved" ? true : null,
    );
    const kinds = (await store.incidents.timeline(1, 50)).map((entry) => entry.kind);
    expect(kinds).toContain("opened");
    expect(kinds).toContain("resolved");
    await store.deliveries.insert([delivery({ startsAt: new Date() })]);
    triage.wake();
    await eventually("reopened", 10_000, async () =>
      (await store.incidents.find(1))?.reopenedCount === 1 ? true : null,
    );
  });

  test("an acknowledgement made between two batches is kept", async () => {
    const store = await open();
    const triage = lead(store, "a");
    await store.deliveries.insert([delivery()]);
    triage.wake();
    const [incident] = await incidents(store, 1);
    if (incident === undefined) throw new Error("no incident");
    await store.incidents.save([
      {
        ...incident,
        state: "acknowledged",
        acknowledgedAt: new Date(),
        acknowledgedBy: "oncall",
        revision: incident.revision + 1,
      },
    ]);
    await store.deliveries.insert([delivery({ service: "web", name: "Latency" })]);
    triage.wake();
    const after = await eventually("joined", 10_000, async () => {
      const found = await store.incidents.find(incident.id);
      return found?.alertCount === 2 ? found : null;
    });
    expect(after).toMatchObject({ state: "acknowledged", acknowledgedBy: "oncall" });
    expect(after.revision).toBeGreaterThan(incident.revision + 1);
  });

  test("a silenced alert makes a muted incident without a card, with the reason", async () => {
    const store = await open();
    const now = new Date();
    await store.incidents.saveSilence({
      matchers: [{ name: "service", op: "=", value: "api" }],
      reason: "planned work",
      createdBy: "oncall",
      createdIn: null,
      startsAt: now,
      endsAt: new Date(now.getTime() + 3_600_000),
      createdAt: now,
    });
    const triage = lead(store, "a");
    await store.deliveries.insert([delivery()]);
    triage.wake();
    const incident = await eventually("the incident", 10_000, async () => await store.incidents.find(1));
    expect(incident.isMuted).toBe(true);
    expect(await store.posts.findBySubject("console", "incidents", "incident", 1)).toBeNull();
    expect((await store.incidents.alerts(1, 1))[0]?.mutedBy?.because).toContain("planned work");
  });

  test("a delivery that cannot be parsed is kept as dead and holds up nothing", async () => {
    const store = await open();
    const triage = lead(store, "a");
    await store.deliveries.insert([{ ...delivery(), body: Buffer.from('{"alerts": 7}') }, delivery()]);
    triage.wake();
    await incidents(store, 1);
    expect(await store.deliveries.dead(10)).toMatchObject([{ source: "alertmanager" }]);
  });

  test("text that a database refuses does not stop the batch", async () => {
    const store = await open();
    const triage = lead(store, "a");
    await store.deliveries.insert([
      delivery({ summary: "nul \u0000 and lone \uD800" }),
      delivery({ service: "web", name: "Other" }),
    ]);
    triage.wake();
    const [incident] = await incidents(store, 1);
    expect(incident?.alertCount).toBe(2);
  });

  test("another replica takes over from one that died, and nothing is processed twice", async () => {
    const [first, second] = [await open(), await open()];
    const dying = lead(first, "a");
    await first.deliveries.insert(
      Array.from({ length: 30 }, (_, index) => delivery({ name: `Before${index}` })),
    );
    dying.wake();
    await eventually("all before", 10_000, async () =>
      (await second.incidents.find(1))?.alertCount === 30 ? true : null,
    );
    // Its connections are cut: it can neither renew the lease nor give it back.
    await first.close();
    const heir = lead(second, "b");
    const startedAt = Date.now();
    await second.deliveries.insert(
      Array.from({ length: 30 }, (_, index) => delivery({ name: `After${index}` })),
    );
    const incident = await eventually("takeover", 15_000, async () => {
      const found = await second.incidents.find(1);
      return found?.alertCount === 60 ? found : null;
    });
    expect(Date.now() - startedAt).toBeLessThan(15_000);
    expect(heir.isLeader()).toBe(true);
    const seen = (await second.incidents.alerts(incident.id, 100)).map((alert) => alert.seenCount);
    expect(seen).toEqual(Array(60).fill(1));
    expect(await second.incidents.list({ limit: 10 })).toHaveLength(1);
  });

  test("two replicas never lead at once", async () => {
    const [first, second] = [await open(), await open()];
    const both = [lead(first, "a"), lead(second, "b")];
    await eventually("a leader", 5_000, () => (both.some((triage) => triage.isLeader()) ? true : null));
    await first.deliveries.insert(Array.from({ length: 50 }, (_, index) => delivery({ name: `N${index}` })));
    await eventually("all", 10_000, async () =>
      (await first.incidents.find(1))?.alertCount === 50 ? true : null,
    );
    expect(both.filter((triage) => triage.isLeader())).toHaveLength(1);
    const seen = (await first.incidents.alerts(1, 100)).map((alert) => alert.seenCount);
    expect(seen.every((count) => count === 1)).toBe(true);
  });

  test("a change that is told late has the open incidents explained again", async () => {
    const store = await open();
    const triage = lead(store, "a");
    await store.deliveries.insert([delivery()]);
    triage.wake();
    await incidents(store, 1);
    const queued = async () => await countJobs("explain");
    await clearJobs();
    expect(await queued()).toBe(0);
    const change = { id: "c1", kind: "deploy", service: "api", title: "api 2", at: start.toISOString() };
    await store.deliveries.insert([
      { ...delivery(), source: "changes", body: Buffer.from(JSON.stringify({ changes: [change] })) },
    ]);
    triage.wake();
    await eventually("explained again", 10_000, async () => ((await queued()) === 1 ? true : null));
  });

  test("a change that others than a sender stored, as a rollout does, reaches the correlator, once", async () => {
    const store = await open();
    const heard: string[] = [];
    lead(store, "a", {
      createCorrelator: () => {
        const correlator = createCorrelator();
        const observe: typeof correlator.observe = (observations, now) => {
          for (const each of observations) if (each.kind === "change") heard.push(each.change.id);
          return correlator.observe(observations, now);
        };
        return { ...correlator, observe };
      },
    });
    await store.deliveries.insert([delivery()]);
    await incidents(store, 1);
    await store.incidents.saveChanges([sketchChange({ id: "rollout 7", service: "api", at: new Date() })]);
    await expect.poll(() => heard).toEqual(["rollout 7"]);
    await store.deliveries.insert([delivery({ name: "Later", startsAt: new Date() })]);
    await expect.poll(async () => (await store.incidents.alerts(1, 10)).length).toBe(2);
    // It is looked for every second.
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect(heard).toEqual(["rollout 7"]);
  });

  test("alerts that fall silent time out", async () => {
    const store = await open();
    const triage = lead(store, "a", { timeoutMs: () => 1_500 });
    await store.deliveries.insert([delivery()]);
    triage.wake();
    await incidents(store, 1);
    await eventually("timed out", 10_000, async () =>
      (await store.incidents.find(1))?.state === "resolved" ? true : null,
    );
    expect((await store.incidents.alerts(1, 1))[0]?.endedBy).toBe("timeout");
  });
});

test("what the correlator and triage hold, and all that they leave out to keep within limits, are metrics", async () => {
  const store = await open();
  const sizes = new Map<string, number>();
  const leftOut = new Map<string, number>();
  lead(store, "a", {
    createCorrelator: () => {
      const correlator = createCorrelator({ weights: shippedWeights });
      return { ...correlator, leftOut: () => ({ ...correlator.leftOut(), live_sessions: 7 }) };
    },
    metrics: {
      ...noMetrics,
      gauge(name, value, labels) {
        if (name === "tocsin_correlator_size") sizes.set(labels?.["part"] ?? "", value);
      },
      count(name, labels, by = 1) {
        const limit = labels?.["limit"] ?? "";
        if (name === "tocsin_left_out_total") leftOut.set(limit, (leftOut.get(limit) ?? 0) + by);
      },
    },
  });
  await store.deliveries.insert([delivery()]);
  await eventually("sizes", 15_000, () => Promise.resolve(sizes.get("alerts") === 1 ? sizes : null));
  await triageTicks(2);
  expect([...sizes.keys()].sort()).toEqual([...correlatorSizes].sort());
  expect(leftOut.get("live_sessions"), "a total is counted once, however often it is looked at").toBe(7);
  const expected = [
    ...groupingLimits,
    ...knowledgeLimits,
    "remembered_alerts",
    "remembered_incidents",
    "guests",
  ];
  expect([...leftOut.keys()]).toEqual(expect.arrayContaining(expected));
});

/** Long enough for so many looks at the clock. */
async function triageTicks(count: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, count * 1_200));
}
