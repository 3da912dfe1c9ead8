/** Small pieces of HTTP that every route of the console shares. */

import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { z } from "zod";
import { referenceOf } from "../../../domain/command/reference.ts";

/** A request body larger than this is refused, bytes. */
export const maxBodyBytes = 16_384;
const bodyTimeoutMs = 10_000;

/**
 * On every answer. Scripts, styles and pictures come from here alone and nothing can be framed; trusted types turn
 * every attempt to parse text as markup into an error.
 */
const securityHeaders: Readonly<Record<string, string>> = {
  "content-security-policy": [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "connect-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join("; "),
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "referrer-policy": "same-origin",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
};

export interface Answer {
  readonly status: number;
  readonly body: Uint8Array | string;
  readonly type: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Of a refusal: what goes into the log beside its reference. */
  readonly refused?: { readonly reference: string; readonly problem: string };
}

export function json(status: number, value: unknown, headers: Readonly<Record<string, string>> = {}): Answer {
  return {
    status,
    body: JSON.stringify(value),
    type: "application/json; charset=utf-8",
    headers: { "cache-control": "no-store", ...headers },
  };
}

/** A refusal: what was wrong, what to do next, and a reference of its own, since nothing is kept of it but a line of the log. */
export function refusal(
  status: number,
  why: { readonly problem: string; readonly remedy: string },
  headers: Readonly<Record<string, string>> = {},
): Answer {
  const { problem, remedy } = why;
  const reference = referenceOf(randomUUID());
  return { ...json(status, { problem, remedy, reference }, headers), refused: { reference, problem } };
}

export function tooMany(problem: string, waitMs: number): Answer {
  const seconds = Math.ceil(waitMs / 1000);
  return refusal(429, { problem, remedy: `Wait ${seconds} s.` }, { "retry-after": String(seconds) });
}

export function missing(problem: string): Answer {
  return refusal(404, { problem, remedy: "Go back to the channel list." });
}

/** A file to keep: a browser never shows it as a page. */
export function download({ filename, text }: { readonly filename: string; readonly text: string }): Answer {
  const name = filename.replace(/[^A-Za-z0-9._-]/g, "-");
  const headers = {
    "cache-control": "private, no-store",
    "content-disposition": `attachment; filename="${name}"`,
  };
  return { status: 200, body: text, type: "text/markdown; charset=utf-8", headers };
}

/** A body that is JSON and not what the route takes. */
export function badBody(error: z.ZodError): Answer {
  return refusal(400, { problem: z.prettifyError(error), remedy: "Reload the page." });
}

export function send(request: IncomingMessage, response: ServerResponse, answer: Answer): void {
  response.writeHead(answer.status, {
    ...securityHeaders,
    "content-type": answer.type,
    "content-length": Buffer.byteLength(answer.body),
    ...answer.headers,
  });
  response.end(request.method === "HEAD" ? undefined : answer.body);
}

/** Opens a stream of server-sent events. */
export function openStream(response: ServerResponse): void {
  response.writeHead(200, {
    ...securityHeaders,
    "content-type": "text/event-stream; charset=utf-8",
    "cache-control": "no-store, no-transform",
    // Asks nginx not to hold events back.
    "x-accel-buffering": "no",
  });
  response.flushHeaders();
}

export type Body =
  | { readonly kind: "read"; readonly value: unknown }
  | { readonly kind: "too_large" }
  | { readonly kind: "not_json"; readonly problem: string };

/** Reads a JSON body; gives up as soon as it is too large. */
export async function readJson(request: IncomingMessage): Promise<Body> {
  if (!/^application\/json\b/i.test(request.headers["content-type"] ?? "")) {
    return { kind: "not_json", problem: `The body is "${request.headers["content-type"] ?? "of no type"}".` };
  }
  if (Number(request.headers["content-length"] ?? 0) > maxBodyBytes) return { kind: "too_large" };
  const bytes = await readBytes(request);
  if (bytes === null) return { kind: "too_large" };
  try {
    return { kind: "read", value: JSON.parse(bytes.toString("utf8")) };
  } catch (error) {
    return { kind: "not_json", problem: error instanceof Error ? error.message : String(error) };
  }
}

async function readBytes(request: IncomingMessage): Promise<Buffer | null> {
  const giveUp = setTimeout(() => request.destroy(), bodyTimeoutMs);
  try {
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of request.iterator({ destroyOnReturn: false })) {
      // Without an encoding a request yields buffers.
      const bytes = chunk as Buffer;
      size += bytes.byteLength;
      if (size > maxBodyBytes) return null;
      chunks.push(bytes);
    }
    return Buffer.concat(chunks);
  } finally {
    clearTimeout(giveUp);
  }
}
