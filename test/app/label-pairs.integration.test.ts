import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type OpenStore, openStore } from "../../src/adapters/store/store.ts";
import { createCoFiringCounter } from "../../src/app/count-co-firings.ts";
import { countRulings, labelledPairs, pairsIn, scoresWith } from "../../src/app/label-pairs.ts";
import { createTrainer } from "../../src/app/train.ts";
import type { TrackedAlert } from "../../src/domain/alert/tracked.ts";
import { stableTypeOf } from "../../src/domain/alert/type.ts";
import type { Alert } from "../../src/domain/alert.ts";
import type { CoFirings } from "../../src/domain/clustering/co-firing-counts.ts";
import { createCorrelator } from "../../src/domain/clustering.ts";
import { shippedWeights, type Weights, weightsSchema } from "../../src/domain/weights.ts";
import { type NewRuling, NotStartedError, noMetrics, silentLog } from "../../src/ports.ts";
import { freshDatabase, type TestDatabase } from "../database.ts";
import { at, buildIncident, buildTracked } from "../domain/build.ts";
import { inlineLearning } from "./inline-learning.ts";

let database: TestDatabase;
let store: OpenStore;

beforeEach(async () => {
  database = await freshDatabase();
  store = await openStore({ url: database.url });
});
afterEach(async () => {
  await store.close();
  await database.close();
});

const trainerOf = () => createTrainer({ store, learning: inlineLearning, version: "0.0.0" });

interface Asked {
  readonly weights?: Weights;
  readonly coFirings?: CoFirings;
}

async function labelled({ weights = shippedWeights, coFirings }: Asked = {}) {
  const source = { store, learning: inlineLearning, judge: { weights, evidenceKinds: [] } };
  const groups = await labelledPairs(source);
  return pairsIn(groups, coFirings === undefined ? [] : await scoresWith(coFirings, groups, source));
}

const topology = { edges: [["web", "worker"]], services: [] } as const;
const roundMinutes = 30;

/** Two alerts on a caller and one on what it calls, 40 s later. */
function storm(round: number) {
  const start = round * roundMinutes;
  const over = (minutes: number) => ({ status: "resolved", endsAt: at(start + minutes) }) as const;
  const place = { incidentId: round, seenAt: at(start + 1), endedBy: "source" } as const;
  return {
    callers: [
      buildTracked({ name: "HighLatency", service: "web", startsAt: at(start), ...over(9) }, place),
      buildTracked({ name: "HighErrorRate", service: "web", startsAt: at(start + 0.1), ...over(9) }, place),
    ],
    callees: [
      buildTracked({ name: "QueueLength", service: "worker", startsAt: at(start + 0.7), ...over(9) }, place),
    ],
  };
}

/**
 * Storms that the shipped weights take for one incident, and that people part every time.
 * @param alertsOf - how many of them have alerts that are still stored.
 */
async function partedStorms(count: number, { alertsOf = count } = {}): Promise<void> {
  await store.incidents.saveTopology("test", topology, at(0));
  for (let round = 1; round <= count; round += 1) {
    const { callers, callees } = storm(round);
    await store.incidents.save([buildIncident({ id: round, startedAt: at(round * roundMinutes) })]);
    if (round <= alertsOf) await store.incidents.saveAlerts([...callers, ...callees]);
    await store.feedback.add(
      {
        kind: "split",
        incidentId: round,
        subject: `incident:${1_000 + round}`,
        person: "oncall",
        at: at(round * roundMinutes + 5),
        data: {},
      },
      [{ kind: "apart", left: callees.map(({ key }) => key), right: callers.map(({ key }) => key) }],
    );
  }
}

/** Incidents that a correlator with these weights makes of one more storm. */
function incidentsOf(weights: Weights): number {
  const correlator = createCorrelator({ weights });
  const { callers, callees } = storm(1);
  correlator.observe([{ kind: "topology", topology }], at(0));
  const homes = new Map<string, number>();
  for (const { key, alert } of [...callers, ...callees])
    for (const placed of correlator.observe([{ kind: "alert", key, alert }], alert.startsAt).placements)
      homes.set(placed.key, placed.incidentId);
  return new Set(homes.values()).size;
}

