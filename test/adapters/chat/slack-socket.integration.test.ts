import { afterEach, describe, expect, test } from "vitest";
import { referenceOf } from "../../../src/domain/command/reference.ts";
import { type Log, silentLog } from "../../../src/ports/observability.ts";
import { recordingDoor, sampleCard, sampleCommands } from "../../contracts/chat.ts";
import { type ReplaceableSecret, replaceableSecret } from "../../fakes/secret.ts";
import type { FakeSlackOptions } from "../../fakes/slack.ts";
import { readableText } from "../../fakes/slack.ts";
import { incidents, type SlackSetup, setUpSlack } from "./slack-harness.ts";

let setup: SlackSetup | null = null;
const unhandled: unknown[] = [];
process.on("unhandledRejection", (reason) => unhandled.push(reason));

afterEach(async () => {
  await setup?.chat.stop();
  const violations = setup?.slack.violations ?? [];
  await setup?.slack.close();
  setup = null;
  expect(unhandled.splice(0)).toEqual([]);
  expect(violations).toEqual([]);
});

async function start(options: Parameters<typeof setUpSlack>[0] = {}, fakeOptions: FakeSlackOptions = {}) {
  setup = await setUpSlack(options, fakeOptions);
  const door = recordingDoor();
  await setup.chat.start(door, sampleCommands);
  return { ...setup, door };
}

const mayHear = async ({ slack }: SlackSetup) =>
  (await slack.slash({ command: "/ack", text: "1", channel: incidents.id })).isAcked;

describe("staying connected", () => {
  test.each(["refresh_requested", "warning", "link_disabled"] as const)(
    "survives a disconnect: %s",
    async (reason) => {
      const started = await start();
      const opened = started.slack.callsOf("apps.connections.open").length;
      started.slack.disconnect(reason);
      await started.slack.until(
        () =>
          started.slack.callsOf("apps.connections.open").length > opened && started.slack.socketCount() === 1,
      );
      await expect.poll(() => started.chat.isConnected()).toBe(true);
      expect(await mayHear(started)).toBe(true);
    },
  );

  test("says that it is not connected while it is not", async () => {
    const { slack, chat } = await start();
    slack.faults.add({ method: "apps.connections.open", kind: "http_500", times: 3 });
    slack.cutSockets();
    await expect.poll(() => chat.isConnected(), { interval: 5 }).toBe(false);
    await expect.poll(() => chat.isConnected(), { timeout: 5_000 }).toBe(true);
    expect(slack.callsOf("apps.connections.open").length).toBeGreaterThanOrEqual(5);
  });

  test("survives cut sockets, refused upgrades, failing and rate-limited opens in a row", async () => {
    const started = await start();
    const { slack, chat } = started;
    slack.spoilSockets("refuse", 2);
    slack.faults.add({ method: "apps.connections.open", kind: "reset", times: 2 });
    slack.faults.add({ method: "apps.connections.open", kind: "rate_limit", retryAfterSeconds: 1 });
    slack.faults.add({ method: "apps.connections.open", kind: "error", error: "internal_error" });
    slack.faults.add({ method: "apps.connections.open", kind: "html" });
    slack.cutSockets();
    await expect.poll(() => chat.isConnected(), { interval: 5 }).toBe(false);
    await expect.poll(() => chat.isConnected(), { timeout: 8_000 }).toBe(true);
    expect(await mayHear(started)).toBe(true);
    expect(slack.socketCount()).toBe(1);
  });

  test("a connection without a hello is given up, and leaves no second socket behind", async () => {
    const started = await start({ socket: { connectWithinMs: 200, backoffMs: { first: 10, most: 50 } } });
    const { slack, chat } = started;
    slack.spoilSockets("mute", 2);
    slack.cutSockets();
    await expect.poll(() => chat.isConnected(), { interval: 5 }).toBe(false);
    await expect.poll(() => chat.isConnected(), { timeout: 8_000 }).toBe(true);
    await slack.until(() => slack.socketCount() === 1);
    expect(await mayHear(started)).toBe(true);
  });

  test("an app_rate_limited envelope, which ends a stock client's process, is acknowledged", async () => {
    const started = await start();
    expect(await started.slack.sendAppRateLimited()).toBe(true);
    expect(await mayHear(started)).toBe(true);
  });

  test.each([
    [
      "an unknown type of interaction",
      { type: "interactive" as const, payload: { type: "dialog_cancellation" } },
    ],
    ["a payload without anything", { type: "slash_commands" as const, payload: {} }],
    [
      "an event of no interest",
      { type: "events_api" as const, payload: { type: "event_callback", event: {} } },
    ],
  ])("%s does no harm", async (_, envelope) => {
    const started = await start();
    await started.slack.sendEnvelope({ ...envelope, accepts_response_payload: false });
    expect(await mayHear(started)).toBe(true);
    expect(started.door.requests).toHaveLength(1);
  });

  test("stopped, it stays stopped", async () => {
    const { slack, chat } = await start();
    await chat.stop();
    await slack.until(() => slack.socketCount() === 0);
    const opened = slack.callsOf("apps.connections.open").length;
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(slack.callsOf("apps.connections.open")).toHaveLength(opened);
    expect(chat.isConnected()).toBe(false);
  });
});

