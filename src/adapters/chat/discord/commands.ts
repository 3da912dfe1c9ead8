/** Application commands: what Discord is told about our commands, told again only when it differs. */
import { z } from "zod";
import { truncate } from "../../../domain/view.ts";
import type { CommandShape, OptionShape } from "../../../ports/chat.ts";
import type { Api, Failure } from "./api.ts";
import { plainLine } from "./markdown.ts";
import { anything } from "./shapes.ts";

/** Limits of application commands. @see https://discord.com/developers/docs/interactions/application-commands */
const maxCommands = 100;
const maxOptions = 25;
const maxDescription = 100;
const maxChoice = 100;
export const maxChoices = 25;
const maxTotal = 8000;
const optionTypes = { string: 3, integer: 4, boolean: 5, number: 10 } as const;

/** One option as Discord registers it; absent means Discord's default. */
interface ApiOption {
  readonly type: number;
  readonly name: string;
  readonly description: string;
  readonly required?: true;
  readonly autocomplete?: true;
  readonly choices?: readonly { readonly name: string; readonly value: string }[];
}
export interface ApiCommand {
  /** 1 is a slash command, 3 one in the menu of a message. */
  readonly type: 1 | 3;
  readonly name: string;
  readonly description: string;
  readonly options: readonly ApiOption[];
}

/** Commands as Discord knows them, and the way back to our names. */
export interface Catalog {
  readonly commands: readonly ApiCommand[];
  /** Commands that Discord cannot take, and why. */
  readonly refused: readonly { readonly name: string; readonly problem: string }[];
  commandOf(name: string): CommandShape | null;
  optionOf(command: string, name: string): OptionShape | null;
}

/** Our name as Discord's: "dryRun" is "dry-run". */
export function discordName(name: string): string {
  return name
    .replace(/([\p{Ll}\d])(\p{Lu})/gu, "$1-$2")
    .replace(/[\s.]+/g, "-")
    .toLowerCase();
}

const validName = /^[-_\p{L}\p{N}]{1,32}$/u;

export function catalogOf(shapes: readonly CommandShape[]): Catalog {
  const byName = new Map<string, CommandShape>();
  const commands: ApiCommand[] = [];
  const refused: { name: string; problem: string }[] = [];
  for (const shape of shapes) {
    const command = commandFrom(shape);
    const problem = byName.has(command.name)
      ? `another command is called "${command.name}"`
      : commands.length === maxCommands
        ? `Discord takes at most ${maxCommands} commands`
        : problemWith(command);
    if (problem !== null) refused.push({ name: shape.name, problem });
    else {
      byName.set(command.name, shape);
      commands.push(command);
    }
  }
  return {
    commands: [
      ...commands,
      ...messageMenus.filter(({ opens }) => commandOf(opens, byName) !== null).map(({ menu }) => menu),
    ],
    refused,
    commandOf: (name) => byName.get(name) ?? null,
    optionOf: (command, name) =>
      byName.get(command)?.options.find((option) => discordName(option.name) === name) ?? null,
  };
}

/** In the menu of a message. Such commands have neither a description nor options, and counts of their own. */
const messageMenus: readonly { readonly menu: ApiCommand; readonly opens: string }[] = [
  { menu: { type: 3, name: "Add to incident", description: "", options: [] }, opens: "pin" },
  { menu: { type: 3, name: "Declare an incident", description: "", options: [] }, opens: "declare" },
];

/** The command whose form an entry in the menu of a message opens; null when it is none of ours. */
export function openedBy(type: number | undefined, name: string | undefined): string | null {
  return messageMenus.find(({ menu }) => menu.type === type && menu.name === name)?.opens ?? null;
}

/** The shape of a command by its own name, whatever prefix it is registered under. */
function commandOf(name: string, shapes: ReadonlyMap<string, CommandShape>): CommandShape | null {
  const isNamed = (known: string) =>
    known === name || known.endsWith(`-${name}`) || known.endsWith(`_${name}`);
  return [...shapes].find(([known]) => isNamed(known))?.[1] ?? null;
}