describe("groupings that people correct", () => {
  test("are pairs with what each signal said at the time, and nothing of what came later", async () => {
    await partedStorms(3);
    const pairs = await labelled();
    const said = pairs.filter(({ weight }) => weight === 1);
    expect(said).toHaveLength(6);
    expect(said.every(({ areTogether }) => !areTogether)).toBe(true);
    expect(pairs.filter(({ weight }) => weight < 1)).toHaveLength(3);
    expect(Object.keys(said[0]?.scores ?? {})).toEqual(expect.arrayContaining(["topology", "onset-lag"]));
    // Nothing had fired before the first storm, and one storm before the second.
    expect(said[0]?.scores["co-firing"]).toBeUndefined();
    expect(said[2]?.scores["co-firing"]).toBeGreaterThan(0);
    const doubled = { ...shippedWeights.clustering, signals: { topology: 2 } };
    expect(await labelled({ weights: { ...shippedWeights, clustering: doubled } })).toEqual(pairs);
  });

  test("change the next version's grouping, measured on newer corrections beside the champion", async () => {
    await partedStorms(40);
    expect(incidentsOf(shippedWeights)).toBe(1);
    const trainer = trainerOf();
    expect(await trainer.check(shippedWeights)).toMatchObject({ kind: "enough" });
    const fitted = await trainer.fit(shippedWeights);
    const accuracy = fitted.comparison.find(({ name }) => name === "pair_accuracy");
    expect(accuracy).toMatchObject({ champion: 0, challenger: 1, n: 12, interval: [1, 1] });
    expect(incidentsOf(weightsSchema.parse(fitted.parameters))).toBe(2);
  });

  test("that are too few are refused with how many there are", async () => {
    await partedStorms(5);
    expect(await trainerOf().check(shippedWeights)).toMatchObject({
      kind: "too_little",
      problem: expect.stringContaining("10 confirmed pairs of alerts"),
    });
  });

  test("are counted as far as they can still be compared, and a retrain that comes to nothing is not tried again", async () => {
    await partedStorms(40, { alertsOf: 5 });
    const trainer = trainerOf();
    expect(await trainer.check(shippedWeights)).toMatchObject({
      kind: "too_little",
      problem: expect.stringContaining(
        "10 confirmed pairs of alerts that can still be compared, from 5 corrections",
      ),
    });
    await expect(trainer.fit(shippedWeights)).rejects.toBeInstanceOf(NotStartedError);
  });

  test("are scored by what fired together for either side", async () => {
    await partedStorms(3);
    const { callers, callees } = storm(1);
    const types = [callers[0], callees[0]].flatMap((one) =>
      one === undefined ? [] : stableTypeOf(one.alert),
    );
    const pair = types
      .map((type) => type.slice(0, 16))
      .sort()
      .join("|");
    const pairs = await labelled({ coFirings: { [pair]: [0, 50] as const } });
    const first = pairs.find(({ challengerScores }) => challengerScores?.["co-firing"] !== undefined);
    expect(first?.challengerScores?.["co-firing"]).toBeLessThan(0);
    expect(first?.scores["co-firing"]).toBeUndefined();
    expect(pairs.map(({ challengerScores: _, ...rest }) => rest)).toEqual(await labelled());
  });

  test("that one correction made share its number", async () => {
    await partedStorms(3);
    const pairs = await labelled();
    expect(new Set(pairs.map(({ correction }) => correction)).size).toBe(3);
  });
});

