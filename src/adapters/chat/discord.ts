/** Discord as a chat: REST for what we say, the gateway for what people ask. */
import type { View } from "../../domain/view.ts";
import {
  type Chat,
  type CommandShape,
  type Finding,
  type Log,
  type Metrics,
  type Secret,
  secretOf,
} from "../../ports.ts";
import { createAnswers } from "./discord/answers.ts";
import { createApi, type Failure } from "./discord/api.ts";
import { check } from "./discord/check.ts";
import { catalogOf, register } from "./discord/commands.ts";
import { createGateway, defaultTiming, type Gateway, type GatewayTiming } from "./discord/gateway.ts";
import { createInteractions } from "./discord/interactions.ts";
import { createMessages } from "./discord/messages.ts";
import { problemOf, remedyOf } from "./discord/outcome.ts";
import { createRights } from "./discord/permissions.ts";
import { createPins } from "./discord/pins.ts";
import { createSaid } from "./discord/said.ts";
import { createSearch } from "./discord/search.ts";
import { applicationShape, gatewayShape, userShape } from "./discord/shapes.ts";
import { createTags } from "./discord/tags.ts";
import type { SessionLimit } from "./discord/throttle.ts";
import { bareToken } from "./discord/token.ts";

export interface DiscordOptions {
  /** Bot token from the Developer Portal. */
  readonly token: Secret | string;
  /** Base of the REST API, without version; default https://discord.com/api. */
  readonly apiUrl?: string;
  /** Servers to register commands in, where they appear at once; default: everywhere the bot is. */
  readonly guildIds?: readonly string[];
  /** Emoji that pin a message to an incident, "📌" or the name of a server's own; default none. */
  readonly pinEmoji?: readonly string[];
  readonly log: Log;
  readonly metrics: Metrics;
  /** Waits; tests shorten them. */
  readonly timing?: Partial<GatewayTiming>;
}

/**
 * Discord allows bursts of five writes a channel and says with every reply how many are left; the client refuses
 * locally, without a request, what would exceed it. So the pace only keeps bursts short.
 * @see https://discord.com/developers/docs/topics/rate-limits
 */
const channelPaceMs = 250;
/**
 * A message is visible as soon as Discord has it, and for about two minutes a second attempt with the same nonce
 * returns the first one's message. So little time is needed before an absent message is believed.
 */
const settleMs = 2_000;
const registerBackoffMs = [2_000, 10_000, 60_000, 300_000] as const;
/** Questions of buttons that this process has rendered. */
const maxQuestions = 1_000;

/**
 * Makes the adapter; nothing is sent before {@link Chat.start}, except by calls of post, edit, find and check.
 * @throws Error when the token is empty or the server id is not a number.
 */
