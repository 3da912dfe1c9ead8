import { expect, test } from "vitest";
import { createAlertMemory } from "../../../src/domain/clustering/alert-memory.ts";
import { createLiveStories } from "../../../src/domain/clustering/live-stories.ts";
import { rootsOf } from "../../../src/domain/clustering/root-votes.ts";
import { createRulings } from "../../../src/domain/clustering/rulings.ts";
import { createLiveAlert, type LiveAlert, maxKeptMembers } from "../../../src/domain/clustering/sessions.ts";
import { shippedWeights } from "../../../src/domain/weights.ts";
import { seen } from "../../contracts/signal.ts";

const template = seen({ service: "web-a", at: 0 });
const roots = rootsOf({ services: [], votes: [] });

function liveAlert(at: number, lasts: number): LiveAlert {
  const pauses = { gapMs: lasts, firingGapMs: lasts };
  const seenThen = { ...template, key: `alert ${at}`, at };
  return { ...createLiveAlert(seenThen, { type: "any", standing: 0, pauses }), incidentId: 1 };
}

test("when a late alert joins two sessions of a storm, those that are too many are let go once", () => {
  const memory = createAlertMemory(10_000);
  const live = createLiveStories({
    ...{ scoreOf: () => 0, rootsOf: () => roots, rulings: createRulings(), memory },
    weights: shippedWeights.clustering,
  });
  for (let at = 0; at < 10; at += 1) live.add(liveAlert(at, 50));
  for (let at = 1_000; at < 1_000 + maxKeptMembers + 10; at += 1) live.add(liveAlert(at, 50));
  expect(live.sizes()).toMatchObject({ sessions: 2, alerts: maxKeptMembers + 20 });
  live.add(liveAlert(20, 1_000));
  const gone = live.trim().map(({ key }) => key);
  expect(new Set(gone).size).toBe(gone.length);
  expect(gone).toHaveLength(21);
  expect(live.sizes()).toMatchObject({ sessions: 1, alerts: maxKeptMembers });
  expect(memory.allLive()).toHaveLength(maxKeptMembers);
  expect(live.trim()).toEqual([]);
});