describe("rulings that contradict each other (issue 3)", () => {
  const keysOf = (alerts: readonly TrackedAlert[]) => alerts.map(({ key }) => key);
  const { callers, callees } = storm(1);
  const [slow, failing] = callers;
  const called = keysOf(callees);

  beforeEach(async () => {
    await store.incidents.saveTopology("test", topology, at(0));
    await store.incidents.saveAlerts([...callers, ...callees]);
  });

  /** One correction of incident 1. */
  async function rule(kind: "merge" | "split", rulings: readonly NewRuling[]): Promise<void> {
    await store.feedback.add(
      { kind, incidentId: 1, subject: "incident:2", person: "oncall", at: at(100), data: {} },
      rulings,
    );
  }
  const merge = () => rule("merge", [{ kind: "together", left: called, right: keysOf(callers) }]);
  const split = () => rule("split", [{ kind: "apart", left: called, right: keysOf(callers) }]);
  const said = async () => (await labelled()).filter(({ weight }) => weight === 1);

  test("a merge that was split again is learned as the split, which is told once", async () => {
    await merge();
    await split();
    const pairs = await said();
    expect(pairs.map(({ areTogether, correction }) => [areTogether, correction])).toEqual([
      [false, 2],
      [false, 2],
    ]);
    expect(await countRulings(store)).toEqual({ pairs: 2, areMore: false });
  });

  test("a split that was merged again, or merged twice, is learned as the last merge", async () => {
    await merge();
    await split();
    await merge();
    const pairs = await said();
    expect(pairs.map(({ areTogether, correction }) => [areTogether, correction])).toEqual([
      [true, 3],
      [true, 3],
    ]);
    // What the split left together is still so, and nobody says that its sides are apart.
    expect((await labelled()).every(({ areTogether }) => areTogether)).toBe(true);
  });

  test("what a split left together and a later one took apart is learned as apart alone", async () => {
    await split();
    await rule("split", [{ kind: "apart", left: [slow?.key ?? ""], right: [failing?.key ?? ""] }]);
    const pairs = await labelled();
    expect(pairs.map(({ areTogether, weight }) => [areTogether, weight])).toEqual([
      [false, 1],
      [false, 1],
      [false, 1],
    ]);
  });

  test("a merge is undone also by one that puts its alerts with others, away from each other", async () => {
    await merge();
    await rule("split", [
      { kind: "together", left: keysOf(callers), right: [] },
      { kind: "apart", left: called, right: [slow?.key ?? ""] },
    ]);
    expect((await said()).map(({ areTogether }) => areTogether)).toEqual([false]);
  });

  test("what nobody objected to is not learned against what somebody said of the same alerts", async () => {
    const members = [...callers, ...callees];
    await store.incidents.save([
      buildIncident({ id: 1, alertCount: members.length, acknowledgedBy: "oncall", startedAt: at(30) }),
    ]);
    const stands = async () => (await labelled()).map(({ areTogether, weight }) => [areTogether, weight]);
    expect(await stands()).toEqual([
      [true, 0.25],
      [true, 0.25],
    ]);
    // Said of another incident, which then went into this one.
    const apart = { kind: "apart", left: called, right: keysOf(callers) } as const;
    const elsewhere = { kind: "split", incidentId: 7, subject: "incident:1", person: "oncall" } as const;
    await store.feedback.add({ ...elsewhere, at: at(100), data: {} }, [apart]);
    expect((await stands()).filter(([, weight]) => weight === 1)).toEqual([
      [false, 1],
      [false, 1],
    ]);
    expect((await stands()).filter(([areTogether]) => areTogether)).toEqual([
      [true, 0.25],
      [true, 0.25],
    ]);
  });
});

test("groupings that people worked on and left alone count a quarter, and only several of them together", async () => {
  await store.incidents.saveTopology("test", topology, at(0));
  for (const [round, acknowledgedBy] of [["oncall"], [null]].flat().entries()) {
    const { callers, callees } = storm(round + 1);
    const members = [...callers, ...callees];
    await store.incidents.saveAlerts(members);
    await store.incidents.save([
      buildIncident({
        id: round + 1,
        alertCount: members.length,
        acknowledgedBy,
        startedAt: at((round + 1) * roundMinutes),
      }),
    ]);
  }
  const pairs = await labelled();
  expect(pairs).toHaveLength(2);
  expect(pairs.every(({ areTogether, weight }) => areTogether && weight === 0.25)).toBe(true);
});

test("what fired together is counted by replica, kept, and learned up to what is held out", async () => {
  const alertsOf = (round: number): Alert[] => {
    const { callers, callees } = storm(round);
    return [...callers, ...callees].map(({ alert }) => alert);
  };
  const [one, two] = ["one", "two"].map((replica) =>
    createCoFiringCounter({ store, replica, log: silentLog, metrics: noMetrics }),
  );
  for (let round = 1; round <= 20; round += 1) (round <= 10 ? one : two)?.count(alertsOf(round));
  await one?.save();
  await two?.save();
  await two?.save();
  await partedStorms(140);
  const fitted = await trainerOf().fit(shippedWeights);
  const { coFirings } = weightsSchema.parse(fitted.parameters).clustering;
  const shares = Object.values(coFirings);
  expect(shares).toHaveLength(3);
  for (const [together, fewer] of shares) expect(together / fewer).toBeCloseTo(1, 2);
  const [, most = 0] = shares[0] ?? [];
  expect(most).toBeGreaterThan(15);
}, 180_000);

test("that there are more corrections than are learned from is told (issue 3)", async () => {
  const at0 = { kind: "apart", left: [], right: [], correction: 1, at: at(0) } as const;
  const many = Array.from({ length: 301 }, (_, id) => ({ ...at0, id }));
  const crowded = { ...store, learning: { ...store.learning, rulings: () => Promise.resolve(many) } };
  expect((await countRulings(store)).areMore).toBe(false);
  expect((await countRulings(crowded)).areMore).toBe(true);
});
