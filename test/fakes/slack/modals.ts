/** Modals: what Slack takes, and what a person can do in one. */
import { z } from "zod";

const plainText = (max: number) =>
  z.strictObject({
    type: z.literal("plain_text"),
    text: z.string().min(1).max(max),
    emoji: z.boolean().optional(),
  });
/** @see https://docs.slack.dev/reference/block-kit/composition-objects/option-object */
const option = z.strictObject({
  text: plainText(75),
  value: z.string().min(1).max(150),
  description: plainText(75).optional(),
});
const actionId = z.string().min(1).max(255).optional();
const placeholder = plainText(150).optional();

/** Elements of an input block that the fake knows; Slack has more. */
export const inputElement = z.discriminatedUnion("type", [
  z.strictObject({
    type: z.literal("plain_text_input"),
    action_id: actionId,
    placeholder,
    initial_value: z.string().max(3000).optional(),
    multiline: z.boolean().optional(),
    min_length: z.int().min(0).max(3000).optional(),
    max_length: z.int().min(1).max(3000).optional(),
  }),
  z
    .strictObject({
      type: z.literal("static_select"),
      action_id: actionId,
      placeholder,
      options: z.array(option).min(1).max(100),
      initial_option: option.optional(),
    })
    .refine(
      ({ options, initial_option: initial }) =>
        initial === undefined || options.some(({ value }) => value === initial.value),
      "initial_option must be one of options",
    ),
  z.strictObject({
    type: z.literal("external_select"),
    action_id: actionId,
    placeholder,
    min_query_length: z.int().min(0).optional(),
    initial_option: option.optional(),
  }),
  z.strictObject({
    type: z.literal("multi_external_select"),
    action_id: actionId,
    placeholder,
    min_query_length: z.int().min(0).optional(),
    initial_options: z.array(option).min(1).max(100).optional(),
    max_selected_items: z.int().min(1).optional(),
  }),
]);

/** An answer to block_suggestion. */
export const suggestionAnswer = z.strictObject({ options: z.array(option).max(100) });
export type FormOption = z.output<typeof option>;

const formBlocks = z.array(
  z.union([
    z.object({
      type: z.literal("input"),
      block_id: z.string(),
      optional: z.boolean().default(false),
      label: z.object({ text: z.string() }),
      element: inputElement,
    }),
    z.object({ type: z.string() }),
  ]),
);
export type FormInput = Extract<z.output<typeof formBlocks>[number], { element: unknown }>;

/** The inputs of a modal, in order. */
export function inputsOf(view: Readonly<Record<string, unknown>>): readonly FormInput[] {
  return formBlocks.parse(view["blocks"]).filter((block): block is FormInput => "element" in block);
}

/** What somebody enters: a text, or the values that they choose. */
export type Entered = string | readonly string[];

/** The state of a field as Slack sends it. @param look - what a select offers for a text. */
export async function stateOf(
  input: FormInput,
  entered: Entered | undefined,
  look: (partial: string) => Promise<readonly FormOption[]>,
): Promise<Readonly<Record<string, unknown>>> {
  const { element, label } = input;
  const name = label.text;
  const choose = async (value: string, offered: readonly FormOption[] | null) => {
    const found = (offered ?? (await look(value))).find((one) => one.value === value);
    if (found === undefined) throw new Error(`fake slack: "${value}" cannot be chosen in ${name}`);
    return found;
  };
  const state = await enteredValue();
  const isEmpty =
    state["value"] === null || state["selected_option"] === null || isEmptyList(state["selected_options"]);
  if (isEmpty && !input.optional) throw new Error(`fake slack: ${name} must be filled in`);
  return { type: element.type, ...state };

  async function enteredValue(): Promise<Readonly<Record<string, unknown>>> {
    switch (element.type) {
      case "plain_text_input": {
        const value = entered === undefined ? (element.initial_value ?? null) : String(entered);
        if ((value ?? "").length > (element.max_length ?? 3000))
          throw new Error(`fake slack: ${name} takes at most ${element.max_length} characters`);
        return { value: value === "" ? null : value };
      }
      case "static_select":
        return {
          selected_option:
            entered === undefined
              ? (element.initial_option ?? null)
              : await choose(String(entered), element.options),
        };
      case "external_select":
        return {
          selected_option:
            entered === undefined ? (element.initial_option ?? null) : await choose(String(entered), null),
        };
      case "multi_external_select": {
        const wanted = typeof entered === "string" ? [entered] : entered;
        return {
          selected_options:
            wanted === undefined
              ? (element.initial_options ?? [])
              : await Promise.all(wanted.map((value) => choose(value, null))),
        };
      }
    }
  }
}

function isEmptyList(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0;
}
