import { describe, expect, test } from "vitest";
import { checkDraft } from "../../../src/domain/explanation/check.ts";
import type { Evidence, ExplanationQuestion } from "../../../src/domain/explanation.ts";
import { buildFacts, buildQuestion, numberOf, tracked } from "../../fixtures/explanation-question.ts";
import { at } from "../build.ts";

const question = withMetrics(
  buildQuestion({
    alerts: [
      tracked({ name: "HighLatency", summary: "p99 latency 2.1 s", severity: "critical" }),
      tracked({ name: "HighLatency", service: "cart", summary: "p99 latency 800 ms", startsAt: at(1) }),
      tracked({ name: "HighErrorRate", service: "web", summary: "12 % of requests fail", startsAt: at(1) }),
      tracked({ name: "HighErrorRate", service: "api", summary: "30 % of requests fail", startsAt: at(2) }),
      tracked({ name: "Saturation", service: "db", summary: "CPU 88 %, memory 64 %", startsAt: at(3) }),
    ],
    causes: buildFacts().causes,
  }),
  [
    ["CPU", "checkout", "CPU of checkout rose from 20 % to 95 % at 09:59 UTC"],
    ["memory", "checkout", "memory of checkout rose from 40 % to 71 % at 09:59 UTC"],
    ["CPU", "cart", "CPU of cart rose from 25 % to 60 % at 09:59 UTC"],
    ["errors", "checkout", "errors of checkout rose from 2 % to 9 % at 10:00 UTC"],
    ["latency", "checkout", "latency of checkout rose from 200 ms to 1.4 s at 10:00 UTC"],
    ["requests", "checkout", "requests of checkout fell from 300/s to 120/s at 10:00 UTC"],
  ],
);

function withMetrics(
  asked: ExplanationQuestion,
  facts: readonly (readonly [name: string, service: string, fact: string])[],
): ExplanationQuestion {
  const metrics = facts.map(
    ([name, service, fact], index): Evidence => ({
      ...{ number: asked.evidence.length + index + 1, kind: "metric", subject: fact, text: fact },
      at: fact.includes("10:00") ? at(0) : at(-1),
      data: { fact, quote: "", entities: [service, name], service, direction: "up" },
    }),
  );
  return { ...asked, evidence: [...asked.evidence, ...metrics] };
}

const of = (text: string) => numberOf(question, text);
const use = [of("CPU of checkout"), of("memory of checkout")];
const uses = [...use, of("CPU of cart")];
const golden = [of("errors of checkout"), of("latency of checkout"), of("requests of checkout")];
const slow = [of("HighLatency on checkout"), of("HighLatency on cart")];
const failing = [of("HighErrorRate on web"), of("HighErrorRate on api")];
const db = [of("Saturation on db")];

