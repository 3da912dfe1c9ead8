import { describe, expect, test } from "vitest";
import { lookedOn, overdueOf, pollDelayMs } from "../../../src/domain/rollout/pace.ts";
import type { RolloutState } from "../../../src/domain/rollout/state.ts";
import { now, rolloutIn } from "./build.ts";

const minuteMs = 60_000;

function ranFor(ms: number, state: RolloutState = "running", cancelProblem: string | null = null) {
  const rollout = rolloutIn(state, { elapsed: { ms, at: now.toISOString(), wentBack: false } });
  return { ...rollout, progress: { ...rollout.progress, cancelProblem } };
}

describe("a rollout that takes too long", () => {
  const limits = { timeoutMs: 30 * minuteMs, stopMs: 10 * minuteMs, maxRunMs: 24 * 60 * minuteMs };
  const stop = { kind: "cancel", why: "it took longer than 30 min" };
  const askStop = { kind: "ask", why: "it took longer than 30 min and did not stop" };
  const askEnd = { kind: "ask", why: "it was still running when the bot stopped watching it" };

  test.each([
    ["is none at its timeout", ranFor(30 * minuteMs), limits, null],
    ["is stopped after it", ranFor(30 * minuteMs + 1), limits, stop],
    ["is not stopped twice", ranFor(31 * minuteMs, "cancelling"), limits, null],
    [
      "is not stopped again where it cannot be",
      ranFor(31 * minuteMs, "running", "no such thing"),
      limits,
      null,
    ],
    ["is a person's when it does not stop", ranFor(41 * minuteMs, "cancelling"), limits, askStop],
    [
      "is a person's when it cannot be stopped",
      ranFor(41 * minuteMs, "running", "no such thing"),
      limits,
      askStop,
    ],
    [
      "may go on for a day without a timeout",
      ranFor(24 * 60 * minuteMs),
      { ...limits, timeoutMs: null },
      null,
    ],
    ["is a person's after that", ranFor(24 * 60 * minuteMs + 1), { ...limits, timeoutMs: null }, askEnd],
    ["is a person's at the bot's own limit first", ranFor(24 * 60 * minuteMs + 1), limits, askEnd],
  ])("%s", (_, rollout, given, overdue) => {
    expect(overdueOf(rollout, given)).toEqual(overdue);
  });
});

test.each([
  [0, 1_000],
  [10_000, 1_000],
  [60_000, 6_000],
  [600_000, 15_000],
])("after %i ms the next look is %i ms away", (ms, delayMs) => {
  expect(pollDelayMs(ranFor(ms), { pollMs: 1_000, maxPollMs: 15_000 })).toBe(delayMs);
});

test("time counts only while somebody looks on, a minute for a look at most", () => {
  const later = (ms: number) => new Date(now.getTime() + ms);
  const begun = lookedOn(null, now);
  expect(begun.ms).toBe(0);
  expect(lookedOn(begun, later(5_000)).ms).toBe(5_000);
  expect(lookedOn(begun, later(9 * 3_600_000)).ms).toBe(minuteMs);
  expect(lookedOn(begun, later(-9 * 3_600_000))).toMatchObject({ ms: 0, wentBack: true });
});
