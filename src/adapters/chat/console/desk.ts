/** What the console's API answers, before HTTP: the state of the page, threads, completion, and commands sent. */
import { createHash, randomUUID } from "node:crypto";
import type { Person } from "../../../domain/people/person.ts";
import type { Account, ChatDoor, CommandForm, CommandRequest, CommandShape } from "../../../ports/chat.ts";
import type { ConsoleMessage, ConsoleMessages } from "../../../ports/console.ts";
import type { PostStore } from "../../../ports/post.ts";
import { type Completion, type CompletionItem, valueItems, wantedAt } from "./complete.ts";
import type { Session } from "./session.ts";
import { toWire, type WireMessage } from "./wire.ts";

export const consolePlatform = "console";

export interface DeskOptions {
  readonly messages: ConsoleMessages;
  readonly posts: Pick<PostStore, "channelsOf" | "findBySubject">;
  /** Ids of channels that are shown although nothing was posted there yet. */
  readonly channels: readonly string[];
}

/** What reaches the bot from the page, once it is started. */
export interface Doorway {
  readonly door: ChatDoor;
  readonly commands: readonly CommandShape[];
}

export interface PageChannel {
  readonly id: string;
  /** Id of its newest card; 0 when it has none. */
  readonly newestId: number;
}

/** What a channel shows when the page opens. */
export interface PageState {
  readonly channels: readonly PageChannel[];
  readonly channel: string;
  readonly messages: readonly WireMessage[];
  readonly hasEarlier: boolean;
  /** What only this session sees, of every channel. */
  readonly privates: readonly WireMessage[];
  readonly commands: readonly CommandShape[];
  /** Everything up to here is in this answer; the stream goes on from it. */
  readonly revision: number;
}

export interface Submission {
  /** From the page; the same for every attempt at the same request. */
  readonly key: string;
  readonly text: string;
  readonly channel: string;
  /** The card in whose thread the answer belongs; null for the channel. */
  readonly thread: number | null;
}

const pageSize = 50;
const threadSize = 500;
const privateSize = 100;

export type Desk = ReturnType<typeof createDesk>;

export function createDesk(options: DeskOptions) {
  const { messages, posts } = options;

  async function channels(): Promise<readonly PageChannel[]> {
    const known = await messages.channels();
    const newest = new Map(known.map((channel) => [channel.id, channel.newestId]));
    const ids = [...new Set([...options.channels, ...known.map((channel) => channel.id)])];
    return ids.map((id) => ({ id, newestId: newest.get(id) ?? 0 }));
  }

  /** The state of the asked channel, or of the first when there is none of that name. */
  async function state(
    session: Session,
    asked: string | null,
    commands: readonly CommandShape[],
  ): Promise<PageState> {
    // Read before the messages: what comes in between is then sent twice, never missed.
    const revision = await messages.newestRevision();
    const all = await channels();
    const channel = all.find(({ id }) => id === asked)?.id ?? all[0]?.id ?? "incidents";
    const [page, privates] = await Promise.all([
      earlier(channel, null),
      messages.privateTo(session.id, privateSize),
    ]);
    return { channels: all, channel, ...page, privates: privates.map(toWire), commands, revision };
  }

  async function earlier(channel: string, before: number | null) {
    const found = await messages.list(channel, before, pageSize + 1);
    const hasEarlier = found.length > pageSize;
    return { messages: (hasEarlier ? found.slice(1) : found).map(toWire), hasEarlier };
  }

  /** A card and its thread; null when there is no such card or it is not for this session. */
  async function thread(session: Session, id: number) {
    const card = await visible(session, id);
    if (card === null) return null;
    return { card: toWire(card), messages: (await messages.thread(id, threadSize)).map(toWire) };
  }

  /** Whether a thread may be begun there. */
  async function hasCard(channel: string, id: number): Promise<boolean> {
    const message = await messages.find(id);
    return message?.channel === channel && message.audience === null && message.threadOf === null;
  }

  async function visible(session: Session, id: number): Promise<ConsoleMessage | null> {
    const message = await messages.find(id);
    if (message === null) return null;
    return message.audience === null || message.audience === session.id ? message : null;
  }

  /** The card of an incident or a rollout in the console; null when none was posted here. */
  async function findCard(
    kind: "incident" | "rollout",
    subject: number,
  ): Promise<{ id: number; channel: string } | null> {
    const places = await posts.channelsOf(kind, subject);
    for (const { platform, channel } of places) {
      if (platform !== consolePlatform) continue;
      const post = await posts.findBySubject(platform, channel, kind, subject);
      const id = Number(post?.ref?.data["id"]);
      if (Number.isSafeInteger(id) && id > 0) return { id, channel };
    }
    return null;
  }

  async function image(session: Session, id: number, blockIndex: number): Promise<Uint8Array | null> {
    const block = (await visible(session, id))?.view.blocks[blockIndex];
    return block?.kind === "image" ? block.png : null;
  }

  async function file(session: Session, id: number, blockIndex: number) {
    const block = (await visible(session, id))?.view.blocks[blockIndex];
    return block?.kind === "file" ? block : null;
  }

  return { channels, state, earlier, thread, hasCard, findCard, image, file };
}

