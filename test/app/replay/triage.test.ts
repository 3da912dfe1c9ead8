import { describe, expect, test } from "vitest";
import type { PastSettings, ReplayedRules } from "../../../src/app/replay/rules.ts";
import { createReplayedTriage, ownChannelName } from "../../../src/app/replay/triage.ts";
import { type Alert, alertKey, type Severity } from "../../../src/domain/alert.ts";
import { createCorrelator } from "../../../src/domain/clustering.ts";
import type { ChannelRule } from "../../../src/domain/incident/channel.ts";
import type { InhibitionRule } from "../../../src/domain/suppression/inhibition.ts";
import type { MaintenanceWindow } from "../../../src/domain/suppression/maintenance.ts";
import type { Matcher } from "../../../src/domain/suppression/matcher.ts";
import type { Silence } from "../../../src/domain/suppression/silence.ts";
import { type AlertSketch, noon, sketchAlert } from "../../domain/learning/judgement-build.ts";
import { rulesOf } from "./rules-build.ts";

const named = (value: string): Matcher => ({ name: "alertname", op: "=", value });
const minutes = (count: number) => new Date(noon + count * 60_000);

const downMutesNoise: InhibitionRule = {
  name: "down",
  source: [named("ClusterDown")],
  target: [named("Noise")],
  equal: ["service"],
};

function window(from: number, to: number): MaintenanceWindow {
  return {
    ...{ id: 1, name: "works", reason: "works", createdBy: "ada", createdAt: minutes(-60) },
    matchers: [named("Noise")],
    schedule: { kind: "once", from: minutes(from), to: minutes(to) },
  };
}

function silence(from: number, to: number): Silence {
  return {
    ...{ id: 1, reason: "known", createdBy: "ada", createdIn: null, matchedAt: null },
    ...{ matchers: [named("Noise")], startsAt: minutes(from), endsAt: minutes(to), createdAt: minutes(from) },
  };
}

interface Sketch extends AlertSketch {
  readonly severity?: Severity;
}

/** Each alert is reported when it begins and, with an end, when it ends; and nothing else until a last word at `untilMinutes`. */
function run(
  sketches: readonly Sketch[],
  rules: Partial<ReplayedRules>,
  past: Partial<PastSettings> = {},
  untilMinutes = 300,
) {
  const triage = createReplayedTriage(createCorrelator(), rulesOf(rules, past));
  const told = sketches.flatMap(
    ({ severity = "warning", ...sketch }): readonly (readonly [Date, Alert])[] => {
      const last: Alert = { ...sketchAlert(sketch), severity };
      const first: Alert = { ...last, status: "firing", endsAt: null };
      return last.endsAt === null
        ? [[first.startsAt, first]]
        : [
            [first.startsAt, first],
            [last.endsAt, last],
          ];
    },
  );
  const ordered = [...told].sort(([a], [b]) => a.getTime() - b.getTime());
  for (const [at, alert] of ordered) triage.take([{ kind: "alert", key: alertKey(alert), alert }], at);
  triage.take([], minutes(untilMinutes));
  return { alerts: [...triage.alerts()], cards: triage.cards() };
}

/** Name and service of the alerts whose incidents got a card. */
function shown(...given: Parameters<typeof run>): readonly string[] {
  const { alerts, cards } = run(...given);
  return alerts
    .filter(({ incidentId }) => cards.has(incidentId))
    .map(({ alert }) => `${alert.name} ${alert.service}`)
    .sort();
}

describe("what is muted has no card", () => {
  test("beside the source of an inhibition rule, where the labels are equal", () => {
    const sketches = [
      { name: "ClusterDown", service: "a", at: 0, end: 60_000 },
      { name: "Noise", service: "a", at: 9_000, end: 9_300 },
      { name: "Noise", service: "b", at: 20_000, end: 20_300 },
    ];
    expect(shown(sketches, { inhibition: [downMutesNoise] })).toEqual(["ClusterDown a", "Noise b"]);
    expect(shown(sketches, {})).toHaveLength(3);
  });

  test("until its source has ended, and from its beginning on only when the source was first", () => {
    const inhibition = [downMutesNoise];
    const source = { name: "ClusterDown", service: "a", at: 6_000, end: 12_000 };
    const noise = (at: number, end: number) => [source, { name: "Noise", service: "a", at, end }];
    expect(shown(noise(9_000, 30_000), { inhibition })).toContain("Noise a");
    expect(shown(noise(9_000, 11_000), { inhibition })).not.toContain("Noise a");
    expect(shown(noise(3_000, 11_000), { inhibition })).toContain("Noise a");
  });

  test.each<readonly [string, Partial<ReplayedRules>, Partial<PastSettings>]>([
    ["a window of tocsin.yaml", { windows: [window(0, 10)] }, {}],
    ["a window of a command", {}, { windows: [{ ...window(0, 10), endedAt: null }] }],
    ["one that was ended by hand", {}, { windows: [{ ...window(0, 99), endedAt: minutes(10) }] }],
    ["a silence", {}, { silences: [silence(0, 10)] }],
  ])("while %s lasts", (_what, rules, past) => {
    const noise = (at: number, end: number) => [{ name: "Noise", service: "a", at, end }];
    expect(shown(noise(60, 120), rules, past)).toEqual([]);
    expect(shown(noise(60, 1_200), rules, past)).toEqual(["Noise a"]);
    expect(shown(noise(900, 1_200), rules, past)).toEqual(["Noise a"]);
    expect(shown([{ name: "Other", service: "a", at: 60, end: 120 }], rules, past)).toEqual(["Other a"]);
  });

  test("and a window of a command mutes nothing from before it was made", () => {
    const late = { ...window(0, 10), createdAt: minutes(5), endedAt: null };
    const noise = [{ name: "Noise", service: "a", at: 60, end: 120 }];
    expect(shown(noise, {}, { windows: [late] })).toEqual(["Noise a"]);
  });
});

