import type { Obstacle } from "../domain/chat/trouble.ts";
import type { View } from "../domain/view.ts";
import type { ChannelHost } from "./incident-channel.ts";

/** Where messages go, written "slack:C0123ABCD", "discord:123456789", "console:incidents". */
export interface Channel {
  readonly platform: string;
  readonly id: string;
}

/** A posted message. `data` is the platform's own reference and opaque to everyone else; JSON. */
export interface MessageRef {
  readonly channel: Channel;
  readonly data: Readonly<Record<string, string>>;
}

export interface OutgoingMessage {
  /** At most 25 characters of [a-z0-9]; the same for every attempt at the same message: the idempotency key. */
  readonly key: string;
  readonly view: View;
  /** The card whose thread this goes to; absent for a card. */
  readonly thread?: MessageRef;
}

/** Something that goes with a message and that a platform may refuse alone, while the message itself arrives. */
export interface Aside {
  /** One word, the same for every message of the channel: people are told once. */
  readonly part: string;
  /** What a person has to do before it works; null when it worked. */
  readonly obstacle: Pick<Obstacle, "problem" | "remedy"> | null;
}

/** Outcome of one attempt. The adapter never retries: the caller owns retry and pacing. */
export type PostResult =
  | { readonly kind: "posted"; readonly ref: MessageRef; readonly aside?: Aside }
  /** It may or may not have happened (timeout, reset, 5xx): look with {@link Chat.find} before trying again. */
  | { readonly kind: "ambiguous"; readonly problem: string }
  | { readonly kind: "rate_limited"; readonly retryAfterMs: number; readonly scope: "channel" | "platform" }
  /** The platform said no; trying the same again is useless until a person does `remedy`. Nothing was sent. */
  | ({ readonly kind: "refused" } & Obstacle)
  /** Nothing was sent (not connected, DNS); try again later. */
  | { readonly kind: "unreachable"; readonly problem: string }
  /** For an edit: the message is gone or can no longer be edited. For a new line: the card of its thread is. */
  | { readonly kind: "missing"; readonly problem: string };

export type FindResult =
  | { readonly kind: "found"; readonly ref: MessageRef }
  | { readonly kind: "absent" }
  /** The lookup itself failed or cannot see the channel; try again later. `obstacle` when a person has to act first. */
  | { readonly kind: "blind"; readonly problem: string; readonly obstacle?: Obstacle };

/** Who spoke, as the platform names them. */
export interface Account {
  readonly platform: string;
  readonly id: string;
  readonly name: string;
}

/** A slash command, a button, a console line or `tocsin run`: the second door into the bot. */
export interface CommandRequest {
  /** Platform's own event id or a hash of the signed request: the same request delivered twice has the same key. */
  readonly key: string;
  readonly account: Account;
  readonly channel: Channel | null;
  /** Name of the command, without slash. */
  readonly command: string;
  /** What followed it, as text, or the typed options of a platform that has them. */
  readonly input:
    | { readonly kind: "text"; readonly text: string }
    | { readonly kind: "options"; readonly options: Readonly<Record<string, string | number | boolean>> };
  readonly receivedAt: Date;
  /**
   * Said in a thread: the message that the thread hangs on, in every form in which this platform may have given it
   * out when it was posted. Absent outside of threads.
   */
  readonly thread?: readonly MessageRef[];
  /** How to answer, opaque to everyone but the platform's adapter; JSON. Never logged. */
  readonly reply: Readonly<Record<string, string>>;
}

export interface ChatDoor {
  /** Persists the request; resolves when it is committed, after which the platform may be acknowledged. */
  submit(request: CommandRequest): Promise<void>;
  /** What waits for whoever has this account, or why they may not see it: for platforms with a home of their own. */
  home(account: Account): Promise<View>;
  /** Suggestions while someone types; at most 25, best first; never throws. */
  suggest(question: SuggestQuestion): Promise<readonly Suggestion[]>;
  readonly forms: Forms;
}

export interface SuggestQuestion {
  readonly account: Account;
  readonly command: string;
  readonly option: string;
  readonly partial: string;
  /** What the other options say so far, by name. */
  readonly given?: OptionValues;
}

export interface Suggestion {
  readonly label: string;
  readonly value: string;
}

/** Values of options by their names. */
export type OptionValues = Readonly<Record<string, string | number | boolean>>;

/** What a form says: a request that is not one yet. */
export type FormRequest = Pick<CommandRequest, "account" | "channel" | "command" | "input" | "thread">;

/** The same with a key, for what is kept of it. */
export type KeyedFormRequest = FormRequest & Pick<CommandRequest, "key">;

