/** What may come next on a command line. The page asks after each key; commands and options are known here. */
import type { CommandShape, OptionShape, OptionValues } from "../../../ports/chat.ts";

export interface Completion {
  /** Part of the line that a choice replaces, in UTF-16 units. */
  readonly from: number;
  readonly to: number;
  readonly items: readonly CompletionItem[];
}

export interface CompletionItem {
  /** Put in place of the part, a space included where one follows. */
  readonly insert: string;
  readonly label: string;
  readonly detail: string;
}

/** What is being typed, before anyone is asked for values. */
export type Wanted =
  | { readonly kind: "nothing" }
  | { readonly kind: "items"; readonly from: number; readonly items: readonly CompletionItem[] }
  /** The values of one option: `found` are known from its shape; when `isSuggested`, the bot knows more. */
  | {
      readonly kind: "value";
      readonly command: CommandShape;
      readonly option: OptionShape;
      readonly partial: string;
      readonly from: number;
      /** "--name=" when it is written in one word. */
      readonly prefix: string;
      /** What the words before say of other options: versions are those of the model that is named. */
      readonly given: OptionValues;
    };

const maxItems = 25;

interface Word {
  readonly text: string;
  readonly from: number;
  readonly isOpenQuote: boolean;
}

/** Decides what could stand at the end of `line` (the text before the caret). */
export function wantedAt(line: string, commands: readonly CommandShape[]): Wanted {
  const words = splitWords(line);
  const current = words.at(-1) ?? { text: "", from: line.length, isOpenQuote: false };
  if (words.length <= 1) return commandNames(current, commands);
  const command = findCommand(words[0]?.text ?? "", commands);
  if (command === undefined) return { kind: "nothing" };
  return wantedOf(command, words.slice(1, -1), current);
}

/** Items for values, those of the option's own choices first. */
export function valueItems(
  wanted: Extract<Wanted, { kind: "value" }>,
  suggested: readonly { readonly label: string; readonly value: string }[],
): readonly CompletionItem[] {
  const choices = wanted.option.type === "boolean" ? ["true", "false"] : wanted.option.choices;
  const own = choices
    .filter((choice) => choice.toLowerCase().startsWith(wanted.partial.toLowerCase()))
    .map((choice) => ({ label: choice, value: choice }));
  const known = new Set(own.map((choice) => choice.value));
  return [...own, ...suggested.filter((suggestion) => !known.has(suggestion.value))]
    .slice(0, maxItems)
    .map(({ label, value }) => ({
      insert: `${wanted.prefix}${quote(value)} `,
      label: value,
      detail: label === value ? wanted.option.name : label,
    }));
}

