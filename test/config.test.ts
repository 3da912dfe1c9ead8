import { createHash } from "node:crypto";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { ConfigError, type Environment, readConfig, readOtherConfig } from "../src/config.ts";
import { formatMatcher } from "../src/domain/suppression/matcher.ts";

function read(yaml: string, env: Environment = {}) {
  const file = path.join(mkdtempSync(path.join(tmpdir(), "tocsin-config-")), "tocsin.yaml");
  writeFileSync(file, yaml);
  return readConfig({ TOCSIN_CONFIG: file, ...env });
}

const hash = `sha256:${"ab".repeat(32)}`;

test("several Discord servers may be named", () => {
  const of = (ids?: string) =>
    readConfig({ DISCORD_TOKEN: "t", ...(ids === undefined ? {} : { DISCORD_GUILD_ID: ids }) }).discord
      ?.guildIds;
  expect([of(), of("1"), of("1, 22")]).toEqual([[], ["1"], ["1", "22"]]);
});

test("another configuration that is not there is refused by its own name, not by the variable of the bot's", () => {
  expect(() => readOtherConfig("elsewhere.yaml", {})).toThrow(
    new ConfigError('the other configuration, "elsewhere.yaml", does not exist; correct its path'),
  );
});

describe("an empty configuration", () => {
  test("runs on loopback with the embedded database, the console as chat and two people", () => {
    const config = read("");
    expect(config).toMatchObject({
      host: "127.0.0.1",
      port: 8080,
      databaseUrl: null,
      slack: null,
      discord: null,
      openai: null,
    });
    expect(config.routes).toEqual([{ to: "console:incidents", match: [] }]);
    expect(config.people.map((person) => person.id)).toEqual(["oncall", "approver"]);
    expect(config.models.map((model) => [model.name, model.registry.backend])).toEqual([
      ["correlator", "builtin"],
    ]);
  });
});

describe("a mistake inside a source or a model", () => {
  test.each([
    ["sources: { alertmanager: { bearr: x } }", /sources\.alertmanager: Unrecognized key: "bearr"/],
    [
      'sources: { alertmanager: { bearer: "hunter2" } }',
      /sources\.alertmanager\.bearer: is written in clear text/,
    ],
    ["models: { ranker: { risk: huge } }", /models\.ranker\.risk: is "huge"; expected one of "low", "high"/],
  ])("%s is named down to its key", (yaml, problem) => {
    expect(() => read(yaml)).toThrow(problem);
  });

  test("nothing at all after a source's name is no mistake", () => {
    expect(read("sources: { alertmanager: }").sources["alertmanager"]?.secrets).toEqual([]);
  });
});

describe("a Discord account", () => {
  test("keeps every digit when it is quoted, and is refused when YAML has already lost some", () => {
    const people = (id: string) => `people: { oncall: { roles: [sre], discord: ${id} } }`;
    expect(read(people('"112233445566778899"')).people[0]?.accounts["discord"]).toBe("112233445566778899");
    expect(() => read(people("112233445566778899"))).toThrow(/people\.oncall\.discord.*write it in quotes/s);
  });
});

describe("kinds of evidence", () => {
  test("are the operator's words for a kind, before the shipped rules", () => {
    expect(read('evidenceKinds: [{ kind: resource, words: ["replication lag*"] }]').evidenceKinds).toEqual([
      { kind: "resource", words: ["replication lag*"] },
    ]);
    expect(read("").evidenceKinds).toEqual([]);
  });

  test.each([
    ["evidenceKinds: [{ kind: disaster, words: [x] }]", /evidenceKinds\.0\.kind/],
    ['evidenceKinds: [{ kind: crash, words: ["*"] }]', /evidenceKinds\.0\.words\.0: needs a letter/],
    ["evidenceKinds: [{ kind: crash, words: [] }]", /evidenceKinds\.0\.words/],
  ])("%s is refused", (yaml, problem) => {
    expect(() => read(yaml)).toThrow(problem);
  });
});

