/** Cards and thread entries: post and edit. One attempt each; follow-up calls only after a definite answer. */
import type { View } from "../../../domain/view.ts";
import type { Channel, Log, MessageRef, OutgoingMessage, PostResult } from "../../../ports.ts";
import type { Api, Failure, Reply } from "./api.ts";
import { plainLine } from "./markdown.ts";
import { codes, outcomeOf, problemOf } from "./outcome.ts";
import { markOf, type Place, placeOf, refOf } from "./reference.ts";
import { type Payload, renderView } from "./render.ts";
import { type ApiMessage, anything, channelShape, isForum, messageShape } from "./shapes.ts";
import type { createTags } from "./tags.ts";
import { withoutTone } from "./tone.ts";

/** Minutes without a message until Discord archives a thread: a week, the longest it knows. */
const autoArchiveMinutes = 10_080;
const maxThreadName = 100;
/** A card is not kept waiting longer than this for its thread, ms. */
const threadTimeoutMs = 5_000;
/** Channels remembered to be forums, or to have no threads. */
const maxRemembered = 10_000;

/**
 * SUPPRESS_NOTIFICATIONS: posted without a push and without a sound. Only for new messages; edits notify nobody.
 * @see https://docs.discord.com/developers/resources/message#message-object-message-flags
 */
const suppressNotifications = 1 << 12;

export interface MessageOptions {
  readonly api: Api;
  readonly log: Log;
  readonly tags: ReturnType<typeof createTags>;
}

