import { describe, expect, test } from "vitest";
import { checkDraft } from "../../../src/domain/explanation/check.ts";
import type { Evidence, ExplanationQuestion } from "../../../src/domain/explanation.ts";
import { buildFacts, buildQuestion, numberOf, tracked } from "../../fixtures/explanation-question.ts";
import { at } from "../build.ts";

const question = withMetrics(
  buildQuestion({
    alerts: [
      tracked({ name: "HighLatency", summary: "p99 latency 2.3 s for 5m", severity: "critical" }),
      tracked({ service: "storefront", summary: "5xx ratio 12.5 %", severity: "critical", startsAt: at(1) }),
      tracked({
        name: "HighLatency",
        service: "search",
        summary: "p99 latency 4 s",
        severity: "warning",
        startsAt: at(2),
      }),
      tracked({
        name: "QueueBacklog",
        service: "mailer",
        summary: "3 pods wait, 120 messages queued",
        startsAt: at(2),
      }),
      tracked({ name: "DiskFull", service: "ledger-db", summary: "disk 97 % full", startsAt: at(3) }),
      tracked({ name: "Saturation", service: "cart", summary: "CPU 95 %, memory 71 %", startsAt: at(3) }),
    ],
    causes: buildFacts().causes,
  }),
  [
    ["CPU", "checkout", "CPU of checkout rose from 20 % to 95 % at 09:59 UTC, 60 s before the first alert"],
    ["memory", "checkout", "memory of checkout rose from 40 % to 71 % at 09:59 UTC"],
    ["error ratio", "checkout", "error ratio of checkout rose from 0.2 % to 31 % at 10:00 UTC"],
    ["p95", "checkout", "p95 of checkout rose from 0.3 s to 2.3 s (7.7 times as much) at 10:00 UTC"],
    ["p95", "fraud-scorer", "p95 of fraud-scorer fell from 0.9 s to 0.3 s at 09:57 UTC"],
    ["requests", "fraud-scorer", "requests of fraud-scorer rose from 20/s to 300/s at 09:57 UTC"],
  ],
);

function withMetrics(
  asked: ExplanationQuestion,
  facts: readonly (readonly [name: string, service: string, fact: string])[],
): ExplanationQuestion {
  const metrics = facts.map(
    ([name, service, fact], index): Evidence => ({
      number: asked.evidence.length + index + 1,
      kind: "metric",
      subject: fact,
      text: fact,
      at: fact.includes("10:00") ? at(0) : fact.includes("09:59") ? at(-1) : at(-3),
      data: { fact, quote: "", entities: [service, name], service, direction: "up" },
    }),
  );
  return { ...asked, evidence: [...asked.evidence, ...metrics] };
}

const of = (text: string) => numberOf(question, text);
const latency = of("HighLatency on checkout");
const searching = of("HighLatency on search");
const errors = of("on storefront: 5xx");
const queue = of("QueueBacklog");
const disk = of("DiskFull");
const cart = of("Saturation");
const rollout = of("rollout of fraud-scorer");
const deploy = of("deploy of storefront");
const cpu = of("CPU of checkout");
const memory = of("memory of checkout");
const ratio = of("error ratio of checkout");
const p95 = of("p95 of checkout");
const scorer = of("p95 of fraud-scorer");
const requests = of("requests of fraud-scorer");
const resources = [cpu, memory, ratio];

function reasonFor(text: string, evidence: readonly number[]): string | undefined {
  return checkDraft({ summary: [{ text, evidence }], causes: [] }, question).dropped[0]?.reason;
}

