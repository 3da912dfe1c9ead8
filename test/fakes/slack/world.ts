/** The workspace: channels, people, messages, files. */
import { type Effects, effectsOf } from "./markup.ts";

export interface FakeChannel {
  readonly id: string;
  readonly name: string;
  isMember: boolean;
  isPrivate: boolean;
  isArchived: boolean;
  isReadOnly: boolean;
  /** Who made it; null for one that was there. */
  readonly creator: string | null;
  /** Seconds. */
  readonly created: number;
  topic: string;
  purpose: string;
  /** People in it, beside the bot. */
  readonly members: Set<string>;
  readonly bookmarks: { readonly id: string; readonly title: string; readonly link: string }[];
}
export interface FakeUser {
  readonly id: string;
  readonly name: string;
  /** Guests, whom an app cannot add to a channel, and people who left. */
  readonly standing?: "guest" | "single_channel_guest" | "deactivated";
}
export interface FakeFile {
  readonly id: string;
  readonly filename: string;
  readonly altText: string | null;
  readonly length: number;
  bytes: Uint8Array | null;
  sharedIn: { readonly channel: string; readonly threadTs: string | null } | null;
}
export interface FakeMessage {
  readonly ts: string;
  readonly channel: string;
  readonly user: string;
  readonly botId: string | null;
  readonly threadTs: string | null;
  /** A reply that the channel sees too. */
  readonly isBroadcast?: boolean;
  text: string;
  blocks: readonly unknown[];
  metadata: { readonly event_type: string; readonly event_payload: Readonly<Record<string, unknown>> } | null;
  effects: Effects;
  /** How often it was edited. */
  edits: number;
  readonly fileId: string | null;
}
/** What one person alone sees. */
export interface FakeEphemeral {
  readonly channel: string;
  readonly user: string;
  readonly text: string;
  readonly blocks: readonly unknown[];
  readonly threadTs: string | null;
  readonly effects: Effects;
  readonly via: "chat.postEphemeral" | "response_url" | "ack";
}
export interface NewMessage {
  readonly channel: string;
  readonly user: string;
  readonly botId: string | null;
  readonly threadTs: string | null;
  /** A reply that the channel sees too. */
  readonly isBroadcast?: boolean;
  readonly text: string;
  readonly blocks: readonly unknown[];
  readonly metadata: FakeMessage["metadata"];
  readonly effects: Effects;
  readonly fileId?: string;
}

export interface World {
  readonly channels: Map<string, FakeChannel>;
  readonly users: Map<string, FakeUser>;
  readonly messages: FakeMessage[];
  readonly ephemerals: FakeEphemeral[];
  readonly files: Map<string, FakeFile>;
  readonly reactions: { readonly channel: string; readonly ts: string; readonly name: string }[];
  addChannel(channel: Partial<FakeChannel> & { readonly id: string }): FakeChannel;
  addMessage(message: NewMessage): FakeMessage;
  find(channel: string, ts: string): FakeMessage | undefined;
  nextId(prefix: string): string;
}

/** An empty workspace; timestamps are unique and grow. */
export function createWorld(now: () => number): World {
  let serial = 0;
  let lastMicros = 0;

  function nextTs(): string {
    lastMicros = Math.max(Math.floor(now() * 1000), lastMicros + 1);
    const seconds = Math.floor(lastMicros / 1_000_000);
    return `${seconds}.${String(lastMicros % 1_000_000).padStart(6, "0")}`;
  }

  const world: World = {
    channels: new Map(),
    users: new Map(),
    messages: [],
    ephemerals: [],
    files: new Map(),
    reactions: [],
    addChannel(channel) {
      const whole: FakeChannel = {
        name: channel.id.toLowerCase(),
        isMember: true,
        isPrivate: false,
        isArchived: false,
        isReadOnly: false,
        creator: null,
        created: Math.floor(now() / 1000),
        topic: "",
        purpose: "",
        members: new Set(),
        bookmarks: [],
        ...channel,
      };
      world.channels.set(whole.id, whole);
      return whole;
    },
    addMessage(message) {
      const stored: FakeMessage = { ...message, ts: nextTs(), edits: 0, fileId: message.fileId ?? null };
      world.messages.push(stored);
      return stored;
    },
    find: (channel, ts) => world.messages.find((message) => message.channel === channel && message.ts === ts),
    nextId(prefix) {
      serial += 1;
      return `${prefix}${String(serial).padStart(8, "0")}`;
    },
  };
  return world;
}

/** A message of a person, as typed. */
export function typed(channel: string, user: string, text: string, threadTs: string | null): NewMessage {
  const effects = effectsOf({ text, blocks: [], parse: "none", linkNames: false, mrkdwn: true });
  return { channel, user, botId: null, threadTs, text, blocks: [], metadata: null, effects };
}
