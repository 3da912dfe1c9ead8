/** A replay of what was received, under the same configuration, against what the real triage made of it on a real database. */
import postgres from "postgres";
import { afterEach, beforeEach, expect, test } from "vitest";
import alertmanager from "../../../src/adapters/sources/alertmanager.ts";
import { type OpenStore, openStore } from "../../../src/adapters/store/store.ts";
import { parseDelivery } from "../../../src/app/parse-delivery.ts";
import type { ReplayedRules } from "../../../src/app/replay/rules.ts";
import { replay } from "../../../src/app/replay.ts";
import { createTriage, triageScope } from "../../../src/app/triage.ts";
import { createCorrelator } from "../../../src/domain/clustering.ts";
import type { Matcher } from "../../../src/domain/suppression/matcher.ts";
import { shippedWeights } from "../../../src/domain/weights.ts";
import { keptDeliveries } from "../../../src/main/replay-kept.ts";
import { pastSettings } from "../../../src/main/replay-rules.ts";
import { type Metrics, noMetrics, silentLog } from "../../../src/ports.ts";
import { freshDatabase, type TestDatabase } from "../../database.ts";
import { eventually } from "../../e2e/process.ts";
import { rulesOf } from "./rules-build.ts";

let database: TestDatabase;
let store: OpenStore;

beforeEach(async () => {
  database = await freshDatabase();
  store = await openStore({ url: database.url });
});
afterEach(async () => {
  await store.close();
  await database.close();
});

const minuteMs = 60_000;
const noon = Date.parse("2026-03-01T12:00:00Z");
const minute = (count: number) => new Date(noon + count * minuteMs);
const is = (name: string, value: string): Matcher => ({ name, op: "=", value });

interface Told {
  readonly at: number;
  readonly name: string;
  readonly service: string;
  readonly startsAt: number;
  readonly endsAt?: number;
  readonly severity?: string;
}

/** Alerts as they are reported when they begin and when they end, minutes after noon. */
function fired(
  name: string,
  service: string,
  startsAt: number,
  endsAt: number | null,
  severity = "warning",
): Told[] {
  const first = { at: startsAt, name, service, startsAt, severity };
  return endsAt === null ? [first] : [first, { ...first, at: endsAt, endsAt }];
}

/** A fault with followers, an alert that comes and goes, one that is never heard of again, and what each mute mutes. */
const story: readonly Told[] = [
  ...fired("HighErrorRate", "payments", 3, 20, "critical"),
  ...fired("HighLatency", "checkout", 4, 19),
  ...fired("SlowPages", "checkout", 5, 18),
  ...[30, 38, 46, 54, 62].flatMap((start) => fired("DiskFlaps", "db", start, start + 2)),
  ...fired("QueueStuck", "queue", 70, null),
  ...fired("Backlog", "queue", 110, 140),
  ...fired("IndexLag", "search", 150, 158),
  ...fired("IndexLag", "search", 175, 200),
  ...fired("DiskFull", "files", 210, 240),
].sort((a, b) => a.at - b.at);

const rules: ReplayedRules = rulesOf({
  inhibition: [
    {
      name: "errors",
      source: [is("alertname", "HighErrorRate")],
      target: [is("alertname", "SlowPages")],
      equal: [],
    },
    {
      name: "stuck",
      source: [is("alertname", "QueueStuck")],
      target: [is("alertname", "Backlog")],
      equal: [],
    },
  ],
  flapping: { firings: 3, windowMs: 20 * minuteMs, quietMs: 15 * minuteMs },
  timeoutMs: () => 60 * minuteMs,
  routes: [
    { to: "console:incidents", match: [] },
    { to: "slack:C1", match: [is("severity", "critical")] },
  ],
});

function bodyOf({ name, service, startsAt, endsAt, severity = "warning" }: Told) {
  const alert = {
    status: endsAt === undefined ? "firing" : "resolved",
    labels: { alertname: name, service, severity },
    annotations: {},
    startsAt: minute(startsAt).toISOString(),
    ...(endsAt === undefined ? {} : { endsAt: minute(endsAt).toISOString() }),
  };
  return { version: "4", alerts: [alert] };
}

