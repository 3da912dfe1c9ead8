import type { z } from "zod";

/**
 * Why a question gave nothing.
 * refused: the server certainly did not do it, and will not when it is asked the same again. absent: refused, because
 * what was named is not there. limited: certainly not done, because it is asked too often; ask again later. unclear: it
 * is not known whether it was done, or it may be done later.
 */
export type Mishap = "refused" | "absent" | "limited" | "unclear";

/** A question that gave nothing; the message is fit to be shown and holds no credential. */
export class HttpMishapError extends Error {
  override readonly name = "HttpMishapError";
  readonly mishap: Mishap;
  /** Null when there was no answer. */
  readonly status: number | null;
  /** What the server said of it: one line, or empty. */
  readonly said: string;
  /** What the server calls it: "RESOURCE_DOES_NOT_EXIST"; empty where it has no such word. */
  readonly code: string;
  /** Before this it need not be asked again; null when it did not say. */
  readonly retryAt: Date | null;

  constructor(
    message: string,
    about: {
      readonly mishap: Mishap;
      readonly status?: number;
      readonly said?: string;
      readonly code?: string;
      readonly retryAt?: Date | null;
    },
  ) {
    super(message);
    this.mishap = about.mishap;
    this.status = about.status ?? null;
    this.said = about.said ?? "";
    this.code = about.code ?? "";
    this.retryAt = about.retryAt ?? null;
  }
}

export interface HttpQuestion<Data> {
  /** Who is asked, for messages: "github". */
  readonly who: string;
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly url: URL;
  /** May hold credentials: what the server repeats of their values is blanked. */
  readonly headers: Readonly<Record<string, string>>;
  /** JSON text, sent byte for byte; nothing when left out. */
  readonly body?: string;
  /** Of the answer's JSON; an empty answer is null. */
  readonly schema: z.ZodType<Data>;
  /** For the whole exchange, the answer's body included, ms. */
  readonly timeoutMs: number;
  /** What to do about an answer, by status: "grant it actions: write". */
  readonly remedies?: Readonly<Record<number, string>>;
}

export interface HttpReply<Data> {
  readonly status: number;
  readonly data: Data;
}

/**
 * Asks other systems over HTTP: bounded in time and size, never redirected. Who said that it is asked too often is not
 * asked again before the time it named.
 */
export interface HttpClient {
  /** @throws HttpMishapError for every answer but 2xx of the right shape. */
  ask<Data>(question: HttpQuestion<Data>): Promise<HttpReply<Data>>;
}
