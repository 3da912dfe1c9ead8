import { isGenericName } from "../alert/type.ts";
import { defineSignal, type SeenAlert } from "../clustering/signal.ts";
import { alikeness } from "../clustering/templates.ts";
import { maskedWords, wildcard } from "../text/mask.ts";

const most = 0.5;
/** Messages less alike than this say nothing. */
const leastAlike = 0.75;
/** Words that both must say: "is down" alone is said of everything. */
const fewestWords = 3;

/** By message: an alert is compared with all that are near it. */
const bySummary = new Map<string, Said>();
/** By what is left of a message without the service: most rules say the same of every one. */
const byText = new Map<string, readonly string[]>();
const maxTexts = 2_000;

interface Said {
  readonly entity: string | null;
  readonly words: readonly string[];
}

/** The message without what differs, and without the alert's own service. */
function wordsOf({ summary, entity }: SeenAlert): readonly string[] {
  const known = bySummary.get(summary);
  if (known !== undefined && known.entity === entity) return known.words;
  const words = wordsOfText(entity === null ? summary : summary.replaceAll(entity, " 0 "));
  if (bySummary.size >= maxTexts) bySummary.clear();
  bySummary.set(summary, { entity, words });
  return words;
}

function wordsOfText(text: string): readonly string[] {
  const known = byText.get(text);
  if (known !== undefined) return known;
  const words = maskedWords(text);
  if (byText.size >= maxTexts) byText.clear();
  byText.set(text, words);
  return words;
}

function compare(
  a: SeenAlert,
  b: SeenAlert,
): { readonly alike: number; readonly said: readonly string[] } | null {
  // Alerts of one rule always say the same; that they are of one rule says nothing new.
  if (a.name === b.name && !isGenericName(a.name)) return null;
  const [left, right] = [wordsOf(a), wordsOf(b)];
  const alike = alikeness(left, right);
  if (alike < leastAlike) return null;
  const said = left.filter((word, index) => word === right[index] && !word.includes(wildcard));
  return said.length < fewestWords ? null : { alike, said };
}

/** Two rules, or two senders, that say the same are most likely about the same. */
export default defineSignal({
  name: "template-similarity",
  summary: "Alerts of different rules whose messages say the same but for names and numbers.",
  isSymmetric: true,
  range: [0, most],
  score(a, b) {
    const compared = compare(a, b);
    return compared === null ? null : (most * (compared.alike - leastAlike / 2)) / (1 - leastAlike / 2);
  },
  because: (a, b) => `their messages read alike: "${(compare(a, b)?.said ?? []).slice(0, 8).join(" ")}"`,
});