describe("inhibition rules", () => {
  test("are those of an alertmanager.yml, in the new form and in the old", () => {
    const { inhibition } = read(`
inhibit_rules:
  - name: critical first
    source_matchers: [severity="critical"]
    target_matchers: [severity=~"warning|info", team!=ops]
    equal: [alertname, service]
  - source_match: { alertname: ClusterDown }
    target_match_re: { severity: "warning|critical" }
`);
    expect(inhibition).toEqual([
      {
        name: "critical first",
        source: [{ name: "severity", op: "=", value: "critical" }],
        target: [
          { name: "severity", op: "=~", value: "warning|info" },
          { name: "team", op: "!=", value: "ops" },
        ],
        equal: ["alertname", "service"],
      },
      {
        name: "2",
        source: [{ name: "alertname", op: "=", value: "ClusterDown" }],
        target: [{ name: "severity", op: "=~", value: "warning|critical" }],
        equal: [],
      },
    ]);
  });

  test("an entry may be a list with commas or in braces, and a pattern keeps its backslashes", () => {
    const { inhibition } = read(`
inhibit_rules:
  - source_matchers:
      - alertname="NodeDown",cluster="a"
    target_matchers:
      - '{severity="warning", pod=~"web-\\d+"}'
  - source_match: { alertname: ClusterDown }
    target_match_re: { pod: 'web-\\d+|"x"' }
`);
    expect(inhibition.map(({ source, target }) => [...source, ...target].map(formatMatcher))).toEqual([
      ['alertname="NodeDown"', 'cluster="a"', 'severity="warning"', 'pod=~"web-\\\\d+"'],
      ['alertname="ClusterDown"', 'pod=~"web-\\\\d+|\\"x\\""'],
    ]);
    expect(inhibition[0]?.target[1]?.value).toBe("web-\\d+");
  });

  test.each([
    [
      '{ source_matchers: ["a"], target_matchers: [b=c] }',
      /inhibit_rules\.0\.source_matchers: "a" is not a matcher/,
    ],
    [
      `{ source_matchers: ['a="b" c="d"'], target_matchers: [b=c] }`,
      /inhibit_rules\.0\.source_matchers: .* a quote is left over; put .* a comma between matchers/,
    ],
    [
      '{ source_matchers: [a=b], target_match_re: { c: "(x+)+" } }',
      /inhibit_rules\.0\.target_match_re: .* repeats by \+ what holds a repeat itself; write it without/,
    ],
    ["{ target_matchers: [b=c] }", /inhibit_rules\.0: has no source_matchers/],
    ["{ source_matchers: [b=c] }", /inhibit_rules\.0: has no target_matchers/],
    ["{ sauce_matchers: [b=c] }", /Unrecognized key/],
  ])("%s is refused", (rule, problem) => {
    expect(() => read(`inhibit_rules: [${rule}]`)).toThrow(problem);
  });
});

