/** A line as its writer most likely meant it, to be offered as a button. */
import { type LineShape, parseLine } from "./options.ts";
import { repairTyping } from "./words.ts";

/** Misspelt options that are put right in one line. */
const maxCorrections = 5;

/**
 * The line with every unknown option replaced by the known one nearest to it, quotes and dashes repaired.
 * @param line - what followed the name of the command.
 * @returns null when nothing is misspelt or one of them resembles no option; values are not checked.
 */
export function withKnownFlags(line: string, shape: LineShape): string | null {
  let corrected = repairTyping(line);
  for (let count = 0; count <= maxCorrections; count += 1) {
    const read = parseLine(corrected, shape);
    if (read.kind !== "unknown_flag") return count > 0 && read.kind === "values" ? corrected : null;
    if (read.suggestion === null) return null;
    corrected = corrected.replace(wordPattern(`--${read.name}`, "\\s"), `$1--${read.suggestion}`);
  }
  return null;
}

/**
 * The line with one value replaced, where that changes nothing else in it.
 * @param from - the value as it was read; `to` one that the option takes.
 * @returns null when the line does not hold the value as one word of its own.
 */
export function withValue(
  line: string,
  shape: LineShape,
  change: { readonly key: string; readonly from: string; readonly to: string },
): string | null {
  const before = parseLine(line, shape);
  const corrected = repairTyping(line).replace(
    wordPattern(change.from, `\\s="'`),
    (_, before: string) => `${before}${change.to}`,
  );
  const after = parseLine(corrected, shape);
  if (before.kind !== "values" || after.kind !== "values") return null;
  const keys = Object.keys({ ...before.values, ...after.values });
  const isOnlyThat = keys.every((key) =>
    key === change.key ? after.values[key] === change.to : after.values[key] === before.values[key],
  );
  return isOnlyThat ? corrected : null;
}

/** The first place where the text stands as a word that begins after one of these characters, which are kept as $1. */
function wordPattern(text: string, before: string): RegExp {
  const escaped = text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  return new RegExp(`(^|[${before}])${escaped}(?=$|[\\s="'])`);
}
