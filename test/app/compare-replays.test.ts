import { expect, test } from "vitest";
import { compareReplays, exampleKeys, withIncidents } from "../../src/app/compare-replays.ts";
import { type RecordedDelivery, type ReplayResult, replay } from "../../src/app/replay.ts";
import type { ReplayedMutes } from "../../src/app/replay-mutes.ts";
import { createCorrelator } from "../../src/domain/clustering.ts";
import { shippedWeights, type Weights } from "../../src/domain/weights.ts";
import { formatComparison, formatReplay } from "../../src/main/replay-text.ts";
import { defineSource } from "../../src/ports.ts";
import { sketchAlert, twoShops } from "../domain/learning/judgement-build.ts";

const plain = defineSource({
  name: "plain",
  summary: "for tests",
  checks: [],
  parse: (body) => ({
    kind: "parsed",
    delivery: { alerts: [], changes: [], topology: null, ...(body as object) }, // Made below.
  }),
});

/** Two storms in one shop, a lone alert in the other, again and again. */
const storms = Array.from({ length: 12 }, (_, round) => {
  const start = round * 3_600;
  return [
    sketchAlert({ name: "PodCrashLooping", service: "stock-a", at: start }),
    sketchAlert({ name: "HighErrorRate", service: "web-a", at: start + 20 }),
    sketchAlert({ name: "HighLatency", service: "cart-a", at: start + 75 }),
    sketchAlert({ name: "HighCPU", service: "web-b", at: start + 400 }),
  ];
}).flat();

async function run(
  weights: Weights,
  alerts = storms,
  topology = twoShops,
  mutes: ReplayedMutes = { inhibition: [], windows: [] },
): Promise<ReplayResult> {
  async function* tape(): AsyncGenerator<RecordedDelivery> {
    yield {
      at: new Date("2026-03-01T12:00:00Z"),
      source: "plain",
      body: { topology },
      where: "tape:1",
    };
    for (const [index, alert] of alerts.entries())
      yield { at: alert.startsAt, source: "plain", body: { alerts: [alert] }, where: `tape:${index + 2}` };
  }
  const sources = new Map([["plain", plain]]);
  const correlator = createCorrelator({ weights });
  return replay({ deliveries: tape(), sources, correlator, weights, mutes });
}

/** Weights under which hardly anything joins. */
const loners: Weights = {
  ...shippedWeights,
  clustering: { ...shippedWeights.clustering, threshold: 9.5, gapMs: 1_000, firingGapMs: 1_000 },
};
/** Weights under which services that shout count for little. */
const others: Weights = {
  ...shippedWeights,
  causes: {
    ...shippedWeights.causes,
    service: { ...shippedWeights.causes.service, "kind:crash": -8, "kind:error": 8 },
  },
};

test("the same replay changes nothing", async () => {
  const result = await run(shippedWeights);
  const comparison = compareReplays(result, await run(shippedWeights));
  expect(comparison).toMatchObject({
    alerts: storms.length,
    unmatchedAlerts: 0,
    pagesSaved: 0,
    unchanged: result.incidents.length,
    merged: [],
    split: [],
    causesMoved: [],
  });
});

test("a rule that mutes all of an incident saves its card, and is named with examples", async () => {
  const inhibition = [
    {
      name: "crashes",
      source: [{ name: "alertname", op: "=" as const, value: "PodCrashLooping" }],
      target: [{ name: "alertname", op: "=" as const, value: "HighCPU" }],
      equal: [],
    },
  ];
  const plainly = await run(shippedWeights);
  const muting = await run(shippedWeights, storms, twoShops, { inhibition, windows: [] });
  const comparison = compareReplays(plainly, muting);
  expect(comparison.incidents.before).toBe(comparison.incidents.after);
  expect(comparison).toMatchObject({
    pagesSaved: 12,
    cards: { after: comparison.cards.before - 12 },
    voiced: [],
  });
  expect(comparison.hushed.map(({ services }) => services)).toEqual(Array(12).fill(["web-b"]));
  const text = formatComparison("storm", { before: "now", after: "other.yaml" }, comparison);
  expect(text).toContain("12 of them muted, 12 fewer cards");
  expect(text).toContain("no card any more, all muted: 12");
  const back = compareReplays(muting, plainly);
  expect(back.voiced).toHaveLength(12);
  expect(exampleKeys(back).length).toBeGreaterThanOrEqual(12);
});

