import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { limits, sizeOf } from "../../../../src/adapters/chat/slack/blocks.ts";
import { renderMessage, renderPlainMessage } from "../../../../src/adapters/chat/slack/render.ts";
import type { Tone, View, ViewBlock } from "../../../../src/domain/view.ts";
import { hostileCard, hostileTexts, sampleCard } from "../../../contracts/chat.ts";
import { checkBlocks, readableText } from "../../../fakes/slack/blocks.ts";
import { effectsOf } from "../../../fakes/slack/markup.ts";

function viewWith(blocks: readonly ViewBlock[], more: Partial<View> = {}): View {
  return {
    kind: "incident",
    title: "title",
    tone: "neutral",
    summary: "summary",
    blocks,
    actions: [],
    ...more,
  };
}
const types = (view: View) => renderMessage(view).blocks.map((block) => block.type);
const noEffects = { mentions: [], broadcasts: [], channels: [], links: [], formatting: [] };
function effects({ text, blocks }: ReturnType<typeof renderMessage>) {
  return effectsOf({ text, blocks, parse: "none", linkNames: false, mrkdwn: false });
}

describe("title", () => {
  test.each<[Tone, string, string]>([
    ["critical", "checkout is down", "🔴 Critical · checkout is down"],
    ["high", "checkout is down", "🟠 High · checkout is down"],
    ["warning", "Warning: disk", "🟡 Warning: disk"],
    ["info", "restart", "🔵 Info · restart"],
    ["good", "checkout is well", "✅ checkout is well"],
    ["bad", "rollout failed", "❌ rollout failed"],
    ["neutral", "digest", "digest"],
  ])("%s is a shape and a word, never colour alone", (tone, title, shown) => {
    expect(renderMessage(viewWith([], { tone, title })).blocks[0]).toMatchObject({ text: { text: shown } });
  });

  test("a rollout has no severity: a shape, and its state in words below", () => {
    const blocks = renderMessage(
      viewWith([], { kind: "rollout", tone: "warning", title: "Rollout 7" }),
    ).blocks;
    expect(blocks[0]).toMatchObject({ text: { text: "🟡 Rollout 7" } });
  });

  test("a card has a headline, an entry a line", () => {
    expect(types(viewWith([], { summary: "title" }))).toEqual(["header"]);
    expect(types(viewWith([], { kind: "entry", summary: "title" }))).toEqual(["rich_text"]);
  });

  test("a digest that is one sentence is a line", () => {
    const sentence = { kind: "digest", title: "Nothing new.", summary: "Nothing new." } as const;
    expect(types(viewWith([], sentence))).toEqual(["rich_text"]);
    expect(types(viewWith([], { kind: "digest" }))[0]).toBe("header");
  });

  test("the stop after a moment in small print stays with it", () => {
    const at = new Date("2026-03-01T10:00:00Z");
    const text = [{ text: "Since " }, { text: "10:00 UTC", at }, { text: ". Not enough data, until " }];
    const [, note] = renderMessage(
      viewWith([{ kind: "note", text: [...text, { text: "10:00 UTC", at }, { text: ")." }] }]),
    ).blocks;
    expect(note).toMatchObject({
      type: "context",
      elements: [
        { text: "Since" },
        { text: expect.stringMatching(/^<!date\^\d+\^[^>]*>\.$/) },
        { text: "Not enough data, until" },
        { text: expect.stringMatching(/^<!date\^\d+\^[^>]*>\)\.$/) },
      ],
    });
  });

  test("of many fields a long one is not cut while there is room for all", () => {
    const field = (label: string, words: string) => ({ label, value: [{ text: words }] });
    const short = Array.from({ length: 17 }, (_, index) => field(`fact ${index}`, "free"));
    const shown = (words: string) =>
      readableText(
        renderMessage(viewWith([{ kind: "fields", fields: [...short, field("why", words)] }])).blocks,
      );
    expect(shown(`${"word ".repeat(200)}end`)).toContain("word end");
    expect(shown(`${"word ".repeat(2_000)}end`)).toContain("…");
  });

  test("a view without blocks shows its summary", () => {
    expect(readableText(renderMessage(viewWith([], { kind: "answer" })).blocks)).toBe("title\nsummary");
  });

  test.each([
    ["with who did it", [{ text: "title" }, { text: " · Ada" }], "title\nAda"],
    ["with nothing else", [{ text: "title" }, { text: "" }], "title"],
    ["before a call", [{ text: "title" }, { text: "" }, { text: " " }, { text: "@Ada" }], "title\n@Ada"],
    [
      "before who did it and a call",
      [{ text: "title" }, { text: " · Ines" }, { text: " " }, { text: "@Ada" }],
      "title\nInes\n \n@Ada",
    ],
    ["as a part of a sentence", [{ text: "title of something" }], "title\ntitle of something"],
  ])("an entry that begins with its title says it once, %s", (_how, text, expected) => {
    const blocks = [{ kind: "text" as const, text }];
    const given = viewWith(blocks, { kind: "entry" });
    expect(readableText(renderMessage(given).blocks)).toBe(expected);
  });

  test("the moments of a line are in its title, which says it once", () => {
    const at = new Date("2026-03-04T05:06:07Z");
    const text = [{ text: "since " }, { text: "05:06 UTC", at, inSentence: "time" as const }, { text: "." }];
    const given = viewWith([{ kind: "text", text: [...text, { text: " · Ada" }] }], {
      kind: "entry",
      title: "since 05:06 UTC.",
      tone: "good",
    });
    const { blocks } = renderMessage(given);
    expect(blocks[0]).toMatchObject({
      elements: [{ elements: [{ text: "✅ " }, { text: "since " }, { type: "date" }, { text: "." }] }],
    });
    expect(readableText(blocks.slice(1))).toBe("Ada");
  });

  test("an emoji code in a title stays what it was", () => {
    expect(renderMessage(viewWith([], { title: ":boom:" })).blocks[0]).toMatchObject({
      text: { emoji: false },
    });
  });
});

