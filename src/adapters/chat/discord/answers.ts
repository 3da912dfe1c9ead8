/**
 * Answers to requests. The private placeholder of the acknowledgement becomes the answer; a public answer is a
 * message in the channel, and the placeholder goes. When the interaction is over (15 minutes, or the bot died
 * before it acknowledged) a private answer goes to the person's direct messages, since it was not meant for the channel.
 * So does one to a mention, which is no interaction; the channel hears that it was answered.
 */
import { referenceOf, referTo } from "../../../domain/command/reference.ts";
import { link, plain, type View } from "../../../domain/view.ts";
import type { CommandRequest, Log } from "../../../ports.ts";
import type { Api, Failure, Reply } from "./api.ts";
import { codes, problemOf } from "./outcome.ts";
import { note } from "./prompts.ts";
import { inReplyTo, momentOf, nonceOf } from "./reference.ts";
import { renderView } from "./render.ts";
import { anything, channelShape, messageShape } from "./shapes.ts";

/** An interaction's token lasts 15 minutes; the last half minute is not relied on. */
const tokenMs = 14.5 * 60_000;
const attempts = 3;
const maxWaitMs = 5_000;
const betweenMs = 300;
/** The message flag SUPPRESS_NOTIFICATIONS. */
const silent = 1 << 12;
const answeredDirectly = "Answered in a direct message to you.";
const cannotAnswer =
  "The answer is for you alone, and you take no direct messages from this bot: use the slash command, or allow messages from members of this server.";

export interface AnswerOptions {
  readonly api: Api;
  readonly log: Log;
}

export function createAnswers({ api, log }: AnswerOptions) {
  async function answer(
    request: CommandRequest,
    view: View,
    visibility: "private" | "public",
  ): Promise<void> {
    const failure =
      visibility === "private" ? await answerPrivately(request, view) : await answerPublicly(request, view);
    if (failure !== null)
      log.warn(
        { request: request.key, visibility, problem: problemOf(failure) },
        "discord: an answer could not be given",
      );
  }

  async function answerPrivately(request: CommandRequest, view: View): Promise<Failure | null> {
    if (isOpen(request)) {
      const edited = await editOriginal(request, view);
      if (edited.kind === "ok") return null;
      if (!isOver(edited)) return edited;
    }
    const { kind, guildId } = request.reply;
    // Whoever pins with an emoji wants no answer, only to hear why it did not work.
    if (kind === "reaction" && view.kind !== "error") return null;
    if (kind === "said" && guildId !== undefined) return answerMention(request, view, guildId);
    return answerDirectly(request, view);
  }

  /**
   * To a mention in a server. Whoever takes no direct messages hears in the channel what anybody may: help, and what
   * was wrong with words that everybody read. An answer to a question stays unsaid there.
   */
  async function answerMention(
    request: CommandRequest,
    view: View,
    guildId: string,
  ): Promise<Failure | null> {
    const place = request.reply["channelId"] ?? "";
    const direct = await answerDirectly(request, aboutMessage(request, view, guildId));
    if (direct === null) {
      const told = await sayInReply(place, request, answeredDirectly);
      if (told.kind !== "ok")
        log.debug({ request: request.key, problem: problemOf(told) }, "discord: a mention has no reply");
      return null;
    }
    if (direct.kind !== "denied") return direct;
    const isHarmless = view.kind === "error" || view.kind === "help";
    const sent = isHarmless
      ? await send(place, request, view)
      : await sayInReply(place, request, referTo(cannotAnswer, referenceOf(request.key)));
    return sent.kind === "ok" ? null : sent;
  }

  /** A line of our own under the message that mentioned us, without a sound. */
  function sayInReply(place: string, request: CommandRequest, words: string): Promise<Reply<unknown>> {
    const { messageId = "" } = request.reply;
    const once = { nonce: nonceOf(`${request.key}:reply`), enforce_nonce: true };
    const body = { ...note(words), ...inReplyTo(messageId), ...once, flags: silent };
    const path = `/channels/${place}/messages` as const;
    return persistently(() => api.call({ method: "POST", path, body, schema: messageShape }));
  }

  /** Every attempt edits the same message, so repeating does no harm. */
  function editOriginal(request: CommandRequest, view: View): Promise<Reply<unknown>> {
    const payload = renderView(view, null);
    return persistently(() =>
      api.call({
        method: "PATCH",
        path: `${webhook(request)}/messages/@original`,
        body: payload.body,
        files: payload.files,
        schema: anything,
        auth: "none",
      }),
    );
  }

  async function answerDirectly(request: CommandRequest, view: View): Promise<Failure | null> {
    const opened = await persistently(() =>
      api.call({
        method: "POST",
        path: "/users/@me/channels",
        body: { recipient_id: request.account.id },
        schema: channelShape,
      }),
    );
    if (opened.kind !== "ok") return opened;
    const sent = await send(opened.body.id, request, view);
    return sent.kind === "ok" ? null : sent;
  }

  async function answerPublicly(request: CommandRequest, view: View): Promise<Failure | null> {
    const channelId = request.reply["channelId"] ?? request.channel?.id;
    if (channelId === undefined) return answerPrivately(request, view);
    const sent = await send(channelId, request, view);
    if (sent.kind === "ok") {
      if (isOpen(request)) await removePlaceholder(request);
      return null;
    }
    // The person may use the bot where the bot itself may not write.
    return sent.kind === "denied" ? answerPrivately(request, view) : sent;
  }

  /** With a nonce made from the request, so that repeating within two minutes does no harm. */
  function send(channelId: string, request: CommandRequest, view: View): Promise<Reply<unknown>> {
    const payload = renderView(view, null);
    const said = request.reply["messageId"];
    const isWhereSaid = channelId === request.reply["channelId"];
    const reply = said === undefined || !isWhereSaid ? {} : inReplyTo(said);
    return persistently(() =>
      api.call({
        method: "POST",
        path: `/channels/${channelId}/messages`,
        body: { ...payload.body, ...reply, nonce: nonceOf(request.key), enforce_nonce: true },
        files: payload.files,
        schema: messageShape,
      }),
    );
  }

  async function removePlaceholder(request: CommandRequest): Promise<void> {
    const reply = await persistently(() =>
      api.call({
        method: "DELETE",
        path: `${webhook(request)}/messages/@original`,
        schema: anything,
        auth: "none",
      }),
    );
    if (reply.kind !== "ok")
      log.debug({ request: request.key, problem: problemOf(reply) }, "discord: a placeholder stays");
  }

  return { answer };
}

