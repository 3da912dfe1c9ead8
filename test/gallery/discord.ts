/** What Discord's client makes of our messages, near enough to judge a card: its sizes, weights and colours. */
import type { Payload } from "../../src/adapters/chat/discord/render.ts";
import { clock, escaped } from "./page.ts";

export const discordCss = `
[data-theme] { --ink: #2e3338; --paper: #fff; --soft: #5c5e66; --box: #f2f3f5; --line: #e3e5e8; --codebg: #e8e9ec; --link: #006ce7; }
[data-theme="dark"] { --ink: #dbdee1; --paper: #313338; --soft: #949ba4; --box: #2b2d31; --line: #1e1f22; --codebg: #1e1f22; --link: #00a8fc; }
body { background: var(--paper); color: var(--ink); font: 16px/1.375 "gg sans", "Noto Sans", "Helvetica Neue", Arial, sans-serif; }
.discord { display: grid; grid-template-columns: 40px 1fr; gap: 0 16px; }
.discord .face { width: 40px; height: 40px; border-radius: 50%; background: #5865f2; color: #fff; display: grid; place-items: center; font-weight: 700; }
.discord .who { font-weight: 500; } .discord .app { background: #5865f2; color: #fff; font-size: 10px; border-radius: 3px; padding: 1px 4px; margin-left: 4px; }
.discord .content, .discord .value, .discord .description { white-space: pre-wrap; overflow-wrap: anywhere; }
.discord .embed { border-left: 4px solid; background: var(--box); border-radius: 4px; padding: 8px 16px 16px 12px; margin-top: 4px; max-width: 520px; font-size: 14px; }
.discord .embed h2 { font-size: 16px; font-weight: 600; margin: 8px 0 0; overflow-wrap: anywhere; } .discord .description { margin-top: 8px; }
.discord .fields { display: grid; grid-template-columns: repeat(3, minmax(0, 1fr)); gap: 8px; margin-top: 8px; } .discord .field.wide { grid-column: 1 / -1; }
.discord .name { font-weight: 600; } .discord .footer { font-size: 12px; color: var(--soft); margin-top: 8px; overflow-wrap: anywhere; }
.discord .buttons { display: flex; flex-wrap: wrap; gap: 8px; margin-top: 8px; } .discord .buttons span { border-radius: 3px; padding: 2px 16px; line-height: 28px; font-size: 14px; font-weight: 500; color: #fff; background: #4e5058; }
.discord .buttons .s1 { background: #5865f2; } .discord .buttons .s3 { background: #248046; } .discord .buttons .s4 { background: #da373c; }
.discord code { background: var(--codebg); border-radius: 4px; padding: 0 4px; font: 85% Consolas, monospace; } .discord pre { background: var(--codebg); border: 1px solid var(--line); border-radius: 4px; padding: 8px; font: 14px/1.3 Consolas, monospace; white-space: pre-wrap; overflow-wrap: anywhere; margin: 6px 0 0; }
.discord small { color: var(--soft); font-size: 13px; } .discord a { color: var(--link); text-decoration: none; } .discord time { background: var(--codebg); border-radius: 3px; padding: 0 2px; }
.discord .call { background: #5865f24d; border-radius: 3px; padding: 0 2px; }
.discord img { max-width: 100%; }
`;

/** A message under the bot's name. */
export function discordHtml({ body }: Payload): string {
  const content = body.content === "" ? "" : `<div class="content">${markdown(body.content)}</div>`;
  const rows = body.components.map(
    (row) =>
      `<div class="buttons">${row.components.map((button) => `<span class="s${button.style}">${escaped(button.label)}</span>`).join("")}</div>`,
  );
  return `<div class="discord"><div class="face">T</div><div><span class="who">Tocsin</span><span class="app">APP</span>
${content}${body.embeds.map(embedHtml).join("")}${rows.join("")}</div></div>`;
}

function embedHtml(embed: Payload["body"]["embeds"][number]): string {
  const colour = `#${embed.color.toString(16).padStart(6, "0")}`;
  const fields = (embed.fields ?? []).map(
    (field) =>
      `<div class="field${field.inline ? "" : " wide"}"><div class="name">${markdown(field.name)}</div><div class="value">${markdown(field.value)}</div></div>`,
  );
  return `<div class="embed" style="border-color:${colour}">
${embed.title === undefined ? "" : `<h2>${markdown(embed.title)}</h2>`}
${embed.description === undefined ? "" : `<div class="description">${markdown(embed.description)}</div>`}
${fields.length === 0 ? "" : `<div class="fields">${fields.join("")}</div>`}
${embed.footer === undefined ? "" : `<div class="footer">${escaped(embed.footer.text)}</div>`}</div>`;
}

const rules: readonly (readonly [RegExp, (match: RegExpExecArray) => string])[] = [
  [/^\\([^0-9A-Za-z\s])/, (match) => escaped(match[1] ?? "")],
  [/^```(?:[a-z0-9_+-]*\n)?([\s\S]+?)```/, (match) => `<pre>${escaped(match[1] ?? "")}</pre>`],
  [/^`([^`]+)`/, (match) => `<code>${escaped(match[1] ?? "")}</code>`],
  [
    /^<t:(-?\d+):([tfR])>/,
    ([, seconds, style]) => {
      const how = style === "t" ? "time" : style === "f" ? "day and time" : "alone";
      return `<time>${clock(new Date(Number(seconds) * 1000), how)}</time>`;
    },
  ],
  [/^<@&?(\d+)>/, (match) => `<a class="call">@${match[1]}</a>`],
  [
    /^\[((?:\\.|[^\]\\])+)\]\(<?((?:https?):\/\/[^\s)>]+)>?\)/,
    (match) => `<a href="${escaped(match[2] ?? "")}">${markdown(match[1] ?? "")}</a>`,
  ],
  [/^\*\*([\s\S]+?)\*\*/, (match) => `<b>${markdown(match[1] ?? "")}</b>`],
  [/^~~([\s\S]+?)~~/, (match) => `<s>${markdown(match[1] ?? "")}</s>`],
  [/^\*(\S[\s\S]*?)\*/, (match) => `<i>${markdown(match[1] ?? "")}</i>`],
];

/** Discord's markdown, as far as our messages use it. Lines of small print and lists are read first. */
function markdown(source: string): string {
  const lines = source
    .split(/(```[\s\S]*?```)/)
    .map((part) => (part.startsWith("```") ? part : part.replace(/^(\s*)[-*] +/gm, "$1• ")));
  return lines
    .join("")
    .split(/\n(?=-# )|(?<=^-# .*)\n/m)
    .map((line) => (line.startsWith("-# ") ? `<small>${spans(line.slice(3))}</small>` : spans(line)))
    .join("\n");
}

function spans(source: string): string {
  let html = "";
  let rest = source;
  while (rest !== "") {
    const hit = firstHit(rest);
    html += hit?.html ?? escaped(rest.slice(0, 1));
    rest = rest.slice(hit?.length ?? 1);
  }
  return html;
}

function firstHit(text: string): { readonly html: string; readonly length: number } | null {
  for (const [pattern, read] of rules) {
    const match = pattern.exec(text);
    if (match !== null) return { html: read(match), length: match[0].length };
  }
  return null;
}
