import type { Reason } from "./correlation.ts";

/** What sums of scores are held against: it says nothing of these very alerts. */
const notTelling = "threshold";

/** Of some reasons, the one that says most for a grouping, or against it; null when none does. */
export function tellingReason(reasons: readonly Reason[], side: "for" | "against"): Reason | null {
  const sign = side === "for" ? 1 : -1;
  let telling: Reason | null = null;
  for (const reason of reasons) {
    if (reason.signal === notTelling || sign * reason.score < 0) continue;
    if (telling === null || sign * reason.score > sign * telling.score) telling = reason;
  }
  return telling;
}
