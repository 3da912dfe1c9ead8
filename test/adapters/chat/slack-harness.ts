/** Slack over its fake, for the contract and for Slack's own tests. */
import { createSlack, type SlackChat, type SlackOptions } from "../../../src/adapters/chat/slack.ts";
import type { ChatDoor } from "../../../src/ports/chat.ts";
import { noMetrics, silentLog } from "../../../src/ports/observability.ts";
import type { ChatHarness, Handled, Shown } from "../../contracts/chat.ts";
import { sampleCommands } from "../../contracts/chat.ts";
import {
  buttonsOf,
  type Delivery,
  type FakeEphemeral,
  type FakeMessage,
  type FakeSlack,
  type FakeSlackOptions,
  readableText,
  startFakeSlack,
} from "../../fakes/slack.ts";

export const incidents = { platform: "slack", id: "C0INCIDENTS" } as const;
export const elsewhere = { platform: "slack", id: "C0ELSEWHERE" } as const;

/** Links that the samples ask for. */
const askedLinks: ReadonlySet<string> = new Set(["https://example.com/runbook"]);

export interface SlackSetup {
  readonly slack: FakeSlack;
  readonly chat: SlackChat;
}

/** A fake with two channels and an adapter in Socket Mode, not yet started. */
export async function setUpSlack(
  options: Partial<SlackOptions> | ((slack: FakeSlack) => Partial<SlackOptions>) = {},
  fakeOptions: FakeSlackOptions = {},
): Promise<SlackSetup> {
  const slack = await startFakeSlack(fakeOptions);
  slack.addChannel({ id: incidents.id, name: "incidents" });
  slack.addChannel({ id: elsewhere.id, name: "elsewhere" });
  const chat = await createSlack({
    botToken: slack.botToken,
    appToken: slack.appToken,
    apiUrl: slack.apiUrl,
    log: silentLog,
    metrics: noMetrics,
    socket: { backoffMs: { first: 10, most: 100 } },
    ...(typeof options === "function" ? options(slack) : options),
  });
  return { slack, chat };
}

export function shown(message: FakeMessage | FakeEphemeral): Shown {
  const { mentions, broadcasts, channels, links, formatting } = message.effects;
  return {
    text: `${message.text}\n${readableText(message.blocks)}`,
    buttons: buttonsOf(message).map((button) => button.value),
    sideEffects: [
      ...mentions.map((id) => `mentions ${id}`),
      ...broadcasts.map((range) => `notifies ${range}`),
      ...channels.map((id) => `links channel ${id}`),
      ...links.filter((url) => !askedLinks.has(url)).map((url) => `links ${url}`),
      ...formatting.map((run) => `formats ${run.slice(0, 60)}`),
    ],
  };
}

const faults = {
  rate_limited: { kind: "rate_limit", retryAfterSeconds: 7 },
  lost_after_commit: { kind: "commit_then_reset" },
  failed_before_commit: { kind: "http_500" },
} as const;

/** The contract's harness. */
export async function startSlackHarness(
  door: ChatDoor,
  options: Partial<SlackOptions> = {},
): Promise<ChatHarness & SlackSetup> {
  const { slack, chat } = await setUpSlack(options);
  await chat.start(door, sampleCommands);
  const handled = (delivery: Delivery): Handled => ({
    isAcknowledged: delivery.isAcked,
    again: async () => handled(await slack.redeliver(delivery)),
  });
  return {
    slack,
    chat,
    channel: incidents,
    otherChannel: elsewhere,
    unknownChannel: { platform: "slack", id: "C0NOWHERE" },
    cards: (channel) => slack.messagesIn(channel.id).map(shown),
    replies: (card) => slack.repliesTo(card.channel.id, card.data["ts"] ?? "").map(shown),
    privately: () => slack.ephemerals.map(shown),
    attached: (channel) =>
      [...slack.files.values()]
        .filter(({ sharedIn }) => sharedIn?.channel === channel.id)
        .map(({ filename, bytes }) => ({ filename, text: new TextDecoder().decode(bytes ?? undefined) })),
    remove: (message) => slack.remove(message.channel.id, message.data["ts"] ?? ""),
    fail: (how, channel) =>
      slack.faults.add({ method: "chat.postMessage", channel: channel.id, ...faults[how] }),
    command: async (name, text, channel) =>
      handled(await slack.slash({ command: `/${name}`, text, channel: channel.id })),
    async press(commandLine, channel) {
      const card = slack.messagesIn(channel.id).at(-1);
      if (card === undefined) throw new Error(`no card in ${channel.id}`);
      return handled(await slack.press({ message: card, button: commandLine }));
    },
    violations: () => [...slack.violations, ...slack.warnings],
    close: () => slack.close(),
  };
}
