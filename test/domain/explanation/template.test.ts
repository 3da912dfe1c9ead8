import { describe, expect, test } from "vitest";
import { feedbackTerms } from "../../../src/domain/causes/feedback.ts";
import { basisOf, materialOf } from "../../../src/domain/explanation/revision.ts";
import { writeTemplate } from "../../../src/domain/explanation/template.ts";
import type { Claim } from "../../../src/domain/explanation.ts";
import type { Incident } from "../../../src/domain/incident.ts";
import { buildCause, buildChange, buildFacts, buildQuestion } from "../../fixtures/explanation-question.ts";
import { questionOf, rankedQuestionOf, stories } from "../../fixtures/incident-stories.ts";
import { at } from "../build.ts";

function texts(claims: readonly Claim[]): readonly string[] {
  return claims.map((claim) => claim.text);
}

/** As a card tells it, cause and actions marked. */
function told(name: string): readonly string[] {
  const story = stories[name];
  if (story === undefined) throw new Error(`no story is called "${name}"`);
  const { summary, causes, actions } = writeTemplate(questionOf(story));
  return [
    ...texts(summary),
    ...texts(causes).map((text) => `cause: ${text}`),
    ...texts(actions).map((text) => `do: ${text}`),
  ];
}

describe("reads as an engineer would write it", () => {
  test.each<[string, readonly string[]]>([
    [
      "a single crash",
      [
        "KubePodCrashLooping (critical) on mailer since 10:00 UTC: Pod mailer-7d9f8b6c5d-x2k4q is restarting 1.2 times / 5 minutes.",
        "cause: Not enough evidence to name a cause: only mailer is alerting, and no change was reported around the start.",
      ],
    ],
    [
      "an alert that only repeats its name",
      [
        "HighErrorRate (warning) on search since 10:00 UTC.",
        "cause: Not enough evidence to name a cause: only search is alerting, and no change was reported around the start.",
      ],
    ],
    [
      "an alert without a service",
      [
        "Watchdog (info) since 10:00 UTC: Alerting pipeline is slow.",
        "cause: Not enough evidence to name a cause: no service stands out, and no change was reported around the start.",
      ],
    ],
    [
      "a deploy that broke its own service",
      [
        "checkout and web have been in trouble since 10:00 UTC.",
        "It began with HighErrorRate (critical) on checkout: 5xx ratio is 34 % (usually 0.1 %).",
        "cause: Probably the deploy of checkout at 09:56 UTC (“v2.3.1”), 4 min before the first alert (65 %): everything else that alerts depends on checkout; checkout was among the first to alert.",
        "cause: Less likely: checkout by itself, without a change (30 %).",
        "do: Check the deploy of checkout at 09:56 UTC with ml-engineer, who made it, and take it back if it fits.",
        "do: Look at checkout first: HighErrorRate (critical).",
      ],
    ],
    [
      "a model rollout that slowed its callers",
      [
        "fraud-scorer, checkout and web have been in trouble since 10:00 UTC.",
        "It began with HighLatency (high) on fraud-scorer: p99 2.3 s (usually 0.2 s); worst is HighErrorRate (critical) on web: 5xx ratio 12.5 %.",
        "cause: Most likely the rollout of fraud-scorer at 09:54 UTC (“deploy fraud-scorer 41 to 42”), 6 min before the first alert (80 %): everything else that alerts depends on fraud-scorer; fraud-scorer was among the first to alert.",
        "cause: Less likely: web (10 %).",
        "do: Roll back fraud-scorer in production to 41.",
      ],
    ],
    [
      "a database under six services",
      [
        "cart-db, cart, checkout, search and 2 more have been in trouble since 10:00 UTC; the outermost of them is web.",
        "It began with DiskLatencyHigh (high) on cart-db: write latency 900 ms (usually 4 ms); worst is HighErrorRate (critical) on cart: 5xx ratio 40 %.",
        "cause: Probably cart-db (40 %): everything else that alerts depends on it; it was among the first to alert. No change was reported around the start.",
        "cause: Less likely: cart (15 %).",
        "do: Look at cart-db first: DiskLatencyHigh (high).",
      ],
    ],
    [
      "no change near",
      [
        "ranker and search have been in trouble since 09:59 UTC; web depends on them and has no alert in this incident so far.",
        "It began with CpuSaturated (warning) on ranker: CPU 98 %; worst is HighLatency (high) on search: p99 3 s.",
        "cause: Most likely ranker (95 %): everything else that alerts depends on it; it was among the first to alert. The one change reported around the start, the commit to docs-site at 08:20 UTC (“docs: fix a typo”), is not a likely cause.",
        "do: Look at ranker first: CpuSaturated (warning).",
      ],
    ],
    [
      "a change after the start",
      [
        "cart and checkout have been in trouble since 10:00 UTC; web depends on them and has no alert in this incident so far.",
        "It began with HighLatency (high) on cart: p99 3 s.",
        "cause: Most likely cart (70 %): everything else that alerts depends on it; it was among the first to alert.",
        "cause: Less likely: the config change of cart at 10:05 UTC (“pool 50”, 5 min after the first alert, 15 %).",
        "do: Look at cart first: HighLatency (high).",
      ],
    ],
    [
      "one that came back",
      [
        "ledger-db has been in trouble since 10:00 UTC. The incident was resolved and came back twice.",
        "It began with DiskWillFill (warning) on ledger-db: full in 4 h.",
        "cause: Not enough evidence to name a cause: only ledger-db is alerting, and no change was reported around the start.",
        "do: Look at ledger-db first: DiskWillFill (warning).",
      ],
    ],
    [
      "one that flaps",
      [
        "LinkDown (high) on edge-router since 10:00 UTC: uplink 2 is down.",
        "The incident was resolved and came back 7 times.",
        "cause: Not enough evidence to name a cause: only edge-router is alerting, and no change was reported around the start.",
      ],
    ],
    [
      "one that began the day before",
      [
        "web and search have been in trouble since 28 Feb 22:20 UTC.",
        "It began with CertificateExpires (warning) on web: expires in 3 days.",
        "cause: Not enough evidence to name a cause: no service stands out, and no change was reported around the start; nothing connects the two.",
        "do: Start with the earliest alert, CertificateExpires (warning) on web.",
      ],
    ],
    [
      "a part of another",
      [
        "ranker and search have been in trouble since 10:00 UTC; web depends on them and has no alert in this incident so far. The incident was split from incident 9.",
        "It began with HighLatency (high) on ranker: p99 1.4 s.",
        "cause: Most likely ranker (90 %): everything else that alerts depends on it; it was among the first to alert. No change was reported around the start.",
        "cause: Less likely: search (10 %).",
        "do: Look at ranker first: HighLatency (high).",
      ],
    ],
    [
      "one that metrics speak of",
      [
        "search and web have been in trouble since 10:00 UTC.",
        "It began with HighLatency (high) on search: p99 3 s.",
        "cause: Most likely search (80 %): everything else that alerts depends on it; it was among the first to alert. No change was reported around the start.",
        "cause: Its metrics: p99 of search rose from 0.3 s to 3.1 s at 09:58.",
        "do: Look at search first: HighLatency (high).",
      ],
    ],
    [
      "one that happened before",
      [
        "ledger-db and payments have been in trouble since 10:00 UTC; web and checkout depend on them and have no alert in this incident so far.",
        "It began with DiskWillFill (warning) on ledger-db: full in 4 h.",
        "cause: Most likely ledger-db (95 %): everything else that alerts depends on it; it was among the first to alert. No change was reported around the start.",
        "do: Look at ledger-db first: DiskWillFill (warning).",
        "do: Compare with incident 3, 82 % similar, which was resolved after 34 min: “dropped old partitions”.",
      ],
    ],
    [
      "one that nothing speaks of",
      [
        "Alerts that name no service have been firing since 10:00 UTC.",
        "It began with Smoke (high): probe 3 failed.",
        "cause: Not enough evidence to name a cause: no service stands out, and no change was reported around the start.",
      ],
    ],
    [
      "a doubtful suspect",
      [
        "checkout and web have been in trouble since 10:00 UTC.",
        "It began with HighLatency (high) on checkout: p99 3 s.",
        "cause: Possibly the commit to payments at 08:30 UTC (“payments: rename a field”), 1 h 30 min before the first alert (25 %): it names payments, which is alerting.",
        "cause: What does not fit: payments has no alert of its own; it says that it changes no behaviour.",
        "do: Check the commit to payments at 08:30 UTC with ml-engineer, who made it, and take it back if it fits.",
        "do: Look at payments first: it has no alert of its own, but what calls it has.",
      ],
    ],
    [
      "one that is over",
      [
        "checkout and web were in trouble from 10:00 to 10:42 UTC.",
        "It began with HighErrorRate (critical) on checkout: 5xx ratio is 34 %.",
        "cause: Probably the deploy of checkout at 09:56 UTC (“v2.3.1”), 4 min before the first alert (60 %): everything else that alerts depends on checkout; checkout was among the first to alert.",
        "cause: Less likely: checkout by itself, without a change (25 %).",
      ],
    ],
  ])("%s", (name, lines) => {
    expect(told(name)).toEqual(lines);
  });
});

