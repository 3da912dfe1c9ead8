import { readdirSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { checkCommand, loadFolders } from "../../src/load.ts";
import { commandContract } from "./command.ts";

const folder = path.resolve("commands");
const { plugins, problems } = await loadFolders([folder], checkCommand);

test("every file of commands/ is a command", () => {
  expect(problems).toEqual([]);
  const files = readdirSync(folder).filter((name) => name.endsWith(".ts") && !name.startsWith("_"));
  expect(plugins.map((command) => `${command.name}.ts`).sort()).toEqual(files.sort());
  expect(plugins.length).toBeGreaterThanOrEqual(15);
});

for (const command of plugins) commandContract(command);
