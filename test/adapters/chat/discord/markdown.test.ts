import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  clean,
  codeBlock,
  escapeInline,
  escapeLines,
  fitText,
  flowOf,
  inlineOf,
  plainLine,
} from "../../../../src/adapters/chat/discord/markdown.ts";
import { hostile } from "./hostile.ts";

/** What is left of escaped text when every escaped character is taken out: nothing in it may be markup. */
function bare(escaped: string): string {
  return escaped.replace(/\\[^0-9A-Za-z\s]/g, "§");
}

/** How Discord shows escaped text. */
function shown(escaped: string): string {
  return escaped.replace(/\\([^0-9A-Za-z\s])/g, "$1").replace(/\u200b/g, "");
}

const dangerous = fc.string({
  unit: fc.constantFrom(
    ..."\\*_~`|[]()<>#-+>@:./ \n\t1a&!",
    "everyone",
    "http",
    "https://",
    "```",
    "\u200b",
    "\u202e",
    "discord.gg/",
    "\ud800",
    "😀",
  ),
  maxLength: 60,
});

describe("escaped text", () => {
  test("holds no mark, mention, link, heading or list, whatever it was made from", () => {
    fc.assert(
      fc.property(fc.oneof(dangerous, fc.constantFrom(...hostile)), (text) => {
        const left = bare(escapeLines(text));
        expect(left).not.toMatch(/[*_~`|[\]<]/);
        expect(left).not.toMatch(/@(?!\u200b)/);
        expect(left).not.toMatch(/:\/\//);
        expect(left).not.toMatch(/:[\w+-]+:/);
        expect(left).not.toMatch(/\.(gg|com\/invite)\//i);
        expect(left).not.toMatch(/^\s*[#>+-]/m);
        expect(left).not.toMatch(/^\s*\d+[.)]/m);
        expect(left).not.toMatch(/\\$/);
      }),
      { numRuns: 2_000 },
    );
  });

  test("reads as it was written", () => {
    fc.assert(
      fc.property(dangerous, (text) => {
        expect(shown(escapeLines(text))).toBe(clean(text));
      }),
      { numRuns: 2_000 },
    );
  });

  test("keeps metrics and times readable", () => {
    expect(escapeInline("p99 at 12:30 on node-1 (eu.west)")).toBe("p99 at 12:30 on node-1 (eu.west)");
    expect(escapeInline("a_b")).toBe("a\\_b");
  });
});

test("control, bidirectional and zero-width characters are removed, lone surrogates replaced", () => {
  expect(clean("a\u0000b\u202ec\u200bd\u2060e\ufefff")).toBe("abcdef");
  expect(clean("a\r\nb\rc\u2028d\te")).toBe("a\nb\nc\nd e");
  expect(clean("x\ud83dy")).toBe("x\ufffdy");
  expect(clean("😀")).toBe("😀");
});

test("places without markup get no backslashes and no mention", () => {
  expect(plainLine("a_b *c*\n@everyone <@1> <#2>", 100)).toBe(
    "a_b *c* @\u200beveryone <\u200b@1> <\u200b#2>",
  );
});

describe("spans", () => {
  test("marks wrap the text and not the space around it", () => {
    expect(flowOf([{ text: "a" }, { text: " b* ", style: "bold" }, { text: "c", style: "italic" }])).toBe(
      "a **b\\*** \u200b*c*",
    );
  });

  test("adjacent plain spans cannot build markup together", () => {
    const out = flowOf([{ text: "https:" }, { text: "//evil.example" }, { text: " :smi" }, { text: "le:" }]);
    expect(bare(out)).not.toMatch(/:\/\/|:[\w]+:/);
  });

  test("a link goes only to http and https, and its address cannot close the link", () => {
    expect(flowOf([{ text: "run]book", url: "https://wiki.example/a(b)>c" }])).toBe(
      "[run\\]book](<https://wiki.example/a%28b%29%3Ec>)",
    );
    expect(flowOf([{ text: "x", url: "javascript:alert(1)" }])).toBe("x");
    expect(flowOf([{ text: "", url: "https://wiki.example/" }])).toBe("[link](<https://wiki.example/>)");
  });

  test("a moment is shown in the reader's own zone, relative", () => {
    expect(flowOf([{ text: "x", at: new Date("2026-01-02T03:04:05.678Z") }])).toBe("<t:1767323045:R>");
    expect(flowOf([{ text: "never", at: new Date(Number.NaN) }])).toBe("never");
  });

  test("a moment in a sentence is its time, or its day too", () => {
    const at = new Date("2026-01-02T03:04:05.678Z");
    expect(
      flowOf([{ text: "since " }, { text: "03:04 UTC", at, inSentence: "time" }, { text: " on all" }]),
    ).toBe("since <t:1767323045:t> on all");
    expect(flowOf([{ text: "2 Jan 03:04 UTC", at, inSentence: "day and time" }])).toBe("<t:1767323045:f>");
  });

  test("code cannot be closed from within", () => {
    expect(flowOf([{ text: "a`b``c", style: "code" }])).toBe("`aˋbˋˋc`");
    expect(flowOf([{ text: "@everyone", style: "code" }])).toBe("`@\u200beveryone`");
    const block = codeBlock("one\n```\n@everyone", 100);
    expect(block?.match(/```/g)).toHaveLength(2);
    expect(block).not.toContain("@everyone");
  });

  test("one line stays one line", () => {
    expect(inlineOf([{ text: "a\n# b\n\nc" }])).not.toContain("\n");
  });
});

describe("what does not fit", () => {
  test("a cut text fits, ends with an ellipsis and leaves no half mark", () => {
    fc.assert(
      fc.property(dangerous, fc.integer({ min: 12, max: 80 }), (text, max) => {
        const long = [{ text: text.repeat(4), style: "bold" as const }];
        const out = fitText(long, max, flowOf);
        expect(out.length).toBeLessThanOrEqual(max);
        const inner = out.trim().replace(/^\*\*|\*\*$/g, "");
        expect(bare(inner)).not.toMatch(/[*_~`|[\]<]|\\$/);
      }),
      { numRuns: 1_000 },
    );
    expect(fitText([{ text: "abcdef" }, { text: "ghi", style: "bold" }], 6, flowOf)).toMatch(/…/);
  });

  test("a log keeps its end", () => {
    const block = codeBlock(`start\n${"x".repeat(200)}\nthe end`, 60);
    expect(block).toMatch(/^```\n…/);
    expect(block).toContain("the end");
    expect(block?.length).toBeLessThanOrEqual(60);
    expect(codeBlock("anything", 20)).toBeNull();
  });
});
