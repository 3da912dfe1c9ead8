import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, test } from "vitest";
import { readConfig } from "../../src/config.ts";
import { readPolicy } from "../../src/main/commands.ts";
import { recordStart } from "../../src/main/record-start.ts";
import { at, freshStore } from "../adapters/store/fixture.ts";

test("a start says what changed since the one before, and which secrets were read, never their values", async () => {
  const folder = mkdtempSync(path.join(tmpdir(), "tocsin-start-"));
  const file = path.join(folder, "tocsin.yaml");
  const { store } = await freshStore();
  const policy = await readPolicy(readConfig({}));
  const start = async (text: string, hash = policy.hash) => {
    writeFileSync(file, text);
    const env = { TOCSIN_CONFIG: file, OPENAI_API_KEY: "sk-secret", HOOK_SECRET: "hush" };
    await recordStart(store, readConfig(env), { ...policy, hash }, at(0));
  };
  try {
    await start("alerts: { timeoutHours: 3 }\n");
    await start("alerts: { timeoutHours: 3 }\n");
    await start("alerts: { timeoutHours: 4 }\nsources: { grafana: { hmac: env:HOOK_SECRET } }\n", "other");
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  const entries = await store.audit.read(1, 20);
  expect(entries.map(({ action }) => action)).toEqual([
    "start",
    "secrets.read",
    "start",
    "secrets.read",
    "start",
    "config.changed",
    "policy.changed",
    "secrets.read",
  ]);
  expect(entries[5]?.data).toMatchObject({ sections: ["alerts", "sources"] });
  expect(entries[6]?.data).toEqual({ from: policy.hash, to: "other" });
  expect(entries[7]?.data).toEqual({
    secrets: ["OPENAI_API_KEY by the explainer", "HOOK_SECRET by sources.grafana.hmac"],
  });
  expect(JSON.stringify(entries)).not.toMatch(/sk-secret|hush/);
});
