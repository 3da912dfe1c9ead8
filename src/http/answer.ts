import type { ServerResponse } from "node:http";

/** What went wrong, as every refusal says it: a word for programs, what happened, and what to do next. */
export interface Refusal {
  readonly status: number;
  readonly error: string;
  readonly message: string;
  readonly remedy: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Further fields of the body, for example the sources that exist. */
  readonly details?: Readonly<Record<string, unknown>>;
}

const jsonHeaders = {
  "content-type": "application/json; charset=utf-8",
  "cache-control": "no-store",
  "x-content-type-options": "nosniff",
} as const;
const accepted = '{"accepted":true}\n';
const acceptedHeaders = { ...jsonHeaders, "content-length": String(accepted.length) };

/** The answer that nearly every request gets, made once. */
export function answerAccepted(response: ServerResponse): void {
  if (response.headersSent || response.destroyed) return;
  response.writeHead(202, acceptedHeaders);
  response.end(accepted);
}

/** Sends a JSON body. A response that has been answered already, or whose client has gone, is left alone. */
export function answerJson(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): void {
  if (response.headersSent || response.destroyed) return;
  const text = `${JSON.stringify(body)}\n`;
  response.writeHead(status, {
    ...jsonHeaders,
    "content-length": String(Buffer.byteLength(text)),
    ...headers,
  });
  response.end(text);
}

/** @param reference - of the line of the log that tells of it. */
export function answerRefusal(response: ServerResponse, refusal: Refusal, reference: string): void {
  const { status, error, message, remedy, headers, details } = refusal;
  answerJson(response, status, { error, message, remedy, reference, ...details }, headers);
}
