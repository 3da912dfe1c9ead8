/** What an incident's cause is known to be: what people say of it in the end, which is what a fit learns as the truth. */
import type { Suspect, Verdict } from "./feedback.ts";

/**
 * The newest confirmation that nobody refused later; null when none is left.
 * @param standing - of one incident, in the order in which it was said; see `standingVerdicts`.
 */
export function confirmedCause(standing: readonly Verdict[]): Verdict | null {
  return (
    standing.findLast(
      (verdict, index) => verdict.isRight && !isRefused(verdict, standing.slice(index + 1)),
    ) ?? null
  );
}

/** True when somebody refuses the change, or where the service is refused by itself the service. */
export function isRefused(
  suspect: Pick<Suspect, "service" | "changeId">,
  standing: readonly Verdict[],
): boolean {
  return standing.some(
    ({ isRight, service, changeId }) =>
      !isRight && (changeId === null ? suspect.service === service : suspect.changeId === changeId),
  );
}
