import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { inhibitionSchema } from "../../../src/config/mutes.ts";
import { type Advice, adviseOn } from "../../../src/domain/noise/advice.ts";
import {
  type NoiseReport,
  type NoisyRule,
  type RuleFacts,
  reportNoise,
} from "../../../src/domain/noise/noise.ts";
import { matchesAll, parseMatcher } from "../../../src/domain/suppression/matcher.ts";
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
    rules: rules.map((rule) => ({ ...buildRule(rule), shareRatio: 1, verdicts: [], elsewhere: [], ...rule })),
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

  test.each<[RuleFacts["sender"], readonly string[]]>([
    [
      "grafana",
      [
        "40 of 40 notifications of HighErrorRate (payments) were over within 2 min; none of them mattered: in Grafana, make its pending period 2 min longer.",
        "Nobody ever acted on HighErrorRate (payments): 40 notifications, over after 1 h (median). Delete the rule in Grafana, or silence it here.",
        'Flappy (payments) came back 30 times within 15 min of its end: in Grafana, set its "Keep firing for" to 10 min.',
      ],
    ],
    [
      "other",
      [
        "40 of 40 notifications of HighErrorRate (payments) were over within 2 min; none of them mattered: where the rule lives, wait 2 min longer.",
        "Nobody ever acted on HighErrorRate (payments): 40 notifications, over after 1 h (median). Delete the rule where it lives, or silence it here.",
        "Flappy (payments) came back 30 times within 15 min of its end: where the rule lives, keep it firing over its pauses.",
      ],
    ],
  ])("rules of a sender that is %s are in no file: words and a silence (issue 3)", (sender, titles) => {
    const flaps = { name: "Flappy", verdicts: ["flaps"], returned: 30, pauseMs: 390_000 } as const;
    const advice = adviseOn(
      report([
        { ...ignored, sender },
        { ...flaps, sender },
      ]),
    );
    expect(advice.map(({ title }) => title)).toEqual(titles);
    expect(advice.map(({ snippet }) => snippet)).toEqual([null, null, null]);
    expect(advice[1]?.command).toBe(
      'silence alertname="HighErrorRate" team="payments" --for 7d --reason "noise"',
    );
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

describe("what to do about a rule whose name mattered elsewhere", () => {
  const long = { mattered: never, idle: never };
  const label = (team: string, given: Partial<RuleFacts> = {}) =>
    buildRule({ team, notified: 20, mattered: 20, endedWithin: long, ...given });
  const channel = { team: "slack:C-DEV", teamFrom: "channel" } as const;
  const owner = { team: "shop", teamFrom: "owner" } as const;

  /** What mutes the first of these rules, as the report has it. */
  function muteOf(rule: Partial<RuleFacts>, ...others: readonly RuleFacts[]): Advice | undefined {
    const all = [buildRule({ mattered: 0, endedWithin: idle, ...rule }), ...others];
    const sum = all.reduce((mattered, each) => mattered + each.mattered, 0);
    const rules = all.map((each) => ({ ...each, matteredOfName: sum }));
    const facts = {
      from: at(0),
      to: at(60),
      rules,
      pairs: [],
      total: { firings: 0, notified: 0, mattered: 0 },
    };
    return adviseOn(reportNoise(facts, null)).find(({ title }) => title.startsWith("Nobody ever acted"));
  }

  test.each<[string, Partial<RuleFacts>, readonly RuleFacts[], readonly string[]]>([
    ["a team of its own is enough", {}, [label("search")], ['team="payments"']],
    ["a channel's have no team", channel, [label("payments")], ['team=""', 'owner=""']],
    ["no channel's either", { team: null, teamFrom: null }, [label("payments")], ['team=""', 'owner=""']],
    ["an owner's have no team", owner, [label("payments")], ['owner="shop"', 'team=""']],
    ["nothing is added where it mattered to nobody", channel, [label("x", { mattered: 0 })], []],
  ])("%s", (_name, rule, others, labels) => {
    const mute = muteOf(rule, ...others);
    const matchers = ['alertname="HighErrorRate"', ...labels];
    expect(parse(mute?.snippet?.text ?? "")).toMatchObject({ route: { routes: [{ matchers }] } });
    expect(mute?.command).toBe(`silence ${matchers.join(" ")} --for 7d --reason "noise"`);
  });

  test("what is muted is none that mattered", () => {
    const mute = muteOf(channel, label("payments"));
    const words = (mute?.command ?? "").split(" ").filter((word) => word.includes("="));
    const matchers = words.map(parseMatcher).flatMap((matcher) => ("kind" in matcher ? [] : [matcher]));
    const alertname = "HighErrorRate";
    expect(matchesAll(matchers, { alertname })).toBe(true);
    expect(matchesAll(matchers, { alertname, team: "payments" })).toBe(false);
    expect(mute?.title).toContain(
      "Route it to nobody, and only it: of the same name 20 of 20 mattered to payments.",
    );
  });

  test.each<[string, Partial<RuleFacts>, readonly RuleFacts[]]>([
    ["another channel's look the same", channel, [label("slack:C-PROD", { teamFrom: "channel" })]],
    ["so do those of a team that cannot be written", { team: "a\nb" }, [label("search")]],
  ])("nothing is muted where labels do not tell: %s", (_name, rule, others) => {
    const mute = muteOf(rule, ...others);
    expect(mute).toMatchObject({ snippet: null, command: null });
    expect(mute?.title).toMatch(/20 of 20 mattered to .*, and neither team nor owner tells them apart/);
  });

  test("what another sender has of the same team looks the same, and is named (issue 3)", () => {
    const mute = muteOf({}, label("payments", { sender: "other", source: "zabbix" }));
    expect(mute).toMatchObject({ snippet: null, command: null });
    expect(mute?.title).toContain(
      "Of the same name 20 of 20 mattered to payments (from zabbix), and neither team nor owner tells them apart",
    );
  });

  test("for: is judged by its own sender's firings, and said once for each (issue 3)", () => {
    const idleRule = (over: Partial<RuleFacts>) => buildRule({ mattered: 0, endedWithin: idle, ...over });
    const soon = { ...long, mattered: [0, 5, 20, 20, 20, 20, 20] };
    const zabbix = { sender: "other", source: "zabbix" } as const;
    const holdsOf = (rules: readonly RuleFacts[]) => {
      const total = { firings: 0, notified: 0, mattered: 0 };
      const facts = { from: at(0), to: at(60), rules, pairs: [], total };
      return adviseOn(reportNoise(facts, null)).flatMap(({ title, snippet }) =>
        title.includes("longer") ? [[title.slice(0, 12), snippet?.where]] : [],
      );
    };
    const mattered = 20;
    const acted = label("search", { ...zabbix, endedWithin: soon, matteredOfName: mattered });
    expect(holdsOf([idleRule({ matteredOfName: mattered }), acted])).toEqual([
      ["40 of 40 not", "Prometheus rule"],
    ]);
    expect(holdsOf([idleRule({}), idleRule(zabbix)])).toEqual([
      ["40 of 40 not", "Prometheus rule"],
      ["40 of 40 not", undefined],
    ]);
  });

  test("nothing is muted where it mattered to rules beyond the list", () => {
    const rule = { ...buildRule({ mattered: 0, endedWithin: idle, ...channel }), matteredOfName: 3 };
    const advice = adviseOn(report([{ ...rule, verdicts: ["never mattered"] }]));
    expect(advice.map(({ title, command }) => [title, command])).toEqual([
      [expect.stringContaining("Of the same name 3 mattered to others"), null],
    ]);
  });

  test("for: is judged over all teams, and suggested once", () => {
    const rule = {
      mattered: 0,
      endedWithin: idle,
      verdicts: ["never mattered"],
      matteredOfName: 20,
    } as const;
    const short = label("search", { endedWithin: { ...long, mattered: [0, 5, 20, 20, 20, 20, 20] } });
    const holds = (elsewhere: readonly RuleFacts[]) =>
      adviseOn(
        report([
          { ...rule, elsewhere },
          { ...rule, elsewhere },
        ]),
      ).filter(({ title }) => title.includes("wait"));
    expect(holds([short])).toEqual([]);
    expect(holds([label("search")]).map(({ title }) => title)).toEqual([
      "40 of 60 notifications of HighErrorRate (all teams) were over within 2 min; all 20 that mattered lasted longer: wait 2 min longer.",
    ]);
  });
});

describe("what to do about two that say the same", () => {
  const pair = {
    names: ["A", "B"],
    counts: [20, 19],
    together: 19,
    sender: "alertmanager",
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

  test.each([
    ["alertmanager", "alertmanager.yml"],
    ["grafana", "tocsin.yaml"],
    ["other", "tocsin.yaml"],
    [null, "tocsin.yaml"],
  ] as const)("of %s it goes into %s, which reads both alerts (issue 3)", (sender, where) => {
    const [advice] = adviseOn(report([], [{ ...pair, sender, equal: ["service"] }]));
    expect(advice?.snippet?.where).toBe(where);
    expect(inhibitionSchema.safeParse(parse(advice?.snippet?.text ?? "").inhibit_rules).success).toBe(true);
  });

  test("without a label in common nothing is suggested: one would mute the other everywhere", () => {
    expect(adviseOn(report([], [{ ...pair, equal: [] }]))).toEqual([]);
  });
});
