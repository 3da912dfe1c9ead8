/** Opens forms within the life of a trigger, fills them, and takes them back. */
import type { App } from "@slack/bolt";
import { z } from "zod";
import { referenceOf, referTo } from "../../../domain/command/reference.ts";
import { truncate } from "../../../domain/view.ts";
import type { ChatDoor, CommandForm, CommandRequest, KeyedFormRequest } from "../../../ports/chat.ts";
import type { Log } from "../../../ports/observability.ts";
import type { SlackApi } from "./client.ts";
import {
  blockOf,
  commandFormCallback,
  type FormPlace,
  formView,
  readCommandForm,
  readFillButton,
  readSuggestion,
  suggestedOptions,
  waitingView,
} from "./command-form.ts";
import type { QuestionForm } from "./form.ts";
import { refusalView } from "./refusal-view.ts";
import { sayPrivately } from "./render.ts";
import { type Saving, wordsFor } from "./saving.ts";

export interface FormDeskOptions {
  readonly app: App;
  readonly door: ChatDoor;
  readonly api: SlackApi;
  readonly submit: (request: CommandRequest) => Promise<Saving>;
  /** Looked at to tell the person later what became of a request that was slow to save. */
  readonly onSlow: (request: CommandRequest, saving: Extract<Saving, { kind: "slow" }>) => void;
  readonly now: () => Date;
  readonly log: Log;
}

/** A form that is wanted, by whom and where. */
export interface WantedForm {
  readonly triggerId: string;
  readonly form: CommandForm;
  readonly asked: KeyedFormRequest;
  readonly place: FormPlace;
}

export interface FormDesk {
  /** The form that a command needs before it can be carried out; null when it needs none. */
  neededFor(request: CommandRequest, body: unknown): WantedForm | null;
  /** The form that a pressed button opens; null for other buttons. */
  ofButton(body: unknown): WantedForm | null;
  /** @returns whether it opened; a trigger lives three seconds and serves once. */
  open(wanted: WantedForm): Promise<boolean>;
  /** The same for a form with one line to type. */
  openQuestion(wanted: QuestionForm): Promise<boolean>;
  sayNotOpened(body: unknown, asked: KeyedFormRequest): Promise<void>;
}

const opened = z.object({ view: z.object({ id: z.string(), hash: z.string().optional() }) });
type OpenedView = z.output<typeof opened>["view"];
type ModalView = Readonly<Record<string, unknown>>;
const slashBody = z.object({ trigger_id: z.string(), response_url: z.string().optional() });
/** Characters of an error at a field, without its reference. */
const longestError = 270;

/** Registers what belongs to forms. Call once, before the receiver starts. */
export function serveForms(options: FormDeskOptions): FormDesk {
  const { app, door, api, log } = options;

  app.options(/.*/, async ({ body, ack }) => {
    const question = readSuggestion(body);
    const found = question === null ? [] : suggestedOptions(await door.suggest(question), question);
    await ack({ options: [...found] });
  });

  app.view(commandFormCallback, async ({ body, ack }) => {
    const request = readCommandForm(body, options.now());
    if (request === null) return ack();
    const problems = door.forms.check(request);
    if (problems.length > 0) {
      const reference = referenceOf(request.key);
      const wrong = problems.map(({ option }) => option);
      log.info({ command: request.command, reference, wrong }, "slack: a form is not right yet");
      const errors = problems.map(({ option, text }) => [
        blockOf(option, body),
        referTo(truncate(text, longestError), reference),
      ]);
      return ack({ response_action: "errors", errors: Object.fromEntries(errors) });
    }
    const saving = await options.submit(request);
    // A form that could not be saved stays open, with what was typed in it.
    if (saving.kind === "saved") return ack();
    await ack({ response_action: "errors", errors: { [blockOf("", body)]: wordsFor(saving, request) } });
    if (saving.kind === "slow") options.onSlow(request, saving);
  });

  function neededFor(request: CommandRequest, body: unknown): WantedForm | null {
    const pressed = slashBody.safeParse(body);
    const form = pressed.success ? door.forms.of(request) : null;
    if (!pressed.success || form === null || !form.isNeeded) return null;
    const place = {
      channel: request.channel?.id,
      thread: undefined,
      responseUrl: pressed.data.response_url,
    };
    return { triggerId: pressed.data.trigger_id, form, asked: request, place };
  }

  function ofButton(body: unknown): WantedForm | null {
    const pressed = readFillButton(body);
    if (pressed === null) return null;
    const { asked } = pressed;
    // A line that cannot be read opens the empty form.
    const form = door.forms.of(asked) ?? door.forms.of({ ...asked, input: { kind: "text", text: "" } });
    return form === null ? null : { ...pressed, form };
  }

  async function open(wanted: WantedForm): Promise<boolean> {
    const { form, asked, place } = wanted;
    const bare = formView(form, place);
    if (bare === null) return false;
    const shown = await show(wanted, waitingView(form, place));
    if (shown === null) return false;
    const [refusal, known] = await Promise.all([door.forms.refuse(asked), door.forms.fill(form, asked)]);
    const filled = formView(known, place) ?? bare;
    await update(shown, refusal === null ? filled : refusalView(form.command, refusal), asked);
    return true;
  }

  async function openQuestion(wanted: QuestionForm): Promise<boolean> {
    const { asked, view } = wanted;
    const shown = await show(wanted, view);
    if (shown === null) return false;
    const refusal = await door.forms.refuse(asked);
    if (refusal !== null) await update(shown, refusalView(asked.command, refusal), asked);
    return true;
  }

  async function show(
    { triggerId, asked }: Pick<WantedForm, "triggerId" | "asked">,
    view: ModalView,
  ): Promise<OpenedView | null> {
    const answer = await api.call("views.open", { trigger_id: triggerId, view });
    const shown = answer.kind === "ok" ? opened.safeParse(answer.data) : null;
    if (shown?.success === true) return shown.data.view;
    const { command, key } = asked;
    log.warn({ outcome: answer, command, reference: referenceOf(key) }, "slack: a form was not opened");
    return null;
  }

  /** The person may have closed it meanwhile; then there is nothing to fill. */
  async function update(
    { id, hash }: OpenedView,
    view: ModalView,
    { command }: KeyedFormRequest,
  ): Promise<void> {
    const at = { view_id: id, ...(hash === undefined ? {} : { hash }) };
    const answer = await api.call("views.update", { ...at, view });
    if (answer.kind !== "ok") log.warn({ outcome: answer, command }, "slack: a form was not filled");
  }

  async function sayNotOpened(body: unknown, asked: KeyedFormRequest): Promise<void> {
    const pressed = z.object({ response_url: z.string() }).safeParse(body);
    if (!pressed.success) return;
    const words = "Slack did not open the form. Press the button again.";
    const text = referTo(words, referenceOf(asked.key));
    await api.respond(pressed.data.response_url, {
      response_type: "ephemeral",
      replace_original: false,
      ...sayPrivately(text),
    });
  }

  return { neededFor, ofButton, open, openQuestion, sayNotOpened };
}
