import { blames, type Suspect, suspectName } from "./feedback.ts";

/**
 * A cause of a ranking in a few words: "not enough evidence" for the answer that names nothing, "checkout, without a
 * change" for a service alone, and else the change. Untrusted text.
 * @param named - the suspect's name where the place has better words for it than ids.
 */
export function causeName<Cause extends Pick<Suspect, "service" | "changeId">>(
  cause: Cause,
  named: (cause: Cause) => string = suspectName,
): string {
  if (!blames(cause)) return "not enough evidence";
  return cause.changeId === null ? `${named(cause)}, without a change` : named(cause);
}