describe("tokens that are made anew", () => {
  /** A bot whose two tokens can be replaced, and what it logs as errors. */
  async function startReplaceable() {
    const problems: unknown[] = [];
    const log = { ...silentLog, error: (fields: object) => void problems.push(fields) };
    const secrets: Record<"appToken" | "botToken", ReplaceableSecret>[] = [];
    const started = await start(({ botToken, appToken }) => {
      const made = {
        botToken: replaceableSecret("SLACK_BOT_TOKEN", botToken),
        appToken: replaceableSecret("SLACK_APP_TOKEN", appToken),
      };
      secrets.push(made);
      return { ...made, log: { ...log, child: () => log }, socket: { backoffMs: { first: 10, most: 100 } } };
    });
    const [tokens] = secrets;
    if (tokens === undefined) throw new Error("there are no tokens");
    return { started, ...started, ...tokens, problems };
  }

  test("the app token: said once, and the socket comes back with the new one", async () => {
    const { started, slack, chat, appToken, botToken, problems } = await startReplaceable();
    slack.renewTokens();
    slack.cutSockets();
    await slack.until(() => slack.callsOf("apps.connections.open").length > 3);
    expect(problems).toEqual([{ problem: expect.stringContaining("SLACK_APP_TOKEN was revoked") }]);
    expect(chat.isConnected()).toBe(false);
    expect(await chat.check([])).toMatchObject([{ status: "failure", subject: "slack token" }]);
    appToken.replaceBy(slack.appToken);
    await expect.poll(() => chat.isConnected(), { timeout: 5_000 }).toBe(true);
    botToken.replaceBy(slack.botToken);
    expect(await mayHear(started)).toBe(true);
    expect(await chat.check([])).not.toContainEqual(expect.objectContaining({ status: "failure" }));
    expect(slack.socketCount()).toBe(1);
  });

  test("the bot token: the very call that is refused goes through with the new one", async () => {
    const { slack, chat, botToken } = await startReplaceable();
    slack.renewTokens();
    const card = { key: "card1", view: sampleCard() };
    expect(await chat.post(incidents, card)).toMatchObject({
      kind: "refused",
      remedy: expect.stringContaining("SLACK_BOT_TOKEN_FILE"),
    });
    botToken.replaceBy(slack.botToken);
    expect(await chat.post(incidents, card)).toMatchObject({ kind: "posted" });
    expect(slack.messagesIn(incidents.id)).toHaveLength(1);
    // The new one is asked who it is, and the call made once more: no other call is repeated.
    expect(slack.calls.slice(-3).map(({ method, outcome }) => `${method} ${outcome}`)).toEqual([
      "chat.postMessage token_revoked",
      "auth.test ok",
      "chat.postMessage ok",
    ]);
  });
});

describe("stopping", () => {
  test("while it still connects, nothing stays open and the start ends", async () => {
    setup = await setUpSlack({ socket: { connectWithinMs: 5_000 } });
    const { slack, chat } = setup;
    slack.spoilSockets("mute", 1);
    const starting = chat.start(recordingDoor(), sampleCommands);
    await slack.until(() => slack.socketCount() === 1);
    const stopped = performance.now();
    await chat.stop();
    await starting;
    await slack.until(() => slack.socketCount() === 0);
    expect(performance.now() - stopped).toBeLessThan(1_800);
    expect(chat.isConnected()).toBe(false);
  });

  test("waits for what is being saved, so that it is acknowledged", async () => {
    const { slack, chat, door } = await start();
    const release = door.hold();
    const delivery = slack.slash({ command: "/ack", text: "12", channel: incidents.id });
    await expect.poll(() => door.requests.length).toBe(1);
    const stopped = chat.stop();
    setTimeout(release, 50);
    await stopped;
    expect((await delivery).isAcked).toBe(true);
  });
});

