/**
 * Who sits at the page. Sessions are signed cookies, so any replica with the same key knows them; nothing is stored.
 */
import { createHash, createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { z } from "zod";
import type { Person } from "../../../domain/people/person.ts";

/** `open`: on loopback without tokens, people say who they are. `token`: they prove it. */
export type ConsoleMode = "open" | "token";

export interface Session {
  /** Random; names the audience of private answers. Not a credential by itself. */
  readonly id: string;
  /** Null when nobody is configured. */
  readonly person: Person | null;
  readonly expiresAt: Date;
}

export interface SessionOptions {
  readonly people: readonly Person[];
  /** Person id to sha256 of their console token, 64 lowercase hex characters. */
  readonly tokens: ReadonlyMap<string, string>;
  readonly isLoopback: boolean;
  /** Signs the cookies; at least 32 bytes; the same on every replica. */
  readonly key: Uint8Array;
}

export interface Sessions {
  readonly mode: ConsoleMode;
  /** A fresh session; a person of null is nobody in particular. */
  begin(person: Person | null, now: Date): Session;
  /** The session of a Cookie header; null when there is none, or it is forged, expired, or its token was changed. */
  read(cookieHeader: string | undefined, now: Date): Session | null;
  /** The same session with its full time ahead; null while less than half of it has passed. */
  renew(session: Session, now: Date): Session | null;
  /** The person with this token; always compares with every token, in constant time. */
  personOf(token: string): Person | null;
  /** Value of a Set-Cookie header. */
  cookie(session: Session, options: { readonly isSecure: boolean; readonly now: Date }): string;
  /** Value of a Set-Cookie header that ends the session. */
  endCookie(): string;
}

const cookieName = "tocsin_session";
const lifetimeMs = 24 * 3_600_000;
const attributes = "Path=/; HttpOnly; SameSite=Strict";

const payloadShape = z.object({
  id: z.string().min(1).max(64),
  person: z.string().max(200).nullable(),
  expires: z.number().int(),
});

/** @throws RangeError when the key is too short to sign with. */
export function createSessions(options: SessionOptions): Sessions {
  if (options.key.byteLength < 32) {
    throw new RangeError(
      `console: the session key has ${options.key.byteLength} bytes; give at least 32 random bytes`,
    );
  }
  const people = new Map(options.people.map((person) => [person.id, person]));
  const mode: ConsoleMode = options.isLoopback && options.tokens.size === 0 ? "open" : "token";

  function begin(person: Person | null, now: Date): Session {
    return {
      id: randomBytes(16).toString("base64url"),
      person,
      expiresAt: new Date(now.getTime() + lifetimeMs),
    };
  }

  function cookie(session: Session, how: { readonly isSecure: boolean; readonly now: Date }): string {
    const personId = session.person?.id ?? null;
    const payload = encode({ id: session.id, person: personId, expires: session.expiresAt.getTime() });
    const maxAge = Math.max(0, Math.floor((session.expiresAt.getTime() - how.now.getTime()) / 1000));
    const value = `${payload}.${sign(payload, personId)}`;
    return `${cookieName}=${value}; ${attributes}; Max-Age=${maxAge}${how.isSecure ? "; Secure" : ""}`;
  }

  function read(cookieHeader: string | undefined, now: Date): Session | null {
    const [payload, signature] = cookieValue(cookieHeader)?.split(".") ?? [];
    if (payload === undefined || signature === undefined) return null;
    const content = decode(payload);
    if (content === null || !isEqual(signature, sign(payload, content.person))) return null;
    if (content.expires <= now.getTime()) return null;
    const person = content.person === null ? null : (people.get(content.person) ?? null);
    if (person === null && (content.person !== null || mode === "token")) return null;
    return { id: content.id, person, expiresAt: new Date(content.expires) };
  }

  /** The person's token takes part, so that changing it, or beginning to ask for one, ends what was signed before. */
  function sign(payload: string, personId: string | null): string {
    const token = mode === "open" ? "open" : (options.tokens.get(personId ?? "") ?? "none");
    return createHmac("sha256", options.key).update(`${mode}\n${token}\n${payload}`).digest("base64url");
  }

  function personOf(token: string): Person | null {
    const digest = createHash("sha256").update(token).digest("hex");
    let found: Person | null = null;
    for (const [personId, expected] of options.tokens) {
      if (isEqual(digest, expected.toLowerCase())) found = people.get(personId) ?? null;
    }
    return found;
  }

  return {
    mode,
    begin,
    read,
    renew: (session, now) =>
      session.expiresAt.getTime() - now.getTime() > lifetimeMs / 2
        ? null
        : { ...session, expiresAt: new Date(now.getTime() + lifetimeMs) },
    personOf,
    cookie,
    endCookie: () => `${cookieName}=; ${attributes}; Max-Age=0`,
  };
}

function cookieValue(header: string | undefined): string | null {
  if (header === undefined || header.length > 8_000) return null;
  for (const part of header.split(";")) {
    const [name, value] = part.trim().split("=", 2);
    if (name === cookieName && value !== undefined) return value;
  }
  return null;
}

function encode(payload: z.output<typeof payloadShape>): string {
  return Buffer.from(JSON.stringify(payload)).toString("base64url");
}

function decode(text: string): z.output<typeof payloadShape> | null {
  try {
    return payloadShape.parse(JSON.parse(Buffer.from(text, "base64url").toString("utf8")));
  } catch {
    // Not one of ours: the caller treats it as no session at all.
    return null;
  }
}

function isEqual(left: string, right: string): boolean {
  const a = Buffer.from(left);
  const b = Buffer.from(right);
  return a.length === b.length && timingSafeEqual(a, b);
}
