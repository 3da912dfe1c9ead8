import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";

const folder = mkdtempSync(path.join(tmpdir(), "tocsin-plugins-"));
const command = (name: string, over = "") => `
import { answerView, defineCommand } from "tocsin/plugin";
import { z } from "zod";
export default defineCommand({
  kind: "read", name: "${name}", summary: "Say hello", examples: ["${name} you"],
  options: z.object({ who: z.string().describe("whom to greet") }), args: ["who"], action: "read",
  async run(options) { return { kind: "answer", view: answerView("hello " + options.who), visibility: "private" }; },
  ${over}
});`;

const files: Readonly<Record<string, string>> = {
  "hello.ts": `import { greeting } from "./_words.ts";\nenum Tone { Warm = "!" }\nconst tone: Tone = Tone.Warm;\n${command("hello", "tone: greeting + tone,")}`,
  "_words.ts": "export const greeting: string = 'hello';",
  "plain.js": command("plain"),
  "syntax.ts": "export default {{",
  "nothing.ts": "export const x = 1;",
  "other-name.ts": command("another"),
  "help.ts": command("help"),
  "no-run.ts": command("no-run", "run: undefined,"),
  "undescribed.ts": command("undescribed", "options: z.object({ who: z.string() }),"),
  "bad-example.ts": command("bad-example", 'examples: ["bad-example --whom you"],'),
  "bad-action.ts": command("bad-action", 'action: "launch",'),
  "throws.ts": "throw new Error('the token is missing');",
  "hello.test.ts": "throw new Error('tests are not plug-ins');",
  "notes.md": "not a plug-in",
};

interface Seen {
  readonly names: readonly string[];
  readonly problems: readonly { readonly file: string; readonly problem: string }[];
  readonly answer: string;
  readonly sameZod: boolean;
}
let seen: Seen;

beforeAll(async () => {
  // A package.json that says CommonJS must not matter.
  writeFileSync(path.join(folder, "package.json"), '{ "type": "commonjs" }');
  for (const [name, text] of Object.entries(files)) writeFileSync(path.join(folder, name), text);
  mkdirSync(path.join(folder, "sub"));
  const script = `
    const { checkCommand, loadFolders } = await import(${JSON.stringify(new URL("../src/load.ts", import.meta.url).href)});
    const { z } = await import("zod");
    const loaded = await loadFolders([${JSON.stringify(path.resolve("commands"))}, ${JSON.stringify(folder)}, "/no/such/folder"], checkCommand);
    const hello = loaded.plugins.find((plugin) => plugin.name === "hello");
    const answer = await hello.run({ who: "you" });
    console.log(JSON.stringify({ names: loaded.plugins.map((plugin) => plugin.name), problems: loaded.problems, answer: answer.view.summary, sameZod: hello.options instanceof z.ZodObject }));
  `;
  const loader = pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href;
  const flags = ["--import", loader, "--input-type=module", "-e", script];
  const { stdout } = await promisify(execFile)(process.execPath, flags, { timeout: 50_000 });
  seen = JSON.parse(stdout.trim().split("\n").at(-1) ?? "");
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("a TypeScript file outside the package loads, whatever package lies above it, with our own zod", () => {
  expect(seen.names).toContain("hello");
  expect(seen.answer).toBe("hello you");
  expect(seen.sameZod).toBe(true);
});

test("so does a JavaScript file, and the commands of the package are there", () => {
  expect(seen.names).toEqual(expect.arrayContaining(["plain", "help", "deploy"]));
});

test.each([
  ["syntax.ts", "Expected identifier"],
  ["nothing.ts", "no default export"],
  ["other-name.ts", 'its name is "another" and its file name says "other-name"'],
  ["help.ts", 'the name "help" is taken'],
  ["no-run.ts", 'kind "read" needs run()'],
  ["undescribed.ts", 'option "who" has no description'],
  ["bad-example.ts", 'example "bad-example --whom you" does not parse'],
  ["bad-action.ts", "action: Invalid option"],
  ["throws.ts", "the token is missing"],
])("%s is named with the reason", (file, expected) => {
  const problem = seen.problems.find((candidate) => path.basename(candidate.file) === file);
  expect(problem?.problem).toContain(expected);
});

test("a folder that is not there is named too, and nothing else is a problem", () => {
  expect(seen.problems.some((problem) => problem.file === "/no/such/folder")).toBe(true);
  expect(seen.problems).toHaveLength(10);
});
