import { readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { shippedSignals } from "../../src/domain/clustering/shipped-signals.ts";
import { signalContract } from "./signal.ts";

const folder = join(import.meta.dirname, "../../src/domain/signals");
const names = readdirSync(folder)
  .filter((file) => file.endsWith(".ts"))
  .map((file) => file.slice(0, -".ts".length))
  .sort();

test("every file of the folder is shipped, and nothing else", () => {
  expect(shippedSignals.map((signal) => signal.name).sort()).toEqual(names);
});

for (const name of names) {
  const module: { default: (typeof shippedSignals)[number] } = await import(join(folder, `${name}.ts`));
  signalContract(name, module.default);
}
