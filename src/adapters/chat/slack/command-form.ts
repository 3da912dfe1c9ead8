/**
 * The form of a command as a modal: one field per option, selects where values are known.
 * @see https://docs.slack.dev/surfaces/modals
 */
import { z } from "zod";
import { oneLine, truncate } from "../../../domain/view.ts";
import type {
  CommandForm,
  CommandRequest,
  FormField,
  KeyedFormRequest,
  OptionValues,
  Suggestion,
  SuggestQuestion,
} from "../../../ports/chat.ts";
import { plainText } from "./blocks.ts";
import { fillPrefix } from "./render.ts";
import { askedBy, buttonBody, placeOf, request, requestKey } from "./requests.ts";

export const commandFormCallback = "tocsin-command";

/** Limits of modals and of what is in them. @see https://docs.slack.dev/reference/block-kit/composition-objects/option-object */
const longest = { title: 24, label: 200, hint: 300, option: 75, value: 150, text: 3_000, metadata: 3_000 };
const mostOptions = 100;
/** Texts that may be longer than this get several lines. */
const oneLineLength = 300;
const fieldPrefix = "option:";
const valueId = "value";

type ModalView = Readonly<Record<string, unknown>>;

/** Where a form was opened, which is where its command is said. */
export interface FormPlace {
  readonly channel: string | undefined;
  readonly thread: string | undefined;
  readonly responseUrl: string | undefined;
}

const optionValues = z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]));
const keptShape = z.object({
  command: z.string(),
  kept: optionValues,
  /** What fields said when the form opened, for suggestions that depend on them. */
  said: optionValues,
  channel: z.string().optional(),
  thread: z.string().optional(),
  responseUrl: z.string().optional(),
});

/** A button that opens the form of its command. */
export interface FormButton {
  readonly triggerId: string;
  readonly asked: KeyedFormRequest;
  readonly place: FormPlace;
}

/** The button that was pressed; null when it opens no form. */
export function readFillButton(body: unknown): FormButton | null {
  const parsed = buttonBody.safeParse(body);
  const pressed = parsed.data?.actions[0];
  if (!parsed.success || pressed?.value === undefined || !pressed.action_id.startsWith(fillPrefix))
    return null;
  const asking = askedBy(parsed.data, pressed.value);
  if (asking === null) return null;
  return { ...asking, place: { ...placeOf(parsed.data), responseUrl: parsed.data.response_url } };
}

/** What opens within the life of the trigger, before anything was looked up. */
export function waitingView(form: CommandForm, place: FormPlace): ModalView {
  const text = `${form.summary}.\n\nLooking up what is known…`;
  return {
    ...frame(form, place),
    blocks: [{ type: "section", text: plainText(truncate(text, longest.text)) }],
  };
}

/** The form to fill in; null when what goes along with it is too long for Slack to keep. */
export function formView(form: CommandForm, place: FormPlace): ModalView | null {
  const view = frame(form, place);
  if (view.private_metadata.length > longest.metadata) return null;
  return {
    ...view,
    submit: plainText("Send"),
    blocks: [
      { type: "section", text: plainText(truncate(`${form.summary}.`, longest.text)) },
      ...form.fields.map(inputOf),
    ],
  };
}

function frame({ command, kept, fields }: CommandForm, { channel, thread, responseUrl }: FormPlace) {
  const said = Object.fromEntries(
    fields.flatMap(({ option, value }) =>
      option.isSuggested && value !== null && value.length <= longest.value ? [[option.name, value]] : [],
    ),
  );
  return {
    type: "modal",
    callback_id: commandFormCallback,
    private_metadata: JSON.stringify({ command, kept, said, channel, thread, responseUrl }),
    title: plainText(truncate(`/${command}`, longest.title)),
    close: plainText("Cancel"),
  } as const;
}

function inputOf(field: FormField) {
  const { option, label, isRequired } = field;
  return {
    type: "input",
    block_id: `${fieldPrefix}${option.name}`,
    optional: !isRequired,
    label: plainText(truncate(label, longest.label)),
    ...(option.summary === "" ? {} : { hint: plainText(oneLine(option.summary, longest.hint)) }),
    element: { action_id: valueId, ...elementOf(field) },
  };
}

function elementOf(field: FormField) {
  const { option, choices, isMultiple, value, shown } = field;
  if (option.isSuggested && isMultiple) {
    const chosen = (value ?? "").split(/,\s*/).filter((one) => one !== "");
    const initial = choices.filter((choice) => chosen.includes(choice.value)).flatMap(optionOf);
    const some = initial.length === 0 ? {} : { initial_options: initial };
    return { type: "multi_external_select", min_query_length: 0, ...some };
  }
  const initial = value === null ? undefined : optionOf({ label: shown ?? value, value })[0];
  const one = initial === undefined ? {} : { initial_option: initial };
  if (option.isSuggested) return { type: "external_select", min_query_length: 0, ...one };
  if (choices.length > 0 && choices.length <= mostOptions) {
    const isThere = choices.some((choice) => choice.value === value);
    return { type: "static_select", options: choices.flatMap(optionOf), ...(isThere ? one : {}) };
  }
  const most = Math.min(field.maxLength ?? longest.text, longest.text);
  return {
    type: "plain_text_input",
    multiline: option.type === "string" && most > oneLineLength,
    max_length: most,
    ...(value === null ? {} : { initial_value: truncate(value, most) }),
  };
}

