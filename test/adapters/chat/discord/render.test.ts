import { describe, expect, test } from "vitest";
import { hasMark, markOf } from "../../../../src/adapters/chat/discord/reference.ts";
import { renderView } from "../../../../src/adapters/chat/discord/render.ts";
import { withoutTone } from "../../../../src/adapters/chat/discord/tone.ts";
import { type Tone, textOf, type View, type ViewBlock } from "../../../../src/domain/view.ts";
import { checkMessage, checkNotEmpty, mentionsOf, readMessage } from "../../../fakes/discord/limits.ts";
import { entry, view } from "./harness.ts";
import { all, hostile, huge } from "./hostile.ts";

const mark = markOf("card1");

/** Renders, and fails when Discord would refuse it. */
function render(over: Partial<View>, key: string | null = mark) {
  const payload = renderView(view(over), key);
  const body: unknown = JSON.parse(JSON.stringify(payload.body));
  const input = readMessage(body);
  const files = payload.files.map((file, at) => ({
    field: `files[${at}]`,
    name: file.name,
    size: file.data.byteLength,
    text: "",
  }));
  checkMessage(input, files);
  checkNotEmpty({
    content: payload.body.content,
    embeds: payload.body.embeds,
    components: payload.body.components,
    attachments: files,
  });
  expect(mentionsOf(input, "1")).toEqual([]);
  return payload.body;
}

function everyBlock(text: string): ViewBlock[] {
  const spans = [{ text }, { text, style: "bold" as const }, { text, style: "code" as const }];
  return [
    { kind: "text", text: spans },
    { kind: "heading", text },
    { kind: "fields", fields: Array.from({ length: 8 }, () => ({ label: text, value: spans })) },
    { kind: "text", text: spans },
    { kind: "heading", text },
    { kind: "list", ordered: "bulleted", items: Array.from({ length: 12 }, () => spans) },
    { kind: "table", columns: [text, "b"], rows: Array.from({ length: 12 }, () => [text, text]) },
    {
      kind: "steps",
      steps: [
        { label: text, state: "done", detail: text },
        { label: text, state: "running" },
      ],
    },
    { kind: "code", text },
    { kind: "note", text: spans },
    { kind: "divider" },
  ];
}

const kinds: readonly View["kind"][] = ["incident", "rollout", "entry", "digest", "answer", "error", "help"];
const tones: readonly Tone[] = ["critical", "high", "warning", "info", "good", "bad", "neutral"];

describe("whatever a view holds, Discord would take it", () => {
  test.each(kinds)("%s", (kind) => {
    for (const text of [...hostile, all, huge])
      for (const tone of tones) {
        const actions = [
          { label: text, command: "ack 1", style: "primary" as const },
          { label: text, command: `x ${text}`, style: "danger" as const },
        ];
        const over = { kind, tone, title: text, summary: text === "" ? "x" : text, footer: text, actions };
        render({ ...over, blocks: everyBlock(text) });
        if (kind !== "answer" && kind !== "help" && kind !== "error") render({ ...over, blocks: [] });
      }
  });
});

test("a card tells its severity by emoji, word and colour", () => {
  const body = render({});
  expect(body.embeds[0]?.title).toBe("🔴 Critical · #12 Checkout is slow");
  expect(body.embeds[0]?.color).toBe(0xd92d20);
  expect(body.content).toBe("🔴 open critical incident 12: Checkout is slow. 3 firing.");
});

test("facts, then sections: a heading after the facts becomes a field of its own", () => {
  const body = render({
    blocks: [
      { kind: "fields", fields: [{ label: "State", value: [{ text: "open" }] }] },
      { kind: "text", text: [{ text: "Checkout answers slowly." }] },
      { kind: "heading", text: "Probable cause" },
      { kind: "text", text: [{ text: "Version 7 of fraud-scorer." }] },
      { kind: "heading", text: "Do first" },
      { kind: "list", ordered: "numbered", items: [[{ text: "roll back" }], [{ text: "look" }]] },
    ],
  });
  expect(body.embeds[0]?.description).toBe("Checkout answers slowly.");
  expect(body.embeds[0]?.fields).toEqual([
    { name: "State", value: "open", inline: true },
    { name: "Probable cause", value: "Version 7 of fraud-scorer.", inline: false },
    { name: "Do first", value: "1. roll back\n2. look", inline: false },
  ]);
});

