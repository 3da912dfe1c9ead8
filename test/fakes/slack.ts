/**
 * A Slack that runs on loopback: Web API, Socket Mode, signed HTTP deliveries, response URLs and uploads, with Slack's
 * limits enforced and faults on demand. The real @slack/bolt talks to it:
 *
 *     const slack = await startFakeSlack();
 *     slack.addChannel({ id: "C0INCIDENTS" });
 *     const chat = await createSlack({ botToken: slack.botToken, appToken: slack.appToken, apiUrl: slack.apiUrl, … });
 *     slack.faults.add({ method: "chat.postMessage", kind: "commit_then_reset" });
 *     await slack.slash({ command: "/ack", text: "12", channel: "C0INCIDENTS" });
 *     await slack.until(() => slack.messagesIn("C0INCIDENTS").length === 1);
 *     expect(slack.violations).toEqual([]);
 *     await slack.close();
 *
 * What the real one would refuse, this one refuses and records in `violations`: unknown methods and arguments, late or
 * unknown acknowledgements.
 */
import { randomUUID } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { z } from "zod";
import type { FakeSlack, FakeSlackOptions } from "./slack/api.ts";
import { createCourier, type Delivery } from "./slack/delivery.ts";
import { createFaults } from "./slack/faults.ts";
import { effectsOf } from "./slack/markup.ts";
import type { Context } from "./slack/method.ts";
import {
  type Entered,
  type FormInput,
  type FormOption,
  inputsOf,
  stateOf,
  suggestionAnswer,
} from "./slack/modals.ts";
import { createPace } from "./slack/pace.ts";
import {
  buttonPayload,
  buttonsOf,
  escapeTyped,
  formPayload,
  homeButtonPayload,
  homeOpenedPayload,
  type PressedButton,
  reactionPayload,
  saidPayload,
  shortcutPayload,
  slashPayload,
  suggestionPayload,
} from "./slack/people.ts";
import { createSocketHub } from "./slack/sockets.ts";
import { createWeb, type ResponseUrl, type SlackCall } from "./slack/web.ts";
import { createWorld, type FakeMessage, typed, type World } from "./slack/world.ts";

export type { FakeSlack, FakeSlackOptions } from "./slack/api.ts";
export { readableText } from "./slack/blocks.ts";
export type { Delivery } from "./slack/delivery.ts";
export type { Fault } from "./slack/faults.ts";
export { type FormOption, inputsOf } from "./slack/modals.ts";
export { buttonsOf } from "./slack/people.ts";
export type { SlackCall } from "./slack/web.ts";
export type { FakeChannel, FakeEphemeral, FakeFile, FakeMessage } from "./slack/world.ts";

const defaultScopes = [
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
];
const errorsAnswer = z.object({
  response_action: z.literal("errors"),
  errors: z.record(z.string(), z.string().min(1)),
});
const responseUrlMs = 30 * 60_000;
const triggerMs = 3_000;
const bot = { userId: "U0TOCSINBOT", botId: "B0TOCSIN", teamId: "T0EXAMPLE", appId: "A0TOCSIN" };

