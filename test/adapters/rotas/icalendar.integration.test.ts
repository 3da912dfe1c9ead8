import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { createCalendar } from "../../../src/adapters/rotas/icalendar.ts";
import { type Log, silentLog } from "../../../src/ports.ts";

const people = [{ id: "ada", name: "Ada Okafor", roles: [], accounts: {} }];
const day = 86_400_000;
const start = Date.parse("2026-03-02T12:00:00Z");
let server: Server | null = null;

afterEach(async () => {
  const closing = server;
  server = null;
  closing?.closeAllConnections();
  await new Promise((resolve) => (closing === null ? resolve(null) : closing.close(resolve)));
});

function calendarFor(title: string): string {
  const event = [
    "BEGIN:VEVENT",
    "UID:1",
    `SUMMARY:${title}`,
    "DTSTART:20260101T000000Z",
    "DTEND:20270101T000000Z",
  ];
  return ["BEGIN:VCALENDAR", "VERSION:2.0", ...event, "END:VEVENT", "END:VCALENDAR", ""].join("\r\n");
}

/** A calendar behind an address with a token, and a clock that the test moves. */
async function setUp(first: string) {
  const served = { body: first, status: 200, asked: 0 };
  server = createServer((_request, response) => {
    served.asked += 1;
    response.writeHead(served.status, { "content-type": "text/calendar" }).end(served.body);
  });
  await new Promise<void>((resolve) => server?.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const told: string[] = [];
  const log: Log = { ...silentLog, warn: (fields) => told.push(JSON.stringify(fields)) };
  let now = start;
  const settings = { name: "primary", aliases: {}, timezone: "UTC" };
  const url = `http://127.0.0.1:${port}/t0ken/basic.ics`;
  const calendar = createCalendar({ ...settings, url }, { people, log, clock: { now: () => new Date(now) } });
  return {
    served,
    told,
    ask: () => calendar.at(new Date(now)),
    pass: (ms: number) => {
      now += ms;
    },
  };
}

test("says whose turn it is, and asks again after five minutes", async () => {
  const { served, ask, pass } = await setUp(calendarFor("On call: Ada Okafor"));
  expect(await ask()).toEqual({ kind: "turn", person: "ada" });
  await Promise.all([ask(), ask(), ask()]);
  expect(served.asked).toBe(1);
  served.body = calendarFor("On call: Zoe");
  pass(6 * 60_000);
  expect(await ask()).toEqual({
    kind: "unknown",
    because: 'its calendar names "On call: Zoe", which no one person is called',
  });
  expect(served.asked).toBe(2);
});

test("what was read last counts for a week while it cannot be fetched, and the address stays out of the log", async () => {
  const { served, told, ask, pass } = await setUp(calendarFor("ada"));
  await ask();
  served.status = 503;
  pass(day);
  expect(await ask()).toEqual({ kind: "turn", person: "ada" });
  pass(7 * day);
  expect(await ask()).toEqual({ kind: "unknown", because: "its calendar cannot be read" });
  expect(told.length).toBeGreaterThan(0);
  expect(told.join()).not.toMatch(/t0ken|127\.0\.0\.1/);
});

describe("what is no calendar is said to be none", () => {
  test("a page to sign in", async () => {
    const { ask } = await setUp("<html>sign in</html>");
    expect(await ask()).toEqual({ kind: "unknown", because: "what its address gives is no calendar" });
  });

  test("something without end", async () => {
    const { ask, told } = await setUp("x".repeat(5 * 1024 * 1024));
    expect(await ask()).toEqual({ kind: "unknown", because: "its calendar cannot be read" });
    expect(told.join()).toContain("larger than");
  });
});

test("nobody's turn is an answer", async () => {
  const { ask, pass } = await setUp(calendarFor("ada"));
  pass(400 * day);
  expect(await ask()).toEqual({ kind: "nobody" });
});
