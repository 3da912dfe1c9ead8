/**
 * Slack, through @slack/bolt: Socket Mode with an app token, or HTTP with a signing secret.
 * @see https://docs.slack.dev/tools/bolt-js
 */
import type { RequestListener } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import type { App, Receiver } from "@slack/bolt";
import type { Chat, ChatDoor, Finding } from "../../ports/chat.ts";
import type { Log, Metrics } from "../../ports/observability.ts";
import type { Secret } from "../../ports/secret.ts";
import { createChannelHost } from "./slack/channels.ts";
import { clientOptions, createSlackApi, type SlackApi, tokenCodes } from "./slack/client.ts";
import { checkSlack, notOk, reinstall } from "./slack/doctor.ts";
import { createHome } from "./slack/home.ts";
import { createHttpReceiver } from "./slack/http.ts";
import { type Intake, listen } from "./slack/intake.ts";
import { sdkLogger } from "./slack/logger.ts";
import { type OwnChannels, scopesFor } from "./slack/manifest.ts";
import { createMessages } from "./slack/messages.ts";
import { explainRefusal } from "./slack/refusals.ts";
import { saveWithinMs } from "./slack/saving.ts";
import { type SocketOptions, type SocketSupervisor, superviseSocket } from "./slack/socket.ts";
import { fetchWith, secretsOf } from "./slack/tokens.ts";

export { type ManifestOptions, neededScopes, type OwnChannels, slackManifest } from "./slack/manifest.ts";

export interface SlackOptions {
  /** Bot token, "xoxb-…". */
  readonly botToken: Secret | string;
  /** App-level token, "xapp-…": Socket Mode. Wins over the signing secret. */
  readonly appToken?: Secret | string | undefined;
  /** Signing secret: HTTP mode; mount {@link SlackChat.handler}. */
  readonly signingSecret?: Secret | string | undefined;
  /** Base of the Web API, for government clouds, gateways and proxies; default https://slack.com/api/. */
  readonly apiUrl?: string | undefined;
  /** Whether incidents get channels of their own, which needs more scopes; default none. */
  readonly ownChannels?: OwnChannels;
  /** Names of emoji that pin a message to an incident, without colons; default pushpin. */
  readonly pinEmoji?: readonly string[];
  readonly log: Log;
  readonly metrics: Metrics;
  readonly now?: () => Date;
  /** For tests: how long a request may take to be saved before the person hears of it. */
  readonly saveWithinMs?: number;
  /** For tests: how long one call of the Web API may take; 10 s. */
  readonly callTimeoutMs?: number;
  /** For tests: how the socket is tried again. */
  readonly socket?: Pick<SocketOptions, "connectWithinMs" | "backoffMs">;
}

export interface SlackChat extends Chat {
  /** HTTP mode: serves POST /slack/events; wants the request's body unread. Null in Socket Mode. */
  readonly handler: RequestListener | null;
}

/** Who we are, from auth.test; null until Slack has said so. */
interface Identity {
  readonly userId: string;
  readonly botId: string | undefined;
  readonly teamId: string | undefined;
}

/** A call times out after 10 s; Slack may still commit it a little later. */
const settleMs = 12_000;

/** Waits before Slack is asked again who we are, ms. */
const identifyBackoffMs = [2_000, 10_000, 60_000, 300_000] as const;

/**
 * Slack as a chat platform. Loads the SDK; connects only at `start`.
 * @throws Error when a token has the wrong form or neither way to receive requests is configured.
 */
