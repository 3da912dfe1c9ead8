import { learnedOf } from "../clustering/co-firing-counts.ts";
import { defineSignal, type SeenAlert, type SignalContext } from "../clustering/signal.ts";

const weight = 3.1;
/** Share of common firings at which history says neither yes nor no. */
const neutral = 0.35;
/** Imagined firings, of which this share was in common: little history moves the score little. */
const prior = 1;
const priorShare = 0.3;
/** What was learned over weeks counts as at most this many firings beside those of the last day. */
const mostLearned = 6;

/** Firings in common and of the rarer one: those of the last day, and what was learned before. */
function firings(a: SeenAlert, b: SeenAlert, { history, coFirings }: SignalContext) {
  const seen = history.coFirings(a.type, b.type, Math.min(a.at, b.at));
  const learned = learnedOf(coFirings, a.type, b.type);
  if (seen === null && learned === undefined) return null;
  const [together, fewer] = learned ?? [0, 0];
  const share = fewer === 0 ? 0 : Math.min(1, mostLearned / fewer);
  return {
    seen: seen ?? { together: 0, fewer: 0 },
    together: (seen?.together ?? 0) + together * share,
    fewer: (seen?.fewer ?? 0) + fewer * share,
    learned,
  };
}

/** What fired together before belongs together; what fired alone before does not. */
export default defineSignal({
  name: "co-firing",
  summary:
    "How often these two kinds of alert fired together: in the last day, and over the weeks learned from.",
  isSymmetric: true,
  range: [-weight, weight],
  score(a, b, context) {
    const counted = firings(a, b, context);
    if (counted === null) return null;
    return weight * ((counted.together + prior * priorShare) / (counted.fewer + prior) - neutral);
  },
  because(a, b, context) {
    const counted = firings(a, b, context);
    const pair = `${a.name} on ${a.entity ?? "no named service"} and ${b.name} on ${b.entity ?? "no named service"}`;
    const lately = `${counted?.seen.together ?? 0} of ${counted?.seen.fewer ?? 0} times in the last day`;
    const [together, fewer] = counted?.learned ?? [0, 0];
    const before =
      fewer === 0
        ? ""
        : `, and about ${Math.round(together)} of ${Math.round(fewer)} times in the weeks learned from`;
    return `${pair} fired together ${lately}${before}`;
  },
});
