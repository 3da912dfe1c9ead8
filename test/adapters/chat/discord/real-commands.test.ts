import { readdirSync } from "node:fs";
import { expect, test } from "vitest";
import { catalogOf } from "../../../../src/adapters/chat/discord/commands.ts";
import { prepareCommand, shapeOf } from "../../../../src/app/parse.ts";
import type { Command } from "../../../../src/ports.ts";
import { readCommands } from "../../../fakes/discord/command-limits.ts";

const folder = new URL("../../../../commands/", import.meta.url);

test("Discord takes every command of ours, with every option leading back to its own name", async () => {
  const files = readdirSync(folder).filter((name) => name.endsWith(".ts") && !name.startsWith("_"));
  const shapes = [];
  for (const file of files) {
    const loaded: { default: Command } = await import(new URL(file, folder).href);
    shapes.push(shapeOf(prepareCommand(loaded.default)));
  }
  const catalog = catalogOf(shapes);
  expect(catalog.refused).toEqual([]);
  expect(readCommands(JSON.parse(JSON.stringify(catalog.commands)))).toHaveLength(files.length + 2);
  expect(catalog.commands.filter(({ type }) => type === 3).map(({ name }) => name)).toEqual([
    "Add to incident",
    "Declare an incident",
  ]);
  for (const command of catalog.commands.filter(({ type }) => type === 1)) {
    const names = command.options.map((option) => catalog.optionOf(command.name, option.name)?.name);
    const own = shapes.find((shape) => shape.name === catalog.commandOf(command.name)?.name);
    expect([...names].sort()).toEqual(own?.options.map(({ name }) => name).sort());
  }
});
