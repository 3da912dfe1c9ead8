import { describe, expect, test } from "vitest";
import { checkDraft } from "../../../src/domain/explanation/check.ts";
import type { Claim, Evidence, ExplanationQuestion } from "../../../src/domain/explanation.ts";
import {
  buildCause,
  buildChange,
  buildFacts,
  buildQuestion,
  numberOf,
  tracked,
} from "../../fixtures/explanation-question.ts";
import { at } from "../build.ts";

const question = withMetric(
  buildQuestion({
    alerts: [
      ...buildFacts().alerts,
      tracked({ name: "QueueBacklog", service: "mailer", summary: "3 pods wait", startsAt: at(2) }),
    ],
    causes: [
      ...buildFacts().causes,
      buildCause({ service: "storefront", changeId: "d-1", confidence: 0.07, terms: [] }),
    ],
  }),
);
const latency = numberOf(question, "HighLatency on checkout");
const errors = numberOf(question, "on storefront: 5xx");
const rollout = numberOf(question, "rollout of fraud-scorer");
const deploy = numberOf(question, "deploy of storefront");
const queue = numberOf(question, "QueueBacklog");
const metric = numberOf(question, "p95 of fraud-scorer");

/** With a fact that a metrics server would give. */
function withMetric(asked: ExplanationQuestion): ExplanationQuestion {
  const fact = "p95 of fraud-scorer fell from 0.9 s to 0.3 s at 09:57";
  const evidence: Evidence = {
    number: asked.evidence.length + 1,
    kind: "metric",
    subject: "p95 down",
    text: fact,
    at: at(-3),
    data: { fact, quote: "", entities: ["fraud-scorer", "p95"], service: "fraud-scorer", direction: "down" },
  };
  return { ...asked, evidence: [...asked.evidence, evidence] };
}

const goodSummary: Claim = { text: "checkout is slow.", evidence: [latency] };
const goodCause: Claim = { text: "The rollout of fraud-scorer came 4 minutes before.", evidence: [rollout] };

function reasonFor(claim: Claim): string | undefined {
  return checkDraft({ summary: [claim], causes: [goodCause] }, question).dropped[0]?.reason;
}

test("backed claims stand as they are", () => {
  const checked = checkDraft({ summary: [goodSummary], causes: [goodCause] }, question);
  expect(checked).toEqual({
    summary: [goodSummary],
    causes: [goodCause],
    order: null,
    dropped: [],
    isEnough: true,
  });
});

describe("a claim stands", () => {
  test.each<[string, readonly number[]]>([
    ["checkout shows p99 latency of 2.3 s for 5 minutes.", [latency]],
    ["checkout shows a p99 latency of 2300 ms.", [latency]],
    ["Latency of checkout has risen to 2.3 s.", [latency]],
    ["HighLatency on checkout began at 10:00 UTC.", [latency]],
    ["storefront answers 12.5% of requests with 5xx.", [errors]],
    ["storefront answers 12.5 percent of requests with 5xx since 10:01.", [errors]],
    ["The rollout of fraud-scorer came 4 min earlier.", [rollout]],
    ["The rollout of fraud-scorer came four minutes before the first alert.", [rollout]],
    ["fraud-scorer went from 41 to 42 at 09:56 UTC.", [rollout]],
    ["checkout became slow 4 min after the rollout of fraud-scorer.", [latency, rollout]],
    ["After the rollout of fraud-scorer, checkout became slow.", [latency, rollout]],
    ["The deploy of storefront preceded the rollout of fraud-scorer.", [deploy, rollout]],
    ["There are 2 alerts, the first on checkout.", [latency]],
    ["checkout is slow and storefront fails.", [latency, errors]],
    ["checkout waits 2.3 s, and storefront fails 12.5% of requests.", [latency, errors]],
    ["The p95 of fraud-scorer fell from 0.9 s to 0.3 s at 09:57.", [metric]],
    ["The p95 of fraud-scorer dropped to 300 ms after the rollout.", [metric, rollout]],
    ["The p95 of fraud-scorer did not rise.", [metric]],
    ["QueueBacklog on mailer shows that 3 pods wait.", [queue]],
    ["fraud-scorer is blamed with 82 %, but no alert fires on it.", [rollout]],
    ["checkout is slow, and no recent deploy fits.", [latency]],
    ["checkout is slow since the rollout of fraud-scorer went live.", [latency, rollout]],
    ["checkout is slow, and no likely change is known.", [latency]],
  ])("%s", (text, evidence) => {
    expect(reasonFor({ text, evidence })).toBeUndefined();
  });
});