/** Starts one on a free port of 127.0.0.1 with a person U0ONCALL; close it when done. */
export async function startFakeSlack(options: FakeSlackOptions = {}): Promise<FakeSlack> {
  let clockOffset = 0;
  const now = () => Date.now() + clockOffset;
  const world = createWorld(now);
  const pace = createPace(now);
  const faults = createFaults();
  const calls: SlackCall[] = [];
  const violations: string[] = [];
  const warnings: string[] = [];
  const scopes = new Set(defaultScopes);
  const watchers = new Set<() => void>();
  const responseUrls = new Map<string, ResponseUrl>();
  const triggers = new Map<string, { readonly expiresAt: number; isUsed: boolean }>();
  const views: Context["views"] = new Map();
  const homes: Context["homes"] = new Map();
  let formErrors: Readonly<Record<string, string>> = {};
  const state = { requestUrl: null as string | null, tokenError: null as string | null };
  const freshTokens = () => ({
    bot: `xoxb-${randomUUID()}`,
    app: `xapp-1-${randomUUID()}`,
    secret: randomUUID(),
  });
  const tokens = freshTokens();
  const revoked = new Set<string>();

  const server = createServer((request, response) => {
    web.serve(request, response).catch((error: unknown) => {
      // A bot that was killed while it asked is no fault of the fake's.
      if (request.complete)
        violations.push(
          `the fake failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
        );
      response.destroy();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  // A listening TCP server has an AddressInfo.
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const sockets = createSocketHub({
    server,
    appId: bot.appId,
    baseUrl: () => url,
    onChange: changed,
    onViolation: (problem) => violations.push(problem),
  });
  world.users.set("U0ONCALL", { id: "U0ONCALL", name: "oncall" });

  const context: Context = {
    world,
    now,
    scopes,
    bot,
    baseUrl: url,
    openSocketUrl: () => sockets.openUrl(),
    takeTrigger,
    views,
    homes,
    warn: (problem) => warnings.push(problem),
  };
  const web = createWeb({
    context,
    faults,
    pace,
    isPaced: options.isPaced !== false,
    postBurst: options.postBurst ?? 4,
    calls,
    violations,
    responseUrls,
    tokens,
    revoked,
    tokenError: () => state.tokenError,
    onChange: changed,
  });
  const courier = createCourier({
    sockets,
    ackWithinMs: options.ackWithinMs ?? 3_000,
    retryDelaysMs: options.retryDelaysMs ?? [0, 50, 200],
    requestUrl: () => state.requestUrl,
    signingSecret: () => tokens.secret,
    now,
  });

  function changed(): void {
    for (const watcher of watchers) watcher();
  }

  function takeTrigger(id: string): ReturnType<Context["takeTrigger"]> {
    const trigger = triggers.get(id);
    if (trigger === undefined || now() > trigger.expiresAt) return "expired_trigger_id";
    if (trigger.isUsed) return "exchanged_trigger_id";
    trigger.isUsed = true;
    return null;
  }

  function situation(userId: string, channelId: string) {
    const user = world.users.get(userId);
    const channel = world.channels.get(channelId);
    if (user === undefined) throw new Error(`fake slack: no user ${userId}; addUser first`);
    if (channel === undefined) throw new Error(`fake slack: no channel ${channelId}; addChannel first`);
    const triggerId = `${world.nextId("")}.${randomUUID()}`;
    triggers.set(triggerId, { expiresAt: now() + triggerMs, isUsed: false });
    const responseId = randomUUID();
    responseUrls.set(responseId, {
      channel: channelId,
      user: userId,
      uses: 0,
      expiresAt: now() + responseUrlMs,
    });
    const responseUrl = `${url}/response/${responseId}`;
    return {
      teamId: bot.teamId,
      appId: bot.appId,
      botUserId: bot.userId,
      user,
      channel,
      triggerId,
      responseUrl,
    };
  }

  /** Delivers, and shows the person what a command's acknowledgement says. */
  async function send(kind: Delivery["kind"], payload: Delivery["payload"]): Promise<Delivery> {
    const delivery = await courier.deliver(kind, payload);
    const { ackPayload } = delivery;
    const hasWords = typeof ackPayload === "object" && ackPayload !== null && "text" in ackPayload;
    const person = { channel: String(payload["channel_id"]), user: String(payload["user_id"]) };
    if (kind === "slash_commands" && hasWords) web.show(person, { ...ackPayload }, "ack");
    const isButton = payload["type"] === "block_actions";
    if (kind === "interactive" && isButton && hasWords)
      violations.push("a button was acknowledged with a payload; Slack ignores it");
    if (kind === "interactive" && payload["type"] === "view_submission") close(payload["view"], delivery);
    changed();
    return delivery;
  }

  /** A form that was taken is gone; one with errors stays open, and shows them where it has such inputs. */
  function close(view: unknown, { isAcked, ackPayload }: Delivery): void {
    const answer = errorsAnswer.safeParse(ackPayload);
    const { id } = z.object({ id: z.string() }).parse(view);
    formErrors = {};
    if (isAcked && !answer.success) views.delete(id);
    if (!answer.success) return;
    const inputs = inputsOf(views.get(id)?.view ?? { blocks: [] });
    for (const [blockId, text] of Object.entries(answer.data.errors)) {
      const input = inputs.find((one) => one.block_id === blockId);
      if (input === undefined) violations.push(`an error at ${blockId}, which is no input of the form`);
      else formErrors = { ...formErrors, [input.label.text]: text };
    }
  }

  function newestForm() {
    const [id, open] = [...views].at(-1) ?? [];
    if (id === undefined || open === undefined) throw new Error("fake slack: no form is open");
    return { id, view: open.view };
  }

  async function submitForm(values: Readonly<Record<string, Entered>>, user: string): Promise<Delivery> {
    const { id, view } = newestForm();
    const inputs = inputsOf(view);
    const unknown = Object.keys(values).find((name) => !inputs.some(({ label }) => label.text === name));
    if (unknown !== undefined) throw new Error(`fake slack: the form has no ${unknown}`);
    const state: Record<string, unknown> = {};
    for (const input of inputs) {
      const look = (partial: string) => lookUp(input, partial, user);
      const entered = await stateOf(input, values[input.label.text], look);
      state[input.block_id] = { [input.element.action_id ?? ""]: entered };
    }
    return send("interactive", formPayload(situation(user, firstChannel(world)), id, view, state));
  }

  async function lookUp(input: FormInput, partial: string, user: string): Promise<readonly FormOption[]> {
    const asked = { blockId: input.block_id, actionId: input.element.action_id ?? "", value: partial };
    const payload = suggestionPayload(situation(user, firstChannel(world)), newestForm(), asked);
    const { isAcked, ackPayload } = await courier.deliver("interactive", payload);
    const answer = suggestionAnswer.safeParse(ackPayload);
    if (isAcked && !answer.success) violations.push(`suggestions: ${z.prettifyError(answer.error)}`);
    return answer.success ? answer.data.options : [];
  }

  function findButton(message: Pick<FakeMessage, "blocks">, wanted: string): PressedButton {
    const buttons = buttonsOf(message);
    const button = buttons.find((one) => one.value === wanted) ?? buttons.find((one) => one.text === wanted);
    if (button !== undefined) return button;
    const there = buttons.map((one) => `"${one.text}" (${one.value})`).join(", ");
    throw new Error(`fake slack: no button "${wanted}"; there are: ${there === "" ? "none" : there}`);
  }

  function eventIds() {
    return {
      eventId: `Ev${randomUUID().replaceAll("-", "").slice(0, 10).toUpperCase()}`,
      seconds: Math.floor(now() / 1000),
    };
  }

  /** Without its scope Slack does not deliver an event. */
  function needScope(scope: string): void {
    if (!scopes.has(scope)) throw new Error(`fake slack: the app may not hear this without ${scope}`);
  }

  function homeBlocks(user: string): readonly unknown[] | null {
    const blocks = homes.get(user)?.["blocks"];
    return Array.isArray(blocks) ? blocks : null;
  }

  const none = effectsOf({ text: "", blocks: [], parse: "none", linkNames: false, mrkdwn: false });

  return {
    url,
    apiUrl: `${url}/api/`,
    get botToken() {
      return tokens.bot;
    },
    get appToken() {
      return tokens.app;
    },
    get signingSecret() {
      return tokens.secret;
    },
    renewTokens: () => {
      revoked.add(tokens.bot).add(tokens.app);
      Object.assign(tokens, freshTokens());
    },
    botUserId: bot.userId,
    calls,
    violations,
    warnings,
    faults,
    scopes,
    channels: world.channels,
    ephemerals: world.ephemerals,
    files: world.files,
    get requestUrl() {
      return state.requestUrl;
    },
    set requestUrl(target) {
      state.requestUrl = target;
    },
    get tokenError() {
      return state.tokenError;
    },
    set tokenError(code) {
      state.tokenError = code;
    },
    addChannel: world.addChannel,
    addUser: (user) => {
      world.users.set(user.id, user);
    },
    say: (channel, text, threadTs) => world.addMessage(typed(channel, "U0ONCALL", text, threadTs ?? null)),
    sayAsBot: (channel, text, metadata) =>
      world.addMessage({
        channel,
        user: "U0OTHERBOT",
        botId: "B0OTHER",
        threadTs: null,
        text,
        blocks: [],
        metadata: metadata ?? null,
        effects: none,
      }),
    remove(channel, ts) {
      const index = world.messages.findIndex((one) => one.channel === channel && one.ts === ts);
      if (index === -1) throw new Error(`fake slack: no message ${ts} in ${channel}`);
      world.messages.splice(index, 1);
    },
    messagesIn: (channel) => world.messages.filter((one) => one.channel === channel && one.threadTs === null),
    repliesTo: (channel, ts) =>
      world.messages.filter((one) => one.channel === channel && one.threadTs === ts),
    botMessages: () => world.messages.filter((one) => one.botId === bot.botId),
    callsOf: (method) => calls.filter((call) => call.method === method),
    slash({ command, text = "", channel = firstChannel(world), user = "U0ONCALL" }) {
      return send("slash_commands", slashPayload(situation(user, channel), command, text));
    },
    press({ message, button, user = "U0ONCALL" }) {
      const pressed = findButton(message, button);
      const isEphemeral = !("ts" in message);
      const ts = isEphemeral ? (now() / 1000).toFixed(6) : message.ts;
      const shown = { ts, threadTs: message.threadTs, text: message.text, isEphemeral };
      const actionTs = (now() / 1000).toFixed(6);
      return send("interactive", buttonPayload(situation(user, message.channel), shown, pressed, actionTs));
    },
    shortcut({ callback, message, user = "U0ONCALL" }) {
      return send("interactive", shortcutPayload(situation(user, message.channel), callback, message));
    },
    react({ emoji, message, isTakenOff, user = "U0ONCALL" }) {
      needScope("reactions:read");
      const kind = isTakenOff === true ? "reaction_removed" : "reaction_added";
      const payload = reactionPayload(situation(user, message.channel), { kind, emoji, message }, eventIds());
      return send("events_api", payload);
    },
    openHome({ user = "U0ONCALL", tab = "home" } = {}) {
      const person = situation(user, firstChannel(world));
      return send("events_api", homeOpenedPayload(person, tab, eventIds()));
    },
    homeOf: homeBlocks,
    pressHome({ button, user = "U0ONCALL" }) {
      const pressed = findButton({ blocks: homeBlocks(user) ?? [] }, button);
      const actionTs = (now() / 1000).toFixed(6);
      const person = situation(user, firstChannel(world));
      return send("interactive", homeButtonPayload(person, homes.get(user) ?? {}, pressed, actionTs));
    },
    submit({ typed: words, user = "U0ONCALL" }) {
      const inputs = inputsOf(newestForm().view);
      const [only] = inputs;
      if (only === undefined || inputs.length !== 1)
        throw new Error("fake slack: the form has not one input");
      return submitForm({ [only.label.text]: words }, user);
    },
    submitForm: ({ values = {}, user = "U0ONCALL" }) => submitForm(values, user),
    lookUp({ label, partial = "", user = "U0ONCALL" }) {
      const input = inputsOf(newestForm().view).find((one) => one.label.text === label);
      if (input === undefined) throw new Error(`fake slack: the form has no ${label}`);
      return lookUp(input, partial, user);
    },
    formErrors: () => formErrors,
    openForms: () => [...views.values()].map(({ view }) => view),
    mention({ text, channel, threadTs, user = "U0ONCALL", isRaw = false }) {
      // https://docs.slack.dev/reference/events/app_mention: not dispatched for direct messages.
      if (channel.startsWith("D")) throw new Error(`fake slack: no app_mention in ${channel}; use direct`);
      needScope("app_mentions:read");
      const typedText = isRaw ? text : escapeTyped(text);
      const mention = `<@${bot.userId}>`;
      const whole = typedText.includes("@tocsin")
        ? typedText.replace("@tocsin", mention)
        : `${mention} ${typedText}`;
      const message = world.addMessage(typed(channel, user, whole, threadTs ?? null));
      return send("events_api", saidPayload(situation(user, channel), message, eventIds()));
    },
    direct({ text, threadTs, user = "U0ONCALL", event = {} }) {
      needScope("im:history");
      const channel = `D0${user}`;
      if (!world.channels.has(channel)) world.addChannel({ id: channel, isPrivate: true });
      const message = world.addMessage(typed(channel, user, escapeTyped(text), threadTs ?? null));
      return send("events_api", saidPayload(situation(user, channel), message, eventIds(), event));
    },
    redeliver: (delivery) => send(delivery.kind, delivery.payload),
    sign: courier.sign,
    socketCount: () => sockets.count(),
    disconnect: sockets.disconnect,
    cutSockets: sockets.cut,
    spoilSockets(how, count) {
      for (let index = 0; index < count; index += 1) sockets.sabotage.push(how);
    },
    async sendAppRateLimited() {
      const payload = {
        token: "verification-token",
        type: "app_rate_limited",
        team_id: bot.teamId,
        minute_rate_limited: 1,
      };
      const ack = await courier.deliverOnce("events_api", payload, 0);
      return ack.kind === "acked";
    },
    sendEnvelope: (envelope) => sockets.send({ ...envelope, envelope_id: randomUUID() }, 500),
    advance(ms) {
      clockOffset += ms;
    },
    until(condition, withinMs = 5_000) {
      return new Promise((resolve, reject) => {
        const timer = setTimeout(() => {
          settle();
          reject(new Error(`fake slack: not so within ${withinMs} ms: ${condition}`));
        }, withinMs);
        const settle = () => {
          clearTimeout(timer);
          watchers.delete(look);
        };
        function look(): void {
          if (!condition()) return;
          settle();
          resolve();
        }
        watchers.add(look);
        look();
      });
    },
    reset() {
      world.messages.length = 0;
      world.ephemerals.length = 0;
      world.files.clear();
      calls.length = 0;
      warnings.length = 0;
      faults.clear();
      pace.reset();
    },
    async close() {
      sockets.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function firstChannel(world: World): string {
  const first = world.channels.keys().next();
  if (first.done === true) throw new Error("fake slack: no channel; addChannel first");
  return first.value;
}
