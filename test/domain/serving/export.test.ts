import { expect, test } from "vitest";
import {
  csvHeader,
  csvLine,
  exportColumns,
  exportLineOf,
  overlaps,
} from "../../../src/domain/serving/export.ts";
import type { ServingInterval } from "../../../src/domain/serving/intervals.ts";

const day = (n: number) => new Date(Date.UTC(2026, 10, n));
const interval: ServingInterval = {
  ...{ from: day(10), to: day(20), state: "known", version: "3", otherVersion: null },
  ...{ sources: ["bot", "backend"], by: "ml", cause: "outside", rolloutId: null, auditSeq: 12 },
};
const span = { model: "scorer", environment: "production", interval, rollout: null, made: null };

test.each([
  [day(1), day(10), false],
  [day(1), day(11), true],
  [day(19), null, true],
  [day(20), null, false],
  [null, null, true],
])("from %s to %s has a moment of it: %s", (from, to, is) => {
  expect(overlaps(interval, { from, to })).toBe(is);
  expect(overlaps({ from: null, to: null }, { from, to })).toBe(true);
});

test("a line of CSV has as many fields as the header, and no field runs into another or into a formula", () => {
  const rollout = {
    ...{ id: 7, kind: "deploy", reason: '=HYPERLINK("x"), "quoted"\nnew line', requestedBy: "ml" },
    ...{
      approvedBy: ["lead", "second"],
      operationId: "tocsin-7",
      planHash: "ab",
      digest: null,
      auditSeqs: [4, 9],
    },
  };
  const line = csvLine(exportLineOf({ ...span, rollout }));
  expect(line).toContain(`"'=HYPERLINK(""x""), ""quoted""\nnew line"`);
  expect(line).toContain(",lead second,tocsin-7,ab,,4 9,");
  const bare = csvLine(exportLineOf(span));
  expect(bare.split(",")).toHaveLength(exportColumns.length);
  expect(csvHeader().split(",")).toHaveLength(exportColumns.length);
  expect(bare).toContain(
    "scorer,production,2026-11-10T00:00:00.000Z,2026-11-20T00:00:00.000Z,known,3,,bot backend,outside,ml",
  );
});
