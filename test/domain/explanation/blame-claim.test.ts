import { describe, expect, test } from "vitest";
import { checkDraft } from "../../../src/domain/explanation/check.ts";
import {
  buildChange,
  buildFacts,
  buildQuestion,
  numberOf,
  tracked,
} from "../../fixtures/explanation-question.ts";
import { at } from "../build.ts";

const question = buildQuestion({
  alerts: [
    tracked({
      name: "HighLatency",
      severity: "high",
      summary: "p99 latency 2.3 s for 5m, owner payments-team, see runbook 17",
    }),
    tracked({
      service: "storefront",
      severity: "critical",
      summary: "5xx ratio 12.5 % on 3 of 8 pods",
      startsAt: at(1),
    }),
    tracked({ service: "cart", name: "DiskWillFill", summary: "disk is 91 % full", startsAt: at(2) }),
    tracked({ service: "mailer", name: "Backlog", summary: "120 messages queued", startsAt: at(3) }),
    tracked({
      service: "ledger",
      name: "WritesFail",
      summary: "writes fail because of a lost lease",
      startsAt: at(3),
    }),
    tracked({ service: "search", name: "Refusing", summary: "connection pool exhausted", startsAt: at(3) }),
  ],
  changes: [
    ...buildFacts().changes,
    buildChange({ id: "c-1", kind: "config", service: "cart", title: "smaller pool", rolloutId: null }),
  ],
});
const of = (text: string) => numberOf(question, text);
const latency = of("HighLatency");
const errors = of("on storefront: 5xx");
const disk = of("DiskWillFill");
const backlog = of("Backlog");
const ledger = of("WritesFail");
const search = of("Refusing");
const rollout = of("rollout of fraud-scorer");
const config = of("config of cart");

function reasonFor(text: string, evidence: readonly number[]): string | undefined {
  return checkDraft({ summary: [{ text, evidence }], causes: [] }, question).dropped[0]?.reason;
}

describe("what a cited fact is about may be blamed (issue 3)", () => {
  test.each<[string, readonly number[]]>([
    ["checkout is slow because of the rollout of fraud-scorer.", [latency, rollout]],
    ["checkout is slow because fraud-scorer was rolled out from 41 to 42.", [latency, rollout]],
    ["checkout is slow since fraud-scorer changed.", [latency, rollout]],
    ["HighLatency on checkout is attributable to fraud-scorer.", [latency, rollout]],
    ["HighLatency on checkout is due to the rollout of fraud-scorer at 09:56 UTC.", [latency, rollout]],
    ["HighLatency on checkout was caused by fraud-scorer.", [latency, rollout]],
    ["The rollout of fraud-scorer caused the latency of checkout.", [latency, rollout]],
    ["The likely cause of HighLatency on checkout is the rollout of fraud-scorer.", [latency, rollout]],
    ["The latency of checkout led to the 5xx of storefront.", [latency, errors]],
    ["storefront fails because of the latency of checkout.", [latency, errors]],
    ["storefront fails because of HighLatency on checkout, with a p99 of 2.3 s.", [latency, errors]],
    ["DiskWillFill on cart comes from its full disk.", [disk]],
    ["DiskWillFill fires on cart because its disk is 91 % full.", [disk]],
    ["Backlog on mailer is due to its queued messages.", [backlog]],
    ["DiskWillFill on cart may come from the smaller pool.", [disk, config]],
    ["WritesFail fires on ledger because of a lost lease.", [ledger]],
    ["Refusing fires on search because its connection pool is exhausted.", [search]],
    ["Refusing on search: its connection pool is exhausted.", [search]],
    // Named as what it is, and not as a cause.
    ["checkout is slow; its owner is payments-team.", [latency]],
    ["checkout is slow since 10:00 UTC, see runbook 17.", [latency]],
  ])("%s", (text, evidence) => {
    expect(reasonFor(text, evidence)).toBeUndefined();
  });
});

describe("another word of a quotation may not be blamed (issue 3)", () => {
  test.each<[string, readonly number[]]>([
    ["checkout is slow because of payments-team.", [latency]],
    ["checkout is slow because of its owner.", [latency]],
    ["checkout is slow because of fraud-scorer and payments-team.", [latency, rollout]],
    ["checkout is slow because payments-team broke it.", [latency]],
    ["checkout is slow because the owner broke it.", [latency]],
    ["The owner payments-team caused the latency of checkout.", [latency]],
    ["HighLatency on checkout was caused by payments-team.", [latency]],
    ["HighLatency on checkout is due to runbook 17.", [latency]],
    ["HighLatency on checkout came from payments-team.", [latency]],
    ["Owing to its owner checkout is slow.", [latency]],
    ["payments-team led to HighLatency on checkout.", [latency]],
    ["payments-team is the likely cause of HighLatency on checkout.", [latency]],
    ["The likely cause of HighLatency on checkout is payments-team.", [latency]],
    ["payments-team slowed checkout.", [latency]],
    ["runbook 17 is what caused HighLatency on checkout.", [latency]],
    ["checkout is slow since payments-team changed it.", [latency]],
    ["checkout is slow through payments-team.", [latency]],
    ["HighLatency on checkout is attributable to payments-team.", [latency]],
    ["With payments-team as the cause, checkout is slow.", [latency]],
    ["payments-team contributes to HighLatency on checkout.", [latency]],
    ["Refusing on search is due to its owner.", [latency, search]],
  ])("%s", (text, evidence) => {
    expect(reasonFor(text, evidence) ?? "it stood").toMatch(/blames|owing/i);
  });
});
