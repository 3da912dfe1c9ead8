/**
 * How a sender proves itself. Comparisons take the same time whatever was presented: both sides are hashed first,
 * so neither length nor content shows.
 */
import { createHash, createHmac, timingSafeEqual } from "node:crypto";

/** One configured proof. Tokens and passwords are known by their SHA-256 (hex) only. */
export type SenderSecret =
  | { readonly kind: "bearer" | "token"; readonly sha256: string }
  | { readonly kind: "basic"; readonly user: string; readonly sha256: string }
  | { readonly kind: "hmac"; readonly secret: string; readonly timestampHeader?: string };

/** What came with a request. Header names are lower case. */
export interface Presented {
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** Last part of `/webhooks/:source/:token`, or null. */
  readonly pathToken: string | null;
  /** Whether the body is signed with this secret; null while the body has not been read. */
  readonly isSigned: ((secret: string, names: { readonly timestampHeader?: string }) => boolean) | null;
}

export type SenderVerdict =
  | { readonly kind: "proved" }
  /** `presented`: proofs of a configured kind came, and none was right. */
  | { readonly kind: "refused"; readonly reason: "nothing_presented" | "wrong" };

/** Any one of the configured secrets suffices, so that they can be rotated. */
export function checkSender(secrets: readonly SenderSecret[], presented: Presented): SenderVerdict {
  const isProved = secrets.map((secret) => isRight(secret, presented)).includes(true);
  if (isProved) return { kind: "proved" };
  const hasTried = secrets.some((secret) => isPresent(secret, presented));
  return { kind: "refused", reason: hasTried ? "wrong" : "nothing_presented" };
}

function isRight(secret: SenderSecret, presented: Presented): boolean {
  switch (secret.kind) {
    case "bearer":
      return isDigestOf(secret.sha256, credentials(presented, "bearer"));
    case "token":
      return isDigestOf(secret.sha256, presented.pathToken);
    case "basic":
      return isBasic(secret, credentials(presented, "basic"));
    case "hmac":
      return presented.isSigned?.(secret.secret, timestampOf(secret)) ?? false;
  }
}

function timestampOf(secret: { readonly timestampHeader?: string }): { readonly timestampHeader?: string } {
  return secret.timestampHeader === undefined ? {} : { timestampHeader: secret.timestampHeader };
}

function isPresent(secret: SenderSecret, presented: Presented): boolean {
  if (secret.kind === "token") return presented.pathToken !== null;
  if (secret.kind === "hmac")
    return Object.keys(presented.headers).some((name) => name.includes("signature"));
  return credentials(presented, secret.kind) !== null;
}

/** What follows the scheme in the Authorization header, or null. */
function credentials(presented: Presented, scheme: "bearer" | "basic"): string | null {
  const header = presented.headers["authorization"];
  if (header === undefined) return null;
  const match = /^([A-Za-z]+) +(\S+)\s*$/.exec(header);
  return match?.[1]?.toLowerCase() === scheme ? (match[2] ?? null) : null;
}

function isBasic(
  secret: { readonly user: string; readonly sha256: string },
  encoded: string | null,
): boolean {
  const decoded = encoded === null ? "" : Buffer.from(encoded, "base64").toString("utf8");
  const colon = decoded.indexOf(":");
  const isUser = areEqual(digest(decoded.slice(0, Math.max(0, colon))), digest(secret.user));
  const isPassword = isDigestOf(secret.sha256, decoded.slice(colon + 1));
  return colon >= 0 && isUser && isPassword;
}

function isDigestOf(sha256: string, presented: string | null): boolean {
  const isEqual = areEqual(digest(presented ?? ""), Buffer.from(sha256, "hex"));
  return presented !== null && isEqual;
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

function areEqual(a: Buffer, b: Buffer): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}

/** How far a signed timestamp may be from our clock: bounds how long a recorded request can be sent again. */
const maxClockDistanceMs = 5 * 60_000;

/**
 * True when `signature` is the hex HMAC-SHA256 of the body, or of "timestamp:body".
 * @param signed.timestamp - seconds since 1970, as text; null where the sender signs the body alone.
 */
export function isSignedBody(signed: {
  readonly body: Uint8Array;
  readonly secret: string;
  readonly signature: string;
  readonly timestamp: string | null;
  readonly receivedAt: Date;
}): boolean {
  const hmac = createHmac("sha256", signed.secret);
  if (signed.timestamp !== null) hmac.update(`${signed.timestamp}:`);
  const expected = hmac.update(signed.body).digest();
  const isEqual = areEqual(digest(expected.toString("hex")), digest(signed.signature.trim().toLowerCase()));
  return isEqual && (signed.timestamp === null || isRecent(signed.timestamp, signed.receivedAt));
}

/**
 * True when `signature` holds the signature of a message in the way of Standard Webhooks: "v1," and the base64
 * HMAC-SHA256 of "id.timestamp.body". It may hold several, divided by spaces, while a key is being changed.
 * @param signed.key - bytes of the key; MLflow signs with the secret's own bytes, others write them as base64.
 * @param signed.timestamp - seconds since 1970, as text.
 * @see https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
export function isSignedMessage(signed: {
  readonly id: string;
  readonly timestamp: string;
  readonly body: Uint8Array;
  readonly key: string | Uint8Array;
  readonly signature: string;
  readonly receivedAt: Date;
}): boolean {
  const { id, timestamp } = signed;
  const hmac = createHmac("sha256", signed.key).update(`${id}.${timestamp}.`).update(signed.body);
  const expected = digest(`v1,${hmac.digest("base64")}`);
  const given = signed.signature.trim().split(/\s+/).slice(0, maxSignatures);
  const isEqual = given.map((one) => areEqual(expected, digest(one))).includes(true);
  return isEqual && id !== "" && isRecent(timestamp, signed.receivedAt);
}

/** Signatures looked at in one header. */
const maxSignatures = 8;

function isRecent(timestamp: string, receivedAt: Date): boolean {
  if (!/^\d{1,12}$/.test(timestamp)) return false;
  return Math.abs(Number(timestamp) * 1000 - receivedAt.getTime()) <= maxClockDistanceMs;
}

/** True for addresses that only this machine can reach. A name other than localhost is not trusted to be one. */
export function isLoopback(host: string): boolean {
  const bare = host
    .trim()
    .toLowerCase()
    .replace(/^\[(.*)\]$/, "$1")
    .replace(/^::ffff:/, "");
  return bare === "localhost" || bare === "::1" || /^127(?:\.\d{1,3}){3}$/.test(bare);
}
