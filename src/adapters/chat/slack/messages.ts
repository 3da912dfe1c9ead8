/** Posting, editing and finding messages. */
import type { View } from "../../../domain/view.ts";
import type {
  Channel,
  CommandRequest,
  FindResult,
  MessageRef,
  OutgoingMessage,
  PostResult,
} from "../../../ports/chat.ts";
import type { Log } from "../../../ports/observability.ts";
import type { SlackMessage } from "./blocks.ts";
import type { SlackAnswer, SlackApi } from "./client.ts";
import { uploadFiles } from "./files.ts";
import { layoutCodes, toBlind, toPostResult, whyNot } from "./refusals.ts";
import { renderMessage, renderPlainMessage } from "./render.ts";

/** Type of the metadata that carries a message's key. Everyone in the workspace may read it: the key says nothing. */
export const metadataType = "tocsin_message";

/** How far our clock and Slack's may differ when looking for a message. */
const clockSlackMs = 60_000;
const pageSize = 200;
const mostPages = 10;

/**
 * Nothing in the text is markup: no names are linked, no addresses unfurled. chat.update would otherwise parse as the
 * client does ("client"), chat.postMessage not.
 * @see https://docs.slack.dev/reference/methods/chat.update/#arg_parse
 */
const literalArgs = { parse: "none", link_names: false } as const;
const postArgs = { ...literalArgs, mrkdwn: false, unfurl_links: false, unfurl_media: false } as const;

export interface Messages {
  post(channel: Channel, message: OutgoingMessage): Promise<PostResult>;
  edit(ref: MessageRef, message: OutgoingMessage): Promise<PostResult>;
  find(channel: Channel, key: string, since: Date, thread?: MessageRef): Promise<FindResult>;
  answer(request: CommandRequest, view: View, visibility: "private" | "public"): Promise<void>;
}

export interface MessagesOptions {
  readonly api: SlackApi;
  readonly log: Log;
  /** Our own user id, once known: a message by anyone else is not ours, whatever its metadata says. */
  readonly botUserId: () => string | null;
}

