import { expect, test } from "vitest";
import { onPage } from "../../../src/domain/view/page.ts";

test.each([
  ["incident", "#12", { page: "/incidents/12" }],
  ["incident", "12", { page: "/incidents/12" }],
  ["incident", "none", {}],
  ["model", "fraud scorer", { page: "/models/fraud%20scorer" }],
  ["note", "rollout 7", { page: "/rollouts/7" }],
  ["note", "rollout 7 and 8", {}],
  ["since", "2026-03-01 03:10", { at: new Date("2026-03-01T03:10:00Z") }],
  ["since", "2026-03-01", {}],
  ["toString", "12", {}],
])("in the column %s, %s leads where it should", (column, value, expected) => {
  const [block] = onPage([{ kind: "table", columns: [column], rows: [[value]] }], "a table");
  const span = block?.kind === "records" ? block.rows[0]?.[0]?.text[0] : undefined;
  expect({ page: span?.page, at: span?.at }).toEqual({ page: undefined, at: undefined, ...expected });
});

test.each([
  ["share", "45 %", 0.45],
  ["share", "0.4 %", 0.004],
  ["share", "", undefined],
  ["lead", "45 %", undefined],
])("a table's %s of %j is drawn as %j", (column, value, share) => {
  const [block] = onPage([{ kind: "table", columns: [column], rows: [[value]] }], "a table");
  expect(block?.kind === "records" ? block.rows[0]?.[0]?.share : "no table").toBe(share);
});
