import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { alertKey } from "../../../src/domain/alert.ts";
import type { Observation, Ruling } from "../../../src/domain/clustering/correlation.ts";
import { createCorrelator } from "../../../src/domain/clustering.ts";
import { type AlertSketch, observe, runThrough, sketchAlert, twoShops } from "../learning/judgement-build.ts";

const topology: Observation = { kind: "topology", topology: twoShops };

/** The real correlator after these alerts; what parts the first of them from the second, and whether they are together. */
function ask(sketches: readonly AlertSketch[], rule?: (keys: readonly string[]) => Omit<Ruling, "id">) {
  const correlator = createCorrelator();
  const alerts = sketches.map(sketchAlert);
  const keys = alerts.map(alertKey);
  const said: Observation[] =
    rule === undefined ? [] : [{ kind: "ruling", ruling: { id: 1, ...rule(keys) } }];
  const inOrder = alerts.toSorted((a, b) => a.startsAt.getTime() - b.startsAt.getTime());
  const placed = runThrough(correlator, [topology, ...inOrder.map(observe), ...said]);
  const [one = "", other = ""] = keys;
  return {
    parting: correlator.parting(one, other),
    score: correlator.compare(one, other)?.score ?? Number.NaN,
    areTogether: placed.get(one) === placed.get(other),
  };
}

const storm = (count: number, of: (index: number) => AlertSketch) =>
  Array.from({ length: count }, (_, i) => of(i));

