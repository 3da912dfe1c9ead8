import { describe, expect, test } from "vitest";
import { alertKeysOf, departedFacts, remainingFacts } from "../../../src/domain/explanation/departed.ts";
import type { Evidence } from "../../../src/domain/explanation.ts";

function fact(number: number, kind: Evidence["kind"], subject: string, data = {}): Evidence {
  return { number, kind, subject, text: subject, at: null, data };
}

const evidence = [
  fact(1, "alert", "aaa", { service: "cart" }),
  fact(2, "alert", "bbb", { service: "db" }),
  fact(3, "alert", "bbb loss", { service: "db" }),
  fact(4, "topology", "db -> disk", { service: "disk", from: "db" }),
  fact(5, "topology", "cart -> disk", { service: "disk", from: "cart" }),
  fact(6, "change", "bbb", { service: "db" }),
  fact(7, "alert", "pruned", { service: "old" }),
];
const placed = [
  { key: "aaa", incidentId: 1 },
  { key: "bbb", incidentId: 2 },
];

describe("facts that left with their alerts", () => {
  test("each alert is looked up once, whatever its facts say of it", () => {
    expect(alertKeysOf(evidence)).toEqual(["aaa", "bbb", "pruned"]);
  });

  test("they are told with where their alerts are; an alert that is kept no longer has not moved", () => {
    expect([...departedFacts(evidence, placed, 1)]).toEqual([
      [2, 2],
      [3, 2],
    ]);
    expect(departedFacts(evidence, [], 1).size).toBe(0);
  });

  test("nothing rests on them, nor on ways from a service that alerts no longer; what else is known stays", () => {
    const departed = departedFacts(evidence, placed, 1);
    const numbers = (services: readonly string[]) =>
      remainingFacts(evidence, departed, new Set(services)).map(({ number }) => number);
    expect(numbers(["cart"])).toEqual([1, 5, 6, 7]);
    expect(numbers(["cart", "db"])).toEqual([1, 4, 5, 6, 7]);
  });

  test("while none has left, all stay", () => {
    expect(remainingFacts(evidence, new Map(), new Set())).toBe(evidence);
  });
});
