/**
 * JSON as senders write it, without losing digits: whole numbers beyond 2^53 become strings of digits.
 * Some senders put nanoseconds and ids of 64 bits into plain numbers, which JSON.parse would silently round.
 */

/** A JSON text cut into strings and numbers; what lies between needs no look. */
const stringOrNumber = /"(?:[^"\\]+|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

export type JsonResult =
  | { readonly kind: "json"; readonly value: unknown }
  | { readonly kind: "invalid"; readonly problem: string };

/**
 * Parses the bytes of a JSON text in UTF-8, with or without a byte order mark. Bytes that are not UTF-8 become
 * U+FFFD: an alert is worth more than its typography. Of a key that occurs twice the last value stands, as in
 * JSON.parse; `__proto__` is a key like any other. Any depth is read without recursion; what walks the value must not
 * recurse without a bound either.
 * @returns the value, or what is wrong and where.
 */
export function parseJson(bytes: Uint8Array): JsonResult {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8");
  return parseJsonText(text.charCodeAt(0) === 0xfeff ? text.slice(1) : text);
}

/** As {@link parseJson}, for a text. */
export function parseJsonText(text: string): JsonResult {
  if (text.trim() === "") return { kind: "invalid", problem: "the body is empty" };
  try {
    const value: unknown = JSON.parse(text);
    // Most texts hold no such number. Those that may are valid by now, so every string in them has its end.
    return {
      kind: "json",
      value: /\d{16}/.test(text) ? JSON.parse(text.replace(stringOrNumber, quoteUnsafe)) : value,
    };
  } catch (error) {
    return {
      kind: "invalid",
      problem: `the body is not JSON: ${error instanceof Error ? error.message : "unreadable"}`,
    };
  }
}

function quoteUnsafe(token: string): string {
  if (token.length < 16 || !/^-?\d+$/.test(token)) return token;
  return Number.isSafeInteger(Number(token)) ? token : `"${token}"`;
}

/**
 * The JSON value of a text that may be anything, for a schema to judge; null where it is no JSON. Unlike
 * {@link parseJson} it rounds whole numbers beyond 2^53: for what holds none that matter.
 */
export function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
