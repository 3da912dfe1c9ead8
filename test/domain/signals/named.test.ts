/** What alerts name besides their own service; see issue 3, the hub cap and rare labels. */
import { describe, expect, test } from "vitest";
import { createHistory } from "../../../src/domain/clustering/history.ts";
import named from "../../../src/domain/signals/named.ts";
import { createServiceGraph } from "../../../src/domain/topology.ts";
import { seen } from "../../contracts/signal.ts";
import { noon, twoShops } from "../learning/judgement-build.ts";

/** A day in which so many of a hundred alerts named a service. */
function contextWith(naming: number, service: string) {
  const history = createHistory(1_000);
  for (let index = 0; index < 100; index += 1)
    history.record({
      ...seen({ service: "lone", at: 0 }, index < naming ? [service] : []),
      at: noon - 3_600_000 - index * 60_000,
    });
  return { graph: createServiceGraph(twoShops), history, changes: [], coFirings: {} };
}

const cold = { ...contextWith(0, ""), history: createHistory(10) };

function both(name: string) {
  return [seen({ service: "web-a", at: 0 }, [name]), seen({ service: "web-b", at: 5 }, [name])] as const;
}

describe("two alerts that name the same", () => {
  test("are tied where few alerts name it", () => {
    expect(named.score(...both("elsewhere"), contextWith(2, "elsewhere"))).toBe(3);
  });

  test("are not where all alerts name it, as they do the monitoring that sent them", () => {
    expect(named.score(...both("elsewhere"), contextWith(100, "elsewhere"))).toBeNull();
    expect(named.score(...both("stock-a"), contextWith(100, "stock-a")) ?? 0).toBeLessThan(0.1);
  });

  test("are not at first, when nothing tells whether it is a service, but for one of the service graph", () => {
    expect(named.score(...both("elsewhere"), cold)).toBeNull();
    expect(named.score(...both("stock-a"), cold)).toBe(3);
  });
});

test("an alert that names the other's service is tied to it from the first day on", () => {
  const [caller, callee] = [seen({ service: "web-b", at: 0 }, ["web-a"]), seen({ service: "web-a", at: 5 })];
  expect(named.score(caller, callee, cold)).toBe(3);
  expect(named.score(caller, callee, contextWith(100, "web-a")) ?? 0).toBeLessThan(0.1);
});
