import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { fillTemplate } from "../../../src/domain/metrics/promql-template.ts";
import { shippedMetricQueries } from "../../../src/domain/metrics/queries.ts";
import { podsBesideCart, podsOfCart } from "../../fixtures/pods.ts";

const byPod = shippedMetricQueries.filter(({ query }) => query.includes("pod=~"));

/** The pattern for pods, matched as Prometheus does: from the first letter to the last. */
function patternOf(query: string, service: string): RegExp {
  const [, pattern] = /pod=~"([^"]*)"/.exec(fillTemplate(query, service) ?? "") ?? [];
  if (pattern === undefined) throw new Error(`no pods in ${query}`);
  return new RegExp(`^(?:${pattern})$`);
}

describe.each(byPod)("$name of a workload", ({ query }) => {
  const pattern = patternOf(query, "cart");

  test.each(podsOfCart)("is asked of its pod %s", (pod) => expect(pod).toMatch(pattern));
  test.each(podsBesideCart)("is not asked of %s", (pod) => expect(pod).not.toMatch(pattern));
  test("with so long a name that Kubernetes cuts off what is before the last five characters is asked of its pods", () => {
    const name = "recommendations-of-similar-products-for-the-basket";
    const pod = `${`${name}-7d4b9c6f5d-`.slice(0, 58)}x2x8k`;
    expect(pod).toHaveLength(63);
    expect(pod).toMatch(patternOf(query, name));
  });
  test("with a longer name is asked of its own", () => {
    expect("cart-db-0").toMatch(patternOf(query, "cart-db"));
    expect("cart-worker-7d4b9c6f5-x2x8k").toMatch(patternOf(query, "cart-worker"));
  });
});

test("the docs show the query as it is asked", () => {
  const docs = readFileSync("docs/prometheus.md", "utf8");
  expect(byPod.map(({ name }) => name)).toEqual(["CPU", "memory", "restarts"]);
  expect(docs).toContain(byPod.find(({ name }) => name === "restarts")?.query);
});