describe("what one cited fact says stands", () => {
  test.each<[string, readonly number[]]>([
    // Numbers.
    ["The CPU of checkout is at 95 %.", resources],
    ["The CPU of checkout is at 95 % and its memory at 71 %.", resources],
    ["checkout's error ratio rose to 31 %.", resources],
    ["The memory of checkout rose from 40 % to 71 % at 09:59 UTC.", resources],
    ["The CPU of checkout rose to 95 % from 20 %.", resources],
    ["The CPU of checkout was 20 % before it rose.", resources],
    ["cart shows a CPU of 95 % and a memory of 71 %.", [cart]],
    ["Saturation on cart: CPU 95 %, memory 71 %.", [cart]],
    ["The p95 of checkout rose from 0.3 s to 2.3 s, 7.7 times as much.", [p95]],
    ["The p95 of checkout rose from 300 ms to 2300 ms.", [p95]],
    ["checkout became slow: its p95 rose to 2.3 s.", [p95, latency]],
    ["QueueBacklog on mailer: 3 pods wait, 120 messages queued.", [queue]],
    ["mailer has 120 queued messages and 3 pods that wait.", [queue]],
    ["The disk of ledger-db is 97 % full.", [disk]],
    ["storefront fails 12.5 % of requests, while checkout waits 2.3 s.", [latency, errors]],
    ["HighLatency on search shows a p99 latency of 4 s.", [latency, searching]],
    ["checkout shows a p99 latency of 2.3 s and search one of 4 s.", [latency, searching]],
    ["The CPU of checkout rose 60 s before the first alert.", [cpu]],
    ["fraud-scorer was rolled out from 41 to 42, 4 min before checkout became slow.", [rollout, latency]],
    ["storefront started failing one minute after checkout became slow.", [latency, errors]],
    ["checkout and storefront are in trouble, and storefront fails 12.5 % of requests.", [latency, errors]],

    // Directions.
    ["The p95 of fraud-scorer fell while its requests rose.", [scorer, requests]],
    ["Requests of fraud-scorer rose to 300/s.", [scorer, requests]],
    ["Requests of fraud-scorer rose from 20/s to 300/s, and its p95 fell.", [scorer, requests]],

    // Certainty, denial and severity.
    ["fraud-scorer is the likely cause with 82 % confidence.", [rollout]],
    ["The ranking suspects fraud-scorer with 82 %.", [rollout]],
    ["The most likely cause is the rollout of fraud-scorer, with 82 %.", [rollout]],
    ["The most likely cause is the rollout of fraud-scorer (82 %).", [rollout]],
    ["fraud-scorer is blamed with 82 %, but has no alert of its own.", [rollout]],
    ["HighLatency on checkout is a critical alert.", [latency]],
    ["checkout is not only slow.", [latency]],
    ["No likely change explains HighLatency on checkout.", [latency]],
    ["HighLatency fires as a warning on search and as critical on checkout.", [latency, searching]],

    // Order.
    ["The rollout of fraud-scorer led to HighLatency on checkout.", [latency, rollout]],
    ["The rollout of fraud-scorer triggered HighLatency on checkout.", [latency, rollout]],
    ["HighLatency on checkout was triggered by the rollout of fraud-scorer.", [latency, rollout]],
    ["fraud-scorer changed first, then checkout became slow.", [latency, rollout]],
    ["Once the rollout of fraud-scorer went live, checkout became slow.", [latency, rollout]],
    ["checkout is slow because of the rollout of fraud-scorer.", [latency, rollout]],
    ["The rollout of fraud-scorer is the likely cause of HighLatency on checkout.", [latency, rollout]],
    ["The deploy of storefront came first, then the rollout of fraud-scorer.", [deploy, rollout]],
    ["fraud-scorer changed at 09:56 UTC; since then checkout is slow.", [latency, rollout]],
  ])("%s", (text, evidence) => {
    expect(reasonFor(text, evidence)).toBeUndefined();
  });
});

