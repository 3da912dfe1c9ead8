/** What one check found of one feature, before it is known how many others were looked at. */

export type CheckName =
  | "psi"
  | "jensen_shannon"
  | "kolmogorov_smirnov"
  | "wasserstein"
  | "null_rate"
  | "unseen_categories"
  | "out_of_range"
  | "volume"
  | "prediction_rate"
  | "performance";

export interface Measured {
  readonly kind: "measured";
  readonly check: CheckName;
  /** How far apart the two are, in the check's own unit. */
  readonly value: number;
  /** Smaller differences than this are of no consequence, however surely they are measured. */
  readonly floor: number;
  /** Probability of such a value, or a greater one, while nothing has changed. */
  readonly chance: number;
  /** The value whose {@link chance} is `level`. */
  readonly limitAt: (level: number) => number;
  /** Values of the reference, and of what is compared with it. */
  readonly n: number;
  readonly m: number;
}

/** Never to be read as "all is well". */
export interface NotEnough {
  readonly kind: "not_enough";
  readonly check: CheckName;
  readonly because: string;
}

export type CheckResult = Measured | NotEnough;

/** Fewer values than this on either side say nothing of a distribution. */
export const fewestValues = 50;

/** Why two samples cannot be compared, or null. */
export function tooFew(n: number, m: number): string | null {
  if (n < fewestValues) return `the reference holds ${n} values, ${fewestValues} are needed`;
  if (m < fewestValues) return `there are ${m} values yet, ${fewestValues} are needed`;
  return null;
}
