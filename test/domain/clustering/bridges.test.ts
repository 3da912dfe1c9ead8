import { describe, expect, test } from "vitest";
import { type Asking, bridgeOf } from "../../../src/domain/clustering/bridges.ts";
import { createHistory } from "../../../src/domain/clustering/history.ts";
import { byStart, createLiveAlert, type Story } from "../../../src/domain/clustering/sessions.ts";
import sharedLabels from "../../../src/domain/signals/shared-labels.ts";
import { createServiceGraph } from "../../../src/domain/topology.ts";
import { shippedWeights } from "../../../src/domain/weights.ts";
import { seen } from "../../contracts/signal.ts";
import { twoShops } from "../learning/judgement-build.ts";

type Sketch = Parameters<typeof seen>[0];

function storyOf(sketches: readonly Sketch[]): Story {
  const pauses = { gapMs: 120_000, firingGapMs: 120_000 };
  const members = sketches.map((sketch) => {
    const alert = seen(sketch);
    return createLiveAlert(alert, { type: alert.type, standing: 0, pauses });
  });
  const [first] = members;
  return {
    cell: first?.component ?? first?.entity ?? "",
    ...{ members, key: first?.key ?? "", fits: null },
  };
}

/** A story of the first shop with so many alerts, one a second. */
function shopStory(alerts: number, labels: Sketch["labels"], from = 0): Story {
  return storyOf(
    Array.from({ length: alerts }, (_, index) => ({
      service: ["web-a", "cart-a", "stock-a"][index % 3] ?? "web-a",
      name: `Alert${index}`,
      at: from + index,
      ...(labels === undefined ? {} : { labels }),
    })),
  );
}

/** A day in which one alert in ten is of the namespace "a". */
const history = createHistory(1_000);
for (let minute = 15; minute < 1_200; minute += 3) {
  const labels = { namespace: minute % 10 === 0 ? "a" : "b" };
  history.record({ ...seen({ service: `other-${minute}`, at: -minute * 60, labels }), labels });
}

function asking(bridge: Readonly<Record<string, number>> = shippedWeights.clustering.bridge): Asking {
  return {
    signals: [sharedLabels],
    context: { graph: createServiceGraph(twoShops), history, changes: [], coFirings: {} },
    weights: { ...shippedWeights.clustering, bridge },
    separation: () => null,
    leftOut: { bridges: 0, bridge_candidates: 0 },
  };
}

const inA = { namespace: "a" };
/** Weights from before the two features that are tested here. */
const { detour: _detour, oneStory: _oneStory, ...before } = shippedWeights.clustering.bridge;

function scoreOf(story: Story, others: readonly Story[], asked: Asking): number | null {
  const all = [story, ...others].sort(byStart);
  story.fits = null;
  return bridgeOf(story, all, asked)?.score ?? null;
}

function labelScore(target: Story, asked: Asking): number | undefined {
  const burst = storyOf([{ service: "stray", at: 0, labels: inA }]);
  const reasons = bridgeOf(burst, [burst, target], asked)?.reasons() ?? [];
  return reasons.find(({ signal }) => signal === "shared-labels")?.score;
}

test("of very many stories near it those that began nearest are compared, and the others counted (issue 3)", () => {
  const story = storyOf([{ service: "stray", at: 0 }]);
  const nearest = storyOf([
    { service: "web-a", at: -1 },
    { service: "cart-a", at: 1 },
  ]);
  const others = Array.from({ length: 20 }, (_, n) =>
    storyOf([
      { service: `other-${n}`, at: 30 + n },
      { service: `other-${n}`, name: "Another", at: 31 + n },
    ]),
  );
  const asked = asking({ base: 1, near: 5 });
  const bridge = bridgeOf(story, [story, nearest, ...others].sort(byStart), asked);
  expect(bridge?.to).toBe(nearest.key);
  expect(asked.leftOut).toEqual({ bridges: 0, bridge_candidates: 9 });
});

