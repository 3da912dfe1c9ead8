/** Answers to commands: short, with the whole fact in one line. */
import { oneLine, plain, type Tone, truncate, type View, type ViewAction, type ViewBlock } from "../view.ts";

/** A command line that a button carries may be this long. */
const maxCommand = 100;
const maxSuggestions = 5;

/**
 * An answer in one sentence, with what belongs to it.
 * @param text - one or a few plain sentences; untrusted text is allowed.
 */
export function answerView(
  text: string,
  more: {
    readonly title?: string;
    readonly tone?: Tone;
    readonly blocks?: readonly ViewBlock[];
    readonly actions?: readonly ViewAction[];
    readonly footer?: string;
  } = {},
): View {
  const line = oneLine(text, 1_500);
  return {
    kind: "answer",
    title: more.title ?? truncate(line, 150),
    tone: more.tone ?? "neutral",
    summary: line,
    blocks: more.blocks ?? [{ kind: "text", text: [plain(line)] }],
    actions: more.actions ?? [],
    ...(more.footer === undefined ? {} : { footer: more.footer }),
  };
}

/** What was wrong, what to do, and command lines that would work, as buttons. */
export function errorView(error: {
  readonly title: string;
  readonly problem: string;
  readonly remedy: string;
  readonly suggestions?: readonly string[];
  readonly actions?: readonly ViewAction[];
  readonly blocks?: readonly ViewBlock[];
  readonly footer?: string;
}): View {
  const problem = oneLine(error.problem, 1_000);
  const remedy = oneLine(error.remedy, 1_000);
  return {
    kind: "error",
    title: oneLine(error.title, 150),
    tone: "bad",
    summary: `${problem} ${remedy}`.trim(),
    blocks: [
      { kind: "text", text: [plain(problem)] },
      ...(remedy === "" ? [] : [{ kind: "text" as const, text: [plain(remedy)] }]),
      ...(error.blocks ?? []),
    ],
    actions: [...(error.actions ?? []), ...commandActions(error.suggestions ?? [])],
    ...(error.footer === undefined ? {} : { footer: error.footer }),
  };
}

/** Buttons for command lines; those too long for a button are left out. */
export function commandActions(lines: readonly string[]): ViewAction[] {
  return [...new Set(lines)]
    .filter((line) => line.length <= maxCommand)
    .slice(0, maxSuggestions)
    .map((line) => ({ label: truncate(`/${line}`, 75), command: line, style: "plain" }));
}
