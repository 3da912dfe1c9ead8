import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, test } from "vitest";
import { readConfig } from "../../src/config.ts";

function read(yaml: string, env: Readonly<Record<string, string>> = {}) {
  const file = path.join(mkdtempSync(path.join(tmpdir(), "tocsin-config-")), "tocsin.yaml");
  writeFileSync(file, yaml);
  return readConfig({ TOCSIN_CONFIG: file, ...env });
}
const step = (text: string) => `escalation: [{ name: a, steps: [${text}] }]`;
const rota = (text: string) => `onCall: { primary: { people: [oncall], from: "2026-03-02T09:00", ${text} } }`;

test.each([
  [step("{ after: soon, tell: [oncall] }"), /escalation a: after is "soon"; expected a duration/],
  [step("{ after: 8d, tell: [oncall] }"), /after is "8d"/],
  [step("{ after: 5m, tell: [nobody] }"), /names "nobody", who is not under people; .*oncall, approver/],
  [step("{ after: 5m, tell: [] }"), /tells nobody/],
  [step('{ after: 5m, tell: ["onCall:night"] }'), /tells "onCall:night"; add onCall\.night/],
  [step('{ after: 5m, tell: ["pager:main"] }'), /add pagers\.main/],
  [step('{ after: 5m, tell: ["group:sre"] }'), /add groups\.sre/],
  [step("{ after: 15m, tell: [oncall] }, { after: 5m, tell: [oncall] }"), /"5m" comes before the one above/],
  [
    "escalation: [{ name: a, match: [odd], steps: [{ after: 1m, tell: [oncall] }] }]",
    /"odd" is not a matcher/,
  ],
  [
    'escalation: [{ name: a, steps: [{ after: 1m, tell: [oncall] }], quietHours: { from: "9", to: "x" } }]',
    /is no stretch of a day/,
  ],
  [rota("timezone: Mars"), /onCall\.primary: timezone is "Mars"/],
  [rota("turnDays: 0"), /turnDays/],
  [
    rota('overrides: [{ person: oncall, from: "2026-03-07", to: "2026-03-08" }]'),
    /"2026-03-07" is no moment/,
  ],
  ['onCall: { primary: { people: [oncall], from: "2026-02-30T09:00" } }', /from is "2026-02-30T09:00"/],
  ["onCall: { primary: { people: [], from: x } }", /needs at least one person/],
  ["onCall: { primary: { calendar: nowhere } }", /onCall\.primary\.calendar: it is no address/],
  ['onCall: { primary: { calendar: "env:NOT_SET" } }', /NOT_SET, which is not set/],
  ['onCall: { primary: { calendar: "https://a.example", names: { A: zoe } } }', /names "zoe", who is not/],
  ['onCall: { primary: { calendar: "https://a.example", turnDays: 3 } }', /turnDays/],
  ["pagers: { main: { kind: pagerduty, key: abc } }", /must be "env:NAME"/],
  ['pagers: { main: { kind: pagerduty, key: "env:NOT_SET" } }', /NOT_SET, which is not set/],
  ["pagers: { main: { kind: webhook, url: nowhere } }", /pagers\.main\.url: it is no address/],
])("%s is refused with the value and the remedy", (yaml, problem) => {
  expect(() => read(yaml)).toThrow(problem);
});

test("what is right is read, secrets from the environment", () => {
  const config = read(
    `${rota("turnDays: 1")}
groups: { sre: { slack: S1 } }
pagers: { main: { kind: pagerduty, key: "env:PD" }, hook: { kind: webhook, url: "env:HOOK" } }
escalation:
  - name: a
    steps:
      - { after: 0m, tell: [oncall, "onCall:primary", "group:sre", "pager:main", "slack:C1"] }
    quietHours: { from: "22:00", to: "00:00" }`,
    { PD: "key", HOOK: "https://example.com/hook" },
  );
  expect(config.escalation[0]?.steps[0]?.tell.map(({ kind }) => kind)).toEqual([
    ...["person", "rota", "group", "pager", "channel"],
  ]);
  expect(config.escalation[0]?.quiet).toMatchObject({ hours: { fromMinute: 1320, toMinute: 1440 } });
  expect(config.pagers).toMatchObject([{ key: "key" }, { url: "https://example.com/hook", secret: null }]);
  expect(config.rotas[0]).toMatchObject({ turnDays: 1, timezone: "UTC" });
});

test("a rota may be a calendar, whose address comes from the environment, and is told like any other", () => {
  const config = read(
    `onCall: { primary: { calendar: "env:ROTA", names: { "o@example.com": oncall }, timezone: Europe/Berlin } }
escalation: [{ name: a, steps: [{ after: 0m, tell: ["onCall:primary"] }] }]
digests: [{ name: shift, cron: "0 9 * * 1", to: ["slack:C0123ABCD"], handover: primary }]`,
    { ROTA: "https://calendar.example/private-t0ken/basic.ics" },
  );
  expect(config.rotas).toEqual([]);
  expect(config.rotaCalendars).toEqual([
    {
      ...{
        name: "primary",
        url: "https://calendar.example/private-t0ken/basic.ics",
        timezone: "Europe/Berlin",
      },
      aliases: { "o@example.com": "oncall" },
    },
  ]);
});

test("a hand-over of a rota that there is not is refused", () => {
  const digest = '{ name: shift, cron: "0 9 * * 1", to: ["slack:C0123ABCD"], handover: night }';
  expect(() => read(`${rota("turnDays: 1")}\ndigests: [${digest}]`)).toThrow(
    /digests\.0\.handover: names the rota "night"; add onCall\.night, or name one that there is \(primary\)/,
  );
});
