/** A command's options: what they look like from outside, and how they are read from a line. */
import { z } from "zod";
import { closest } from "./spelling.ts";
import { repairTyping, type Token, tokenize } from "./words.ts";

/** Longer lines are refused before any work is done on them. */
export const maxLineLength = 4_000;

/** One option of a command, read from its zod schema. */
export interface CommandOption {
  /** As in the schema: "dryRun". */
  readonly key: string;
  /** As people write it: "dry-run". */
  readonly name: string;
  readonly summary: string;
  readonly type: "string" | "integer" | "number" | "boolean";
  readonly isRequired: boolean;
  readonly choices: readonly string[];
  /** Characters of a text at most; null where it has no limit. */
  readonly maxLength: number | null;
}

const optionSchema = z.object({
  type: z.enum(["string", "integer", "number", "boolean"]),
  description: z.string().default(""),
  enum: z.array(z.string()).optional(),
  maxLength: z.number().optional(),
});
const objectSchema = z.object({
  properties: z.record(z.string(), z.unknown()).default({}),
  required: z.array(z.string()).default([]),
});

/**
 * What a command's zod object looks like from outside.
 * @throws Error naming the option whose type a chat platform cannot show (anything but string, enum, number, boolean).
 */
export function optionsOf(schema: z.ZodObject): readonly CommandOption[] {
  const { properties, required } = objectSchema.parse(
    z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }),
  );
  return Object.entries(properties).map(([key, value]) => {
    const option = optionSchema.safeParse(value);
    if (!option.success) {
      const shape = JSON.stringify(value);
      throw new Error(
        `option "${key}" is ${shape}; expected a string, an enum, a number or a boolean with .describe()`,
      );
    }
    const { type, description, enum: choices = [], maxLength = null } = option.data;
    return {
      key,
      name: kebab(key),
      summary: description,
      type,
      isRequired: required.includes(key),
      choices,
      maxLength,
    };
  });
}

/** "dryRun" as "dry-run". */
export function kebab(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** How a command takes its options from a line. */
export interface LineShape {
  readonly options: readonly CommandOption[];
  /** Keys of options that may be written as bare words, in order. */
  readonly args: readonly string[];
  /** The one of them that takes the rest of the line. */
  readonly rest: string | null;
}

export type LineProblem =
  | { readonly kind: "too_long"; readonly length: number }
  | { readonly kind: "unclosed_quote"; readonly rest: string }
  | { readonly kind: "unknown_flag"; readonly name: string; readonly suggestion: string | null }
  | { readonly kind: "missing_value"; readonly option: CommandOption }
  | { readonly kind: "repeated"; readonly option: CommandOption }
  | { readonly kind: "extra_words"; readonly words: readonly string[] };

export type LineResult =
  | { readonly kind: "values"; readonly values: Readonly<Record<string, unknown>> }
  | LineProblem;

/**
 * Reads the options of a command from a line. Values are converted by the option's type but not yet checked: the
 * command's own zod schema does that next.
 * @param given - values that are known already; no word is read for them.
 */
export function parseLine(
  line: string,
  shape: LineShape,
  given: Readonly<Record<string, unknown>> = {},
): LineResult {
  if (line.length > maxLineLength) return { kind: "too_long", length: line.length };
  const split = tokenize(repairTyping(line));
  if (split.kind === "unclosed_quote") return split;
  const values: Record<string, unknown> = { ...given };
  const words: string[] = [];
  for (let index = 0; index < split.tokens.length; index += 1) {
    const token = split.tokens[index];
    if (token === undefined) break;
    if (token.kind === "word") {
      words.push(token.text);
      continue;
    }
    const next = split.tokens[index + 1];
    const read = readFlag(shape.options, token, next?.kind === "word" ? next.text : null);
    if (read.kind !== "flag") return read;
    if (read.option.key in values) return { kind: "repeated", option: read.option };
    values[read.option.key] = read.value;
    if (read.usedNext) index += 1;
  }
  return placeWords(shape, words, values);
}

type FlagRead =
  | {
      readonly kind: "flag";
      readonly option: CommandOption;
      readonly value: unknown;
      readonly usedNext: boolean;
    }
  | LineProblem;

function readFlag(
  options: readonly CommandOption[],
  token: Extract<Token, { kind: "flag" }>,
  next: string | null,
): FlagRead {
  const name = kebab(token.name).replace(/_/g, "-");
  const option = options.find((candidate) => candidate.name === name);
  if (option === undefined) {
    const negated = options.find((candidate) => `no-${candidate.name}` === name);
    if (negated?.type === "boolean" && token.value === null) {
      return { kind: "flag", option: negated, value: false, usedNext: false };
    }
    const names = options.map((candidate) => candidate.name);
    return { kind: "unknown_flag", name: token.name, suggestion: closest(name, names) };
  }
  if (option.type === "boolean") {
    const isWord = token.value === null && next !== null && booleanOf(next) !== null;
    const text = token.value ?? (isWord ? next : "true");
    return { kind: "flag", option, value: booleanOf(text) ?? text, usedNext: isWord };
  }
  const text = token.value ?? next;
  if (text === null) return { kind: "missing_value", option };
  return { kind: "flag", option, value: convert(option, text), usedNext: token.value === null };
}

function placeWords(shape: LineShape, words: readonly string[], values: Record<string, unknown>): LineResult {
  const open = shape.args.filter((key) => !(key in values));
  let used = 0;
  for (const key of open) {
    const option = shape.options.find((candidate) => candidate.key === key);
    if (used >= words.length || option === undefined) break;
    const text = key === shape.rest ? words.slice(used).join(" ") : (words[used] ?? "");
    values[key] = convert(option, text);
    used = key === shape.rest ? words.length : used + 1;
  }
  return used < words.length ? { kind: "extra_words", words: words.slice(used) } : { kind: "values", values };
}

/** Typed options of a platform that has them, by schema key; numbers that came as text are converted. */
export function fromOptions(
  given: Readonly<Record<string, string | number | boolean>>,
  options: readonly CommandOption[],
): LineResult {
  const values: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(given)) {
    const option = options.find((candidate) => candidate.name === kebab(name));
    if (option === undefined) {
      const names = options.map((candidate) => candidate.name);
      return { kind: "unknown_flag", name, suggestion: closest(name, names) };
    }
    values[option.key] = typeof value === "string" ? convert(option, repairTyping(value)) : value;
  }
  return { kind: "values", values };
}