/** The completion of the text before the caret. */
export async function complete(doorway: Doorway, session: Session, line: string): Promise<Completion> {
  const wanted = wantedAt(line, doorway.commands);
  const of = (from: number, items: readonly CompletionItem[]): Completion => ({
    from,
    to: line.length,
    items,
  });
  if (wanted.kind === "nothing") return of(line.length, []);
  if (wanted.kind === "items") return of(wanted.from, wanted.items);
  const suggested = wanted.option.isSuggested
    ? await doorway.door.suggest({
        account: accountOf(session.person),
        command: wanted.command.name,
        option: wanted.option.name,
        partial: wanted.partial,
        given: wanted.given,
      })
    : [];
  return of(wanted.from, valueItems(wanted, suggested));
}

/** A refusal as the page shows it in place of a form. */
export interface WireRefusal {
  readonly title: string;
  readonly summary: string;
  /** Its reference. */
  readonly footer: string | null;
}

/**
 * The form of a line's command, with what the line says and what is known, null when it has none; and why this person
 * is not given it, null when they are.
 */
export async function formOf(
  { door }: Doorway,
  session: Session,
  said: Pick<Submission, "text" | "channel" | "thread">,
): Promise<{ readonly form: CommandForm | null; readonly refusal: WireRefusal | null }> {
  const key = requestKey(session, `form ${randomUUID()}`);
  const asked = { key, account: accountOf(session.person), ...placeOf(said), ...commandOf(said.text) };
  const refusal = await door.forms.refuse(asked);
  if (refusal !== null) {
    const { title, summary, footer = null } = refusal;
    return { form: null, refusal: { title, summary, footer } };
  }
  // A line that cannot be read opens the empty form.
  const form = door.forms.of(asked) ?? door.forms.of({ ...asked, input: { kind: "text", text: "" } });
  return { form: form === null ? null : await door.forms.fill(form, asked), refusal: null };
}

function commandOf(line: string): Pick<CommandRequest, "command" | "input"> {
  const [, name = "", text = ""] = /^\/?\s*(\S*)\s*([\s\S]*)$/.exec(line.trim()) ?? [];
  return { command: name.toLowerCase(), input: { kind: "text", text } };
}

/** Where something was said: in a channel, or under one of its cards, which tells what it is about. */
function placeOf({ channel: id, thread }: Pick<Submission, "channel" | "thread">) {
  const channel = { platform: consolePlatform, id };
  return thread === null ? { channel } : { channel, thread: [{ channel, data: { id: String(thread) } }] };
}

/**
 * Hands a command line to the bot; resolves when it is durable.
 * @returns the key of the request.
 */
export async function submit(
  doorway: Doorway,
  session: Session,
  submission: Submission,
  receivedAt: Date,
): Promise<string> {
  const key = requestKey(session, submission.key);
  await doorway.door.submit({
    key,
    account: accountOf(session.person),
    ...placeOf(submission),
    ...commandOf(submission.text),
    receivedAt,
    reply: {
      session: session.id,
      key: submission.key,
      ...(submission.thread === null ? {} : { thread: String(submission.thread) }),
    },
  });
  return key;
}

/** Two sessions that happen to choose the same key make two requests. */
function requestKey(session: Session, key: string): string {
  return `console-${createHash("sha256").update(`${session.id}\n${key}`).digest("hex").slice(0, 40)}`;
}

/** Whoever looks, as the bot knows accounts. */
export function accountOf(person: Person | null): Account {
  return person === null
    ? { platform: consolePlatform, id: "nobody", name: "Nobody in particular" }
    : { platform: consolePlatform, id: person.id, name: person.name };
}
