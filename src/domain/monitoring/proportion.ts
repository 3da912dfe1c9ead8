/**
 * Whether something became more frequent, by Fisher's exact test: no approximation that fails for the rare. The limit
 * is that of the normal approximation, since the exact one has steps.
 */
import { type CheckName, type CheckResult, fewestValues } from "./measured.ts";
import { logGamma, normalLimit } from "./probability.ts";

/** How often something was seen among how many. */
export interface Share {
  readonly seen: number;
  readonly among: number;
}

/** The difference of the shares is the value; never below zero, since less of it is no finding. */
export function checkRise(check: CheckName, floor: number, reference: Share, current: Share): CheckResult {
  const [n, m] = [reference.among, current.among];
  if (n < fewestValues || m < fewestValues) {
    const because = n < fewestValues ? `the reference holds ${n} rows` : `there are ${m} rows yet`;
    return { kind: "not_enough", check, because: `${because}, ${fewestValues} are needed` };
  }
  return {
    kind: "measured",
    check,
    value: Math.max(0, current.seen / m - reference.seen / n),
    floor,
    chance: chanceOfRise(reference, current),
    limitAt: (level) => normalLimit(level) * deviationOf(reference, current),
    n,
    m,
  };
}

/** Probability that so many, or more, of those seen fall on the current side while nothing has changed. */
export function chanceOfRise(reference: Share, current: Share): number {
  const [n, m] = [reference.among, current.among];
  const seen = Math.min(reference.seen, n) + Math.min(current.seen, m);
  const most = Math.min(seen, m);
  const from = Math.min(current.seen, most);
  if (from <= (seen * m) / (n + m)) return 1;
  // Above the mean each term is smaller than the one before, and falls ever faster.
  let term = Math.exp(logChoose(seen, from) + logChoose(n + m - seen, m - from) - logChoose(n + m, m));
  let total = term;
  for (let k = from; k < most && term > total * 1e-12; k += 1) {
    term *= ((seen - k) * (m - k)) / ((k + 1) * (n - seen + k + 1));
    total += term;
  }
  return Math.min(1, total);
}

/** Deviation of the difference while the share is the same on both sides. */
function deviationOf(reference: Share, current: Share): number {
  const all = reference.among + current.among;
  const share = (reference.seen + current.seen) / all;
  return Math.sqrt(share * (1 - share) * (1 / reference.among + 1 / current.among));
}

function logChoose(n: number, k: number): number {
  return logGamma(n + 1) - logGamma(k + 1) - logGamma(n - k + 1);
}
