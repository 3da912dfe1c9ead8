import { describe, expect, test } from "vitest";
import {
  type Decision,
  maxCompared,
  nearestTo,
  type SideScore,
  scoreWith,
  verdictOf,
} from "../../../src/domain/clustering/why-not.ts";
import { at } from "../build.ts";

const placed = (key: string, minutes: number) => ({ key, alert: { startsAt: at(minutes) } });

test("those nearest in time are asked, never the alert itself, and not too many", () => {
  const others = [placed("far", 90), placed("me", 0), placed("before", -2), placed("after", 1)];
  expect(nearestTo(placed("me", 0), others).map(({ key }) => key)).toEqual(["after", "before", "far"]);
  const many = Array.from({ length: 100 }, (_, index) => placed(`a${index}`, index + 1));
  expect(nearestTo(placed("me", 0), many)).toHaveLength(maxCompared);
});

test("what the correlator has forgotten is left out; when it is all, there is no score", () => {
  const scores = new Map([
    ["a", -2],
    ["b", 1],
  ]);
  const correlator = {
    compare: (_key: string, other: string) => {
      const score = scores.get(other);
      return score === undefined ? null : { score, reasons: [] };
    },
  };
  const found = scoreWith(correlator, "me", [placed("a", 1), placed("b", 2), placed("forgotten", 3)]);
  expect(found).toEqual({ best: { key: "b", score: 1, reasons: [] }, mean: -0.5, compared: 2 });
  expect(scoreWith(correlator, "me", [placed("forgotten", 3)])).toBeNull();
});

describe("the verdict", () => {
  const side = (best: number, mean: number): SideScore => ({
    best: { key: "k", score: best, reasons: [] },
    mean,
    compared: 2,
  });

  const groups: Decision = { step: "groups", because: "a and b each explain their own alerts (−2.1)" };
  const pause: Decision = { step: "pause", because: "it was quiet for 8 min" };

  test.each<[SideScore, SideScore | null, Decision | null, string]>([
    [side(-1, -2), null, groups, "the best fitting of them scores −1.0, and above 0 is needed"],
    [side(-1, -2), null, pause, "it was quiet for 8 min"],
    [
      side(1, -0.5),
      null,
      null,
      "one of them fits (+1.0), but not all together (−0.5 on average, and above 0 is needed)",
    ],
    [
      side(1, -0.5),
      null,
      groups,
      "it fits there (+1.0 with the best of them, −0.5 on average), but a and b each explain their own alerts (−2.1)",
    ],
    [
      side(2, 1),
      side(4, 3),
      groups,
      "it fits there too (+1.0 on average), but its own incident better (+3.0): a and b each explain their own alerts (−2.1)",
    ],
    [
      side(2, 1),
      null,
      groups,
      "it fits there (+1.0 on average, pair by pair), but a and b each explain their own alerts (−2.1)",
    ],
    [
      side(2, 1),
      side(4, 3),
      pause,
      "it fits there (+1.0 on average, pair by pair), but it was quiet for 8 min",
    ],
    [
      side(2, 1),
      null,
      null,
      "with all that is known now it fits there (+1.0 on average, and nothing else parts them); it stays where it was put when it came",
    ],
  ])("%#", (there, here, decision, expected) => {
    expect(verdictOf(there, here, decision)).toBe(expected);
  });
});