describe("text for notifications", () => {
  test("holds the whole fact, on one line, escaped", () => {
    expect(renderMessage(viewWith([], { summary: "a\nb <!channel>" })).text).toBe("a b &lt;!channel&gt;");
  });
  test("is never empty", () => {
    expect(renderMessage(viewWith([], { title: "", summary: "\u200B" })).text).toBe("(no text)");
  });
});

describe("buttons", () => {
  test("carry their command line, style and confirmation", () => {
    const actions = renderMessage(sampleCard()).blocks.find((block) => block.type === "actions");
    expect(actions?.elements).toEqual([
      expect.objectContaining({ action_id: "tocsin:0", value: "ack 12", style: "primary" }),
      expect.objectContaining({
        action_id: "tocsin:1",
        value: "rollback ranker",
        style: "danger",
        confirm: expect.objectContaining({
          style: "danger",
          text: expect.objectContaining({ text: "Roll back ranker to 41?" }),
        }),
      }),
    ]);
    expect(actions?.elements[0]).not.toHaveProperty("confirm");
  });

  test("a plain button has no style, which Slack would refuse", () => {
    const view = viewWith([], { actions: [{ label: "Why", command: "why 12", style: "plain" }] });
    expect(JSON.stringify(renderMessage(view).blocks)).not.toContain("style");
  });

  test("more buttons than Slack takes are cut", () => {
    const actions = Array.from({ length: 60 }, (_, index) => ({
      label: "x",
      command: `ack ${index}`,
      style: "plain" as const,
    }));
    const block = renderMessage(viewWith([], { actions })).blocks.find((one) => one.type === "actions");
    expect(block?.elements.length).toBe(limits.buttonsPerBlock);
  });
});

describe("tables", () => {
  const table: ViewBlock = {
    kind: "table",
    columns: ["metric", "to"],
    rows: [
      ["auc", ""],
      ["f1", "0.5"],
    ],
  };

  test("the first is a table block with a dash for an empty cell, the second aligned text", () => {
    expect(types(viewWith([table, table]))).toEqual(["header", "table", "rich_text"]);
    expect(readableText(renderMessage(viewWith([table])).blocks)).toContain("auc\n–\nf1");
  });

  test("rows of unequal length are filled", () => {
    const ragged: ViewBlock = { kind: "table", columns: ["a", "b"], rows: [["1"], ["1", "2", "3"]] };
    expect(checkBlocks(renderMessage(viewWith([ragged])).blocks)).toBeNull();
  });

  test("a table larger than Slack takes becomes aligned text that says how much is missing", () => {
    const rows = Array.from({ length: 500 }, (_, index) => [`metric-${index}`, "0.5"]);
    const [, block] = renderMessage(viewWith([{ kind: "table", columns: ["metric", "to"], rows }])).blocks;
    expect(block?.type).toBe("rich_text");
    expect(readableText(block)).toMatch(
      /^metric {6}to\n─+ {2}───\nmetric-0 {4}0.5\n[\s\S]+… and \d+ more rows$/,
    );
  });

  test("asked for aligned text there is no table block", () => {
    expect(renderMessage(viewWith([table]), "aligned").blocks.map((block) => block.type)).toEqual([
      "header",
      "rich_text",
    ]);
  });
});

