import { describe, expect, test } from "vitest";
import { catalogOf, discordName, fingerprintOf } from "../../../../src/adapters/chat/discord/commands.ts";
import type { CommandShape } from "../../../../src/ports.ts";
import { readCommands } from "../../../fakes/discord/command-limits.ts";
import { option, shapes } from "./harness.ts";

function command(over: Partial<CommandShape>): CommandShape {
  return { name: "x", summary: "does x", examples: [], options: [], ...over };
}

/** The one command that a shape becomes; fails when Discord would refuse it. */
function registered(shape: CommandShape) {
  const { commands, refused } = catalogOf([shape]);
  expect(refused).toEqual([]);
  readCommands(JSON.parse(JSON.stringify(commands)));
  const [only] = commands;
  if (only === undefined) throw new Error("nothing registered");
  return only;
}

test("names are lower case with dashes, and lead back to ours", () => {
  expect(discordName("dryRun")).toBe("dry-run");
  expect(discordName("endsAt2Days")).toBe("ends-at2-days");
  const catalog = catalogOf(shapes);
  expect(catalog.optionOf("ack", "dry-run")?.name).toBe("dryRun");
  expect(catalog.commandOf("ack")?.name).toBe("ack");
  expect(catalog.commandOf("nope")).toBeNull();
});

test("required options come first, the others keep their order", () => {
  const names = ["a", "b", "c", "d"].map((name) => option({ name, isRequired: name === "c" }));
  expect(registered(command({ options: names })).options.map(({ name }) => name)).toEqual([
    "c",
    "a",
    "b",
    "d",
  ]);
});

test("up to 25 choices are choices, more are suggestions", () => {
  const choices = (count: number) => Array.from({ length: count }, (_, at) => `choice ${at}`);
  const few = registered(command({ options: [option({ name: "o", choices: choices(25) })] })).options[0];
  expect(few?.choices).toHaveLength(25);
  expect(few?.autocomplete).toBeUndefined();
  const many = registered(command({ options: [option({ name: "o", choices: choices(26) })] })).options[0];
  expect(many).toMatchObject({ autocomplete: true });
  expect(many?.choices).toBeUndefined();
});

test("texts that are empty or too long are made to fit", () => {
  const made = registered(
    command({ summary: "s".repeat(300), options: [option({ name: "o", summary: "  " })] }),
  );
  expect(made.description).toHaveLength(100);
  expect(made.options[0]?.description).toBe("o");
});

describe("a command that Discord would refuse is left out, with the reason", () => {
  const cases: readonly (readonly [string, CommandShape, RegExp])[] = [
    ["a name with a space", command({ name: "two words!" }), /no name for Discord/],
    [
      "too many options",
      command({ options: Array.from({ length: 26 }, (_, at) => option({ name: `o${at}` })) }),
      /more than 25/,
    ],
    [
      "two options of one name",
      command({ options: [option({ name: "dryRun" }), option({ name: "dry-run" })] }),
      /dry-run/,
    ],
    [
      "a choice too long",
      command({ options: [option({ name: "o", choices: ["c".repeat(101)] })] }),
      /longer than 100/,
    ],
    [
      "too much text",
      command({
        options: Array.from({ length: 10 }, (_, at) =>
          option({ name: `o${at}`, choices: Array.from({ length: 25 }, (_, n) => `${"c".repeat(40)}${n}`) }),
        ),
      }),
      /8000/,
    ],
  ];
  test.each(cases)("%s", (_name, shape, problem) => {
    const { commands, refused } = catalogOf([command({ name: "good" }), shape]);
    expect(commands.map(({ name }) => name)).toEqual(["good"]);
    expect(refused).toEqual([{ name: shape.name, problem: expect.stringMatching(problem) }]);
  });

  test("a second command of the same name", () => {
    expect(catalogOf([command({}), command({})]).refused).toHaveLength(1);
  });

  test("the hundred and first", () => {
    const many = Array.from({ length: 101 }, (_, at) => command({ name: `c${at}` }));
    expect(catalogOf(many).refused.map(({ name }) => name)).toEqual(["c100"]);
  });
});

test("the fingerprint ignores order of commands, defaults and Discord's own fields, and nothing else", () => {
  const ours = catalogOf(shapes).commands;
  const theirs = [...ours].reverse().map((each) => ({
    ...each,
    id: "1",
    version: "2",
    nsfw: false,
    options: each.options.map((one) => ({
      ...one,
      required: one.required ?? false,
      name_localizations: null,
    })),
  }));
  expect(fingerprintOf(theirs)).toBe(fingerprintOf(ours));
  const [first] = ours;
  expect(fingerprintOf(ours.slice(1))).not.toBe(fingerprintOf(ours));
  expect(fingerprintOf([{ ...first, description: "other" }, ...ours.slice(1)])).not.toBe(fingerprintOf(ours));
  expect(
    fingerprintOf([{ ...first, options: [...(first?.options ?? [])].reverse() }, ...ours.slice(1)]),
  ).not.toBe(fingerprintOf(ours));
});
