/**
 * What a channel shows, before any platform. Text is spans, never markup: a renderer escapes each span for its
 * platform, so nothing that came from outside can mention, link or format its way out.
 */
import type { Severity } from "./alert.ts";

/** Plain text unless a field says otherwise. `text` may be untrusted. */
export interface Span {
  readonly text: string;
  readonly style?: "bold" | "italic" | "code" | "strike";
  /** http(s) link made by us or checked by {@link safeUrl}. */
  readonly url?: string;
  /** A moment, shown in the reader's own zone; `text` is the fallback. */
  readonly at?: Date;
  /** How the moment reads within a sentence, which has the words around it; absent where it stands alone. */
  readonly inSentence?: "time" | "day and time";
  /** Somebody to be called; `text` is shown where they have no account. Made of tocsin.yaml alone, never of a text. */
  readonly mention?: Mention;
  /** Path of the console's page about it, "/incidents/12"; other platforms show the text. */
  readonly page?: string;
}
/** A person, or a group of a platform (a user group of Slack, a role of Discord). */
export interface Mention {
  readonly kind: "person" | "group";
  /** Platform to the id there. */
  readonly accounts: Readonly<Record<string, string>>;
}
export type Text = readonly Span[];

export type StepState = "waiting" | "running" | "done" | "failed" | "skipped";

export type ViewBlock =
  | { readonly kind: "text"; readonly text: Text }
  | { readonly kind: "heading"; readonly text: string }
  | { readonly kind: "fields"; readonly fields: readonly { readonly label: string; readonly value: Text }[] }
  | { readonly kind: "list"; readonly items: readonly Text[]; readonly ordered: "numbered" | "bulleted" }
  | {
      readonly kind: "table";
      readonly columns: readonly string[];
      readonly rows: readonly (readonly string[])[];
    }
  | {
      readonly kind: "steps";
      readonly steps: readonly {
        readonly label: string;
        readonly state: StepState;
        readonly detail?: string;
      }[];
    }
  /** Verbatim text, for example the tail of a log. */
  | { readonly kind: "code"; readonly text: string }
  | { readonly kind: "image"; readonly png: Uint8Array; readonly alt: string; readonly filename: string }
  /** Text to take along: attached to the message, or offered for download. `label` says what it is. */
  | { readonly kind: "file"; readonly filename: string; readonly label: string; readonly text: string }
  /** Small print. */
  | { readonly kind: "note"; readonly text: Text }
  | { readonly kind: "divider" };

/** A button. Pressing it is the command request `command` with `input` as its text. */
export interface ViewAction {
  readonly label: string;
  /** Command line without the slash, for example "ack 12". At most 100 characters. */
  readonly command: string;
  readonly style: "primary" | "danger" | "plain";
  /** Asked before it is sent. */
  readonly confirm?: string;
  /** Has to be typed before it is sent; in place of `confirm`. */
  readonly ask?: ViewQuestion;
  /** Opens the form of its command, with what the line says already filled in; in place of `confirm`. */
  readonly isForm?: true;
}

/**
 * What a person has to type, against slips: where they can, platforms open a small form. The words go along as
 * `--<option> "…"`; whether they are right is judged when the command is carried out.
 */
export interface ViewQuestion {
  /** At most 45 characters, which is what Discord shows. */
  readonly label: string;
  readonly option: string;
}

export type Tone = Severity | "good" | "bad" | "neutral";

/** A message: a card, a thread entry, a digest or an answer. */
export interface View {
  readonly kind: "incident" | "rollout" | "entry" | "digest" | "answer" | "error" | "help";
  /** One line, also the title. Untrusted text is allowed: it is never markup. */
  readonly title: string;
  readonly tone: Tone;
  /** The whole fact in one plain paragraph: screen readers and notifications read only this. */
  readonly summary: string;
  readonly blocks: readonly ViewBlock[];
  readonly actions: readonly ViewAction[];
  /** Small print at the end, for example "incident 12 · revision 4". */
  readonly footer?: string;
  /**
   * Words by which it can be filtered where a platform has tags (a forum of Discord), most important first. Absent:
   * what kind of view it is.
   */
  readonly tags?: readonly string[];
  /** Posted without a sound where the platform can: people have heard of it already. */
  readonly isQuiet?: true;
  /** A line of a thread that the whole channel should see, where the platform can show it there too. */
  readonly isBroadcast?: true;
}

