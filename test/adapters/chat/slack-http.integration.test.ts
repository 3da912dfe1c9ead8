import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { createSlack, type SlackChat } from "../../../src/adapters/chat/slack.ts";
import { noMetrics, silentLog } from "../../../src/ports/observability.ts";
import { type RecordingDoor, recordingDoor, sampleCard, sampleCommands } from "../../contracts/chat.ts";
import { type ReplaceableSecret, replaceableSecret } from "../../fakes/secret.ts";
import { type FakeSlack, startFakeSlack } from "../../fakes/slack.ts";

interface HttpSetup {
  readonly slack: FakeSlack;
  readonly chat: SlackChat;
  readonly door: RecordingDoor;
  readonly address: string;
  readonly server: Server;
  readonly signingSecret: ReplaceableSecret;
}
let setup: HttpSetup | null = null;

afterEach(async () => {
  await setup?.chat.stop();
  setup?.server.closeAllConnections();
  setup?.server.close();
  const violations = setup?.slack.violations ?? [];
  await setup?.slack.close();
  setup = null;
  expect(violations).toEqual([]);
});

/** The bot's own server with Slack's handler mounted, and a Slack that delivers there. */
async function start(saveWithinMs?: number): Promise<HttpSetup> {
  const slack = await startFakeSlack({ ackWithinMs: 1_000 });
  slack.addChannel({ id: "C0INCIDENTS" });
  const signingSecret = replaceableSecret("SLACK_SIGNING_SECRET", slack.signingSecret);
  const chat = await createSlack({
    botToken: slack.botToken,
    signingSecret,
    apiUrl: slack.apiUrl,
    log: silentLog,
    metrics: noMetrics,
    ...(saveWithinMs === undefined ? {} : { saveWithinMs }),
  });
  const door = recordingDoor();
  await chat.start(door, sampleCommands);
  const server = createServer((request, response) => {
    if (request.url === "/slack/events" && chat.handler !== null) chat.handler(request, response);
    else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  // A listening TCP server has an AddressInfo.
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/slack/events`;
  slack.requestUrl = address;
  setup = { slack, chat, door, address, server, signingSecret };
  return setup;
}

const form = "application/x-www-form-urlencoded";
function send(address: string, body: string, headers: Readonly<Record<string, string>>): Promise<Response> {
  return fetch(address, { method: "POST", body, headers: { "content-type": form, ...headers } });
}

describe("requests over HTTP", () => {
  test("commands, buttons and mentions arrive like those of Socket Mode", async () => {
    const { slack, chat, door } = await start();
    const command = await slack.slash({ command: "/ack", text: "12", channel: "C0INCIDENTS" });
    await chat.post({ platform: "slack", id: "C0INCIDENTS" }, { key: "card1", view: sampleCard() });
    const [message] = slack.messagesIn("C0INCIDENTS");
    if (message === undefined) throw new Error("no card");
    const button = await slack.press({ message, button: "Roll back" });
    const mention = await slack.mention({ text: "why 12", channel: "C0INCIDENTS", threadTs: message.ts });
    expect([command.isAcked, button.isAcked, mention.isAcked]).toEqual([true, true, true]);
    expect(door.requests.map((request) => request.command)).toEqual(["ack", "rollback", "why"]);
    expect(chat.isConnected()).toBe(true);
    expect(slack.socketCount()).toBe(0);
  });

  test("a signing secret that is made anew: refused, and heard again once the bot has the new one", async () => {
    const { slack, door, signingSecret } = await start();
    slack.renewTokens();
    expect((await slack.slash({ command: "/ack", text: "1" })).isAcked).toBe(false);
    signingSecret.replaceBy(slack.signingSecret);
    expect((await slack.slash({ command: "/ack", text: "2" })).isAcked).toBe(true);
    expect(door.requests).toHaveLength(1);
  });

  test("the same signed request twice is the same key", async () => {
    const { slack, door } = await start();
    const delivery = await slack.slash({ command: "/ack", text: "12" });
    await slack.redeliver(delivery);
    expect(door.requests).toHaveLength(2);
    expect(door.requests[0]?.key).toBe(door.requests[1]?.key);
  });

  test("Slack's address check is answered", async () => {
    const { slack, address } = await start();
    const body = JSON.stringify({ type: "url_verification", challenge: "abc", token: "x" });
    const headers = { ...slack.sign(body, new Date()), "content-type": "application/json" };
    const response = await send(address, body, headers);
    expect(await response.json()).toEqual({ challenge: "abc" });
  });

  test("a mention that is not saved is answered 503, and comes again with the same key", async () => {
    const { slack, door } = await start();
    door.failNext();
    const delivery = await slack.mention({ text: "ack 12", channel: "C0INCIDENTS" });
    expect(delivery).toMatchObject({ isAcked: true, attempts: 2 });
    expect(door.requests[0]?.key).toBe(door.requests[1]?.key);
  });

  test("a command while the database is slow is answered in time with words", async () => {
    const { slack, door } = await start(60);
    const release = door.hold();
    const delivery = await slack.slash({ command: "/ack", text: "12" });
    release();
    expect(delivery.isAcked).toBe(true);
    expect(slack.ephemerals[0]?.text).toContain("database is slow");
  });
});

describe("refused requests", () => {
  const body = "command=%2Fack&text=12&user_id=U1&trigger_id=1.2";
  const hour = 3_600_000;

  test.each<[string, number, (sign: FakeSlack["sign"]) => Readonly<Record<string, string>>]>([
    ["no signature", 401, () => ({})],
    ["an old timestamp", 401, (sign) => sign(body, new Date(Date.now() - hour))],
    ["a timestamp in the future", 401, (sign) => sign(body, new Date(Date.now() + hour))],
    ["a signature of another body", 401, (sign) => sign(`${body}3`, new Date())],
    ["a repeated header", 401, (sign) => ({ ...sign(body, new Date()), "x-slack-signature": "v0=00" })],
  ])("%s is answered %i and reaches nobody", async (_, status, headers) => {
    const { slack, address, door } = await start();
    const response = await send(address, body, headers(slack.sign));
    expect(response.status).toBe(status);
    expect(await response.text()).toMatch(/^signature \w+ \(reference [0-9a-f]{8}\)$/);
    expect(door.requests).toEqual([]);
  });

  test("a signed body that is no Slack request is answered 400; GET 405; too much 413", async () => {
    const { slack, address, door } = await start();
    const json = { "content-type": "application/json" };
    const broken = "{";
    expect((await send(address, broken, { ...slack.sign(broken, new Date()), ...json })).status).toBe(400);
    expect((await fetch(address)).status).toBe(405);
    const huge = "x".repeat(1_100_000);
    expect((await send(address, huge, slack.sign(huge, new Date()))).status).toBe(413);
    expect(door.requests).toEqual([]);
  });
});
