/** The bot's end and its neighbours: stopping in a storm, a second bot on the same folder, senders of garbage. */
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type BotUnderTest, createBot } from "./bot.ts";
import { openDatabaseOf } from "./ledger.ts";
import { eventually } from "./process.ts";

let bot: BotUnderTest;

beforeEach(async () => {
  bot = await createBot({ config: {} });
});
afterEach(() => bot.dispose());

function post(
  path: string,
  body: string | Uint8Array<ArrayBuffer>,
  headers: Record<string, string> = {},
): Promise<Response> {
  return fetch(`${bot.url}${path}`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body,
    signal: AbortSignal.timeout(15_000),
  });
}

/** Sends as fast as the bot answers, until it no longer does; the ids of what was answered 202. */
async function storm(lane: number, accepted: string[]): Promise<void> {
  for (let number = 1; ; number += 1) {
    const id = `storm-${lane}-${number}`;
    try {
      const answer = await post("/webhooks/alertmanager", JSON.stringify(deliveryOf(id)));
      if (answer.status === 202) accepted.push(id);
      else if (answer.status !== 503) throw new Error(`unexpected: ${answer.status} ${await answer.text()}`);
      await answer.arrayBuffer();
    } catch (error) {
      // Connections are refused or cut: it has stopped.
      if (error instanceof TypeError) return;
      throw error;
    }
  }
}

function deliveryOf(id: string) {
  const alert = {
    status: "firing",
    labels: { alertname: "QueueLong", service: "orders", queue: id },
    annotations: { summary: `${id} is long` },
    startsAt: new Date().toISOString(),
    endsAt: "0001-01-01T00:00:00Z",
    generatorURL: "",
    fingerprint: "",
  };
  return { version: "4", status: "firing", alerts: [alert] };
}

test("told to stop in a storm, it ends in ten seconds and keeps whatever it answered 202", async () => {
  await bot.start();
  const accepted: string[] = [];
  const lanes = Array.from({ length: 16 }, (_, lane) => storm(lane, accepted));
  await eventually("the storm is under way", 20_000, () => (accepted.length > 200 ? true : null));
  const startedAt = performance.now();
  expect(await bot.stop()).toBe(0);
  expect(performance.now() - startedAt).toBeLessThan(10_000);
  await Promise.all(lanes);

  await bot.start();
  const sql = await openDatabaseOf(bot);
  try {
    await eventually("every alert is there", 60_000, async () => {
      const rows = await sql<{ queue: string; firings: number }[]>`
        select labels->>'queue' as queue, count(*)::int as firings from alerts group by 1`;
      const firings = new Map(rows.map((row) => [row.queue, row.firings]));
      const wrong = accepted.filter((id) => firings.get(id) !== 1);
      if (wrong.length > 0)
        throw new Error(`${wrong.length} of ${accepted.length} are not: ${wrong.slice(0, 5)}`);
      return true;
    });
  } finally {
    await sql.end();
  }
});

test("a second bot on the same data folder is refused, and the first does not notice", async () => {
  await bot.start();
  const second = await bot.cli("start");
  expect(second.code).toBe(1);
  expect(second.output).toMatch(/^tocsin: Another Tocsin \(pid \d+\) already uses the data folder/m);
  expect(second.output).toContain(`${bot.folder}/data`);
  expect(second.output).toContain("TOCSIN_DATA_DIR");
  expect(second.output).not.toMatch(/^\s+at /m);
  expect((await fetch(`${bot.url}/readyz`)).status).toBe(200);
  expect((await post("/webhooks/alertmanager", JSON.stringify(deliveryOf("after")))).status).toBe(202);
});

const garbage: readonly (readonly [string, string, () => Promise<Response>])[] = [
  ["nothing", "400", () => post("/webhooks/alertmanager", "")],
  ["no JSON", "400", () => post("/webhooks/alertmanager", "{{{{")],
  ["other JSON", "400", () => post("/webhooks/alertmanager", "[1, null, {}]")],
  ["deep JSON", "400", () => post("/webhooks/alertmanager", "[".repeat(100_000))],
  ["bytes", "400", () => post("/webhooks/alertmanager", new Uint8Array(4_096).fill(0xff))],
  ["NUL", "202", () => post("/webhooks/alertmanager", JSON.stringify(deliveryOf("a\u0000b")))],
  ["half a pair", "202", () => post("/webhooks/alertmanager", JSON.stringify(deliveryOf("a\ud800b")))],
  ["no gzip", "400", () => post("/webhooks/alertmanager", "{}", { "content-encoding": "gzip" })],
  [
    "a form",
    "415",
    () => post("/webhooks/alertmanager", "a=b", { "content-type": "application/x-www-form-urlencoded" }),
  ],
  ["too much", "413", () => post("/webhooks/alertmanager", new Uint8Array(64 * 1024 * 1024))],
  [
    "a gzip bomb",
    "413",
    () =>
      post("/webhooks/alertmanager", gzipSync(new Uint8Array(256 * 1024 * 1024)), {
        "content-encoding": "gzip",
      }),
  ],
  ["an unknown source", "404", () => post("/webhooks/nagios", "{}")],
  ["an odd path", "404|400", () => post("/webhooks/%ff%fe/..%2f..%2fetc", "{}")],
  ["GET", "405", () => fetch(`${bot.url}/webhooks/alertmanager`)],
];

test("senders of garbage are told what is wrong, and the bot goes on", async () => {
  await bot.start();
  for (const [what, status, send] of garbage) {
    const answer = await send().catch((error: unknown) => String(error));
    if (typeof answer === "string") {
      // The bot may hang up on a body that it will not read before its answer is read.
      expect(status, `${what}: ${answer}`).toBe("413");
      continue;
    }
    const text = await answer.text();
    expect(`${answer.status}`, `${what}: ${text}`).toMatch(new RegExp(`^(${status})$`));
    if (answer.status >= 400) expect(JSON.parse(text), what).toMatchObject({ error: expect.any(String) });
  }
  for (const bytes of [
    "\u0000\u0001\u0002\r\n\r\n",
    "POST /webhooks/alertmanager HTTP/1.1\r\nhost: a\r\ncontent-length: 99\r\n\r\n{",
  ])
    await sendRaw(bytes);
  expect((await fetch(`${bot.url}/readyz`)).status).toBe(200);
  expect((await post("/webhooks/alertmanager", JSON.stringify(deliveryOf("after")))).status).toBe(202);
  const sql = await openDatabaseOf(bot);
  try {
    await eventually("what could be read is read", 20_000, async () => {
      const rows = await sql`select 1 from alerts where labels->>'queue' = 'after'`;
      return rows.length === 1 ? true : null;
    });
    const [row] = await sql`select count(*)::int as alerts from alerts`;
    expect(row).toEqual({ alerts: 3 });
  } finally {
    await sql.end();
  }
  expect(await bot.stop()).toBe(0);
});

/** Bytes that are no request, or half of one, and then silence and an abrupt end. */
async function sendRaw(bytes: string): Promise<void> {
  const socket = connect(Number(new URL(bot.url).port), "127.0.0.1");
  socket.on("error", () => undefined);
  socket.write(bytes);
  await sleep(100);
  socket.destroy();
}