/** What is right, and its twins: numbers swapped, names swapped, another direction, another unit. */
const table: readonly (readonly [evidence: readonly number[], right: string, ...wrong: string[]])[] = [
  [
    use,
    "CPU and memory of checkout rose, to 95 % and 71 %.",
    "CPU and memory of checkout rose, to 71 % and 95 %.",
    "Memory and CPU of checkout rose, to 95 % and 71 %.",
    "CPU and memory of checkout fell, to 95 % and 71 %.",
    "CPU and memory of checkout rose, to 20 % and 40 %.",
  ],
  [
    use,
    "CPU and memory of checkout rose to 95 % and 71 %, respectively.",
    "CPU and memory of checkout rose to 71 % and 95 %, respectively.",
    "CPU and memory of checkout dropped to 95 % and 71 %, respectively.",
  ],
  [
    use,
    "The CPU and the memory of checkout are at 95 % and 71 %.",
    "The CPU and the memory of checkout are at 71 % and 95 %.",
  ],
  [
    use,
    "checkout's CPU and memory reached 95 % and 71 %.",
    "checkout's CPU and memory reached 71 % and 95 %.",
    "checkout's memory and CPU reached 95 % and 71 %.",
  ],
  [
    use,
    "On checkout, CPU and memory rose from 20 % and 40 % to 95 % and 71 %.",
    "On checkout, CPU and memory rose from 40 % and 20 % to 95 % and 71 %.",
    "On checkout, CPU and memory rose from 20 % and 40 % to 71 % and 95 %.",
    "On checkout, CPU and memory rose from 95 % and 71 % to 20 % and 40 %.",
  ],
  [
    use,
    "CPU and memory of checkout rose from 20 % to 95 % and from 40 % to 71 %.",
    "CPU and memory of checkout rose from 40 % to 71 % and from 20 % to 95 %.",
    "CPU and memory of checkout rose from 20 % to 71 % and from 40 % to 95 %.",
    "CPU and memory of checkout fell from 20 % to 95 % and from 40 % to 71 %.",
  ],
  [
    use,
    "checkout needs more CPU and memory: 95 % and 71 %.",
    "checkout needs more CPU and memory: 71 % and 95 %.",
    "checkout needs more memory and CPU: 95 % and 71 %.",
  ],
  [
    use,
    "checkout is at 95 % CPU and 71 % memory.",
    "checkout is at 71 % CPU and 95 % memory.",
    "checkout is at 95 % memory and 71 % CPU.",
  ],
  [
    slow,
    "checkout and cart are slow: 2.1 s and 800 ms.",
    "checkout and cart are slow: 800 ms and 2.1 s.",
    "cart and checkout are slow: 2.1 s and 800 ms.",
    "checkout and cart are fast: 2.1 s and 800 ms.",
    "checkout and cart are slow: 2.1 s and 800 s.",
  ],
  [
    slow,
    "checkout and cart are slow, with a p99 latency of 2.1 s and 800 ms respectively.",
    "checkout and cart are slow, with a p99 latency of 800 ms and 2.1 s respectively.",
  ],
  [
    slow,
    "The p99 latency of checkout and cart is 2.1 s and 800 ms.",
    "The p99 latency of checkout and cart is 800 ms and 2.1 s.",
    "The p99 latency of cart and checkout is 2.1 s and 800 ms.",
  ],
  [
    slow,
    "HighLatency on checkout and HighLatency on cart show 2.1 s and 800 ms.",
    "HighLatency on cart and HighLatency on checkout show 2.1 s and 800 ms.",
  ],
  [
    slow,
    "checkout (2.1 s) and cart (800 ms) are slow.",
    "checkout (800 ms) and cart (2.1 s) are slow.",
    "cart (2.1 s) and checkout (800 ms) are slow.",
  ],
  [slow, "checkout is slow at 2.1 s and cart at 800 ms.", "checkout is slow at 800 ms and cart at 2.1 s."],
  [
    failing,
    "web and api fail 12 % and 30 % of requests.",
    "web and api fail 30 % and 12 % of requests.",
    "api and web fail 12 % and 30 % of requests.",
    "web and api answer 12 % and 30 % of requests.",
  ],
  [
    failing,
    "web and api fail 12 % and 30 % of their requests, respectively.",
    "web and api fail 30 % and 12 % of their requests, respectively.",
  ],
  [
    failing,
    "12 % and 30 % of requests fail on web and api.",
    "30 % and 12 % of requests fail on web and api.",
    "12 % and 30 % of requests fail on api and web.",
  ],
  [
    [...failing, ...slow],
    "web fails 12 % of requests, api 30 %.",
    "web fails 30 % of requests, api 12 %.",
    "api fails 12 % of requests, web 30 %.",
  ],
  [
    golden,
    "On checkout, errors went from 2 % to 9 % and latency from 200 ms to 1.4 s, respectively.",
    "On checkout, errors went from 9 % to 2 % and latency from 200 ms to 1.4 s, respectively.",
    "On checkout, latency went from 2 % to 9 % and errors from 200 ms to 1.4 s, respectively.",
  ],
  [
    golden,
    "Errors of checkout went from 2 % to 9 % and its latency from 200 ms to 1.4 s.",
    "Errors of checkout went from 2 % to 9 % and its latency from 1.4 s to 200 ms.",
    "Errors of checkout fell from 2 % to 9 % and its latency from 200 ms to 1.4 s.",
  ],
  [
    golden,
    "Errors and latency of checkout rose to 9 % and 1.4 s.",
    "Errors and latency of checkout fell to 9 % and 1.4 s.",
    "Latency and errors of checkout rose to 9 % and 1.4 s.",
    "Errors and latency of checkout rose to 9 % and 200 ms.",
  ],
  [
    golden,
    "Errors, latency and requests of checkout went to 9 %, 1.4 s and 120/s.",
    "Errors, latency and requests of checkout went to 9 %, 1.4 s and 300/s.",
    "Errors, requests and latency of checkout went to 9 %, 1.4 s and 120/s.",
    "Errors, latency and requests of checkout rose to 9 %, 1.4 s and 120/s.",
  ],
  [
    uses,
    "The CPU of checkout and cart rose to 95 % and 60 %.",
    "The CPU of checkout and cart rose to 60 % and 95 %.",
    "The CPU of cart and checkout rose to 95 % and 60 %.",
    "The memory of checkout and cart rose to 95 % and 60 %.",
    "The CPU of checkout and cart rose to 71 % and 60 %.",
  ],
  [
    uses,
    "The CPU of checkout and cart rose from 20 % and 25 % to 95 % and 60 % at 09:59 UTC.",
    "The CPU of checkout and cart rose from 25 % and 20 % to 95 % and 60 % at 09:59 UTC.",
    "The CPU of checkout and cart rose from 20 % and 25 % to 95 % and 60 % at 10:59 UTC.",
  ],
  [
    uses,
    "The CPU of both checkout and cart rose, to 95 % and 60 % respectively.",
    "The CPU of both checkout and cart rose, to 60 % and 95 % respectively.",
    // Whose the first of the two is depends on how it is read.
    "checkout's CPU and memory of cart rose to 60 % and 71 %.",
    "cart's CPU and memory of checkout rose to 95 % and 71 %.",
    "cart's memory and CPU of checkout rose to 71 % and 95 %.",
    "CPU and memory of checkout and cart rose to 95 % and 71 %.",
  ],
  [
    db,
    "CPU and memory of db are at 88 % and 64 %.",
    "CPU and memory of db are at 64 % and 88 %.",
    "Memory and CPU of db are at 88 % and 64 %.",
  ],
  [
    db,
    "Saturation on db: CPU and memory at 88 % and 64 %.",
    "Saturation on db: CPU and memory at 64 % and 88 %.",
  ],
  // Nothing to pair: as many numbers as names, or it is not said which is whose.
  [
    [...slow, ...use],
    "checkout and cart are slow, and the CPU of checkout rose to 95 %.",
    "checkout and cart are slow: 2.1 s.",
    "checkout, cart and web are slow: 2.1 s and 800 ms.",
    "CPU and memory of cart rose to 95 % and 71 %.",
    "CPU and memory rose on cart, to 95 % and 71 %, and checkout is slow.",
    "checkout and cart do not wait 2.1 s and 800 ms.",
    "checkout and cart are slow: 2.1 s and 800 ms, as is web.",
    "checkout and cart became slow, by 2.1 s and 800 ms.",
    "CPU and memory of checkout rose; 95 % and 71 % of requests fail.",
    "checkout has 95 % and 71 % of its CPU and memory left.",
    "CPU and memory of checkout rose to 95 % and 71 % at 10:05 UTC.",
    "CPU and memory of checkout rose to 95 % and 71 % after HighLatency on cart.",
    "checkout and cart are suspected with 82 % and 12 %.",
  ],
];

function reasonFor(text: string, evidence: readonly number[]): string | undefined {
  return checkDraft({ summary: [{ text, evidence }], causes: [] }, question).dropped[0]?.reason;
}

describe("what is told of several in parallel (issue 3)", () => {
  test.each(table.map(([evidence, right]) => [right, evidence] as const))("stands: %s", (text, evidence) => {
    expect(reasonFor(text, evidence)).toBeUndefined();
  });

  test.each(table.flatMap(([evidence, _right, ...wrong]) => wrong.map((text) => [text, evidence] as const)))(
    "falls: %s",
    (text, evidence) => {
      expect(reasonFor(text, evidence)).toBeDefined();
    },
  );
});
