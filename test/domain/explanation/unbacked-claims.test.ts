import { describe, expect, test } from "vitest";
import { checkDraft } from "../../../src/domain/explanation/check.ts";
import type { Evidence, ExplanationQuestion } from "../../../src/domain/explanation.ts";
import {
  buildChange,
  buildFacts,
  buildQuestion,
  numberOf,
  tracked,
} from "../../fixtures/explanation-question.ts";
import { at } from "../build.ts";

const question = withMetrics(
  buildQuestion({
    alerts: [
      tracked({ name: "HighLatency", severity: "high", summary: "p99 latency 2.3 s for 5m" }),
      tracked({
        service: "storefront",
        severity: "critical",
        summary: "5xx ratio 12.5 % on 3 of 8 pods (usually 0.2 %)",
        startsAt: at(1),
      }),
      tracked({ service: "cart", name: "DiskWillFill", summary: "disk is 91 % full", startsAt: at(2) }),
      tracked({ service: "ledger", name: "TargetDown", summary: "no heartbeat for 10m", startsAt: at(2) }),
      tracked({ service: "api", summary: "72 % of requests fail", startsAt: at(2) }),
      tracked({ service: "web", summary: "a third of requests fail, 33 %", startsAt: at(2) }),
    ],
    changes: [
      ...buildFacts().changes,
      buildChange({ id: "late", kind: "deploy", service: "cart", title: "failed: v9", rolloutId: null }),
    ],
  }),
  [
    ["p95", "p95 of checkout rose from 0.6 s to 1.2 s at 10:00 UTC"],
    ["CPU", "CPU of checkout rose from 20 % to 62 % at 10:00 UTC"],
    ["requests", "requests of checkout fell from 300/s to 150/s at 10:00 UTC"],
  ],
);

function withMetrics(
  asked: ExplanationQuestion,
  facts: readonly (readonly [name: string, fact: string])[],
): ExplanationQuestion {
  const metrics = facts.map(
    ([name, fact], index): Evidence => ({
      ...{ number: asked.evidence.length + index + 1, kind: "metric", subject: fact, text: fact, at: at(0) },
      data: { fact, quote: "", entities: ["checkout", name], service: "checkout", direction: "up" },
    }),
  );
  return { ...asked, evidence: [...asked.evidence, ...metrics] };
}

const of = (text: string) => numberOf(question, text);
const latency = of("HighLatency");
const errors = of("on storefront: 5xx");
const disk = of("DiskWillFill");
const down = of("TargetDown");
const api = of("on api");
const web = of("on web");
const rollout = of("rollout of fraud-scorer");
const deploy = of("deploy of storefront");
const broken = of("deploy of cart");
const toScorer = question.evidence.find(({ text }) => text === "checkout calls fraud-scorer")?.number ?? 0;
const p95 = of("p95 of checkout");
const cpu = of("CPU of checkout");
const requests = of("requests of checkout");

