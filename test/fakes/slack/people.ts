/** What people do in Slack, as the payloads that an app gets. */
import { messageObject } from "./method.ts";
import type { FakeEphemeral, FakeMessage } from "./world.ts";

export interface Names {
  readonly teamId: string;
  readonly appId: string;
  readonly botUserId: string;
}
interface Situation extends Names {
  readonly user: { readonly id: string; readonly name: string };
  readonly channel: { readonly id: string; readonly name: string };
  readonly triggerId: string;
  readonly responseUrl: string;
}

/** What Slack does to text that a person typed. */
export function escapeTyped(text: string): string {
  return text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
}

export function slashPayload(
  situation: Situation,
  command: string,
  text: string,
): Readonly<Record<string, string>> {
  const { teamId, appId, user, channel, triggerId, responseUrl } = situation;
  return {
    token: "verification-token",
    team_id: teamId,
    team_domain: "example",
    channel_id: channel.id,
    channel_name: channel.name,
    user_id: user.id,
    user_name: user.name,
    command,
    text: escapeTyped(text),
    api_app_id: appId,
    is_enterprise_install: "false",
    response_url: responseUrl,
    trigger_id: triggerId,
  };
}

export interface PressedButton {
  readonly actionId: string;
  readonly blockId: string;
  readonly value: string;
  readonly text: string;
  readonly style: string | null;
  readonly confirm: unknown;
}

/** Every button of a message, in order. */
export function buttonsOf(message: Pick<FakeMessage | FakeEphemeral, "blocks">): readonly PressedButton[] {
  return message.blocks.flatMap((block, index) => {
    if (
      typeof block !== "object" ||
      block === null ||
      !("elements" in block) ||
      !Array.isArray(block.elements)
    )
      return [];
    if (!("type" in block) || block.type !== "actions") return [];
    return block.elements.map((element: Readonly<Record<string, unknown>>) => {
      const label: unknown = element["text"];
      return {
        actionId: String(element["action_id"]),
        blockId: "block_id" in block ? String(block.block_id) : `block-${index}`,
        value: String(element["value"]),
        text: typeof label === "object" && label !== null && "text" in label ? String(label.text) : "",
        style: typeof element["style"] === "string" ? element["style"] : null,
        confirm: element["confirm"] ?? null,
      };
    });
  });
}

export function buttonPayload(
  situation: Situation,
  message: {
    readonly ts: string;
    readonly threadTs: string | null;
    readonly text: string;
    readonly isEphemeral: boolean;
  },
  button: PressedButton,
  actionTs: string,
): Readonly<Record<string, unknown>> {
  const { teamId, appId, user, channel, triggerId, responseUrl } = situation;
  const thread = message.threadTs === null ? {} : { thread_ts: message.threadTs };
  return {
    type: "block_actions",
    api_app_id: appId,
    token: "verification-token",
    trigger_id: triggerId,
    response_url: responseUrl,
    team: { id: teamId, domain: "example" },
    enterprise: null,
    is_enterprise_install: false,
    user: { id: user.id, username: user.name, name: user.name, team_id: teamId },
    channel: { id: channel.id, name: channel.name },
    container: {
      type: "message",
      message_ts: message.ts,
      channel_id: channel.id,
      is_ephemeral: message.isEphemeral,
      ...thread,
    },
    // Slack sends no message object for an ephemeral one.
    ...(message.isEphemeral
      ? {}
      : { message: { type: "message", ts: message.ts, text: message.text, ...thread } }),
    actions: [
      {
        type: "button",
        action_id: button.actionId,
        block_id: button.blockId,
        text: { type: "plain_text", text: button.text, emoji: false },
        value: button.value,
        action_ts: actionTs,
      },
    ],
  };
}

/** A button of a home tab: there is no channel, no message, and no response URL. */
export function homeButtonPayload(
  situation: Omit<Situation, "channel" | "responseUrl">,
  view: Readonly<Record<string, unknown>>,
  button: PressedButton,
  actionTs: string,
): Readonly<Record<string, unknown>> {
  const { teamId, appId, user, triggerId } = situation;
  return {
    type: "block_actions",
    api_app_id: appId,
    token: "verification-token",
    trigger_id: triggerId,
    team: { id: teamId, domain: "example" },
    enterprise: null,
    is_enterprise_install: false,
    user: { id: user.id, username: user.name, name: user.name, team_id: teamId },
    container: { type: "view", view_id: `V-home-${user.id}` },
    view: { ...view, id: `V-home-${user.id}`, team_id: teamId },
    actions: [
      {
        type: "button",
        action_id: button.actionId,
        block_id: button.blockId,
        text: { type: "plain_text", text: button.text, emoji: false },
        value: button.value,
        action_ts: actionTs,
      },
    ],
  };
}

