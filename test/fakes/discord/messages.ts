/** Writing messages: limits, permissions, nonces, and whom they would notify. */
import type { z } from "zod";
import { snowflake } from "./ids.ts";
import {
  checkMessage,
  checkNotEmpty,
  type MessageInput,
  mentionsOf,
  readMessage,
  type UploadedFile,
} from "./limits.ts";
import { invalid, refusals } from "./refusal.ts";
import {
  bits,
  botRights,
  type FakeAttachment,
  type FakeChannel,
  type FakeMessage,
  isThread,
  type World,
} from "./world.ts";

export interface Incoming {
  readonly body: unknown;
  readonly files: readonly UploadedFile[];
}

/** How long Discord remembers a nonce: "the past few minutes". */
const nonceMs = 120_000;

/** @throws Refusal 50035 when the body is not of this form. */
export function guarded<Shape extends z.ZodType>(shape: Shape, body: unknown): z.output<Shape> {
  const parsed = shape.safeParse(body);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw invalid(issue?.path.join(".") ?? "body", "MODEL_TYPE_CONVERT", issue?.message ?? "invalid");
}

/** Posts as the bot. With an enforced nonce that it has seen, returns the message of then. */
/** What a sender may set: SUPPRESS_EMBEDS and SUPPRESS_NOTIFICATIONS; Discord ignores the others. */
const flagsOfMessages = (1 << 2) | (1 << 12);

export function createMessage(
  world: World,
  channel: FakeChannel,
  incoming: Incoming,
  id?: string,
): FakeMessage {
  const input = readMessage(incoming.body);
  checkMay(world, channel, input, incoming.files, id === undefined);
  checkMessage(input, incoming.files);
  const nonce = input.nonce == null ? null : String(input.nonce);
  const again = input.enforce_nonce === true ? sameNonce(world, channel, nonce) : undefined;
  if (again !== undefined) return again;
  const flags = (input.flags ?? 0) & flagsOfMessages;
  const message = store(world, channel.id, input, incoming.files, { nonce, id, visibleTo: null, flags });
  if (isThread(channel)) channel.isArchived = false;
  return message;
}

function checkMay(
  world: World,
  channel: FakeChannel,
  input: MessageInput,
  files: readonly UploadedFile[],
  isOrdinary: boolean,
): void {
  if (channel.type === 15 || channel.type === 16 || channel.type === 4) throw refusals.notText();
  if (channel.recipientId !== null && world.closedTo.has(channel.recipientId))
    throw refusals.cannotMessageUser();
  const rights = botRights(world, channel);
  const may = (bit: bigint) => (rights & bit) !== 0n;
  if (isOrdinary && !may(isThread(channel) ? bits.sendInThreads : bits.sendMessages))
    throw refusals.missingPermissions();
  if ((input.embeds?.length ?? 0) > 0 && !may(bits.embedLinks)) throw refusals.missingPermissions();
  if (files.length > 0 && !may(bits.attachFiles)) throw refusals.missingPermissions();
  if (channel.isLocked && !may(bits.manageThreads))
    throw channel.isArchived ? refusals.archived() : refusals.locked();
}

function sameNonce(world: World, channel: FakeChannel, nonce: string | null): FakeMessage | undefined {
  if (nonce === null) return undefined;
  const since = world.now() - nonceMs;
  return world
    .inChannel(channel.id)
    .find((each) => each.nonce === nonce && Number(BigInt(each.id) >> 22n) + 1_420_070_400_000 >= since);
}

/** Stores a message that has been checked. */
export function store(
  world: World,
  channelId: string,
  input: MessageInput,
  files: readonly UploadedFile[],
  how: {
    readonly nonce: string | null;
    readonly id?: string | undefined;
    readonly visibleTo: string | null;
    readonly flags: number;
  },
): FakeMessage {
  const message: FakeMessage = {
    id: how.id ?? snowflake(world.now()),
    channelId,
    author: world.bot,
    content: input.content ?? "",
    embeds: input.embeds ?? [],
    components: input.components ?? [],
    attachments: attachmentsOf(world, input, files, []),
    flags: how.flags,
    nonce: how.nonce,
    replyTo: input.message_reference?.message_id ?? null,
    editedAt: null,
    edits: 0,
    isDeleted: false,
    visibleTo: how.visibleTo,
  };
  checkNotEmpty(message);
  world.messages.set(message.id, message);
  recordPings(world, message, input);
  world.changed();
  return message;
}

/** Only what the body names changes, as with PATCH. */
export function editMessage(world: World, message: FakeMessage, incoming: Incoming): FakeMessage {
  const input = readMessage(incoming.body);
  checkMessage(input, incoming.files);
  const next = {
    content: input.content === undefined ? message.content : (input.content ?? ""),
    embeds: input.embeds === undefined ? message.embeds : (input.embeds ?? []),
    components: input.components === undefined ? message.components : (input.components ?? []),
    attachments: attachmentsOf(world, input, incoming.files, message.attachments),
  };
  checkNotEmpty(next);
  Object.assign(message, next, { editedAt: world.now(), edits: message.edits + 1 });
  recordPings(world, message, input);
  world.changed();
  return message;
}

/** New files, and those old ones that `attachments` keeps. */
function attachmentsOf(
  world: World,
  input: MessageInput,
  files: readonly UploadedFile[],
  old: readonly FakeAttachment[],
): readonly FakeAttachment[] {
  const listed = input.attachments;
  const kept = listed == null ? old : old.filter((each) => listed.some(({ id }) => id === each.id));
  const added = files.map((file) => ({
    id: snowflake(world.now()),
    filename: file.name,
    size: file.size,
    text: file.text,
    description: listed?.find(({ id }) => `files[${id}]` === file.field)?.description ?? null,
  }));
  return [...kept, ...added];
}

function recordPings(world: World, message: FakeMessage, input: MessageInput): void {
  if (message.visibleTo !== null) return;
  const repliedTo =
    message.replyTo === null ? null : (world.messages.get(message.replyTo)?.author.id ?? null);
  for (const who of mentionsOf(input, repliedTo))
    world.pings.push({ channelId: message.channelId, messageId: message.id, who });
}
