import { expect, test } from "vitest";
import { entityOf, peerOf, workloadOf } from "../../src/domain/entity.ts";

test.each([
  ["cart-7d4b9c6f5d-x2x9k", "cart"],
  ["cart-x2x9k", "cart"],
  ["queue-0", "queue"],
  ["cart-frontend", "cart-frontend"],
  ["cart", "cart"],
])("the workload of pod %s is %s", (pod, workload) => {
  expect(workloadOf(pod)).toBe(workload);
});

test("an alert that names only a pod is about its workload", () => {
  expect(entityOf({ service: "cart-7d4b9c6f5d-x2x9k", labels: { pod: "cart-7d4b9c6f5d-x2x9k" } })).toBe(
    "cart",
  );
  expect(entityOf({ service: null, labels: {} })).toBeNull();
});

test("the far end of a call is read from its labels, never the alert's own service", () => {
  expect(peerOf({ service: "web", labels: { destination_service: "cart" } })).toEqual({
    peer: "cart",
    isCallee: true,
  });
  expect(peerOf({ service: "cart", labels: { source_workload: "web" } })).toEqual({
    peer: "web",
    isCallee: false,
  });
  expect(peerOf({ service: "cart", labels: { destination: "cart" } })).toBeNull();
});
