import { expect, test } from "vitest";
import { withoutSecrets } from "../../../../src/adapters/chat/slack/logger.ts";
import { neededScopes, scopesFor, slackManifest } from "../../../../src/adapters/chat/slack/manifest.ts";
import { sampleCommands } from "../../../contracts/chat.ts";

const manifest = (...args: Parameters<typeof slackManifest>) => JSON.parse(slackManifest(...args));

test("has every loaded command and the umbrella, with hints from the positions", () => {
  expect(manifest(sampleCommands).features.slash_commands).toEqual([
    expect.objectContaining({ command: "/tocsin" }),
    {
      command: "/ack",
      description: "Say that you have an incident",
      usage_hint: "<incident> [note]",
      should_escape: false,
    },
    { command: "/help", description: "What you can do here", should_escape: false },
  ]);
});

test("leaves out names that Slack keeps for itself or does not take", () => {
  const shape = (name: string) => ({ name, summary: "x", examples: [], options: [] });
  const commands = ["status", "Remind", "remind", "a b", "x".repeat(40), "tocsin", "ok"].map(shape);
  expect(manifest(commands).features.slash_commands.map((one: { command: string }) => one.command)).toEqual([
    "/tocsin",
    "/ok",
  ]);
});

test("Socket Mode needs no address; HTTP mode has it everywhere", () => {
  expect(manifest(sampleCommands).settings).toMatchObject({
    socket_mode_enabled: true,
    interactivity: { is_enabled: true },
    event_subscriptions: {
      bot_events: ["app_home_opened", "app_mention", "message.im", "reaction_added", "reaction_removed"],
    },
  });
  expect(slackManifest(sampleCommands)).not.toContain("url");
  const requestUrl = "https://bot.example.com/slack/events";
  const http = manifest(sampleCommands, { requestUrl });
  expect(http.settings.socket_mode_enabled).toBe(false);
  expect(http.settings.interactivity.request_url).toBe(requestUrl);
  expect(http.settings.event_subscriptions.request_url).toBe(requestUrl);
  expect(http.features.slash_commands.every((one: { url?: string }) => one.url === requestUrl)).toBe(true);
});

test("asks for the scopes that doctor looks for, and no more", () => {
  expect(manifest([]).oauth_config.scopes).toEqual({ bot: neededScopes });
  expect([...neededScopes].sort()).toEqual([
    "app_mentions:read",
    "channels:history",
    "channels:read",
    "chat:write",
    "commands",
    "files:write",
    "groups:history",
    "groups:read",
    "im:history",
    "reactions:read",
  ]);
});

test("the SDK's log lines lose tokens, tickets and response URLs", () => {
  const line = withoutSecrets(
    "xoxb-12-ab wss://wss.slack.example/link/?ticket=abc https://hooks.slack.example/T1/2/s",
  );
  expect(line).toBe("xoxb-… wss://wss.slack.example/… https://hooks.slack.example/…");
});

test("asks for more only where incidents get channels of their own, and for private ones only where there are any", () => {
  const more = (own: "public" | "private") => {
    const { bot } = manifest([], { ownChannels: own }).oauth_config.scopes;
    expect(bot).toEqual(scopesFor(own));
    return bot.filter((scope: string) => !neededScopes.includes(scope));
  };
  expect(more("public")).toEqual(["bookmarks:read", "bookmarks:write", "channels:manage"]);
  expect(more("private")).toEqual(["bookmarks:read", "bookmarks:write", "channels:manage", "groups:write"]);
  expect(manifest([], { ownChannels: "none" })).toEqual(manifest([]));
});