describe("maintenance", () => {
  const window = (when: string, match = "['service=\"db\"']") =>
    read(`maintenance: [{ name: w, match: ${match}, reason: work, ${when} }]`).maintenance[0];

  test("is once, weekly or by cron", () => {
    expect(window('starts: "2026-03-01T22:00:00+01:00", ends: 2026-03-01T23:00:00Z')?.schedule).toEqual({
      kind: "once",
      from: new Date("2026-03-01T21:00:00Z"),
      to: new Date("2026-03-01T23:00:00Z"),
    });
    expect(window('days: [sat, sun], from: 22:00, to: "00:00", timezone: Europe/Berlin')?.schedule).toEqual({
      kind: "weekly",
      days: [0, 6],
      fromMinute: 1_320,
      toMinute: 1_440,
      timezone: "Europe/Berlin",
    });
    expect(window('cron: "0 2 * * 2#2", duration: 2h')?.schedule).toEqual({
      kind: "cron",
      cron: "0 2 * * 2#2",
      durationMs: 7_200_000,
      timezone: "UTC",
    });
  });

  test.each([
    [
      "starts: 2026-03-01T22:00:00, ends: 2026-03-01T23:00:00Z",
      /maintenance w: starts: is "2026-03-01T22:00:00"/,
    ],
    ["starts: 2026-03-01T23:00:00Z, ends: 2026-03-01T22:00:00Z", /is not after starts/],
    ["timezone: UTC", /says not when, or says it twice/],
    ['from: "01:00", to: "02:00", duration: 1h', /says not when, or says it twice/],
    ["days: someday, from: 01:00, to: 02:00", /days are "someday"/],
    ['from: "25:00", to: "02:00"', /is no stretch of a day/],
    ['from: "01:00", to: "02:00", timezone: Mars', /timezone is "Mars"/],
    ['cron: "0 2 * * 0", duration: long', /duration is "long"/],
  ])("%s is refused", (when, problem) => {
    expect(() => window(when)).toThrow(problem);
  });

  test("of everything, or twice under one name, is refused", () => {
    expect(() => window('from: "01:00", to: "02:00"', "['team!=\"a\"']")).toThrow(/would mute every alert/);
    const one = "{ name: w, match: [a=b], reason: r, from: '01:00', to: '02:00' }";
    expect(() => read(`maintenance: [${one}, ${one}]`)).toThrow(/two of this name/);
  });
});

describe("a full configuration", () => {
  const config = read(
    `
channels:
  - { to: "slack:C0123ABCD", match: ['team="payments"'] }
sources:
  alertmanager: { bearer: "${hash}" }
  grafana: { hmac: "env:GRAFANA_SECRET", timestampHeader: X-Stamp }
  pings: { use: generic, token: "env:PINGS", timeoutMinutes: 5, settings: { name: a.b } }
people:
  oncall: { name: On call, roles: [sre], slack: U1, discord: 123, console: "${hash}" }
models:
  fraud-scorer: { backend: exec, environments: [staging, production], risk: high, settings: { deploy: [x] }, dashboards: { Quality: "https://g.example/d/1" }, alerts: [model="fraud-scorer", [service=fraud, severity=critical]] }
digests: [{ name: daily, cron: "0 9 * * *", timezone: Europe/Berlin, to: ["slack:C0123ABCD"] }]
topology: { edges: [[web, api]] }
`,
    { GRAFANA_SECRET: "s3cret", PINGS: "tok" },
  );

  test("gives sources their checks, tokens as hashes only", () => {
    expect(config.sources["alertmanager"]?.secrets).toEqual([{ kind: "bearer", sha256: "ab".repeat(32) }]);
    expect(config.sources["grafana"]?.secrets).toEqual([
      { kind: "hmac", secret: "s3cret", timestampHeader: "x-stamp" },
    ]);
    expect(config.sources["pings"]).toMatchObject({
      use: "generic",
      timeoutMs: 300_000,
      settings: { name: "a.b" },
    });
    expect(config.sources["pings"]?.secrets).toEqual([
      { kind: "token", sha256: createHash("sha256").update("tok").digest("hex") },
    ]);
  });

  test("keeps the console beside the named channels", () => {
    expect(config.routes.map((route) => route.to)).toEqual(["slack:C0123ABCD", "console:incidents"]);
  });

  test("knows one person on every platform", () => {
    expect(config.people[0]).toMatchObject({
      id: "oncall",
      accounts: { slack: "U1", discord: "123", console: "oncall" },
    });
    expect([...config.consoleTokens]).toEqual([["oncall", "ab".repeat(32)]]);
  });

  test("always has the bot's own model", () => {
    expect(config.models.map((model) => model.name).sort()).toEqual(["correlator", "fraud-scorer"]);
  });

  test("a model has links for its cards, and groups of matchers for the alerts that concern it", () => {
    const model = config.models.find(({ name }) => name === "fraud-scorer");
    expect(model?.dashboards).toEqual([{ name: "Quality", url: "https://g.example/d/1" }]);
    expect(model?.alerts.map((group) => group.map(formatMatcher))).toEqual([
      ['model="fraud-scorer"'],
      ['service="fraud"', 'severity="critical"'],
    ]);
  });
});