/** The view with the way back to where it was asked for. */
function aboutMessage({ reply }: CommandRequest, view: View, guildId: string): View {
  const address = `https://discord.com/channels/${guildId}/${reply["channelId"]}/${reply["messageId"]}`;
  const back = { kind: "note", text: [plain("To "), link("your message", address), plain(".")] } as const;
  return { ...view, blocks: [...view.blocks, back] };
}

function webhook(request: CommandRequest): `/${string}` {
  return `/webhooks/${request.reply["applicationId"] ?? ""}/${request.reply["token"] ?? ""}`;
}

/** Whether the interaction still takes answers. */
function isOpen(request: CommandRequest): boolean {
  const { interactionId, token } = request.reply;
  if (interactionId === undefined || token === undefined || !/^\d+$/.test(interactionId)) return false;
  return Date.now() - momentOf(interactionId).getTime() < tokenMs;
}

/** Discord's ways of saying that an interaction is over or was never acknowledged. */
function isOver(failure: Failure): boolean {
  if (failure.kind !== "denied") return false;
  const over: readonly number[] = [
    codes.unknownWebhook,
    codes.invalidWebhookToken,
    codes.unknownMessage,
    codes.unknownInteraction,
  ];
  return over.includes(failure.code) || failure.status === 404 || failure.status === 401;
}

/** A few attempts at something that may be repeated. */
async function persistently<Body>(act: () => Promise<Reply<Body>>): Promise<Reply<Body>> {
  for (let attempt = 1; ; attempt += 1) {
    const reply = await act();
    if (reply.kind === "ok" || reply.kind === "denied" || attempt === attempts) return reply;
    const waitMs = reply.kind === "rate_limited" ? reply.retryAfterMs : betweenMs * attempt;
    if (waitMs > maxWaitMs) return reply;
    await new Promise((resolve) => setTimeout(resolve, waitMs));
  }
}