/** What is cited, what is true of it, and its false twins. */
const table: readonly (readonly [
  evidence: readonly number[],
  right: readonly string[],
  wrong: readonly string[],
])[] = [
  // How long something lasted is no latency, and a latency lasted for nothing.
  [
    [latency],
    [
      "checkout shows a p99 latency of 2.3 s for 5 minutes.",
      "p99 latency of checkout has been 2.3 s for 5m.",
      "checkout has been slow for 5 minutes.",
      "checkout has been slow for minutes.",
      "checkout waits for 2.3 s.",
    ],
    [
      "p99 latency of checkout is 5 minutes.",
      "p99 latency of checkout was 5 minutes.",
      "checkout has p99 latency of 5 minutes.",
      "checkout takes 5 minutes to answer.",
      "checkout waits 5 minutes.",
      "checkout has been slow for 2.3 s.",
      "checkout has been slow for hours.",
      "checkout has been slow for days.",
    ],
  ],
  // Lags in words.
  [
    [rollout, latency],
    [
      "fraud-scorer was rolled out minutes before HighLatency on checkout.",
      "The rollout of fraud-scorer came a few minutes before HighLatency on checkout.",
      "The rollout of fraud-scorer came shortly before HighLatency on checkout.",
      "HighLatency fired on checkout soon after the rollout of fraud-scorer.",
      "HighLatency fired on checkout within 5 minutes after the rollout of fraud-scorer.",
    ],
    [
      "fraud-scorer was rolled out a minute before HighLatency on checkout.",
      "fraud-scorer was rolled out seconds before HighLatency on checkout.",
      "fraud-scorer was rolled out an hour before HighLatency on checkout.",
      "fraud-scorer was rolled out a day before the first alert.",
      "fraud-scorer was rolled out hours before the first alert.",
      "fraud-scorer was rolled out several hours before HighLatency on checkout.",
      "The rollout of fraud-scorer came long before HighLatency on checkout.",
      "HighLatency fired on checkout within 3 minutes after the rollout of fraud-scorer.",
    ],
  ],
  [
    [deploy, errors, latency],
    [
      "storefront was deployed an hour before HighLatency on checkout.",
      "The deploy of storefront came long before HighLatency on checkout.",
      "HighErrorRate fired on storefront a minute after HighLatency on checkout.",
    ],
    [
      "storefront was deployed seconds before HighLatency on checkout.",
      "The deploy of storefront came shortly before HighLatency on checkout.",
      "storefront was deployed a day before HighLatency on checkout.",
    ],
  ],
  // Shares in words.
  [[api], ["api fails most requests.", "Most requests to api fail."], ["api fails a third of requests."]],
  [
    [web],
    ["web fails a third of its requests."],
    ["web fails most of its requests.", "Most requests to web fail."],
  ],
  [
    [errors],
    [
      "storefront fails 12.5 % of requests.",
      "storefront fails 12.5 % of requests, usually 0.2 %.",
      "5xx ratio of storefront is 12.5 % instead of the usual 0.2 %.",
      "3 of 8 pods of storefront are affected.",
      "3 of the 8 pods of storefront fail.",
      "Of the 8 pods of storefront, 3 are affected.",
      "3 pods of storefront fail.",
      "storefront has 8 pods.",
      "The most likely origin of HighErrorRate is storefront.",
    ],
    [
      "storefront fails most requests.",
      "storefront fails most of its requests.",
      "A third of requests to storefront fail.",
      "5xx ratio of storefront is usually 12.5 %.",
      "The usual 5xx ratio of storefront is 12.5 %.",
      "12.5 % is the usual 5xx ratio of storefront.",
      "5xx ratio of storefront is 0.2 %.",
      "5xx ratio of storefront is 0.2 % instead of the usual 12.5 %.",
      "8 of 3 pods of storefront fail.",
      "8 pods of storefront fail.",
      "storefront has 8 pods that fail.",
      "5xx ratio of storefront doubled.",
      "5xx ratio of storefront is twice as high as usual.",
      "5xx ratio on storefront tripled.",
    ],
  ],
  // How many times as much.
  [
    [p95],
    ["The p95 of checkout doubled.", "The p95 of checkout doubled, from 0.6 s to 1.2 s."],
    ["The p95 of checkout tripled."],
  ],
  [[cpu], ["The CPU of checkout tripled."], ["The CPU of checkout doubled.", "The CPU of checkout halved."]],
  [[requests], ["Requests of checkout halved."], ["Requests of checkout doubled."]],
  // Down, failed.
  [
    [down],
    ["ledger is down.", "ledger has been down for 10 minutes.", "TargetDown fires on ledger: it is down."],
    [],
  ],
  [
    [down, latency],
    ["ledger is down, and checkout is slow.", "checkout is slow while ledger is down."],
    [
      "checkout is down.",
      "checkout is down and slow.",
      "checkout went down.",
      "checkout: down since 10:00 UTC.",
      "With checkout down, ledger is down.",
      "ledger and checkout are down.",
    ],
  ],
  [
    [latency],
    ["checkout is degraded.", "checkout is in trouble."],
    [
      "checkout is down.",
      "checkout is failing requests.",
      "checkout does not respond.",
      "checkout no longer answers.",
      "Requests to checkout fail.",
    ],
  ],
  [[disk], ["cart is in trouble."], ["cart is down.", "cart has gone down."]],
  [
    [errors],
    ["storefront fails since 10:01 UTC.", "storefront is failing requests."],
    ["storefront is down."],
  ],
  [
    [rollout],
    [
      "The rollout of fraud-scorer came 4 min before the first alert.",
      "The rollout of fraud-scorer went live.",
    ],
    [
      "fraud-scorer is down.",
      "fraud-scorer is failing.",
      "fraud-scorer changed and is broken.",
      "fraud-scorer is affected.",
      "fraud-scorer has problems since 09:56 UTC.",
      "The rollout of fraud-scorer failed.",
      "The rollout of fraud-scorer at 09:56 UTC failed.",
    ],
  ],
  [
    [rollout, toScorer],
    ["checkout depends on fraud-scorer."],
    ["fraud-scorer is failing.", "fraud-scorer is down."],
  ],
  [
    [rollout, errors],
    [
      "storefront failed after the rollout of fraud-scorer.",
      "After the rollout of fraud-scorer storefront failed.",
      "The rollout of fraud-scorer broke storefront.",
    ],
    ["The rollout of fraud-scorer failed after HighErrorRate on storefront."],
  ],
  [[deploy], [], ["The deploy of storefront failed.", "The deploy of storefront is broken."]],
  [[broken], ["The deploy of cart failed."], ["cart is down."]],
];

function reasonFor(text: string, evidence: readonly number[]): string | undefined {
  return checkDraft({ summary: [{ text, evidence }], causes: [] }, question).dropped[0]?.reason;
}

const pairs = (pick: (row: (typeof table)[number]) => readonly string[]) =>
  table.flatMap((row) => pick(row).map((text) => [text, row[0]] as const));

describe("what a number or an alert backs (issue 3)", () => {
  test.each(pairs(([, right]) => right))("stands: %s", (text, evidence) => {
    expect(reasonFor(text, evidence)).toBeUndefined();
  });

  test.each(pairs(([, , wrong]) => wrong))("falls without it: %s", (text, evidence) => {
    expect(reasonFor(text, evidence), text).toBeDefined();
  });
});
