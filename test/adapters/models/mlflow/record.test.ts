import { expect, test } from "vitest";
import {
  type AliasRecord,
  parseRecords,
  recordOfLive,
  withRecord,
  writeRecords,
} from "../../../../src/adapters/models/mlflow/record.ts";

function recordOf(number: number, over: Partial<AliasRecord> = {}): AliasRecord {
  return {
    operationId: `op-${number}`,
    to: String(number),
    from: String(number - 1),
    at: new Date(Date.UTC(2026, 0, 1, 0, number)),
    by: "ml",
    state: "set",
    fence: number,
    ...over,
  };
}

const parse = (text: string | null | undefined) => parseRecords(text, "tocsin.history.champion of scorer");

test("what is written is read again", () => {
  const records = [
    recordOf(1, { from: null, state: "asked" }),
    recordOf(2, { state: "lost", by: 'a "b" \u20ac' }),
  ];
  expect(parse(writeRecords(records))).toEqual(records);
  for (const none of [null, undefined, "", "[]"]) expect(parse(none)).toEqual([]);
});

test("the tag stays short, and the newest is always in it", () => {
  const many = Array.from({ length: 500 }, (_, number) => recordOf(number));
  const text = writeRecords(many);
  expect(text.length).toBeLessThanOrEqual(4_502);
  const kept = parse(text);
  expect(kept.at(-1)).toEqual(many.at(-1));
  expect(kept.length).toBeGreaterThan(20);
  expect(kept.length).toBeLessThanOrEqual(40);
  const long = writeRecords(many.map((record) => ({ ...record, by: "x".repeat(5_000) })));
  expect(long.length).toBeLessThanOrEqual(4_502);
  expect(parse(long).at(-1)?.operationId).toBe("op-499");
});

test("what someone else wrote there is not guessed at", () => {
  for (const text of ["{}", "[1]", "nonsense", '[{"op":"a"}]'])
    expect(() => parse(text)).toThrow(/was edited .*delete the tag tocsin.history.champion of scorer/);
});

test("a record is added once and replaced where it stands", () => {
  const [first, second] = [recordOf(1), recordOf(2)];
  const done = { ...first, state: "lost" as const };
  expect(withRecord([first], second)).toEqual([first, second]);
  expect(withRecord([first, second], done)).toEqual([done, second]);
});

test.each<[string, readonly AliasRecord[], string | null, string | null]>([
  ["the last that was set", [recordOf(1), recordOf(2)], "2", "op-2"],
  ["not one that was only asked for", [recordOf(1), recordOf(2, { state: "asked" })], "1", "op-1"],
  ["none when someone moved it since", [recordOf(1), recordOf(2)], "1", null],
  ["none when nothing serves", [recordOf(1)], null, null],
  ["none when the bot never moved it", [], "1", null],
])("what serves came of %s", (_name, records, live, operationId) => {
  expect(recordOfLive(records, live)?.operationId ?? null).toBe(operationId);
});
