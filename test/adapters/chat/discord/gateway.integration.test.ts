import { afterEach, beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { createDiscord } from "../../../../src/adapters/chat/discord.ts";
import { noMetrics, silentLog } from "../../../../src/ports.ts";
import { startFakeDiscord } from "../../../fakes/discord.ts";
import { replaceableSecret } from "../../../fakes/secret.ts";
import { eventually, quick, recordingDoor, type Stage, shapes, stage, view } from "./harness.ts";

let at: Stage;
const faults: unknown[] = [];
function onFault(error: unknown): void {
  faults.push(error);
}

beforeEach(() => {
  faults.length = 0;
  process.on("unhandledRejection", onFault);
  process.on("uncaughtException", onFault);
});
afterEach(async () => {
  await at.close();
  process.off("unhandledRejection", onFault);
  process.off("uncaughtException", onFault);
  expect(faults).toEqual([]);
});

/** A command reaches the bot, so the connection works. */
async function serves(): Promise<void> {
  await at.discord.until(() => at.discord.gateway.connected() > 0 && at.chat.isConnected());
  const done = at.discord.slash(
    "ack",
    { incident: 1 },
    { user: at.discord.oncall, channel: at.discord.channel },
  );
  await at.discord.until(() => done.ack);
}

/** Waits until the adapter itself says that it is (not) connected. */
function becomes(isConnected: boolean): Promise<void> {
  return eventually(() => at.chat.isConnected() === isConnected);
}

test("asks for the Guilds intent alone and registers its commands once", async () => {
  at = await stage();
  expect(at.chat.isConnected()).toBe(true);
  const registered = at.discord.commands.byScope.get("global");
  expect(registered?.map((each) => each["name"])).toEqual(["ack", "deploy"]);
  expect(registered?.[0]?.["options"]).toMatchObject([
    { name: "incident", type: 4, required: true, autocomplete: true },
    { name: "note", type: 3 },
    { name: "dry-run", type: 5 },
  ]);
  expect(at.discord.commands.puts).toBe(1);
  expect(at.discord.gateway.state.identifies).toBe(1);
});

test("nobody is told that the connection is missing once it is there", async () => {
  at = await stage();
  await at.chat.stop();
  const said: string[] = [];
  const log = { ...silentLog, warn: (_fields: object, text: string) => void said.push(text) };
  const startMs = 800;
  const again = await createDiscord({
    token: at.discord.token,
    apiUrl: at.discord.apiUrl,
    log: { ...log, child: () => log },
    metrics: noMetrics,
    timing: { ...quick, startMs },
  });
  await again.start(recordingDoor(), shapes);
  await new Promise((resolve) => setTimeout(resolve, startMs + 100));
  await again.stop();
  expect(said).toEqual([]);
});

test("registers nothing when nothing changed, and again when something did", async () => {
  at = await stage();
  await at.chat.stop();
  const again = await createDiscord({
    token: at.discord.token,
    apiUrl: `${at.discord.apiUrl}/v10/`,
    log: silentLog,
    metrics: noMetrics,
    timing: quick,
  });
  const gets = () =>
    at.discord.calls.filter(({ method, path }) => method === "GET" && path.endsWith("/commands")).length;
  await again.start(recordingDoor(), [...shapes].reverse());
  await at.discord.until(() => gets() === 2);
  await again.stop();
  const third = await createDiscord({
    token: at.discord.token,
    apiUrl: at.discord.apiUrl,
    log: silentLog,
    metrics: noMetrics,
    timing: quick,
  });
  await third.start(recordingDoor(), shapes.slice(0, 1));
  await at.discord.until(() => at.discord.commands.puts === 2);
  expect(gets()).toBe(3);
  await third.stop();
});

test("a command that Discord cannot take is named, and the others are registered", async () => {
  at = await stage({ connect: "later" });
  const bad = { name: "bad name!", summary: "", examples: [], options: [] };
  await at.chat.start(at.door, [bad, ...shapes]);
  await at.discord.until(() => at.discord.commands.puts === 1);
  expect(at.lines).toContainEqual(
    expect.objectContaining({ level: "error", fields: expect.objectContaining({ command: "bad name!" }) }),
  );
  expect(at.discord.commands.byScope.get("global")).toHaveLength(2);
  await eventually(() => at.lines.some(({ message }) => message.includes("are registered")));
  const findings = await at.chat.check([]);
  expect(findings).toContainEqual(
    expect.objectContaining({ status: "failure", subject: "discord command bad name!" }),
  );
});

describe("stays connected, or becomes so again, after", () => {
  const accidents: readonly (readonly [string, () => void, "resumes" | "identifies"])[] = [
    ["a connection cut without a word", () => at.discord.gateway.disconnect(), "resumes"],
    ["close 4000", () => at.discord.gateway.disconnect(4000), "resumes"],
    ["close 1000", () => at.discord.gateway.disconnect(1000), "identifies"],
    ["a session that timed out", () => at.discord.gateway.disconnect(4009), "resumes"],
    ["a request to reconnect", () => at.discord.gateway.requestReconnect(), "resumes"],
    ["an invalid session", () => at.discord.gateway.invalidate(false), "identifies"],
    [
      "a resume that is refused",
      () => {
        at.discord.gateway.forgetSessions();
        at.discord.gateway.disconnect();
      },
      "identifies",
    ],
  ];
  test.each(accidents)("%s", async (_name, happen, counter) => {
    at = await stage();
    const before = at.discord.gateway.state[counter];
    happen();
    await becomes(false);
    await becomes(true);
    expect(at.discord.gateway.state[counter]).toBe(before + 1);
    await serves();
  });

  test("three requests to reconnect at once", async () => {
    at = await stage();
    for (let n = 0; n < 3; n += 1) at.discord.gateway.requestReconnect();
    await becomes(false);
    await becomes(true);
    await serves();
  });

  test("an outage", async () => {
    at = await stage();
    at.discord.gateway.state.isDown = true;
    at.discord.gateway.disconnect();
    await becomes(false);
    await new Promise((resolve) => setTimeout(resolve, 700));
    expect(at.chat.isConnected()).toBe(false);
    at.discord.gateway.state.isDown = false;
    await becomes(true);
    await serves();
  });

  test("events that it cannot digest", async () => {
    at = await stage();
    const events = [
      { op: 9, d: null },
      { op: 0, t: "GUILD_CREATE", s: 90, d: { nonsense: true } },
      { op: 0, t: "CHANNEL_UPDATE", s: 91, d: null },
      { op: 0, t: "INTERACTION_CREATE", s: 92, d: null },
      { op: 0, t: "INTERACTION_CREATE", s: 93, d: { id: "1" } },
      { op: 0, t: "SOMETHING_NEW", s: 94, d: {} },
      { op: 99 },
    ];
    for (const event of events) at.discord.gateway.sendRaw(event);
    await serves();
  });
});

test("a command given while disconnected arrives with the resume", async () => {
  at = await stage();
  at.discord.gateway.disconnect();
  const doing = { user: at.discord.oncall, channel: at.discord.channel };
  const command = at.discord.slash("ack", { incident: 7 }, doing);
  await at.discord.until(() => command.ack);
  expect(at.door.requests).toHaveLength(1);
});

test("a connection that does not come back is made anew", async () => {
  at = await stage({ adapter: { timing: { ...quick, stuckMs: 300 } } });
  at.discord.gateway.state.isDown = true;
  at.discord.gateway.disconnect();
  await eventually(() => at.lines.some(({ message }) => message.includes("starting a new one")));
  at.discord.gateway.state.isDown = false;
  await becomes(true);
  await serves();
});

describe("starting", () => {
  test("with a wrong token rejects, says what to do and does not show the token", async () => {
    at = await stage({ connect: "later", adapter: { token: "c2VjcmV0.secret.token" } });
    const failure = at.chat.start(at.door, shapes);
    await expect(failure).rejects.toThrow(/DISCORD_TOKEN/);
    await expect(failure).rejects.not.toThrow(/secret/);
    expect(at.chat.isConnected()).toBe(false);
  });

  test("without a server or with one that fails goes on in the background", async () => {
    at = await stage({ connect: "later" });
    at.discord.faults.add({ kind: "error", path: "/gateway/bot", times: 2 });
    at.discord.faults.add({ kind: "reset", path: "/gateway/bot" });
    await at.chat.start(at.door, shapes);
    expect(at.chat.isConnected()).toBe(false);
    await becomes(true);
  });

  test("with nothing configured is refused with the name of the setting", async () => {
    at = await stage({ connect: "later" });
    const options = { apiUrl: at.discord.apiUrl, log: silentLog, metrics: noMetrics };
    await expect(createDiscord({ ...options, token: " " })).rejects.toThrow("DISCORD_TOKEN is empty");
    await expect(createDiscord({ ...options, token: "x", guildIds: ["my server"] })).rejects.toThrow(
      "my server",
    );
  });

  test("retries registering commands", async () => {
    at = await stage({ connect: "later" });
    at.discord.faults.add({ kind: "error", method: "GET", path: "/commands" });
    await at.chat.start(at.door, shapes);
    await at.discord.until(() => at.discord.commands.puts === 1);
  });
});

test("a token that is reset while running ends it with a clear finding", async () => {
  at = await stage();
  at.discord.resetToken();
  at.discord.gateway.disconnect(4004);
  await becomes(false);
  const findings = await at.chat.check([]);
  expect(findings[0]).toMatchObject({
    status: "failure",
    subject: "discord token",
    remedy: expect.stringContaining("DISCORD_TOKEN"),
  });
  expect(findings).toContainEqual(
    expect.objectContaining({
      subject: "discord connection",
      status: "failure",
      text: expect.stringContaining("refused the token"),
    }),
  );
});

test("a token that is reset while running is replaced by the new one as soon as there is one", async () => {
  const discord = await startFakeDiscord({ isIdentifyPaced: false });
  onTestFinished(() => discord.close());
  const token = replaceableSecret("DISCORD_TOKEN", discord.token);
  at = await stage({ beside: discord, adapter: { token } });
  discord.resetToken();
  discord.gateway.disconnect(4004);
  await becomes(false);
  await expect
    .poll(async () => (await at.chat.check([])).map(({ remedy }) => remedy).join())
    .toContain("DISCORD_TOKEN_FILE");
  token.replaceBy(discord.token);
  await becomes(true);
  await serves();
  expect((await at.chat.check([])).map(({ text }) => text)).toContain("connected");
  const post = await at.chat.post(at.channel, { key: "k", view: view() });
  expect(post).toMatchObject({ kind: "posted" });
});

test.each([
  [4004, /refused the token/],
  [4014, /intents.*Developer Portal/],
] as const)(
  "what Discord closes with %i for is said, and tried again until it is put right",
  async (code, words) => {
    at = await stage({ adapter: { timing: { ...quick, refusedMs: 50 } } });
    at.discord.faults.add({ kind: "error", path: "/gateway/bot", status: 401, times: 3 });
    at.discord.gateway.disconnect(code);
    await becomes(false);
    await expect.poll(async () => (await at.chat.check([])).map(({ text }) => text).join()).toMatch(words);
    await becomes(true);
    expect((await at.chat.check([])).map(({ text }) => text)).toContain("connected");
  },
);

test("stops within a moment, also while reconnecting", async () => {
  at = await stage();
  at.discord.gateway.state.isDown = true;
  at.discord.gateway.disconnect();
  await becomes(false);
  const startedAt = Date.now();
  await at.chat.stop();
  expect(Date.now() - startedAt).toBeLessThan(3_500);
  expect(at.chat.isConnected()).toBe(false);
});

describe("doctor", () => {
  test("finds everything in order", async () => {
    at = await stage({ connect: "later", fake: { perRoute: 50 } });
    const chat = await createDiscord({
      token: at.discord.token,
      apiUrl: at.discord.apiUrl,
      guildIds: [at.discord.guild.id],
      log: silentLog,
      metrics: noMetrics,
    });
    const findings = await chat.check([at.channel]);
    expect(findings.map(({ status }) => status)).toEqual(["ok", "ok", "ok", "ok"]);
    await chat.stop();
  });

  test("names what is missing: permission, channel, server, kind of channel", async () => {
    at = await stage({ connect: "later", fake: { perRoute: 50 }, adapter: { guildIds: ["42"] } });
    at.discord.deny(at.discord.channel, "createThreads");
    const voice = at.discord.addChannel("talk", 2);
    const category = at.discord.addChannel("category", 4);
    const ids = [at.channel.id, "77", "general", voice.id, category.id];
    const findings = await at.chat.check(ids.map((id) => ({ platform: "discord", id })));
    const of = (subject: string) => findings.find((finding) => finding.subject === subject);
    expect(of("discord server 42")).toMatchObject({
      status: "failure",
      remedy: expect.stringContaining("scope=bot+applications.commands"),
    });
    expect(of(`discord:${at.channel.id}`)).toMatchObject({
      status: "failure",
      text: expect.stringContaining("Create Public Threads"),
    });
    expect(of("discord:77")).toMatchObject({ status: "failure" });
    expect(of("discord:general")).toMatchObject({
      status: "failure",
      remedy: expect.stringContaining("Copy Channel ID"),
    });
    expect(of(`discord:${voice.id}`)).toMatchObject({ status: "warning" });
    expect(of(`discord:${category.id}`)).toMatchObject({ status: "failure" });
  });
});
