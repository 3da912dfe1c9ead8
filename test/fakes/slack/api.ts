/** How tests drive the fake Slack and look into it. */
import type { Delivery } from "./delivery.ts";
import type { Faults } from "./faults.ts";
import type { Entered, FormOption } from "./modals.ts";
import type { Envelope } from "./sockets.ts";
import type { SlackCall } from "./web.ts";
import type { FakeChannel, FakeEphemeral, FakeFile, FakeMessage, FakeUser } from "./world.ts";

export interface FakeSlackOptions {
  /** Enforce rate limits; default true. */
  readonly isPaced?: boolean;
  /** Messages that a channel takes at once before one per second; default 4. */
  readonly postBurst?: number;
  /** How long an acknowledgement may take; Slack's 3,000 ms by default. */
  readonly ackWithinMs?: number;
  /** Waits before an event is delivered again; Slack's are 0, 60 s and 300 s, here 0, 50 and 200 ms. */
  readonly retryDelaysMs?: readonly number[];
}

export interface FakeSlack {
  /** "http://127.0.0.1:PORT". */
  readonly url: string;
  /** For SLACK_API_URL. */
  readonly apiUrl: string;
  readonly botToken: string;
  readonly appToken: string;
  readonly signingSecret: string;
  readonly botUserId: string;
  readonly calls: readonly SlackCall[];
  /** What a real Slack would refuse loudly; expect it to be empty. */
  readonly violations: readonly string[];
  /** What works but is bad practice (no top-level text, text over 4,000 characters, replies to replies). */
  readonly warnings: readonly string[];
  readonly faults: Faults;
  /** What the bot token may do; change at will. */
  readonly scopes: Set<string>;
  readonly channels: ReadonlyMap<string, FakeChannel>;
  readonly ephemerals: readonly FakeEphemeral[];
  readonly files: ReadonlyMap<string, FakeFile>;
  /** When set, requests are delivered by signed HTTP to this address instead of by socket. */
  requestUrl: string | null;
  /** The tokens and the signing secret are made anew; those of before are refused from now on. */
  renewTokens(): void;
  /** Tokens of the wrong kind are refused with this code; "invalid_auth" by default. */
  tokenError: string | null;

  addChannel(channel: Partial<FakeChannel> & { readonly id: string }): FakeChannel;
  addUser(user: FakeUser): void;
  /** A person's message, for example to fill a channel. */
  say(channel: string, text: string, threadTs?: string): FakeMessage;
  /** Another app's message. */
  sayAsBot(channel: string, text: string, metadata?: FakeMessage["metadata"]): FakeMessage;
  remove(channel: string, ts: string): void;
  /** Messages outside threads, oldest first. */
  messagesIn(channel: string): readonly FakeMessage[];
  /** Replies of a thread, oldest first. */
  repliesTo(channel: string, ts: string): readonly FakeMessage[];
  /** Everything posted by the bot anywhere. */
  botMessages(): readonly FakeMessage[];
  callsOf(method: string): readonly SlackCall[];

  slash(input: {
    readonly command: string;
    readonly text?: string;
    readonly channel?: string;
    readonly user?: string;
  }): Promise<Delivery>;
  /** Presses the button with this label or command line; throws when there is none. */
  press(input: {
    readonly message: FakeMessage | FakeEphemeral;
    readonly button: string;
    readonly user?: string;
  }): Promise<Delivery>;
  /** Uses a shortcut in the menu of a message. */
  shortcut(input: {
    readonly callback: string;
    readonly message: FakeMessage;
    readonly user?: string;
  }): Promise<Delivery>;
  /** Puts an emoji on a message, or takes it off. */
  react(input: {
    readonly emoji: string;
    readonly message: FakeMessage;
    readonly isTakenOff?: true;
    readonly user?: string;
  }): Promise<Delivery>;
  /** Opens the app's home; on the tab of its name unless said otherwise. */
  openHome(input?: { readonly user?: string; readonly tab?: "home" | "messages" }): Promise<Delivery>;
  /** Blocks of a person's home tab; null while none was published. */
  homeOf(user: string): readonly unknown[] | null;
  /** Presses a button of a person's home tab. */
  pressHome(input: { readonly button: string; readonly user?: string }): Promise<Delivery>;
  /** Sends off the newest open form, which has one input. */
  submit(what: { readonly typed: string; readonly user?: string }): Promise<Delivery>;
  /**
   * Fills in the newest open form and sends it off. What is left out stays as the form says; a select takes only what
   * it offers, looked up as a person does.
   * @param what.values - by the labels of the inputs.
   */
  submitForm(what: {
    readonly values?: Readonly<Record<string, Entered>>;
    readonly user?: string;
  }): Promise<Delivery>;
  /** What a select of the newest open form offers for a text. */
  lookUp(what: {
    readonly label: string;
    readonly partial?: string;
    readonly user?: string;
  }): Promise<readonly FormOption[]>;
  /** Errors shown in the newest open form, by the labels of its inputs. */
  formErrors(): Readonly<Record<string, string>>;
  /** Forms that are open. */
  openForms(): readonly Readonly<Record<string, unknown>>[];
  /** Writes "@tocsin TEXT"; `text` may hold "@tocsin" elsewhere instead. */
  mention(input: {
    readonly text: string;
    readonly channel: string;
    readonly threadTs?: string;
    readonly user?: string;
    /** Typed text is escaped by Slack; raw text is delivered as it is. */
    readonly isRaw?: boolean;
  }): Promise<Delivery>;
  /** Writes to the bot alone, in channel "D0" + the person's id; `event` overrides what the event says. */
  direct(input: {
    readonly text: string;
    readonly threadTs?: string;
    readonly user?: string;
    readonly event?: Readonly<Record<string, unknown>>;
  }): Promise<Delivery>;
  /** The same payload once more, as after an acknowledgement that got lost. */
  redeliver(delivery: Delivery): Promise<Delivery>;
  /** A request signed for `requestUrl`; for tests of signatures. */
  sign(body: string, at: Date): Readonly<Record<string, string>>;

  socketCount(): number;
  disconnect(reason: "warning" | "refresh_requested" | "link_disabled"): void;
  cutSockets(): void;
  /** The next `count` connections are refused at the upgrade, or accepted without ever a hello. */
  spoilSockets(how: "refuse" | "mute", count: number): void;
  /** The envelope that crashes @slack/socket-mode 3.1.0. */
  sendAppRateLimited(): Promise<boolean>;
  /** Any text as a socket message. */
  sendEnvelope(envelope: Omit<Envelope, "envelope_id">): Promise<unknown>;

  /** Moves this Slack's clock on: rate limits refill, response URLs and triggers expire. */
  advance(ms: number): void;
  /** Resolves when the condition holds, looked at after every change; rejects after `withinMs` (default 5,000). */
  until(condition: () => boolean, withinMs?: number): Promise<void>;
  /** Forgets messages, calls, faults and rates; keeps channels, people and connections. */
  reset(): void;
  close(): Promise<void>;
}
