import { createHmac } from "node:crypto";
import { describe, expect, test } from "vitest";
import { checkSignature } from "../../../../src/adapters/chat/slack/http.ts";
import { readButton, readSlashCommand } from "../../../../src/adapters/chat/slack/requests.ts";

const now = new Date("2026-03-04T05:06:07Z");
const slash = {
  command: "/ack",
  text: "12 it&apos;s &lt;mine&gt;",
  user_id: "U1",
  user_name: "oncall",
  channel_id: "C1",
  trigger_id: "1.2.abc",
  response_url: "https://hooks.slack.example/1",
};

describe("slash commands", () => {
  test("name, text, person and channel, and how to answer", () => {
    expect(readSlashCommand({ ...slash, text: "12 --note a&lt;b" }, now)).toEqual({
      key: expect.stringMatching(/^slack-[0-9a-f]{40}$/),
      account: { platform: "slack", id: "U1", name: "oncall" },
      channel: { platform: "slack", id: "C1" },
      command: "ack",
      input: { kind: "text", text: "12 --note a<b" },
      receivedAt: now,
      reply: { kind: "slash", channel: "C1", user: "U1", response_url: "https://hooks.slack.example/1" },
    });
  });

  test.each([
    ["/tocsin", "ack 12 looking", "ack", "12 looking"],
    ["/tocsin", "/ACK 12", "ack", "12"],
    ["/tocsin", "  ", "help", ""],
    ["/Incidents", "", "incidents", ""],
  ])("%s %s is %s", (command, text, name, rest) => {
    const request = readSlashCommand({ ...slash, command, text }, now);
    expect(request).toMatchObject({ command: name, input: { text: rest } });
  });

  test("the trigger is the identity: text may repeat", () => {
    const key = (trigger_id: string) => readSlashCommand({ ...slash, trigger_id }, now)?.key;
    expect(key("a")).toBe(key("a"));
    expect(key("a")).not.toBe(key("b"));
  });

  test("anything else is not a command", () => {
    expect(readSlashCommand({ type: "event_callback" }, now)).toBeNull();
    expect(readSlashCommand(undefined, now)).toBeNull();
  });
});

describe("buttons", () => {
  const press = {
    type: "block_actions",
    user: { id: "U1", username: "oncall" },
    channel: { id: "C1" },
    message: { ts: "1.000001" },
    trigger_id: "t1",
    response_url: "https://hooks.slack.example/2",
    actions: [{ action_id: "tocsin:1", value: "rollback ranker --to 41", action_ts: "2.0" }],
  };

  test("the value is the command line, and a public answer goes under the card", () => {
    expect(readButton(press, now)).toMatchObject({
      command: "rollback",
      input: { kind: "text", text: "ranker --to 41" },
      account: { name: "oncall" },
      reply: { kind: "button", thread_ts: "1.000001" },
    });
  });

  test("in a thread the answer stays in the thread", () => {
    const inThread = { ...press, message: { ts: "2.000001", thread_ts: "1.000001" } };
    expect(readButton(inThread, now)?.reply["thread_ts"]).toBe("1.000001");
  });

  test("two presses are two requests", () => {
    expect(readButton(press, now)?.key).not.toBe(readButton({ ...press, trigger_id: "t2" }, now)?.key);
  });

  test("another app's button is not ours", () => {
    expect(readButton({ ...press, actions: [{ action_id: "other", value: "ack 12" }] }, now)).toBeNull();
    expect(readButton({ ...press, actions: [{ action_id: "tocsin:0" }] }, now)).toBeNull();
  });
});

describe("signatures", () => {
  const secret = "8f742231b10e8888abcd99yyyzzz85a5";
  const body = Buffer.from("token=x&command=%2Fack");
  const seconds = Math.floor(now.getTime() / 1000);
  const sign = (timestamp: number, key = secret) =>
    `v0=${createHmac("sha256", key).update(`v0:${timestamp}:`).update(body).digest("hex")}`;
  const check = (timestamp: number, signature = sign(timestamp), bytes: Uint8Array = body) =>
    checkSignature({ secret, timestamp: String(timestamp), signature, body: bytes, now });

  test("the right one passes, within five minutes either way", () => {
    expect(check(seconds)).toBe("valid");
    expect(check(seconds - 300)).toBe("valid");
    expect(check(seconds + 299)).toBe("valid");
  });
  test("a timestamp too far in the past or in the future does not", () => {
    expect(check(seconds - 302)).toBe("stale");
    expect(check(seconds + 3_600)).toBe("stale");
  });
  test("a changed byte, another secret or a malformed signature does not", () => {
    expect(check(seconds, sign(seconds), Buffer.from("token=x&command=%2Fabk"))).toBe("invalid");
    expect(check(seconds, sign(seconds, "other"))).toBe("invalid");
    expect(check(seconds, "v0=abc")).toBe("invalid");
    expect(check(seconds, sign(seconds).toUpperCase())).toBe("invalid");
    expect(checkSignature({ secret, timestamp: "1e9", signature: sign(seconds), body, now })).toBe("invalid");
    expect(checkSignature({ secret, timestamp: undefined, signature: undefined, body, now })).toBe("missing");
  });
  test("the example of Slack's documentation passes", () => {
    const documented = Buffer.from(
      "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c",
    );
    const check = checkSignature({
      secret: "8f742231b10e8888abcd99yyyzzz85a5",
      timestamp: "1531420618",
      signature: "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503",
      body: documented,
      now: new Date(1_531_420_618_000),
    });
    expect(check).toBe("valid");
  });
});