describe("under the ranking of today", () => {
  test.each(Object.entries(stories))(
    "%s is told in whole, short sentences that cite evidence",
    (_name, story) => {
      const question = rankedQuestionOf(story);
      const numbers = question.evidence.map((fact) => fact.number);
      const { summary, causes, actions } = writeTemplate(question);
      expect(summary.length).toBeGreaterThan(0);
      expect(causes.length).toBeGreaterThan(0);
      for (const { text, evidence } of [...summary, ...causes, ...actions]) {
        expect(text).toMatch(/^[\p{L}“].*[.”]$/u);
        expect(text.length).toBeLessThan(360);
        expect(text).not.toMatch(
          /undefined|null|NaN|\s{2}|\.\.|;\.|: \.|\b1 (?:alerts|callers|times|services)\b/,
        );
        expect(evidence.length).toBeGreaterThan(0);
        expect(evidence.every((number) => numbers.includes(number))).toBe(true);
      }
      const all = texts([...summary, ...causes, ...actions]);
      expect(new Set(all).size).toBe(all.length);
    },
  );
});

test("that the evidence is not enough is an answer, with the best guess", () => {
  const none = buildCause({
    service: null,
    changeId: null,
    confidence: 0.6,
    terms: [{ name: "elsewhere", score: 0.4, because: "none of the candidates is likelier" }],
  });
  const draft = writeTemplate({
    ...buildQuestion({ causes: [none, buildCause({ confidence: 0.3 })] }),
    undo: [],
  });
  expect(texts(draft.causes)).toEqual([
    "Not enough evidence to name a cause: no service and no change stands out.",
    "The best guess is the rollout of fraud-scorer at 09:56 UTC (“deploy fraud-scorer 41 to 42”, 30 %): checkout calls fraud-scorer.",
  ]);
});

