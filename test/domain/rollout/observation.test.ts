import { describe, expect, test } from "vitest";
import { observeRollout } from "../../../src/domain/rollout/observation.ts";
import { now, plan, rolloutIn } from "./build.ts";

const recall = { name: "recall", champion: 0.8, challenger: 0.9, interval: null, n: 5 } as const;

describe("what a backend says", () => {
  const done = {
    kind: "succeeded",
    result: "4 serves",
    newVersion: null,
    metrics: {},
    logTail: "ok",
  } as const;

  test("success counts when the right version serves", () => {
    const after = observeRollout(rolloutIn("running"), done, "4", now);
    expect(after).toMatchObject({ state: "succeeded", result: "4 serves", finishedAt: now });
    expect(after.progress.steps).toEqual([{ label: "shift traffic", state: "done" }]);
  });

  test("success while another version serves is waited out, then not believed", () => {
    const first = observeRollout(rolloutIn("running"), done, "3", now);
    expect(first.state).toBe("running");
    expect(first.progress.note).toContain("version 3 still serves");
    const later = (ms: number) => new Date(now.getTime() + ms);
    const second = observeRollout(first, done, "3", later(30_000));
    expect(second).toMatchObject({ state: "running", progress: { verifying: { ms: 30_000 } } });
    expect(observeRollout(second, done, "4", later(45_000)).state).toBe("succeeded");
    const late = observeRollout(second, done, null, later(60_000));
    expect(late).toMatchObject({ state: "failed" });
    expect(late.result).toContain("nothing serves instead of 4");
  });

  test("where the backend shows the work is kept, also when a later look does not say", () => {
    const running = { kind: "running", steps: [], logTail: "" } as const;
    const first = observeRollout(
      rolloutIn("running"),
      { ...running, url: "https://ci.example/run/7" },
      null,
      now,
    );
    expect(observeRollout(first, running, null, now).progress.url).toBe("https://ci.example/run/7");
  });

  test("a clock that jumps neither ends that wait nor holds it up", () => {
    const first = observeRollout(rolloutIn("running"), done, "3", now);
    const hour = 3_600_000;
    const ahead = observeRollout(first, done, "3", new Date(now.getTime() + hour));
    expect(ahead).toMatchObject({ state: "running", progress: { verifying: { ms: 30_000 } } });
    let rollout = observeRollout(ahead, done, "3", now);
    for (let look = 1; look <= 2; look += 1)
      rollout = observeRollout(rollout, done, "3", new Date(now.getTime() + look * 15_000));
    expect(rollout.state).toBe("failed");
  });

  test("a retrain needs nothing to serve", () => {
    const retrain = rolloutIn("running", { plan: { ...plan, kind: "retrain", to: null } });
    const trained = { ...done, newVersion: "5", metrics: { recall: 0.9 }, comparison: [recall] };
    const after = observeRollout(retrain, trained, null, now);
    expect(after).toMatchObject({
      state: "succeeded",
      progress: { newVersion: "5", comparison: [recall] },
    });
  });

  test("failure marks the step that failed, and keeps the log", () => {
    const failed = { kind: "failed", problem: "out of\nmemory", logTail: "tail" } as const;
    const after = observeRollout(rolloutIn("running"), failed, null, now);
    expect(after).toMatchObject({ state: "failed", result: "out of memory", progress: { logTail: "tail" } });
    expect(after.progress.steps).toEqual([{ label: "shift traffic", state: "failed" }]);
  });

  test.each([
    ["running", "failed"],
    ["cancelling", "cancelled"],
  ] as const)("a failure that may be a stop is, while it is %s, %s", (state, expected) => {
    const failed = { kind: "failed", problem: "run failed", logTail: "", orCancelled: true } as const;
    expect(observeRollout(rolloutIn(state), failed, null, now).state).toBe(expected);
  });

  test("lost work is unknown, not failed", () => {
    const lost = { kind: "lost", problem: "no trace of it", logTail: "" } as const;
    expect(observeRollout(rolloutIn("running"), lost, null, now)).toMatchObject({
      state: "unknown",
      finishedAt: null,
      result: "no trace of it",
    });
  });

  test("a success that came before the cancellation is a success", () => {
    const asked = rolloutIn("cancelling", {});
    expect(observeRollout(asked, done, "4", now).state).toBe("succeeded");
  });
});
