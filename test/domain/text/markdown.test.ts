import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { markdownList, markdownOf, markdownTable } from "../../../src/domain/text/markdown.ts";
import { secretSamples } from "../../fixtures/secrets.ts";

describe("a text from outside", () => {
  test.each([
    ["p99 of checkout is 1.2 s", "p99 of checkout is 1.2 s"],
    ["HTTP_5xx_ratio", "HTTP\\_5xx\\_ratio"],
    ["**bold** and `code`", "\\*\\*bold\\*\\* and \\`code\\`"],
    ["[click](https://evil.example)", "\\[click\\](https&#58;//evil.example)"],
    ["![x](http://evil.example/p.png)", "\\!\\[x\\](http&#58;//evil.example/p.png)"],
    ["<script>alert(1)</script>", "&lt;script\\>alert(1)&lt;/script\\>"],
    ["&lt;b&gt;", "&amp;lt;b&amp;gt;"],
    ["a | b", "a \\| b"],
    ["# heading", "\\# heading"],
    ["- item", "\\- item"],
    ["+ item", "\\+ item"],
    ["=====", "\\====="],
    ["1. item", "1\\. item"],
    ["2) item", "2\\) item"],
    ["ping @everyone and @org/team", "ping @&#8203;everyone and @&#8203;org/team"],
    ["see www.evil.example", "see www&#46;evil.example"],
    ["one\n\n# two\r\n| three |", "one \\# two \\| three \\|"],
    ["\\*not escaped twice\\*", "\\\\\\*not escaped twice\\\\\\*"],
    ["costs $x^2$", "costs \\$x\\^2\\$"],
    ["", ""],
  ])("%j becomes %j", (text, expected) => {
    expect(markdownOf(text, 500)).toBe(expected);
  });

  test.each(secretSamples())("$name is taken out", ({ text, secret }) => {
    expect(markdownOf(text, 5_000)).not.toContain(secret.replace(/[\\`*_{}[\]>|~!#$^]/g, "\\$&"));
    expect(markdownOf(text, 5_000)).toContain("redacted");
  });

  test("never holds a bare sign of markup, a line end or a mention, whatever it is", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        const written = markdownOf(text, 200);
        expect(written).not.toMatch(/[\n\r<]/);
        const bare = written.replace(/\\[\\`*_{}[\]>|~!#$^+=.)-]/g, "");
        expect(bare).not.toMatch(/[\\`*_{}[\]>|~!$^]/);
        expect(bare).not.toMatch(/@(?!&#8203;)/);
        expect(written).not.toMatch(/^(?:[-+=#]|\d+[.)])/);
        expect(written).not.toMatch(/:\/\//);
      }),
    );
  });
});

test("tables and lists without rows are nothing, so that no heading stands alone", () => {
  expect(markdownTable(["a"], [])).toBe("");
  expect(markdownList([])).toBe("");
  expect(markdownTable(["a", "b"], [["1", "2"]])).toBe("| a | b |\n| --- | --- |\n| 1 | 2 |");
});
