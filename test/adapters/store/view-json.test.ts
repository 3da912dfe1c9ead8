import fc from "fast-check";
import { expect, test } from "vitest";
import { packView, unpackView } from "../../../src/adapters/store/view-json.ts";
import type { View } from "../../../src/domain/view.ts";

const base: View = { kind: "answer", title: "", tone: "neutral", summary: "", blocks: [], actions: [] };

test("a view survives JSON with every moment, byte and text", () => {
  fc.assert(
    fc.property(
      fc.string(),
      fc.date({ noInvalidDate: true }),
      fc.uint8Array({ maxLength: 200 }),
      fc.array(fc.array(fc.string())),
      (text, at, png, rows) => {
        const view: View = {
          ...base,
          title: text,
          blocks: [
            { kind: "text", text: [{ text, at }, { text: "$date" }] },
            { kind: "image", png, alt: text, filename: "a.png" },
            { kind: "table", columns: ["$bytes"], rows },
          ],
          footer: text,
        };
        expect(unpackView(JSON.parse(JSON.stringify(packView(view))))).toEqual(view);
      },
    ),
  );
});
