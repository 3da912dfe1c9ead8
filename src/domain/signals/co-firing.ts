import { defineSignal } from "../signal.ts";

const weight = 3.1;
/** Share of common firings at which history says neither yes nor no. */
const neutral = 0.35;
/** Imagined firings, of which this share was in common: little history moves the score little. */
const prior = 1;
const priorShare = 0.3;

/** What fired together before belongs together; what fired alone before does not. */
export default defineSignal({
  name: "co-firing",
  summary: "How often these two kinds of alert fired together in the last day.",
  isSymmetric: true,
  range: [-weight, weight],
  score(a, b, { history }) {
    const seen = history.coFirings(a.type, b.type, Math.min(a.at, b.at));
    if (seen === null) return null;
    return weight * ((seen.together + prior * priorShare) / (seen.fewer + prior) - neutral);
  },
  because(a, b, { history }) {
    const seen = history.coFirings(a.type, b.type, Math.min(a.at, b.at));
    return `${a.alert.name} on ${a.entity ?? "no named service"} and ${b.alert.name} on ${b.entity ?? "no named service"} fired together ${seen?.together ?? 0} of ${seen?.fewer ?? 0} times in the last day`;
  },
});
