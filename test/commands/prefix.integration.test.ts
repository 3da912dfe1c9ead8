import { readdirSync } from "node:fs";
import { expect, test } from "vitest";
import { nameCommands } from "../../src/app/name-commands.ts";
import { requestOf } from "../app/rollout-world.ts";
import { commandScene } from "./scene.ts";

const scene = commandScene();
const files = readdirSync("commands").filter((file) => !file.startsWith("_"));
const names = new Set(files.map((file) => file.replace(/\.ts$/, "")));
/** What anyone could read as the name of a command without the prefix. */
const bare = new RegExp(`[\\s"(]/(?:${[...names].join("|")})(?![\\w/-])`);

async function view(line: string) {
  const execute = nameCommands(scene.world().execute, { prefix: "mlops-", names });
  const answer = await execute.execute(requestOf("oncall", line, scene.clock.now()));
  if (answer === null) throw new Error("it was answered before");
  return answer.view;
}

test("a command is carried out by its prefixed name and by its own", async () => {
  const { id } = await scene.incident();
  await view(`mlops-ack ${id}`);
  expect(await scene.store().incidents.find(id)).toMatchObject({ state: "acknowledged" });
  await view(`resolve ${id} rolled back`);
  expect(await scene.store().incidents.find(id)).toMatchObject({ state: "resolved" });
});

test.each([
  "mlops-help",
  "help mlops-deploy",
  "mlops-depoly scorer",
  "mlops-ack",
  "mlops-ack 999",
  "mlops-deploy scorer --enviroment production",
])("the answer to %s names no command without the prefix", async (line) => {
  const shown = await view(line);
  expect(JSON.stringify(shown)).toContain("/mlops-");
  expect(JSON.stringify(shown)).not.toMatch(bare);
  for (const { command } of shown.actions) expect(command).toMatch(/^mlops-/);
});
