/** The built command line, beside a bot that runs and without one. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type BotUnderTest, createBot } from "./bot.ts";
import { eventually } from "./process.ts";

let bot: BotUnderTest;

beforeAll(async () => {
  bot = await createBot({ config: { people: { oncall: { name: "On call", roles: ["sre"] } } } });
});
afterAll(() => bot.dispose());

/** One line of a recording: an alert begins or ends. */
function line(second: number, service: string, status: "firing" | "resolved"): string {
  const time = (offset: number) => new Date(Date.UTC(2026, 0, 5, 8, 0, offset)).toISOString();
  const alert = {
    status,
    labels: { alertname: "ErrorRateHigh", service },
    annotations: { summary: `${service} answers errors` },
    startsAt: time(status === "firing" ? second : 0),
    endsAt: status === "firing" ? "0001-01-01T00:00:00Z" : time(second),
    generatorURL: "",
    fingerprint: service === "api" ? "00000000000000a1" : "00000000000000b2",
  };
  const body = { version: "4", status, alerts: [alert] };
  return `${JSON.stringify({ at: time(second + 1), source: "alertmanager", body })}\n`;
}

const topology = `${JSON.stringify({ at: "2026-01-05T07:00:00Z", source: "topology", body: { edges: [["web", "api"]], services: [] } })}\n`;
const recording =
  topology + line(0, "api", "firing") + line(5, "web", "firing") + line(60, "api", "resolved");
const names = ["00000000000000a1/2026-01-05T08:00:00.000Z", "00000000000000b2/2026-01-05T08:00:05.000Z"];

describe("replay, without a bot", () => {
  test("prints the incidents of a recording, plain and gzipped, for people and as JSON", async () => {
    const plain = path.join(bot.folder, "outage.jsonl");
    const zipped = path.join(bot.folder, "zipped.jsonl.gz");
    writeFileSync(plain, recording);
    writeFileSync(zipped, gzipSync(recording));
    const forPeople = await bot.cli("replay", plain);
    expect(forPeople.code, forPeople.output).toBe(0);
    expect(forPeople.output).toMatch(/outage: 4 deliveries, 2 alerts, 1 incidents?/);
    for (const file of [plain, zipped]) {
      const { code, output } = await bot.cli("replay", file, "--json");
      expect(code, output).toBe(0);
      const { incidents } = JSON.parse(output);
      expect(incidents).toHaveLength(1);
      expect(incidents[0].alerts.toSorted()).toEqual(names);
      expect(incidents[0].causes[0].service).toBe("api");
    }
    // Nothing but the recordings was looked at: no database was made.
    expect(existsSync(path.join(bot.folder, "data"))).toBe(false);
  });

  test("says what another tocsin.yaml would change, also as JSON, and what it cannot compare (issue 3)", async () => {
    const file = path.join(bot.folder, "against.jsonl");
    writeFileSync(file, recording);
    const other = path.join(bot.folder, "other.yaml");
    writeFileSync(
      other,
      `channels: [{ to: "console:incidents" }, { to: "slack:C1", match: ['service="api"'] }]\nexplainer: { tokensPerDay: 50000 }\n`,
    );
    const forPeople = await bot.cli("replay", file, "--against", other);
    expect(forPeople.code, forPeople.output).toBe(0);
    expect(forPeople.output).toContain(
      "2 cards: 1 more\n    in console:incidents: 1\n    in slack:C1: 0 -> 1",
    );
    expect(forPeople.output).toMatch(
      /not compared: keys that differ and cannot be replayed \(.*explainer.*\)/,
    );
    const { code, output } = await bot.cli("replay", file, "--against", other, "--json");
    expect(code, output).toBe(0);
    expect(JSON.parse(output)).toMatchObject({
      pagesSaved: -1,
      rerouted: [{ incident: { url: null, where: `${file}:2` }, after: ["console:incidents", "slack:C1"] }],
    });
  });

  test("writes one prediction per recording of a directory, sub-folders kept", async () => {
    const from = path.join(bot.folder, "recordings");
    mkdirSync(path.join(from, "january"), { recursive: true });
    writeFileSync(path.join(from, "january", "outage.jsonl"), recording);
    writeFileSync(path.join(from, "lone.jsonl.gz"), gzipSync(topology + line(0, "api", "firing")));
    const out = path.join(bot.folder, "predictions");
    const { code, output } = await bot.cli("replay", from, "--out", out);
    expect(code, output).toBe(0);
    const read = (file: string) => JSON.parse(readFileSync(path.join(out, file), "utf8"));
    expect(read("january/outage.pred.json").incidents[0].alerts.toSorted()).toEqual(names);
    expect(read("lone.pred.json").incidents[0].alerts).toEqual(names.slice(0, 1));
  });

  test("replays what it understands, names the line that it does not, and exits with 1", async () => {
    const file = path.join(bot.folder, "damaged.jsonl");
    writeFileSync(
      file,
      `${recording}{"at":"2026-01-05T09:00:00Z","source":"alertmanager","body":{"version":"4"}}\n`,
    );
    const { code, output } = await bot.cli("replay", file);
    expect(code).toBe(1);
    expect(output).toContain("damaged.jsonl:5");
    expect(output).toContain("2 alerts, 1 incident");
  });
});

