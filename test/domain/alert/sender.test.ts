import { createHash, createHmac } from "node:crypto";
import { describe, expect, test } from "vitest";
import {
  checkSender,
  isLoopback,
  isSignedBody,
  isSignedMessage,
  type Presented,
  type SenderSecret,
} from "../../../src/domain/alert/sender.ts";

const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");
const bearer: SenderSecret = { kind: "bearer", sha256: sha256("s3cret") };
const token: SenderSecret = { kind: "token", sha256: sha256("in-the-address") };
const basic: SenderSecret = { kind: "basic", user: "am", sha256: sha256("pass:word") };
const hmac: SenderSecret = { kind: "hmac", secret: "key" };
const nothing: Presented = { headers: {}, pathToken: null, isSigned: () => false };
const withHeader = (authorization: string): Presented => ({ ...nothing, headers: { authorization } });
const encode = (text: string) => Buffer.from(text).toString("base64");

test.each<[string, SenderSecret, Presented]>([
  ["bearer token", bearer, withHeader("Bearer s3cret")],
  ["bearer token, scheme in lower case", bearer, withHeader("bearer s3cret")],
  ["token in the address", token, { ...nothing, pathToken: "in-the-address" }],
  ["basic, password with a colon", basic, withHeader(`Basic ${encode("am:pass:word")}`)],
  ["signature", hmac, { ...nothing, isSigned: (secret) => secret === "key" }],
])("the right %s proves the sender", (_name, secret, presented) => {
  expect(checkSender([secret], presented)).toEqual({ kind: "proved" });
});

test.each<[string, SenderSecret, Presented]>([
  ["bearer token", bearer, withHeader("Bearer s3cre")],
  ["longer bearer token", bearer, withHeader("Bearer s3crett")],
  ["hash instead of the token", bearer, withHeader(`Bearer ${sha256("s3cret")}`)],
  ["token in the address", token, { ...nothing, pathToken: "" }],
  ["basic user", basic, withHeader(`Basic ${encode("ma:pass:word")}`)],
  ["basic password", basic, withHeader(`Basic ${encode("am:password")}`)],
  ["basic credentials without a colon", basic, withHeader(`Basic ${encode("pass")}`)],
  ["basic that is not base64", basic, withHeader("Basic %%%")],
  ["signature", hmac, { ...nothing, headers: { "x-signature": "00" } }],
])("a wrong %s is refused as wrong", (_name, secret, presented) => {
  expect(checkSender([secret], presented)).toEqual({ kind: "refused", reason: "wrong" });
});

test.each<[string, readonly SenderSecret[], Presented]>([
  ["nothing at all", [bearer, token, basic, hmac], nothing],
  ["a proof of another kind", [bearer], withHeader(`Basic ${encode("am:pass:word")}`)],
  ["a token in the address where a bearer token is expected", [bearer], { ...nothing, pathToken: "s3cret" }],
  ["a header without a scheme", [bearer], withHeader("s3cret")],
  ["an empty bearer token", [{ kind: "bearer", sha256: sha256("") }], withHeader("Bearer ")],
])("%s proves nothing", (_name, secrets, presented) => {
  expect(checkSender(secrets, presented)).toEqual({ kind: "refused", reason: "nothing_presented" });
});

test("any one of several secrets suffices, and none of none does", () => {
  const old: SenderSecret = { kind: "bearer", sha256: sha256("old") };
  expect(checkSender([old, bearer, basic], withHeader("Bearer s3cret")).kind).toBe("proved");
  expect(checkSender([], withHeader("Bearer s3cret")).kind).toBe("refused");
});

test("a configured hash that is no hash never matches", () => {
  for (const bad of ["", "zz", sha256("s3cret").slice(2)]) {
    expect(checkSender([{ kind: "bearer", sha256: bad }], withHeader("Bearer s3cret")).kind).toBe("refused");
  }
});

const body = Buffer.from('{"alerts":[]}');
const receivedAt = new Date("2026-03-01T12:00:00Z");
const seconds = receivedAt.getTime() / 1000;
const sign = (text: string) => createHmac("sha256", "key").update(text).digest("hex");
const signed = { body, secret: "key", signature: sign(body.toString()), timestamp: null, receivedAt };