describe("what is wrong is named with the remedy", () => {
  test.each<[string, string, Environment, RegExp]>([
    [
      "a token in clear text",
      "sources: { alertmanager: { bearer: hunter2 } }",
      {},
      /sources\.alertmanager\.bearer: is written in clear text; write "sha256:f52fbd32/,
    ],
    ["a secret in the file", "sources: { grafana: { hmac: hunter2 } }", {}, /env:NAME/],
    ["an unknown key", "chanels: []", {}, /chanels/],
    ["bad YAML", "a: [", {}, /tocsin\.yaml/],
    ["a prefix that runs into the name", "commands: { prefix: mlops }", {}, /ending in "-"/],
    ["a channel without platform", "channels: [{ to: general }]", {}, /platform:id/],
    [
      "a matcher that is none",
      'channels: [{ to: "slack:C1", match: ["team payments"] }]',
      {},
      /"team payments" is not a matcher/,
    ],
    ["a secret that is not set", 'sources: { grafana: { hmac: "env:NOPE" } }', {}, /NOPE, which is not set/],
    [
      "one account for two people",
      "people: { a: { roles: [sre], slack: U1 }, b: { roles: [sre], slack: U1 } }",
      {},
      /same slack account "U1"/,
    ],
    ["a port that is none", "", { PORT: "http" }, /PORT is "http"/],
    ["a database that is none", "", { DATABASE_URL: "mysql://x" }, /postgres:\/\//],
    [
      "tokens swapped",
      "",
      { SLACK_BOT_TOKEN: "xapp-1" },
      /SLACK_BOT_TOKEN starts with "xapp-"; expected a bot token starting "xoxb-"/,
    ],
    [
      "a bot token alone",
      "",
      { SLACK_BOT_TOKEN: "xoxb-1" },
      /SLACK_APP_TOKEN \(Socket Mode\) nor SLACK_SIGNING_SECRET/,
    ],
    ["a file that is not there", "", { TOCSIN_CONFIG: "/nowhere/tocsin.yaml" }, /does not exist/],
    [
      "a model with one backend and with parts",
      "models: { other: { backend: exec, registry: { backend: exec } } }",
      {},
      /models\.other: takes backend with settings, or registry/,
    ],
    [
      "a runtime without a registry",
      "models: { other: { runtime: { backend: exec } } }",
      {},
      /models\.other: needs registry beside runtime/,
    ],
    [
      "a dashboard that is no address",
      "models: { other: { backend: exec, dashboards: { Quality: 'javascript:alert(1)' } } }",
      {},
      /models\.other\.dashboards\.Quality: "javascript:alert\(1\)" is not an address/,
    ],
    [
      "a model's alerts without a matcher",
      "models: { other: { backend: exec, alerts: [[severity critical]] } }",
      {},
      /models\.other\.alerts\.0: "severity critical" is not a matcher/,
    ],
    [
      "a foreign model in the builtin registry",
      "models: { other: { backend: builtin } }",
      {},
      /holds only the model "correlator"/,
    ],
  ])("%s", (_, yaml, env, message) => {
    expect(() => read(yaml, env)).toThrow(ConfigError);
    expect(() => read(yaml, env)).toThrow(message);
  });

  test("a message never holds a whole secret", () => {
    const secret = "xoxp-1234567890-secret";
    try {
      read("", { SLACK_BOT_TOKEN: secret });
      expect.unreachable();
    } catch (error) {
      expect(String(error)).not.toContain(secret);
    }
  });
});
