import { describe, expect, test } from "vitest";
import type { Claim } from "../../src/domain/explanation.ts";
import { checkDraft } from "../../src/domain/explanation-check.ts";
import { buildCause, buildQuestion, numberOf, tracked } from "../fixtures/explanation-question.ts";
import { injections } from "../fixtures/injections.ts";

const question = buildQuestion();
const latency = numberOf(question, "HighLatency on checkout");
const errors = numberOf(question, "on storefront: 5xx");
const rollout = numberOf(question, "rollout of fraud-scorer");

const goodSummary: Claim = { text: "checkout is slow.", evidence: [latency] };
const goodCause: Claim = { text: "The rollout of fraud-scorer came 4 minutes before.", evidence: [rollout] };

function reasonFor(claim: Claim): string | undefined {
  return checkDraft({ summary: [claim], causes: [goodCause] }, question).dropped[0]?.reason;
}

test("backed claims stand as they are", () => {
  const checked = checkDraft({ summary: [goodSummary], causes: [goodCause] }, question);
  expect(checked).toEqual({ summary: [goodSummary], causes: [goodCause], dropped: [], isEnough: true });
});

describe("a claim stands", () => {
  test.each<[string, Claim]>([
    [
      "with numbers of the evidence",
      { text: "checkout shows p99 latency of 2.3 s for 5 minutes.", evidence: [latency] },
    ],
    [
      "with a percentage of the evidence",
      { text: "storefront answers 12.5% of requests with 5xx.", evidence: [errors] },
    ],
    ["with its times", { text: "HighLatency on checkout began at 10:00 UTC.", evidence: [latency] }],
    [
      "with the lag to the first alert",
      { text: "The rollout of fraud-scorer came 4 min earlier.", evidence: [rollout] },
    ],
    ["with versions of the change", { text: "fraud-scorer went from 41 to 42.", evidence: [rollout] }],
    [
      "with counts of the incident",
      { text: "There are 2 alerts, the first on checkout.", evidence: [latency] },
    ],
    [
      "with several citations",
      { text: "checkout is slow and storefront fails.", evidence: [latency, errors] },
    ],
  ])("%s", (_name, claim) => {
    expect(reasonFor(claim)).toBeUndefined();
  });
});

describe("a claim is dropped", () => {
  test.each<[string, Claim, RegExp]>([
    ["without citations", { text: "checkout is slow.", evidence: [] }, /cites no evidence/],
    [
      "with an unknown citation",
      { text: "checkout is slow.", evidence: [latency, 99] },
      /does not exist: 99/,
    ],
    [
      "about a service that it does not cite",
      { text: "checkout and storefront fail.", evidence: [latency] },
      /storefront/,
    ],
    ["with a number from nowhere", { text: "checkout has 940 failed requests.", evidence: [latency] }, /940/],
    ["with part of a number", { text: "checkout has a latency of 3 s.", evidence: [latency] }, /"3"/],
    [
      "with a number of evidence that it does not cite",
      { text: "checkout fails 12.5% of requests.", evidence: [latency] },
      /12\.5/,
    ],
    ["with an identifier from nowhere", { text: "checkout waits for db-17.", evidence: [latency] }, /db-17/],
    ["with a made-up rule", { text: "checkout fires DiskFull too.", evidence: [latency] }, /DiskFull/],
    ["that names nothing", { text: "Everything is fine today.", evidence: [latency] }, /names nothing/],
    ["that holds a command", { text: "Run kubectl delete pod checkout.", evidence: [latency] }, /command/],
  ])("%s", (_name, claim, reason) => {
    expect(reasonFor(claim)).toMatch(reason);
  });
});

describe("causes", () => {
  test("a claim that rests on no ranked cause is dropped", () => {
    const lone = buildQuestion({ causes: [buildCause()] });
    const claim = {
      text: "The deploy of storefront did it.",
      evidence: [numberOf(lone, "deploy of storefront")],
    };
    const checked = checkDraft({ summary: [goodSummary], causes: [claim, goodCause] }, lone);
    expect(checked.dropped).toEqual([{ text: claim.text, reason: "speaks of no ranked cause" }]);
    expect(checked.isEnough).toBe(true);
  });

  test("an answer that does not explain the first cause is not enough", () => {
    const other = { text: "checkout is slow by itself.", evidence: [latency] };
    const checked = checkDraft({ summary: [goodSummary], causes: [other] }, question);
    expect(checked.dropped).toEqual([]);
    expect(checked.isEnough).toBe(false);
  });

  test("no likely change may be explained from any evidence", () => {
    const none = buildQuestion({ causes: [buildCause({ service: null, changeId: null })] });
    const number = numberOf(none, "HighLatency");
    const claim = { text: "No change fits what checkout shows.", evidence: [number] };
    const checked = checkDraft(
      { summary: [{ text: "checkout is slow.", evidence: [number] }], causes: [claim] },
      none,
    );
    expect(checked).toMatchObject({ isEnough: true, dropped: [] });
  });

  test.each([
    ["no summary", { summary: [], causes: [goodCause] }],
    ["no cause", { summary: [goodSummary], causes: [] }],
  ])("%s is not enough", (_name, draft) => {
    expect(checkDraft(draft, question).isEnough).toBe(false);
  });
});

test("words of an attacker are no evidence, even where nothing recognised them", () => {
  const text = "qx81zulu is at fault, cart too";
  const attacked = buildQuestion({
    alerts: [tracked({ summary: text }), tracked({ service: "cart", name: "Other" })],
    causes: [buildCause({ service: "checkout", changeId: null })],
  });
  const [first] = attacked.evidence;
  const evidence = [first?.number ?? 0];
  const checked = checkDraft(
    {
      summary: [
        { text: "checkout: qx81zulu is at fault.", evidence },
        { text: "checkout fails and cart too.", evidence },
      ],
      causes: [],
    },
    attacked,
  );
  expect(checked.summary).toEqual([]);
});

describe("an obedient model that saw the orders of the corpus", () => {
  test.each(injections().map(({ name, text, canary }) => [name, text, canary]))(
    "%s",
    (_name, text, canary) => {
      // As if nothing had been withheld on the way in.
      const evidence = question.evidence.map((fact) =>
        fact.number === latency ? { ...fact, text, data: { ...fact.data, quote: text } } : fact,
      );
      const parts = text.split(/(?<=[.;:,])\s/);
      const claims = [
        text,
        `checkout: ${text}`,
        ...parts,
        ...parts.map((part) => `checkout says ${part}`),
      ].map((part): Claim => ({ text: part, evidence: [latency] }));
      const stood = claims.flatMap((claim) => {
        const checked = checkDraft({ summary: [claim], causes: [claim] }, { ...question, evidence });
        return [...checked.summary, ...checked.causes];
      });
      const shown = JSON.stringify(stood);
      expect(shown).not.toContain(canary);
      expect(shown).not.toMatch(/https?:|<!|@everyone|\/rollback|curl/i);
    },
  );
});

test("at most four claims of a kind are kept", () => {
  const many = Array.from({ length: 50 }, () => goodSummary);
  expect(checkDraft({ summary: many, causes: [goodCause] }, question).summary).toHaveLength(4);
});
