import type { View } from "../domain/view.ts";

/** A message to be put into the console. */
export interface NewConsoleMessage {
  /** Unique: a second add with the same key adds nothing and returns the first id. */
  readonly key: string;
  /** Id of the channel, without the platform: "incidents". */
  readonly channel: string;
  /** Id of the card whose thread this goes to; null for a card. */
  readonly threadOf: number | null;
  /** The session that alone may see it (an answer "only you" see); null for everyone. */
  readonly audience: string | null;
  readonly view: View;
  readonly at: Date;
}

export interface ConsoleMessage extends Omit<NewConsoleMessage, "at"> {
  readonly id: number;
  readonly postedAt: Date;
  readonly editedAt: Date | null;
  /**
   * Grows with every add and edit over all channels, in commit order: whoever has read up to a revision has missed
   * nothing before it. Given under a lock that lasts until the commit; a bare sequence would not do.
   */
  readonly revision: number;
  /** How many messages without an audience are in its thread. */
  readonly replies: number;
}

/** A channel that has messages for everyone. */
export interface ConsoleChannel {
  readonly id: string;
  /** Id of its newest card. */
  readonly newestId: number;
}

/**
 * What the console shows, kept in the store so that every replica shows the same. Views hold Date (`Span.at`) and
 * Uint8Array (`png`), and come back with both.
 */
export interface ConsoleMessages {
  /** Adds a message, or returns the id of the one that has its key. */
  add(message: NewConsoleMessage): Promise<number>;
  /** Replaces the view; false when there is no such message. */
  edit(id: number, view: View, at: Date): Promise<boolean>;
  find(id: number): Promise<ConsoleMessage | null>;
  findByKey(key: string): Promise<ConsoleMessage | null>;
  /** Cards of a channel for everyone, oldest first: the newest `limit`, or those before the id `before`. */
  list(channel: string, before: number | null, limit: number): Promise<readonly ConsoleMessage[]>;
  /** What is in the thread of a card for everyone, oldest first: the newest `limit`. */
  thread(id: number, limit: number): Promise<readonly ConsoleMessage[]>;
  /** Everything one session alone may see, oldest first: the newest `limit`. */
  privateTo(audience: string, limit: number): Promise<readonly ConsoleMessage[]>;
  /** Every channel that has cards, by name. */
  channels(): Promise<readonly ConsoleChannel[]>;
  /** Messages added or edited after a revision, in order of revision, private ones too. */
  changedSince(revision: number, limit: number): Promise<readonly ConsoleMessage[]>;
  /** The newest revision, 0 when there is nothing. */
  newestRevision(): Promise<number>;
  /** Calls back when another replica may have added or edited something; best effort, for the console also asks by itself. */
  watch(onChange: () => void): Promise<{ stop(): Promise<void> }>;
  /** Removes private messages posted before `before`, at most `limit`; returns how many went. */
  prunePrivate(before: Date, limit: number): Promise<number>;
}
