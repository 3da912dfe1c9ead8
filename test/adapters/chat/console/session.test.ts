import { expect, test } from "vitest";
import { createSessions, type SessionOptions } from "../../../../src/adapters/chat/console/session.ts";
import { people, sha256 } from "../console-fixture.ts";

const now = new Date("2026-03-01T03:10:00Z");
const hour = 3_600_000;
const tokens = new Map([["oncall", sha256("correct horse")]]);

function sessions(given: Partial<SessionOptions> = {}) {
  return createSessions({ people, tokens, isLoopback: true, key: new Uint8Array(32).fill(1), ...given });
}

/** What a browser sends back of a Set-Cookie header. */
function sentBack(setCookie: string): string {
  return `theme=dark; ${setCookie.split(";")[0] ?? ""}; other=1`;
}

function signedIn(from = sessions()) {
  const session = from.begin(people[0] ?? null, now);
  return { session, header: sentBack(from.cookie(session, { isSecure: false, now })) };
}

test("nobody signs in on loopback without tokens; with a token, or elsewhere, everybody does", () => {
  expect(sessions({ tokens: new Map() }).mode).toBe("open");
  expect(sessions().mode).toBe("token");
  expect(sessions({ tokens: new Map(), isLoopback: false }).mode).toBe("token");
});

test("a session comes back from its cookie", () => {
  const { session, header } = signedIn();
  expect(sessions().read(header, now)).toEqual(session);
});

test("the cookie is kept from scripts and other sites, and from plain http when the page came by https", () => {
  const all = sessions();
  const session = all.begin(people[0] ?? null, now);
  const cookie = all.cookie(session, { isSecure: true, now });
  expect(cookie).toMatch(/; HttpOnly; SameSite=Strict; Max-Age=86400; Secure$/);
  expect(all.cookie(session, { isSecure: false, now })).not.toContain("Secure");
});

test("every changed character of a cookie makes it worthless", () => {
  const { header } = signedIn();
  const value = header.replace("theme=dark; tocsin_session=", "").replace("; other=1", "");
  for (let index = 0; index < value.length; index += 1) {
    // The last character of a base64url text may hold unused bits; both its forms must then still be one text.
    const changed = `${value.slice(0, index)}${value[index] === "A" ? "B" : "A"}${value.slice(index + 1)}`;
    expect(sessions().read(`tocsin_session=${changed}`, now)).toBeNull();
  }
});

test.each([
  undefined,
  "",
  "tocsin_session=",
  "tocsin_session=a.b",
  "tocsin_session=..",
  `x=${"y".repeat(9_000)}`,
])("a cookie header of %s is no session", (header) => {
  expect(sessions().read(header, now)).toBeNull();
});

test("a session ends when its time is over, is renewed when half of it has passed, and not before", () => {
  const { session, header } = signedIn();
  const all = sessions();
  expect(all.read(header, new Date(now.getTime() + 23.9 * hour))).not.toBeNull();
  expect(all.read(header, new Date(now.getTime() + 24 * hour))).toBeNull();
  expect(all.renew(session, new Date(now.getTime() + 11 * hour))).toBeNull();
  const renewed = all.renew(session, new Date(now.getTime() + 13 * hour));
  expect(renewed).toEqual({ ...session, expiresAt: new Date(now.getTime() + 37 * hour) });
});

test.each<[string, Partial<SessionOptions>]>([
  ["signed with another key", { key: new Uint8Array(32).fill(2) }],
  ["whose person's token was changed", { tokens: new Map([["oncall", sha256("another")]]) }],
  ["whose person's token was taken away", { tokens: new Map([["sre-lead", sha256("x")]]) }],
  ["whose person is gone", { people: people.slice(1) }],
])("a session %s is refused", (_, given) => {
  expect(sessions(given).read(signedIn().header, now)).toBeNull();
});

test("a session from before tokens were asked for does not survive", () => {
  const open = sessions({ tokens: new Map() });
  const { header } = signedIn(open);
  expect(open.read(header, now)).not.toBeNull();
  expect(sessions().read(header, now)).toBeNull();
});

test("a token finds its person and no other text does", () => {
  expect(sessions().personOf("correct horse")?.id).toBe("oncall");
  for (const wrong of ["", "correct horse ", "Correct horse", sha256("correct horse")]) {
    expect(sessions().personOf(wrong)).toBeNull();
  }
});

test("a key too short to sign with is refused with the remedy", () => {
  expect(() => sessions({ key: new Uint8Array(16) })).toThrow(/16 bytes; give at least 32/);
});
