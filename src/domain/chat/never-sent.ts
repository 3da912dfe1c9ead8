/**
 * Error codes of name resolution, connecting and TLS: whatever was to be sent certainly has not been.
 * @see https://nodejs.org/api/errors.html (common system errors, OpenSSL errors)
 */
const neverSent: ReadonlySet<string> = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENETDOWN",
  "UND_ERR_CONNECT_TIMEOUT",
  "CERT_HAS_EXPIRED",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "ERR_TLS_CERT_ALTNAME_INVALID",
]);

/** Whether an error with this code of Node or undici came before a message was sent: sending it again posts it once. */
export function wasNeverSent(code: string): boolean {
  return neverSent.has(code);
}