describe("starting", () => {
  test.each(["invalid_auth", "account_inactive"])(
    "a bot token with %s stops the start with a remedy",
    async (code) => {
      setup = await setUpSlack();
      setup.slack.tokenError = code;
      await expect(setup.chat.start(recordingDoor(), [])).rejects.toThrow(/slack: .*SLACK_BOT_TOKEN/);
    },
  );

  test("an app token that Slack refuses stops the start with a remedy", async () => {
    setup = await setUpSlack({ appToken: "xapp-wrong" });
    await expect(setup.chat.start(recordingDoor(), [])).rejects.toThrow(/SLACK_APP_TOKEN/);
    expect(setup.chat.isConnected()).toBe(false);
  });

  test("a token that Slack takes again is noticed without a start", async () => {
    setup = await setUpSlack();
    setup.slack.tokenError = "account_inactive";
    await expect(setup.chat.start(recordingDoor(), sampleCommands)).rejects.toThrow(/install/);
    setup.slack.tokenError = null;
    const { chat } = setup;
    await expect.poll(() => chat.isConnected(), { timeout: 5_000 }).toBe(true);
    expect(await mayHear(setup)).toBe(true);
  });

  test("a scope that is missing is logged with what to do", async () => {
    const said: object[] = [];
    const log = { ...silentLog, warn: (data: object) => void said.push(data) };
    setup = await setUpSlack({ log });
    setup.slack.scopes.delete("channels:history");
    await setup.chat.start(recordingDoor(), sampleCommands);
    expect(said).toContainEqual({
      missing: ["channels:history"],
      remedy: expect.stringContaining("slack-manifest"),
    });
  });

  test("Slack being away does not stop it: it connects when Slack is back", async () => {
    setup = await setUpSlack();
    setup.slack.faults.add({ method: "auth.test", kind: "http_500" });
    setup.slack.faults.add({ method: "apps.connections.open", kind: "http_500", times: 3 });
    await setup.chat.start(recordingDoor(), sampleCommands);
    expect(setup.chat.isConnected()).toBe(false);
    const { chat } = setup;
    await expect.poll(() => chat.isConnected(), { timeout: 5_000 }).toBe(true);
    expect(await mayHear(setup)).toBe(true);
  });
});

describe("saved before acknowledged", () => {
  test("a slow database: the person hears so in time, and the request still counts", async () => {
    const { slack, door } = await start({ saveWithinMs: 60 });
    const release = door.hold();
    const delivery = await slack.slash({ command: "/ack", text: "12", channel: incidents.id });
    expect(delivery.isAcked).toBe(true);
    expect(slack.ephemerals.map((one) => one.text)).toEqual([expect.stringContaining("database is slow")]);
    release();
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(slack.ephemerals).toHaveLength(1);
  });

  test("slow and then lost: the person hears that nothing was done", async () => {
    const { slack, door } = await start({ saveWithinMs: 60 });
    const release = door.hold();
    door.failNext();
    await slack.slash({ command: "/ack", text: "12", channel: incidents.id });
    release();
    await slack.until(() => slack.ephemerals.length === 2);
    expect(slack.ephemerals[1]?.text).toContain("nothing was done");
  });

  test("a database that is away: the command says at once that nothing was done", async () => {
    const lines: unknown[] = [];
    const log: Log = { ...silentLog, error: (fields) => lines.push(fields), child: () => log };
    const { slack, door } = await start({ log });
    door.failNext();
    const delivery = await slack.slash({ command: "/ack", text: "12", channel: incidents.id });
    const reference = referenceOf(door.requests[0]?.key ?? "");
    expect(delivery).toMatchObject({
      isAcked: true,
      ackPayload: {
        text: expect.stringMatching(new RegExp(`nothing was done.*\\(reference ${reference}\\)$`)),
      },
    });
    expect(lines).toMatchObject([{ command: "ack", reference }]);
  });

  test("a button whose request is not saved says so privately", async () => {
    const { slack, chat, door } = await start();
    await chat.post(incidents, { key: "card1", view: sampleCard() });
    const [message] = slack.messagesIn(incidents.id);
    if (message === undefined) throw new Error("no card");
    door.failNext();
    const delivery = await slack.press({ message, button: "Acknowledge" });
    expect(delivery.isAcked).toBe(true);
    await slack.until(() => slack.ephemerals.length === 1);
    expect(slack.ephemerals[0]).toMatchObject({
      via: "response_url",
      text: expect.stringContaining("nothing was done"),
    });
  });

  test("a mention that was not saved is not acknowledged, and comes again with the same key", async () => {
    const { slack, door } = await start({}, { ackWithinMs: 150 });
    door.failNext();
    const delivery = await slack.mention({ text: "ack 12", channel: incidents.id });
    expect(delivery).toMatchObject({ isAcked: true, attempts: 2 });
    expect(door.requests).toHaveLength(2);
    expect(door.requests[1]?.key).toBe(door.requests[0]?.key);
  });

  test("a mention while the database is slow comes again instead of being answered", async () => {
    const { slack, door } = await start({ saveWithinMs: 40 }, { ackWithinMs: 150 });
    const release = door.hold();
    const delivery = slack.mention({ text: "ack 12", channel: incidents.id });
    await expect.poll(() => door.requests.length).toBe(2);
    release();
    expect((await delivery).isAcked).toBe(true);
    expect(new Set(door.requests.map((request) => request.key)).size).toBe(1);
    expect(slack.ephemerals).toEqual([]);
  });
});

