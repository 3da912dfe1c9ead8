import { describe, expect, test } from "vitest";
import { beginOnRequest, withAdvice } from "../../src/domain/digest.ts";
import type { NoiseFacts, RuleFacts } from "../../src/domain/noise/noise.ts";
import { buildDigest } from "../fixtures/digest.ts";
import { buildRule } from "./noise/build.ts";

const now = new Date("2026-03-04T10:00:00Z");

test.each([
  ["nothing was sent there yet", null, "2026-03-03T10:00:00.000Z"],
  ["the last one ended an hour ago", new Date("2026-03-04T09:00:00Z"), "2026-03-04T09:00:00.000Z"],
  ["the last one ends in the future", new Date("2026-03-04T11:00:00Z"), "2026-03-03T10:00:00.000Z"],
])("a digest on request begins where the last ended: %s", (_, last, from) => {
  expect(beginOnRequest(last, now).toISOString()).toBe(from);
});

describe("what would quieten the noisiest rules", () => {
  const { advice: _, ...facts } = buildDigest();
  const noiseOf = (rules: readonly RuleFacts[]): NoiseFacts => ({
    ...{ from: now, to: now, rules },
    pairs: [],
    total: { firings: 0, notified: 0, mattered: 0 },
  });
  /** It comes back minutes after it has ended. */
  const flapping = (name: string, notified: number) =>
    buildRule({ name, notified, firings: notified, mattered: notified, returned: notified, pauseMs: 60_000 });

  test("is told of rules that flap, the three that spare most first", () => {
    const rules = [
      flapping("A", 10),
      flapping("B", 40),
      flapping("C", 30),
      flapping("D", 20),
      buildRule({ name: "E" }),
    ];
    const { advice = [] } = withAdvice(facts, noiseOf(rules));
    expect(advice.map((line) => /\b[A-E]\b/.exec(line)?.[0])).toEqual(["B", "C", "D"]);
  });

  test("is nothing where people acted on all that came", () => {
    expect(withAdvice(facts, noiseOf([buildRule()]))).toEqual(facts);
  });
});
