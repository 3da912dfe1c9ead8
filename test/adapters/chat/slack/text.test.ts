import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { cleanText, escapeMarkup, inline, unescapeMarkup } from "../../../../src/adapters/chat/slack/text.ts";

describe("escaping", () => {
  test("escapes the three characters that begin markup", () => {
    expect(escapeMarkup("<!channel> & <@U1>", 100)).toBe("&lt;!channel&gt; &amp; &lt;@U1&gt;");
  });

  test("an escaped text never exceeds its limit, never ends within an entity, and never holds markup", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.integer({ min: 1, max: 60 }), (text, max) => {
        const escaped = escapeMarkup(text, max);
        expect(escaped.length).toBeLessThanOrEqual(max);
        expect(escaped).not.toMatch(/[<>]/);
        expect(escaped.replaceAll(/&(?:amp|lt|gt);/g, "")).not.toContain("&");
      }),
    );
  });

  test("what was cut ends with an ellipsis", () => {
    expect(escapeMarkup("a<b".repeat(10), 12)).toBe("a&lt;ba&lt;…");
  });
});

test.each([
  ["see <https://example.org/a?b=1&amp;c=2|example.org/a>", "see https://example.org/a?b=1&c=2"],
  ["host <http://web-1.example.org|web-1.example.org>", "host web-1.example.org"],
  ["mail <mailto:a@example.org|a@example.org>", "mail a@example.org"],
  ["<https://example.org>", "https://example.org"],
  ["<@U123|oncall> in <#C123|ops>", "@U123 in #ops"],
  ["<!channel> hello", "channel hello"],
  ["latency &gt; 5 &amp;&amp; errors &lt; 1", "latency > 5 && errors < 1"],
  ["nothing < to > do", "nothing < to > do"],
  ["&amp;lt;", "&lt;"],
])("Slack's escaping is undone: %s", (sent, typed) => {
  expect(unescapeMarkup(sent)).toBe(typed);
});

describe("cleaning", () => {
  test.each([
    ["control characters go", "a\u0000b\u0007c", "abc"],
    ["line breaks and tabs stay", "a\r\nb\tc\u2028d", "a\nb\tc\nd"],
    ["bidirectional and zero-width marks go", "\u202Eabc\u202C\u200B\uFEFF", "abc"],
    ["joiners within emoji stay", "👩\u200D💻", "👩\u200D💻"],
    ["half a surrogate pair is replaced", "a\uD800b", "a\uFFFDb"],
    ["invisible tags go", "a\u{E0041}b", "ab"],
  ])("%s", (_, text, clean) => {
    expect(cleanText(text)).toBe(clean);
  });
});

describe("inline elements", () => {
  test("a moment is a date in the reader's zone with a fallback", () => {
    const at = new Date("2026-03-04T05:06:07Z");
    expect(inline([{ text: "2026-03-04 05:06 UTC", at }], 100)).toEqual([
      {
        type: "date",
        timestamp: 1_772_600_767,
        format: "{date_short_pretty} at {time}",
        fallback: "2026-03-04 05:06 UTC",
      },
    ]);
  });

  test.each([
    ["time", "{time}"],
    ["day and time", "{date_short} {time}"],
  ] as const)("a moment in a sentence is its %s", (inSentence, format) => {
    const span = { text: "05:06 UTC", at: new Date("2026-03-04T05:06:07Z"), inSentence };
    expect(inline([span], 100)).toMatchObject([{ type: "date", format, fallback: "05:06 UTC" }]);
  });

  test("an unsafe address is shown as text, never as a link", () => {
    expect(inline([{ text: "x", url: "javascript:alert(1)" }], 100)).toEqual([{ type: "text", text: "x" }]);
    expect(inline([{ text: "x", url: "https://a:b@example.com/" }], 100)).toEqual([
      { type: "text", text: "x" },
    ]);
  });

  test("the budget holds across spans", () => {
    const elements = inline([{ text: "a".repeat(8) }, { text: "b".repeat(8) }, { text: "c" }], 10);
    expect(elements.map((element) => ("text" in element ? element.text : ""))).toEqual(["aaaaaaaa", "b…"]);
  });

  test("empty spans leave no element, which Slack would refuse", () => {
    expect(inline([{ text: "" }, { text: "\u0000" }], 10)).toEqual([]);
  });
});
