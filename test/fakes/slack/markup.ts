/** What a message would do in Slack beyond being read: whom it notifies, where it links, how it formats. */

export interface Effects {
  /** Users and user groups: "U123", "S123". */
  readonly mentions: readonly string[];
  /** "channel", "here", "everyone". */
  readonly broadcasts: readonly string[];
  /** Channels that become links. */
  readonly channels: readonly string[];
  readonly links: readonly string[];
  /** Runs of mrkdwn that would be bold, italic, struck or code. */
  readonly formatting: readonly string[];
}

interface Found {
  mentions: string[];
  broadcasts: string[];
  channels: string[];
  links: string[];
  formatting: string[];
}

export interface MessageText {
  readonly text: string;
  readonly blocks: readonly unknown[];
  readonly parse: "none" | "full" | "client";
  readonly linkNames: boolean;
  readonly mrkdwn: boolean;
}

/** Reads a message as Slack's servers and clients would. */
export function effectsOf(message: MessageText): Effects {
  const found: Found = { mentions: [], broadcasts: [], channels: [], links: [], formatting: [] };
  tokens(message.text, found);
  if (message.linkNames || message.parse === "full") names(message.text, found);
  if (message.parse !== "none") addresses(message.text, found);
  if (message.mrkdwn && message.blocks.length === 0) formatting(message.text, found);
  walk(message.blocks, found);
  return found;
}

/** Control sequences `<…>` in mrkdwn and in top-level text. */
function tokens(text: string, found: Found): void {
  for (const [, inner = ""] of text.matchAll(/<([^<>\n]+)>/g)) {
    const target = inner.split("|")[0] ?? "";
    if (/^@[UW]/.test(target)) found.mentions.push(target.slice(1));
    else if (/^!subteam\^/.test(target)) found.mentions.push(target.slice("!subteam^".length));
    else if (/^!(?:channel|here|everyone)$/.test(target)) found.broadcasts.push(target.slice(1));
    else if (/^#[CG]/.test(target)) found.channels.push(target.slice(1));
    else if (/^!date\^/.test(target)) continue;
    else if (/^(?:https?|mailto|tel):/.test(target)) found.links.push(target);
  }
}

/** With link_names or parse=full bare names are linked too. */
function names(text: string, found: Found): void {
  for (const [, name = ""] of text.matchAll(/(?:^|\s)@([a-z0-9._-]+)/g)) {
    if (/^(?:channel|here|everyone)$/.test(name)) found.broadcasts.push(name);
    else found.mentions.push(name);
  }
  for (const [, name = ""] of text.matchAll(/(?:^|\s)#([a-z0-9_-]+)/g)) found.channels.push(name);
}

function addresses(text: string, found: Found): void {
  for (const [address] of text.matchAll(/\bhttps?:\/\/[^\s<>|]+/g)) found.links.push(address);
}

/** Pairs of marks around text, outside control sequences. */
function formatting(text: string, found: Found): void {
  const visible = text.replace(/<[^<>\n]+>/g, " ");
  for (const [run] of visible.matchAll(/(?<![\w*_~`])([*_~`])(?=\S)[^\n]*?(?<=\S)\1(?![\w*_~`])/g))
    found.formatting.push(run);
  for (const [line] of visible.matchAll(/^\s*&gt;.*$/gm)) found.formatting.push(line);
}

function walk(value: unknown, found: Found): void {
  if (Array.isArray(value)) for (const part of value) walk(part, found);
  else if (typeof value === "object" && value !== null) {
    const node: Readonly<Record<string, unknown>> = { ...value };
    element(node, found);
    for (const part of Object.values(node)) walk(part, found);
  }
}

function element(node: Readonly<Record<string, unknown>>, found: Found): void {
  switch (node["type"]) {
    case "mrkdwn": {
      const text = String(node["text"]);
      tokens(text, found);
      formatting(text, found);
      if (node["verbatim"] !== true) {
        names(text, found);
        addresses(text, found);
      }
      return;
    }
    case "user":
      found.mentions.push(String(node["user_id"]));
      return;
    case "usergroup":
      found.mentions.push(String(node["usergroup_id"]));
      return;
    case "broadcast":
      found.broadcasts.push(String(node["range"]));
      return;
    case "channel":
      found.channels.push(String(node["channel_id"]));
      return;
    case "link":
      found.links.push(String(node["url"]));
      return;
  }
}
