import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { answerBake, bakeAnswers } from "../../src/domain/bake/decision.ts";
import { type BakeSight, concludeBake, graceMs, judgeBake } from "../../src/domain/bake/verdict.ts";
import {
  asksPerson,
  type Bake,
  bakePollMs,
  beginWatch,
  continueWatch,
  isBakeOpen,
  moveBake,
  newBake,
  remainingMs,
  supersedeBake,
} from "../../src/domain/bake.ts";
import { now, rolloutIn } from "./rollout/build.ts";

const windowMs = 600_000;
const hour = 3_600_000;
const rule = { windowMs, onFail: "rollback", checks: [] } as const;

function watching(): Bake {
  return moveBake(newBake(rule, { alerts: [], incident: 0 }), "watching");
}

describe("the time of a bake", () => {
  test("no look adds more than two pauses, whatever the clock says", () => {
    const begun = beginWatch(now, 1);
    const jumped = continueWatch(begun, new Date(now.getTime() + hour), windowMs);
    expect(jumped.elapsed.ms).toBe(2 * bakePollMs(windowMs));
    expect(continueWatch(jumped, now, windowMs).elapsed.ms).toBe(jumped.elapsed.ms);
  });

  test("what is left is shown in steps that are worth an edit", () => {
    const watchedFor = (ms: number) => ({ ...beginWatch(now, 1), elapsed: { ms, at: "", wentBack: false } });
    expect(remainingMs(null, 30 * 60_000)).toBe(30 * 60_000);
    expect(remainingMs(watchedFor(61_000), 30 * 60_000)).toBe(30 * 60_000);
    expect(remainingMs(watchedFor(21 * 60_000 + 1), 30 * 60_000)).toBe(9 * 60_000);
    expect(remainingMs(watchedFor(hour), 30 * 60_000)).toBe(0);
  });
});

const sights = fc.record({
  signals: fc.option(
    fc.record({
      alerts: fc.constantFrom([], [{ key: "a/1", name: "HighErrorRate", incidentId: 3, startsAt: now }]),
      isComplete: fc.boolean(),
      incidents: fc.array(
        fc.record({
          id: fc.constant(3),
          title: fc.constant("slow"),
          cause: fc.constantFrom("blamed" as const, "other" as const, "unexplained" as const),
        }),
        { maxLength: 2 },
      ),
      hearing: fc.constantFrom("heard" as const, "silent" as const, "unread" as const),
    }),
  ),
  checks: fc.array(
    fc.record({
      name: fc.constant("errors"),
      state: fc.constantFrom("ok" as const, "breached" as const, "missing" as const),
      text: fc.constant("errors"),
    }),
    { maxLength: 2 },
  ),
});

type Happening =
  | { readonly kind: "look"; readonly sight: BakeSight; readonly clockMs: number }
  | { readonly kind: "answer"; readonly word: (typeof bakeAnswers)[number] }
  | { readonly kind: "another"; readonly of: "deploy" | "rollback" }
  /** The rollback that the bot asked for came to nothing. */
  | { readonly kind: "undo failed" };

const happenings: fc.Arbitrary<Happening> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant("look"),
      sight: sights,
      clockMs: fc.integer({ min: -hour, max: hour }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("answer"), word: fc.constantFrom(...bakeAnswers) }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("another"), of: fc.constantFrom("deploy", "rollback") }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("undo failed") }) },
);

/** One look, as the bot takes it: what it saw is judged at the time it watched so far. */
function look(bake: Bake, sight: BakeSight, at: Date): Bake {
  if (bake.state !== "watching") return bake;
  const watch = bake.watch === null ? beginWatch(at, 1) : continueWatch(bake.watch, at, windowMs);
  const elapsedMs = watch.elapsed.ms;
  const verdict = judgeBake({ sight, elapsedMs, windowMs, firedBefore: [], startedAt: now });
  if (verdict.kind === "watch") return { ...bake, watch };
  const ended = concludeBake({ ...bake, watch }, verdict, "deploy");
  if (ended.state === "passed") {
    expect(elapsedMs).toBeGreaterThanOrEqual(windowMs);
    expect(sight.checks.every(({ state }) => state === "ok")).toBe(true);
    expect(sight.signals === null ? sight.checks.length > 0 : sight.signals.hearing === "heard").toBe(true);
  }
  return ended;
}

function happen(bake: Bake, happening: Happening, at: Date): Bake {
  switch (happening.kind) {
    case "look":
      return look(bake, happening.sight, at);
    case "answer": {
      const answered = answerBake(rolloutIn("succeeded", { bake }), happening.word, "ml");
      return answered.kind === "move" ? (answered.rollout.bake ?? bake) : bake;
    }
    case "another":
      return supersedeBake(bake, { id: 8, kind: happening.of }) ?? bake;
    case "undo failed":
      return bake.undo === null ? bake : { ...bake, undo: null, undoProblem: "rollout 8 failed" };
  }
}

test("whatever happens, a bake ends or asks, and passes only after its window with everything seen", () => {
  fc.assert(
    fc.property(fc.array(happenings, { maxLength: 60 }), sights, (story, last) => {
      let bake = watching();
      let at = now.getTime();
      for (const happening of story) {
        at += happening.kind === "look" ? happening.clockMs : 1_000;
        bake = happen(bake, happening, new Date(at));
      }
      const pollMs = bakePollMs(windowMs);
      const looks = Math.ceil((windowMs + graceMs) / pollMs) + 3;
      for (let count = 0; count < looks; count += 1) {
        at += pollMs;
        bake = look(bake, last, new Date(at));
      }
      expect(bake.state).not.toBe("watching");
      expect(!isBakeOpen(bake) || asksPerson(bake) || bake.undo !== null).toBe(true);
    }),
    { numRuns: 500 },
  );
});
