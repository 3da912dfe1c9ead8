import { describe, expect, test } from "vitest";
import { type Freeze, freezeStanding, freezesOn, freezeText } from "../../../src/domain/rollout/freeze.ts";
import { parseMatcher } from "../../../src/domain/suppression/matcher.ts";
import { plan } from "./build.ts";

const models = [{ name: "scorer", environments: ["production"], risk: "low", owners: [] }] as const;

function freeze(over: Partial<Freeze> = {}, ...scope: readonly string[]): Freeze {
  return {
    id: 3,
    name: null,
    matchers: scope.map(parseMatcher).flatMap((matcher) => ("kind" in matcher ? [] : [matcher])),
    // Friday 16:00 to Saturday 00:00 in Berlin, where summer begins on 29 March 2026.
    schedule: { kind: "weekly", days: [5], fromMinute: 960, toMinute: 1440, timezone: "Europe/Berlin" },
    reason: "weekend",
    createdBy: "sre",
    createdAt: new Date("2026-01-01T00:00:00Z"),
    ...over,
  };
}
const on = (one: Freeze, at: string, over: Partial<typeof plan> = {}) =>
  freezesOn([one], { ...plan, ...over }, models, new Date(at)).length > 0;

describe("a recurring freeze keeps the clock of its zone", () => {
  test.each([
    ["2026-03-27T14:59:00Z", false],
    ["2026-03-27T15:00:00Z", true],
    ["2026-03-27T22:59:00Z", true],
    ["2026-03-27T23:00:00Z", false],
    ["2026-04-03T13:59:00Z", false],
    ["2026-04-03T14:00:00Z", true],
    ["2026-04-03T22:00:00Z", false],
    ["2026-03-28T16:00:00Z", false],
  ])("at %s: %s", (at, isOn) => {
    expect(on(freeze(), at)).toBe(isOn);
  });
});

describe("its scope", () => {
  const friday = "2026-03-27T16:00:00Z";
  test.each([
    [[], {}, true],
    [["environment=production"], {}, true],
    [["environment=staging"], {}, false],
    [["model=~score.*", "kind=deploy"], {}, true],
    [["kind=deploy"], { kind: "rollback" }, false],
    [["kind!=rollback"], { kind: "retrain" }, true],
    [["risk=high"], {}, false],
    // A model that is not configured counts as of high risk.
    [["risk=high"], { model: "unheard-of" }, true],
  ] as const)("%j on %o: %s", (scope, over, isOn) => {
    expect(on(freeze({}, ...scope), friday, over)).toBe(isOn);
  });
});

test("a policy is told that it is open, frozen or broken", () => {
  const now = new Date("2026-03-27T16:00:00Z");
  const inForce = freezesOn([freeze()], plan, models, now);
  expect(freezeStanding(plan, [])).toBe("open");
  expect(freezeStanding(plan, inForce)).toBe("frozen");
  expect(freezeStanding({ breakGlass: "fraud is coming through" }, inForce)).toBe("broken");
  expect(freezeStanding({ breakGlass: "fraud is coming through" }, [])).toBe("check_broken");
  expect(inForce.map(freezeText)).toEqual(["freeze 3 by sre until 2026-03-27 23:00 UTC: weekend"]);
});