describe("a button that needs something typed", () => {
  const action = {
    label: "Approve",
    command: "approve 7 --plan 0123456789ab",
    style: "primary",
    ask: { label: "Type scorer to approve", option: "confirm" },
  } as const;

  async function press(started: Awaited<ReturnType<typeof start>>) {
    const { slack, chat } = started;
    await chat.post(incidents, { key: "card1", view: { ...sampleCard(), actions: [action] } });
    const [card] = slack.messagesIn(incidents.id);
    if (card === undefined) throw new Error("no card");
    expect((await slack.press({ message: card, button: "Approve" })).isAcked).toBe(true);
    await slack.until(() => slack.openForms().length === 1);
    return card;
  }

  test("opens a form; what was typed goes along with the command, and is answered under the card", async () => {
    const started = await start();
    const { slack, door, chat } = started;
    const card = await press(started);
    expect(readableText(slack.openForms())).toContain("Type scorer to approve");
    expect(door.requests).toEqual([]);
    await slack.submit({ typed: 'sco"rer' });
    expect(slack.openForms()).toEqual([]);
    const [request] = door.requests;
    if (request === undefined) throw new Error("no request");
    expect(request).toMatchObject({
      command: "approve",
      channel: incidents,
      account: { id: "U0ONCALL", name: "oncall" },
      input: { kind: "text", text: '7 --plan 0123456789ab --confirm "sco\\"rer"' },
    });
    await chat.answer(request, { ...sampleCard("an answer"), kind: "answer" }, "private");
    expect(slack.ephemerals.at(-1)).toMatchObject({ user: "U0ONCALL", via: "chat.postEphemeral" });
    await chat.answer(request, { ...sampleCard("an answer"), kind: "answer" }, "public");
    expect(slack.repliesTo(incidents.id, card.ts)).toHaveLength(1);
    expect(slack.violations).toEqual([]);
  });

  test("a form that cannot be saved in time stays open, and sent again it is the same request", async () => {
    const started = await start({ saveWithinMs: 40 });
    const { slack, door } = started;
    await press(started);
    const release = door.hold();
    await slack.submit({ typed: "scorer" });
    expect(slack.openForms()).toHaveLength(1);
    release();
    await slack.submit({ typed: "scorer" });
    expect(slack.openForms()).toEqual([]);
    expect(new Set(door.requests.map(({ key }) => key)).size).toBe(1);
    expect(slack.violations).toEqual([]);
  });
});