/** That somebody opened the app's home, on one of its tabs. */
export function homeOpenedPayload(
  { teamId, appId, botUserId, user }: Names & Pick<Situation, "user">,
  tab: "home" | "messages",
  ids: { readonly eventId: string; readonly seconds: number },
): Readonly<Record<string, unknown>> {
  return {
    token: "verification-token",
    team_id: teamId,
    api_app_id: appId,
    type: "event_callback",
    event_id: ids.eventId,
    event_time: ids.seconds,
    is_ext_shared_channel: false,
    authorizations: [
      {
        enterprise_id: null,
        team_id: teamId,
        user_id: botUserId,
        is_bot: true,
        is_enterprise_install: false,
      },
    ],
    event: {
      type: "app_home_opened",
      user: user.id,
      channel: `D0${user.id}`,
      tab,
      event_ts: `${ids.seconds}.000100`,
    },
  };
}

/** A form as it is sent off. @param values - state of every input, by block and action. */
export function formPayload(
  situation: Omit<Situation, "channel" | "responseUrl">,
  id: string,
  view: Readonly<Record<string, unknown>>,
  values: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  return {
    ...inView(situation, id, view),
    type: "view_submission",
    view: { ...view, id, team_id: situation.teamId, state: { values } },
    response_urls: [],
  };
}

/** What is asked while somebody types into a select of a form. Whether the state comes along Slack does not say. */
export function suggestionPayload(
  situation: Omit<Situation, "channel" | "responseUrl">,
  { id, view }: { readonly id: string; readonly view: Readonly<Record<string, unknown>> },
  asked: { readonly blockId: string; readonly actionId: string; readonly value: string },
): Readonly<Record<string, unknown>> {
  return {
    ...inView(situation, id, view),
    type: "block_suggestion",
    container: { type: "view", view_id: id },
    action_id: asked.actionId,
    block_id: asked.blockId,
    value: asked.value,
  };
}

function inView(
  { teamId, appId, user, triggerId }: Omit<Situation, "channel" | "responseUrl">,
  id: string,
  view: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  return {
    api_app_id: appId,
    token: "verification-token",
    trigger_id: triggerId,
    team: { id: teamId, domain: "example" },
    is_enterprise_install: false,
    user: { id: user.id, username: user.name, name: user.name, team_id: teamId },
    view: { ...view, id, team_id: teamId },
  };
}

/** A shortcut in the menu of a message. @see https://docs.slack.dev/interactivity/implementing-shortcuts */
export function shortcutPayload(
  { teamId, user, channel, triggerId, responseUrl }: Situation,
  callback: string,
  message: FakeMessage,
): Readonly<Record<string, unknown>> {
  return {
    type: "message_action",
    callback_id: callback,
    token: "verification-token",
    trigger_id: triggerId,
    response_url: responseUrl,
    team: { id: teamId, domain: "example" },
    is_enterprise_install: false,
    user: { id: user.id, name: user.name, team_id: teamId },
    channel: { id: channel.id, name: channel.name },
    message_ts: message.ts,
    message: messageObject(message, false),
  };
}

/** An emoji that was put on a message, or taken off. @see https://docs.slack.dev/reference/events/reaction_added */
export function reactionPayload(
  { teamId, appId, botUserId, user }: Situation,
  reaction: {
    readonly kind: "reaction_added" | "reaction_removed";
    readonly emoji: string;
    readonly message: FakeMessage;
  },
  ids: { readonly eventId: string; readonly seconds: number },
): Readonly<Record<string, unknown>> {
  const { message } = reaction;
  const bot = { enterprise_id: null, team_id: teamId, user_id: botUserId };
  return {
    token: "verification-token",
    team_id: teamId,
    api_app_id: appId,
    type: "event_callback",
    event_id: ids.eventId,
    event_time: ids.seconds,
    is_ext_shared_channel: false,
    authorizations: [{ ...bot, is_bot: true, is_enterprise_install: false }],
    event: {
      type: reaction.kind,
      user: user.id,
      reaction: reaction.emoji,
      item_user: message.user,
      item: { type: "message", channel: message.channel, ts: message.ts },
      event_ts: `${ids.seconds}.000100`,
    },
  };
}

/** What Slack says of a message: that it mentions the bot, or that it was written to the bot alone. */
export function saidPayload(
  situation: Situation,
  message: {
    readonly ts: string;
    readonly threadTs: string | null;
    readonly text: string;
    readonly botId: string | null;
  },
  ids: { readonly eventId: string; readonly seconds: number },
  more: Readonly<Record<string, unknown>> = {},
): Readonly<Record<string, unknown>> {
  const { teamId, appId, botUserId, user, channel } = situation;
  const kind = channel.id.startsWith("D")
    ? { type: "message", channel_type: "im", team: teamId }
    : { type: "app_mention" };
  return {
    token: "verification-token",
    team_id: teamId,
    api_app_id: appId,
    type: "event_callback",
    event_id: ids.eventId,
    event_time: ids.seconds,
    is_ext_shared_channel: false,
    authorizations: [
      {
        enterprise_id: null,
        team_id: teamId,
        user_id: botUserId,
        is_bot: true,
        is_enterprise_install: false,
      },
    ],
    event: {
      ...kind,
      user: user.id,
      text: message.text,
      ts: message.ts,
      channel: channel.id,
      event_ts: message.ts,
      ...(message.threadTs === null ? {} : { thread_ts: message.threadTs }),
      ...(message.botId === null ? {} : { bot_id: message.botId }),
      ...more,
    },
  };
}
