/** What doctor says of the rights of the bot's role, on a real server with a role for the owner and one for the bot. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, expect, test, vi } from "vitest";
import { examineAudit } from "../../src/main/audit-doctor.ts";
import { withBot } from "../../src/main/offline.ts";
import type { Finding } from "../../src/ports.ts";
import { withRoles } from "../database-roles.ts";

afterEach(() => vi.unstubAllEnvs());

/** The findings about the log that `tocsin doctor` has in this environment. */
async function doctor(urls: { readonly bot: string; readonly owner?: string }): Promise<Finding | undefined> {
  const folder = mkdtempSync(path.join(tmpdir(), "tocsin-doctor-"));
  vi.stubEnv("TOCSIN_CONFIG", undefined);
  vi.stubEnv("TOCSIN_DATA_DIR", folder);
  vi.stubEnv("DATABASE_URL", urls.bot);
  vi.stubEnv("MIGRATION_DATABASE_URL", urls.owner);
  try {
    return (await withBot(examineAudit)).find(({ subject }) => subject === "audit log");
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const nameOf = (url: string) => new URL(url).username;

test("passes when the bot's role can only read and add, whoever runs the migrations", async () => {
  await withRoles(async ({ owner, bot }) => {
    expect(await doctor({ owner, bot })).toMatchObject({ status: "ok" });
    expect(await doctor({ bot })).toMatchObject({
      status: "ok",
      text: "the role of DATABASE_URL can only read and add",
    });
  });
});

test("fails, naming what it could do, as soon as the bot's role can do more", async () => {
  await withRoles(async ({ owner, bot, admin }) => {
    await doctor({ owner, bot });
    const [ownerName, botName] = [nameOf(owner), nameOf(bot)];
    for (const [give, take, words] of [
      ["grant update on audit to BOT", "revoke update on audit from BOT", "may update audit"],
      [
        "grant delete on audit_values to BOT",
        "revoke delete on audit_values from BOT",
        "may delete audit_values",
      ],
      ["grant truncate on audit to BOT", "revoke truncate on audit from BOT", "may truncate audit"],
      [
        "grant insert on audit_erased to BOT",
        "revoke insert on audit_erased from BOT",
        "may insert audit_erased",
      ],
      ["grant OWNER to BOT", "revoke OWNER from BOT", "owns audit"],
      ["alter role BOT createrole", "alter role BOT nocreaterole", "may create roles"],
      ["alter role BOT superuser", "alter role BOT nosuperuser", "is a superuser"],
    ] as const) {
      const as = (statement: string) => admin(statement.replace("BOT", botName).replace("OWNER", ownerName));
      await as(give);
      expect(await doctor({ bot }), give).toMatchObject({
        status: "failure",
        text: expect.stringContaining(words),
        remedy: expect.stringContaining("MIGRATION_DATABASE_URL"),
      });
      await as(take);
      expect(await doctor({ bot }), take).toMatchObject({ status: "ok" });
    }
  });
});
