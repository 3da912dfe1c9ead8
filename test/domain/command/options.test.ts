import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import {
  formatLine,
  fromOptions,
  type LineShape,
  lineOfWords,
  optionsOf,
  parseDuration,
  parseLine,
  usageOf,
  withOption,
} from "../../../src/domain/command/options.ts";

const schema = z.object({
  incident: z.number().int().describe("number"),
  reason: z.string().default("").describe("why"),
  cause: z.string().optional().describe("what"),
  dryRun: z.boolean().default(false).describe("only look"),
  ratio: z.number().optional().describe("how much"),
  state: z.enum(["open", "all"]).default("open").describe("which"),
});
const shape: LineShape = { options: optionsOf(schema), args: ["incident", "reason"], rest: "reason" };

test("options are read from the schema", () => {
  const limits = (option: object) => ({ ...option, maxLength: null });
  const read = [
    { key: "incident", name: "incident", summary: "number", type: "integer", isRequired: true, choices: [] },
    { key: "reason", name: "reason", summary: "why", type: "string", isRequired: false, choices: [] },
    { key: "cause", name: "cause", summary: "what", type: "string", isRequired: false, choices: [] },
    { key: "dryRun", name: "dry-run", summary: "only look", type: "boolean", isRequired: false, choices: [] },
    { key: "ratio", name: "ratio", summary: "how much", type: "number", isRequired: false, choices: [] },
    {
      key: "state",
      name: "state",
      summary: "which",
      type: "string",
      isRequired: false,
      choices: ["open", "all"],
    },
  ].map(limits);
  expect(shape.options).toEqual(read);
});

test("a text's longest length is read from the schema", () => {
  expect(optionsOf(z.object({ text: z.string().max(50) }))).toMatchObject([{ maxLength: 50 }]);
});

test("an option that no platform can show is refused by name", () => {
  expect(() => optionsOf(z.object({ list: z.array(z.string()) }))).toThrow('option "list"');
});

describe("a line", () => {
  test.each([
    ["12", { incident: 12 }],
    ["#12", { incident: 12 }],
    ["INC-12", { incident: 12 }],
    ["inc#12 it is over", { incident: 12, reason: "it is over" }],
    ["12 it is --dry-run over", { incident: 12, reason: "it is over", dryRun: true }],
    ["12 --no-dry-run", { incident: 12, dryRun: false }],
    ["--dry-run no 12", { incident: 12, dryRun: false }],
    ["--dryRun 12", { incident: 12, dryRun: true }],
    ["--incident 12 because so", { incident: 12, reason: "because so" }],
    ["12 --cause=service:api", { incident: 12, cause: "service:api" }],
    ["12 —cause “two words”", { incident: 12, cause: "two words" }],
    ["12 --ratio -0.5", { incident: 12, ratio: -0.5 }],
    ["twelve", { incident: "twelve" }],
    ["12 -- --cause is text", { incident: 12, reason: "--cause is text" }],
    ["", {}],
  ])("%j", (line, values) => {
    expect(parseLine(line, shape)).toEqual({ kind: "values", values });
  });

  test.each([
    ["12 --casue x", { kind: "unknown_flag", name: "casue", suggestion: "cause" }],
    ["12 --zzzzzz x", { kind: "unknown_flag", name: "zzzzzz", suggestion: null }],
    ["12 --cause", { kind: "missing_value" }],
    ["12 --cause --dry-run", { kind: "missing_value" }],
    ["12 --cause a --cause b", { kind: "repeated" }],
    ['12 "never closed', { kind: "unclosed_quote" }],
    ["x".repeat(5_000), { kind: "too_long", length: 5_000 }],
  ])("that is wrong says how: %s", (line, problem) => {
    expect(parseLine(line, shape)).toMatchObject(problem);
  });

  test("words beyond the last argument are named", () => {
    const short: LineShape = { ...shape, args: ["incident"], rest: null };
    expect(parseLine("12 and more", short)).toEqual({ kind: "extra_words", words: ["and", "more"] });
  });
});

test("typed options are taken by either spelling, and numbers that came as text are numbers", () => {
  expect(fromOptions({ incident: "#12", "dry-run": true }, shape.options)).toEqual({
    kind: "values",
    values: { incident: 12, dryRun: true },
  });
  expect(fromOptions({ incidnet: 1 }, shape.options)).toMatchObject({
    kind: "unknown_flag",
    suggestion: "incident",
  });
});

test("usage shows what is required and what is not", () => {
  expect(usageOf("resolve", shape)).toBe(
    "resolve <incident> [reason…] [--cause STRING] [--dry-run] [--ratio NUMBER] [--state open|all]",
  );
});

test.each([
  ["45s", 45_000],
  ["30m", 1_800_000],
  ["30min", 1_800_000],
  ["2h", 7_200_000],
  ["1d12h", 129_600_000],
  ["2h30m", 9_000_000],
  ["", null],
  ["h", null],
  ["2 hours", null],
  ["-2h", null],
  ["2h1d", null],
])("the duration %j is %j ms", (text, ms) => {
  expect(parseDuration(text)).toBe(ms);
});

describe("a line made from options", () => {
  const options = optionsOf(
    z.object({
      model: z.string().describe("m"),
      version: z.string().optional().describe("v"),
      incident: z.number().int().optional().describe("i"),
      dryRun: z.boolean().default(false).describe("d"),
      reason: z.string().optional().describe("r"),
    }),
  );
  const shape = { options, args: ["model", "version"], rest: null };
  // What a reading repairs anyway (typographic quotes, odd blanks and dashes) is no part of a value.
  const text = fc.string({ unit: "grapheme-ascii", minLength: 1, maxLength: 20 });
  const values = fc.record(
    { model: text, version: text, incident: fc.nat(), dryRun: fc.boolean(), reason: text },
    { requiredKeys: ["model"] },
  );

  test("reads back as the same options, whatever is in them", () => {
    fc.assert(
      fc.property(values, (given) => {
        const line = formatLine("deploy", shape, given);
        expect(line.startsWith("deploy ")).toBe(true);
        expect(parseLine(line.slice("deploy".length), shape)).toEqual({ kind: "values", values: given });
      }),
    );
  });

  test("takes one more, quoted", () => {
    fc.assert(
      fc.property(text, (typed) => {
        const line = withOption("scorer", "reason", typed);
        expect(parseLine(line, shape)).toEqual({
          kind: "values",
          values: { model: "scorer", reason: typed },
        });
      }),
    );
  });
});

test.each([
  [["ack 12"], "ack 12"],
  [["ack", "12"], "ack 12"],
  [["deploy", "x", "2", "--reason", 'it is "better"'], 'deploy x 2 --reason "it is \\"better\\""'],
  [[], ""],
])("the words %j of a shell are the line %j", (words, line) => {
  expect(lineOfWords(words)).toBe(line);
});
