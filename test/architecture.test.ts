import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { idleExports, missingPaths, readTree, violations } from "./architecture.ts";

const root = path.resolve(import.meta.dirname, "..");

describe("the layers", () => {
  test("hold in this repository", () => {
    const tree = readTree(root);
    expect(tree.size).toBeGreaterThan(30);
    expect(violations(tree)).toEqual([]);
  });

  const planted: readonly [string, Record<string, string>, RegExp][] = [
    [
      "an adapter imported from the domain",
      { "src/domain/a.ts": 'import { b } from "../adapters/store/b.ts";' },
      /domain must not import adapters/,
    ],
    [
      "a type of an adapter imported from the domain",
      { "src/domain/a.ts": 'import type { B } from "../adapters/store/b.ts";' },
      /domain must not import adapters/,
    ],
    [
      "an SDK imported from the domain",
      { "src/domain/a.ts": 'import postgres from "postgres";' },
      /domain may import only zod/,
    ],
    [
      "an adapter loaded lazily from the app",
      { "src/app/a.ts": 'const b = await import("../adapters/b.ts");' },
      /app must not import adapters/,
    ],
    [
      "one adapter imported from another",
      { "src/adapters/chat/slack/a.ts": 'import { b } from "../discord.ts";' },
      /an adapter must not import another/,
    ],
    [
      "one command imported from another",
      { "commands/a.ts": 'import b from "./b.ts";', "commands/b.ts": "" },
      /commands must not import commands/,
    ],
    [
      "an adapter imported from a command",
      { "commands/a.ts": 'import { b } from "../src/adapters/chat/slack.ts";' },
      /commands must not import adapters/,
    ],
    [
      "an adapter imported from http",
      { "src/http.ts": 'export { b } from "./adapters/chat/slack.ts";' },
      /root must not import adapters/,
    ],
    [
      "main imported from the app",
      { "src/app/a.ts": 'import { b } from "../main.ts";' },
      /app must not import main/,
    ],
    [
      "an import cycle",
      { "src/app/a.ts": 'import { b } from "./b.ts";', "src/app/b.ts": 'import type { A } from "./a.ts";' },
      /import cycle/,
    ],
    [
      "the environment read outside config",
      { "src/app/a.ts": "const home = process.env.HOME;" },
      /reads the environment/,
    ],
    [
      "the environment read by index",
      { "src/app/a.ts": "const home = process['env']['HOME'];" },
      /reads the environment/,
    ],
    [
      "a port that reads",
      { "src/ports/a.ts": "export const a = async (store: Store) => (await store.list()).length;" },
      /ports say what there is/,
    ],
    [
      "an app imported from a query",
      { "src/queries/a.ts": 'import { b } from "../app/b.ts";', "src/app/b.ts": "" },
      /queries must not import app/,
    ],
    [
      "an SDK imported from a query",
      { "src/queries/a.ts": 'import postgres from "postgres";' },
      /queries must not import package/,
    ],
    ["a clock in the domain", { "src/domain/a.ts": "const now = Date.now();" }, /no clock/],
    [
      "randomness in the domain",
      { "src/domain/a.ts": "const id = Math.random();" },
      /no clock and no randomness/,
    ],
    [
      "words of the domain spelled again by a table",
      { "src/adapters/store/schema/a.ts": 'text("state", { enum: ["open", "resolved"] })' },
      /takes its words from a type/,
    ],
    [
      "an accessor in what is asked for every alert",
      { "src/domain/clustering/a.ts": "export const a = {\n  get size() {\n    return 1;\n  },\n};" },
      /give a function/,
    ],
  ];

  test.each(planted)("%s is found", (_, files, rule) => {
    const rules = violations(new Map(Object.entries(files))).map((violation) => violation.rule);
    expect(rules.join("\n")).toMatch(rule);
  });

  test("what is allowed is not found", () => {
    const files = {
      "src/domain/a.ts":
        '/** process.env in prose. */\nimport { z } from "zod";\nimport type { B } from "./b.ts";',
      "src/domain/b.ts": "export type B = string; // Date.now() in prose",
      "src/adapters/chat/slack.ts": 'import { render } from "./slack/render.ts";',
      "src/adapters/chat/slack/render.ts": 'import type { View } from "../../../domain/view.ts";',
      "src/adapters/store/a.ts": 'import { b } from "./b.ts";\nimport postgres from "postgres";',
      "src/main.ts": 'import { a } from "./adapters/store/a.ts";',
      "src/config.ts": "const home = process.env.HOME;",
    };
    expect(violations(new Map(Object.entries(files)))).toEqual([]);
  });
});

describe("what is exported", () => {
  test("is used by the product", () => {
    expect(idleExports(readTree(root))).toEqual([]);
  });

  test("what only tests use, or nobody, is found", () => {
    const files = {
      "src/domain/a.ts":
        "export const used = 1;\n/** As idle, but for idle. */\nexport function idle() {}\nexport interface Idle {}",
      "src/domain/b.ts": 'import { used } from "./a.ts";',
    };
    expect(idleExports(new Map(Object.entries(files)))).toEqual([
      "idle of src/domain/a.ts",
      "Idle of src/domain/a.ts",
    ]);
  });
});

describe("ARCHITECTURE.md", () => {
  test("names only paths that exist", () => {
    expect(missingPaths(readFileSync(path.join(root, "ARCHITECTURE.md"), "utf8"), root)).toEqual([]);
  });

  test("a path that does not exist is found", () => {
    expect(missingPaths("see `src/domain/nowhere.ts` and `src/ports.ts`", root)).toEqual([
      "src/domain/nowhere.ts",
    ]);
  });
});