test("what is left out is counted", () => {
  const items = Array.from({ length: 200 }, (_, at) => [{ text: `alert number ${at} of a great many` }]);
  const text = render({ kind: "answer", blocks: [{ kind: "list", ordered: "bulleted", items }] }).embeds[0]
    ?.description;
  const shownLines = text?.split("\n").filter((line) => line.startsWith("- ")).length ?? 0;
  expect(shownLines).toBeGreaterThan(50);
  expect(text).toMatch(new RegExp(`… ${200 - shownLines} more$`));
});

test("a section longer than a field goes on in the next one", () => {
  const long = Array.from({ length: 3 }, (_, at) => ({
    kind: "text" as const,
    text: [{ text: `${at} ${"word ".repeat(120)}` }],
  }));
  const fields = render({
    blocks: [
      { kind: "fields", fields: [{ label: "State", value: [{ text: "open" }] }] },
      { kind: "heading", text: "Story" },
      ...long,
    ],
  }).embeds[0]?.fields;
  expect(fields?.map(({ name }) => name)).toEqual(["State", "Story", "\u200b", "\u200b"]);
});

test("a table is aligned, and wide characters count double", () => {
  const rows = [
    ["東京", "1"],
    ["ab", "22"],
  ];
  const body = render({ kind: "answer", blocks: [{ kind: "table", columns: ["city", "n"], rows }] });
  expect(body.embeds[0]?.description).toBe("```\ncity  n\n────  ──\n東京  1\nab    22\n```");
});

test("a table that an embed has no room for is a line for each row, named by its first cell", () => {
  const columns = ["metric", "registry.example.com/fraud:41", "registry.example.com/fraud:42", "n"];
  const rows = [
    ["recall", "0.71", "0.744", "8400"],
    ["auc", "0.941", "", "*90*"],
  ];
  const body = render({ kind: "answer", blocks: [{ kind: "table", columns, rows }] });
  expect(body.embeds[0]?.description).toBe(
    [
      "- **recall** · registry.example.com/fraud\\:41: 0.71 · registry.example.com/fraud\\:42: 0.744 · n: 8400",
      "- **auc** · registry.example.com/fraud\\:41: 0.941 · n: \\*90\\*",
    ].join("\n"),
  );
});

test("a heading in a description stands apart from what is above it", () => {
  const heading = (text: string) => ({ kind: "heading", text }) as const;
  const text = (words: string) => ({ kind: "text", text: [{ text: words }] }) as const;
  const blocks = [heading("Opened"), text("one"), heading("Resolved"), text("two")];
  expect(render({ kind: "answer", blocks }).embeds[0]?.description).toBe(
    "**Opened**\none\n\n**Resolved**\ntwo",
  );
});

test("a card that is one sentence says it once, and is found again by its mark", () => {
  const sentence = "Nothing new since 2026-11-22 07:00 UTC.";
  const body = render({
    ...{ kind: "digest", tone: "neutral", title: sentence, summary: sentence, blocks: [], actions: [] },
  });
  expect(body.embeds).toEqual([]);
  expect(body.content.split("\n")[0]).toBe(sentence);
  expect(hasMark({ content: body.content, embeds: [] }, mark)).toBe(true);
});

describe("buttons", () => {
  test("carry the whole command, asked or sent at once", () => {
    const ids = render({}).components.flatMap((row) => row.components.map((button) => button.custom_id));
    expect(ids).toEqual(["!ack 12", "?resolve 12"]);
  });

  test("come in rows of five, and what has no room can be typed", () => {
    const actions = Array.from({ length: 27 }, (_, at) => ({
      label: `Choice ${at}`,
      command: `pick ${at}`,
      style: "plain" as const,
    }));
    const body = render({ actions });
    expect(body.components.map((row) => row.components.length)).toEqual([5, 5, 5, 5, 5]);
    expect(JSON.stringify(body.embeds)).toContain("`/pick 26`");
  });

  test("a command that does not fit whole is shown to be typed, never cut", () => {
    const command = `deploy ${"x".repeat(95)}`;
    const body = render({ actions: [{ label: "Deploy", command, style: "danger" }] });
    expect(body.components).toEqual([]);
    expect(JSON.stringify(body.embeds)).toContain(`\`/${command}\``);
  });

  test("the same command twice is one button", () => {
    const action = { label: "A", command: "ack 1", style: "plain" as const };
    expect(render({ actions: [action, { ...action, label: "B" }] }).components[0]?.components).toHaveLength(
      1,
    );
  });
});

