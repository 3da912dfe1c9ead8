import { expect, test } from "vitest";
import { createServiceGraph } from "../../src/domain/topology.ts";

test("distance counts edges in either direction, up to a limit", () => {
  const graph = createServiceGraph({
    edges: [
      ["web", "cart"],
      ["cart", "stock"],
      ["mail", "stock"],
    ],
    services: [],
  });
  expect(graph.hops("web", "stock", 3)).toBe(2);
  expect(graph.hops("web", "mail", 3)).toBe(3);
  expect(graph.hops("web", "mail", 2)).toBeNull();
  expect([...graph.callers("stock")]).toEqual(["cart", "mail"]);
  expect(graph.componentOf("mail")).toBe(graph.componentOf("web"));
  expect(graph.placeOf("mail")).toEqual({ service: "mail", component: graph.componentOf("web") });
  expect(graph.sizeOf(graph.componentOf("web") ?? "")).toBe(4);
});

test("a service that calls itself or has no edge is in no component", () => {
  const graph = createServiceGraph({ edges: [["loop", "loop"]], services: ["alone"] });
  expect(graph.componentOf("loop")).toBeNull();
  expect(graph.placeOf("loop")).toBeNull();
  expect(graph.componentOf("alone")).toBeNull();
});

test("a hub connects nothing, and is not walked through", () => {
  const graph = createServiceGraph(
    {
      edges: [
        ["a", "hub"],
        ["b", "hub"],
        ["c", "hub"],
      ],
      services: [],
    },
    2,
  );
  expect(graph.componentOf("a")).not.toBe(graph.componentOf("b"));
  expect(graph.hops("a", "hub", 2)).toBe(1);
  expect(graph.hops("a", "b", 3)).toBeNull();
});
