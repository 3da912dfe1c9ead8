/**
 * Interactions: commands, buttons, suggestions. A command is acknowledged after it is stored, so that "accepted"
 * is never said of something that a crash could lose; Discord waits three seconds.
 */
import { referenceOf, referTo } from "../../../domain/command/reference.ts";
import type { View } from "../../../domain/view.ts";
import type {
  ChatDoor,
  CommandForm,
  CommandRequest,
  KeyedFormRequest,
  Log,
  Metrics,
  OptionShape,
  SuggestQuestion,
} from "../../../ports.ts";
import type { Api } from "./api.ts";
import { modalOf, readFillId, valuesOfForm } from "./command-form.ts";
import { type Catalog, discordName, openedBy } from "./commands.ts";
import { formOf, lineOfForm, readFormId } from "./form.ts";
import { accountOf, type Interaction, interactionShape, pinnedBy, requestOf } from "./interaction.ts";
import { codes, problemOf } from "./outcome.ts";
import { confirmPrompt, note, notStored, privately, workingOn } from "./prompts.ts";
import { askPrefix, cancelId, renderView, sendPrefix } from "./render.ts";
import { anything } from "./shapes.ts";
import { choiceList, matching } from "./suggestions.ts";

/** Discord gives three seconds; what is left of them goes on the way. */
export const ackMs = 2_000;
const suggestMs = 2_000;
/** How long a form waits for what is known. */
const fillMs = 1_200;
/** After this the person is told that nobody knows whether the request was stored, ms. */
const submitMs = 60_000;
const ephemeral = 64;

export interface InteractionOptions {
  readonly api: Api;
  readonly door: ChatDoor;
  readonly catalog: Catalog;
  /** What to ask before a command runs, where this process rendered the button. */
  readonly questionOf: (command: string) => string | null;
  readonly log: Log;
  readonly metrics: Metrics;
}

