import { describe, expect, test } from "vitest";
import { checkDraft } from "../../../src/domain/explanation/check.ts";
import { checkOrder } from "../../../src/domain/explanation/order.ts";
import type { RankedClaim } from "../../../src/domain/explanation.ts";
import { buildCause, buildQuestion, numberOf } from "../../fixtures/explanation-question.ts";

const question = buildQuestion({
  causes: [
    buildCause(),
    buildCause({ service: "storefront", changeId: "d-1", confidence: 0.12, terms: [] }),
    buildCause({ service: "checkout", changeId: null, confidence: 0.04, terms: [] }),
    buildCause({ service: null, changeId: null, confidence: 0.02, terms: [] }),
    buildCause({ service: "cart", changeId: null, confidence: 0.01, terms: [] }),
    buildCause({ service: "stock", changeId: null, confidence: 0.01, terms: [] }),
  ],
});
const latency = numberOf(question, "HighLatency on checkout");
const rollout = numberOf(question, "rollout of fraud-scorer");
const deploy = numberOf(question, "deploy of storefront");
const why: RankedClaim = { rank: 2, text: "The deploy of storefront came earlier.", evidence: [deploy] };

function reasonFor(order: readonly RankedClaim[]): string | null {
  const checked = checkOrder(order, question);
  return checked.kind === "refused" ? checked.reason : null;
}

describe("another order of the causes", () => {
  test("counts with a sentence that names the cause and cites what it rests on", () => {
    const checked = checkOrder([why], question);
    expect(checked).toEqual({
      kind: "other",
      order: [2, 1, 3, 4, 5],
      claims: [
        {
          text: "The model suspects the deploy of storefront at 09:00 UTC (10 %) first; by the ranking it comes 2nd, after the rollout of fraud-scorer at 09:56 UTC (80 %).",
          evidence: [deploy, rollout, numberOf(question, "checkout calls fraud-scorer")],
        },
        { text: why.text, evidence: [deploy] },
      ],
    });
  });

  test.each([
    [null, "“not enough evidence” (40 %)"],
    ["cart", "cart, without a change (40 %)"],
  ])("names ours as every place does, also where it is %s", (service, ours) => {
    const first = buildCause({ service, changeId: null, confidence: 0.4, terms: [] });
    const second = question.causes[1] ?? first;
    const checked = checkOrder([why], { ...question, causes: [first, second] });
    expect(checked.kind === "other" && checked.claims[0]?.text).toBe(
      `The model suspects the deploy of storefront at 09:00 UTC (10 %) first; by the ranking it comes 2nd, after ${ours}.`,
    );
  });

  test("says where each sees it, when both blame one change (issue 3)", () => {
    const causes = [
      buildCause({ service: "checkout", changeId: "d-1", confidence: 0.8, terms: [] }),
      buildCause({ service: "storefront", changeId: "d-1", confidence: 0.1, terms: [] }),
    ];
    const errors = numberOf(question, "on storefront: 5xx");
    const rise = { rank: 2, text: "storefront has a 5xx ratio of 12.5%.", evidence: [errors] };
    const checked = checkOrder([rise], { ...question, causes });
    expect(checked.kind === "other" && checked.claims[0]?.text).toBe(
      "The model suspects the deploy of storefront at 09:00 UTC too, but felt in storefront (10 %, ranked 2nd) rather than in checkout (80 %).",
    );
  });

  test("leaves our first cause where it is when others change places", () => {
    const third = { rank: 3, text: "checkout has been slow since 10:00.", evidence: [latency] };
    const checked = checkOrder([{ ...why, rank: 1 }, third], question);
    expect(checked).toMatchObject({ kind: "other", order: [1, 3, 2, 4, 5], claims: [{ text: third.text }] });
  });

  test.each<[string, readonly RankedClaim[]]>([
    ["nothing", []],
    ["the first in its place", [{ rank: 1, text: "x", evidence: [] }]],
    ["our own order", [1, 2, 3].map((rank) => ({ rank, text: "x", evidence: [] }))],
  ])("is none with %s", (_name, order) => {
    expect(checkOrder(order, question)).toEqual({ kind: "ours" });
  });

  test.each<[string, readonly RankedClaim[], RegExp]>([
    ["without a citation", [{ ...why, evidence: [] }], /cites no evidence/],
    ["with a citation that does not exist", [{ ...why, evidence: [deploy, 77] }], /does not exist: 77/],
    ["with evidence of another cause", [{ rank: 2, text: "checkout is slow.", evidence: [latency] }], /own/],
    [
      "with evidence of the cause that it overtakes",
      [{ rank: 2, text: "The rollout of fraud-scorer came first.", evidence: [rollout] }],
      /evidence of its own/,
    ],
    [
      "with its evidence cited but not spoken of",
      [{ rank: 2, text: "checkout is slow.", evidence: [latency, deploy] }],
      /evidence of its own/,
    ],
    ["with a sentence that its evidence does not back", [{ ...why, text: "storefront fails 99%." }], /99/],
    ["with an order in it", [{ ...why, text: "Roll back the deploy of storefront." }], /command/],
    ["for no likely change", [{ rank: 4, text: "No change fits checkout.", evidence: [latency] }], /own/],
    [
      "for a cause without evidence",
      [{ rank: 5, text: "cart is slow.", evidence: [latency] }],
      /names nothing/,
    ],
    [
      "for a cause beyond the fifth",
      [{ rank: 6, text: "stock is slow.", evidence: [latency] }],
      /not exist: 6/,
    ],
    ["for a cause twice", [why, why], /do not exist/],
    ["for a half cause", [{ ...why, rank: 1.5 }], /do not exist/],
    [
      "when one of two is unbacked",
      [{ rank: 3, text: "checkout fails 99%.", evidence: [latency] }, why],
      /99/,
    ],
  ])("is refused %s", (_name, order, reason) => {
    expect(reasonFor(order)).toMatch(reason);
  });
});

describe("a draft with another order", () => {
  const summary = [{ text: "checkout is slow.", evidence: [latency] }];

  test("stands by what it says of its own first cause", () => {
    const checked = checkDraft({ summary, causes: [], order: [why] }, question);
    expect(checked).toMatchObject({ isEnough: true, order: [2, 1, 3, 4, 5] });
  });

  test("does not stand when the order falls and our first cause is not explained", () => {
    const order = [{ ...why, evidence: [] }];
    const causes = [{ text: "The deploy of storefront came earlier.", evidence: [deploy] }];
    expect(checkDraft({ summary, causes, order }, question)).toMatchObject({ isEnough: false, order: null });
  });
});
