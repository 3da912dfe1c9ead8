import { describe, expect, test } from "vitest";
import { changesOf, lineOf, mayBeFelt } from "../../../src/app/effects/rollout-news.ts";
import { type RolloutState, rolloutStates } from "../../../src/domain/rollout/state.ts";
import { plan, rolloutIn } from "../../domain/rollout/build.ts";

describe("the thread of the incident that a rollout has to do with", () => {
  const told: Partial<Record<RolloutState, RegExp>> = {
    running: /^rollout 7 \(deploy scorer 3 → 4 in production\) is running$/,
    unknown: /nobody knows whether it was carried out; a person has to look$/,
    succeeded: /\) succeeded: as it went$/,
    failed: /\) failed: as it went$/,
    cancelled: /\) cancelled: as it went$/,
    denied: /\) denied: as it went$/,
    expired: /\) expired: as it went$/,
  };

  test.each([...rolloutStates])("of one that is %s", (state) => {
    const line = lineOf(rolloutIn(state, { result: "as it went" }));
    const expected = told[state];
    if (expected === undefined) expect(line).toBeNull();
    else expect(line).toMatch(expected);
  });

  test("hears no more than the state where nothing came of it", () => {
    expect(lineOf(rolloutIn("expired", { result: null }))).toMatch(/\) expired$/);
  });
});

describe("incidents may suspect", () => {
  test.each([...rolloutStates])("a rollout that is %s", (state) => {
    const isFelt = state === "running" || state === "succeeded";
    expect(mayBeFelt(rolloutIn(state))).toBe(isFelt);
    expect(mayBeFelt(rolloutIn(state, { plan: { ...plan, kind: "retrain" } }))).toBe(false);
  });

  test("it in each service of its model, since it was started", () => {
    const startedAt = new Date("2026-03-02T09:00:00Z");
    const rollout = rolloutIn("succeeded", { startedAt });
    const now = new Date("2026-03-02T10:00:00Z");
    const places = (models: Parameters<typeof changesOf>[1]) =>
      changesOf(rollout, models, now).map(({ id, service, at }) => ({ id, service, at }));
    const entry = { name: "scorer", services: ["fraud-api", "checkout"] };
    expect(places([{ name: "other", services: ["web"] }, entry])).toEqual([
      { id: "rollout:7:fraud-api", service: "fraud-api", at: startedAt },
      { id: "rollout:7:checkout", service: "checkout", at: startedAt },
    ]);
    // A model that nobody said serves anything stands for itself.
    expect(places([])).toEqual([{ id: "rollout:7:scorer", service: "scorer", at: startedAt }]);
    expect(changesOf({ ...rollout, startedAt: null }, [], now)[0]?.at).toEqual(now);
  });
});