describe("beside a bot that runs", () => {
  beforeAll(async () => {
    await bot.start();
    const body = JSON.stringify(JSON.parse(line(0, "api", "firing")).body);
    const headers = { "content-type": "application/json" };
    expect((await fetch(`${bot.url}/webhooks/alertmanager`, { method: "POST", headers, body })).status).toBe(
      202,
    );
  });

  test("doctor says what is fine and what is not, in words, and exits with 0", async () => {
    await eventually("triage", 20_000, async () =>
      (await bot.cli("run", "incidents")).output.includes("ErrorRateHigh") ? true : null,
    );
    const { code, output } = await bot.cli("doctor");
    expect(code, output).toBe(0);
    expect(output).toMatch(/✓ database +embedded, used by the running bot/);
    expect(output).toMatch(
      /! sources +without a secret, open to everyone on this machine: alertmanager, .*\n +→ set secrets under sources:/,
    );
    expect(output).toMatch(/✓ source alertmanager +heard from \d+ s ago, 1 delivery in the last day/);
    expect(output).toMatch(/\d+ fine, \d+ warnings?, 0 failures/);
    expect(output).not.toMatch(/undefined|\[object|NaN|null|Invalid Date/);
    expect(JSON.parse((await bot.cli("doctor", "--json")).output)).toContainEqual(
      expect.objectContaining({ subject: "database", status: "ok" }),
    );
  });

  test("a chat command runs as the person who is named", async () => {
    const list = await bot.cli("run", "--as", "oncall", "incidents");
    expect(list.code, list.output).toBe(0);
    expect(list.output).toContain("ErrorRateHigh on api");
    const ack = await bot.cli("run", "--as", "oncall", "ack 1");
    expect(ack.code, ack.output).toBe(0);
    expect(ack.output).toContain("You acknowledged incident 1");
    const again = await bot.cli("run", "--as", "oncall", "ack", "1");
    expect(again.code).toBe(1);
    expect(again.output).toContain("already acknowledged, by On call");
    expect((await bot.cli("audit", "export")).output).toContain('"incident.acknowledged"');
  });

  test.each([
    ["an unknown command", ["strat"], /unknown command 'strat'[\s\S]*start/],
    ["an unknown flag", ["start", "--fast"], /unknown option '--fast'/],
    ["nothing to replay", ["replay"], /name recordings .* --days N/],
    ["a missing recording", ["replay", "/nowhere/outage.jsonl"], /\/nowhere\/outage\.jsonl/],
    ["a folder without --out", ["replay", "/tmp"], /a directory needs --out DIR/],
    ["a command without its verb", ["audit"], /verify/],
    [
      "a person whom nobody knows",
      ["run", "--as", "nobody", "incidents"],
      /--as is "nobody"; expected one of: oncall/,
    ],
    ["a misspelt chat command", ["run", "incidnts"], /incidents/],
    ["a wrong option of a chat command", ["run", "ack", "twelve"], /twelve/],
    [
      "a dead delivery that is no number",
      ["doctor", "--replay", "x"],
      /--replay is "x"; expected the number/,
    ],
  ])("%s is refused with what to do", async (_what, args, words) => {
    const { code, output } = await bot.cli(...args);
    expect(code, output).not.toBe(0);
    expect(output).toMatch(words);
    expect(output).not.toMatch(/^\s+at .*\.js:\d+/m);
  });

  test.each([
    ["models", "export"],
    ["audit", "export"],
    ["audit", "key"],
    ["run", "help"],
  ])("%s %s whose output nobody reads ends quietly", async (...words) => {
    expect(await bot.cliUnread(...words)).toEqual({ code: 0, output: "" });
  });

  test("the bot has not noticed any of it", async () => {
    expect((await fetch(`${bot.url}/readyz`)).status).toBe(200);
    expect((await bot.cli("audit", "verify")).code).toBe(0);
    expect(await bot.stop()).toBe(0);
  });
});
