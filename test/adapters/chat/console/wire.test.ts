import { expect, test } from "vitest";
import { answerKey, limits, readable, toWire } from "../../../../src/adapters/chat/console/wire.ts";
import type { View } from "../../../../src/domain/view.ts";
import type { ConsoleMessage } from "../../../../src/ports/console.ts";
import { view } from "../console-fixture.ts";

const at = new Date("2026-03-01T03:10:00Z");

function message(given: View, rest: Partial<ConsoleMessage> = {}): ConsoleMessage {
  return {
    id: 7,
    key: "k",
    channel: "incidents",
    threadOf: null,
    audience: null,
    view: given,
    postedAt: at,
    editedAt: null,
    revision: 3,
    replies: 2,
    ...rest,
  };
}

test("a picture stays behind and becomes an address that changes with the revision", () => {
  const image = { kind: "image", png: new Uint8Array([1]), alt: "six bars", filename: "a.png" } as const;
  const wire = toWire(message(view({ title: "t", blocks: [{ kind: "divider" }, image] })));
  expect(wire.view.blocks[1]).toEqual({
    kind: "image",
    url: "/api/images/7/1?r=3",
    alt: "six bars",
    filename: "a.png",
  });
});

test("a file stays behind and becomes an address to download it from", () => {
  const file = { kind: "file", text: "# Incident 12", label: "Report", filename: "incident-12.md" } as const;
  const wire = toWire(message(view({ title: "t", blocks: [file] })));
  expect(wire.view.blocks).toEqual([
    { kind: "file", url: "/api/files/7/0?r=3", label: "Report", filename: "incident-12.md" },
  ]);
});

test("a moment crosses as text that a browser can read, and an invalid one as its fallback", () => {
  const blocks = [
    {
      kind: "text",
      text: [
        { text: "03:10", at },
        { text: "03:10 UTC", at, inSentence: "time" },
        { text: "never", at: new Date(Number.NaN) },
      ],
    },
  ] as const;
  expect(toWire(message(view({ title: "t", blocks }))).view.blocks[0]).toEqual({
    kind: "text",
    text: [
      { text: "03:10", at: "2026-03-01T03:10:00.000Z" },
      { text: "03:10 UTC", at: "2026-03-01T03:10:00.000Z", inSentence: true },
      { text: "never" },
    ],
  });
});

test.each(["javascript:alert(1)", "data:text/html,x", "https://user:pw@host/", "//host", "vbscript:x"])(
  "an address that is not plain http(s) is dropped: %s",
  (url) => {
    const blocks = [{ kind: "text", text: [{ text: "x", url }] }] as const;
    expect(toWire(message(view({ title: "t", blocks }))).view.blocks[0]).toEqual({
      kind: "text",
      text: [{ text: "x" }],
    });
  },
);

test("a title of 40 kB, a table of 10,000 rows and a hundred buttons are cut to what a page can show", () => {
  const wire = toWire(
    message(
      view({
        title: "x".repeat(40_000),
        blocks: [{ kind: "table", columns: ["a"], rows: Array.from({ length: 10_000 }, () => ["1"]) }],
        actions: Array.from({ length: 100 }, () => ({
          label: "A",
          command: "ack 1",
          style: "plain" as const,
        })),
      }),
    ),
  );
  expect(wire.view.title).toHaveLength(limits.title);
  expect(wire.view.title.endsWith("…")).toBe(true);
  const table = wire.view.blocks[0];
  expect(table?.kind === "table" ? [table.rows.length, table.more] : null).toEqual([200, 9_800]);
  expect(wire.view.actions).toHaveLength(limits.actionCount);
});

test("a button that needs something typed says what, and as which option it goes along", () => {
  const ask = { label: "Type scorer", option: "confirm" };
  const actions = [{ label: "Approve", command: "approve 7", style: "primary" as const, ask }];
  expect(toWire(message(view({ title: "t", actions }))).view.actions[0]).toMatchObject({
    ask,
    confirm: null,
  });
});

test("marks that turn or hide text are gone; line ends, tabs and emoji stay", () => {
  expect(readable("a\u202Eb\u2066c\u200Bd\u0000e\u001b[31mf", 100)).toBe("abcde[31mf");
  expect(readable("one\r\ntwo\tthree", 100)).toBe("one\ntwo\tthree");
  expect(readable("\u{1F469}\u200D\u{1F692}", 100)).toBe("\u{1F469}\u200D\u{1F692}");
});

test("an answer names the page's own key, whatever the request's key looks like", () => {
  const key = answerKey("console-abc:def", "page-key-1");
  expect(toWire(message(view({ title: "t" }), { key, audience: "s" }))).toMatchObject({
    answers: "page-key-1",
    isPrivate: true,
  });
  expect(toWire(message(view({ title: "t" }))).answers).toBeNull();
});
