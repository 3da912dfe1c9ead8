/**
 * A form with one line to type, opened by a button whose command needs more than a press. Its custom id is the
 * button's, so that any process can read what comes of it.
 * @see https://docs.discord.com/developers/components/reference#label
 */
import { z } from "zod";
import { withOption } from "../../../domain/command/options.ts";
import { truncate } from "../../../domain/view.ts";
import { plainLine } from "./markdown.ts";
import { formPrefix } from "./render.ts";

const answerId = "answer";
/** Characters of a title and of a label. */
const longestLabel = 45;
const longestDescription = 100;
const longestAnswer = 500;

interface FormButton {
  readonly option: string;
  readonly line: string;
}

/** What a button or a form with this custom id is about; null when it is none of ours. */
export function readFormId(customId: string): FormButton | null {
  const match = /^([\w-]{1,32}):([\s\S]+)$/.exec(
    customId.startsWith(formPrefix) ? customId.slice(formPrefix.length) : "",
  );
  return match?.[1] === undefined || match[2] === undefined ? null : { option: match[1], line: match[2] };
}

/** @param question - what the button asked for, where this process rendered it. */
export function formOf({ option, line }: FormButton, customId: string, question: string | null) {
  const label = plainLine(question ?? `Type the ${option} to go on`, longestLabel);
  return {
    custom_id: customId,
    title: truncate(`/${plainLine(line, 200)}`, longestLabel),
    components: [
      {
        type: 18,
        label,
        description: truncate(`Sends /${plainLine(line, 200)}`, longestDescription),
        component: { type: 4, custom_id: answerId, style: 1, required: true, max_length: longestAnswer },
      },
    ],
  };
}

const answers = z.array(
  z.object({ component: z.object({ custom_id: z.string(), value: z.string() }).optional() }),
);

/** The command line with what was typed into the form. */
export function lineOfForm({ option, line }: FormButton, components: unknown): string {
  const fields = answers.safeParse(components).data ?? [];
  const typed = fields.find(({ component }) => component?.custom_id === answerId)?.component?.value ?? "";
  return withOption(line, option, typed);
}
