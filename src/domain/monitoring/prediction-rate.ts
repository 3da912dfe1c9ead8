/** Whether a model predicts a class more or less often than it did. */
import { type CategoricalHistogram, sizeOf } from "./histogram.ts";
import { type CheckResult, tooFew } from "./measured.ts";
import { normalLimit } from "./probability.ts";
import { chanceOfRise, type Share } from "./proportion.ts";

const check = "prediction_rate";
/** Five predictions in a hundred. */
const floor = 0.05;

/** The class whose share moved most counts; each of them could have, in both directions. */
export function checkPredictionRate(
  reference: CategoricalHistogram,
  current: CategoricalHistogram,
): CheckResult {
  const [n, m] = [sizeOf(reference), sizeOf(current)];
  const because = tooFew(n, m);
  if (because !== null) return { kind: "not_enough", check, because };
  const names = [...new Set([...reference.counts.keys(), ...current.counts.keys()])].sort();
  const moves = names.map((name) => moveOf(shareIn(reference, name, n), shareIn(current, name, m)));
  const most = moves.reduce((a, b) => (b.value > a.value ? b : a), { value: 0, deviation: 0, chance: 1 });
  const looks = 2 * Math.max(1, names.length);
  return {
    kind: "measured",
    check,
    value: most.value,
    floor,
    chance: Math.min(1, looks * Math.min(1, ...moves.map((move) => move.chance))),
    limitAt: (level) => most.deviation * normalLimit(level / looks),
    n,
    m,
  };
}

function shareIn(histogram: CategoricalHistogram, name: string, among: number): Share {
  return { seen: histogram.counts.get(name) ?? 0, among };
}

function moveOf(before: Share, after: Share): { value: number; deviation: number; chance: number } {
  const share = (before.seen + after.seen) / (before.among + after.among);
  return {
    value: Math.abs(after.seen / after.among - before.seen / before.among),
    deviation: Math.sqrt(share * (1 - share) * (1 / before.among + 1 / after.among)),
    chance: Math.min(chanceOfRise(before, after), chanceOfRise(after, before)),
  };
}
