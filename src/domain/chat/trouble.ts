/**
 * What keeps the bot from being heard in chat: a channel that is archived, a bot that was removed, a token that was
 * revoked. A person has to put it right; until then the bot tries one message now and then, and the rest waits.
 */
import { bold, moment, oneLine, plain, type Text, type View } from "../view.ts";

/** How much does not work: one message, one thread, one channel, or the whole platform. */
export type Reach = "message" | "thread" | "channel" | "platform";

/** Something in the way that only a person can clear. */
export interface Obstacle {
  readonly reach: Reach;
  readonly problem: string;
  readonly remedy: string;
}

export interface Trouble {
  readonly id: number;
  readonly platform: string;
  /** Null when it is the whole platform. */
  readonly channel: string | null;
  /**
   * "thread:CARD" or "post:KEY" when it is not the whole channel; "aside:PART" for what goes with messages, which
   * themselves arrive.
   */
  readonly part: string | null;
  readonly problem: string;
  readonly remedy: string;
  /** What was refused: a new message, or an edit, which a platform may allow where it takes nothing new. */
  readonly metBy: "post" | "edit";
  readonly since: Date;
  /** Attempts since then that were refused. */
  readonly probes: number;
  /** When the next message may be tried. */
  readonly probeAt: Date;
  readonly healedAt: Date | null;
  /** Grows when it begins, heals or comes back. */
  readonly revision: number;
}

export type TroublePlace = Pick<Trouble, "platform" | "channel" | "part">;

/** The parts of a post by which a trouble covers it. */
export interface Placed {
  readonly key: string;
  readonly platform: string;
  readonly channel: string;
  readonly threadOf: string | null;
}

const probeDelaysMs = [15_000, 30_000, 60_000, 120_000, 300_000] as const;

/** How long to wait after the nth refusal in a row, ms: at most five minutes. */
export function probeDelayMs(probes: number): number {
  return probeDelaysMs[Math.min(Math.max(0, probes - 1), probeDelaysMs.length - 1)] ?? 300_000;
}

/** Where the trouble is that a post met. */
export function placeOfTrouble(post: Placed, reach: Reach): TroublePlace {
  const { platform, channel } = post;
  if (reach === "platform") return { platform, channel: null, part: null };
  if (reach === "channel") return { platform, channel, part: null };
  const isLine = reach === "thread" && post.threadOf !== null;
  return { platform, channel, part: isLine ? `thread:${post.threadOf}` : `post:${post.key}` };
}

/** Where something that goes with messages does not work; a null channel for the whole platform. */
export type AsidePlace = Pick<Trouble, "platform" | "channel">;

/** Where a trouble is that keeps no message back, only something that goes with it. */
export function placeOfAside({ platform, channel }: AsidePlace, part: string): TroublePlace {
  return { platform, channel, part: `aside:${part}` };
}

export function isAside({ part }: TroublePlace): boolean {
  return part?.startsWith("aside:") === true;
}

/** Whether a trouble stands in the way of a post. */
export function covers(place: TroublePlace, post: Placed): boolean {
  if (isAside(place) || place.platform !== post.platform) return false;
  if (place.channel === null) return true;
  if (place.channel !== post.channel) return false;
  return place.part === null || place.part === `post:${post.key}` || place.part === `thread:${post.threadOf}`;
}

/** Whether a trouble is over once a post went through: an edit proves nothing about new messages. */
export function isOverBy(trouble: Trouble, post: Placed & { readonly ref: unknown }): boolean {
  return covers(trouble, post) && (post.ref === null || trouble.metBy === "edit");
}

/** The moment before which a post is not to be tried; null when nothing stands in its way. */
export function heldUntil(troubles: readonly Trouble[], post: Placed): Date | null {
  const times = troubles.filter((trouble) => covers(trouble, post)).map(({ probeAt }) => probeAt.getTime());
  return times.length === 0 ? null : new Date(Math.max(...times));
}

/** "slack", "slack:C0123ABCD" */
export function nameOfTrouble({ platform, channel }: TroublePlace): string {
  return channel === null ? platform : `${platform}:${channel}`;
}

/**
 * What another channel is told of it; the same message says later that it is over.
 * @param waiting - messages that are held back.
 */
export function troubleView(trouble: Trouble, waiting: number): View {
  const name = nameOfTrouble(trouble);
  const problem = oneLine(trouble.problem, 400);
  const words = isAside(trouble) ? asideWords : waitingWords(trouble, waiting);
  if (trouble.healedAt !== null) {
    const title = `${name} ${words.isOver}`;
    const text: Text = [
      plain(`${capitalized(problem)}. That has been over since `),
      moment(trouble.healedAt),
      plain(`; ${words.after}`),
    ];
    return viewOf(title, "good", `${title}. ${capitalized(words.after)}`, [text]);
  }
  const title = `${name}: ${words.title}`;
  const remedy = oneLine(trouble.remedy, 400);
  const since: Text = [plain(`${words.since} since `), moment(trouble.since), plain(`. ${words.again}`)];
  const what: Text = [plain(`${capitalized(problem)}.`)];
  const todo: Text = [bold("What to do: "), plain(`${remedy}.`)];
  return viewOf(title, "bad", `${title}: ${problem}. What to do: ${remedy}.`, [what, todo, since]);
}

interface TroubleWords {
  readonly title: string;
  readonly since: string;
  readonly again: string;
  readonly isOver: string;
  readonly after: string;
}

function waitingWords({ part }: Trouble, waiting: number): TroubleWords {
  return {
    title: part === null ? "messages do not arrive" : "a message does not arrive",
    since: waiting === 1 ? "1 message has waited" : `${waiting} messages have waited`,
    again: "The bot tries again by itself, every five minutes at the latest.",
    isOver: "takes messages again",
    after: "what waited is shown in its latest state.",
  };
}

const asideWords: TroubleWords = {
  title: "messages arrive, but not all that goes with them",
  since: "It has been so",
  again: "No message waits for it; the bot tries again with the next one.",
  isOver: "takes all of it again",
  after: "messages were not held back.",
};

function capitalized(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`;
}

function viewOf(title: string, tone: "good" | "bad", summary: string, texts: readonly Text[]): View {
  const blocks = texts.map((text) => ({ kind: "text", text }) as const);
  return { kind: "answer", title: oneLine(title, 200), tone, summary, blocks, actions: [] };
}