describe("what no single cited fact says falls", () => {
  test.each<[string, readonly number[], RegExp]>([
    // A number of another metric, another thing, another side.
    ["The CPU of checkout is 71 %.", resources, /71 %/],
    ["checkout's error ratio is 95 %.", resources, /95 %/],
    ["The memory of checkout rose from 20 % to 71 %.", resources, /20 %/],
    ["The CPU of checkout is high, at 71 %.", resources, /71 %/],
    ["cart shows a CPU of 71 %.", [cart], /71 %/],
    ["Saturation on cart: memory 95 %, CPU 71 %.", [cart], /95 %/],
    ["cart fails 95 % of requests.", [cart], /95 %/],
    ["The p95 of checkout rose from 2.3 s to 0.3 s.", [p95], /2\.3 s/],
    ["The p95 of checkout rose to 0.3 s from 2.3 s.", [p95], /0\.3 s/],
    ["The p95 of checkout rose to 0.3 s.", [p95], /0\.3 s/],
    ["The p95 of checkout is 0.3 s.", [p95], /0\.3 s/],
    ["The p95 of checkout fell from 0.3 s to 2.3 s.", [p95], /went down/],
    ["fraud-scorer shows a p95 of 2.3 s.", [p95, scorer], /2\.3 s/],
    ["ledger-db has 97 % of its disk left.", [disk], /97 %/],
    ["QueueBacklog on mailer: 120 pods wait, 3 messages queued.", [queue], /120 pods/],
    ["mailer has 3 queued messages.", [queue], /3 queued/],
    ["storefront waits 2.3 s on checkout.", [latency, errors], /2\.3 s/],
    ["storefront calls checkout and waits 2.3 s.", [latency, errors], /2\.3 s/],
    ["storefront answers 12.5 % of requests.", [errors], /12\.5 %/],
    ["checkout and storefront fail 12.5 % of requests.", [latency, errors], /12\.5 %/],
    ["storefront and checkout wait 2.3 s.", [latency, errors], /2\.3 s/],
    ["The p95 of checkout rose by 2.3 s.", [p95], /2\.3 s/],
    ["HighLatency on search shows a p99 latency of 2.3 s.", [latency, searching], /2\.3 s/],
    ["checkout does not wait 2.3 s.", [latency], /denies/],
    ["storefront became slow at 10:00 UTC.", [latency, errors], /went up|10:00/],
    ["checkout became slow at 09:56 UTC after the rollout of fraud-scorer.", [latency, rollout], /09:56/],
    ["The rollout of fraud-scorer came 3 min before the first alert.", [rollout, scorer], /3 min/],

    // The direction of another metric.
    ["The p95 of fraud-scorer rose.", [scorer, requests], /went up/],
    ["Requests of fraud-scorer fell.", [scorer, requests], /went down/],
    ["fraud-scorer became slow.", [scorer, requests], /went up/],
    ["fraud-scorer rose to 0.3 s.", [scorer, requests], /0\.3 s/],
    ["fraud-scorer became slow after HighLatency on checkout.", [latency, rollout], /went up/],
    ["The p95 of fraud-scorer fell, and then rose.", [scorer, requests], /went up/],

    // How sure the ranking is.
    ["fraud-scorer fails 82 % of requests.", [rollout], /82 %/],
    ["fraud-scorer causes 82 % of failures.", [rollout], /82 %/],
    ["fraud-scorer is suspected, as it fails 82 % of requests.", [rollout], /82 %/],
    ["fraud-scorer probably fails with 82 %.", [rollout], /82 %/],
    ["fraud-scorer is 82 % slower.", [rollout], /82 %|went up/],

    // Denial.
    ["storefront does not fail, and checkout is slow.", [latency, errors], /denies "fail"/],
    ["HighLatency on checkout does not fire.", [latency], /denies "fire"/],
    ["There is no HighLatency on checkout.", [latency], /denies "HighLatency"/],
    ["checkout is slow, and has no alert.", [latency], /denies "alert"/],
    ["checkout is no longer in any trouble.", [latency], /denies "trouble"/],
    ["storefront shows no 5xx.", [errors], /denies "5xx"/],
    ["storefront works as before.", [errors], /denies "works"/],
    ["There was no rollout of fraud-scorer.", [rollout], /denies "rollout"/],
    ["The rollout of fraud-scorer did not go live.", [rollout], /denies/],
    ["The rollout of fraud-scorer did not come before the first alert.", [rollout], /denies/],
    ["fraud-scorer was not changed.", [rollout], /denies "changed"/],

    // Severity.
    ["HighLatency on checkout is only a warning.", [latency], /"warning"/],
    ["storefront fails, and HighLatency on checkout is only a warning.", [latency, errors], /"warning"/],
    ["HighLatency on search is critical.", [searching], /"critical"/],
    ["HighLatency on search is critical.", [latency, searching], /"critical"/],
    ["HighLatency on checkout is not critical.", [latency], /"critical"/],
    ["The alert on checkout is less severe.", [latency], /"severe"/],
    ["checkout is slow, which is a minor problem.", [latency], /"minor"/],
    ["HighLatency on search is a high severity alert.", [searching], /"high"/],

    // Order.
    ["HighLatency on checkout led to the rollout of fraud-scorer.", [latency, rollout], /"led to"/],
    ["HighLatency on checkout triggered the rollout of fraud-scorer.", [latency, rollout], /"triggered"/],
    ["HighLatency on checkout made fraud-scorer change.", [latency, rollout], /"made"/],
    ["HighLatency on checkout caused the rollout of fraud-scorer.", [latency, rollout], /"caused"/],
    [
      "The rollout of fraud-scorer was triggered by HighLatency on checkout.",
      [latency, rollout],
      /"triggered"/,
    ],
    ["checkout became slow first, then fraud-scorer changed.", [latency, rollout], /"then"/],
    ["Once checkout became slow, the rollout of fraud-scorer went live.", [latency, rollout], /"Once"/],
    ["fraud-scorer changed because checkout is slow.", [latency, rollout], /"because"/],
    [
      "HighLatency on checkout is the likely cause of the rollout of fraud-scorer.",
      [latency, rollout],
      /cause/,
    ],
    [
      "HighLatency on checkout led to the rollout of fraud-scorer, which went from 42 to 41.",
      [latency, rollout],
      /42|"led to"/,
    ],
    ["fraud-scorer went from 42 to 41.", [rollout], /42 to/],
  ])("%s", (text, evidence, reason) => {
    expect(reasonFor(text, evidence) ?? "it stood", text).toMatch(reason);
  });
});
