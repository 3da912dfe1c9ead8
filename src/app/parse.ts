/** From what a person typed or chose to a command's checked options, or to words about what is wrong. */
import { z } from "zod";
import { withKnownFlags, withValue } from "../domain/command/line-correction.ts";
import {
  type CommandOption,
  fromOptions,
  type LineProblem,
  type LineShape,
  maxLineLength,
  optionsOf,
  parseLine,
  usageOf,
} from "../domain/command/options.ts";
import { closest } from "../domain/command/spelling.ts";
import { oneLine } from "../domain/view.ts";
import type { Command, CommandRequest, CommandShape, Refusal } from "../ports.ts";

/** A command with what is read from its options once. */
export interface PreparedCommand {
  readonly command: Command;
  readonly line: LineShape;
  readonly usage: string;
}

/** @throws Error when an option cannot be shown on a chat platform; the loader has checked that before. */
export function prepareCommand(given: Command): PreparedCommand {
  const command = withOwnOptions(given);
  const line = { options: optionsOf(command.options), args: command.args, rest: command.rest ?? null };
  return { command, line, usage: usageOf(command.name, line) };
}

/** Options that every command of its kind takes; what they mean is not the command's business. */
const dryRun = z.boolean().default(false).describe("only show what would happen");
const rolloutOptions = {
  dryRun,
  breakGlass: z
    .string()
    .max(500)
    .optional()
    .describe("why it cannot wait for a freeze to end or a gate to pass"),
  confirm: z.string().max(200).optional().describe("the model's name, for one of high risk"),
};

/** Whether it is such an option, which forms do not ask for. */
export function isOwnOption(key: string): boolean {
  return Object.hasOwn(rolloutOptions, key);
}

function withOwnOptions(command: Command): Command {
  if (command.kind === "read" || command.hasDryRun === false) return command;
  const own = command.kind === "rollout" ? rolloutOptions : { dryRun };
  const missing = Object.fromEntries(
    Object.entries(own).filter(([key]) => !Object.hasOwn(command.options.shape, key)),
  );
  return { ...command, options: command.options.safeExtend(missing) };
}

/** How a rollout is asked for, beside what. */
export interface RolloutManner {
  readonly isDryRun: boolean;
  /** Why a freeze or a gate is to be broken. */
  readonly breakGlass: string | null;
  /** What was typed for the model's name. */
  readonly typedName: string | null;
}

const mannerShape = z.object({
  dryRun: z.boolean().default(false),
  breakGlass: z.string().optional(),
  confirm: z.string().optional(),
});

/** @param options - of a command as it was parsed. */
export function mannerOf(options: Readonly<Record<string, unknown>>): RolloutManner {
  const { dryRun: isDryRun, breakGlass, confirm } = mannerShape.parse(options);
  const reason = oneLine(breakGlass ?? "", 500);
  return { isDryRun, breakGlass: reason === "" ? null : reason, typedName: confirm?.trim() ?? null };
}

/** What a platform that registers commands is told. */
export function shapeOf(prepared: PreparedCommand): CommandShape {
  const { command, line } = prepared;
  const ofThread = ofThreadOption(prepared);
  return {
    name: command.name,
    summary: command.summary,
    examples: command.examples,
    options: line.options.map((option) => ({
      name: option.name,
      summary: option.summary,
      type: option.type,
      // The thread of a card, or a form, says which incident.
      isRequired: option.isRequired && option.key !== ofThread?.key,
      choices: option.choices,
      isSuggested: command.suggest?.[option.key] !== undefined,
      position: command.args.includes(option.key) ? command.args.indexOf(option.key) : null,
    })),
  };
}

export type ParsedOptions =
  | {
      readonly kind: "options";
      readonly options: Readonly<Record<string, unknown>>;
      /** Those that the person gave, without defaults. */
      readonly given: Readonly<Record<string, unknown>>;
    }
  | (Refusal & { readonly usage: string });

