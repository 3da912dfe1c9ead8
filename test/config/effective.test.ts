import { expect, test } from "vitest";
import { effectiveText } from "../../src/config/effective.ts";

const digest = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

test.each([
  ["the name of a variable", { hmac: "env:GITHUB_SECRET" }, "hmac: env:GITHUB_SECRET"],
  ["a hash of a token", { console: `sha256:${digest}` }, "console: (hidden)"],
  ["a hash without its mark", { bearer: digest }, "bearer: (hidden)"],
  ["what stands under a secret's name", { settings: { apiToken: "swordfish" } }, "apiToken: (hidden)"],
  ["a list under one", { passwords: ["a", "b"] }, "- (hidden)"],
  ["a password in an address", { url: "https://me:hunter2@host/x" }, "url: https://…@host/x"],
  ["a token anywhere", { note: "use ghp_0123456789abcdefghijABCDEFGHIJ012345 here" }, "[redacted"],
  ["anything else", { roles: ["sre"], days: 14 }, "- sre\ndays: 14"],
])("%s", (_what, file, expected) => {
  const text = effectiveText(file);
  expect(text).toContain(expected);
  expect(text).not.toMatch(/swordfish|hunter2|9f86d081|ghp_0123/);
});