export async function createDiscord(options: DiscordOptions): Promise<Chat> {
  const { log, metrics } = options;
  const token = secretOf("DISCORD_TOKEN", options.token);
  if (bareToken(token) === "") throw new Error("discord: DISCORD_TOKEN is empty; expected the bot's token");
  const guildIds = options.guildIds ?? [];
  const wrongId = guildIds.find((id) => !/^\d{1,20}$/.test(id));
  if (wrongId !== undefined) throw new Error(`discord: the server id is "${wrongId}"; expected digits only`);
  const sdk = await import("discord.js");
  const address = options.apiUrl === undefined ? {} : { apiUrl: options.apiUrl };
  const api = createApi(sdk, { token, ...address, metrics });
  const rights = createRights(api, self);
  const messages = createMessages({ api, log, tags: createTags({ api, rights }) });
  const search = createSearch({ api, self, rights });
  const answers = createAnswers({ api, log });
  const questions = new Map<string, string>();
  const stopping = new AbortController();
  let gateway: Gateway | null = null;
  let ownId: string | null = null;
  let commandFindings: readonly Finding[] = [];

  return {
    platform: "discord",
    channelPaceMs,
    settleMs,
    start,
    stop,
    post: (channel, message) => {
      rememberQuestions(message.view);
      return messages.post(channel, message);
    },
    edit: (ref, message) => {
      rememberQuestions(message.view);
      return messages.edit(ref, message);
    },
    find: search.find,
    answer: (request, view, visibility) => {
      rememberQuestions(view);
      return answers.answer(request, view, visibility);
    },
    check: (channels) => check({ api, rights, guildIds, running }, channels),
    isConnected: () => gateway?.isConnected() ?? false,
  };

  async function start(door: Parameters<Chat["start"]>[0], shapes: readonly CommandShape[]): Promise<void> {
    const catalog = catalogOf(shapes);
    for (const { name, problem } of catalog.refused)
      log.error({ command: name, problem }, "discord: this command cannot be registered");
    const interactions = createInteractions({
      api,
      door,
      catalog,
      questionOf: (command) => questions.get(command) ?? null,
      log,
      metrics,
    });
    const said = createSaid({ api, door, self, log });
    const emoji = options.pinEmoji ?? [];
    const pins = createPins({ api, door, self, emoji, now: () => new Date(), log });
    gateway = createGateway({
      sdk,
      token,
      ...address,
      timing: { ...defaultTiming, ...options.timing },
      log,
      metrics,
      sessionLimit,
      onInteraction: (data) => void interactions.handle(data),
      onMessage: (data) => void said.handle(data),
      onReaction: emoji.length === 0 ? null : (data, change) => void pins.handle(data, change),
    });
    const refused = catalog.refused.map(
      ({ name, problem }): Finding => ({
        status: "failure",
        subject: `discord command ${name}`,
        text: problem,
        remedy: "change the command's file so that Discord can take it",
      }),
    );
    const connecting = gateway.start();
    // What keeps us out now may be put right at Discord's end: the commands are registered then.
    const registering = () => void keepRegistering(catalog.commands, refused);
    connecting.then(registering, registering);
    await connecting;
  }

  async function stop(): Promise<void> {
    stopping.abort();
    await gateway?.stop();
    api.close();
  }

  /** Registers the commands, and tries again for as long as the reason may pass. Never throws. */
  async function keepRegistering(
    commands: Parameters<typeof register>[2],
    refused: readonly Finding[],
  ): Promise<void> {
    for (let attempt = 0; !stopping.signal.aborted; attempt += 1) {
      const outcome = await registerOnce(commands);
      if (outcome === "unchanged" || outcome === "written") {
        log.info({ commands: commands.length, outcome }, "discord: commands are registered");
        commandFindings = [
          { status: "ok", subject: "discord commands", text: `${commands.length} registered` },
          ...refused,
        ];
        return;
      }
      commandFindings = [registerFinding(outcome), ...refused];
      log.error({ problem: problemOf(outcome) }, "discord: commands could not be registered");
      const step = outcome.kind === "denied" ? registerBackoffMs.length - 1 : attempt;
      const own = registerBackoffMs[Math.min(step, registerBackoffMs.length - 1)] ?? 300_000;
      await sleep(
        outcome.kind === "rate_limited" ? Math.max(own, outcome.retryAfterMs) : own,
        stopping.signal,
      );
    }
  }

  async function registerOnce(commands: Parameters<typeof register>[2]) {
    const application = await api.call({
      method: "GET",
      path: "/applications/@me",
      schema: applicationShape,
    });
    if (application.kind !== "ok") return application;
    const applicationId = application.body.id;
    if (guildIds.length === 0) return register(api, { applicationId, guildId: null }, commands);
    const outcomes: Awaited<ReturnType<typeof register>>[] = [];
    for (const guildId of guildIds) outcomes.push(await register(api, { applicationId, guildId }, commands));
    // Those that took them keep them: asking those again writes nothing.
    const failed = outcomes.find((outcome) => typeof outcome !== "string");
    return failed ?? (outcomes.includes("written") ? "written" : "unchanged");
  }

  /** The bot's own user id. */
  async function self(): Promise<string | Failure> {
    if (ownId !== null) return ownId;
    const me = await api.call({ method: "GET", path: "/users/@me", schema: userShape });
    if (me.kind !== "ok") return me;
    ownId = me.body.id;
    return ownId;
  }

  async function sessionLimit(): Promise<SessionLimit | null> {
    const reply = await api.call({ method: "GET", path: "/gateway/bot", schema: gatewayShape });
    if (reply.kind !== "ok") return null;
    const limit = reply.body.session_start_limit;
    return { total: limit.total, remaining: limit.remaining, resetAfterMs: limit.reset_after };
  }

  function running(): readonly Finding[] {
    if (gateway === null) return [];
    const subject = "discord connection";
    const problem = gateway.problem();
    const remedy = "check the network and Discord's status page; the bot keeps trying";
    const state: Finding = gateway.isConnected()
      ? { status: "ok", subject, text: "connected" }
      : problem === null
        ? { status: "failure", subject, text: "not connected at the moment", remedy }
        : {
            status: "failure",
            subject,
            text: problem,
            remedy: "put it right; the bot tries again every five minutes, and at its next start",
          };
    return [state, ...commandFindings];
  }

  function rememberQuestions(view: View): void {
    for (const { command, confirm, ask } of view.actions) {
      const question = ask?.label ?? confirm;
      if (question === undefined) continue;
      questions.delete(command);
      questions.set(command, question);
      const oldest = questions.keys().next().value;
      if (questions.size > maxQuestions && oldest !== undefined) questions.delete(oldest);
    }
  }
}

function registerFinding(failure: Failure): Finding {
  const remedy =
    failure.kind !== "denied"
      ? "nothing to do: the bot tries again"
      : failure.status === 403
        ? "invite the bot with the scope applications.commands"
        : remedyOf(failure);
  return { status: "failure", subject: "discord commands", text: problemOf(failure), remedy };
}

function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", done, { once: true });
    function done() {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    }
  });
}