describe("conversation", () => {
  const view = { ...sampleCard("an answer"), kind: "answer" as const };

  test("a mention in a thread is answered in that thread, privately and publicly", async () => {
    const { slack, chat, door } = await start();
    await chat.post(incidents, { key: "card1", view: sampleCard() });
    const [card] = slack.messagesIn(incidents.id);
    if (card === undefined) throw new Error("no card");
    await slack.mention({ text: "why 12", channel: incidents.id, threadTs: card.ts });
    const [request] = door.requests;
    if (request === undefined) throw new Error("no request");
    expect(request).toMatchObject({ command: "why", input: { text: "12" } });
    await chat.answer(request, view, "private");
    expect(slack.ephemerals.at(-1)).toMatchObject({
      user: "U0ONCALL",
      threadTs: card.ts,
      via: "chat.postEphemeral",
    });
    await chat.answer(request, view, "public");
    expect(slack.repliesTo(incidents.id, card.ts).at(-1)?.botId).not.toBeNull();
    expect(slack.messagesIn(incidents.id)).toHaveLength(1);
  });

  test("a direct message needs no mention, is saved before it is acknowledged, and runs once", async () => {
    const { slack, chat, door } = await start();
    const delivery = await slack.direct({ text: "ack 12" });
    expect(delivery).toMatchObject({ isAcked: true, attempts: 1 });
    await slack.redeliver(delivery);
    expect(new Set(door.requests.map(({ key }) => key)).size).toBe(1);
    const [request] = door.requests;
    if (request === undefined) throw new Error("no request");
    expect(request).toMatchObject({ command: "ack", input: { text: "12" }, channel: { id: "D0U0ONCALL" } });
    await chat.answer(request, view, "private");
    await chat.answer(request, view, "public");
    expect(slack.messagesIn("D0U0ONCALL").filter(({ botId }) => botId !== null)).toHaveLength(2);
    expect(slack.ephemerals).toEqual([]);
  });

  test("a direct message that cannot be saved is not acknowledged, and comes again with the same key", async () => {
    const { slack, door } = await start({}, { ackWithinMs: 150 });
    door.failNext();
    const delivery = await slack.direct({ text: "ack 12" });
    expect(delivery).toMatchObject({ isAcked: true, attempts: 2 });
    expect(door.requests[1]?.key).toBe(door.requests[0]?.key);
  });

  test("what the bot says in a direct message is no command", async () => {
    const { slack, door } = await start();
    const own = { user: slack.botUserId, bot_id: "B0TOCSIN" };
    expect((await slack.direct({ text: "ack 12", event: own })).isAcked).toBe(true);
    expect(door.requests).toEqual([]);
  });

  test("a public answer to a button goes under its card; the card stays", async () => {
    const { slack, chat, door } = await start();
    await chat.post(incidents, { key: "card1", view: sampleCard() });
    const [card] = slack.messagesIn(incidents.id);
    if (card === undefined) throw new Error("no card");
    await slack.press({ message: card, button: "ack 12" });
    const [request] = door.requests;
    if (request === undefined) throw new Error("no request");
    await chat.answer(request, view, "public");
    expect(slack.repliesTo(incidents.id, card.ts)).toHaveLength(1);
    await chat.answer(request, view, "private");
    expect(slack.ephemerals).toHaveLength(1);
    expect(slack.messagesIn(incidents.id)).toHaveLength(1);
  });

  test("where the bot is no member a command is answered all the same", async () => {
    const { slack, chat, door } = await start();
    slack.addChannel({ id: "C0OUT", isMember: false });
    await slack.slash({ command: "/tocsin", text: "ack 12", channel: "C0OUT" });
    const [request] = door.requests;
    if (request === undefined) throw new Error("no request");
    await chat.answer(request, view, "private");
    expect(slack.ephemerals.at(-1)).toMatchObject({ channel: "C0OUT", via: "response_url" });
    await chat.answer(request, view, "public");
    expect(slack.messagesIn("C0OUT")).toHaveLength(1);
  });

  test("an expired or used-up response URL is replaced by an ephemeral message", async () => {
    const { slack, chat, door } = await start();
    await slack.slash({ command: "/ack", text: "12", channel: incidents.id });
    const [request] = door.requests;
    if (request === undefined) throw new Error("no request");
    for (let index = 0; index < 6; index += 1) await chat.answer(request, view, "private");
    expect(slack.ephemerals.map((one) => one.via)).toEqual([
      ...Array.from({ length: 5 }, () => "response_url"),
      "chat.postEphemeral",
    ]);
    slack.advance(31 * 60_000);
    await chat.answer(request, view, "private");
    expect(slack.callsOf("response_url").at(-1)?.outcome).toBe("expired_url");
    expect(slack.ephemerals).toHaveLength(7);
  });

  test("a private answer of which nothing is known is not given twice", async () => {
    const { slack, chat, door } = await start();
    await slack.slash({ command: "/ack", text: "12", channel: incidents.id });
    const [request] = door.requests;
    if (request === undefined) throw new Error("no request");
    slack.faults.add({ method: "response_url", kind: "commit_then_reset" });
    await chat.answer(request, view, "private");
    expect(slack.ephemerals).toHaveLength(1);
    expect(readableText(slack.ephemerals[0]?.blocks)).toContain("an answer");
  });

  test("clicking twice is two requests, a redelivered click one", async () => {
    const { slack, chat, door } = await start();
    await chat.post(incidents, { key: "card1", view: sampleCard() });
    const [message] = slack.messagesIn(incidents.id);
    if (message === undefined) throw new Error("no card");
    const [first] = await Promise.all([
      slack.press({ message, button: "ack 12" }),
      slack.press({ message, button: "ack 12" }),
    ]);
    await slack.redeliver(first);
    expect(door.requests).toHaveLength(3);
    expect(new Set(door.requests.map((request) => request.key)).size).toBe(2);
  });
});