/** Whose thread a request was said in: an incident's, something else's, or none. */
export type ThreadSubject =
  | { readonly kind: "incident"; readonly id: number }
  | { readonly kind: "other" }
  | { readonly kind: "none" };

/**
 * Reads and checks the options of a request. In the thread of an incident's card its number may be left out: a line
 * that says which incident it means is read as it is written, any other with the number of the card.
 */
export function parseOptions(
  prepared: PreparedCommand,
  request: CommandRequest,
  thread: ThreadSubject = { kind: "none" },
): ParsedOptions {
  const asWritten = readOptions(prepared, request, {});
  const option = ofThreadOption(prepared);
  if (option === null || thread.kind === "none") return asWritten.parsed;
  const { parsed, values } = asWritten;
  const named = values[option.key];
  if (parsed.kind === "options" && named !== undefined) return parsed;
  const isNumbered = typeof named === "number";
  if (thread.kind === "other") return isNumbered ? parsed : withoutCard(parsed);
  const id = option.type === "string" ? String(thread.id) : thread.id;
  const filled = readOptions(prepared, request, { [option.key]: id }).parsed;
  return isNumbered && filled.kind === "refuse" ? parsed : filled;
}

/** The option that an incident's thread fills in; null when the command has none. */
export function ofThreadOption({ command, line }: PreparedCommand): CommandOption | null {
  const key = command.ofThread ?? "incident";
  return line.options.find((option) => option.key === key) ?? null;
}

function withoutCard(parsed: ParsedOptions): ParsedOptions {
  if (parsed.kind === "options" || !["missing", "invalid"].includes(parsed.reason)) return parsed;
  const remedy = `${parsed.remedy} Only in the thread of an incident's card may its number be left out; this is not one.`;
  return { ...parsed, remedy };
}

function readOptions(
  prepared: PreparedCommand,
  request: CommandRequest,
  given: Readonly<Record<string, unknown>>,
): { readonly parsed: ParsedOptions; readonly values: Readonly<Record<string, unknown>> } {
  const { line, command, usage } = prepared;
  const { input } = request;
  const text = input.kind === "text" ? input.text : null;
  const read =
    input.kind === "text" ? parseLine(text ?? "", line, given) : fromOptions(input.options, line.options);
  if (read.kind !== "values") return { parsed: { ...lineRefusal(prepared, read, text), usage }, values: {} };
  const values = { ...given, ...read.values };
  const checked = command.options.safeParse(values);
  if (checked.success) return { parsed: { kind: "options", options: checked.data, given: values }, values };
  return { parsed: { ...valueRefusal(prepared, { values, error: checked.error, text }), usage }, values };
}

/** The refusal for a command that does not exist. */
export function unknownCommand(name: string, rest: string, commands: readonly PreparedCommand[]): Refusal {
  const near = closest(
    name,
    commands.map(({ command }) => command.name),
  );
  const line = near === null ? null : `${near} ${rest}`.trim();
  const known = near === null ? "" : `Did you mean /${near}? `;
  return {
    kind: "refuse",
    reason: "unknown_command",
    problem: `There is no command "${oneLine(name, 60)}".`,
    remedy: `${known}/help lists what you can do.`,
    suggestions: [...(line === null ? [] : [line]), "help"],
  };
}

