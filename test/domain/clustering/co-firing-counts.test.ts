import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type CoFiringCount,
  createCoFiringTally,
  learnCoFirings,
  mergeCounts,
} from "../../../src/domain/clustering/co-firing-counts.ts";

const start = Date.parse("2026-03-01T00:10:00Z");
const minute = 60_000;
const day = 86_400_000;

describe("what a replica counts", () => {
  test("how often a type began, and with which others near it", () => {
    const tally = createCoFiringTally("one");
    for (let round = 0; round < 4; round += 1) {
      tally.record("disk", start + round * 60 * minute);
      if (round < 3) tally.record("api", start + round * 60 * minute + minute);
      tally.record("cron", start + round * 60 * minute + 20 * minute);
    }
    const counts = Object.fromEntries(tally.grown().map(({ a, b, count }) => [`${a}|${b}`, count]));
    expect(counts).toEqual({ "disk|": 4, "api|": 3, "cron|": 4, "api|disk": 3 });
  });

  test("only what grew is handed out again, as it stands then", () => {
    const tally = createCoFiringTally("one");
    tally.record("disk", start);
    tally.record("api", start + 30 * minute);
    expect(tally.grown()).toHaveLength(2);
    expect(tally.grown()).toEqual([]);
    tally.record("disk", start + 60 * minute);
    expect(tally.grown()).toEqual([{ replica: "one.1", day: "2026-03-01", a: "disk", b: "", count: 2 }]);
  });

  test("a storm of a thousand kinds is bounded", () => {
    const tally = createCoFiringTally("one");
    for (let i = 0; i < 20_000; i += 1) tally.record(`type-${i % 1_000}-of-many`, start + i);
    expect(tally.grown().length).toBeLessThanOrEqual(100_000);
  });

  test("of many that begin near one another each is counted with the last dozen, and the others are counted", () => {
    const tally = createCoFiringTally("one");
    for (let n = 0; n < 15; n += 1) tally.record(`type-${n}`, start + n);
    expect(tally.leftOut()).toEqual({ co_firings: 0, co_firings_near: 3 });
    tally.record("much later", start + 60 * minute);
    expect(tally.leftOut().co_firings_near).toBe(3);
  });

  test("more kinds than it can hold are left out, counted, and there is room again once the rows were taken", () => {
    const tally = createCoFiringTally("one");
    for (let i = 0; i < 60_000; i += 1) tally.record(`type-${i}`, start + i * 60 * minute);
    expect(tally.leftOut().co_firings).toBeGreaterThan(0);
    expect(tally.grown().every(({ replica }) => replica === "one.1")).toBe(true);
    tally.record("type-59999", start);
    expect(tally.grown()).toMatchObject([{ replica: "one.2", a: "type-59999", count: 1 }]);
  });
});

const anyCount = fc.record({
  replica: fc.constantFrom("one", "two", "three"),
  day: fc.constantFrom("2026-03-01", "2026-03-02"),
  a: fc.constantFrom("api", "cron"),
  b: fc.constantFrom("", "disk"),
  count: fc.integer({ min: 1, max: 50 }),
});
const byRow = (rows: readonly CoFiringCount[]) => rows.map((row) => JSON.stringify(row)).sort();

describe("counts of several replicas", () => {
  test("are joined in any order, in any grouping, and however often they are repeated", () => {
    fc.assert(
      fc.property(fc.array(anyCount), fc.array(anyCount), fc.array(anyCount), (x, y, z) => {
        const all = byRow(mergeCounts([...x, ...y, ...z]));
        expect(byRow(mergeCounts([...z, ...x, ...y]))).toEqual(all);
        expect(byRow(mergeCounts([...mergeCounts([...x, ...y]), ...z]))).toEqual(all);
        expect(byRow(mergeCounts([...x, ...y, ...z, ...y, ...x]))).toEqual(all);
      }),
    );
  });

  test("add up: two replicas that counted one half each say what one would have said of both", () => {
    const [one, two, both] = ["one", "two", "both"].map(createCoFiringTally);
    for (let round = 0; round < 10; round += 1) {
      for (const tally of [round < 5 ? one : two, both]) {
        tally?.record("disk", start + round * 60 * minute);
        tally?.record("api", start + round * 60 * minute + minute);
      }
    }
    const later = new Date(start + 2 * day);
    const halves = [...(one?.grown() ?? []), ...(two?.grown() ?? [])];
    expect(learnCoFirings(halves, later, 10)).toEqual(learnCoFirings(both?.grown() ?? [], later, 10));
  });
});

describe("what is learned", () => {
  const count = (a: string, b: string, value: number, on = "2026-03-01"): CoFiringCount => ({
    replica: "one",
    day: on,
    a,
    b,
    count: value,
  });

  test("holds common firings and those of the rarer one, and leaves out what hardly ever began", () => {
    const rows = [
      count("api", "", 8),
      count("disk", "", 5),
      count("api", "disk", 4),
      count("cron", "", 1),
      count("api", "cron", 1),
    ];
    const learned = learnCoFirings(rows, new Date("2026-03-02T00:00:00Z"), 10);
    expect(Object.keys(learned)).toEqual(["api|disk"]);
    const [together, fewer] = learned["api|disk"] ?? [0, 0];
    expect(together / fewer).toBeCloseTo(0.8, 2);
  });

  test("nothing of the day that is looked back from, or later", () => {
    const rows = [count("api", "", 8), count("disk", "", 8), count("api", "disk", 8)];
    expect(learnCoFirings(rows, new Date("2026-03-01T23:00:00Z"), 10)).toEqual({});
  });

  test("what is long ago counts less", () => {
    const rows = (on: string) => [
      count("api", "", 40, on),
      count("disk", "", 40, on),
      count("api", "disk", 40, on),
    ];
    const until = new Date("2026-03-02T00:00:00Z");
    const [, fresh = 0] = learnCoFirings(rows("2026-03-01"), until, 10)["api|disk"] ?? [];
    const [, old = 0] = learnCoFirings(rows("2025-12-01"), until, 10)["api|disk"] ?? [];
    expect(old).toBeLessThan(fresh / 4);
    expect(old).toBeGreaterThan(0);
  });

  test("no more pairs than asked for, those with most firings first", () => {
    const rows = Array.from({ length: 30 }, (_, i) => i).flatMap((i) => [
      count(`a${i}`, "", 10 + i),
      count(`b${i}`, "", 10 + i),
      count(`a${i}`, `b${i}`, 5),
    ]);
    const learned = learnCoFirings(rows, new Date("2026-03-02T00:00:00Z"), 3);
    expect(Object.keys(learned)).toEqual(["a27|b27", "a28|b28", "a29|b29"]);
  });
});
