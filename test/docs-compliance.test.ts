/** Whoever relies on docs/compliance.md must find there every entry that the bot can write, and none that it cannot. */
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { bakeStates } from "../src/domain/bake.ts";
import { rolloutStates } from "../src/domain/rollout/state.ts";
import { tableOf } from "./docs.ts";

const root = path.resolve(import.meta.dirname, "..");
const page = readFileSync(path.join(root, "docs/compliance.md"), "utf8");
/** Files and names that look like the action of an entry. */
const otherNames = new Set(["audit.key", "policy.cedar", "policy.cedarschema"]);
/** Those whose name the sources put together of a state. */
const composed = [
  ...rolloutStates.map((state) => `rollout.${state}`),
  ...bakeStates.map((state) => `rollout.bake_${state}`),
  ...["accepted", "extended", "advanced"].map((answer) => `rollout.bake_${answer}`),
];
/** States that no step leads to: a rollout is asked for into the first, a bake moves on from these unseen. */
const silent = new Set([
  "rollout.pending",
  "rollout.bake_waiting",
  "rollout.bake_watching",
  "rollout.bake_superseded",
]);

function sourcesIn(folder: string): readonly string[] {
  return readdirSync(path.join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts"))
    .map((file) => readFileSync(path.join(root, folder, file), "utf8"));
}

const documented = tableOf(page, "entries").flatMap(([names = ""]) =>
  [...names.matchAll(/`([a-z]+\.[a-z_]+)`/g)].flatMap((match) => match[1] ?? []),
);

test("docs/compliance.md lists every entry of the audit log that the bot writes, and no other", () => {
  const sources = [...sourcesIn("src"), ...sourcesIn("commands")];
  const acts = sources.flatMap((text) =>
    [...text.matchAll(/\b(?:action|\w+Action)\b\s*[:=][^,;}]*/g)].map(([act]) => act),
  );
  const areas = new Set([...documented, ...namesIn(acts)].map((name) => name.split(".")[0]));
  const written = namesIn(sources).filter((name) => areas.has(name.split(".")[0]) && !otherNames.has(name));
  const expected = new Set([...written, ...composed.filter((name) => !silent.has(name))]);
  expect(documented.toSorted()).toEqual([...expected].toSorted());
});

function namesIn(texts: readonly string[]): readonly string[] {
  return texts.flatMap((text) =>
    [...text.matchAll(/"([a-z]+\.[a-z_]+)"/g)].flatMap((match) => match[1] ?? []),
  );
}

test.each(["SOC 2", "ISO/IEC 27001", "EU AI Act", "| 12:", "| 19,", "SR 26-2"])("it maps %s", (framework) => {
  expect(page).toContain(framework);
});
