/** Which chat platforms there are, from the configuration. SDKs are loaded only for those that have tokens. */
import { type Console, createConsole } from "../adapters/chat/console.ts";
import type { OpenStore } from "../adapters/store/store.ts";
import type { Config } from "../config.ts";
import { isLoopback } from "../domain/alert/sender.ts";
import type { RequestHandler } from "../http.ts";
import {
  type Channel,
  type Chat,
  type Clock,
  type Log,
  type Metrics,
  type Pages,
  parseChannel,
} from "../ports.ts";
import { ownChannelsOf } from "./own-channels.ts";
import { openSecret } from "./secrets.ts";

export interface Chats {
  readonly byPlatform: ReadonlyMap<string, Chat>;
  readonly console: Console;
  /** Paths that a platform posts to, by their first segment. */
  readonly routes: ReadonlyMap<string, RequestHandler>;
}

export interface ChatParts {
  readonly config: Config;
  readonly store: OpenStore;
  /** How far triage lags, ms; null when unknown. This and the pages are absent where nobody looks: for doctor. */
  readonly lagMs?: () => number | null;
  readonly pages?: Pages;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
}

/** Creates every configured platform; none connects yet. */
export async function createChats(parts: ChatParts): Promise<Chats> {
  const { config, log, metrics } = parts;
  const console = await createConsoleChat(parts);
  const byPlatform = new Map<string, Chat>([["console", console]]);
  const routes = new Map<string, RequestHandler>();
  if (config.slack !== null) {
    const { createSlack } = await import("../adapters/chat/slack.ts");
    const { botToken, appToken, signingSecret, apiUrl } = config.slack;
    const secret = (name: string, value: string | null) =>
      value === null ? undefined : openSecret(name, value, parts);
    const slack = await createSlack({
      botToken: openSecret("SLACK_BOT_TOKEN", botToken, parts),
      log,
      metrics,
      appToken: secret("SLACK_APP_TOKEN", appToken),
      signingSecret: secret("SLACK_SIGNING_SECRET", signingSecret),
      apiUrl: apiUrl ?? undefined,
      ownChannels: ownChannelsOf(config),
      pinEmoji: config.pinEmoji.slack,
    });
    byPlatform.set("slack", slack);
    if (slack.handler !== null) routes.set("slack", slack.handler);
  }
  if (config.discord !== null) {
    const { createDiscord } = await import("../adapters/chat/discord.ts");
    const { token, apiUrl, guildIds } = config.discord;
    byPlatform.set(
      "discord",
      await createDiscord({
        token: openSecret("DISCORD_TOKEN", token, parts),
        log,
        metrics,
        ...(apiUrl === null ? {} : { apiUrl }),
        guildIds,
        pinEmoji: config.pinEmoji.discord,
      }),
    );
  }
  return { byPlatform, console, routes };
}

function createConsoleChat({ config, store, lagMs, pages, log }: ChatParts): Promise<Console> {
  return createConsole({
    messages: store.console,
    posts: store.posts,
    people: config.people,
    tokens: config.consoleTokens,
    isLoopback: isLoopback(config.host),
    sessionKey: store.sessionKey,
    channels: configuredChannels(config)
      .filter((channel) => channel.platform === "console")
      .map((channel) => channel.id),
    ...(lagMs === undefined ? {} : { lagMs }),
    ...(pages === undefined ? {} : { pages }),
    log,
  });
}

/** Every channel that the configuration names, each once. */
export function configuredChannels(config: Config): readonly Channel[] {
  const names = [
    ...config.routes.map((route) => route.to),
    ...config.rolloutChannels,
    ...config.digests.flatMap((digest) => digest.to),
  ];
  return [...new Set(names)].map(parseChannel).filter((channel) => channel !== null);
}
