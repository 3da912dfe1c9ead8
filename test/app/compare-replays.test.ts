import { expect, test } from "vitest";
import { compareReplays, exampleKeys, withIncidents } from "../../src/app/compare-replays.ts";
import type { ReplayedRules } from "../../src/app/replay/rules.ts";
import { type RecordedDelivery, type ReplayResult, replay } from "../../src/app/replay.ts";
import { createCorrelator } from "../../src/domain/clustering.ts";
import { shippedWeights, type Weights } from "../../src/domain/weights.ts";
import { type ComparedSides, formatComparison } from "../../src/main/replay-comparison-text.ts";
import { formatReplay } from "../../src/main/replay-text.ts";
import { defineSource } from "../../src/ports.ts";
import { sketchAlert, twoShops } from "../domain/learning/judgement-build.ts";
import { rulesOf } from "./replay/rules-build.ts";

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
  rules: Partial<ReplayedRules> = {},
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
  return replay({ deliveries: tape(), sources, correlator, weights, rules: rulesOf(rules) });
}

const versions: ComparedSides = {
  before: "version 1",
  after: "version 2",
  both: "configured by tocsin.yaml",
  notCompared: ["escalation"],
};

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
  const muting = await run(shippedWeights, storms, twoShops, { inhibition });
  const comparison = compareReplays(plainly, muting);
  expect(comparison.incidents.before).toBe(comparison.incidents.after);
  expect(comparison).toMatchObject({
    pagesSaved: 12,
    cards: { after: comparison.cards.before - 12 },
    withoutCard: { before: 0, after: 12 },
    voiced: [],
    rerouted: [],
  });
  expect(comparison.hushed.map(({ services }) => services)).toEqual(Array(12).fill(["web-b"]));
  const text = formatComparison("storm", versions, comparison);
  expect(text).toContain("24 incidents, 12 of them without a card, 12 cards: 12 fewer");
  expect(text).toContain("no card any more: 12");
  const back = compareReplays(muting, plainly);
  expect(back.voiced).toHaveLength(12);
  expect(exampleKeys(back).length).toBeGreaterThanOrEqual(12);
});

test("other routes are counted by channel, and each incident is told with its channels before and after (issue 3)", async () => {
  const everything = { to: "console:incidents", match: [] };
  const highCpu = { name: "alertname", op: "=" as const, value: "HighCPU" };
  const before = await run(shippedWeights, storms, twoShops, { routes: [everything] });
  const after = await run(shippedWeights, storms, twoShops, {
    routes: [everything, { to: "slack:C1", match: [highCpu] }],
  });
  const comparison = compareReplays(before, after);
  expect(comparison).toMatchObject({
    cards: { before: 24, after: 36 },
    channels: [
      { channel: "console:incidents", before: 24, after: 24 },
      { channel: "slack:C1", before: 0, after: 12 },
    ],
    ...{ pagesSaved: -12, hushed: [], voiced: [], unchanged: 12 },
  });
  expect(comparison.rerouted).toHaveLength(12);
  expect(comparison.rerouted[0]).toMatchObject({
    incident: { services: ["web-b"] },
    before: ["console:incidents"],
    after: ["console:incidents", "slack:C1"],
  });
  const text = formatComparison("storm", versions, comparison);
  expect(text).toContain("36 cards: 12 more\n    in console:incidents: 24\n    in slack:C1: 0 -> 12");
  expect(text).toContain("cards in other channels: 12");
  expect(text).toContain("console:incidents -> console:incidents, slack:C1");
});

test("cards of incidents that went into another were posted, and are said to be that", async () => {
  const result = await run(shippedWeights);
  const gone = { ...result, cards: new Map([...result.cards, [99, ["console:incidents", "slack:C1"]]]) };
  const comparison = compareReplays(result, gone);
  expect(comparison).toMatchObject({ pagesSaved: -2, cardsMerged: { before: 0, after: 2 } });
  expect(formatComparison("storm", versions, comparison)).toContain(
    "24 incidents, 26 cards (2 of incidents that then went into another): 2 more",
  );
});

test("what the comparison leaves out is said in its head", async () => {
  const result = await run(shippedWeights);
  const text = formatComparison("storm", versions, compareReplays(result, result));
  expect(text).toContain("  not compared: escalation");
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

test("an example says which incident of the bot it is, with the address of its page (issue 3)", async () => {
  const comparison = compareReplays(await run(shippedWeights), await run(loners));
  const [known = "", ...strangers] = exampleKeys(comparison);
  expect(strangers.length).toBeGreaterThan(0);
  const pageOf = (id: number) => `https://tocsin.example.com/incidents/${id}`;
  const placed = withIncidents(comparison, new Map([[known, 12]]), pageOf);
  const text = formatComparison("storm", versions, placed);
  expect(text).toMatch(/\(#12, tape:\d+\) {2}https:\/\/tocsin\.example\.com\/incidents\/12\n/);
  expect(text).toMatch(/ \(tape:\d+\)\n/);
  expect(text).not.toContain("tocsin run");
  expect(placed.split[0]?.one).toMatchObject({
    incidentId: 12,
    url: "https://tocsin.example.com/incidents/12",
  });
  expect(formatComparison("storm", versions, comparison)).not.toContain("#12");
});

test("where nobody knows the console, the command that shows an incident stands for its address", async () => {
  const comparison = compareReplays(await run(shippedWeights), await run(loners));
  const [known = ""] = exampleKeys(comparison);
  const placed = withIncidents(comparison, new Map([[known, 12]]), () => null);
  expect(placed.split[0]?.one.url).toBeNull();
  expect(formatComparison("storm", versions, placed)).toContain('npx tocsin run "incident show 12"');
});

test("of a recording an example leads to where the sender shows its first alert, if that is an address", async () => {
  const url = "https://prometheus.example.com/graph?g0.expr=up";
  const linked = storms.map((alert) => ({ ...alert, url }));
  const hostile = storms.map((alert) => ({ ...alert, url: "javascript:alert(1)" }));
  const told = async (alerts: typeof storms) =>
    compareReplays(await run(shippedWeights, alerts), await run(loners, alerts));
  expect(formatComparison("storm", versions, await told(linked))).toContain(`(tape:2)  ${url}`);
  const unsafe = await told(hostile);
  expect(unsafe.split[0]?.one.alertUrl).toBeNull();
  expect(formatComparison("storm", versions, unsafe)).not.toContain("javascript");
});

test.each([
  [1, "1 incident is the same"],
  [2, "2 incidents are the same"],
])("%i unchanged reads as it should", async (unchanged, text) => {
  const comparison = compareReplays(await run(shippedWeights), await run(shippedWeights));
  expect(formatComparison("storm", versions, { ...comparison, unchanged })).toContain(text);
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
  const text = formatComparison("storm", versions, comparison);
  expect(text).toContain(
    `version 2: ${comparison.incidents.after} incidents, ${comparison.cards.after} cards: ${-comparison.pagesSaved} more`,
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
