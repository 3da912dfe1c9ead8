import type { MessageRef } from "./chat.ts";
import type { TroublePlace } from "./trouble.ts";

/** The subject of the digest kinds is a digest run, of the silence kinds a silence, of a checkpoint its size, of a rollout_note a note, of changed_outside a record of what serves, of trouble what keeps a channel from being written to. */
export type PostKind =
  | "incident"
  | "rollout"
  | "entry"
  | "digest"
  | "digest_detail"
  | "silence_ending"
  | "silence_idle"
  | "checkpoint"
  | "rollout_note"
  | "changed_outside"
  | "trouble";

export interface Post {
  readonly key: string;
  readonly platform: string;
  readonly channel: string;
  readonly kind: PostKind;
  readonly subject: number;
  readonly threadOf: string | null;
  readonly desiredRevision: number;
  readonly postedRevision: number;
  readonly state: "waiting" | "sending" | "posted" | "refused";
  readonly ref: MessageRef | null;
  readonly attempts: number;
  readonly attemptedAt: Date | null;
  readonly notBefore: Date | null;
  readonly problem: string | null;
  /** How often its message was found gone and posted anew. */
  readonly reposts: number;
  readonly createdAt: Date;
}

export interface WantedPost {
  readonly platform: string;
  readonly channel: string;
  readonly kind: PostKind;
  readonly subject: number;
  readonly desiredRevision: number;
  /** For what is said in a thread: the card it hangs under. */
  readonly threadOf: { readonly kind: "incident" | "rollout" | "digest"; readonly subject: number } | null;
}

export interface PostStore {
  /** Creates the posts or raises their desired revision; one statement. */
  want(posts: readonly WantedPost[], now: Date): Promise<void>;
  /** Channels in which a card of this subject is or will be. */
  channelsOf(
    kind: PostKind,
    subject: number,
  ): Promise<readonly { readonly platform: string; readonly channel: string }[]>;
  /** The same for many subjects, by subject. */
  channelsOfMany(
    kind: PostKind,
    subjects: readonly number[],
  ): Promise<ReadonlyMap<number, readonly { readonly platform: string; readonly channel: string }[]>>;
  find(key: string): Promise<Post | null>;
  findBySubject(platform: string, channel: string, kind: PostKind, subject: number): Promise<Post | null>;
  /** The card that is shown by one of these messages. */
  findCard(refs: readonly MessageRef[]): Promise<Post | null>;
  /** Posts of one channel that lag behind, sending ones first, then cards before entries, oldest first. */
  behind(platform: string, channel: string, limit: number): Promise<readonly Post[]>;
  /** Channels with posts that lag behind, for the sweep after a crash. */
  channelsBehind(): Promise<readonly { readonly platform: string; readonly channel: string }[]>;
  /** Before an attempt: state sending, attempt counted. */
  markSending(key: string, at: Date): Promise<void>;
  markPosted(key: string, revision: number, ref: MessageRef): Promise<void>;
  /** Back to waiting, not before a moment, with the problem. */
  markWaiting(key: string, notBefore: Date | null, problem: string | null): Promise<void>;
  markRefused(key: string, problem: string): Promise<void>;
  /** The message is gone: forget the reference and post anew; counted. */
  markMissing(key: string): Promise<void>;
  /** Lines of a thread that wait are not due before a moment. */
  holdThread(card: string, until: Date): Promise<void>;
  /** What waits at a place is due at once; returns the channels that it is in. */
  release(place: TroublePlace): Promise<readonly { readonly platform: string; readonly channel: string }[]>;
  /** Nothing more is to be shown in a channel: it is archived, and was an incident's own. */
  forget(platform: string, channel: string): Promise<void>;
  /** How many messages wait at a place. */
  countBehind(place: TroublePlace): Promise<number>;
  /** Refused posts, for doctor. */
  refused(limit: number): Promise<readonly Post[]>;
  /** Refused posts of a channel become waiting again, after a person has put it right. */
  retryRefused(platform: string, channel: string): Promise<number>;
}