/** Forms for commands that were told only half of what they need. */
export interface Forms {
  /**
   * The form of a request's command, with what the request says. Looks nothing up, so that it is there within the life
   * of a trigger however slow the database is.
   * @returns null for an unknown command, one without options, and a line that cannot be read.
   */
  of(request: FormRequest): CommandForm | null;
  /**
   * What a person is told in place of a form whose command they may not use: denied and kept like the command itself.
   * Never throws.
   * @returns null when they may, and when nobody could tell in time: it is judged again when the form is sent.
   */
  refuse(request: KeyedFormRequest): Promise<View | null>;
  /** The form with what the bot knows: the incident of the place, likely values, choices. Never throws; what takes too long stays out. */
  fill(form: CommandForm, request: FormRequest): Promise<CommandForm>;
  /** What is wrong with the values of a form, before it is sent off; empty when nothing is. Looks nothing up. */
  check(request: FormRequest): readonly FormProblem[];
}

export interface CommandForm {
  /** Name of the command, without slash. */
  readonly command: string;
  readonly summary: string;
  /** Without it the command would be refused, or answer with a question: platforms open the form by themselves. */
  readonly isNeeded: boolean;
  readonly fields: readonly FormField[];
  /** What was said and has no field; it goes along when the form is sent. */
  readonly kept: OptionValues;
}

export interface FormField {
  readonly option: OptionShape;
  /** "Dry run" for "dry-run". */
  readonly label: string;
  /** As it stands in the form; null for nothing. Of several, separated by ", ". */
  readonly value: string | null;
  /** How the value is shown where it is one of the choices. */
  readonly shown: string | null;
  readonly isRequired: boolean;
  /** Characters at most; null where nobody said. */
  readonly maxLength: number | null;
  /** Several may be chosen. */
  readonly isMultiple: boolean;
  /** Something else than the choices may be typed. */
  readonly isOpen: boolean;
  /** At most 25, the likeliest first; suggested ones are empty before {@link Forms.fill}. */
  readonly choices: readonly Suggestion[];
}

export interface FormProblem {
  /** Name of an option. */
  readonly option: string;
  /** One sentence. */
  readonly text: string;
}

/** What a command looks like to a platform that registers commands. */
export interface CommandShape {
  readonly name: string;
  readonly summary: string;
  readonly examples: readonly string[];
  readonly options: readonly OptionShape[];
}
export interface OptionShape {
  readonly name: string;
  readonly summary: string;
  readonly type: "string" | "integer" | "number" | "boolean";
  readonly isRequired: boolean;
  readonly choices: readonly string[];
  readonly isSuggested: boolean;
  /** Position when written as bare words; null when it is only `--name value`. */
  readonly position: number | null;
}

export interface Finding {
  readonly status: "ok" | "warning" | "failure";
  readonly subject: string;
  readonly text: string;
  readonly remedy?: string;
}

/** One chat platform. One file in `src/adapters/chat/`. */
export interface Chat {
  readonly platform: string;
  /** Least time between two new messages, and between two edits, in one channel that the platform allows without bursts, ms. */
  readonly channelPaceMs: number;
  /** Edits in a minute that the platform allows over all channels together; absent where it sets no such limit. */
  readonly editsPerMinute?: number;
  /** How old an ambiguous attempt must be before "absent" is believed, ms. */
  readonly settleMs: number;
  /**
   * Connects and serves requests until {@link stop}. Keeps reconnecting by itself; rejects only on a wrong
   * configuration, and tries again all the same, since it may be put right at the platform's end.
   */
  start(door: ChatDoor, commands: readonly CommandShape[]): Promise<void>;
  stop(): Promise<void>;
  post(channel: Channel, message: OutgoingMessage): Promise<PostResult>;
  edit(ref: MessageRef, message: OutgoingMessage): Promise<PostResult>;
  /** Looks for a message with this key posted since `since`; `thread` as in the message. */
  find(channel: Channel, key: string, since: Date, thread?: MessageRef): Promise<FindResult>;
  /** Answers a request: privately, or in its channel. Best effort, at most once. */
  answer(request: CommandRequest, view: View, visibility: "private" | "public"): Promise<void>;
  /** For doctor: tokens and scopes, channels reachable. */
  check(channels: readonly Channel[]): Promise<readonly Finding[]>;
  isConnected(): boolean;
  /** Where the bot can open channels of its own; absent elsewhere. */
  readonly channels?: ChannelHost;
}

export function channelName(channel: Channel): string {
  return `${channel.platform}:${channel.id}`;
}

/** Parses "slack:C0123ABCD"; null when it is not of that form. */
export function parseChannel(text: string): Channel | null {
  const match = /^([a-z]+):([^\s:]{1,100})$/.exec(text);
  return match?.[1] === undefined || match[2] === undefined ? null : { platform: match[1], id: match[2] };
}