test("why the evidence is not enough is said where the ranking says it", () => {
  const because = "every change is on services that nothing here calls";
  const none = buildCause({ service: null, changeId: null, terms: [{ name: "reach", score: 1, because }] });
  const draft = writeTemplate({ ...buildQuestion({ causes: [none] }), undo: [] });
  expect(texts(draft.causes)).toEqual([
    `Not enough evidence to name a cause: no service stands out, and none of the 2 changes reported around the start is a likely cause; ${because}.`,
  ]);
  expect(draft.causes[0]?.evidence.length).toBeGreaterThan(0);
  expect(texts(draft.actions)).toEqual(["Start with the earliest alert, HighLatency (high) on checkout."]);
});

test("a suspected service without alerts of its own is named by what calls it", () => {
  const silent = buildCause({ changeId: null, terms: [] });
  const draft = writeTemplate(buildQuestion({ causes: [silent], changes: [] }));
  expect(texts(draft.causes)).toEqual([
    "Most likely fraud-scorer (80 %). No change was reported around the start.",
  ]);
  expect(texts(draft.actions)).toEqual([
    "Look at fraud-scorer first: it has no alert of its own, but what calls it has.",
  ]);
});

test("a rollout of ours is offered to be taken back, with our command and nothing to check besides", () => {
  const draft = writeTemplate(buildQuestion());
  expect(draft.actions).toEqual([
    {
      text: "Roll back fraud-scorer in production to 41.",
      evidence: [2],
      command: "rollback fraud-scorer production",
    },
  ]);
});

test("a change of others is for people to take back; no command is offered for it", () => {
  const draft = writeTemplate(
    buildQuestion({ causes: [buildCause({ service: "storefront", changeId: "d-1" })] }),
  );
  expect(texts(draft.actions)).toEqual([
    "Check the deploy of storefront at 09:00 UTC with ml-engineer, who made it, and take it back if it fits.",
    "Look at storefront first: HighErrorRate (critical).",
  ]);
  expect(draft.actions.some((action) => action.command !== undefined)).toBe(false);
});

describe("words for confidence", () => {
  test.each([
    [0.99, "Most likely", "95 %"],
    [0.7, "Most likely", "70 %"],
    [0.5, "Probably", "50 %"],
    [0.2, "Possibly", "20 %"],
    [0.05, "Weak suspicion:", "5 %"],
  ])("%s reads as %s", (confidence, word, share) => {
    const text = writeTemplate(buildQuestion({ causes: [buildCause({ confidence })] })).causes[0]?.text ?? "";
    expect(text.startsWith(word)).toBe(true);
    expect(text).toContain(`(${share})`);
  });
});

test("a change that came after the first alert is said to have come after it", () => {
  const late = buildChange({ at: at(6) });
  const draft = writeTemplate(buildQuestion({ changes: [late] }));
  expect(draft.causes[0]?.text).toContain("6 min after the first alert");
});

