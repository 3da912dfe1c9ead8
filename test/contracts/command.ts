/** What every slash command must be, whatever it does; run for each file of a commands folder. */
import { describe, expect, test } from "vitest";
import { optionsOf, parseLine, usageOf } from "../../src/domain/command/options.ts";
import type { Command } from "../../src/ports.ts";

export function commandContract(command: Command): void {
  describe(`/${command.name}, as every command,`, () => {
    const options = optionsOf(command.options);
    const shape = { options, args: command.args, rest: command.rest ?? null };

    test("says what it does in one plain line", () => {
      expect(command.summary).toMatch(/^[A-Z].{5,99}$/);
      expect(command.summary).not.toMatch(/[.\n]$/);
    });

    test("describes every option, required ones first among its words", () => {
      for (const option of options) expect(option.summary, option.name).toMatch(/^\S.{2,}$/);
      const words = command.args.map((key) => options.find((option) => option.key === key));
      expect(words.every((option) => option !== undefined)).toBe(true);
      const firstOptional = words.findIndex((option) => option?.isRequired === false);
      const after = firstOptional === -1 ? [] : words.slice(firstOptional);
      expect(after.some((option) => option?.isRequired === true)).toBe(false);
    });

    test("has examples that are lines of itself and fit its own options", () => {
      expect(command.examples.length).toBeGreaterThan(0);
      for (const example of command.examples) {
        expect(example.split(" ")[0]).toBe(command.name);
        const line = parseLine(example.slice(command.name.length), shape);
        if (line.kind !== "values") throw new Error(`${example}: ${line.kind}`);
        expect(command.options.safeParse(line.values), example).toMatchObject({ success: true });
      }
    });

    test("stays within what chat platforms take", () => {
      expect(command.name).toMatch(/^[a-z][a-z0-9-]{0,31}$/);
      expect(options.length).toBeLessThanOrEqual(25);
      for (const option of options) {
        expect(option.name).toMatch(/^[a-z][a-z0-9-]{0,31}$/);
        expect(option.summary.length, option.name).toBeLessThanOrEqual(100);
        expect(option.choices.length).toBeLessThanOrEqual(25);
      }
      expect(usageOf(command.name, shape).length).toBeLessThanOrEqual(400);
    });

    test("takes no option twice and hides none behind another's negation", () => {
      const names = options.map((option) => option.name);
      expect(new Set(names).size).toBe(names.length);
      for (const option of options) {
        if (option.type === "boolean") expect(names).not.toContain(`no-${option.name}`);
      }
    });
  });
}
