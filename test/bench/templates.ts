/**
 * How well and how fast templates are found in lines made from known ones.
 *   node --import tsx test/bench/templates.ts
 */
import { createTemplates } from "../../src/domain/clustering/templates.ts";
import { groupingAccuracy, makeLines } from "../domain/clustering/template-lines.ts";

for (const templates of [50, 200, 600]) {
  const lines = makeLines({ templates, lines: 20_000, seed: templates });
  // Twice, so that the second run is of compiled code.
  for (const _warmUp of [true]) mine(lines);
  const { found, microseconds } = mine(lines);
  const made = lines.map((line) => line.made);
  console.log(
    `${templates} templates, ${lines.length} lines: ${new Set(found).size} found, grouping accuracy ${groupingAccuracy(made, found).toFixed(3)}, ${microseconds.toFixed(1)} us a line`,
  );
}

function mine(lines: readonly { readonly text: string }[]) {
  const miner = createTemplates(5_000);
  const startedAt = performance.now();
  const found = lines.map(({ text }) => miner.learn(text).id);
  return { found, microseconds: ((performance.now() - startedAt) * 1000) / lines.length };
}
