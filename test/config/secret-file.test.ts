import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readConfig, readDemoConfig } from "../../src/config.ts";
import { secretFindings } from "../../src/main/secrets.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), "tocsin-secrets-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, content: string | Uint8Array): string {
  const target = path.join(folder, name);
  writeFileSync(target, content);
  return target;
}

const yaml = (text: string) => file("tocsin.yaml", text);

describe("NAME_FILE", () => {
  test("gives every secret of the environment from a file, without the newline at its end", () => {
    const config = readConfig({
      DATABASE_URL_FILE: file("db", "postgres://bot:pw@db/tocsin\n"),
      MIGRATION_DATABASE_URL_FILE: file("owner", "postgres://owner:pw@db/tocsin\r\n"),
      SLACK_BOT_TOKEN_FILE: file("bot", "xoxb-1\n"),
      SLACK_APP_TOKEN_FILE: file("app", "xapp-1"),
      SLACK_SIGNING_SECRET_FILE: file("signing", "signed\n"),
      DISCORD_TOKEN_FILE: file("discord", "d.i.s\n"),
      OPENAI_API_KEY_FILE: file("openai", "sk-1\n"),
    });
    expect(config.databaseUrl).toBe("postgres://bot:pw@db/tocsin");
    expect(config.migrationUrl).toBe("postgres://owner:pw@db/tocsin");
    expect(config.slack).toMatchObject({ botToken: "xoxb-1", appToken: "xapp-1", signingSecret: "signed" });
    expect(config.discord?.token).toBe("d.i.s");
    expect(config.openai?.apiKey).toBe("sk-1");
  });

  test("gives what tocsin.yaml names, to the bot and to model backends", () => {
    const key = "-----BEGIN KEY-----\nabc\n-----END KEY-----\n";
    const config = readConfig({
      TOCSIN_CONFIG: yaml(
        'sources: { grafana: { hmac: "env:HOOK_SECRET" } }\nmodels: { m: { backend: exec, settings: { key: "env:CI_KEY" } } }\n',
      ),
      HOOK_SECRET_FILE: file("hook", "hush\n"),
      CI_KEY_FILE: file("key", `${key}\n`),
    });
    expect(config.sources["grafana"]?.secrets).toEqual([{ kind: "hmac", secret: "hush" }]);
    expect(config.environment["CI_KEY"]).toBe(key);
    expect(config.secretsRead).toEqual([
      { name: "HOOK_SECRET", by: "sources.grafana.hmac", file: path.join(folder, "hook") },
      { name: "CI_KEY", by: "models.m.settings.key", file: path.join(folder, "key") },
    ]);
    expect(secretFindings(config)).toEqual([
      {
        status: "ok",
        subject: "secrets",
        text: `HOOK_SECRET from ${path.join(folder, "hook")}, CI_KEY from ${path.join(folder, "key")}`,
      },
    ]);
    expect(JSON.stringify([config.secretsRead, config.effective])).not.toContain("hush");
  });

  test("of variables that nobody named as a secret is left alone", () => {
    const env = { SSL_CERT_FILE: "/nowhere", AWS_WEB_IDENTITY_TOKEN_FILE: "/nowhere" };
    expect(readConfig(env).environment).toMatchObject(env);
    expect(secretFindings(readConfig(env))).toEqual([]);
  });

  test("that is empty is as if it were not set", () => {
    const env = { SLACK_BOT_TOKEN: "xoxb-1", SLACK_BOT_TOKEN_FILE: "", SLACK_APP_TOKEN: "xapp-1" };
    expect(readConfig(env).slack?.botToken).toBe("xoxb-1");
    const inFile = {
      SLACK_BOT_TOKEN: "",
      SLACK_BOT_TOKEN_FILE: file("bot", "xoxb-2"),
      SLACK_APP_TOKEN: "xapp-1",
    };
    expect(readConfig(inFile).slack?.botToken).toBe("xoxb-2");
  });

  test("of databases and chats is none of the demo's", () => {
    const env = { DATABASE_URL_FILE: "/nowhere", DISCORD_TOKEN_FILE: "/nowhere" };
    expect(readDemoConfig(yaml(""), folder, env)).toMatchObject({ databaseUrl: null, discord: null });
  });
});

const refused: readonly { readonly what: string; readonly target: () => string; readonly says: RegExp }[] = [
  {
    what: "does not exist",
    target: () => "/nowhere/at all",
    says: /names "\/nowhere\/at all", which does not exist; put/,
  },
  { what: "is empty", target: () => file("empty", ""), says: /empty", which is empty; write the secret/ },
  { what: "has a newline only", target: () => file("blank", "\n"), says: /which is empty/ },
  { what: "is a folder", target: () => folder, says: /which is not a file; name the file/ },
  {
    what: "is too large",
    target: () => file("large", "x".repeat(65_537)),
    says: /which has 65537 bytes, and a secret at most 65536; correct the path/,
  },
  {
    what: "is no text",
    target: () => file("binary", Uint8Array.of(0x68, 0xff, 0x68)),
    says: /which is not text \(UTF-8\); write/,
  },
  { what: "holds a NUL", target: () => file("nul", "a\0b"), says: /which is not text/ },
  {
    what: "is behind a file",
    target: () => path.join(file("plain", "x"), "deeper"),
    says: /which cannot be read \(ENOTDIR\); let the user/,
  },
];

test.each(refused)("a file that $what is named with the remedy", ({ target, says }) => {
  const read = () => readConfig({ DISCORD_TOKEN_FILE: target() });
  expect(read).toThrow(/^DISCORD_TOKEN_FILE names/);
  expect(read).toThrow(says);
});

test("a secret that is given twice is refused with both names and neither value", () => {
  const read = () => readConfig({ DISCORD_TOKEN: "one", DISCORD_TOKEN_FILE: file("two", "two") });
  expect(read).toThrow("DISCORD_TOKEN and DISCORD_TOKEN_FILE are both set; unset one of them");
});

test("a token of the wrong kind in a file is refused as one in the variable is", () => {
  const read = () =>
    readConfig({ SLACK_BOT_TOKEN_FILE: file("user", "xoxp-secret-part"), SLACK_APP_TOKEN: "xapp-1" });
  expect(read).toThrow('SLACK_BOT_TOKEN starts with "xoxp-"; expected a bot token starting "xoxb-"');
});
