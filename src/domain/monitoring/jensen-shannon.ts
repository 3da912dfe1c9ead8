/**
 * Jensen-Shannon distance, base 2: 0 for equal distributions, 1 for those that share nothing. Eight times its square
 * (in nats) over (1/n + 1/m) is about chi-squared while nothing has changed, as the likelihood ratio of the G-test is.
 * @see https://doi.org/10.1109/18.61115
 */
import { joinSparse, type PairedBins, pearson } from "./bins.ts";
import { type CheckResult, tooFew } from "./measured.ts";
import { chiSquaredLimit, chiSquaredTail } from "./probability.ts";

const check = "jensen_shannon";
const floor = 0.1;

export function checkJensenShannon(bins: PairedBins): CheckResult {
  const { n, m } = bins;
  const because = tooFew(n, m);
  if (because !== null) return { kind: "not_enough", check, because };
  const joined = joinSparse(bins);
  const degrees = joined.reference.length - 1;
  if (degrees < 1) return { kind: "not_enough", check, because: "all values are in one bin" };
  const unit = (1 / n + 1 / m) / 8;
  const divergence = jensenShannon(joined);
  // As for PSI: Pearson's statistic holds where the approximation runs ahead.
  const statistic = Math.min(divergence / unit, pearson(joined));
  return {
    kind: "measured",
    check,
    value: distance(divergence),
    floor,
    chance: chiSquaredTail(statistic, degrees),
    limitAt: (level) => distance(unit * chiSquaredLimit(level, degrees)),
    n,
    m,
  };
}

/** Divergence in nats, 0 to ln 2, of bins as they are. */
export function jensenShannon({ reference, current, n, m }: PairedBins): number {
  return reference.reduce((total, count, index) => {
    const [p, q] = [count / n, (current[index] ?? 0) / m];
    const middle = (p + q) / 2;
    return total + (part(p, middle) + part(q, middle)) / 2;
  }, 0);
}

function part(share: number, middle: number): number {
  return share === 0 ? 0 : share * Math.log(share / middle);
}

function distance(divergence: number): number {
  return Math.sqrt(Math.max(0, divergence) / Math.LN2);
}