test("a signature over the body holds for that body and secret only", () => {
  expect(isSignedBody(signed)).toBe(true);
  expect(isSignedBody({ ...signed, signature: signed.signature.toUpperCase() })).toBe(true);
  expect(isSignedBody({ ...signed, body: Buffer.from("{}") })).toBe(false);
  expect(isSignedBody({ ...signed, secret: "other" })).toBe(false);
  expect(isSignedBody({ ...signed, signature: "" })).toBe(false);
  expect(isSignedBody({ ...signed, signature: `sha256=${signed.signature}` })).toBe(false);
});

test.each([
  [seconds, true],
  [seconds - 300, true],
  [seconds + 300, true],
  [seconds - 301, false],
  [seconds + 301, false],
])("a signature that says %d holds: %s", (at, holds) => {
  const signature = sign(`${at}:${body}`);
  expect(isSignedBody({ ...signed, signature, timestamp: String(at) })).toBe(holds);
});

test("the timestamp is part of what is signed", () => {
  const signature = sign(`${seconds}:${body}`);
  expect(isSignedBody({ ...signed, signature, timestamp: String(seconds + 1) })).toBe(false);
  expect(isSignedBody({ ...signed, signature, timestamp: null })).toBe(false);
  expect(isSignedBody({ ...signed, timestamp: "" })).toBe(false);
  expect(isSignedBody({ ...signed, signature: sign(`now:${body}`), timestamp: "now" })).toBe(false);
});

describe("a signed message", () => {
  const signMessage = (key: string | Uint8Array, text: string) =>
    `v1,${createHmac("sha256", key).update(text).digest("base64")}`;
  const message = { id: "d-1", timestamp: String(seconds), body, key: "key", receivedAt };
  const signature = signMessage("key", `d-1.${seconds}.${body}`);
  const given = { ...message, signature };

  test("holds for that id, time, body and key only", () => {
    expect(isSignedMessage(given)).toBe(true);
    expect(isSignedMessage({ ...given, key: Buffer.from("key") })).toBe(true);
    expect(isSignedMessage({ ...given, id: "d-2" })).toBe(false);
    expect(isSignedMessage({ ...given, timestamp: String(seconds + 1) })).toBe(false);
    expect(isSignedMessage({ ...given, body: Buffer.from("{}") })).toBe(false);
    expect(isSignedMessage({ ...given, key: "other" })).toBe(false);
    expect(isSignedMessage({ ...given, signature: "" })).toBe(false);
    expect(isSignedMessage({ ...given, signature: signature.slice(3) })).toBe(false);
    expect(isSignedMessage({ ...given, signature: signature.replace("v1,", "v1a,") })).toBe(false);
  });

  test("holds by any of several signatures, of which eight are looked at", () => {
    const wrong = signMessage("old", "x");
    expect(isSignedMessage({ ...given, signature: `${wrong} ${signature}` })).toBe(true);
    expect(isSignedMessage({ ...given, signature: `${`${wrong} `.repeat(8)}${signature}` })).toBe(false);
  });

  test.each([
    [seconds - 300, true],
    [seconds + 300, true],
    [seconds - 301, false],
    [seconds + 301, false],
    ["now", false],
    ["", false],
  ])("of %s holds: %s", (timestamp, holds) => {
    const own = signMessage("key", `d-1.${timestamp}.${body}`);
    expect(isSignedMessage({ ...given, timestamp: String(timestamp), signature: own })).toBe(holds);
  });

  test("without an id does not hold", () => {
    expect(isSignedMessage({ ...given, id: "", signature: signMessage("key", `.${seconds}.${body}`) })).toBe(
      false,
    );
  });
});

test.each([
  ["127.0.0.1"],
  ["127.8.9.10"],
  ["::1"],
  ["[::1]"],
  ["localhost"],
  ["LOCALHOST"],
  ["::ffff:127.0.0.1"],
])("%s is loopback", (host) => {
  expect(isLoopback(host)).toBe(true);
});

test.each([
  ["0.0.0.0"],
  ["::"],
  ["10.0.0.1"],
  [""],
  ["127.0.0.1.example.com"],
  ["localhost.example.com"],
  ["1270.0.1"],
])("%s is not loopback", (host) => {
  expect(isLoopback(host)).toBe(false);
});
