/** Opens forms within the life of a trigger, fills them, and takes them back. */
import type { App } from "@slack/bolt";
import { z } from "zod";
import { truncate } from "../../../domain/view.ts";
import type { ChatDoor, CommandForm, CommandRequest, FormRequest } from "../../../ports/chat.ts";
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
  readonly asked: FormRequest;
  readonly place: FormPlace;
}

export interface FormDesk {
  /** The form that a command needs before it can be carried out; null when it needs none. */
  neededFor(request: CommandRequest, body: unknown): WantedForm | null;
  /** The form that a pressed button opens; null for other buttons. */
  ofButton(body: unknown): WantedForm | null;
  /** @returns whether it opened; a trigger lives three seconds and serves once. */
  open(wanted: WantedForm): Promise<boolean>;
  sayNotOpened(body: unknown): Promise<void>;
}

const opened = z.object({ view: z.object({ id: z.string(), hash: z.string().optional() }) });
const slashBody = z.object({ trigger_id: z.string(), response_url: z.string().optional() });
/** Characters of an error at a field. */
const longestError = 300;

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
      const errors = problems.map(({ option, text }) => [
        blockOf(option, body),
        truncate(text, longestError),
      ]);
      return ack({ response_action: "errors", errors: Object.fromEntries(errors) });
    }
    const saving = await options.submit(request);
    // A form that could not be saved stays open, with what was typed in it.
    if (saving.kind === "saved") return ack();
    await ack({ response_action: "errors", errors: { [blockOf("", body)]: wordsFor(saving) } });
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
    const { triggerId, form, place } = wanted;
    if (formView(form, place) === null) return false;
    const answer = await api.call("views.open", { trigger_id: triggerId, view: waitingView(form, place) });
    const shown = answer.kind === "ok" ? opened.safeParse(answer.data) : null;
    if (shown?.success !== true) {
      log.warn({ outcome: answer.kind, command: form.command }, "slack: a form was not opened");
      return false;
    }
    await fill(wanted, shown.data.view);
    return true;
  }

  /** The person may have closed it meanwhile; then there is nothing to fill. */
  async function fill(
    { form, asked, place }: WantedForm,
    { id, hash }: { readonly id: string; readonly hash?: string | undefined },
  ): Promise<void> {
    const filled = formView(await door.forms.fill(form, asked), place) ?? formView(form, place);
    const answer = await api.call("views.update", {
      view_id: id,
      ...(hash === undefined ? {} : { hash }),
      view: filled,
    });
    if (answer.kind !== "ok")
      log.warn({ outcome: answer, command: form.command }, "slack: a form was not filled");
  }

  async function sayNotOpened(body: unknown): Promise<void> {
    const pressed = z.object({ response_url: z.string() }).safeParse(body);
    if (!pressed.success) return;
    const text = "Slack did not open the form. Press the button again.";
    await api.respond(pressed.data.response_url, {
      response_type: "ephemeral",
      replace_original: false,
      ...sayPrivately(text),
    });
  }

  return { neededFor, ofButton, open, sayNotOpened };
}