test.each([
  [10, ["ClusterDown a", "Noise a"]],
  [600, ["ClusterDown a"]],
])("what is not heard of for %i minutes has ended, and mutes no more", (timeout, expected) => {
  const sketches = [
    { name: "ClusterDown", service: "a", at: 0 },
    { name: "Noise", service: "a", at: 500, end: 9_000 },
  ];
  const rules = { inhibition: [downMutesNoise], timeoutMs: () => timeout * 60_000 };
  expect(shown(sketches, rules)).toEqual(expected);
});

test("a source has its own time to be heard of in", () => {
  const rules = {
    inhibition: [downMutesNoise],
    timeoutMs: (source: string) => (source === "alertmanager" ? 600_000 : 36_000_000),
  };
  const sketches = [
    { name: "ClusterDown", service: "a", at: 0 },
    { name: "Noise", service: "a", at: 500, end: 9_000 },
  ];
  expect(shown(sketches, rules)).toContain("Noise a");
});

describe("an alert that comes and goes", () => {
  /** Six times, ten minutes apart. */
  const comesAndGoes = Array.from({ length: 6 }, (_, index) => ({ at: index * 600, end: index * 600 + 60 }));

  test("has one card where it is held open, and one for each firing where nothing holds it", () => {
    const held = { flapping: { firings: 3, windowMs: 3_600_000, quietMs: 1_800_000 } };
    const loose = { flapping: { firings: 100, windowMs: 60_000, quietMs: 60_000 } };
    expect(run(comesAndGoes, held).cards.size).toBe(1);
    expect(run(comesAndGoes, loose).cards.size).toBe(6);
  });

  test("keeps all its firings, those that were held with the one that holds them", () => {
    const held = { flapping: { firings: 3, windowMs: 3_600_000, quietMs: 1_800_000 } };
    const { alerts } = run(comesAndGoes, held);
    expect(alerts.map(({ alert }) => alert.startsAt.getTime()).sort()).toEqual(
      comesAndGoes.map(({ at }) => noon + at * 1_000).sort(),
    );
    expect(new Set(alerts.map(({ incidentId }) => incidentId)).size).toBe(1);
    expect(alerts.filter(({ partOf }) => partOf !== undefined).length).toBeGreaterThan(0);
  });
});

describe("cards", () => {
  const channels = (...given: Parameters<typeof run>) => [...run(...given).cards.values()];
  const team = (value: string): Matcher => ({ name: "team", op: "=", value });
  const payments = { name: "Noise", service: "a", at: 60, end: 600, labels: { team: "payments" } };

  test("are in every channel whose route one alert matches that nothing mutes", () => {
    const routes = [
      { to: "console:incidents", match: [] },
      { to: "slack:C1", match: [team("payments")] },
      { to: "slack:C2", match: [team("search")] },
      { to: "slack:C3", match: [named("Noise")] },
    ];
    expect(channels([payments], { routes })).toEqual([["console:incidents", "slack:C1", "slack:C3"]]);
    const mutes = { routes, windows: [window(0, 30)] };
    const heard = { name: "Heard", service: "a", at: 61, end: 600 };
    expect(channels([heard, payments], mutes)).toEqual([["console:incidents"]]);
  });

  test("are where channels subscribed to them", () => {
    const subscriptions = [{ to: "discord:7", match: [], atLeast: "high" as const }];
    expect(channels([payments], {}, { subscriptions })).toEqual([["console:incidents"]]);
    expect(channels([{ ...payments, severity: "critical" }], {}, { subscriptions })).toEqual([
      ["console:incidents", "discord:7"],
    ]);
  });

  test("are in a channel of the incident's own, where its rule opens one", () => {
    const rule: ChannelRule = {
      ...{ match: [team("payments")], atLeast: "critical", isPrivate: false, rotas: [], people: [] },
      ...{ archiveAfterMs: null, bookmarks: [] },
    };
    const critical = { ...payments, severity: "critical" as const };
    const own = ["console:incidents", ownChannelName];
    expect(channels([critical], { ownChannels: [rule] })).toEqual([own]);
    expect(channels([payments], { ownChannels: [rule] })).toEqual([["console:incidents"]]);
    expect(channels([critical], { ownChannels: [{ ...rule, atLeast: null }] })).toEqual([
      ["console:incidents"],
    ]);
  });

  test("are not made for what was over when it came", () => {
    const triage = createReplayedTriage(createCorrelator(), rulesOf());
    const alert = sketchAlert({ at: 0, end: 60 });
    triage.take([{ kind: "alert", key: alertKey(alert), alert }], minutes(2));
    expect([...triage.alerts()]).toHaveLength(1);
    expect(triage.cards().size).toBe(0);
  });
});
