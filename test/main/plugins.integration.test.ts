import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, expect, test } from "vitest";
import { readConfig } from "../../src/config.ts";
import { loadPlugins } from "../../src/main/plugins.ts";

const folder = mkdtempSync(path.join(tmpdir(), "tocsin-plugins-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function findingsOf(yaml: string) {
  const file = path.join(folder, "tocsin.yaml");
  writeFileSync(file, yaml);
  return (await loadPlugins(readConfig({ TOCSIN_CONFIG: file }))).findings;
}

test("a mapping that a source cannot use is named at start, with the key", async () => {
  const findings = await findingsOf(
    "sources: { pings: { use: generic, settings: { name: monitor, status: state } } }",
  );
  expect(findings).toEqual([
    expect.objectContaining({
      status: "failure",
      subject: "source pings",
      text: expect.stringContaining('status: needs "firing" or "resolved"'),
      remedy: expect.stringContaining("sources.pings.settings"),
    }),
  ]);
});

test("a mapping that it can use, and a source without settings, are not mentioned", async () => {
  expect(await findingsOf("sources: { pings: { use: generic, settings: { name: monitor } } }")).toEqual([]);
});
