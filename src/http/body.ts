import type { IncomingMessage } from "node:http";
import { promisify } from "node:util";
import { gunzip, inflate } from "node:zlib";
import type { Refusal } from "./answer.ts";

/** How much of all bodies together may be in memory while they are read: what strangers can make us hold. */
export interface BodyBudget {
  readonly maxBytes: number;
  heldBytes: number;
}

export type BodyResult =
  | { readonly kind: "body"; readonly bytes: Buffer }
  | { readonly kind: "refused"; readonly refusal: Refusal }
  /** The client went away or was too slow; there is nobody to answer. */
  | { readonly kind: "gone" };

const unpack = { gzip: promisify(gunzip), deflate: promisify(inflate) };

/** What the headers alone already rule out, or null. */
export function refuseHeaders(request: IncomingMessage, limitBytes: number): Refusal | null {
  return refuseType(request) ?? refuseEncoding(request) ?? refuseLength(request, limitBytes);
}

function refuseType(request: IncomingMessage): Refusal | null {
  const header = request.headers["content-type"];
  if (header === undefined || header === "application/json") return null;
  const [type = "", ...parameters] = header.split(";").map((part) => part.trim().toLowerCase());
  const isText = /^(?:application\/(?:[\w.-]+\+)?json|text\/(?:json|plain))$/.test(type);
  if (!isText) {
    return {
      status: 415,
      error: "unsupported_content_type",
      message: `the content type is "${type.slice(0, 100)}"`,
      remedy: "send JSON with the header Content-Type: application/json",
    };
  }
  const charset = parameters.find((part) => part.startsWith("charset="))?.slice("charset=".length);
  if (charset === undefined || /^"?(?:utf-?8|us-ascii)"?$/.test(charset)) return null;
  return {
    status: 415,
    error: "unsupported_charset",
    message: `the charset is ${charset.slice(0, 40)}`,
    remedy: "send the body in UTF-8",
  };
}

function refuseEncoding(request: IncomingMessage): Refusal | null {
  const encoding = encodingOf(request);
  if (encoding === "identity" || encoding === "gzip" || encoding === "deflate") return null;
  return {
    status: 415,
    error: "unsupported_content_encoding",
    message: `the content encoding is "${encoding.slice(0, 40)}"`,
    remedy: "send the body as it is, or compressed with gzip or deflate",
    headers: { "accept-encoding": "gzip, deflate" },
  };
}

function encodingOf(request: IncomingMessage): string {
  const encoding = (request.headers["content-encoding"] ?? "identity").trim().toLowerCase();
  return encoding === "x-gzip" ? "gzip" : encoding;
}

function refuseLength(request: IncomingMessage, limitBytes: number): Refusal | null {
  return Number(request.headers["content-length"] ?? 0) > limitBytes ? tooLarge(limitBytes) : null;
}

function tooLarge(limitBytes: number): Refusal {
  return {
    status: 413,
    error: "too_large",
    message: `the body is larger than ${limitBytes} bytes`,
    remedy: "send fewer alerts in one request, for example with max_alerts in Alertmanager's webhook_config",
  };
}

/**
 * Reads the body, counting what really comes rather than what was announced, and unpacks it within the same limit.
 * What comes beyond the limit is let through unread, so that the sender gets to see the answer; slow senders are ended
 * by the server's request time-out.
 */
export async function readBody(
  request: IncomingMessage,
  limitBytes: number,
  budget: BodyBudget,
): Promise<BodyResult> {
  const read = await readRaw(request, limitBytes, budget);
  const encoding = encodingOf(request);
  if (read.kind !== "body" || (encoding !== "gzip" && encoding !== "deflate")) return read;
  try {
    const bytes = await unpack[encoding](read.bytes, { maxOutputLength: limitBytes });
    return { kind: "body", bytes };
  } catch (error) {
    return { kind: "refused", refusal: unpackRefusal(error, encoding, limitBytes) };
  }
}

function unpackRefusal(error: unknown, encoding: string, limitBytes: number): Refusal {
  if (error instanceof RangeError) return tooLarge(limitBytes);
  return {
    status: 400,
    error: "broken_compression",
    message: `the body is not ${encoding}, as its Content-Encoding says`,
    remedy: "compress the body whole, or send it as it is without Content-Encoding",
  };
}

function readRaw(request: IncomingMessage, limitBytes: number, budget: BodyBudget): Promise<BodyResult> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let length = 0;
    let isDone = false;
    const finish = (result: BodyResult): void => {
      budget.heldBytes -= length;
      length = 0;
      isDone = true;
      resolve(result);
    };
    request.on("data", (chunk: Buffer) => {
      if (isDone) return;
      length += chunk.byteLength;
      budget.heldBytes += chunk.byteLength;
      chunks.push(chunk);
      if (length > limitBytes) finish({ kind: "refused", refusal: tooLarge(limitBytes) });
      else if (budget.heldBytes > budget.maxBytes) finish({ kind: "refused", refusal: busy() });
    });
    request.once("end", () => finish({ kind: "body", bytes: joined(chunks, length) }));
    request.once("error", () => finish({ kind: "gone" }));
    request.once("close", () => finish({ kind: "gone" }));
  });
}

function joined(chunks: readonly Buffer[], length: number): Buffer {
  const [first] = chunks;
  return chunks.length === 1 && first !== undefined ? first : Buffer.concat(chunks, length);
}

function busy(): Refusal {
  return {
    status: 503,
    error: "overloaded",
    message: "too many request bodies are being read at once",
    remedy: "send it again after the time in Retry-After",
    headers: { "retry-after": "2" },
  };
}
