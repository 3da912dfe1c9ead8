/** Intake on a real database: what is answered 2xx is there, and what could not be stored is not answered so. */
import postgres from "postgres";
import { expect, onTestFinished, test } from "vitest";
import alertmanager from "../../src/adapters/sources/alertmanager.ts";
import { openStore } from "../../src/adapters/store/store.ts";
import { createIngest, type IngestLimits } from "../../src/app/ingest.ts";
import { createHttpServer } from "../../src/http.ts";
import { noMetrics, silentLog, systemClock } from "../../src/ports/observability.ts";
import { freshDatabase } from "../database.ts";

async function setUp(limits: Partial<IngestLimits> = {}) {
  const database = await freshDatabase();
  const store = await openStore({ url: database.url });
  const admin = postgres(database.url, { max: 1, onnotice: () => undefined });
  const common = { metrics: noMetrics, log: silentLog, clock: systemClock };
  const ingest = createIngest({ ...common, store: store.deliveries, wake: () => undefined, limits });
  const server = createHttpServer({
    ...common,
    host: "127.0.0.1",
    port: 0,
    sources: new Map([
      ["alertmanager", { name: "alertmanager", source: alertmanager, secrets: [], settings: null }],
    ]),
    ingest,
    console: null,
    readiness: async () => [],
    exposition: async () => ({ contentType: "text/plain", body: "" }),
  });
  const url = `${await server.listen()}/webhooks/alertmanager`;
  onTestFinished(async () => {
    await server.close();
    await ingest.stop();
    await store.close();
    await admin.end({ timeout: 5 });
    await database.close();
  });
  return { store, admin, ingest, url };
}

function bodyOf(name: string): string {
  return JSON.stringify({ alerts: [{ labels: { alertname: name, note: "naïve \u{1f514}" } }] });
}

async function post(url: string, body: string | Uint8Array): Promise<number> {
  const response = await fetch(url, {
    method: "POST",
    body: Buffer.from(body),
    headers: { "content-type": "text/json" },
  });
  await response.text();
  return response.status;
}

test("hundreds at once are all there, byte for byte, in order of id", async () => {
  const { store, url } = await setUp();
  const bodies = Array.from({ length: 300 }, (_, index) => bodyOf(`Alert${index}`));
  const statuses = await Promise.all(bodies.map((body) => post(url, body)));
  expect(new Set(statuses)).toEqual(new Set([202]));
  const stored = await store.deliveries.after(0, 1_000);
  expect(stored.map(({ body }) => Buffer.from(body).toString()).sort()).toEqual([...bodies].sort());
  const ids = stored.map(({ id }) => id);
  expect(ids).toEqual([...ids].sort((a, b) => a - b));
});

test("bytes that no text may hold neither get lost nor take their neighbours with them", async () => {
  const { store, ingest } = await setUp();
  const bodies = ["plain", "nul \0 byte", "\ufeffmark", "naïve"].map((text) => Buffer.from(text));
  bodies.push(Buffer.from([0xff, 0x00, 0xc3]), Buffer.alloc(0));
  const receivedAt = new Date("2026-03-01T12:00:00Z");
  await Promise.all(
    bodies.map((body) => ingest.accept({ source: "alertmanager", body, headers: {}, receivedAt })),
  );
  for (const body of bodies) await ingest.accept({ source: "alertmanager", body, headers: {}, receivedAt });
  const stored = await store.deliveries.after(0, 100);
  expect(stored.map(({ body }) => Buffer.from(body).toString("hex"))).toEqual(
    [...bodies, ...bodies].map((body) => body.toString("hex")),
  );
});

test("what cannot be parsed is kept whole, with its problem", async () => {
  const { store, url } = await setUp();
  expect(await post(url, '{"alerts": 7, "text": "a\\u0000b"}')).toBe(400);
  const [dead] = await store.deliveries.dead(10);
  expect(dead).toMatchObject({
    source: "alertmanager",
    problem: expect.stringContaining('"alerts" must be a list'),
  });
  expect(Buffer.from(dead?.body ?? []).toString()).toBe('{"alerts": 7, "text": "a\\u0000b"}');
});

test("connections that the database cuts cost 503s, never an acknowledged delivery, and it recovers by itself", async () => {
  const { store, admin, url } = await setUp({ timeoutMs: 5_000 });
  const acknowledged: string[] = [];
  let isCutting = true;
  const cutting = (async () => {
    for (let cut = 0; cut < 5; cut += 1) {
      await admin`select pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and application_name like '%deliveries%'`;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    isCutting = false;
  })();
  const statuses = new Set<number>();
  for (let round = 0; isCutting || round < 5; round += 1) {
    const bodies = Array.from({ length: 20 }, (_, index) => bodyOf(`Round${round}/${index}`));
    const answers = await Promise.all(bodies.map(async (body) => ({ body, status: await post(url, body) })));
    for (const { body, status } of answers) {
      statuses.add(status);
      if (status === 202) acknowledged.push(body);
    }
  }
  await cutting;
  expect([...statuses].filter((status) => status !== 202 && status !== 503)).toEqual([]);
  expect(await post(url, bodyOf("Afterwards"))).toBe(202);
  const stored = new Set(
    (await store.deliveries.after(0, 100_000)).map(({ body }) => Buffer.from(body).toString()),
  );
  expect(acknowledged.filter((body) => !stored.has(body))).toEqual([]);
  expect(acknowledged.length).toBeGreaterThan(0);
});

test("a database that hangs is answered 503 in time, and what hung is there or not, but never half", async () => {
  const { store, admin, url } = await setUp({ timeoutMs: 300 });
  let free: () => void = () => undefined;
  const freed = new Promise<void>((resolve) => {
    free = resolve;
  });
  let hasLocked: () => void = () => undefined;
  const locked = new Promise<void>((resolve) => {
    hasLocked = resolve;
  });
  const lock = admin.begin(async (tx) => {
    await tx`lock table deliveries in access exclusive mode`;
    hasLocked();
    await freed;
  });
  await locked;
  const startedAt = performance.now();
  expect(await Promise.all([post(url, bodyOf("A")), post(url, bodyOf("B"))])).toEqual([503, 503]);
  expect(await post(url, bodyOf("C"))).toBe(503);
  expect(performance.now() - startedAt).toBeLessThan(5_000);
  free();
  await lock;
  await expect.poll(() => post(url, bodyOf("D"))).toBe(202);
  const names = (await store.deliveries.after(0, 100)).map(({ body }) => Buffer.from(body).toString());
  expect(names).toContain(bodyOf("D"));
});
