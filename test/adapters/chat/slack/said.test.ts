import { describe, expect, test } from "vitest";
import { readSaid } from "../../../../src/adapters/chat/slack/said.ts";

const now = new Date("2026-03-04T05:06:07Z");

describe("mentions", () => {
  const mention = (text: string, more: Readonly<Record<string, unknown>> = {}) => ({
    type: "event_callback",
    event_id: "Ev1",
    event: { type: "app_mention", user: "U1", text, channel: "C1", ts: "5.000001", ...more },
  });

  test.each([
    ["<@UBOT> ack 12", "ack", "12"],
    ["<@UBOT>: /ack 12", "ack", "12"],
    ["hey <@UBOT|tocsin>, why 12", "why", "12"],
    ["<@U2> and <@UBOT> why 12", "why", "12"],
    ["<@UBOT>", "help", ""],
    ["<@UBOT> silence service=a&amp;b for &lt;2h&gt;", "silence", "service=a&b for <2h>"],
  ])("%s", (text, command, rest) => {
    expect(readSaid(mention(text), "UBOT", now)).toMatchObject({ command, input: { text: rest } });
  });

  test("before Slack has said who we are the first mention counts", () => {
    expect(readSaid(mention("<@UBOT> why 12"), null, now)).toMatchObject({ command: "why" });
  });

  test("answers go to the thread; only within one they are shown there privately", () => {
    expect(readSaid(mention("<@UBOT> why 1"), "UBOT", now)?.reply).toMatchObject({
      thread_ts: "5.000001",
    });
    expect(readSaid(mention("<@UBOT> why 1"), "UBOT", now)?.reply).not.toHaveProperty("in_thread");
    const inThread = mention("<@UBOT> why 1", { thread_ts: "4.000001" });
    expect(readSaid(inThread, "UBOT", now)?.reply).toMatchObject({
      thread_ts: "4.000001",
      in_thread: "yes",
    });
  });

  test("within a thread the request names the message that the thread hangs on", () => {
    const inThread = mention("<@UBOT> ack", { thread_ts: "4.000001" });
    expect(readSaid(inThread, "UBOT", now)?.thread).toEqual([
      { channel: { platform: "slack", id: "C1" }, data: { ts: "4.000001" } },
    ]);
    expect(readSaid(mention("<@UBOT> ack"), "UBOT", now)).not.toHaveProperty("thread");
  });

  test("a message that was edited has been carried out as it was first", () => {
    const edited = mention("<@UBOT> ack 1", { edited: { user: "U1", ts: "6.000000" } });
    expect(readSaid(edited, "UBOT", now)).toBeNull();
  });

  test("bots are not listened to, least of all ourselves", () => {
    expect(readSaid(mention("<@UBOT> ack 1", { bot_id: "B2" }), "UBOT", now)).toBeNull();
    expect(readSaid(mention("<@UBOT> ack 1", { user: "UBOT" }), "UBOT", now)).toBeNull();
  });
});

describe("direct messages", () => {
  const direct = (text: string, more: Readonly<Record<string, unknown>> = {}) => ({
    type: "event_callback",
    event_id: "Ev2",
    event: {
      type: "message",
      channel_type: "im",
      user: "U1",
      text,
      channel: "D1",
      ts: "5.000001",
      ...more,
    },
  });

  test.each([
    ["ack 12", "ack", "12"],
    ["/ack 12", "ack", "12"],
    ["<@UBOT> ack 12", "ack", "12"],
    ["", "help", ""],
  ])("%s needs no mention", (text, command, rest) => {
    expect(readSaid(direct(text), "UBOT", now)).toMatchObject({
      command,
      input: { text: rest },
      channel: { platform: "slack", id: "D1" },
      reply: { kind: "direct", channel: "D1", user: "U1" },
    });
  });

  test.each([
    ["the bot's own answer", { user: "UBOT", bot_id: "B1" }],
    ["another bot's", { bot_id: "B2" }],
    ["an edit", { subtype: "message_changed" }],
    ["a deletion", { subtype: "message_deleted" }],
    ["one without a person", { user: undefined }],
    ["a message in a channel", { channel_type: "channel", channel: "C1" }],
  ])("not listened to: %s", (_what, more) => {
    expect(readSaid(direct("ack 12", more), "UBOT", now)).toBeNull();
  });
});