export function createMessages({ api, log, tags }: MessageOptions) {
  const forums = new Set<string>();
  const threadless = new Set<string>();

  async function post(channel: Channel, message: OutgoingMessage): Promise<PostResult> {
    const payload = quietly(message.view, renderView(message.view, markOf(message.key)));
    if (message.thread !== undefined) return postEntry(channel, message, placeOf(message.thread), payload);
    if (forums.has(channel.id)) return postToForum(channel, message.view, payload);
    const sent = await create(channel.id, message.key, payload);
    if (sent.kind === "ok") return posted(channel, sent.body, message.view);
    if (sent.kind === "denied" && sent.code === codes.notATextChannel && (await isForumChannel(channel.id)))
      return postToForum(channel, message.view, payload);
    return outcomeOf(sent, channel.id);
  }

  /** The nonce makes a second attempt within about two minutes return the first one's message. */
  function create(
    channelId: string,
    key: string,
    payload: Payload,
    reply?: Place,
  ): Promise<Reply<ApiMessage>> {
    const reference =
      reply === undefined
        ? {}
        : { message_reference: { type: 0, message_id: reply.message, fail_if_not_exists: false } };
    return api.call({
      method: "POST",
      path: `/channels/${channelId}/messages`,
      body: { ...payload.body, ...reference, nonce: key, enforce_nonce: true },
      files: payload.files,
      schema: messageShape,
    });
  }

  /** A card gets its thread at once; should that fail, the first entry starts it. */
  async function posted(channel: Channel, message: ApiMessage, view: View): Promise<PostResult> {
    const place = { channel: channel.id, message: message.id };
    if ((view.kind === "incident" || view.kind === "rollout") && !threadless.has(channel.id)) {
      const started = await startThread(place, threadName(view));
      if (started !== "started" && started !== "impossible")
        log.debug(
          { channel: channel.id, problem: problemOf(started) },
          "discord: the thread is started later",
        );
    }
    return { kind: "posted", ref: refOf(channel, place) };
  }

  /** "impossible" where the channel has no threads, for example because it is one. */
  async function startThread(card: Place, name: string): Promise<"started" | "impossible" | Failure> {
    const reply = await api.call({
      method: "POST",
      path: `/channels/${card.channel}/messages/${card.message}/threads`,
      body: { name, auto_archive_duration: autoArchiveMinutes },
      schema: anything,
      timeoutMs: threadTimeoutMs,
    });
    if (reply.kind === "ok") return "started";
    // Another replica, or an attempt whose answer got lost: the thread has the card's id, so it is ours.
    if (reply.kind === "denied" && reply.code === codes.threadExists) return "started";
    if (reply.kind !== "denied" || reply.code !== codes.notForThisChannelType) return reply;
    remember(threadless, card.channel);
    return "impossible";
  }

  /** What the card is called, for a thread that is started later than it. */
  async function titleOf(card: Place): Promise<string> {
    const reply = await api.call({
      method: "GET",
      path: `/channels/${card.channel}/messages/${card.message}`,
      schema: messageShape,
    });
    const title = reply.kind === "ok" ? reply.body.embeds[0]?.title : undefined;
    return nameFrom(withoutTone((title ?? "").replace(/\\(.)/g, "$1")));
  }

  async function postEntry(
    channel: Channel,
    message: OutgoingMessage,
    card: Place,
    payload: Payload,
  ): Promise<PostResult> {
    const inThread = (sent: ApiMessage): PostResult => ({
      kind: "posted",
      ref: refOf(channel, { channel: sent.channel_id, message: sent.id }),
    });
    if (!threadless.has(card.channel)) {
      const first = await awake(card.message, () => create(card.message, message.key, payload));
      if (first.kind === "ok") return inThread(first.body);
      if (first.kind !== "denied" || first.code !== codes.unknownChannel)
        return outcomeOf(first, card.message);
      const started = await startThread(card, await titleOf(card));
      if (started === "started") {
        const second = await create(card.message, message.key, payload);
        return second.kind === "ok" ? inThread(second.body) : outcomeOf(second, card.message);
      }
      if (started !== "impossible") return isGone(started) ? cardGone : outcomeOf(started, card.channel);
    }
    const reply = await create(card.channel, message.key, payload, card);
    return reply.kind === "ok" ? inThread(reply.body) : outcomeOf(reply, card.channel);
  }

  /** Discord has no nonce for forum posts, so only {@link Chat.find} tells whether an ambiguous one arrived. */
  async function postToForum(channel: Channel, view: View, payload: Payload): Promise<PostResult> {
    const chosen = await tags.choose(channel.id, view);
    if (chosen.kind !== "tags") return unsent(chosen, channel.id);
    const reply = await api.call({
      method: "POST",
      path: `/channels/${channel.id}/threads`,
      body: {
        name: threadName(view),
        auto_archive_duration: autoArchiveMinutes,
        applied_tags: chosen.ids,
        message: payload.body,
      },
      files: payload.files,
      schema: channelShape,
    });
    if (reply.kind !== "ok") return outcomeOf(reply, channel.id);
    const id = reply.body.id;
    return { kind: "posted", ref: refOf(channel, { channel: id, message: id }), aside: chosen.aside };
  }

  async function isForumChannel(channelId: string): Promise<boolean> {
    const reply = await api.call({ method: "GET", path: `/channels/${channelId}`, schema: channelShape });
    if (reply.kind !== "ok" || !isForum(reply.body.type)) return false;
    remember(forums, channelId);
    return true;
  }

  async function edit(ref: MessageRef, message: OutgoingMessage): Promise<PostResult> {
    const place = placeOf(ref);
    const payload = renderView(message.view, markOf(message.key));
    const reply = await awake(place.channel, () =>
      api.call({
        method: "PATCH",
        path: `/channels/${place.channel}/messages/${place.message}`,
        body: payload.body,
        files: payload.files,
        schema: messageShape,
      }),
    );
    if (reply.kind === "ok") return tagged(ref, place, message.view);
    return isGone(reply) ? cardGone : outcomeOf(reply, place.channel);
  }

  /** The first message of a forum post has the id of the post, whose tags follow the card. */
  async function tagged(ref: MessageRef, place: Place, view: View): Promise<PostResult> {
    if (place.channel !== place.message) return { kind: "posted", ref };
    const kept = await tags.keepTrue(place.channel, view);
    if (kept === null) return { kind: "posted", ref };
    return "part" in kept ? { kind: "posted", ref, aside: kept } : kept;
  }

  /** Does something in a thread; when Discord refuses because the thread is archived, unarchives it and does it then. */
  async function awake<Body>(threadId: string, act: () => Promise<Reply<Body>>): Promise<Reply<Body>> {
    const first = await act();
    if (first.kind !== "denied" || first.code !== codes.archivedThread) return first;
    const woken = await api.call({
      method: "PATCH",
      path: `/channels/${threadId}`,
      body: { archived: false },
      schema: anything,
    });
    return woken.kind === "ok" ? act() : woken.kind === "denied" ? first : woken;
  }

  return { post, edit, create };
}

/** Nothing was sent yet, so nothing needs to be looked for. */
function unsent(failure: Failure, channelId: string): PostResult {
  if (failure.kind === "ambiguous") return { kind: "unreachable", problem: failure.problem };
  return outcomeOf(failure, channelId);
}

const cardGone: PostResult = { kind: "missing", problem: "the message was deleted" };

/** A message is gone, or the forum post that began with it. */
function isGone(failure: Failure): boolean {
  return (
    failure.kind === "denied" &&
    (failure.code === codes.unknownMessage || failure.code === codes.unknownChannel)
  );
}

/** Without the severity: it changes, and Discord lets a thread be renamed only twice in ten minutes. */
function threadName(view: View): string {
  return nameFrom(view.title);
}

function nameFrom(title: string): string {
  const name = plainLine(title, maxThreadName);
  return name === "" ? "incident" : name;
}

function remember(set: Set<string>, id: string): void {
  if (set.size >= maxRemembered) set.clear();
  set.add(id);
}

function quietly(view: View, payload: Payload): Payload {
  return view.isQuiet === true
    ? { ...payload, body: { ...payload.body, flags: suppressNotifications } }
    : payload;
}
