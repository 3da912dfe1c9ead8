/** Error codes of a database that cannot be reached or is going down. */
const awayCodes = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "EPIPE",
  "ETIMEDOUT",
  "CONNECT_TIMEOUT",
  "CONNECTION_CLOSED",
  "CONNECTION_ENDED",
  "CONNECTION_DESTROYED",
  "57P01",
  "57P02",
  "57P03",
]);
const maxCauses = 5;

/**
 * True when an error, or what caused it, says that the database cannot be reached or is shutting down.
 * @see https://www.postgresql.org/docs/current/errcodes-appendix.html (class 57)
 */
export function isDatabaseAway(error: unknown): boolean {
  let current = error;
  for (let depth = 0; depth < maxCauses && current instanceof Error; depth += 1) {
    if ("code" in current && typeof current.code === "string" && awayCodes.has(current.code)) return true;
    current = current.cause;
  }
  return false;
}
