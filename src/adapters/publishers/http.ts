/** Posts checkpoints to an address: a write-once store, a collector, a witness' feeder. */
import type { Publisher } from "../../ports.ts";

const timeoutMs = 10_000;

export interface HttpOptions {
  /** May hold no user or password. */
  readonly url: string;
  /** Sent as "Authorization: Bearer"; null for none. */
  readonly token: string | null;
}

export function createHttpPublisher({ url, token }: HttpOptions): Publisher {
  const name = `http ${url}`;
  return {
    name,
    async publish({ origin, size, note }) {
      const response = await fetch(url, {
        method: "POST",
        redirect: "error",
        signal: AbortSignal.timeout(timeoutMs),
        headers: {
          "content-type": "text/plain; charset=utf-8",
          // The same checkpoint has the same key at every attempt.
          "idempotency-key": `${origin}/${size}`,
          ...(token === null ? {} : { authorization: `Bearer ${token}` }),
        },
        body: note,
      }).catch((cause: unknown) => {
        throw new Error(`${name}: ${reasonOf(cause)}`, { cause });
      });
      await response.body?.cancel();
      if (!response.ok) throw new Error(`${name}: answered ${response.status}; expected 2xx`);
    },
  };
}

function reasonOf(cause: unknown): string {
  if (cause instanceof Error && cause.name === "TimeoutError")
    return `no answer within ${timeoutMs / 1000} s`;
  const inner = cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause;
  return inner instanceof Error ? inner.message : String(inner);
}
