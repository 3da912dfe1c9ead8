/**
 * Channels that the bot opens itself. One attempt per call. A bot token cannot unarchive, so what is archived stays so.
 * @see https://docs.slack.dev/reference/methods/conversations.create
 * @see https://docs.slack.dev/reference/methods/conversations.unarchive
 */
import { z } from "zod";
import type {
  ChannelHost,
  CreateAnswer,
  FindChannelAnswer,
  HostAnswer,
} from "../../../ports/incident-channel.ts";
import type { SlackAnswer, SlackApi } from "./client.ts";
import { explainRefusal } from "./refusals.ts";
import { escapeMarkup } from "./text.ts";

/** Longest topics and purposes. */
const maxText = 250;
const pageSize = 200;
const mostPages = 25;

/** The channel takes nothing any more, or the bot is out of it. */
const goneCodes: Readonly<Record<string, string>> = {
  is_archived: "it is archived",
  already_archived: "it is archived",
  channel_not_found: "it is deleted, or private without the bot",
  not_in_channel: "the bot is no longer in it",
};

/** Whom Slack lets nobody bring in, whatever the bot may do. */
const notInvitable: Readonly<Record<string, string>> = {
  user_is_restricted: "is a guest, whom only an admin can add",
  user_is_ultra_restricted: "is a single-channel guest",
  cant_invite: "cannot be invited there",
  cant_invite_self: "is the bot itself",
  user_not_found: "has no account of that id in this workspace",
  user_disabled: "has an account that is deactivated",
  user_team_not_in_channel: "is in a workspace without this channel",
  too_many_members: "does not fit: the channel is full",
};

const channelShape = z.object({
  id: z.string(),
  name: z.string(),
  creator: z.string().optional(),
  /** Seconds. */
  created: z.number().optional(),
  is_archived: z.boolean().optional(),
  is_member: z.boolean().optional(),
});
const listShape = z.object({
  channels: z.array(channelShape),
  response_metadata: z.object({ next_cursor: z.string().optional() }).optional(),
});
const bookmarksShape = z.object({ bookmarks: z.array(z.object({ link: z.string().nullish() })) });

export interface ChannelHostOptions {
  readonly api: SlackApi;
  readonly settleMs: number;
  /** Our own user id; asked of Slack when it is not known yet. */
  readonly self: () => Promise<string | null>;
}

