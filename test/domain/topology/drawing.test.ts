import fc from "fast-check";
import { expect, test } from "vitest";
import { drawTopology } from "../../../src/domain/topology/drawing.ts";

const shop = {
  edges: [
    ["web", "catalog"],
    ["web", "cart"],
    ["catalog", "recommender"],
    ["cart", "recommender"],
    ["recommender", "store"],
    ["billing", "ledger"],
  ],
  services: [],
} as const;

test("what has alerts and what is suspected is drawn with its neighbours, callers on the left", () => {
  const drawing = drawTopology({
    topology: shop,
    affected: new Map([
      ["catalog", 2],
      ["recommender", 1],
    ]),
    suspects: ["recommender"],
  });
  const column = (name: string) =>
    drawing?.services.find((service) => service.name === name)?.x ?? Number.NaN;
  expect(drawing?.services.map(({ name }) => name).sort()).toEqual([
    "cart",
    "catalog",
    "recommender",
    "store",
    "web",
  ]);
  expect([column("web") < column("catalog"), column("catalog") < column("recommender")]).toEqual([
    true,
    true,
  ]);
  expect(column("recommender")).toBeLessThan(column("store"));
  expect(drawing?.words).toEqual([
    "recommender: suspect 1; 1 alert; calls store; called by catalog, cart",
    "catalog: 2 alerts; calls recommender; called by web",
  ]);
});

test("one service alone is no picture", () => {
  expect(drawTopology({ topology: shop, affected: new Map([["lonely", 3]]), suspects: [] })).toBe(null);
});

test("of a hub with more neighbours than fit, what matters stays and the rest is counted", () => {
  const edges = Array.from({ length: 60 }, (_, index) => ["hub", `leaf-${index}`] as const);
  const drawing = drawTopology({
    topology: { edges, services: [] },
    affected: new Map([["leaf-59", 1]]),
    suspects: ["hub"],
  });
  expect(drawing?.services.slice(0, 2).map(({ name }) => name)).toEqual(["hub", "leaf-59"]);
  expect([drawing?.services.length, drawing?.omitted]).toEqual([40, 21]);
});

const name = fc.constantFrom("a", "b", "c", "d", "e", "f", "g");
const edge = fc.tuple(name, name);

test("whatever the calls, circles among them, no two boxes overlap and all lie inside the picture", () => {
  fc.assert(
    fc.property(fc.array(edge, { maxLength: 30 }), fc.array(name, { minLength: 1 }), (edges, names) => {
      const drawing = drawTopology({
        topology: { edges, services: [] },
        affected: new Map(names.map((each) => [each, 1])),
        suspects: names.slice(0, 2),
      });
      if (drawing === null) return;
      const { services, boxWidth, boxHeight, width, height } = drawing;
      for (const [at, a] of services.entries()) {
        expect(a.x - boxWidth / 2).toBeGreaterThan(0);
        expect(a.y - boxHeight / 2).toBeGreaterThan(0);
        expect(a.x + boxWidth / 2).toBeLessThan(width);
        expect(a.y + boxHeight / 2).toBeLessThan(height);
        for (const b of services.slice(at + 1))
          expect(Math.abs(a.x - b.x) >= boxWidth || Math.abs(a.y - b.y) >= boxHeight).toBe(true);
      }
    }),
  );
});
