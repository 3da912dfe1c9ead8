import { expect, test } from "vitest";
import { moveRollout, newRollout } from "../../src/domain/rollout.ts";
import { anyone, now, plan, rolloutIn } from "./rollout/build.ts";

test("a forbidden move is a fault that names both states", () => {
  expect(() => moveRollout(rolloutIn("pending"), "running", now)).toThrow(
    "is pending and cannot become running",
  );
});

test("nothing is waited for when the policy asks for nobody", () => {
  const request = { operationId: "o", plan, requestedBy: "ml", requestedIn: null, expiresAt: now, now };
  expect(newRollout({ ...request, approvalRules: [] })).toMatchObject({
    state: "approved",
    expiresAt: null,
  });
  expect(newRollout({ ...request, approvalRules: [anyone(1)] })).toMatchObject({
    state: "pending",
    expiresAt: now,
  });
});
