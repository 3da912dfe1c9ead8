import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { limits } from "../../src/domain/limits.ts";

const root = path.join(import.meta.dirname, "../../src");
const sources = readdirSync(root, { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".ts") && file !== path.join("domain", "limits.ts"))
  .map((file) => readFileSync(path.join(root, file), "utf8"))
  .join("\n");

test("each limit is named once", () => {
  expect(new Set(limits).size).toBe(limits.length);
});

test.each(limits)("%s is counted somewhere", (limit) => {
  // Noted by its name, or a field of what a bounded part says it left out.
  expect(sources).toMatch(new RegExp(`note\\(\\s*"${limit}"|\\b${limit}: |\\.${limit} \\+= `));
});
