import { describe, expect, test } from "vitest";
import type { Rollout } from "../../src/domain/rollout.ts";
import { judgeLook, type ServingRecord } from "../../src/domain/serving.ts";
import { plan, rolloutIn } from "./rollout/build.ts";

const minute = 60_000;
const start = Date.parse("2026-11-01T12:00:00Z");
const at = (minutes: number) => new Date(start + minutes * minute);
const now = at(60);

const previous: ServingRecord = {
  id: 7,
  model: plan.model,
  environment: plan.environment,
  part: "serving",
  version: "3",
  after: at(-1),
  since: at(0),
  seenAt: at(59),
  by: "ml",
  cause: "rollout",
  rolloutId: 1,
  auditSeq: 4,
  previousId: 0,
};

/** Its plan goes from 3 to 4. */
function deploy(state: Rollout["state"], over: Partial<Rollout> = {}): Rollout {
  return rolloutIn(state, { startedAt: at(50), ...over });
}

function judge(
  version: string | null,
  over: { rollouts?: Rollout[]; previous?: ServingRecord | null; since?: Date; by?: string } = {},
) {
  return judgeLook({
    look: { version, since: over.since ?? null, by: over.by ?? null, askedAt: at(59.9) },
    previous: over.previous === undefined ? previous : over.previous,
    rollouts: over.rollouts ?? [],
    now,
    gapMs: 10 * minute,
  });
}

describe("a look at what serves", () => {
  test("that sees what was seen before records nothing", () => {
    expect(judge("3")).toEqual({ kind: "same" });
  });

  test("for the first time is where the record begins, and no change", () => {
    expect(judge("3", { previous: null })).toMatchObject({
      kind: "record",
      cause: "first",
      after: null,
      since: now,
    });
    expect(judge("3", { previous: null, since: at(-500), by: "ml" })).toMatchObject({
      since: at(-500),
      by: "ml",
    });
  });

  test("that sees another version without any rollout was a change outside, between the two looks", () => {
    expect(judge("9")).toEqual({
      ...{ kind: "record", cause: "outside", rolloutId: null, by: null },
      ...{ after: at(59), since: now },
    });
    expect(judge(null)).toMatchObject({ kind: "record", cause: "outside" });
  });

  test("takes the backend's word for when and by whom, if that can be", () => {
    expect(judge("9", { since: at(59.5), by: "eve" })).toMatchObject({ since: at(59.5), by: "eve" });
    expect(judge("9", { since: at(20) }), "before it was last seen otherwise").toMatchObject({ since: now });
  });

  test.each(["starting", "running", "cancelling", "unknown"] as const)(
    "waits while a rollout is %s between the two versions, and not for a third",
    (state) => {
      const rollouts = [deploy(state)];
      expect(judge("4", { rollouts })).toEqual({ kind: "wait" });
      expect(judge("3", { rollouts })).toEqual({ kind: "wait" });
      expect(judge("9", { rollouts })).toMatchObject({ kind: "record", cause: "outside" });
    },
  );

  test.each(["pending", "approved"] as const)("does not take a %s rollout for what changed it", (state) => {
    expect(judge("4", { rollouts: [deploy(state, { startedAt: null })] })).toMatchObject({
      cause: "outside",
    });
  });

  test("that began before a rollout ended is too old to say anything", () => {
    expect(judge("3", { rollouts: [deploy("succeeded", { finishedAt: at(59.95) })] })).toEqual({
      kind: "wait",
    });
  });

  test.each(["succeeded", "failed", "cancelled"] as const)(
    "knows the version of a rollout that %s",
    (state) => {
      const rollouts = [deploy(state, { id: 12, finishedAt: at(55) })];
      expect(judge("4", { rollouts })).toMatchObject({ kind: "record", cause: "rollout", rolloutId: 12 });
    },
  );

  test("does not take a rollout from before the last change for the next one", () => {
    const rollouts = [deploy("succeeded", { finishedAt: at(-5), startedAt: at(-6) })];
    expect(judge("4", { rollouts })).toMatchObject({ cause: "outside" });
  });

  test("after a long time without one leaves a gap, though the same serves", () => {
    const old = { ...previous, seenAt: at(30) };
    expect(judge("3", { previous: old })).toMatchObject({
      cause: "again",
      after: at(30),
      since: now,
      rolloutId: 1,
    });
  });
});