function commandNames(current: Word, commands: readonly CommandShape[]): Wanted {
  const partial = current.text.replace(/^\//, "").toLowerCase();
  const starting = commands.filter((command) => command.name.startsWith(partial));
  const found = starting.length > 0 ? starting : commands.filter(({ name }) => name.includes(partial));
  const items = found.slice(0, maxItems).map((command) => ({
    insert: `/${command.name} `,
    label: `/${command.name}`,
    detail: command.summary,
  }));
  return { kind: "items", from: current.from, items };
}

function wantedOf(command: CommandShape, before: readonly Word[], current: Word): Wanted {
  const value = (option: OptionShape, { text: partial, from }: Word, prefix = ""): Wanted => {
    const { [option.name]: _itself, ...given } = givenBy(command, before);
    return { kind: "value", command, option, partial, from, prefix, given };
  };
  const previous = before.at(-1);
  const pending = previous === undefined ? undefined : optionNamed(command, previous.text);
  if (pending !== undefined && pending.type !== "boolean") return value(pending, current);
  const inOneWord = /^(--[a-zA-Z][a-zA-Z-]*=)(.*)$/s.exec(current.text);
  const named = inOneWord?.[1] === undefined ? undefined : optionNamed(command, inOneWord[1].slice(0, -1));
  if (named !== undefined) {
    return value(named, { ...current, text: inOneWord?.[2] ?? "" }, inOneWord?.[1]);
  }
  if (current.text.startsWith("-")) return optionNames(command, before, current);
  const positional = openOptions(command, before)[0];
  if (positional !== undefined && positional.position !== null) return value(positional, current);
  return current.text === "" ? optionNames(command, before, current) : { kind: "nothing" };
}

function optionNames(command: CommandShape, before: readonly Word[], current: Word): Wanted {
  const partial = current.text.replace(/^-+/, "").toLowerCase();
  const open = openOptions(command, before);
  const items = command.options
    .filter((option) => option.name.toLowerCase().startsWith(partial) && open.includes(option))
    .slice(0, maxItems)
    .map((option) => ({
      insert: `--${option.name} `,
      label: `--${option.name}`,
      detail: `${option.summary}${option.isRequired ? " (required)" : ""}`,
    }));
  return { kind: "items", from: current.from, items };
}

/** Options that the words so far leave open, those filled by position first and in order. */
function openOptions(command: CommandShape, before: readonly Word[]): readonly OptionShape[] {
  const { named, bare } = readWords(command, before);
  const open = command.options.filter((option) => !named.has(option));
  return [...byPosition(open).slice(bare.length), ...open.filter((option) => option.position === null)];
}

/** What the words so far say of which option; the last bare word may be the first of several. */
function givenBy(command: CommandShape, before: readonly Word[]): OptionValues {
  const { named, bare } = readWords(command, before);
  const open = byPosition(command.options.filter((option) => !named.has(option)));
  const byPlace = open.flatMap(({ name }, place) => {
    const text = bare[place];
    return text === undefined ? [] : [[name, text] as const];
  });
  const byName = [...named].flatMap(([{ name }, text]) => (text === null ? [] : [[name, text] as const]));
  return Object.fromEntries([...byPlace, ...byName]);
}

/** Options that are named, with their values (null for one whose value is still to come), and bare words. */
function readWords(command: CommandShape, words: readonly Word[]) {
  const named = new Map<OptionShape, string | null>();
  const bare: string[] = [];
  for (let index = 0; index < words.length; index += 1) {
    const text = words[index]?.text ?? "";
    const [name = "", ...rest] = text.split("=");
    const option = optionNamed(command, name);
    if (option === undefined) bare.push(text);
    else if (rest.length > 0) named.set(option, rest.join("="));
    else if (option.type === "boolean") named.set(option, "true");
    else {
      index += 1;
      named.set(option, words[index]?.text ?? null);
    }
  }
  return { named, bare };
}

function byPosition(options: readonly OptionShape[]): readonly OptionShape[] {
  return options
    .filter((option) => option.position !== null)
    .toSorted((a, b) => (a.position ?? 0) - (b.position ?? 0));
}

function optionNamed(command: CommandShape, word: string): OptionShape | undefined {
  if (!word.startsWith("--")) return undefined;
  const name = word.slice(2).toLowerCase();
  return command.options.find((option) => option.name.toLowerCase() === name);
}

function findCommand(word: string, commands: readonly CommandShape[]): CommandShape | undefined {
  const name = word.replace(/^\//, "").toLowerCase();
  return commands.find((command) => command.name === name);
}

/** Words with their places; the last is the one being typed, empty after a space. Quotes hold words together. */
function splitWords(line: string): readonly Word[] {
  const words: Word[] = [];
  const pattern = /"([^"]*)("|$)|'([^']*)('|$)|([^\s"']+)/g;
  let end = -1;
  for (const match of line.matchAll(pattern)) {
    const isOpenQuote = match[2] === "" || match[4] === "";
    const text = match[1] ?? match[3] ?? match[5] ?? "";
    const last = words.at(-1);
    // Text that touches the word before belongs to it: --reason="a b".
    if (last !== undefined && match.index === end)
      words[words.length - 1] = { ...last, text: last.text + text, isOpenQuote };
    else words.push({ text, from: match.index, isOpenQuote });
    end = match.index + match[0].length;
  }
  const isTyping = words.at(-1)?.isOpenQuote === true || (end === line.length && words.length > 0);
  return isTyping ? words : [...words, { text: "", from: line.length, isOpenQuote: false }];
}

function quote(value: string): string {
  return /[\s"']/.test(value) ? `"${value.replaceAll('"', "'")}"` : value;
}