describe("a claim is dropped", () => {
  test.each<[string, string, readonly number[], RegExp]>([
    ["without citations", "checkout is slow.", [], /cites no evidence/],
    ["with an unknown citation", "checkout is slow.", [latency, 99], /does not exist: 99/],
    ["with citations of everything", "checkout is slow.", [1, 2, 3, 4, 5, 6, 7, 8, 9], /at once/],
    ["that names nothing", "It went badly this time.", [latency], /names nothing/],
    ["that holds a command", "Run kubectl delete pod checkout.", [latency], /command/],

    // Of whom.
    ["of a service that it does not cite", "checkout and storefront fail.", [latency], /storefront/],
    ["of a service like one", "checkout-db is slow, as checkout is.", [latency], /"db"|checkout-db/],
    ["of a thing from nowhere", "checkout is slow because of the database.", [latency], /database/],
    ["of a known product", "checkout is slow because Redis is.", [latency], /Redis/],
    ["of a service from nowhere", "checkout is slow, the ledger service blocks.", [latency], /ledger/],
    ["of a hyphened name", "checkout is slow through billing-proxy.", [latency], /billing-proxy|proxy/],
    ["of a name with a capital", "checkout is slow because Umbrella is.", [latency], /Umbrella/],
    ["of an identifier", "checkout waits for db-17.", [latency], /db-17|db/],
    ["of a made-up rule", "checkout fires DiskFull too.", [latency], /DiskFull|disk/],
    ["of people", "checkout is slow for all customers.", [latency], /customers|all/],
    ["of another kind of change", "The backup of fraud-scorer came first.", [rollout], /backup/],

    // What was done.
    [
      "of a deploy that it does not cite",
      "The deploy of checkout came first.",
      [latency],
      /tells of "deploy"/,
    ],
    ["of a rollout before it", "checkout is slow after a rollout.", [latency], /tells of "rollout"/],
    ["of something live", "checkout is slow since a new version went live.", [latency], /"went live"/],
    ["of a change", "checkout is slow since the change.", [latency], /tells of "the change"/],

    // How much.
    ["with a number from nowhere", "checkout has 940 failed requests.", [latency], /940/],
    ["with part of a number", "checkout has a latency of 3 s.", [latency], /3 s/],
    ["with the number cut", "checkout has a latency of 2 s.", [latency], /2 s/],
    ["with another unit", "checkout has a p99 latency of 2.3 ms.", [latency], /2\.3 ms/],
    ["with a unit of another thing", "checkout has a p99 of 2.3 %.", [latency], /2\.3 %/],
    ["with no unit at all", "checkout shows p99 latency 2.3.", [latency], /2\.3/],
    ["with the wrong thousand", "checkout has a p99 latency of 23 s.", [latency], /23 s/],
    ["with a number in words", "checkout is slow in twelve regions.", [latency], /12|regions|region/],
    ["with a number in a range", "checkout needs 2.3-9 s.", [latency], /9/],
    ["with a size by no measure", "checkout is slow thousands of times.", [latency], /thousands/],
    ["with a number of another fact", "checkout fails 12.5% of requests.", [latency], /12\.5/],
    [
      "with a number of another service",
      "checkout fails 12.5% of requests, storefront waits.",
      [latency, errors],
      /12\.5/,
    ],
    ["with numbers swapped", "storefront waits 2.3 s and checkout is slow.", [latency, errors], /2\.3/],
    ["with another thing counted", "QueueBacklog on mailer shows 3 crashes.", [queue], /crash|3/],
    ["with more of them", "QueueBacklog on mailer shows that 4 pods wait.", [queue], /4 pods/],
    ["with versions swapped", "fraud-scorer went from 43 to 42.", [rollout], /43/],
    ["with another percentile", "checkout shows p50 latency of 2.3 s.", [latency], /p50/],
    ["with another confidence", "fraud-scorer is blamed with 99 %.", [rollout], /99/],
    ["with another duration", "checkout shows p99 latency for 50 minutes.", [latency], /50 minutes/],

    // Which way.
    ["that rises where it fell", "The p95 of fraud-scorer rose to 0.3 s.", [metric], /went up/],
    ["that grows in other words", "The p95 of fraud-scorer climbed.", [metric], /went up/],
    ["that is above in other words", "The p95 of fraud-scorer is above 0.3 s.", [metric], /went up/],
    ["that falls where it rose", "Latency of checkout fell to 2.3 s.", [latency], /went down/],
    ["that denies what was seen", "Latency of checkout did not rise.", [latency], /went down/],
    ["that improves", "checkout has improved.", [latency], /went down|improv/],
    ["that moves what did not move", "Requests to mailer are dropping.", [queue], /went down/],
    ["that ends it", "checkout has recovered.", [latency], /recovered/],
    ["that belittles it", "HighLatency on checkout is a false alarm.", [latency], /false/],
    ["that calms", "checkout is healthy.", [latency], /healthy/],
    ["that calls it expected", "The trouble of checkout was planned.", [latency], /planned/],

    // When.
    ["at a time from nowhere", "checkout became slow at 10:05 UTC.", [latency], /10:05/],
    ["at the time of another fact", "checkout became slow at 09:56 UTC.", [latency, rollout], /09:56/],
    ["on another day", "checkout became slow on 2026-02-28.", [latency], /2026-02-28/],
    ["with another lag", "The rollout of fraud-scorer came 40 min before.", [rollout], /40 min/],
    ["with the lag of another", "The rollout of fraud-scorer came 60 min before.", [rollout, deploy], /60/],
    [
      "after instead of before",
      "The rollout of fraud-scorer came 4 min after the first alert.",
      [rollout],
      /after/,
    ],
    ["later instead of earlier", "The rollout of fraud-scorer came 4 min later.", [rollout], /later/],
    [
      "before instead of after",
      "checkout became slow 4 min before the rollout.",
      [latency, rollout],
      /before/,
    ],
    [
      "with changes in the wrong order",
      "The deploy of storefront came after the rollout of fraud-scorer.",
      [deploy, rollout],
      /after/,
    ],
    ["with a vague day", "checkout is slow since yesterday.", [latency], /yesterday/],
    ["with a certainty", "fraud-scorer is definitely to blame.", [rollout], /definitely/],
    ["with a guess", "checkout is slow, as an attacker floods it.", [latency], /attacker/],
    ["in another language", "checkout ist langsam.", [latency], /ist|langsam/],
    ["in another script", "checkout работает медленно.", [latency], /работает/],
  ])("%s", (_name, text, evidence, reason) => {
    expect(reasonFor({ text, evidence }), text).toMatch(reason);
  });
});

