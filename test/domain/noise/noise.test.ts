import { describe, expect, test } from "vitest";
import {
  holdOf,
  type NoiseFacts,
  type PairFacts,
  type RuleFacts,
  reportNoise,
} from "../../../src/domain/noise/noise.ts";
import { at } from "../build.ts";
import { buildRule } from "./build.ts";

const never = [0, 0, 0, 0, 0, 0, 0];

function facts(rules: readonly RuleFacts[], pairs: readonly PairFacts[] = []): NoiseFacts {
  const notified = rules.reduce((sum, rule) => sum + rule.notified, 0);
  return { from: at(0), to: at(60), rules, pairs, total: { firings: notified, notified, mattered: 0 } };
}

/** Never acted on; all over within two minutes. */
const idle = {
  mattered: 0,
  lastedMs: 70_000,
  endedWithin: { mattered: never, idle: [10, 40, 40, 40, 40, 40, 40] },
};

describe("what a rule is accused of", () => {
  const verdicts = (given: Partial<RuleFacts>) =>
    reportNoise(facts([buildRule(given)]), null).rules.flatMap((rule) => rule.verdicts);

  test.each([
    ["people act on it", {}, []],
    ["nobody ever did and it is soon over", idle, ["never mattered"]],
    [
      "nobody ever did, but it lasts: that is neglect, not noise",
      { ...idle, endedWithin: { mattered: never, idle: never } },
      [],
    ],
    ["somebody did once", { ...idle, mattered: 1, notified: 41 }, ["too eager"]],
    ["it was too rare to say", { ...idle, notified: 4 }, []],
    ["it returns again and again", { returned: 12, pauseMs: 60_000 }, ["flaps"]],
    ["it returns now and then", { returned: 11 }, []],
    ["nobody ever did and it returns", { ...idle, returned: 40 }, ["never mattered", "flaps"]],
  ] as const)("%s", (_name, given, expected) => {
    expect(verdicts(given)).toEqual(expected);
  });

  test("its share is of all notifications, also of those of other teams", () => {
    const report = reportNoise(
      facts([buildRule(idle), buildRule({ team: "search", notified: 120 })]),
      "PAYMENTS",
    );
    expect(report.rules.map(({ shareRatio }) => shareRatio)).toEqual([0.25]);
    expect(report.teams).toEqual([{ team: "payments", notified: 40, mattered: 0, shareRatio: 0.25 }]);
  });
});

describe("how long to wait", () => {
  test("the shortest time that spares half of what is idle", () => {
    expect(holdOf(buildRule(idle))).toEqual({ minutes: 2, spared: 40 });
  });

  test("never so long that something that mattered would have been missed", () => {
    const endedWithin = { mattered: [0, 0, 1, 1, 1, 1, 1], idle: [0, 0, 30, 30, 30, 30, 30] };
    expect(holdOf(buildRule({ mattered: 10, endedWithin }))).toBeNull();
    const early = { mattered: [0, 0, 1, 1, 1, 1, 1], idle: [0, 20, 30, 30, 30, 30, 30] };
    expect(holdOf(buildRule({ mattered: 10, endedWithin: early }))).toEqual({ minutes: 2, spared: 20 });
  });
});

describe("duplicates", () => {
  const labels = { alertname: "x", service: "db", namespace: "shop", instance: "a" };
  const pair: PairFacts = {
    names: ["DiskSlow", "QueriesSlow"],
    counts: [20, 19],
    together: 19,
    sender: "alertmanager",
    leadMs: -30_000,
    samples: [
      [labels, { ...labels, instance: "b" }],
      [
        { ...labels, service: "cache" },
        { ...labels, service: "cache" },
      ],
    ],
  };
  const rules = [buildRule({ name: "DiskSlow" }), buildRule({ name: "QueriesSlow" })];

  test("nearly always together: the earlier leads, compared by labels that were equal in every sample", () => {
    const [found] = reportNoise(facts(rules, [pair]), null).duplicates;
    expect(found).toMatchObject({ leader: "QueriesSlow", follower: "DiskSlow", shareRatio: 0.95 });
    expect(found?.equal).toEqual(["namespace", "service"]);
  });

  test.each([
    ["one of them is often alone", { counts: [30, 19] as const }],
    ["they met four times", { together: 4, counts: [4, 4] as const }],
  ])("not when %s", (_name, given) => {
    expect(reportNoise(facts(rules, [{ ...pair, ...given }]), null).duplicates).toEqual([]);
  });

  test("of other teams are not shown to one", () => {
    const other = rules.map((rule) => ({ ...rule, team: "search" }));
    expect(
      reportNoise(facts([...other, buildRule({ name: "Mine" })], [pair]), "payments").duplicates,
    ).toEqual([]);
  });
});
