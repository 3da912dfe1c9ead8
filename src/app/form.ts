/** Forms: what a person is asked for when a command was not told all it needs. */
import { type CommandOption, fromOptions, type LineResult, parseLine } from "../domain/command/options.ts";
import type { Incident } from "../domain/incident.ts";
import type { Person } from "../domain/people/person.ts";
import { oneLine, type View } from "../domain/view.ts";
import type {
  Clock,
  Command,
  CommandForm,
  FormField,
  FormProblem,
  FormRequest,
  Forms,
  KeyedFormRequest,
  Log,
  ModelEntry,
  OptionValues,
  Store,
  SuggestContext,
} from "../ports.ts";
import { withDeadline } from "./deadline.ts";
import { isOwnOption, ofThreadOption, type PreparedCommand, shapeOf } from "./parse.ts";
import type { Suggest } from "./suggest.ts";

export interface FormOptions {
  readonly prepared: ReadonlyMap<string, PreparedCommand>;
  readonly suggest: Suggest;
  /** What somebody is told who may not use the command; null for whoever may. */
  readonly judge: (request: KeyedFormRequest) => Promise<View | null>;
  readonly store: Store;
  readonly models: readonly ModelEntry[];
  readonly people: readonly Person[];
  readonly commands: readonly Command[];
  readonly log: Log;
  readonly clock: Clock;
}

/** A platform waits three seconds for a form, and what is known should be in it by then. */
const fillMs = 1_500;
/** Incidents of a channel that are looked at to tell which one is meant. */
const maxOpen = 100;
/** Where no incident is named: the number that a thread will fill in. */
const anyIncident = 1;

/** Creates what makes, fills and checks the forms of commands. */
export function createForms(options: FormOptions): Forms {
  const { prepared, log } = options;

  async function fill(form: CommandForm, request: FormRequest): Promise<CommandForm> {
    const known = prepared.get(form.command);
    if (known === undefined) return form;
    const likely = await orElse({}, () => prefill(known, form, request), {
      command: form.command,
      what: "what fits into the form",
    });
    const fields = form.fields.map((field) => {
      const value = field.value ?? textOf(likely[field.option.name]);
      return { ...field, value };
    });
    const given = { ...form.kept, ...givenBy(fields) };
    const chosen = fields.map((field) => withChoices(field, given, request));
    return { ...form, fields: await Promise.all(chosen) };
  }

  /** Choices of a suggested field; the value of one keeps its label. */
  async function withChoices(
    field: FormField,
    given: OptionValues,
    { account, command }: FormRequest,
  ): Promise<FormField> {
    const { option, value } = field;
    if (!option.isSuggested) return { ...field, shown: value };
    const question = { account, command, option: option.name, given };
    const [all, near] = await Promise.all([
      options.suggest({ ...question, partial: "" }),
      value === null ? [] : options.suggest({ ...question, partial: value }),
    ]);
    const known = [...all, ...near].find((choice) => choice.value === value);
    const choices = known === undefined || all.includes(known) ? all : [known, ...all.slice(0, -1)];
    return { ...field, choices, shown: known?.label ?? value };
  }

  /** What is likely meant, by the names of options. */
  async function prefill(
    known: PreparedCommand,
    form: CommandForm,
    request: FormRequest,
  ): Promise<OptionValues> {
    const { store, models, people, commands, clock } = options;
    const option = ofThreadOption(known);
    const read = fromOptions({ ...form.kept, ...givenBy(form.fields) }, known.line.options);
    const given = read.kind === "values" ? read.values : {};
    const named = option === null ? undefined : given[option.key];
    const incident =
      typeof named === "number" ? await store.incidents.find(named) : await incidentOf(store, request);
    const context: SuggestContext = { store, models, people, commands, given, now: clock.now() };
    const likely = (await known.command.form?.prefill?.({ ...context, incident })) ?? {};
    const place = option === null || incident === null ? {} : { [option.name]: incident.id };
    return { ...place, ...byName(known, likely) };
  }

  async function orElse<Value>(
    fallback: Value,
    work: () => Promise<Value>,
    { command, what }: { readonly command: string; readonly what: string },
  ): Promise<Value> {
    try {
      return await withDeadline(work(), fillMs, `${what} of ${command}`);
    } catch (error) {
      log.warn({ err: error, command, what }, "a form is opened without what is known");
      return fallback;
    }
  }

  /** Who cannot be judged in time is judged when the form is sent. */
  async function refuse(request: KeyedFormRequest): Promise<View | null> {
    const { command } = request;
    return await orElse(null, () => options.judge(request), { command, what: "who may have the form" });
  }

  function check(request: FormRequest): readonly FormProblem[] {
    const known = prepared.get(request.command);
    if (known === undefined) return [];
    const read = valuesOf(known, request);
    if (read.kind !== "values") return [];
    const checked = known.command.options.safeParse(read.values);
    if (checked.success) return [];
    return checked.error.issues.flatMap((issue): FormProblem[] => {
      const option = known.line.options.find(({ key }) => key === issue.path[0]);
      if (option === undefined) return [];
      const value = read.values[option.key];
      const problem =
        value === undefined
          ? `This is needed: ${option.summary}.`
          : `"${oneLine(String(value), 60)}" does not do: ${oneLine(issue.message, 120)}. Wanted: ${option.summary}.`;
      return [{ option: option.name, text: problem }];
    });
  }

  return { of: (request) => formOf(prepared, request), refuse, fill, check };
}