export function plain(text: string): Span {
  return { text };
}
export function bold(text: string): Span {
  return { text, style: "bold" };
}
export function code(text: string): Span {
  return { text, style: "code" };
}
/** A link, or plain text when `url` is not a safe http(s) address. */
export function link(text: string, url: string | null): Span {
  const safe = safeUrl(url);
  return safe === null ? { text } : { text, url: safe };
}
export function moment(at: Date): Span {
  return { text: `${at.toISOString().slice(0, 16).replace("T", " ")} UTC`, at };
}

/** A call to somebody, "@Ada" where their account is not known. */
export function mention(name: string, called: Mention): Span {
  return { text: `@${oneLine(name, 80)}`, mention: called };
}

/** The address when it is plain http(s) without credentials or control characters, else null. */
export function safeUrl(url: string | null | undefined): string | null {
  if (url === null || url === undefined || url.length > 2000) return null;
  try {
    const parsed = new URL(url);
    const isWeb = parsed.protocol === "https:" || parsed.protocol === "http:";
    return isWeb && parsed.username === "" && parsed.password === "" ? parsed.href : null;
  } catch {
    return null;
  }
}

/**
 * A text without control, bidirectional and zero-width characters, on one line, cut with an ellipsis at `max` characters.
 * What has no width goes without a trace, so that a word split by it is one word again.
 */
export function oneLine(text: string, max: number): string {
  const clean = text
    .replace(/\p{Cf}+/gu, "")
    .replace(/[\p{Cc}\p{Zl}\p{Zp}\s]+/gu, " ")
    .trim();
  return truncate(clean, max);
}

/** The text cut at `max` UTF-16 units with an ellipsis, never within a surrogate pair. */
export function truncate(text: string, max: number): string {
  if (text.length <= max) return text;
  const cut = text.slice(0, Math.max(0, max - 1));
  const whole = /[\uD800-\uDBFF]$/.test(cut) ? cut.slice(0, -1) : cut;
  return `${whole}…`;
}

/**
 * The text on one line, cut at `max` characters between two words, so that no number and no name is halved. A
 * parenthesis that the cut would leave open goes with it.
 */
export function shorten(text: string, max: number): string {
  const line = oneLine(text, Number.POSITIVE_INFINITY);
  if (line.length <= max) return line;
  const start = line.slice(0, Math.max(0, max - 1));
  const words = start.slice(0, Math.max(0, start.lastIndexOf(" ")));
  const open = words.lastIndexOf("(");
  const closed = open > words.lastIndexOf(")") ? words.slice(0, open) : words;
  const kept = closed.replace(/[\s.,;:–-]+$/, "");
  // One long word, or nothing but a parenthesis or dots, has no place to be cut at.
  return closed.length < max / 2 || kept === "" ? truncate(line, max) : `${kept} …`;
}

/** The name on one line, with its middle left out beyond `max` characters: what tells long names apart is at their ends. */
export function shortenMiddle(name: string, max: number): string {
  const letters = [...oneLine(name, Number.POSITIVE_INFINITY)];
  if (letters.length <= max) return letters.join("");
  const head = Math.floor((max - 1) / 3);
  return `${letters.slice(0, head).join("")}…${letters.slice(head + 1 - max).join("")}`;
}

/** A text as plain characters, for logs, fallbacks and the command line. */
export function textOf(text: Text): string {
  return text.map((span) => span.text).join("");
}

/** "2 h 5 min", "40 s": at most two units. Negative durations count as zero. */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  const units: readonly (readonly [number, string])[] = [
    [86_400, "d"],
    [3_600, "h"],
    [60, "min"],
    [1, "s"],
  ];
  const first = units.findIndex(([size]) => seconds >= size);
  if (first === -1) return "0 s";
  let rest = seconds;
  return units
    .slice(first, first + 2)
    .flatMap(([size, name]) => {
      const count = Math.floor(rest / size);
      rest -= count * size;
      return count > 0 ? [`${count} ${name}`] : [];
    })
    .join(" ");
}