describe("causes", () => {
  test("a claim that rests on no ranked cause is dropped", () => {
    const lone = buildQuestion({ causes: [buildCause()] });
    const claim = {
      text: "The deploy of storefront did it.",
      evidence: [numberOf(lone, "deploy of storefront")],
    };
    const summary = [{ text: "checkout is slow.", evidence: [numberOf(lone, "HighLatency")] }];
    const checked = checkDraft({ summary, causes: [claim, goodCause] }, lone);
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

test("at most four claims of a kind are kept", () => {
  const many = Array.from({ length: 50 }, () => goodSummary);
  expect(checkDraft({ summary: many, causes: [goodCause] }, question).summary).toHaveLength(4);
});

test("a change that came after the first alert is said to have come after it", () => {
  const late = buildQuestion({
    changes: [
      buildChange({
        id: "late",
        kind: "config",
        service: "checkout",
        title: "pool 50",
        at: at(6),
        rolloutId: null,
      }),
    ],
    causes: [buildCause({ service: "checkout", changeId: "late", terms: [] })],
  });
  const evidence = [numberOf(late, "config of checkout")];
  const dropped = (text: string) =>
    checkDraft({ summary: [], causes: [{ text, evidence }] }, late).dropped.map(({ reason }) => reason);
  expect(dropped("The config of checkout changed 6 min after the first alert.")).toEqual([]);
  expect(dropped("The config of checkout changed 6 min before the first alert.")).toHaveLength(1);
});

test("of how many services are affected counts the number of them, not of those that are listed (issue 3)", () => {
  const services = Array.from({ length: 20 }, (_, index) => `svc-${index}`);
  const incident = { ...question.incident, services, serviceCount: 60 };
  const said = (count: number) => {
    const summary = [{ text: `HighLatency affects ${count} services.`, evidence: [latency] }];
    return checkDraft({ summary, causes: [] }, { ...question, incident }).summary.length;
  };
  expect([said(60), said(20)]).toEqual([1, 0]);
});