export function createMessages({ api, log, botUserId }: MessagesOptions): Messages {
  let tables: "blocks" | "aligned" = "blocks";

  async function post(channel: Channel, message: OutgoingMessage): Promise<PostResult> {
    const thread = message.thread?.data["ts"];
    const answer = await inLayouts(message.view, (layout) =>
      api.call("chat.postMessage", {
        channel: channel.id,
        ...layout,
        ...postArgs,
        ...(thread === undefined ? {} : { thread_ts: thread }),
        ...(thread !== undefined && message.view.isBroadcast === true ? { reply_broadcast: true } : {}),
        metadata: metadataOf(message.key),
      }),
    );
    if (answer.kind !== "ok") return toPostResult(answer, channel.id, "post");
    const ts = answer.data["ts"];
    if (typeof ts !== "string") return { kind: "ambiguous", problem: "Slack's answer had no ts" };
    await uploadFiles(api, message.view, { channel: channel.id, ts: thread ?? ts }, log);
    return { kind: "posted", ref: refOf(channel, ts) };
  }

  async function edit(ref: MessageRef, message: OutgoingMessage): Promise<PostResult> {
    const ts = ref.data["ts"];
    if (ts === undefined) return { kind: "missing", problem: "its reference has no ts" };
    const answer = await inLayouts(message.view, (layout) =>
      api.call("chat.update", {
        channel: ref.channel.id,
        ts,
        ...layout,
        ...literalArgs,
        metadata: metadataOf(message.key),
      }),
    );
    return answer.kind === "ok"
      ? { kind: "posted", ref: refOf(ref.channel, ts) }
      : toPostResult(answer, ref.channel.id, "edit");
  }

  /**
   * Once more in a plainer layout when Slack does not accept the rich one; nothing was posted then. Tables are where
   * its validator differs from its documentation, so they go first; a workspace that refused one is not asked again.
   * @see https://github.com/soxtoby/SlackNet/issues/246
   */
  async function inLayouts(
    view: View,
    send: (layout: SlackMessage) => Promise<SlackAnswer>,
  ): Promise<SlackAnswer> {
    const rich = renderMessage(view, tables);
    const answer = await send(rich);
    if (answer.kind !== "refused" || !layoutCodes.has(answer.code)) return answer;
    log.warn({ code: answer.code, view: view.kind }, "slack: layout not accepted; sending a plainer one");
    if (!rich.blocks.some((block) => block.type === "table")) return send(renderPlainMessage(view));
    const plainer = await send(renderMessage(view, "aligned"));
    if (plainer.kind === "ok") tables = "aligned";
    return plainer;
  }

  async function find(channel: Channel, key: string, since: Date, thread?: MessageRef): Promise<FindResult> {
    const root = thread?.data["ts"];
    const method = root === undefined ? "conversations.history" : "conversations.replies";
    let cursor: string | undefined;
    for (let page = 0; page < mostPages; page += 1) {
      const answer = await api.call(method, {
        channel: channel.id,
        ...(root === undefined ? {} : { ts: root }),
        oldest: slackTime(since.getTime() - clockSlackMs),
        inclusive: true,
        include_all_metadata: true,
        limit: pageSize,
        ...(cursor === undefined ? {} : { cursor }),
      });
      if (answer.kind !== "ok") return toBlind(answer, channel.id);
      const ts = ownTs(answer.data["messages"], key, botUserId());
      if (ts !== null) return { kind: "found", ref: refOf(channel, ts) };
      cursor = nextCursor(answer.data);
      if (cursor === undefined) return { kind: "absent" };
    }
    return {
      kind: "blind",
      problem: `more than ${mostPages * pageSize} messages since ${since.toISOString()}`,
    };
  }

  async function answer(
    request: CommandRequest,
    view: View,
    visibility: "private" | "public",
  ): Promise<void> {
    const outcome =
      visibility === "private" ? await answerPrivately(request, view) : await answerPublicly(request, view);
    if (outcome.kind === "ok") return;
    log.warn({ key: request.key, command: request.command, outcome }, "slack: an answer was not delivered");
  }

  /** A response_url works where the bot is no member; it is used up after five answers or half an hour. */
  async function answerPrivately(request: CommandRequest, view: View): Promise<SlackAnswer> {
    const { kind, channel, user, response_url: url, thread_ts: thread } = request.reply;
    // Nobody else reads a direct message, and an ephemeral one would be gone with the next restart of the client.
    if (kind === "direct") return answerPublicly(request, view);
    // The emoji itself says that it was taken; only what went wrong is told.
    if (kind === "reaction" && view.kind !== "error") return { kind: "ok", data: {}, scopes: null };
    if (url !== undefined) {
      const body = { response_type: "ephemeral", replace_original: false, ...renderMessage(view) };
      const answer = await api.respond(url, body);
      if (!isCertainlyUnsent(answer)) return answer;
    }
    if (channel === undefined || user === undefined) return { kind: "refused", code: "nowhere_to_answer" };
    const isInThread = request.reply["in_thread"] !== undefined && thread !== undefined;
    return inLayouts(view, (layout) =>
      api.call("chat.postEphemeral", {
        channel,
        user,
        ...layout,
        ...literalArgs,
        ...(isInThread ? { thread_ts: thread } : {}),
      }),
    );
  }

  /** Under the card whose button was pressed, in the thread of the mention, or in the channel of the command. */
  async function answerPublicly(request: CommandRequest, view: View): Promise<SlackAnswer> {
    const { channel, response_url: url, thread_ts: thread } = request.reply;
    const posted: SlackAnswer =
      channel === undefined
        ? { kind: "refused", code: "nowhere_to_answer" }
        : await inLayouts(view, (layout) =>
            api.call("chat.postMessage", {
              channel,
              ...layout,
              ...postArgs,
              ...(thread === undefined ? {} : { thread_ts: thread }),
            }),
          );
    if (posted.kind === "ok") {
      const ts = posted.data["ts"];
      if (channel !== undefined && typeof ts === "string") {
        const failure = await uploadFiles(api, view, { channel, ts: thread ?? ts }, log);
        if (failure !== null) await sayWithoutFile(request, view, failure);
      }
      return posted;
    }
    if (url === undefined || !isCertainlyUnsent(posted)) return posted;
    const body = { response_type: "in_channel", replace_original: false, ...renderMessage(view) };
    const answered = await api.respond(url, body);
    if (answered.kind === "ok") await sayWithoutFile(request, view, posted);
    return answered;
  }

  /** Whoever asked for a file learns why it did not come, and what to do about it. */
  async function sayWithoutFile(
    request: CommandRequest,
    view: View,
    failure: Exclude<SlackAnswer, { kind: "ok" }>,
  ): Promise<void> {
    const file = view.blocks.find((block) => block.kind === "file");
    if (file === undefined) return;
    const { channel = "the channel" } = request.reply;
    const said = await answerPrivately(request, {
      kind: "error",
      title: `${file.filename} could not be attached`,
      tone: "bad",
      summary: `${file.filename} could not be attached: ${whyNot(failure, channel)}.`,
      blocks: [],
      actions: [],
    });
    if (said.kind !== "ok") log.warn({ key: request.key, said }, "slack: a lost file was not explained");
  }

  return { post, edit, find, answer };
}

function isCertainlyUnsent(answer: SlackAnswer): boolean {
  return answer.kind === "refused" || answer.kind === "unreachable" || answer.kind === "rate_limited";
}

function metadataOf(key: string): Readonly<Record<string, unknown>> {
  return { event_type: metadataType, event_payload: { key } };
}

function refOf(channel: Channel, ts: string): MessageRef {
  return { channel, data: { ts } };
}

/** Seconds with six digits, as Slack writes its timestamps. */
function slackTime(ms: number): string {
  return (Math.max(0, ms) / 1000).toFixed(6);
}

function ownTs(messages: unknown, key: string, botUserId: string | null): string | null {
  if (!Array.isArray(messages)) return null;
  for (const message of messages) {
    if (!isRecord(message) || typeof message["ts"] !== "string") continue;
    const metadata = message["metadata"];
    if (!isRecord(metadata) || metadata["event_type"] !== metadataType) continue;
    const payload = metadata["event_payload"];
    if (!isRecord(payload) || payload["key"] !== key) continue;
    if (botUserId === null || message["user"] === undefined || message["user"] === botUserId)
      return message["ts"];
  }
  return null;
}

function nextCursor(data: Readonly<Record<string, unknown>>): string | undefined {
  const metadata = data["response_metadata"];
  const cursor = isRecord(metadata) ? metadata["next_cursor"] : undefined;
  return typeof cursor === "string" && cursor !== "" ? cursor : undefined;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
