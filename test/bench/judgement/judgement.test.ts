import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { answersOf, binned, calibrationError } from "./reliability.ts";
import { judge } from "./requirements.ts";
import { readBaselines, type Scores } from "./scores.ts";

test("the best simple rule of each column, without those that know the truth", () => {
  const folder = mkdtempSync(join(tmpdir(), "baselines-"));
  const lines = [
    "# Baselines",
    "## shop",
    "| method | ARI | AC@1 | change@1 |",
    "|---|--:|--:|--:|",
    "| first; latest | 0.100 | 0.400 | - |",
    "| second | 0.300 | 0.200 | - |",
    "| (true partition); first | 1.000 | 0.900 | - |",
  ];
  writeFileSync(join(folder, "BASELINES.md"), lines.join("\n"));
  expect(readBaselines(folder).get("shop")).toEqual({ ARI: 0.3, "AC@1": 0.4 });
  rmSync(folder, { recursive: true });
  expect(readBaselines(folder).size).toBe(0);
});

test("a number below what is required, or absent, is missed; streams with a label are held to their own", () => {
  const sets = new Map<string, Scores>([
    ["nezha-seq", { ARI: 0.95 }],
    ["nezha-seq-ns", { ARI: 0.9 }],
  ]);
  const recordings = new Map([
    ["nezha-seq/a", 0.89],
    ["nezha-seq/b", 1],
    ["nezha-seq-ns/a", 0.9],
  ]);
  const verdicts = judge({ sets, recordings });
  const of = (set: string) => verdicts.find((verdict) => verdict.set === set);
  expect(of("nezha-seq")).toMatchObject({ value: 0.95, isMet: true });
  expect(of("nezha-seq-ns")).toMatchObject({ least: expect.closeTo(0.8895), isMet: true });
  expect(of("petshop")).toMatchObject({ value: null, isMet: false });
});

test("the calibration error is the mean distance of what was said from what came true", () => {
  const said = (confidence: number, right: number, of: number) =>
    Array.from({ length: of }, (_, i) => ({ confidence, isRight: i < right }));
  expect(calibrationError(said(0.75, 3, 4))).toBeCloseTo(0, 9);
  expect(calibrationError([...said(0.95, 0, 1), ...said(0.25, 1, 4)])).toBeCloseTo(0.95 / 5, 9);
  expect(binned(said(1, 1, 2))).toEqual([{ from: 0.9, count: 2, confidence: 1, right: 0.5 }]);
  expect(calibrationError([])).toBe(0);
});

test("an answer counts where most of the true incident is, and its change has to be right too", () => {
  const truth = {
    alerts: { a: "one", b: "one", c: null },
    incidents: { one: { services: ["cart"], change: "c1" } },
    aliases: { d1: "c1" },
  };
  const alert = (name: string) => ({ name, alert: { startsAt: new Date(0) } });
  const incident = (names: readonly string[], changeId: string | null) => ({
    id: 1,
    alerts: names.map(alert),
    causes: [
      { service: null, changeId: null, confidence: 0.5, score: 0, terms: [] },
      { service: "cart", changeId, confidence: 0.4, score: 0, terms: [] },
    ],
  });
  const ask = (...incidents: ReturnType<typeof incident>[]) =>
    answersOf(incidents as unknown as Parameters<typeof answersOf>[0], truth); // Only what is read is sketched.
  expect(ask(incident(["c"], "c1"), incident(["a", "b"], "d1"))).toEqual([
    { confidence: 0.4, isRight: true },
  ]);
  expect(ask(incident(["a", "b"], null))).toEqual([{ confidence: 0.4, isRight: false }]);
  expect(ask(incident(["c"], "c1"))).toEqual([]);
});
