import { describe, expect, test } from "vitest";
import { checkBlocks, readableText } from "./slack/blocks.ts";
import { effectsOf } from "./slack/markup.ts";

const plain = (text: string) => ({ type: "plain_text", text });
const inTopLevel = (text: string, more = {}) =>
  effectsOf({ text, blocks: [], parse: "none", linkNames: false, mrkdwn: true, ...more });
const inBlocks = (...blocks: unknown[]) =>
  effectsOf({ text: "", blocks, parse: "none", linkNames: false, mrkdwn: true });

describe("what a message would do", () => {
  test("control sequences mention, notify and link, in text and in mrkdwn", () => {
    const text = "<!channel> <!here> <@U1> <!subteam^S1> <#C1> <https://x.example/|x>";
    const all = {
      mentions: ["U1", "S1"],
      broadcasts: ["channel", "here"],
      channels: ["C1"],
      links: ["https://x.example/"],
      formatting: [],
    };
    expect(inTopLevel(text)).toEqual(all);
    expect(inBlocks({ type: "section", text: { type: "mrkdwn", text, verbatim: true } })).toEqual(all);
  });

  test("elements of rich text do the same", () => {
    const elements = [
      { type: "user", user_id: "U1" },
      { type: "broadcast", range: "everyone" },
      { type: "channel", channel_id: "C1" },
      { type: "link", url: "https://x.example/" },
      { type: "text", text: "<!channel> *bold* <@U2>" },
    ];
    const block = { type: "rich_text", elements: [{ type: "rich_text_section", elements }] };
    expect(inBlocks(block)).toEqual({
      mentions: ["U1"],
      broadcasts: ["everyone"],
      channels: ["C1"],
      links: ["https://x.example/"],
      formatting: [],
    });
  });

  test("marks format mrkdwn, not plain text", () => {
    const text = "*bold* _it_ ~gone~ `code` 2*3*4";
    expect(inBlocks({ type: "section", text: { type: "mrkdwn", text, verbatim: true } }).formatting).toEqual([
      "*bold*",
      "_it_",
      "~gone~",
      "`code`",
    ]);
    expect(inBlocks({ type: "section", text: plain(text) }).formatting).toEqual([]);
  });

  test("bare names and addresses count where Slack would look for them", () => {
    const text = "@here #ops https://x.example/a";
    expect(inTopLevel(text)).toMatchObject({ broadcasts: [], channels: [], links: [] });
    expect(inTopLevel(text, { linkNames: true })).toMatchObject({ broadcasts: ["here"], channels: ["ops"] });
    expect(inTopLevel(text, { parse: "client" }).links).toEqual(["https://x.example/a"]);
    expect(inBlocks({ type: "section", text: { type: "mrkdwn", text } }).broadcasts).toEqual(["here"]);
  });
});

describe("what Slack refuses", () => {
  const button = (action_id: string) => ({ type: "button", text: plain("x"), action_id, value: "v" });
  const cell = { type: "raw_text", text: "x" };
  const table = (rows: unknown[][]) => ({ type: "table", rows });
  const divider = { type: "divider" };
  test.each<[string, unknown[], string | null]>([
    ["fifty blocks", Array.from({ length: 50 }, () => divider), null],
    ["fifty-one blocks", Array.from({ length: 51 }, () => divider), "invalid_blocks"],
    ["a section of 3,000", [{ type: "section", text: plain("x".repeat(3_000)) }], null],
    ["a section of 3,001", [{ type: "section", text: plain("x".repeat(3_001)) }], "invalid_blocks"],
    ["an empty text", [{ type: "section", text: plain("") }], "invalid_blocks"],
    ["a header of 151", [{ type: "header", text: plain("x".repeat(151)) }], "invalid_blocks"],
    ["mrkdwn in a header", [{ type: "header", text: { type: "mrkdwn", text: "x" } }], "invalid_blocks"],
    ["a misspelt field", [{ type: "divider", blockid: "x" }], "invalid_blocks"],
    ["an unknown block", [{ type: "accordion" }], "invalid_blocks"],
    [
      "eleven fields",
      [{ type: "section", fields: Array.from({ length: 11 }, () => plain("x")) }],
      "invalid_blocks",
    ],
    [
      "25 buttons",
      [{ type: "actions", elements: Array.from({ length: 25 }, (_, i) => button(`a${i}`)) }],
      null,
    ],
    [
      "26 buttons",
      [{ type: "actions", elements: Array.from({ length: 26 }, (_, i) => button(`a${i}`)) }],
      "invalid_blocks",
    ],
    ["the same action twice", [{ type: "actions", elements: [button("a"), button("a")] }], "invalid_blocks"],
    [
      "a label of 76",
      [{ type: "actions", elements: [{ ...button("a"), text: plain("x".repeat(76)) }] }],
      "invalid_blocks",
    ],
    [
      "a style that is none",
      [{ type: "actions", elements: [{ ...button("a"), style: "plain" }] }],
      "invalid_blocks",
    ],
    [
      "empty rich text",
      [{ type: "rich_text", elements: [{ type: "rich_text_section", elements: [] }] }],
      "invalid_blocks",
    ],
    [
      "one table",
      [
        table([
          [cell, cell],
          [cell, cell],
        ]),
      ],
      null,
    ],
    ["two tables", [table([[cell]]), table([[cell]])], "invalid_attachments"],
    ["101 rows", [table(Array.from({ length: 101 }, () => [cell]))], "invalid_blocks"],
    ["rows of unequal length", [table([[cell, cell], [cell]])], "invalid_blocks"],
    ["an empty cell", [table([[{ type: "raw_text", text: "" }]])], "invalid_blocks"],
    [
      "much text in all",
      Array.from({ length: 4 }, () => ({ type: "section", text: plain("x".repeat(3_000)) })),
      "msg_blocks_too_long",
    ],
  ])("%s", (_, blocks, error) => {
    expect(checkBlocks(blocks)?.error ?? null).toBe(error);
  });
});

test("what can be read comes in order", () => {
  const blocks = [
    { type: "header", text: plain("a") },
    { type: "context", elements: [plain("b"), plain("c")] },
  ];
  expect(readableText(blocks)).toBe("a\nb\nc");
});
