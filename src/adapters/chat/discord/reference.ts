/** How a message is recognised again: nonce, reference mark, ids. */
import { createHash } from "node:crypto";
import type { Channel, MessageRef } from "../../../ports/chat.ts";

/** Moment from which snowflakes count, ms. @see https://discord.com/developers/docs/reference#snowflakes */
const discordEpoch = 1_420_070_400_000n;

/** The smallest id that Discord gives at this moment; for `after=`. */
export function snowflakeAt(at: Date): string {
  const ms = BigInt(Math.max(0, at.getTime())) - discordEpoch;
  return ((ms > 0n ? ms : 0n) << 22n).toString();
}

/** When Discord made the thing with this id. */
export function momentOf(snowflake: string): Date {
  return new Date(Number((BigInt(snowflake) >> 22n) + discordEpoch));
}

/**
 * The mark by which {@link hasMark} finds a message of this key: eight characters in the small print, since Discord
 * keeps neither nonce nor metadata. 41 bits: among the thousand messages that one search reads, a false match has
 * odds of one in two thousand million.
 */
export function markOf(key: string): string {
  const number = BigInt(`0x${createHash("sha256").update(key).digest("hex").slice(0, 16)}`);
  return `#${number.toString(36).padStart(8, "0").slice(-8)}`;
}

/** True when the last small print of the message ends in the mark; text from outside never comes last. */
export function hasMark(
  message: {
    readonly content: string;
    readonly embeds: readonly { readonly footer?: { readonly text: string } | undefined }[];
  },
  mark: string,
): boolean {
  const footer = message.embeds.at(-1)?.footer?.text;
  const small = footer ?? message.content.split("\n").at(-1) ?? "";
  return small === mark || small.endsWith(` ${mark}`);
}

/** Small print from outside, changed where it would read as a mark of ours. */
export function withoutMark(text: string): string {
  return text.replace(/#(?=[0-9a-z]{8}$)/, "# ");
}

/** A nonce of 25 characters for an answer, the same for every attempt. */
export function nonceOf(requestKey: string): string {
  return createHash("sha256").update(`answer:${requestKey}`).digest("hex").slice(0, 25);
}

/** Makes a message a reply, or an ordinary one when what it answers is gone. */
export function inReplyTo(messageId: string) {
  return { message_reference: { message_id: messageId, fail_if_not_exists: false } };
}

/** Where a message is. A card's thread has the card's own id. */
export interface Place {
  /** Channel or thread that holds the message. */
  readonly channel: string;
  readonly message: string;
}

export function refOf(channel: Channel, place: Place): MessageRef {
  return { channel, data: { channel: place.channel, message: place.message } };
}

/** A thread has the id of the message it hangs on, which is in the channel, or in the thread itself in a forum. */
export function rootsOf(channel: Channel, thread: string): readonly MessageRef[] {
  return [channel.id, thread].map((place) => refOf(channel, { channel: place, message: thread }));
}

/** @throws Error when the reference was not made by this adapter. */
export function placeOf(ref: MessageRef): Place {
  const { channel, message } = ref.data;
  if (channel === undefined || message === undefined)
    throw new Error(
      `discord: a message reference without channel or message id: ${JSON.stringify(ref.data)}`,
    );
  return { channel, message };
}
