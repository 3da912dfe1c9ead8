/**
 * Population stability index: sum of (p - q) ln(p / q) over the bins. While nothing has changed it is about
 * (1/n + 1/m) times a chi-squared variable with one degree of freedom fewer than there are bins, so a fixed limit of
 * 0.1 is passed by chance alone in five of six samples of a hundred.
 * @see https://doi.org/10.1007/978-3-030-25147-5 (Yurdakul, Naranjo: Statistical properties of the PSI)
 */
import { joinSparse, type PairedBins, pearson } from "./bins.ts";
import { type CheckResult, tooFew } from "./measured.ts";
import { chiSquaredLimit, chiSquaredTail } from "./probability.ts";

const check = "psi";
/** What the trade calls "no significant change". */
const floor = 0.1;
/** Stands in for an empty bin, so that the logarithm stays finite. */
const halfACount = 0.5;

export function checkPsi(bins: PairedBins): CheckResult {
  const { n, m } = bins;
  const because = tooFew(n, m);
  if (because !== null) return { kind: "not_enough", check, because };
  const joined = joinSparse(bins);
  const degrees = joined.reference.length - 1;
  if (degrees < 1) return { kind: "not_enough", check, because: "all values are in one bin" };
  const value = psi(joined);
  const unit = 1 / n + 1 / m;
  // In sparse bins the logarithm runs ahead of the approximation; Pearson's statistic of the same table does not.
  const statistic = Math.min(value / unit, pearson(joined));
  return {
    kind: "measured",
    check,
    value,
    floor,
    chance: chiSquaredTail(statistic, degrees),
    limitAt: (level) => unit * chiSquaredLimit(level, degrees),
    n,
    m,
  };
}

/** The index itself, of bins as they are. */
export function psi({ reference, current, n, m }: PairedBins): number {
  return reference.reduce((total, count, index) => {
    const other = current[index] ?? 0;
    if (count === 0 && other === 0) return total;
    const p = Math.max(count, halfACount) / n;
    const q = Math.max(other, halfACount) / m;
    return total + (p - q) * Math.log(p / q);
  }, 0);
}