export function createChannelHost({ api, settleMs, self }: ChannelHostOptions): ChannelHost {
  async function call(
    method: string,
    channel: string,
    args: Readonly<Record<string, unknown>>,
  ): Promise<HostAnswer> {
    const answer = await api.call(method, args);
    return answer.kind === "ok" ? { kind: "done" } : toHostAnswer(answer, method, channel);
  }

  async function create(name: string, visibility: "public" | "private"): Promise<CreateAnswer> {
    const answer = await api.call("conversations.create", { name, is_private: visibility === "private" });
    if (answer.kind === "refused" && answer.code === "name_taken") return { kind: "taken" };
    if (answer.kind !== "ok") return toHostAnswer(answer, "conversations.create", name);
    const made = channelShape.safeParse(answer.data["channel"]);
    if (!made.success) return { kind: "ambiguous", problem: "Slack's answer had no channel" };
    return { kind: "created", channel: made.data.id, name: made.data.name };
  }

  /** The bot is a member of what it made, so its own list has it, private ones too. */
  async function find(name: string, since: Date): Promise<FindChannelAnswer> {
    const me = await self();
    if (me === null) return { kind: "unreachable", problem: "Slack has not said who the bot is" };
    let cursor = "";
    for (let page = 0; page < mostPages; page += 1) {
      const answer = await api.call("users.conversations", {
        types: "public_channel,private_channel",
        exclude_archived: true,
        limit: pageSize,
        ...(cursor === "" ? {} : { cursor }),
      });
      if (answer.kind !== "ok") return blind(toHostAnswer(answer, "users.conversations", name));
      const list = listShape.safeParse(answer.data);
      if (!list.success) return { kind: "ambiguous", problem: "Slack's list of channels cannot be read" };
      const own = list.data.channels.find(
        (one) => one.name === name && one.creator === me && (one.created ?? 0) * 1000 >= since.getTime(),
      );
      if (own !== undefined) return { kind: "found", channel: own.id, name: own.name };
      cursor = list.data.response_metadata?.next_cursor ?? "";
      if (cursor === "") return { kind: "absent" };
    }
    return { kind: "unreachable", problem: `the bot is in more than ${pageSize * mostPages} channels` };
  }

  async function look(channel: string): Promise<HostAnswer> {
    const answer = await api.call("conversations.info", { channel });
    if (answer.kind !== "ok") return toHostAnswer(answer, "conversations.info", channel);
    const info = channelShape.safeParse(answer.data["channel"]);
    if (!info.success) return { kind: "ambiguous", problem: "Slack's answer had no channel" };
    if (info.data.is_archived === true) return { kind: "gone", problem: "it is archived" };
    if (info.data.is_member === false) return { kind: "gone", problem: "the bot is no longer in it" };
    return { kind: "done" };
  }

  return {
    platform: "slack",
    settleMs,
    create,
    find,
    look,
    setTopic: (channel, topic) =>
      call("conversations.setTopic", channel, { channel, topic: plainText(topic) }),
    setPurpose: (channel, purpose) =>
      call("conversations.setPurpose", channel, { channel, purpose: plainText(purpose) }),
    async addBookmark(channel, { title, url }) {
      const list = await api.call("bookmarks.list", { channel_id: channel });
      if (list.kind !== "ok") return toHostAnswer(list, "bookmarks.list", channel);
      const known = bookmarksShape.safeParse(list.data);
      if (known.success && known.data.bookmarks.some(({ link }) => link === url)) return { kind: "done" };
      return call("bookmarks.add", channel, { channel_id: channel, title, type: "link", link: url });
    },
    async invite(channel, account) {
      const answer = await api.call("conversations.invite", { channel, users: account });
      if (answer.kind === "ok") return { kind: "done" };
      if (answer.kind === "refused" && answer.code === "already_in_channel") return { kind: "done" };
      const never = answer.kind === "refused" ? notInvitable[answer.code] : undefined;
      if (never !== undefined) return { kind: "not_invited", problem: never };
      return toHostAnswer(answer, "conversations.invite", channel);
    },
    async archive(channel) {
      const answer = await api.call("conversations.archive", { channel });
      if (answer.kind === "ok") return { kind: "done" };
      // Somebody else was first, or an earlier attempt whose answer got lost.
      if (answer.kind === "refused" && answer.code === "already_archived") return { kind: "done" };
      return toHostAnswer(answer, "conversations.archive", channel);
    },
  };
}

/** Text from alerts: no names, no links, whatever is written in it; cut so that it fits once it is escaped. */
function plainText(text: string): string {
  return escapeMarkup(text, maxText);
}

function toHostAnswer(
  answer: Exclude<SlackAnswer, { kind: "ok" }>,
  method: string,
  channel: string,
): Exclude<HostAnswer, { kind: "done" }> {
  if (answer.kind !== "refused") return answer;
  const gone = method === "conversations.create" ? undefined : goneCodes[answer.code];
  if (gone !== undefined) return { kind: "gone", problem: gone };
  if (method === "conversations.create" && answer.code === "restricted_action")
    return {
      kind: "refused",
      problem: "the workspace's settings do not let the bot open channels (restricted_action)",
      remedy:
        "ask a workspace admin to let apps create channels, or take incidentChannels out of tocsin.yaml",
    };
  const { problem, remedy } = explainRefusal(answer, channel);
  return { kind: "refused", problem: `${method}: ${problem}`, remedy };
}

/** A list of channels has no channel that could be gone. */
function blind(
  answer: Exclude<HostAnswer, { kind: "done" }>,
): Exclude<FindChannelAnswer, { kind: "found" | "absent" }> {
  return answer.kind === "gone" ? { kind: "unreachable", problem: answer.problem } : answer;
}