/** Plays the story to the real triage on a clock that stops every ten minutes and whenever something happens; `set` is what people do at a minute. */
async function live(set: ReadonlyMap<number, () => Promise<unknown>>): Promise<void> {
  let [now, looks, sent] = [minute(0), 0, 0];
  const metrics: Metrics = {
    ...noMetrics,
    gauge: (name) => {
      if (name === "tocsin_open_incidents") looks += 1;
    },
  };
  const triage = createTriage({
    ...{ store, metrics, replica: "a", log: silentLog, clock: { now: () => now } },
    ...{
      inhibition: rules.inhibition,
      flapping: rules.flapping,
      timeoutMs: rules.timeoutMs,
      routes: rules.routes,
    },
    createCorrelator: () => createCorrelator({ weights: shippedWeights }),
    parse: (delivery) =>
      parseDelivery(
        { name: "alertmanager", source: alertmanager, secrets: [], settings: undefined },
        delivery,
      ),
  });
  triage.start();
  const eventful = new Set([...story.map(({ at }) => at), ...set.keys()]);
  for (let count = 1; count <= 245; count += 1) {
    if (count % 10 !== 0 && !eventful.has(count)) continue;
    now = minute(count);
    await set.get(count)?.();
    const seen = looks;
    await eventually("time is looked at", 20_000, () => {
      // It may have looked just now: then it looks again once a second has gone by.
      now = new Date(now.getTime() + 1_000);
      triage.wake();
      return looks > seen ? true : null;
    });
    for (const told of story.filter(({ at }) => at === count)) {
      const body = new TextEncoder().encode(JSON.stringify(bodyOf(told)));
      await store.deliveries.insert([{ source: "alertmanager", receivedAt: now, headers: {}, body }]);
      sent += 1;
      await eventually("it is taken", 20_000, async () => {
        triage.wake();
        return (await store.leases.cursor(triageScope)) >= sent ? true : null;
      });
    }
  }
  await triage.stop();
}

/** What is stored: the incident of every alert, parts among them, and the channels with cards. */
async function stored() {
  const sql = postgres(database.url, { max: 1, onnotice: () => undefined });
  const rows = await sql<
    { key: string; incident: number }[]
  >`select key, incident_id as incident from alerts`;
  await sql.end({ timeout: 1 });
  const ids = [...new Set(rows.map(({ incident }) => incident))];
  const cards = await store.posts.channelsOfMany("incident", ids);
  return {
    homes: Object.fromEntries(rows.map(({ key, incident }) => [key, incident])),
    cards: Object.fromEntries(
      [...cards].map(([id, places]) => [
        id,
        places.map(({ platform, channel }) => `${platform}:${channel}`).sort(),
      ]),
    ),
  };
}

test("the replay has the incidents and the cards that the bot made, each alert where it is (issue 3)", async () => {
  const mute = { reason: "known", createdBy: "ada", createdAt: minute(145) };
  const filter = { match: [is("alertname", "IndexLag")], atLeast: null };
  await store.transaction((tx) =>
    tx.subscriptions.add({
      platform: "discord",
      channel: "7",
      filter,
      createdBy: "ada",
      createdAt: minute(0),
    }),
  );
  await live(
    new Map<number, () => Promise<unknown>>([
      [
        145,
        () =>
          store.incidents.saveSilence({
            ...mute,
            ...{
              matchers: [is("service", "search")],
              createdIn: null,
              startsAt: minute(145),
              endsAt: minute(500),
            },
          }),
      ],
      [190, () => store.incidents.endSilence(1, minute(190))],
      [
        205,
        () =>
          store.incidents.saveMaintenance({
            ...{ ...mute, createdAt: minute(205), name: null, matchers: [is("service", "files")] },
            schedule: { kind: "once", from: minute(205), to: minute(400) },
          }),
      ],
      [230, () => store.incidents.endMaintenance(1, minute(230))],
    ]),
  );
  const { tape, since } = await keptDeliveries(store, 1);
  const result = await replay({
    deliveries: tape.read(),
    sources: new Map([["alertmanager", alertmanager]]),
    correlator: createCorrelator({ weights: shippedWeights }),
    weights: shippedWeights,
    rules: { ...rules, past: await pastSettings(store, since) },
  });
  const made = await stored();
  const homes = result.incidents.flatMap(({ id, alerts }) => alerts.map(({ key }) => [key, id] as const));
  expect(Object.fromEntries(homes)).toEqual(made.homes);
  const cards = [...result.cards].map(([id, channels]) => [id, [...channels].sort()] as const);
  expect(Object.fromEntries(cards)).toEqual(made.cards);
  // The story holds what it is to hold: parts, muted incidents, and cards in every channel.
  expect(result.incidents.some(({ alerts }) => alerts.some(({ isPart }) => isPart))).toBe(true);
  expect(result.cards.size).toBeLessThan(result.incidents.length);
  expect(new Set([...result.cards.values()].flat())).toEqual(
    new Set(["console:incidents", "slack:C1", "discord:7"]),
  );
}, 180_000);