/** The text as the option's type, or as it is when it does not fit: the schema then says what is wrong. */
function convert(option: CommandOption, text: string): unknown {
  if (option.type === "boolean") return booleanOf(text) ?? text;
  if (option.type === "integer") {
    const digits = /^(?:#|[A-Za-z]{2,10}[-#])?(\d{1,15})$/.exec(text.trim())?.[1];
    return digits === undefined ? numberOf(text) : Number(digits);
  }
  return option.type === "number" ? numberOf(text) : text;
}

function numberOf(text: string): unknown {
  return /^[+-]?\d+(\.\d+)?$/.test(text.trim()) ? Number(text) : text;
}

function booleanOf(text: string): boolean | null {
  const word = text.toLowerCase();
  if (["true", "yes", "on", "1"].includes(word)) return true;
  return ["false", "no", "off", "0"].includes(word) ? false : null;
}

/** "deploy <model> <version> [--environment TEXT]": how a command is written. */
export function usageOf(name: string, shape: LineShape): string {
  const words = shape.args.flatMap((key) => {
    const option = shape.options.find((candidate) => candidate.key === key);
    if (option === undefined) return [];
    const text = `${option.name}${key === shape.rest ? "…" : ""}`;
    return [option.isRequired ? `<${text}>` : `[${text}]`];
  });
  const flags = shape.options
    .filter((option) => !shape.args.includes(option.key))
    .map((option) => {
      const value = option.choices.length > 0 ? option.choices.join("|") : option.type.toUpperCase();
      const flag = option.type === "boolean" ? `--${option.name}` : `--${option.name} ${value}`;
      return option.isRequired ? flag : `[${flag}]`;
    });
  return [name, ...words, ...flags].join(" ");
}

/** A line that gives a command these options, by their keys; words first. */
export function formatLine(
  name: string,
  shape: LineShape,
  values: Readonly<Record<string, unknown>>,
): string {
  const words: string[] = [];
  const flags: string[] = [];
  let isWord = true;
  for (const key of [...shape.args, ...shape.options.map((option) => option.key)]) {
    const option = shape.options.find((candidate) => candidate.key === key);
    const value = values[key];
    const text = String(value);
    if (value === undefined) isWord = false;
    if (
      option === undefined ||
      value === undefined ||
      flags.some((flag) => flag.startsWith(`--${option.name} `))
    )
      continue;
    const isArg = shape.args.includes(key);
    if (isArg && words.length === shape.args.indexOf(key) && isWord && /^[\w./:@+][\w./:@+-]*$/.test(text)) {
      words.push(text);
    } else if (!isArg || words.length <= shape.args.indexOf(key)) {
      isWord = false;
      flags.push(option.type === "string" ? `--${option.name} ${quoted(text)}` : `--${option.name} ${text}`);
    }
  }
  return [name, ...words, ...flags].join(" ");
}

function quoted(text: string): string {
  return /^[\w./:@+][\w./:@+-]*$/.test(text) ? text : `"${text.replace(/[\\"]/g, "\\$&")}"`;
}

/**
 * One line of what a shell took apart, whose own quotes it took away.
 * @param words - a whole line as the only word, or its words.
 */
export function lineOfWords(words: readonly string[]): string {
  const [line = ""] = words;
  return words.length < 2 ? line : words.map((word) => (/\s/.test(word) ? quoted(word) : word)).join(" ");
}

/** The line with one more option, its value quoted. */
export function withOption(line: string, option: string, value: string): string {
  return `${line} --${option} "${value.replace(/[\\"]/g, "\\$&")}"`;
}

/** A duration people type: "45s", "30m", "2h", "1d", "2h30m". Milliseconds, or null. */
export function parseDuration(text: string): number | null {
  const match = /^(?:(\d{1,4})d)?(?:(\d{1,5})h)?(?:(\d{1,6})m(?:in)?)?(?:(\d{1,7})s)?$/.exec(
    text.trim().toLowerCase(),
  );
  if (match === null || match[0] === "") return null;
  const [days, hours, minutes, seconds] = match.slice(1).map((part) => Number(part ?? 0));
  return (((days ?? 0) * 24 + (hours ?? 0)) * 3_600 + (minutes ?? 0) * 60 + (seconds ?? 0)) * 1_000;
}
