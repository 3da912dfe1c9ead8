/** The limits of Discord's modals. @see https://docs.discord.com/developers/components/reference */
import { z } from "zod";
import { checkLength } from "./limits.ts";
import { invalid } from "./refusal.ts";

const text = z.string();
const field = z.discriminatedUnion("type", [
  z.strictObject({
    type: z.literal(4),
    custom_id: text,
    style: z.union([z.literal(1), z.literal(2)]),
    required: z.boolean().optional(),
    min_length: z.number().int().min(0).max(4000).optional(),
    max_length: z.number().int().min(1).max(4000).optional(),
    placeholder: text.max(100).optional(),
    value: text.optional(),
  }),
  z.strictObject({
    type: z.literal(3),
    custom_id: text,
    options: z
      .array(
        z.strictObject({
          label: text,
          value: text,
          description: text.max(100).optional(),
          default: z.boolean().optional(),
        }),
      )
      .min(1)
      .max(25),
    placeholder: text.max(150).optional(),
    required: z.boolean().optional(),
    min_values: z.number().int().min(0).max(25).optional(),
    max_values: z.number().int().min(1).max(25).optional(),
  }),
]);
const formInput = z.strictObject({
  title: text,
  custom_id: text,
  components: z.array(
    z.strictObject({
      type: z.literal(18),
      label: text,
      description: text.optional(),
      component: field,
    }),
  ),
});
export type FormInput = z.infer<typeof formInput>;
type Field = z.infer<typeof field>;

/** A form as a client asks for it. @throws Refusal */
export function readForm(body: unknown): FormInput {
  const parsed = formInput.safeParse(body);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw invalid(issue?.path.join(".") ?? "data", "MODEL_TYPE_CONVERT", issue?.message ?? "not an object");
  }
  const form = parsed.data;
  checkLength("data.title", form.title, 1, 45);
  checkLength("data.custom_id", form.custom_id, 1, 100);
  if (form.components.length === 0)
    throw invalid("data.components", "BASE_TYPE_REQUIRED", "This field is required");
  if (form.components.length > 5)
    throw invalid("data.components", "BASE_TYPE_MAX_LENGTH", "Must be 5 or fewer in length.");
  const ids = form.components.map(({ component }) => component.custom_id);
  if (new Set(ids).size < ids.length)
    throw invalid("data.components", "COMPONENT_CUSTOM_ID_DUPLICATED", "custom id cannot be duplicated");
  for (const [at, each] of form.components.entries()) {
    const path = `data.components.${at}`;
    checkLength(`${path}.label`, each.label, 1, 45);
    checkLength(`${path}.description`, each.description ?? "", 0, 100);
    checkLength(`${path}.component.custom_id`, each.component.custom_id, 1, 100);
    if (each.component.type === 3) checkSelect(`${path}.component`, each.component);
    else
      checkLength(
        `${path}.component.value`,
        each.component.value ?? "",
        0,
        each.component.max_length ?? 4000,
      );
  }
  return form;
}

function checkSelect(path: string, select: Extract<Field, { type: 3 }>): void {
  const { options, min_values: min = 1, max_values: max = 1, required = true } = select;
  for (const [at, option] of options.entries()) {
    checkLength(`${path}.options.${at}.label`, option.label, 1, 100);
    checkLength(`${path}.options.${at}.value`, option.value, 1, 100);
  }
  if (new Set(options.map(({ value }) => value)).size < options.length)
    throw invalid(`${path}.options`, "SELECT_COMPONENT_OPTION_VALUE_DUPLICATED", "values must be unique");
  if (max > options.length || min > max)
    throw invalid(path, "BASE_TYPE_BAD_INT", "min_values and max_values do not fit the options");
  if (required && min === 0)
    throw invalid(path, "BASE_TYPE_BAD_INT", "a required select takes at least one value");
  if (options.filter((option) => option.default === true).length > max)
    throw invalid(path, "SELECT_COMPONENT_MAX_DEFAULT", "more defaults than may be chosen");
}

/** What a person enters, as Discord sends it; what is left out stays as the form says. */
export function entered(field: Field, said: string | readonly string[] | undefined) {
  const { custom_id } = field;
  const isRequired = field.required ?? true;
  if (field.type === 4) {
    const value = said === undefined ? (field.value ?? "") : String(said);
    if (isRequired && value === "") throw new Error(`fake discord: ${custom_id} must be filled in`);
    if (value.length > (field.max_length ?? 4000))
      throw new Error(`fake discord: ${custom_id} takes at most ${field.max_length} characters`);
    return { type: 4, id: 2, custom_id, value };
  }
  const defaults = field.options.filter((option) => option.default === true).map(({ value }) => value);
  const values = said === undefined ? defaults : typeof said === "string" ? [said] : said;
  const odd = values.find((value) => !field.options.some((option) => option.value === value));
  if (odd !== undefined) throw new Error(`fake discord: "${odd}" cannot be chosen in ${custom_id}`);
  if (isRequired && values.length === 0) throw new Error(`fake discord: ${custom_id} must be chosen`);
  if (values.length > (field.max_values ?? 1)) throw new Error(`fake discord: too many for ${custom_id}`);
  return { type: 3, id: 2, custom_id, values };
}