function commandFrom(shape: CommandShape): ApiCommand {
  // Discord insists on required options first; among equals our order stays.
  const options = [...shape.options].sort((a, b) => Number(b.isRequired) - Number(a.isRequired));
  return {
    type: 1,
    name: discordName(shape.name),
    description: described(shape.summary, shape.name),
    options: options.map(optionFrom),
  };
}

function optionFrom(option: OptionShape): ApiOption {
  const isListed =
    option.type === "string" && option.choices.length > 0 && option.choices.length <= maxChoices;
  const isSuggested =
    !isListed && option.type !== "boolean" && (option.isSuggested || option.choices.length > 0);
  return {
    type: optionTypes[option.type],
    name: discordName(option.name),
    description: described(option.summary, option.name),
    ...(option.isRequired ? { required: true } : {}),
    ...(isListed ? { choices: option.choices.map(choiceFrom) } : {}),
    ...(isSuggested ? { autocomplete: true } : {}),
  };
}

function choiceFrom(value: string): { name: string; value: string } {
  return { name: truncate(value, maxChoice), value };
}

function described(text: string, fallback: string): string {
  const line = plainLine(text, maxDescription);
  return line === "" ? plainLine(fallback, maxDescription) : line;
}

/** Why Discord would refuse the command, or null. One bad command would make it refuse all of them. */
function problemWith(command: ApiCommand): string | null {
  if (!validName.test(command.name)) return `"${command.name}" is no name for Discord: ${validName.source}`;
  if (command.options.length > maxOptions) return `more than ${maxOptions} options`;
  const names = command.options.map((option) => option.name);
  const bad = names.find((name, at) => !validName.test(name) || names.indexOf(name) !== at);
  if (bad !== undefined) return `option "${bad}" is no name for Discord, or is there twice`;
  const long = command.options
    .flatMap((option) => option.choices ?? [])
    .find(({ value }) => value.length > maxChoice);
  if (long !== undefined)
    return `choice "${truncate(long.value, 40)}" is longer than ${maxChoice} characters`;
  return sizeOf(command) > maxTotal ? `its texts are longer than ${maxTotal} characters together` : null;
}

function sizeOf(command: ApiCommand): number {
  const options = command.options.map(
    (option) =>
      option.name.length +
      option.description.length +
      (option.choices ?? []).reduce((sum, choice) => sum + choice.name.length + choice.value.length, 0),
  );
  return command.name.length + command.description.length + options.reduce((sum, size) => sum + size, 0);
}

/** What Discord returns, cut down to what we set. Other kinds of commands make the lists differ, as they should. */
const registered = z.array(
  z.object({
    type: z.number().default(1),
    name: z.string(),
    description: z.string().default(""),
    options: z
      .array(
        z.object({
          type: z.number(),
          name: z.string(),
          description: z.string(),
          required: z.boolean().default(false),
          autocomplete: z.boolean().default(false),
          choices: z
            .array(z.object({ name: z.string(), value: z.union([z.string(), z.number()]) }))
            .default([]),
        }),
      )
      .default([]),
  }),
);

/** The same text for the same commands, in whatever order and with whatever defaults written out. */
export function fingerprintOf(commands: unknown): string {
  const known = registered.parse(commands);
  return JSON.stringify(known.sort((a, b) => (a.name < b.name ? -1 : 1)));
}

/**
 * Makes Discord's list ours. Reads first: Discord counts writes, 200 new commands a day.
 * @returns whether it had to write, or what went wrong.
 */
export async function register(
  api: Api,
  where: { readonly applicationId: string; readonly guildId: string | null },
  commands: readonly ApiCommand[],
): Promise<"unchanged" | "written" | Failure> {
  const scope = where.guildId === null ? "" : `/guilds/${where.guildId}`;
  const path = `/applications/${where.applicationId}${scope}/commands` as const;
  const now = await api.call({ method: "GET", path, schema: anything });
  if (now.kind !== "ok") return now;
  if (isSame(now.body, commands)) return "unchanged";
  const put = await api.call({ method: "PUT", path, body: commands, schema: anything });
  return put.kind === "ok" ? "written" : put;
}

function isSame(theirs: unknown, ours: readonly ApiCommand[]): boolean {
  const parsed = registered.safeParse(theirs);
  return parsed.success && fingerprintOf(theirs) === fingerprintOf(ours);
}
