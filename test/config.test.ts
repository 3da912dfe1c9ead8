import { createHash } from "node:crypto";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { ConfigError, type Environment, readConfig } from "../src/config.ts";

function read(yaml: string, env: Environment = {}) {
  const file = path.join(mkdtempSync(path.join(tmpdir(), "tocsin-config-")), "tocsin.yaml");
  writeFileSync(file, yaml);
  return readConfig({ TOCSIN_CONFIG: file, ...env });
}

const hash = `sha256:${"ab".repeat(32)}`;

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
    ["models: { ranker: { risk: huge } }", /models\.ranker\.risk: Invalid option/],
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
  fraud-scorer: { backend: exec, environments: [staging, production], risk: high, settings: { deploy: [x] } }
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
