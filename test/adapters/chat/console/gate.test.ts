import { expect, test } from "vitest";
import { checkLocal, checkSameOrigin } from "../../../../src/adapters/chat/console/gate.ts";

test.each(["localhost", "localhost:8080", "127.0.0.1:8080", "[::1]:8080", "[::1]", "LOCALHOST:1"])(
  "an open console answers to %s",
  (host) => {
    expect(checkLocal({ host }, "127.0.0.1")).toEqual({ kind: "pass" });
  },
);

test.each([
  "evil.example",
  "evil.example:8080",
  "localhost.evil.example",
  "127.0.0.1.evil.example",
  "127.0.0.1:80@evil.example",
  "10.0.0.1:8080",
  "",
  "[::2]:8080",
])("an open console refuses the host %j, as DNS rebinding would send", (host) => {
  expect(checkLocal({ host }, "127.0.0.1")).toMatchObject({ kind: "refuse" });
});

test("an open console refuses a request without a host", () => {
  expect(checkLocal({}, "127.0.0.1")).toMatchObject({ kind: "refuse" });
});

test.each(["forwarded", "x-forwarded-for", "x-real-ip", "via"])(
  "an open console refuses what came through a proxy: %s",
  (header) => {
    const result = checkLocal({ host: "127.0.0.1:8080", [header]: "203.0.113.9" }, "127.0.0.1");
    expect(result).toMatchObject({ kind: "refuse", remedy: expect.stringContaining("console token") });
  },
);

test.each([
  ["127.0.0.1", "pass"],
  ["127.8.8.8", "pass"],
  ["::1", "pass"],
  ["::ffff:127.0.0.1", "pass"],
  ["192.168.1.4", "refuse"],
  ["::ffff:10.0.0.1", "refuse"],
  ["::10", "refuse"],
  [undefined, "refuse"],
])("a peer at %s: %s", (address, kind) => {
  expect(checkLocal({ host: "localhost:8080" }, address)).toMatchObject({ kind });
});

test.each([
  [{ "sec-fetch-site": "same-origin" }, "pass"],
  [{ "sec-fetch-site": "same-origin", origin: "https://bot.example", host: "127.0.0.1:8080" }, "pass"],
  [{ "sec-fetch-site": "cross-site" }, "refuse"],
  [{ "sec-fetch-site": "same-site" }, "refuse"],
  [{ "sec-fetch-site": "none" }, "refuse"],
  [{ "sec-fetch-site": "cross-site", origin: "http://127.0.0.1:8080", host: "127.0.0.1:8080" }, "refuse"],
  [{ origin: "http://127.0.0.1:8080", host: "127.0.0.1:8080" }, "pass"],
  [{ origin: "http://Bot.Example", host: "bot.example" }, "pass"],
  [{ origin: "http://127.0.0.1:9999", host: "127.0.0.1:8080" }, "refuse"],
  [{ origin: "http://evil.example", host: "127.0.0.1:8080" }, "refuse"],
  [{ origin: "null", host: "127.0.0.1:8080" }, "refuse"],
  [{ host: "127.0.0.1:8080" }, "pass"],
])("a request with %j: %s", (headers, kind) => {
  expect(checkSameOrigin(headers)).toMatchObject({ kind });
});
