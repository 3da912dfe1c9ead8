/** From what a person typed or chose to a command's checked options, or to words about what is wrong. */
import { z } from "zod";
import {
  type CommandOption,
  fromOptions,
  type LineProblem,
  type LineShape,
  maxLineLength,
  optionsOf,
  parseLine,
  usageOf,
} from "../domain/command-line.ts";
import { closest } from "../domain/spelling.ts";
import { oneLine } from "../domain/view.ts";
import { unescapeSlack } from "../domain/words.ts";
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
  breakGlass: z.string().max(500).optional().describe("why it cannot wait for the end of a freeze"),
  confirm: z.string().max(200).optional().describe("the model's name, for one of high risk"),
};

function withOwnOptions(command: Command): Command {
  if (command.kind === "read") return command;
  const own = command.kind === "rollout" ? rolloutOptions : { dryRun };
  const missing = Object.fromEntries(
    Object.entries(own).filter(([key]) => !Object.hasOwn(command.options.shape, key)),
  );
  return { ...command, options: command.options.safeExtend(missing) };
}

/** How a rollout is asked for, beside what. */
export interface RolloutManner {
  readonly isDryRun: boolean;
  /** Why a freeze is to be broken. */
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
export function shapeOf({ command, line }: PreparedCommand): CommandShape {
  return {
    name: command.name,
    summary: command.summary,
    examples: command.examples,
    options: line.options.map((option) => ({
      name: option.name,
      summary: option.summary,
      type: option.type,
      isRequired: option.isRequired,
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

/** Reads and checks the options of a request. */
export function parseOptions(prepared: PreparedCommand, request: CommandRequest): ParsedOptions {
  const { line, command, usage } = prepared;
  const { input } = request;
  const read =
    input.kind === "options"
      ? fromOptions(input.options, line.options)
      : parseLine(request.account.platform === "slack" ? unescapeSlack(input.text) : input.text, line);
  if (read.kind !== "values") return { ...lineRefusal(prepared, read), usage };
  const checked = command.options.safeParse(read.values);
  if (checked.success) return { kind: "options", options: checked.data, given: read.values };
  return { ...valueRefusal(prepared, read.values, checked.error), usage };
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

function lineRefusal({ command, line }: PreparedCommand, problem: LineProblem): Refusal {
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
      return no("unknown_flag", problemText, remedy);
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
  values: Readonly<Record<string, unknown>>,
  error: z.ZodError,
): Refusal {
  const { command, line } = prepared;
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
  return {
    kind: "refuse",
    reason: "invalid",
    problem: `"${oneLine(String(value), 80)}" is not a ${option.name}: ${oneLine(issue?.message ?? "", 200)}.`,
    remedy: `${near === null ? "" : `Did you mean ${near}? `}${expected(option)}`,
    suggestions: command.examples,
  };
}

function describe(option: CommandOption, args: readonly string[]): string {
  return args.includes(option.key) ? `<${option.name}>` : `--${option.name}`;
}

function expected(option: CommandOption): string {
  const choices = option.choices.length > 0 ? `one of ${option.choices.join(", ")}` : option.summary;
  return `${option.name}: ${choices}.`;
}