export async function createSlack(options: SlackOptions): Promise<SlackChat> {
  const { botToken, appToken, signingSecret } = secretsOf(options);
  const bolt = await import("@slack/bolt");
  const { log, metrics } = options;
  const now = options.now ?? (() => new Date());
  const logger = sdkLogger(log, { info: bolt.LogLevel.INFO });
  const sdkOptions = () => clientOptions(options.apiUrl, logger, options.callTimeoutMs);
  const client = new bolt.webApi.WebClient(undefined, sdkOptions());
  const onNewToken = async () => {
    // Of a new installation: another user may speak for the app.
    await identify();
  };
  const api = createSlackApi({ sdk: bolt.webApi, client, botToken, onNewToken, log, metrics });
  const scopes = scopesFor(options.ownChannels ?? "none");
  let identity: Identity | null = null;
  let intake: Intake | null = null;
  const stopping = new AbortController();
  const botUserId = () => identity?.userId ?? null;
  const messages = createMessages({ api, log, botUserId });
  const home = createHome({ api, log });
  const entrance = appToken === null ? httpEntrance() : socketEntrance(appToken);

  function httpEntrance(): Entrance {
    const receiver = createHttpReceiver({ signingSecret, log, now });
    return { receiver, socket: null, handler: receiver.handler };
  }

  function socketEntrance(appToken: Secret): Entrance {
    const receiver = new bolt.SocketModeReceiver({
      appToken: appToken.current(),
      autoReconnectEnabled: false,
      logger,
      // A custom receiver ignores the App's client options and would call slack.com.
      installerOptions: { clientOptions: { ...sdkOptions(), fetch: fetchWith(appToken) } },
      // Unsaved is unacknowledged: Slack delivers it again.
      processEventErrorHandler: async ({ error }) => {
        log.error({ error: error.message }, "slack: a request could not be processed");
        return false;
      },
    });
    const codeOf = (error: unknown) =>
      error instanceof bolt.webApi.WebAPIPlatformError ? error.data.error : null;
    async function connect(): Promise<void> {
      const token = appToken.current();
      try {
        await receiver.start();
      } catch (error) {
        // The next attempt, a moment later, is made with the new one if there is one.
        if (tokenCodes.has(codeOf(error) ?? "")) await appToken.hasChangedFrom(token);
        throw error;
      }
    }
    const socket = superviseSocket({
      client: receiver.client,
      connect,
      codeOf,
      log,
      metrics,
      ...options.socket,
    });
    return { receiver, socket, handler: null };
  }

  function createApp(): App {
    return new bolt.App({
      receiver: entrance.receiver,
      logger,
      clientOptions: sdkOptions(),
      // Nothing is kept between requests.
      convoStore: false,
      // With `token` the App would call auth.test by itself and reject unheard while Slack is away.
      authorize: () => Promise.resolve({ botToken: botToken.current(), ...authorization(identity) }),
    });
  }

  /** Asks Slack who we are. What it refuses the token for, or null: Slack being away is no refusal. */
  async function identify(): Promise<string | null> {
    const answer = await api.call("auth.test", {});
    if (answer.kind === "ok") {
      identity = identityOf(answer.data);
      warnOfScopes(answer.scopes);
      return null;
    }
    if (answer.kind === "refused" && tokenCodes.has(answer.code)) {
      const { problem, remedy } = explainRefusal(answer, "");
      return `slack: ${problem}; ${remedy}`;
    }
    log.warn({ answer }, "slack: not reached; going on");
    return null;
  }

  /** Until Slack has said who we are, asks again: an app that was removed may be installed again with the same token. */
  async function keepIdentifying(): Promise<void> {
    for (let attempt = 0; identity === null && !stopping.signal.aborted; attempt += 1) {
      const waitMs = identifyBackoffMs[Math.min(attempt, identifyBackoffMs.length - 1)];
      await sleep(waitMs, undefined, { signal: stopping.signal, ref: false }).catch(() => undefined);
      if (!stopping.signal.aborted) await identify();
    }
  }

  async function self(): Promise<string | null> {
    if (identity === null) await identify();
    return botUserId();
  }

  function warnOfScopes(granted: readonly string[] | null): void {
    const missing = granted === null ? [] : scopes.filter((scope) => !granted.includes(scope));
    if (missing.length > 0)
      log.warn(
        { missing, remedy: reinstall },
        "slack: the token lacks scopes; what needs them will not work",
      );
  }

  async function checkDoor(): Promise<Finding> {
    const subject = "slack requests";
    if (appToken === null)
      return { status: "ok", subject, text: "HTTP mode: Slack must reach POST /slack/events of this bot" };
    if (entrance.socket?.isConnected() === true)
      return { status: "ok", subject, text: "Socket Mode is connected" };
    return checkAppToken(api, appToken.current());
  }

  return {
    platform: "slack",
    channelPaceMs: 1_000,
    // chat.update is in tier 3: https://docs.slack.dev/apis/web-api/rate-limits
    editsPerMinute: 50,
    settleMs,
    handler: entrance.handler,
    async start(door: ChatDoor) {
      const wrong = await identify();
      void keepIdentifying();
      const save = options.saveWithinMs === undefined ? {} : { saveWithinMs: options.saveWithinMs };
      const app = createApp();
      const pinEmoji = new Set(options.pinEmoji ?? ["pushpin"]);
      home.listen(app, door);
      intake = listen({ app, door, api, botUserId, now, log, metrics, pinEmoji, ...save });
      const connecting = entrance.socket?.start() ?? Promise.resolve();
      if (wrong === null) return connecting;
      await connecting.catch((error: unknown) =>
        log.warn({ error: String(error) }, "slack: no socket either"),
      );
      throw new Error(wrong);
    },
    async stop() {
      stopping.abort();
      const serving = intake;
      intake = null;
      // What has arrived is saved and acknowledged before the connection goes.
      await serving?.settle(saveWithinMs);
      await entrance.socket?.stop();
    },
    post: messages.post,
    edit: messages.edit,
    find: messages.find,
    answer: (request, view, visibility) =>
      home.isFrom(request) ? home.answer(request, view) : messages.answer(request, view, visibility),
    channels: createChannelHost({ api, settleMs, self }),
    check: (channels) => checkSlack(api, channels, { checkDoor, scopes }),
    isConnected: () => intake !== null && (entrance.socket?.isConnected() ?? api.isReachable()),
  };
}

interface Entrance {
  readonly receiver: Receiver;
  readonly socket: SocketSupervisor | null;
  readonly handler: RequestListener | null;
}

function identityOf(data: Readonly<Record<string, unknown>>): Identity | null {
  const { user_id: userId, bot_id: botId, team_id: teamId } = data;
  if (typeof userId !== "string") return null;
  return {
    userId,
    botId: typeof botId === "string" ? botId : undefined,
    teamId: typeof teamId === "string" ? teamId : undefined,
  };
}

function authorization(identity: Identity | null): { botId?: string; botUserId?: string; teamId?: string } {
  if (identity === null) return {};
  return {
    botUserId: identity.userId,
    ...(identity.botId === undefined ? {} : { botId: identity.botId }),
    ...(identity.teamId === undefined ? {} : { teamId: identity.teamId }),
  };
}

async function checkAppToken(api: SlackApi, appToken: string): Promise<Finding> {
  const subject = "slack requests";
  const answer = await api.call("apps.connections.open", { token: appToken });
  if (answer.kind === "ok") return { status: "ok", subject, text: "Socket Mode: the app token works" };
  const finding = notOk(subject, answer, "");
  const remedy = "make an app-level token with connections:write and switch Socket Mode on";
  return answer.kind === "refused" ? { ...finding, remedy } : finding;
}
