import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import type { Source } from "../../src/ports/source.ts";
import { describeSource } from "./source.ts";

const folder = path.join(import.meta.dirname, "../../src/adapters/sources");
const files = readdirSync(folder).filter((file) => file.endsWith(".ts"));

test("there are sources to prove", () => {
  expect(files).toEqual(
    expect.arrayContaining(["alertmanager.ts", "changes.ts", "generic.ts", "grafana.ts", "topology.ts"]),
  );
});

for (const file of files) {
  const name = path.basename(file, ".ts");
  const module: { default: Source } = await import(path.join(folder, file));
  describeSource(name, module.default, samplesOf(name));
}

/** Bodies in test/contracts/samples/NAME.json; a new source brings its own. */
function samplesOf(name: string): readonly unknown[] {
  const file = path.join(import.meta.dirname, "samples", `${name}.json`);
  if (!existsSync(file)) {
    throw new Error(`source ${name}: write a JSON list of bodies that it reads whole into ${file}`);
  }
  return JSON.parse(readFileSync(file, "utf8"));
}
