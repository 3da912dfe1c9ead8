import { describe, expect, test } from "vitest";
import {
  changedWords,
  isCosmetic,
  isInert,
  isSwitchedOff,
  readCorpus,
  similarityOf,
  speaksOfTrouble,
} from "../../../src/domain/causes/change-text.ts";
import { noon, sketchAlert, sketchChange } from "../learning/judgement-build.ts";

const at = new Date(noon);

describe("what cannot alter a running system", () => {
  test.each([
    ["docs/guide.md", "update", true],
    ["src/cart/limits_test.go", "update", true],
    ["src/cart/limits.go docs/guide.md", "update", false],
    ["", "docs: say more", true],
    ["", "chore: tidy the Makefile", true],
    ["", "build(deps): bump undici from 7.30.1 to 7.30.2", false],
    ["", "chore: upgrade the base image", false],
    ["requirements.txt", "update", false],
    ["", "raise the limit", false],
  ])("files %j, title %j: %s", (text, title, expected) => {
    expect(isInert(sketchChange({ text, title, at }))).toBe(expected);
  });

  test.each([
    ["tidy names", true],
    ["extract the row scanner", true],
    ["move types to their own file", true],
    ["simplify how charges are made", false],
    ["remove the retry", false],
  ])("title %j says that behaviour stays: %s", (title, expected) => {
    expect(isCosmetic(sketchChange({ kind: "commit", title, at }))).toBe(expected);
  });

  test.each([
    ["infra", "ledger-db", "move ledger-db to another storage class", "changes what runs"],
    ["config", "checkout", "move 50 % of traffic from eu-1 to eu-2", "changes what runs"],
    ["rollout", "comments", "deploy comments 41 to 42", "names its service"],
    ["flag", "extract", "extract-v2 on", "names its service"],
    ["deploy", "checkout", "rename the queue", "is no commit"],
    ["commit", "comments", "comments: raise the limit", "names its service"],
    ["commit", "ledger", "move the ledger table to another database", "moves what runs"],
    ["commit", "jobs", "rename the topic that orders are read from", "renames what runs"],
  ] as const)("a %s of %s, %j, is not cosmetic: it %s (issue 3)", (kind, service, title, _why) => {
    expect(isCosmetic(sketchChange({ kind, service, title, at }))).toBe(false);
  });
});

describe("words of trouble", () => {
  test.each([
    ["flag", "flags updated", "paymentFailure: off -> on", true],
    ["flag", "flags updated", "paymentFailure: on -> off", false],
    ["infra", "network partition between a and b", "", true],
    ["flag", "flags updated", "newBanner: off -> on", false],
    ["commit", "handle the failure of a charge", "", false],
    ["deploy", "Fix crash in payment retries", "", false],
    ["config", "avoid slow queries: set an index", "", false],
    ["deploy", "roll back: 2.1 fails", "", false],
    ["infra", "kill one replica of the queue", "", true],
  ] as const)("%s %j %j: %s", (kind, title, text, expected) => {
    expect(speaksOfTrouble(sketchChange({ kind, title, text, at }))).toBe(expected);
  });

  test("on to off is switched off, off to on is not", () => {
    expect(isSwitchedOff(sketchChange({ text: "a: on -> off", at }))).toBe(true);
    expect(isSwitchedOff(sketchChange({ text: "a: off -> on", at }))).toBe(false);
  });
});

test("moved lines cancel out; what only comes or goes counts", () => {
  const text = "src/a.go\n-keepalive = limit\n+keepalive = limit\n-backoff\n";
  const words = changedWords(sketchChange({ title: "change", text, at }));
  expect(words).toContain("backoff");
  expect(words).not.toContain("keepalive");
});

test("a rare word that alerts use says more than one that every change has", () => {
  const texts = [new Set(["deploy", "tax"]), new Set(["deploy", "lamp"])];
  const corpus = readCorpus(texts, [sketchAlert({ at: 0, summary: "deploy of tax is slow" })]);
  const [rare, common] = texts.map((words) => similarityOf(words, corpus));
  expect(rare?.words[0]).toBe("tax");
  expect(rare?.score).toBeGreaterThan(2 * (common?.score ?? 0));
});

test("a secret that an alert quotes is no word that a change could share with it (issue 3)", () => {
  const change = sketchChange({ title: "set DB password=correcthorsebattery", at });
  const words = new Set(changedWords(change));
  const alert = sketchAlert({ name: "LoginFailed", service: "checkout", at: 0 });
  const summary = "dial failed: password=correcthorsebattery rejected";
  const corpus = readCorpus([words], [{ ...alert, summary }]);
  expect(similarityOf(words, corpus).words).toEqual(["password"]);
});