describe("which step keeps two alerts apart (issue 3: why not there)", () => {
  test("none, while they are together, and none of an alert that is not known", () => {
    const { parting, areTogether } = ask([
      { service: "web-a", at: 0 },
      { service: "cart-a", at: 1 },
    ]);
    expect([parting, areTogether]).toEqual([null, true]);
    expect(createCorrelator().parting("a", "b")).toBeNull();
  });

  test("people: of these two, of an alert that is with them, of a third that both would go with", () => {
    const shop = [
      { service: "web-a", at: 0 },
      { service: "cart-a", at: 0 },
      { service: "stock-a", at: 1 },
    ];
    const these = ask(shop, ([a = "", b = ""]) => ({ kind: "apart", left: [a], right: [b] }));
    expect(these.areTogether).toBe(false);
    expect(these.parting).toEqual({
      step: "ruling",
      because: "people decided that they do not belong together",
    });
    const lone = { service: "lone", at: 1 };
    const beside = ask([lone, ...shop], ([a = "", , c = ""]) => ({ kind: "apart", left: [a], right: [c] }));
    expect(beside.areTogether).toBe(false);
    expect(beside.parting?.because).toMatch(/^people decided that alerts which are with either/);
    const guests = [lone, { service: "other", at: 1 }] as const;
    const both = [guests, guests.toReversed()].map((order) =>
      ask([order[0] ?? lone, ...shop, order[1] ?? lone], ([a = "", , , , e = ""]) => ({
        kind: "apart",
        left: [a],
        right: [e],
      })),
    );
    // One of the two has to stay away from what both would go with.
    expect(both.map(({ areTogether, parting }) => [areTogether, parting?.step ?? null]).sort()).toEqual([
      [false, "ruling"],
      [true, null],
    ]);
  });

  test("a pause of their part of the system, with its length and the longest that a story goes on after", () => {
    const { parting, areTogether, score } = ask([
      { service: "cart-a", name: "HighLatency", at: 560 },
      { service: "web-a", name: "ErrorLogBurst", at: 80 },
    ]);
    expect([areTogether, score > 0]).toEqual([false, true]);
    expect(parting).toEqual({
      step: "pause",
      because:
        "its part of the system was quiet for 8 min in between, and after 6 min what comes is another story",
    });
  });

  test("too much time between stories of different parts", () => {
    expect(
      ask([
        { service: "lone", at: 0 },
        { service: "web-a", at: 200 },
      ]).parting,
    ).toEqual({
      step: "pause",
      because:
        "their stories are 3 min 20 s apart, and parts of the system that do not call one another are joined within 2 min",
    });
  });

  test("a session of more alerts than are weighed", () => {
    const flood = storm(60, (i) => ({ service: "web-a", name: `Rule${i}`, at: i }));
    const { parting } = ask([flood[0] ?? { at: 0 }, ...flood.slice(1).reverse()]);
    expect(parting).toEqual({
      step: "unweighed",
      because: expect.stringContaining("only the newest 40 alerts"),
    });
  });

  test("groups that each explain their own alerts, though the pair fits: all terms, what speaks against first", () => {
    const { parting, areTogether, score } = ask([
      { service: "cart-a", name: "HighCPU", at: 490 },
      { service: "stock-a", name: "HighLatency", at: 530 },
      { service: "stock-a", name: "HighCPU", at: 380 },
      { service: "cart-a", name: "PodCrashLooping", at: 550 },
    ]);
    expect([areTogether, score > 0]).toEqual([false, true]);
    expect(parting).toEqual({
      step: "groups",
      because:
        "the 2 alerts of its story and the 2 of the story there score −0.5 as groups: cart-a and stock-a each explain their own alerts (−1.2), two large groups need more to be one (−0.1), pair by pair (+0.9)",
    });
    const alone = ask([
      { service: "stock-a", name: "HighLatency", at: 140 },
      { service: "web-a", name: "PodCrashLooping", at: 330 },
    ]);
    expect(alone.parting?.because).toMatch(/^it and PodCrashLooping on web-a score −0\.\d as groups: /);
  });

  test("a stray, from either side", () => {
    const pair = [
      { service: "cart-a", name: "HighLatency", at: 0 },
      { service: "web-a", name: "HighLatency", at: 70 },
    ];
    const one = ask(pair);
    expect([one.areTogether, one.score > 0]).toEqual([false, true]);
    expect(one.parting).toEqual({
      step: "stray",
      because: expect.stringMatching(/^beside the other one it may/),
    });
    const other = ask([...pair].reverse());
    expect(other.parting?.because).toMatch(
      /^beside the other one .+ may as well fire by itself \(−\d\.\d, and 0/,
    );
  });

  test("stories of different parts that nothing ties, with what speaks most against it", () => {
    expect(
      ask([
        { service: "stock-a", at: 4 },
        { service: "stock-b", at: 30 },
      ]).parting,
    ).toEqual({
      step: "bridge",
      because: expect.stringMatching(/^what they are part of scores −\d\.\d as two stories: .+ \(−4\.0\)$/),
    });
  });

  test("stories of different parts, of which one goes with another that it fits better", () => {
    const found = ask([
      { service: "lone", at: 60 },
      { service: "web-b", at: 20 },
      { service: "cart-b", at: 21 },
      { service: "web-a", at: 59 },
      { service: "cart-a", at: 59 },
      { service: "stock-a", at: 60 },
    ]);
    expect(found.areTogether).toBe(false);
    expect(found.score).toBeGreaterThan(0);
    expect(found.parting?.because).toMatch(
      /^the story of HighLatency on lone goes with that of HighLatency on web-a \(\+3\.\d\), and with that of HighLatency on web-b it scores \+0\.\d$/,
    );
  });

  test("so much else at the time that no part of the system is joined with another", () => {
    const others = storm(110, (i) => ({ service: `svc-${i}`, name: `Rule${i}`, at: i / 10 }));
    expect(ask([{ service: "lone", at: 5 }, { service: "web-a", at: 5 }, ...others]).parting).toEqual({
      step: "crowd",
      because: expect.stringContaining("over 100 stories nearby"),
    });
  });
});

const services = ["web-a", "cart-a", "stock-a", "web-b", "cart-b", "lone", "stray"];
const sketch = fc.record({
  service: fc.constantFrom(...services),
  name: fc.constantFrom("HighLatency", "HighCPU", "ErrorLogBurst", "PodCrashLooping"),
  at: fc.integer({ min: 0, max: 500 }),
});

test("there is a step for any two alerts that the correlator put into different incidents", () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(sketch, { minLength: 2, maxLength: 14, selector: (s) => JSON.stringify(s) }),
      (sketches) => {
        const { parting, areTogether } = ask(sketches);
        if (!areTogether) expect(parting?.because).toMatch(/\d/);
      },
    ),
    { numRuns: 60 },
  );
});