test("weights that part what belonged together show it as splits, and the other way round as merges", async () => {
  const [together, apart] = [await run(shippedWeights), await run(loners)];
  expect(apart.incidents.length).toBeGreaterThan(together.incidents.length);
  const forth = compareReplays(together, apart);
  const back = compareReplays(apart, together);
  expect(forth.split.length).toBeGreaterThan(0);
  expect(forth.merged).toEqual([]);
  expect(forth.pagesSaved).toBe(together.incidents.length - apart.incidents.length);
  expect(back.merged).toEqual(forth.split);
  expect(back.pagesSaved).toBe(-forth.pagesSaved);
  const [first] = forth.split;
  expect(first?.one.alerts).toBe(first?.many.reduce((sum, part) => sum + part.alerts, 0));
  expect(first?.one.where).toBe("tape:2");
});

test("an incident with the same alerts and another first cause is told with both", async () => {
  const comparison = compareReplays(await run(shippedWeights), await run(others));
  expect(comparison.split).toEqual([]);
  expect(comparison.causesMoved.length).toBeGreaterThan(0);
  expect(comparison.unchanged + comparison.causesMoved.length).toBe(comparison.incidents.before);
  const [moved] = comparison.causesMoved;
  expect(moved?.before.cause?.service).toBe("stock-a");
  expect(moved?.after.cause?.service).not.toBe("stock-a");
});

test("alerts that only one side understood are counted", async () => {
  const comparison = compareReplays(await run(shippedWeights), await run(shippedWeights, storms.slice(4)));
  expect(comparison.unmatchedAlerts).toBe(4);
});

test("an example says which incident of the bot it is, where the bot holds its first alert", async () => {
  const comparison = compareReplays(await run(shippedWeights), await run(loners));
  const [known = "", ...others] = exampleKeys(comparison);
  expect(others.length).toBeGreaterThan(0);
  const placed = withIncidents(comparison, new Map([[known, 12]]));
  const text = formatComparison("storm", { before: "version 1", after: "version 2" }, placed);
  expect(text).toContain("(#12, tape:");
  expect(text).toMatch(/ \(tape:\d+\)/);
  expect(formatComparison("storm", { before: "1", after: "2" }, comparison)).not.toContain("#12");
});

test.each([
  [1, "1 incident is the same"],
  [2, "2 incidents are the same"],
])("%i unchanged reads as it should", async (unchanged, text) => {
  const comparison = compareReplays(await run(shippedWeights), await run(shippedWeights));
  const sides = { before: "version 1", after: "version 2" };
  expect(formatComparison("storm", sides, { ...comparison, unchanged })).toContain(text);
});

test("what a person reads has the counts, a bounded list of examples and no control characters", async () => {
  const red = (service: string) => `${service}\u001b[31m`;
  const hostile = storms.map((alert) => ({ ...alert, service: red(alert.service ?? "") }));
  const shops = {
    edges: twoShops.edges.map(([caller, callee]): [string, string] => [red(caller), red(callee)]),
    services: twoShops.services.map(red),
  };
  const comparison = compareReplays(
    await run(shippedWeights, hostile, shops),
    await run(loners, hostile, shops),
  );
  const text = formatComparison("storm", { before: "version 1", after: "version 2" }, comparison);
  expect(text).toContain(
    `version 2: ${comparison.incidents.after} incidents, ${-comparison.pagesSaved} more cards`,
  );
  expect(text).toContain(`split: ${comparison.split.length}`);
  expect(text).toContain("(tape:2)");
  expect(text.split("\n").length).toBeLessThan(100);
  expect(text).not.toContain("\u001b");
});

test("the only service that alerts is no suspect in what people read, and stays first in the JSON (issue 3)", async () => {
  const result = await run(shippedWeights);
  const lines = formatReplay("storm", result).split("\n");
  expect(lines.filter((line) => line.endsWith("not enough evidence: only web-b is alerting"))).toHaveLength(
    12,
  );
  expect(lines.filter((line) => /stock-a, without a change, \d+ %$/.test(line))).toHaveLength(12);
  const lone = result.incidents.find(({ alerts }) => alerts.length === 1);
  expect([lone?.causes[0]?.service, lone?.answer.kind]).toEqual(["web-b", "not_enough"]);
});