export function createInteractions(options: InteractionOptions) {
  const { api, door, catalog, log, metrics } = options;

  /** Never throws: it is called by the gateway's event. */
  async function handle(data: unknown): Promise<void> {
    const parsed = interactionShape.safeParse(data);
    if (!parsed.success) {
      log.warn({ problem: parsed.error.message }, "discord: an interaction that cannot be read");
      return;
    }
    try {
      await dispatch(parsed.data);
    } catch (error) {
      log.error({ error, interaction: parsed.data.id }, "discord: an interaction failed");
    }
  }

  async function dispatch(interaction: Interaction): Promise<void> {
    const id = interaction.data.custom_id ?? "";
    if (interaction.type === 4) return suggest(interaction);
    if (interaction.type === 2) return command(interaction);
    if (interaction.type === 3 && id.startsWith(sendPrefix))
      return press(interaction, id.slice(sendPrefix.length));
    if (interaction.type === 3 && id.startsWith(askPrefix))
      return ask(interaction, id.slice(askPrefix.length));
    const form = readFormId(id);
    if (interaction.type === 3 && form !== null) {
      const refusal = await refusalOf(requestOfLine(interaction, form.line, "button"));
      return refusal === null
        ? callback(interaction, { type: 9, data: formOf(form, id, options.questionOf(form.line)) })
        : deny(interaction, refusal);
    }
    if (interaction.type === 5 && form !== null)
      return press(interaction, lineOfForm(form, interaction.data.components));
    const line = readFillId(id);
    if (interaction.type === 3 && line !== null) return fill(interaction, line);
    if (interaction.type === 5 && line !== null) return submitForm(interaction, line);
    if (interaction.type === 3 && id === cancelId)
      return callback(interaction, { type: 7, data: note("Not done.") });
    return refuse(
      interaction,
      "This control is no longer in use. Look for the newest card, or type the command.",
    );
  }

  /** In the menu of a message: a form asks for the rest, and shows what is taken from the message. */
  async function takeMessage(interaction: Interaction, name: string): Promise<void> {
    const pinned = pinnedBy(interaction);
    const said = (options: CommandForm["kept"]) =>
      requestOf(interaction, name, { kind: "options", options }, "command");
    const asked = said({ ...pinned?.origin, ...pinned?.text });
    const form = door.forms.of(asked);
    const origin = door.forms.of(said({ ...pinned?.origin }));
    const isOpen =
      pinned !== null &&
      form !== null &&
      origin !== null &&
      (await openForm(interaction, form, asked, origin));
    if (!isOpen)
      await refuse(interaction, "Nothing can be made of this message. Type the command, with what it says.");
  }

  async function command(interaction: Interaction): Promise<void> {
    const opened = openedBy(interaction.data.type, interaction.data.name);
    if (opened !== null) return takeMessage(interaction, opened);
    const shape = catalog.commandOf(interaction.data.name ?? "");
    if (shape === null)
      return refuse(interaction, "The bot no longer knows this command. /help lists those that it knows.");
    const values: Record<string, string | number | boolean> = {};
    for (const { name, value } of interaction.data.options) {
      const option = catalog.optionOf(discordName(shape.name), name);
      if (value !== undefined) values[option?.name ?? name] = value;
    }
    const request = requestOf(interaction, shape.name, { kind: "options", options: values }, "command");
    const form = door.forms.of(request);
    if (form?.isNeeded === true && (await openForm(interaction, form, request))) return;
    await accept(interaction, request, deferred);
  }

  /** A button that opens the form of its command; without a form the command says itself what it needs. */
  async function fill(interaction: Interaction, line: string): Promise<void> {
    const asked = requestOfLine(interaction, line, "command");
    // A line that cannot be read opens the empty form.
    const form = door.forms.of(asked) ?? door.forms.of({ ...asked, input: { kind: "text", text: "" } });
    if (form !== null && (await openForm(interaction, form, asked))) return;
    await press(interaction, line);
  }

  /** A modal cannot be changed once it is open, so what is known must be there in time; else it opens without. */
  async function openForm(
    interaction: Interaction,
    form: CommandForm,
    asked: KeyedFormRequest,
    origin?: CommandForm,
  ): Promise<boolean> {
    if (modalOf(form, origin) === null) return false;
    const [refusal, filled] = await Promise.all([
      refusalOf(asked),
      within(door.forms.fill(form, asked), fillMs),
    ]);
    if (refusal !== null) {
      await deny(interaction, refusal);
      return true;
    }
    // What the bot filled in stands in the fields that are shown; only the person's own words have to go along.
    const known = filled === "timeout" ? null : (modalOf(filled, origin) ?? modalOf(filled, form));
    const data = known ?? modalOf(form, origin);
    await callback(interaction, { type: 9, data });
    return true;
  }

  /** Null also when nobody could tell in time: it is judged again when the form is sent. */
  async function refusalOf(asked: KeyedFormRequest): Promise<View | null> {
    const refusal = await within(door.forms.refuse(asked), fillMs);
    return refusal === "timeout" ? null : refusal;
  }

  /** In place of the form. */
  async function deny(interaction: Interaction, refusal: View): Promise<void> {
    const { body } = renderView(refusal, null);
    await callback(interaction, { type: 4, data: { ...body, flags: ephemeral } });
  }

  /** A refusal of our own, of something that is no request. */
  async function refuse(interaction: Interaction, text: string): Promise<void> {
    const reference = referenceOf(interaction.id);
    log.info({ interaction: interaction.id, reference, text }, "discord: an interaction was refused");
    await callback(interaction, { type: 4, data: privately(note(referTo(text, reference))) });
  }

  async function submitForm(interaction: Interaction, line: string): Promise<void> {
    const base = requestOfLine(interaction, line, "button");
    const form = door.forms.of(base);
    if (form === null) return press(interaction, line);
    const options = valuesOfForm(form, interaction.data.components);
    await accept(interaction, { ...base, input: { kind: "options", options } }, deferred);
  }

  function requestOfLine(interaction: Interaction, line: string, kind: "command" | "button"): CommandRequest {
    const [, name = "", text = ""] = /^(\S+)\s*([\s\S]*)$/.exec(line.trim()) ?? [];
    return requestOf(interaction, name, { kind: "text", text }, kind);
  }

  async function press(interaction: Interaction, line: string): Promise<void> {
    const isPrompt = interaction.type === 3 && ((interaction.message?.flags ?? 0) & ephemeral) !== 0;
    const request = requestOfLine(interaction, line, "button");
    // A private prompt becomes its own answer, and loses its buttons at once; a public card stays as it is.
    if (isPrompt) return accept(interaction, request, { type: 7, data: workingOn(line) });
    await accept(interaction, request, deferred);
  }

  async function ask(interaction: Interaction, line: string): Promise<void> {
    const buttons = interaction.message?.components.flatMap((row) => row.components) ?? [];
    const label = buttons.find((button) => button.custom_id === interaction.data.custom_id)?.label ?? "";
    await callback(interaction, {
      type: 4,
      data: privately(confirmPrompt(line, label, options.questionOf(line))),
    });
  }

  /** Stores, then acknowledges; a slow database gets "thinking…" in time and the word afterwards. */
  async function accept(interaction: Interaction, request: CommandRequest, ack: Ack): Promise<void> {
    const receivedAt = performance.now();
    const reference = referenceOf(request.key);
    const submitted = outcomeOfSubmit(
      Promise.resolve().then(() => door.submit(request)),
      reference,
    );
    const early = await within(submitted, ackMs);
    if (early === "timeout") {
      metrics.count("tocsin_chat_slow_acks_total", { platform: "discord" });
      log.warn({ interaction: interaction.id, reference }, "discord: storing a request takes long");
      await callback(interaction, ack.type === 7 ? { type: 6 } : ack);
      const late = await within(submitted, submitMs);
      if (late === "stored") return;
      return tell(interaction, referTo(late === "timeout" ? unknownFate : notStored, reference));
    }
    const lost = note(referTo(notStored, reference));
    if (early === "stored") await callback(interaction, ack);
    else if (ack.type === 7) await callback(interaction, { type: 7, data: lost });
    else await callback(interaction, { type: 4, data: privately(lost) });
    metrics.observe("tocsin_chat_ack_seconds", (performance.now() - receivedAt) / 1000, {
      platform: "discord",
    });
  }

  function outcomeOfSubmit(submission: Promise<void>, reference: string): Promise<"stored" | "failed"> {
    return submission.then(
      () => "stored",
      (error: unknown) => {
        log.error({ error, reference }, "discord: a request could not be stored");
        return "failed";
      },
    );
  }

  async function suggest(interaction: Interaction): Promise<void> {
    const shape = catalog.commandOf(interaction.data.name ?? "");
    const focused = interaction.data.options.find((option) => option.focused === true);
    const option =
      shape === null || focused === undefined
        ? null
        : catalog.optionOf(discordName(shape.name), focused.name);
    const partial = String(focused?.value ?? "");
    const given = Object.fromEntries(
      interaction.data.options.flatMap(({ name, value, focused: isFocused }) =>
        value === undefined || isFocused === true ? [] : [[name, value]],
      ),
    );
    const choices =
      shape === null || option === null
        ? []
        : await choicesFor(interaction, { command: shape.name, option, partial, given });
    await callback(interaction, { type: 8, data: { choices } });
  }

  async function choicesFor(
    interaction: Interaction,
    { option, ...question }: Omit<SuggestQuestion, "account" | "option"> & { readonly option: OptionShape },
  ) {
    const { partial, command } = question;
    if (!option.isSuggested) return choiceList(option, matching(option, partial));
    const asked = Promise.resolve()
      .then(() => door.suggest({ ...question, account: accountOf(interaction), option: option.name }))
      .catch((error: unknown) => {
        log.warn({ error, command }, "discord: suggestions failed");
        return [];
      });
    const answer = await within(asked, suggestMs);
    return answer === "timeout" ? [] : choiceList(option, answer);
  }

  /** Acknowledges; repeats while the three seconds last, since a second acknowledgement is refused harmlessly. */
  async function callback(interaction: Interaction, body: Ack): Promise<void> {
    for (let attempt = 0; attempt < 3; attempt += 1) {
      const reply = await api.call({
        method: "POST",
        path: `/interactions/${interaction.id}/${interaction.token}/callback`,
        body,
        schema: anything,
        auth: "none",
        timeoutMs: 2_500,
      });
      if (reply.kind === "ok") return;
      // Another replica was faster, or an earlier attempt arrived after all.
      if (reply.kind === "denied" && reply.code === codes.alreadyAcknowledged) return;
      if (reply.kind === "denied" || attempt === 2) {
        metrics.count("tocsin_chat_failed_acks_total", { platform: "discord" });
        log.warn({ interaction: interaction.id, problem: problemOf(reply) }, "discord: cannot acknowledge");
        return;
      }
    }
  }

  async function tell(interaction: Interaction, text: string): Promise<void> {
    const reply = await api.call({
      method: "PATCH",
      path: `/webhooks/${interaction.application_id}/${interaction.token}/messages/@original`,
      body: note(text),
      schema: anything,
      auth: "none",
    });
    if (reply.kind !== "ok")
      log.warn({ problem: problemOf(reply) }, "discord: cannot say that a request failed");
  }

  return { handle };
}

/** "Thinking…", which only whoever asked sees, until the answer is there. */
const deferred: Ack = { type: 5, data: { flags: ephemeral } };

interface Ack {
  readonly type: 4 | 5 | 6 | 7 | 8 | 9;
  readonly data?: unknown;
}

const unknownFate =
  "The database did not answer in a minute: the request may or may not have been accepted. Look at the card before you try again.";

async function within<Value>(promise: Promise<Value>, ms: number): Promise<Value | "timeout"> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<"timeout">((resolve) => {
    timer = setTimeout(() => resolve("timeout"), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
