/**
 * A question whose answers are buttons: what a command shows when it was told only half of what it needs. Every
 * platform has buttons, and pressing one is the whole command, so nothing has to be remembered between the two.
 */
import { answerView } from "../command/answer.ts";
import { oneLine, plain, type View, type ViewAction } from "../view.ts";

export interface Choice {
  /** Untrusted text is allowed. */
  readonly label: string;
  /** Command line without the slash; one too long for a button is left out. */
  readonly command: string;
  /** Asked before it is sent. */
  readonly confirm?: string;
}

/** Discord shows 25 buttons; more than these are not read anyway. */
export const maxChoices = 20;
const maxLabel = 75;
const maxCommand = 100;

/**
 * @param question - what to choose, in one line.
 * @param choices - the likeliest first; those over the limit are counted.
 * @param otherwise - one sentence: what to type when none fits.
 */
export function choiceView(question: string, choices: readonly Choice[], otherwise: string): View {
  const fitting = choices.filter(({ command }) => command.length <= maxCommand);
  const shown = fitting.slice(0, maxChoices);
  const more = choices.length - shown.length;
  const rest = more > 0 ? `${more} more ${more === 1 ? "is" : "are"} not shown. ${otherwise}` : otherwise;
  return answerView(question, {
    blocks: [
      { kind: "text", text: [plain(question)] },
      { kind: "note", text: [plain(rest)] },
    ],
    actions: shown.map(
      ({ label, command, confirm }): ViewAction => ({
        label: oneLine(label, maxLabel),
        command,
        style: "plain",
        ...(confirm === undefined ? {} : { confirm }),
      }),
    ),
  });
}