/** As Slack takes it; none for a value that would have to be cut: half a value is another value. */
function optionOf({ label, value }: Suggestion) {
  if (value === "" || value.length > longest.value) return [];
  const text = oneLine(label, longest.option);
  return [{ text: plainText(text === "" ? "…" : text), value }];
}

const chosen = z.object({ value: z.string() });
const stateShape = z.object({
  values: z.record(
    z.string(),
    z.object({
      [valueId]: z.object({
        value: z.string().nullish(),
        selected_option: chosen.nullish(),
        selected_options: z.array(chosen).optional(),
      }),
    }),
  ),
});
const submission = z.object({
  type: z.literal("view_submission"),
  user: z.object({ id: z.string(), name: z.string().optional(), username: z.string().optional() }),
  view: z.object({
    id: z.string(),
    callback_id: z.literal(commandFormCallback),
    private_metadata: z.string(),
    state: stateShape,
  }),
});

/** The command of a form that was sent off; null when it is not ours. One form is one request, however often it is sent. */
export function readCommandForm(body: unknown, receivedAt: Date): CommandRequest | null {
  const parsed = submission.safeParse(body);
  if (!parsed.success) return null;
  const { user, view } = parsed.data;
  const kept = readKept(view.private_metadata);
  if (kept === null) return null;
  const { channel, thread, responseUrl } = kept;
  const said = request({
    key: requestKey("form", view.id),
    user: { id: user.id, name: user.name ?? user.username },
    channel,
    line: { command: kept.command, text: "" },
    receivedAt,
    reply: { kind: "form", channel, user: user.id, thread_ts: thread, response_url: responseUrl },
  });
  return { ...said, input: { kind: "options", options: { ...kept.kept, ...valuesOf(view.state) } } };
}

/** Where an error about an option is shown: at its field, or at the first where it has none. */
export function blockOf(option: string, body: unknown): string {
  const blocks = Object.keys(submission.safeParse(body).data?.view.state.values ?? {});
  const own = `${fieldPrefix}${option}`;
  return blocks.includes(own) ? own : (blocks[0] ?? own);
}

const suggestion = z.object({
  type: z.literal("block_suggestion"),
  user: z.object({ id: z.string(), name: z.string().optional(), username: z.string().optional() }),
  block_id: z.string().startsWith(fieldPrefix),
  value: z.string().default(""),
  view: z.object({ private_metadata: z.string(), state: stateShape.optional().catch(undefined) }),
});

/** What is asked while somebody types into a select; null when it is none of ours. */
export function readSuggestion(body: unknown): SuggestQuestion | null {
  const parsed = suggestion.safeParse(body);
  const kept = readKept(parsed.data?.view.private_metadata ?? "");
  if (!parsed.success || kept === null) return null;
  const { user, value, view } = parsed.data;
  return {
    account: { platform: "slack", id: user.id, name: user.name ?? user.username ?? user.id },
    command: kept.command,
    option: parsed.data.block_id.slice(fieldPrefix.length),
    partial: value,
    given: { ...kept.kept, ...kept.said, ...(view.state === undefined ? {} : valuesOf(view.state)) },
  };
}

/** The answer to it. What was typed can be chosen too: a select takes nothing else, and the command says what is wrong with it. */
export function suggestedOptions(found: readonly Suggestion[], { partial }: SuggestQuestion) {
  const typed = partial.trim();
  const isThere = typed === "" || found.some(({ value }) => value === typed);
  const own = isThere ? [] : [{ label: `Take “${typed}”`, value: typed }];
  return [...found.slice(0, mostOptions - 1), ...own].flatMap(optionOf);
}

function valuesOf({ values }: z.output<typeof stateShape>): OptionValues {
  return Object.fromEntries(
    Object.entries(values).flatMap(([block, { [valueId]: field }]) => {
      const several = field.selected_options?.map(({ value }) => value).join(", ");
      const text = (several ?? field.selected_option?.value ?? field.value ?? "").trim();
      return block.startsWith(fieldPrefix) && text !== "" ? [[block.slice(fieldPrefix.length), text]] : [];
    }),
  );
}

function readKept(text: string): z.output<typeof keptShape> | null {
  try {
    return keptShape.safeParse(JSON.parse(text)).data ?? null;
  } catch {
    return null;
  }
}
