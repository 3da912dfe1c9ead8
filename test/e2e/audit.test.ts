/** The audit log as an auditor meets it: an export, a key, and what was published, without the bot. */
import { createHash } from "node:crypto";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type BotUnderTest, createBot } from "./bot.ts";
import { eventually } from "./process.ts";

let bot: BotUnderTest;
const at = (name: string) => path.join(bot.folder, name);

beforeAll(async () => {
  bot = await createBot({
    config: {
      people: { oncall: { name: "On call", roles: ["sre"] } },
      sources: {
        alertmanager: { token: `sha256:${createHash("sha256").update("the token").digest("hex")}` },
      },
      audit: { origin: "tocsin.example/audit", publish: [{ file: "published" }] },
    },
  });
  await bot.start();
  await silence("first");
  await eventually("the checkpoint of the start is published", 30_000, async () => {
    try {
      return readFileSync(at("published"), "utf8") || null;
    } catch {
      return null;
    }
  });
  writeFileSync(at("old.checkpoint"), readFileSync(at("published")));
  await silence("load test by Ada");
  await tell(0, "audit", "checkpoint");
  writeFileSync(at("audit.pub"), await tell(0, "audit", "key"));
  await tell(0, "audit", "export", "--out", at("audit.jsonl"));
}, 300_000);
afterAll(() => bot.dispose());

async function silence(reason: string): Promise<void> {
  await tell(0, "run", "--as", "oncall", `silence service=${reason.length} --for 2h --reason "${reason}"`);
}

/** Runs a command that is expected to end with this code. */
async function tell(code: number, ...args: string[]): Promise<string> {
  const result = await bot.cli(...args);
  expect(result.code, `${args.join(" ")}: ${result.output}`).toBe(code);
  return result.output;
}

const offline = () => ["audit", "verify", "--export", at("audit.jsonl"), "--key", at("audit.pub")];

test("the key is made once, for the bot alone", () => {
  expect(statSync(at("data/audit.key")).mode & 0o777).toBe(0o600);
});

describe("an export", () => {
  test("is verified against the checkpoint that was published before", async () => {
    const output = await tell(0, ...offline(), "--checkpoint", at("old.checkpoint"));
    expect(output).toMatch(/^intact: \d+ entries, the last is \d+ with hash [0-9a-f]{64}$/m);
    expect(output).toMatch(
      /2 checkpoints in the export hold, up to entry \d+, signed by tocsin\.example\/audit/,
    );
    expect(output).toMatch(/1 checkpoint kept elsewhere holds?/);
  });

  test.each<[string, (lines: string[]) => string[], number, RegExp]>([
    [
      "an edited line",
      (lines) => lines.map((line) => line.replace('"load test by Ada"', '"x"')),
      1,
      /broken at entry \d+ \(edited\): data\.reason/,
    ],
    ["a missing line", (lines) => lines.filter((_, index) => index !== 1), 1, /entry 2 is missing/],
    ["a cut end", (lines) => lines.filter((line) => !line.includes("load test by Ada")), 1, /broken/],
    ["a line that is none", (lines) => [...lines, "{}"], 2, /could not be checked: .*is not an audit entry/],
  ])("with %s is not", async (_, change, code, words) => {
    const lines = readFileSync(at("audit.jsonl"), "utf8").trim().split("\n");
    writeFileSync(at("forged.jsonl"), `${change(lines).join("\n")}\n`);
    const args = ["audit", "verify", "--export", at("forged.jsonl"), "--key", at("audit.pub")];
    expect(await tell(code, ...args)).toMatch(words);
  });

  test("of some entries proves each by itself", async () => {
    await tell(0, "audit", "export", "--subject", "silence:2", "--out", at("some.jsonl"));
    const args = ["audit", "verify", "--export", at("some.jsonl"), "--key", at("audit.pub")];
    expect(await tell(0, ...args)).toMatch(/^intact: \d+ entr(?:y|ies) proved, in the log of \d+/);
    writeFileSync(
      at("some.jsonl"),
      readFileSync(at("some.jsonl"), "utf8").replace('"load test by Ada"', '"other"'),
    );
    expect(await tell(1, ...args)).toMatch(/data\.reason of entry \d+ is not what its hash commits to/);
  });

  test.each(["ocsf", "cloudevents"])("in the format %s is one event a line", async (format) => {
    const lines = (await tell(0, "audit", "export", "--format", format)).trim().split("\n");
    expect(lines.length).toBeGreaterThanOrEqual(3);
    for (const line of lines) expect(JSON.parse(line)).toEqual(expect.any(Object));
  });
});

describe("a proof", () => {
  test("of an entry holds by itself, and not with another key or entry", async () => {
    await tell(0, "audit", "prove", "2", "--out", at("2.tlog-proof"));
    const args = ["audit", "verify", "--proof", at("2.tlog-proof"), "--key"];
    expect(await tell(0, ...args, at("audit.pub"))).toMatch(
      /^proved: entry 2 \(silence\.created on silence:1 by oncall/,
    );
    writeFileSync(at("3.tlog-proof"), readFileSync(at("2.tlog-proof"), "utf8").replace("index 1", "index 2"));
    expect(await tell(1, "audit", "verify", "--proof", at("3.tlog-proof"), "--key", at("audit.pub"))).toMatch(
      /is not number 3/,
    );
    expect(await tell(2, "audit", "verify", "--proof", at("2.tlog-proof"))).toMatch(
      /signatures need the key/,
    );
  });

  test("of growth leads from the published checkpoint to the newest", async () => {
    const size = readFileSync(at("old.checkpoint"), "utf8").split("\n")[1] ?? "";
    await tell(0, "audit", "prove", "--since", size, "--out", at("growth"));
    const output = await tell(
      0,
      "audit",
      "verify",
      "--proof",
      at("growth"),
      "--checkpoint",
      at("old.checkpoint"),
      "--key",
      at("audit.pub"),
    );
    expect(output).toMatch(
      new RegExp(`^proved: the log of \\d+ entries begins with the ${size} of the checkpoint`),
    );
  });

  test("of an entry that no checkpoint covers says what to do", async () => {
    expect(await tell(1, "audit", "prove", "999")).toMatch(/not covered .* tocsin audit checkpoint/);
  });
});

test("a wrong token at a webhook and at the console is an entry, without the token", async () => {
  const wrong = await fetch(`${bot.url}/webhooks/alertmanager/hush-hush`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: '{"alerts":[]}',
  });
  const signIn = await fetch(`${bot.url}/api/sign-in`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: '{"token":"hush-hush"}',
  });
  expect([wrong.status, signIn.status]).toEqual([401, 401]);
  const entries = await eventually("both attempts are in the log", 30_000, async () => {
    const output = await tell(0, "audit", "export");
    return output.includes("door:console/sign-in") && output.includes("door:webhooks/alertmanager")
      ? output
      : null;
  });
  expect(entries).not.toContain("hush-hush");
});

test("the database is verified with its checkpoints", async () => {
  expect(await tell(0, "audit", "verify", "--checkpoint", at("published"))).toMatch(
    /checkpoints? of the database hold/,
  );
  expect(await tell(0, "run", "--as", "oncall", "audit verify")).toMatch(/intact: \d+ entries/);
});
