/**
 * The form of a command as a modal: selects where values are known, else lines to type. Its custom id is the command
 * line as far as it was said, so that any process can read what comes of it.
 * @see https://docs.discord.com/developers/components/reference#label
 */
import { z } from "zod";
import { withOption } from "../../../domain/command/options.ts";
import { truncate } from "../../../domain/view.ts";
import type { CommandForm, FormField, OptionValues, Suggestion } from "../../../ports/chat.ts";
import { maxChoices } from "./commands.ts";
import { plainLine } from "./markdown.ts";
import { fillPrefix } from "./render.ts";

const maxCustomId = 100;
const mostFields = 5;
/** Characters of a title and of a label; of a description, an option and its value; of a text. */
const longest = { label: 45, description: 100, option: 100, text: 4_000 };
/** Texts that may be longer than this get several lines. */
const oneLineLength = 300;
/** A select of a form is answered for by its values, a line by its value. */
const answers = z.array(
  z.object({
    component: z
      .object({ custom_id: z.string(), value: z.string().optional(), values: z.array(z.string()).optional() })
      .optional(),
  }),
);

/** The command line of a form's button, and of the form; null when it is none of ours. */
export function readFillId(customId: string): string | null {
  return customId.startsWith(fillPrefix) ? customId.slice(fillPrefix.length) : null;
}

/**
 * The modal; null when what goes along does not fit into its custom id.
 * @param said - the form whose values go along beside what its fields say.
 */
export function modalOf(form: CommandForm, said: CommandForm = form) {
  const customId = `${fillPrefix}${lineOf(said)}`;
  if (customId.length > maxCustomId) return null;
  return {
    custom_id: customId,
    title: truncate(`/${plainLine(form.command, 100)}`, longest.label),
    components: shownFields(form).map((field) => ({
      type: 18,
      label: plainLine(field.label, longest.label),
      ...described(field),
      component: componentOf(field),
    })),
  };
}

/** What was said already, as a line. */
function lineOf({ command, kept, fields }: CommandForm): string {
  const given = [
    ...Object.entries(kept).map(([name, value]) => [name, String(value)] as const),
    ...fields.flatMap(({ option, value }) => (value === null ? [] : [[option.name, value] as const])),
  ];
  return given.reduce((line, [name, value]) => withOption(line, name, value), command);
}

/** Those that must be answered come first: there is room for five. */
function shownFields({ fields }: CommandForm): readonly FormField[] {
  return fields.toSorted((a, b) => Number(b.isRequired) - Number(a.isRequired)).slice(0, mostFields);
}

function described({ option }: FormField): { readonly description?: string } {
  const text = plainLine(option.summary, longest.description);
  return text === "" ? {} : { description: text };
}

function componentOf(field: FormField) {
  const { option, isRequired, isMultiple, maxLength } = field;
  const choices = choicesOf(field);
  if (choices.length > 0)
    return {
      type: 3,
      custom_id: option.name,
      options: choices,
      required: isRequired,
      min_values: isRequired ? 1 : 0,
      max_values: isMultiple ? choices.length : 1,
    };
  const most = Math.min(maxLength ?? longest.text, longest.text);
  return {
    type: 4,
    custom_id: option.name,
    style: option.type === "string" && most > oneLineLength ? 2 : 1,
    required: isRequired,
    max_length: most,
    ...(field.value === null ? {} : { value: truncate(field.value, most) }),
  };
}

/** What a select offers; nothing where something else may be typed, or where too much is there to choose from. */
function choicesOf({ option, choices, value, shown, isOpen }: FormField) {
  const isListed = choices.length > 0 && (choices.length <= maxChoices || option.isSuggested);
  if (!isListed || isOpen) return [];
  const chosen = (value ?? "").split(/,\s*/).filter((one) => one !== "");
  const isThere = chosen.every((one) => choices.some((choice) => choice.value === one));
  const own: readonly Suggestion[] = value === null || isThere ? [] : [{ label: shown ?? value, value }];
  return [...own, ...choices]
    .filter((choice) => choice.value !== "" && choice.value.length <= longest.option)
    .slice(0, maxChoices)
    .map((choice) => {
      const label = plainLine(choice.label, longest.option);
      const isChosen = chosen.includes(choice.value) || choice.value === value;
      return {
        label: label === "" ? "…" : label,
        value: choice.value,
        ...(isChosen ? { default: true } : {}),
      };
    });
}

/** What a form that was sent off says in all. @param form - of its custom id. */
export function valuesOfForm(form: CommandForm, components: unknown): OptionValues {
  const values = new Map(
    form.fields.flatMap(({ option, value }) => (value === null ? [] : [[option.name, value] as const])),
  );
  for (const { component } of answers.safeParse(components).data ?? []) {
    if (component === undefined) continue;
    const said = (component.values?.join(", ") ?? component.value ?? "").trim();
    if (said === "") values.delete(component.custom_id);
    else values.set(component.custom_id, said);
  }
  return { ...form.kept, ...Object.fromEntries(values) };
}
