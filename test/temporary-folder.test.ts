import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, test } from "vitest";
import { sweep } from "./temporary-folder.ts";

test("folders of runs that are dead are removed with what is in them, and nothing else is", ({
  onTestFinished,
}) => {
  const base = mkdtempSync(path.join(tmpdir(), "tocsin-sweep-"));
  onTestFinished(() => rmSync(base, { recursive: true, force: true }));
  const { pid: dead } = spawnSync(process.execPath, ["--version"]);
  const kept = [
    `tocsin-tests-${process.pid}`,
    "tocsin-tests-",
    "tocsin-tests-x",
    "tocsin-data",
    `other-${dead}`,
  ];
  for (const name of [...kept, `tocsin-tests-${dead}`]) {
    mkdirSync(path.join(base, name, "data"), { recursive: true });
    writeFileSync(path.join(base, name, "data", "file"), "");
  }
  sweep(base);
  expect(readdirSync(base).sort()).toEqual([...kept].sort());
});

test("a run has a folder of its own, named by its process", () => {
  expect(path.basename(tmpdir())).toMatch(/^tocsin-tests-\d+$/);
});
