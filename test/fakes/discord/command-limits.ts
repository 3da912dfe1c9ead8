/** The limits of application commands. @see https://discord.com/developers/docs/interactions/application-commands */
import { z } from "zod";
import { checkLength } from "./limits.ts";
import { invalid, Refusal } from "./refusal.ts";

const option = z.object({
  type: z.number().int().min(3).max(11),
  name: z.string(),
  description: z.string(),
  required: z.boolean().optional(),
  autocomplete: z.boolean().optional(),
  choices: z.array(z.object({ name: z.string(), value: z.union([z.string(), z.number()]) })).optional(),
});
const command = z.object({
  type: z.number().int().min(1).max(4).default(1),
  name: z.string(),
  description: z.string().default(""),
  options: z.array(option).default([]),
});
export type RegisteredCommand = z.infer<typeof command>;

const nameForm = /^[-_'\p{L}\p{N}\p{sc=Deva}\p{sc=Thai}]{1,32}$/u;

/** @throws Refusal as Discord refuses a list of commands: all of it, for one fault. */
export function readCommands(body: unknown): RegisteredCommand[] {
  const parsed = z.array(command).safeParse(body);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw invalid(issue?.path.join(".") ?? "body", "MODEL_TYPE_CONVERT", issue?.message ?? "not a list");
  }
  if (parsed.data.length > 100)
    throw new Refusal(400, 30032, "Maximum number of application commands reached (100).");
  const menus = parsed.data.filter(({ type }) => type === 3);
  if (menus.length > 15) throw new Refusal(400, 30032, "Maximum number of message commands reached (15).");
  for (const [at, menu] of menus.entries()) {
    checkLength(`${at}.name`, menu.name, 1, 32);
    if (menu.description !== "" || menu.options.length > 0)
      throw invalid(
        `${at}`,
        "APPLICATION_COMMAND_INVALID",
        "A message command has no description and no options",
      );
  }
  const seen = new Set<string>();
  for (const [at, each] of parsed.data.entries()) {
    if (each.type === 3) continue;
    if (seen.has(each.name))
      throw invalid(
        `${at}`,
        "APPLICATION_COMMANDS_DUPLICATE_NAME",
        "Application command names must be unique",
      );
    seen.add(each.name);
    checkCommand(`${at}`, each);
  }
  return parsed.data;
}

function checkCommand(path: string, each: RegisteredCommand): void {
  checkName(`${path}.name`, each.name);
  checkLength(`${path}.description`, each.description, 1, 100);
  if (each.options.length > 25)
    throw invalid(`${path}.options`, "BASE_TYPE_MAX_LENGTH", "Must be 25 or fewer");
  let size = each.name.length + each.description.length;
  let optionalSeen = false;
  const names = new Set<string>();
  for (const [index, one] of each.options.entries()) {
    const place = `${path}.options.${index}`;
    checkName(`${place}.name`, one.name);
    if (names.has(one.name))
      throw invalid(place, "APPLICATION_COMMAND_OPTIONS_NAME_ALREADY_EXISTS", "Option names must be unique");
    names.add(one.name);
    checkLength(`${place}.description`, one.description, 1, 100);
    if (one.required === true && optionalSeen)
      throw invalid(
        place,
        "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID",
        "Required options must be placed before non-required options",
      );
    optionalSeen ||= one.required !== true;
    checkChoices(place, one);
    size += one.name.length + one.description.length;
    size += (one.choices ?? []).reduce((sum, each) => sum + each.name.length + String(each.value).length, 0);
  }
  if (size > 8000)
    throw invalid(path, "APPLICATION_COMMAND_TOO_LARGE", "Command exceeds maximum size (8000)");
}

function checkName(path: string, name: string): void {
  if (!nameForm.test(name) || name !== name.toLowerCase())
    throw invalid(path, "APPLICATION_COMMAND_INVALID_NAME", "Command name is invalid");
}

function checkChoices(path: string, one: z.infer<typeof option>): void {
  const choices = one.choices ?? [];
  if (choices.length > 25) throw invalid(`${path}.choices`, "BASE_TYPE_MAX_LENGTH", "Must be 25 or fewer");
  if (one.autocomplete === true && choices.length > 0)
    throw invalid(
      path,
      "APPLICATION_COMMAND_OPTIONS_AUTOCOMPLETE_CHOICES",
      "Choices are not allowed with autocomplete",
    );
  if (one.autocomplete === true && ![3, 4, 10].includes(one.type))
    throw invalid(path, "APPLICATION_COMMAND_AUTOCOMPLETE_TYPE", "This option type cannot have autocomplete");
  for (const [at, choice] of choices.entries()) {
    checkLength(`${path}.choices.${at}.name`, choice.name, 1, 100);
    if (typeof choice.value === "string") checkLength(`${path}.choices.${at}.value`, choice.value, 1, 100);
  }
}

const choiceList = z.array(z.object({ name: z.string(), value: z.union([z.string(), z.number()]) }));

/** @throws Refusal for suggestions that Discord would not show. */
export function readSuggestions(data: unknown, optionType: number): z.infer<typeof choiceList> {
  const parsed = z.object({ choices: choiceList }).safeParse(data);
  if (!parsed.success) throw invalid("data.choices", "MODEL_TYPE_CONVERT", "not a list of choices");
  const { choices } = parsed.data;
  if (choices.length > 25)
    throw invalid("data.choices", "BASE_TYPE_MAX_LENGTH", "Must be 25 or fewer in length.");
  for (const [at, choice] of choices.entries()) {
    checkLength(`data.choices.${at}.name`, choice.name, 1, 100);
    if (typeof choice.value === "string") checkLength(`data.choices.${at}.value`, choice.value, 0, 100);
    if ((optionType === 3) !== (typeof choice.value === "string"))
      throw invalid(`data.choices.${at}.value`, "MODEL_TYPE_CONVERT", "value is not of the option's type");
  }
  return choices;
}