test("what speaks for a suspect is no objection to it, whatever its fitted weight", () => {
  const terms = [
    { name: "change:onAlerting", score: -0.5, because: "storefront is alerting" },
    { name: "silent", score: -0.6, because: "storefront has no alert of its own" },
  ];
  const cause = buildCause({ service: "storefront", changeId: "d-1", terms });
  const said = texts(writeTemplate(buildQuestion({ causes: [cause] })).causes);
  expect(said).toContain("What does not fit: storefront has no alert of its own.");
});

describe("how often people named a cause reads in both numbers", () => {
  test.each([
    [1, 0, "people have confirmed it as a cause once."],
    [3, 1, "people have confirmed it as a cause 3 times and refused it once."],
  ])("%s and %s", (right, wrong, text) => {
    const votes = new Map([["service:checkout", { right, wrong }]]);
    const terms = feedbackTerms("service:checkout", "checkout", { feedback: votes });
    const cause = buildCause({ service: "checkout", changeId: null, terms });
    expect(writeTemplate(buildQuestion({ causes: [cause] })).causes[0]?.text).toContain(text);
  });

  test("what was only refused is said as that", () => {
    const votes = new Map([["service:checkout", { right: 0, wrong: 2 }]]);
    const terms = feedbackTerms("service:checkout", "checkout", { feedback: votes });
    const cause = buildCause({ service: "checkout", changeId: null, terms });
    const said = writeTemplate(buildQuestion({ causes: [cause] })).causes.map((claim) => claim.text);
    expect(said).toContainEqual("What does not fit: people have refused it as a cause 2 times.");
  });
});

test("of a change that says nobody, whoever made it is asked", () => {
  const facts = buildFacts();
  const changes = facts.changes.map((change) => ({ ...change, author: null }));
  const causes = [buildCause({ service: "storefront", changeId: "d-1" })];
  const draft = writeTemplate({ ...buildQuestion({ changes, causes }), undo: [] });
  expect(texts(draft.actions)[0]).toContain(" with whoever made it, and take it back if it fits.");
});

test("without evidence nothing is claimed", () => {
  expect(writeTemplate({ ...buildQuestion(), evidence: [] })).toEqual({
    summary: [],
    causes: [],
    actions: [],
  });
});

describe("an incident of more services than are listed (issue 3)", () => {
  const down = (count: number) => ({
    alerts: Array.from({ length: count }, (_, index) => ({ name: "Down", service: `svc-${index}` })),
  });
  const summaryOf = (count: number) => texts(writeTemplate(questionOf(down(count))).summary)[0];

  test("counts all of them", () => {
    expect(summaryOf(60)).toMatch(
      /^svc-0, svc-1, svc-\d+, svc-\d+ and at least 50 more have been in trouble /,
    );
    expect(summaryOf(20)).toMatch(/ and 16 more have been in trouble /);
  });

  test("is written anew once there are tens more, not with each further one", () => {
    const basis = (count: number) => basisOf(materialOf(questionOf(down(count)), null));
    const listed = { ...questionOf(down(60)), evidence: [] };
    const material = (serviceCount: number) =>
      materialOf({ ...listed, incident: { ...listed.incident, serviceCount } }, null);
    expect(basisOf(material(63))).toBe(basisOf(material(60)));
    expect(basisOf(material(64))).not.toBe(basisOf(material(60)));
    expect(basis(20)).not.toBe(basis(60));
  });
});

describe("the first sentence (issue 3)", () => {
  const disk = {
    name: "Disk is almost full.",
    service: "db-1",
    severity: "warning",
    summary: "3 GB left",
  } as const;
  const first = (incident: Partial<Incident>) =>
    texts(writeTemplate(questionOf({ alerts: [disk], incident })).summary)[0];

  test("is one sentence, whatever the alert is called", () => {
    expect(first({})).toBe("Disk is almost full (warning) on db-1 since 10:00 UTC: 3 GB left.");
    expect(questionOf({ alerts: [disk] }).incident.title).toBe("Disk is almost full on db-1");
  });

  test("tells one time of what began and ended within a minute", () => {
    const over = {
      state: "resolved",
      resolvedAt: new Date(at(0).getTime() + 20_000),
      firingCount: 0,
    } as const;
    expect(first(over)).toBe("Disk is almost full (warning) on db-1 at 10:00 UTC: 3 GB left.");
  });

  test("tells the year of a day that is of another", () => {
    const startedAt = new Date("2024-12-30T23:58:00Z");
    expect(first({ startedAt })).toContain("since 30 Dec 2024 23:58 UTC");
  });
});