describe("an equal label ties a service outside the graph to a part of the system", () => {
  test("in full where the part tells a story of usual length, and less the longer it is", () => {
    const full = labelScore(shopStory(4, inA), asking());
    expect(full).toBeGreaterThan(1.5);
    expect(labelScore(shopStory(8, inA), asking())).toBe(full);
    expect(labelScore(shopStory(12, inA), asking())).toBeCloseTo((full ?? 0) / 2);
    expect(labelScore(shopStory(16, inA), asking())).toBe(0);
    expect(labelScore(shopStory(30, inA), asking())).toBe(0);
  });

  test("so that it alone draws it to a short story, and not to a long one", () => {
    const lone = () => storyOf([{ service: "stray", at: 40, labels: inA }]);
    expect(scoreOf(lone(), [shopStory(6, inA)], asking())).toBeGreaterThan(0);
    expect(scoreOf(lone(), [shopStory(20, inA)], asking())).toBeNull();
    expect(scoreOf(lone(), [shopStory(20, inA)], asking(before))).toBeGreaterThan(0);
  });

  test("but a different one speaks against a long story as much as against a short one", () => {
    const inB = { namespace: "b" };
    const burst = () => storyOf([{ service: "stray", at: 0, labels: inA }]);
    const tolerant = asking({ ...shippedWeights.clustering.bridge, base: 9 });
    const [short, long] = [shopStory(4, inB), shopStory(20, inB)].map(
      (target) =>
        bridgeOf(burst(), [burst(), target], tolerant)
          ?.reasons()
          .find(({ signal }) => signal === "shared-labels")?.score,
    );
    expect(short).toBe(-5);
    expect(long).toBe(-5);
  });

  test("and the reason says how much it counts", () => {
    const burst = storyOf([{ service: "stray", at: 0, labels: inA }]);
    const reasons = bridgeOf(burst, [burst, shopStory(12, inA)], asking())?.reasons() ?? [];
    expect(reasons.find(({ signal }) => signal === "shared-labels")?.because).toMatch(
      /^both have namespace="a", .*; 12 alerts of one part may be several stories, so it counts 50 %$/,
    );
  });
});

describe("a lone alert of a part that tells another story", () => {
  const outside = () => storyOf([{ service: "stray", at: 29, labels: inA }]);
  const lone = (labels: Sketch["labels"]) =>
    storyOf([{ service: "stock-a", name: "Late", at: 30, ...(labels === undefined ? {} : { labels }) }]);

  test("is not brought to it by way of a service that the graph does not know and that is of the same part", () => {
    expect(scoreOf(lone(inA), [outside()], asking())).toBeGreaterThan(0);
    expect(scoreOf(lone(inA), [outside(), shopStory(2, inA)], asking())).toBeNull();
    expect(scoreOf(lone(inA), [outside(), shopStory(2, inA)], asking(before))).toBeGreaterThan(0);
  });

  test("is not held back by another lone alert, nor by a story of long ago", () => {
    expect(scoreOf(lone(inA), [outside(), shopStory(1, inA)], asking())).toBeGreaterThan(0);
    expect(scoreOf(lone(inA), [outside(), shopStory(2, inA, -600)], asking())).toBeGreaterThan(0);
  });

  test("may join a service of which nothing says that it is of the same part", () => {
    const willing = { ...shippedWeights.clustering.bridge, base: 0 };
    const others = [storyOf([{ service: "stray", at: 29 }]), shopStory(2, undefined)];
    expect(scoreOf(lone(undefined), others, asking(willing))).toBeGreaterThan(0);
  });
});

test("weights stored before these features decide as they did", () => {
  const target = shopStory(20, inA);
  const burst = () => storyOf([{ service: "stray", at: 0, labels: inA }]);
  const zero = { ...shippedWeights.clustering.bridge, detour: 0, oneStory: 0 };
  expect(scoreOf(burst(), [target], asking(before))).toBe(scoreOf(burst(), [target], asking(zero)));
  expect(labelScore(target, asking(before))).toBe(labelScore(shopStory(4, inA), asking(before)));
});
