/**
 * A form with one line to type, opened by a button whose command needs more than a press.
 * @see https://docs.slack.dev/surfaces/modals
 */
import { z } from "zod";
import { withOption } from "../../../domain/command/options.ts";
import { jsonOf } from "../../../domain/text/json.ts";
import { truncate } from "../../../domain/view.ts";
import type { CommandRequest, KeyedFormRequest } from "../../../ports/chat.ts";
import { plainText } from "./blocks.ts";
import { askPrefix } from "./render.ts";
import { askedBy, buttonBody, placeOf, request, requestKey, splitLine } from "./requests.ts";

export const formCallback = "tocsin-form";
/** Where the error of a form is shown. */
export const formBlock = "typed";
const formAction = "answer";
/** Characters of a title. */
const longestTitle = 24;
const longestAnswer = 500;

/** What the form keeps of the button that opened it. */
const keptShape = z.object({
  line: z.string(),
  option: z.string(),
  channel: z.string().optional(),
  thread: z.string().optional(),
});

/** A form to be opened with `views.open`. */
export interface QuestionForm {
  readonly triggerId: string;
  readonly asked: KeyedFormRequest;
  readonly view: Readonly<Record<string, unknown>>;
}

/** The form that a pressed button asks for; null when it is no such button. */
export function readFormButton(body: unknown): QuestionForm | null {
  const parsed = buttonBody.safeParse(body);
  const pressed = parsed.data?.actions[0];
  if (!parsed.success || pressed?.value === undefined) return null;
  const [, option, label] = /^\d+:([\w-]+):([\s\S]*)$/.exec(afterPrefix(pressed.action_id)) ?? [];
  const line = pressed.value;
  const asking = askedBy(parsed.data, line);
  if (option === undefined || label === undefined || asking === null) return null;
  const { channel, thread } = placeOf(parsed.data);
  const name = `/${splitLine(line).command}`;
  return {
    ...asking,
    view: {
      type: "modal",
      callback_id: formCallback,
      private_metadata: JSON.stringify({ line, option, channel, thread }),
      title: plainText(truncate(name, longestTitle)),
      submit: plainText("Send"),
      close: plainText("Cancel"),
      blocks: [
        {
          type: "input",
          block_id: formBlock,
          label: plainText(label === "" ? option : label),
          hint: plainText(truncate(`Sends /${line}`, 150)),
          element: { type: "plain_text_input", action_id: formAction, max_length: longestAnswer },
        },
      ],
    },
  };
}

function afterPrefix(actionId: string): string {
  return actionId.startsWith(askPrefix) ? actionId.slice(askPrefix.length) : "";
}

const submission = z.object({
  type: z.literal("view_submission"),
  user: z.object({ id: z.string(), name: z.string().optional(), username: z.string().optional() }),
  view: z.object({
    id: z.string(),
    callback_id: z.literal(formCallback),
    private_metadata: z.string(),
    state: z.object({
      values: z.object({
        [formBlock]: z.object({ [formAction]: z.object({ value: z.string().nullish() }) }),
      }),
    }),
  }),
});

/** The command of a form that was sent off; null when it is not ours. One form is one request, however often it is sent. */
export function readForm(body: unknown, receivedAt: Date): CommandRequest | null {
  const parsed = submission.safeParse(body);
  if (!parsed.success) return null;
  const { user, view } = parsed.data;
  const kept = keptShape.safeParse(jsonOf(view.private_metadata));
  if (!kept.success) return null;
  const { line, option, channel, thread } = kept.data;
  const typed = view.state.values[formBlock][formAction].value ?? "";
  return request({
    key: requestKey("form", view.id),
    user: { id: user.id, name: user.name ?? user.username },
    channel,
    line: splitLine(withOption(line, option, typed)),
    receivedAt,
    reply: { kind: "form", channel, user: user.id, thread_ts: thread },
  });
}
