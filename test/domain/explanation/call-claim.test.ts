import { describe, expect, test } from "vitest";
import { checkDraft } from "../../../src/domain/explanation/check.ts";
import { buildQuestion, numberOf, tracked } from "../../fixtures/explanation-question.ts";
import { at } from "../build.ts";

/** Storefront calls checkout, which calls fraud-scorer; that mailer calls cart only its alert says. */
const question = buildQuestion({
  alerts: [
    tracked({ name: "HighLatency", severity: "high", summary: "p99 latency 2.3 s for 5m" }),
    tracked({ service: "storefront", severity: "critical", summary: "5xx ratio 12.5 %", startsAt: at(1) }),
    tracked({ service: "cart", name: "DiskWillFill", summary: "disk is 91 % full", startsAt: at(2) }),
    tracked({ service: "mailer", name: "CallsFail", summary: "calls to cart fail", startsAt: at(3) }),
  ],
});
const latency = numberOf(question, "HighLatency");
const errors = numberOf(question, "on storefront: 5xx");
const disk = numberOf(question, "DiskWillFill");
const mail = numberOf(question, "CallsFail");
const rollout = numberOf(question, "rollout of fraud-scorer");
const toScorer = question.evidence.find(({ text }) => text === "checkout calls fraud-scorer")?.number ?? 0;
const way = numberOf(question, "storefront calls checkout calls fraud-scorer");
const callers = numberOf(question, "depend on fraud-scorer");

function reasonFor(text: string, evidence: readonly number[]): string | undefined {
  return checkDraft({ summary: [{ text, evidence }], causes: [] }, question).dropped[0]?.reason;
}

describe("a call that a cited fact has stands (issue 3)", () => {
  test.each<[string, readonly number[]]>([
    ["storefront calls checkout.", [latency, errors, way]],
    ["checkout is called by storefront.", [latency, errors, way]],
    ["checkout depends on fraud-scorer.", [toScorer]],
    ["storefront depends on fraud-scorer.", [callers]],
    ["checkout and storefront depend on fraud-scorer.", [callers]],
    ["checkout waits for fraud-scorer.", [latency, toScorer]],
    ["fraud-scorer serves checkout.", [toScorer]],
    ["fraud-scorer is behind checkout.", [toScorer]],
    ["checkout calls fraud-scorer, and storefront calls checkout.", [way]],
    ["checkout calls fraud-scorer and storefront fails 12.5 % of requests.", [errors, toScorer]],
    ["checkout is slow since fraud-scorer, which it calls, changed.", [latency, rollout, toScorer]],
    ["checkout is slow and calls fraud-scorer.", [latency, toScorer]],
    ["fraud-scorer, which checkout calls, was rolled out 4 min earlier.", [rollout, toScorer]],
    ["fraud-scorer, called by checkout, was rolled out 4 min earlier.", [rollout, toScorer]],
    ["fraud-scorer changed at 09:56 UTC, and checkout depends on it.", [rollout, latency, toScorer]],
    ["HighLatency fires on checkout, a caller of fraud-scorer.", [latency, toScorer]],
    ["checkout is slow, and its dependency fraud-scorer changed.", [latency, rollout, toScorer]],
    ["storefront waits for checkout, which is slow.", [latency, errors, way]],
    ["The service that checkout calls is fraud-scorer.", [latency, toScorer]],
    ["checkout waits for fraud-scorer, which answers checkout late.", [latency, toScorer]],
    ["checkout's dependency fraud-scorer changed.", [latency, rollout, toScorer]],
    ["The callers of fraud-scorer are checkout and storefront.", [callers]],
    ["fraud-scorer's callers include checkout.", [callers]],
    ["Calls of mailer to cart fail.", [mail, disk]],
    ["mailer calls cart.", [mail, disk]],
    // No call between two is told of.
    ["checkout needs 2.3 s.", [latency]],
    ["checkout waits 2.3 s, and storefront fails 12.5 % of requests.", [latency, errors]],
    ["The rollout of fraud-scorer is behind HighLatency on checkout.", [rollout, latency]],
  ])("%s", (text, evidence) => {
    expect(reasonFor(text, evidence)).toBeUndefined();
  });
});

describe("a call that no cited fact has falls (issue 3)", () => {
  test.each<[string, readonly number[]]>([
    // The other way round, with and without what says so.
    ["checkout calls storefront.", [latency, errors]],
    ["checkout calls storefront.", [latency, errors, way]],
    ["storefront is called by checkout.", [latency, errors]],
    ["checkout depends on storefront.", [latency, errors]],
    ["fraud-scorer calls checkout.", [latency, rollout]],
    ["fraud-scorer depends on checkout.", [toScorer]],
    ["checkout is slow, and fraud-scorer depends on it.", [latency, rollout, toScorer]],
    ["checkout, which calls storefront, is slow.", [latency, errors]],
    ["checkout is slow and calls storefront.", [latency, errors]],
    ["HighLatency fires on checkout, called by fraud-scorer.", [latency, rollout]],
    ["checkout is slow, and its caller fraud-scorer changed.", [latency, rollout, toScorer]],
    ["storefront, a dependency of checkout, fails.", [latency, errors, way]],
    ["storefront, which checkout calls, fails.", [latency, errors, way]],
    // Known of nobody.
    ["checkout needs cart.", [latency, disk]],
    ["checkout calls cart.", [latency, disk]],
    ["checkout directly calls cart.", [latency, disk, way]],
    ["checkout waits for cart.", [latency, disk]],
    ["cart serves checkout.", [latency, disk]],
    ["cart is behind checkout.", [latency, disk]],
    ["checkout requires cart.", [latency, disk]],
    ["checkout hangs on cart.", [latency, disk]],
    ["cart answers checkout.", [latency, disk]],
    ["The service that checkout calls is cart.", [latency, disk]],
    ["checkout has a dependency on cart.", [latency, disk]],
    ["cart's callers include checkout.", [latency, disk]],
    ["The callers of checkout are fraud-scorer and storefront.", [latency, errors, rollout, way]],
    ["checkout's dependency cart is in trouble.", [latency, disk]],
    ["Requests from checkout to cart fail.", [latency, disk]],
    ["checkout's calls to cart fail.", [latency, errors, disk]],
    ["checkout and cart depend on fraud-scorer.", [disk, callers]],
    ["checkout calls fraud-scorer and cart.", [disk, toScorer]],
    ["cart calls mailer.", [mail, disk]],
    // True, and nothing that is cited says so.
    ["storefront calls checkout.", [latency, errors]],
    // Nobody knows.
    ["checkout does not call cart.", [latency, disk]],
    ["checkout does not depend on fraud-scorer.", [toScorer]],
  ])("%s", (text, evidence) => {
    expect(reasonFor(text, evidence) ?? "it stood").toMatch(/calls/);
  });
});