/** The form of a request, with what the request says; see {@link Forms.of}. */
export function formOf(
  prepared: ReadonlyMap<string, PreparedCommand>,
  request: FormRequest,
): CommandForm | null {
  const known = prepared.get(request.command);
  if (known === undefined || known.line.options.length === 0) return null;
  const read = valuesOf(known, request);
  if (read.kind !== "values") return null;
  const { values } = read;
  const keys = fieldKeys(known);
  const shapes = shapeOf(known).options;
  const fields = keys.flatMap((key): FormField[] => {
    const at = known.line.options.findIndex((option) => option.key === key);
    const [option, shape] = [known.line.options[at], shapes[at]];
    return option === undefined || shape === undefined ? [] : [fieldOf(known, option, shape, values[key])];
  });
  return {
    command: known.command.name,
    summary: known.command.summary,
    isNeeded: isNeeded(known, request, values),
    fields,
    kept: keptOf(known, keys, values),
  };
}

/** The incident of a thread, or the only one that is open in a channel; null where the place does not tell. */
async function incidentOf(store: Store, { thread, channel }: FormRequest): Promise<Incident | null> {
  const card = thread === undefined ? null : await store.posts.findCard(thread);
  if (card !== null) return card.kind === "incident" ? await store.incidents.find(card.subject) : null;
  if (channel === null) return null;
  const open = await store.incidents.list({ states: ["open", "acknowledged"], limit: maxOpen });
  const places = await store.posts.channelsOfMany(
    "incident",
    open.map(({ id }) => id),
  );
  const here = open.filter(({ id }) =>
    (places.get(id) ?? []).some(
      (place) => place.platform === channel.platform && place.channel === channel.id,
    ),
  );
  const [only] = here;
  return here.length === 1 && only !== undefined ? only : null;
}

function valuesOf({ line }: PreparedCommand, { input }: FormRequest): LineResult {
  return input.kind === "text" ? parseLine(input.text, line) : fromOptions(input.options, line.options);
}

/** Keys of the options that a form has fields for. */
function fieldKeys({ command, line }: PreparedCommand): readonly string[] {
  if (command.form?.fields !== undefined) return command.form.fields;
  const others = line.options.map(({ key }) => key).filter((key) => !command.args.includes(key));
  return [...command.args, ...others.filter((key) => !isOwnOption(key))];
}

function fieldOf(
  { command }: PreparedCommand,
  option: CommandOption,
  shape: FormField["option"],
  value: unknown,
): FormField {
  const isYesNo = option.type === "boolean";
  const choices = isYesNo ? ["yes", "no"] : option.choices;
  const text = value === undefined ? null : isYesNo ? (value === true ? "yes" : "no") : String(value);
  return {
    option: shape,
    label: labelOf(option.name),
    value: text,
    shown: text,
    isRequired: option.isRequired || (command.form?.asks?.includes(option.key) ?? false),
    maxLength: option.maxLength,
    isMultiple: command.form?.multiple?.includes(option.key) ?? false,
    isOpen: command.form?.open?.includes(option.key) ?? false,
    choices: choices.map((choice) => ({ label: choice, value: choice })),
  };
}

function labelOf(name: string): string {
  const words = name.replace(/-/g, " ");
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}`;
}

/** Whether something is missing that only the person can say; in a thread its card says which incident. */
function isNeeded(
  known: PreparedCommand,
  request: FormRequest,
  values: Readonly<Record<string, unknown>>,
): boolean {
  const { command } = known;
  const { form } = command;
  if (form?.isForBare === true && Object.keys(values).length === 0) return true;
  if (form?.asks?.some((key) => values[key] === undefined) === true) return true;
  const place = ofThreadOption(known);
  const assumed =
    request.thread === undefined || place === null
      ? values
      : { [place.key]: place.type === "string" ? String(anyIncident) : anyIncident, ...values };
  const checked = command.options.safeParse(assumed);
  if (checked.success) return false;
  return checked.error.issues.some(({ path }) => path.length === 1 && assumed[String(path[0])] === undefined);
}

function keptOf(
  { line }: PreparedCommand,
  keys: readonly string[],
  values: Readonly<Record<string, unknown>>,
): OptionValues {
  const kept = line.options.filter(({ key }) => !keys.includes(key) && values[key] !== undefined);
  return Object.fromEntries(kept.map(({ key, name }) => [name, String(values[key])]));
}

function givenBy(fields: readonly FormField[]): OptionValues {
  return Object.fromEntries(
    fields.flatMap(({ option, value }) => (value === null ? [] : [[option.name, value]])),
  );
}

function byName({ line }: PreparedCommand, values: Readonly<Record<string, unknown>>): OptionValues {
  return Object.fromEntries(
    line.options.flatMap(({ key, name }) => {
      const value = values[key];
      return value === undefined ? [] : [[name, String(value)]];
    }),
  );
}

function textOf(value: string | number | boolean | undefined): string | null {
  return value === undefined ? null : String(value);
}