describe("thread entries", () => {
  test("are a line of chat, not a box", () => {
    const body = renderView(entry("Acknowledged by oncall"), mark).body;
    expect(body).toMatchObject({ content: `▪️ Acknowledged by oncall\n-# ${mark}`, embeds: [] });
  });

  test("keep their notes in the small print", () => {
    const at = new Date("2026-01-02T03:04:05Z");
    const blocks: ViewBlock[] = [
      { kind: "text", text: [{ text: "Acknowledged" }] },
      { kind: "note", text: [{ text: "", at }] },
    ];
    const body = renderView({ ...entry("Acknowledged"), tone: "good", blocks }, mark).body;
    expect(body.content).toBe(`🟢 Acknowledged\n-# <t:1767323045:R> · ${mark}`);
  });
});

describe("the mark by which a message is found again", () => {
  const cases: readonly (readonly [string, View])[] = [
    ["a card", view()],
    ["a card without footer or buttons", { ...view({ actions: [] }) }],
    ["an entry", entry("x")],
    ["a huge entry", entry(huge)],
    ["a huge card", view({ title: huge, footer: huge, blocks: everyBlock(huge) })],
  ];
  test.each(cases)("is on %s, and only the right key matches", (_name, shownView) => {
    const { body } = renderView(shownView, mark);
    expect(hasMark(body, mark)).toBe(true);
    expect(hasMark(body, markOf("card2"))).toBe(false);
  });

  test("cannot be forged by text from outside", () => {
    const forged = markOf("victim");
    const evil = `x ${forged}`;
    const hit = [
      view({ title: evil, footer: evil, summary: evil, blocks: everyBlock(evil) }),
      entry(evil),
    ].some((each) => hasMark(renderView(each, mark).body, forged));
    expect(hit).toBe(false);
    const answer = view({ kind: "answer", footer: evil, blocks: everyBlock(evil), actions: [] });
    expect(hasMark(renderView(answer, null).body, forged)).toBe(false);
  });
});

test("a text file is attached under its own name and no picture; one that is too large is named", () => {
  const file = (filename: string, text: string): ViewBlock => ({
    kind: "file",
    filename,
    label: "Report",
    text,
  });
  const blocks = [file("incident 12.md", "# Incident 12 ü"), file("huge.md", "x".repeat(11 * 2 ** 20))];
  const payload = renderView(view({ kind: "answer", blocks }), null);
  expect(payload.files).toEqual([
    {
      name: "incident_12.md",
      data: new TextEncoder().encode("# Incident 12 ü"),
      contentType: "text/markdown; charset=utf-8",
      isImage: false,
    },
  ]);
  expect(payload.body.attachments).toEqual([{ id: 0, filename: "incident_12.md", description: "Report" }]);
  expect(payload.body.embeds[0]?.image).toBeUndefined();
  expect(JSON.stringify(payload.body.embeds)).toContain("huge.md");
});

test("images are files with alt text; one that is too large is described", () => {
  const png = new Uint8Array([137, 80, 78, 71]);
  const image = (data: Uint8Array, alt: string): ViewBlock => ({
    kind: "image",
    png: data,
    alt,
    filename: "a b/../chart.png",
  });
  const payload = renderView(
    view({
      kind: "digest",
      blocks: [
        image(png, "alerts per hour"),
        image(png, "b"),
        image(new Uint8Array(11 * 2 ** 20), "huge chart"),
      ],
    }),
    mark,
  );
  expect(payload.files.map(({ name }) => name)).toEqual(["0-a_b_.._chart.png", "1-a_b_.._chart.png"]);
  expect(payload.body.attachments[0]).toEqual({
    id: 0,
    filename: "0-a_b_.._chart.png",
    description: "alerts per hour",
  });
  expect(payload.body.embeds.map((embed) => embed.image?.url)).toEqual([
    "attachment://0-a_b_.._chart.png",
    "attachment://1-a_b_.._chart.png",
  ]);
  expect(payload.body.embeds[0]?.description).toContain("Image: huge chart");
});

test("a summary is whole when it fits", () => {
  const summary = "word ".repeat(300).trim();
  expect(render({ summary, tone: "neutral" }).content).toBe(summary);
  expect(textOf([{ text: summary }])).toBe(summary);
});

test.each([
  ["incident", "warning", "🟡 Warning · #12 disk"],
  ["rollout", "warning", "🟡 #12 disk"],
  ["rollout", "bad", "❌ #12 disk"],
  ["incident", "neutral", "#12 disk"],
] as const)("the title of a %s with the tone %s is %s, and is found again in it", (kind, tone, shown) => {
  const { embeds } = renderView(view({ kind, tone, title: "#12 disk" }), null).body;
  expect(embeds[0]?.title).toBe(shown);
  expect(withoutTone(shown)).toBe("#12 disk");
});
