/** Whether far more or fewer rows came than in the windows before. */
import type { CheckResult } from "./measured.ts";
import { studentLimit, studentTails } from "./probability.ts";

const check = "volume";
/** Windows before this one, without which there is no saying what is usual. */
const fewestWindows = 5;
/** Twice as many, or half. */
const floor = Math.LN2;

/**
 * Rows of a whole window beside those of earlier windows, on a scale of ratios.
 * @param rows - of the window.
 * @param before - rows of the windows before it, those without any left out.
 */
export function checkVolume(rows: number, before: readonly number[]): CheckResult {
  const past = before.filter((count) => count > 0).map(Math.log);
  if (past.length < fewestWindows) {
    const because = `${past.length} earlier windows are known, ${fewestWindows} are needed`;
    return { kind: "not_enough", check, because };
  }
  const mean = past.reduce((total, value) => total + value, 0) / past.length;
  const variance = past.reduce((total, value) => total + (value - mean) ** 2, 0) / (past.length - 1);
  // Rows that come by chance alone vary by their root, also where the past happens to look steadier.
  const byChance = 1 / Math.exp(mean);
  const deviation = Math.sqrt(Math.max(variance, byChance) * (1 + 1 / past.length));
  const degrees = past.length - 1;
  // No row at all counts as half a row: a ratio needs one.
  const apart = Math.abs(Math.log(Math.max(rows, 0.5)) - mean);
  return {
    kind: "measured",
    check,
    value: apart,
    floor,
    chance: studentTails(apart / deviation, degrees),
    limitAt: (level) => deviation * studentLimit(level, degrees),
    n: past.length,
    m: rows,
  };
}
