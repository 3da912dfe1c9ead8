import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { adviseOn } from "../../../src/domain/noise/advice.ts";
import type { NoiseReport, NoisyRule } from "../../../src/domain/noise/noise.ts";
import { at } from "../build.ts";
import { buildRule } from "./build.ts";

const never = [0, 0, 0, 0, 0, 0, 0];
const idle = { mattered: never, idle: [10, 40, 40, 40, 40, 40, 40] };

function report(
  rules: readonly Partial<NoisyRule>[],
  duplicates: NoiseReport["duplicates"] = [],
): NoiseReport {
  return {
    from: at(0),
    to: at(60),
    total: { firings: 40, notified: 40, mattered: 0 },
    teams: [],
    rules: rules.map((rule) => ({ ...buildRule(), shareRatio: 1, verdicts: [], ...rule })),
    duplicates,
  };
}

const ignored = { verdicts: ["never mattered"], mattered: 0, endedWithin: idle } as const;

describe("what to do about a rule", () => {
  test("one that never mattered: wait longer, or route it to nobody, or silence it", () => {
    const [hold, mute] = adviseOn(report([ignored]));
    expect(hold).toMatchObject({
      title:
        "40 of 40 notifications of HighErrorRate (payments) were over within 2 min; none of them mattered: wait 2 min longer.",
      spared: 40,
    });
    expect(parse(hold?.snippet?.text ?? "")).toEqual([{ alert: "HighErrorRate", for: "2m" }]);
    expect(parse(mute?.snippet?.text ?? "")).toEqual({
      route: { routes: [{ matchers: ['alertname="HighErrorRate"', 'team="payments"'], receiver: "nobody" }] },
      receivers: [{ name: "nobody" }],
    });
    expect(mute?.command).toBe('silence alertname="HighErrorRate" team="payments" --for 7d --reason "noise"');
  });

  test("one that flaps: keep it firing over its pauses, in steps of five minutes", () => {
    const [advice] = adviseOn(report([{ verdicts: ["flaps"], returned: 30, pauseMs: 390_000 }]));
    expect(parse(advice?.snippet?.text ?? "")).toEqual([{ alert: "HighErrorRate", keep_firing_for: "10m" }]);
    expect(advice).toMatchObject({ spared: 30, command: null });
  });

  test("one that matters when it lasts: wait, and never mute", () => {
    const endedWithin = { mattered: never, idle: [0, 25, 30, 30, 30, 30, 30] };
    const advice = adviseOn(report([{ verdicts: ["too eager"], mattered: 10, endedWithin }]));
    expect(advice.map(({ title }) => title)).toEqual([
      "25 of 40 notifications of HighErrorRate (payments) were over within 2 min; all 10 that mattered lasted longer: wait 2 min longer.",
    ]);
  });

  test("a team that is only a channel is not written as a label", () => {
    const [, mute] = adviseOn(report([{ ...ignored, team: "slack:C1", teamFrom: "channel" }]));
    expect(mute?.command).toBe('silence alertname="HighErrorRate" --for 7d --reason "noise"');
  });

  test("senders without Alertmanager get a command only", () => {
    const advice = adviseOn(report([{ ...ignored, source: "generic" }]));
    expect(advice.every(({ snippet }) => snippet === null)).toBe(true);
    expect(advice.some(({ command }) => command !== null)).toBe(true);
  });

  test("names that would break out stay inside their quotes, and what cannot be written is not", () => {
    const name = `it's "two"\\ : # {x}`;
    const [hold, mute] = adviseOn(report([{ ...ignored, name }]));
    expect(parse(hold?.snippet?.text ?? "")).toEqual([{ alert: name, for: "2m" }]);
    const route: unknown = parse(mute?.snippet?.text ?? "");
    expect(route).toMatchObject({
      route: { routes: [{ matchers: [`alertname=${JSON.stringify(name)}`, 'team="payments"'] }] },
    });
    expect(adviseOn(report([{ ...ignored, name: "two\nlines" }]))).toEqual([]);
    expect(adviseOn(report([{ ...ignored, name: "x".repeat(120) }])).at(-1)?.command).toBeNull();
  });
});

describe("what to do about two that say the same", () => {
  const pair = {
    names: ["A", "B"],
    counts: [20, 19],
    together: 19,
    leadMs: 10,
    samples: [],
    leader: "A",
    follower: "B",
    shareRatio: 0.95,
  } as const;

  test("the first mutes the second where the labels agree", () => {
    const [advice] = adviseOn(report([], [{ ...pair, equal: ["namespace", "service"] }]));
    expect(parse(advice?.snippet?.text ?? "")).toEqual({
      inhibit_rules: [
        {
          source_matchers: ['alertname="A"'],
          target_matchers: ['alertname="B"'],
          equal: ["namespace", "service"],
        },
      ],
    });
  });

  test("without a label in common nothing is suggested: one would mute the other everywhere", () => {
    expect(adviseOn(report([], [{ ...pair, equal: [] }]))).toEqual([]);
  });
});
