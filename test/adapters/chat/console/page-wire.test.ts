import { expect, test } from "vitest";
import { pageToWire } from "../../../../src/adapters/chat/console/page-wire.ts";
import type { Page, PageBlock } from "../../../../src/domain/view/page.ts";

const fileUrl = (index: number) => `/files/${index}`;

function wireOf(block: PageBlock, over: Partial<Page> = {}) {
  return pageToWire({ title: "t", lead: "", filters: [], blocks: [block], next: null, ...over }, fileUrl);
}

test.each([
  ["/incidents/12", "/incidents/12"],
  ["/incidents?state=open&before=3", "/incidents?state=open&before=3"],
  ["//elsewhere.example", undefined],
  ["/\\elsewhere.example", undefined],
  ["https://elsewhere.example", undefined],
  ["javascript:alert(1)", undefined],
  ["/a b", undefined],
])("a span leads to %s only when that is a path of this site", (page, expected) => {
  const wire = wireOf({ kind: "text", text: [{ text: "x", page }] });
  const [block] = wire.blocks;
  expect(block?.kind === "text" ? block.text[0]?.page : "no text").toBe(expected);
  expect(wireOf({ kind: "divider" }, { next: page }).next).toBe(expected ?? null);
});

test("rows, cells and texts are bounded, and what turns the direction of writing is taken out", () => {
  const row = Array.from({ length: 99 }, () => ({ text: [{ text: `a\u202eb${"x".repeat(9_000)}` }] }));
  const { blocks } = wireOf({
    kind: "records",
    label: "l",
    columns: row.map(() => "c"),
    rows: Array.from({ length: 900 }, () => row),
    empty: "",
  });
  const [block] = blocks;
  if (block?.kind !== "records") throw new Error("no records");
  expect([block.rows.length, block.rows[0]?.length, block.columns.length]).toEqual([600, 30, 30]);
  expect(block.rows[0]?.[0]?.text[0]?.text).toMatch(/^abx+…$/);
});

test("a file of a page can be had whole, and its text says how much of it is not shown", () => {
  const file = (text: string) => ({ kind: "file", filename: "r.md", label: "Report", text }) as const;
  const link = { kind: "file", url: "/files/0", label: "Report", filename: "r.md" };
  expect(wireOf(file("# Report")).blocks).toEqual([link, { kind: "code", text: "# Report" }]);
  const [shownLink, text, note] = wireOf(file("x".repeat(61_234))).blocks;
  expect(shownLink).toEqual(link);
  expect(text?.kind === "code" ? text.text.length : 0).toBe(40_000);
  expect(note).toEqual({
    kind: "note",
    text: [{ text: "Shown are the first 40,000 of 61,234 characters; the file above has all of them." }],
  });
});

test("a picture and a file of a view are words on a page, for a page has no message that would hold them", () => {
  const { blocks } = wireOf({
    kind: "view",
    subject: null,
    view: {
      kind: "answer",
      title: "t",
      tone: "neutral",
      summary: "s",
      actions: [],
      blocks: [
        { kind: "image", png: new Uint8Array(), alt: "incidents per hour", filename: "a.png" },
        { kind: "file", filename: "r.md", label: "Report", text: "# Report" },
      ],
    },
  });
  const [block] = blocks;
  expect(block?.kind === "view" ? block.view.blocks : []).toEqual([
    { kind: "note", text: [{ text: "incidents per hour" }] },
    { kind: "code", text: "# Report" },
  ]);
});

test("a share and the columns that need no label reach the browser", () => {
  const { blocks } = wireOf({
    ...{ kind: "records", label: "l", columns: ["cause", "confidence"], bare: ["cause"], empty: "" },
    rows: [[{ text: [{ text: "a deploy" }] }, { text: [{ text: "71 %" }], share: 0.71 }]],
  });
  expect(blocks[0]).toMatchObject({
    bare: ["cause"],
    rows: [[{ text: [{ text: "a deploy" }] }, { share: 0.71 }]],
  });
});
