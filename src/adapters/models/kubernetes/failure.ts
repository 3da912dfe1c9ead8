/** What an answer of the API server other than success means for what was asked. */

import { z } from "zod";
import { jsonOf } from "../../../domain/text/json.ts";
import { redact } from "../../../domain/text/redaction.ts";
import { startOf } from "../../../domain/text/whole-words.ts";
import { oneLine } from "../../../domain/view.ts";

/**
 * refused: certainly not done, and will not be when the same is asked again. absent: refused, because what was named is
 * not there. conflict: refused, because the object changed, or is there already. gone: a list that is too old to go on
 * from. unclear: it is not known whether it was done, or it may be done later.
 */
export type Mishap = "refused" | "absent" | "conflict" | "gone" | "unclear";

/** A request that gave nothing; the message is fit to be shown. */
export class KubernetesError extends Error {
  override readonly name = "KubernetesError";
  readonly mishap: Mishap;
  /** Of HTTP; null when there was no answer. */
  readonly status: number | null;

  constructor(mishap: Mishap, message: string, status: number | null = null, options?: ErrorOptions) {
    super(`kubernetes: ${message}`, options);
    this.mishap = mishap;
    this.status = status;
  }
}

const statusObject = z.object({
  kind: z.literal("Status"),
  message: z.string().default(""),
  reason: z.string().default(""),
});

/** @param what - "GET apis/apps/v1/…", for the message. */
export function failureOf(status: number, text: string, what: string): KubernetesError {
  const said = statusObject.safeParse(jsonOf(text));
  const message = said.success && said.data.message !== "" ? `: ${plainLine(said.data.message)}` : "";
  const fail = (mishap: Mishap, problem: string) => new KubernetesError(mishap, problem, status);
  if (status >= 300 && status < 400)
    return fail("refused", `the server answered ${what} with a redirect (${status}), which is not followed`);
  if (status === 401)
    return fail(
      "refused",
      `the server wants other credentials (401)${message}; renew those of the kubeconfig`,
    );
  if (status === 403)
    return fail(
      "refused",
      `that is not allowed (403)${message}; docs/models-kubernetes.md has the Role it needs`,
    );
  // Without a Status it is not the API server that answers, but something before it, or another path.
  if (status === 404)
    return said.success
      ? fail("absent", `not there${message}`)
      : fail("refused", `nothing answers ${what} (404); is server in the kubeconfig an API server?`);
  if (status === 409) return fail("conflict", `conflict (409)${message}`);
  if (status === 410) return fail("gone", `too old (410)${message}`);
  if (status === 429) return fail("unclear", `it is asked too often (429)${message}`);
  if (status === 408 || status >= 500) return fail("unclear", `it answered ${status}${message}`);
  return fail("refused", `it refused ${what} (${status})${message}`);
}

/** Why there was no answer: the code and not the message, which may hold the address. */
export function unreachable(error: unknown, timeoutMs: number): KubernetesError {
  if (error instanceof KubernetesError) return error;
  const name = error instanceof Error ? error.name : "";
  const isLate = ["TimeoutError", "HeadersTimeoutError", "BodyTimeoutError", "ConnectTimeoutError"].includes(
    name,
  );
  if (isLate) return new KubernetesError("unclear", `it took longer than ${timeoutMs / 1_000} s`);
  return new KubernetesError("unclear", `it could not be reached (${codeOf(error)})`, null, { cause: error });
}

function codeOf(error: unknown): string {
  const code = typeof error === "object" && error !== null && "code" in error ? error.code : undefined;
  if (typeof code === "string") return plainLine(code);
  return error instanceof Error ? error.name : "unknown";
}

/** What a server or a pod says may hold anything; it is shown on one line, without secrets. */
export function plainLine(text: string, max = 300): string {
  return oneLine(redact(startOf(text, 4_000)).text, max);
}
