/** What becomes of a start that was asked for and not recorded; a second one is made only where it can do no harm. */

/** What the backend said when it was asked for the operation, and did not know of a start. */
export type StartLook =
  /** It looked, and has nothing of that operation. */
  | { readonly kind: "absent" }
  | { readonly kind: "cannot_look"; readonly problem: string }
  /** It did not answer. */
  | { readonly kind: "away"; readonly problem: string };

/**
 * start: once more, from the beginning. wait: look again later. fail: it was never begun. ask: nobody can tell, and a
 * person decides.
 */
export type Recovery =
  | { readonly kind: "start" }
  | { readonly kind: "wait" | "fail" | "ask"; readonly why: string };

/**
 * @param inDoubt - `isRepeatable`: whether a second start of the same operation does no harm. `doubt`: what the start
 * just now failed with, null after a crash. `isLate`: it has been tried for long enough.
 * @param backend - names it: 'the backend "mlflow"'.
 */
export function recoverStart(
  inDoubt: {
    readonly look: StartLook;
    readonly isRepeatable: boolean;
    readonly doubt: string | null;
    readonly isLate: boolean;
  },
  backend: string,
): Recovery {
  const { look, isRepeatable, doubt, isLate } = inDoubt;
  if (look.kind === "cannot_look") return { kind: "ask", why: look.problem };
  if (look.kind === "away") {
    if (isLate) return { kind: "ask", why: `${backend} cannot be asked: ${look.problem}` };
    return { kind: "wait", why: `${backend} cannot be asked whether it started: ${look.problem}` };
  }
  if (!isRepeatable) return { kind: "ask", why: doubt ?? "the bot stopped while it was starting it" };
  if (isLate) return { kind: "fail", why: `it could not be started: ${doubt ?? "no answer"}` };
  if (doubt !== null) return { kind: "wait", why: `the start failed and is tried again: ${doubt}` };
  return { kind: "start" };
}
