/** Small private messages of the adapter's own: questions, notes. */
import { escapeInline, fitPlain } from "./markdown.ts";
import { cancelId, type Mentions, noMentions, type Row, sendPrefix } from "./render.ts";

const ephemeral = 64;

/** To a person whose request is lost. */
export const notStored =
  "Not accepted: the bot could not store the request. Nothing was done. Try again in a minute; if it stays so, look at the bot's log.";

interface Prompt {
  readonly content: string;
  readonly embeds: readonly never[];
  readonly components: readonly Row[];
  readonly allowed_mentions: Mentions;
}

/** One line for the person alone. Our own words, no markup to escape. */
export function note(content: string, components: readonly Row[] = []): Prompt {
  return { content, embeds: [], components, allowed_mentions: noMentions };
}

/** As the first reply to an interaction, which decides who sees it. */
export function privately(prompt: Prompt): Prompt & { readonly flags: number } {
  return { ...prompt, flags: ephemeral };
}

/** Discord has no confirmation of its own: a private message with two buttons asks. */
export function confirmPrompt(line: string, label: string, question: string | null): Prompt {
  const what = question === null ? `${label === "" ? "Go on" : label}?` : question;
  const content = `${fitPlain(what, 1500, escapeInline)}\n-# ${shown(line)}`;
  const yes = label === "" ? "Go on" : label;
  const buttons: Row = {
    type: 1,
    components: [
      { type: 2, style: 4, label: yes.slice(0, 80), custom_id: `${sendPrefix}${line}` },
      { type: 2, style: 2, label: "Cancel", custom_id: cancelId },
    ],
  };
  return note(content, [buttons]);
}

export function workingOn(line: string): Prompt {
  return note(`⏳ ${shown(line)}`);
}

function shown(line: string): string {
  return fitPlain(`/${line}`, 200, escapeInline);
}