describe("body", () => {
  test("a heading stands in one block with what follows", () => {
    const blocks: ViewBlock[] = [
      { kind: "heading", text: "Causes" },
      { kind: "text", text: [{ text: "one" }] },
      { kind: "text", text: [{ text: "two" }] },
    ];
    expect(types(viewWith(blocks))).toEqual(["header", "rich_text", "rich_text"]);
  });

  test("of a log the end is kept", () => {
    const text = readableText(
      renderMessage(viewWith([{ kind: "code", text: `${"x".repeat(9_000)}\nthe end` }])).blocks,
    );
    expect(text).toMatch(/\n…x+\nthe end$/);
  });

  test("steps show their state as a shape", () => {
    const steps = (["waiting", "running", "done", "failed", "skipped"] as const).map((state) => ({
      label: state,
      state,
    }));
    expect(
      readableText(renderMessage(viewWith([{ kind: "steps", steps }])).blocks).replaceAll("\n", ""),
    ).toBe("title◻️ waiting⏳ running✅ done❌ failed⏭️ skipped");
  });

  test("an image leaves its alternative text", () => {
    const image: ViewBlock = {
      kind: "image",
      png: new Uint8Array(4),
      alt: "alerts per hour: 3, 9, 1",
      filename: "a.png",
    };
    expect(readableText(renderMessage(viewWith([image])).blocks)).toContain("alerts per hour: 3, 9, 1");
  });

  test("what does not fit is counted, and title, buttons and footer stay", () => {
    const blocks = Array.from(
      { length: 90 },
      (_, index): ViewBlock => ({ kind: "text", text: [{ text: `part ${index}` }] }),
    );
    const actions = [{ label: "Ack", command: "ack 12", style: "plain" as const }];
    const message = renderMessage(viewWith(blocks, { actions, footer: "small print" }));
    expect(message.blocks).toHaveLength(limits.blocksPerMessage);
    expect(message.blocks.slice(-3).map((block) => block.type)).toEqual(["context", "actions", "context"]);
    expect(readableText(message.blocks)).toContain("… 44 parts too long for Slack");
  });

  test("one text too large for what is left is cut, not dropped", () => {
    const blocks: ViewBlock[] = Array.from({ length: 5 }, () => ({
      kind: "text",
      text: [{ text: "漢".repeat(3_000) }],
    }));
    const message = renderMessage(viewWith(blocks));
    expect(readableText(message.blocks)).toContain("漢…");
    expect(sizeOf(message.blocks)).toBeLessThanOrEqual(limits.blocksJsonBytes);
    expect(sizeOf(message.blocks)).toBeGreaterThan(limits.blocksJsonBytes * 0.8);
  });
});

describe("hostile text", () => {
  test.each(hostileTexts.map((text) => [JSON.stringify(text.slice(0, 40)), text]))(
    "neither rendering of %s is refused or does anything",
    (_, text) => {
      for (const kind of ["incident", "entry", "answer", "error", "help", "digest"] as const) {
        for (const message of [
          renderMessage({ ...hostileCard(text), kind }),
          renderPlainMessage({ ...hostileCard(text), kind }),
        ]) {
          expect(checkBlocks(message.blocks)).toBeNull();
          expect(message.text.length).toBeLessThanOrEqual(limits.messageText);
          expect(effects(message)).toEqual(noEffects);
        }
      }
    },
  );

  test("no text whatever makes Slack refuse the message or act on it", () => {
    const text = fc.oneof(fc.string({ unit: "binary", maxLength: 400 }), fc.constantFrom(...hostileTexts));
    fc.assert(
      fc.property(text, text, (one, other) => {
        const view = { ...hostileCard(one), title: other, footer: other };
        for (const message of [renderMessage(view), renderPlainMessage(view)]) {
          expect(checkBlocks(message.blocks)).toBeNull();
          expect(effects(message)).toEqual(noEffects);
        }
      }),
      { numRuns: 150 },
    );
  });
});

test("the plain rendering keeps facts and buttons in the oldest blocks", () => {
  const message = renderPlainMessage(sampleCard());
  expect(new Set(message.blocks.map((block) => block.type))).toEqual(
    new Set(["header", "section", "actions"]),
  );
  for (const part of [
    "Status: open, nobody has it",
    "1. Rollout 7 of ranker",
    "auc | 0.91 | 0.84",
    "running: shift traffic 40 %",
  ])
    expect(readableText(message.blocks)).toContain(part);
});