/** @param text - the line, when it was written as one: put right, it becomes a suggestion. */
function lineRefusal({ command, line }: PreparedCommand, problem: LineProblem, text: string | null): Refusal {
  const { name } = command;
  const no = (
    reason: string,
    text: string,
    remedy: string,
    suggestions: readonly string[] = [],
  ): Refusal => ({
    kind: "refuse",
    reason,
    problem: text,
    remedy,
    suggestions: suggestions.length > 0 ? suggestions : command.examples,
  });
  switch (problem.kind) {
    case "too_long":
      return no("too_long", `That is ${problem.length} characters long.`, `Use at most ${maxLineLength}.`);
    case "unclosed_quote":
      return no(
        "unclosed_quote",
        `A quote is opened at ${oneLine(problem.rest, 40)} and never closed.`,
        'Close it with ", or leave it out.',
      );
    case "unknown_flag": {
      const known = line.options.map((option) => `--${option.name}`).join(", ");
      const did = problem.suggestion === null ? "" : `Did you mean --${problem.suggestion}? `;
      const remedy = `${did}${known === "" ? "It takes no options." : `It knows ${known}.`} To write dashes in plain text, put -- before it.`;
      const problemText = `/${name} has no option "--${oneLine(problem.name, 40)}".`;
      const corrected = text === null ? null : withKnownFlags(text, line);
      return no("unknown_flag", problemText, remedy, corrected === null ? [] : [`${name} ${corrected}`]);
    }
    case "missing_value":
      return no("missing_value", `--${problem.option.name} needs a value.`, expected(problem.option));
    case "repeated":
      return no("repeated", `--${problem.option.name} is given twice.`, "Give it once.");
    case "extra_words":
      return no(
        "extra_words",
        `/${name} does not know what to do with "${oneLine(problem.words.join(" "), 80)}".`,
        'Put text of several words in "quotes".',
      );
  }
}

function valueRefusal(
  prepared: PreparedCommand,
  read: {
    readonly values: Readonly<Record<string, unknown>>;
    readonly error: z.ZodError;
    readonly text: string | null;
  },
): Refusal {
  const { command, line } = prepared;
  const { values, error, text } = read;
  const issue = error.issues[0];
  const key = String(issue?.path[0] ?? "");
  const option = line.options.find((candidate) => candidate.key === key);
  if (option === undefined) {
    return {
      kind: "refuse",
      reason: "invalid",
      problem: oneLine(issue?.message ?? z.prettifyError(error), 300),
      remedy: "",
      suggestions: command.examples,
    };
  }
  const value = values[key];
  if (value === undefined) {
    return {
      kind: "refuse",
      reason: "missing",
      problem: `/${command.name} needs ${describe(option, command.args)}.`,
      remedy: expected(option),
      suggestions: command.examples,
    };
  }
  const near = typeof value === "string" ? closest(value, option.choices) : null;
  const corrected =
    near === null || text === null ? null : withValue(text, line, { key, from: String(value), to: near });
  // Where there are choices the remedy names them.
  const why = option.choices.length > 0 ? "" : `: ${oneLine(issue?.message ?? "", 200)}`;
  return {
    kind: "refuse",
    reason: "invalid",
    problem: `/${command.name} cannot take "${oneLine(String(value), 80)}" for ${describe(option, command.args)}${why}.`,
    remedy: `${near === null ? "" : `Did you mean ${near}? `}${expected(option)}`,
    suggestions: corrected === null ? examplesFor(prepared, option, text) : [`${command.name} ${corrected}`],
  };
}

/** What works in its place: for "incident 12", whose first word was left out, the same with each word that may come first. */
function examplesFor(
  { command, line }: PreparedCommand,
  option: CommandOption,
  text: string | null,
): readonly string[] {
  if (text === null || option.key !== command.args[0]) return command.examples;
  const completed = option.choices.map((choice) => `${choice} ${text}`);
  const working = completed.filter((candidate) => {
    const read = parseLine(candidate, line);
    return read.kind === "values" && command.options.safeParse(read.values).success;
  });
  return working.length === 0 ? command.examples : working.map((candidate) => `${command.name} ${candidate}`);
}

function describe(option: CommandOption, args: readonly string[]): string {
  return args.includes(option.key) ? `<${option.name}>` : `--${option.name}`;
}

function expected(option: CommandOption): string {
  if (option.choices.length > 0) return `It is one of ${option.choices.join(", ")}.`;
  return `${option.name}: ${option.summary}.`;
}
