import fc from "fast-check";
import { expect, test } from "vitest";
import { recoverStart, type StartLook } from "../../../src/domain/rollout/recovery.ts";

const backend = 'the backend "mlflow"';
const absent: StartLook = { kind: "absent" };
const cannotLook: StartLook = { kind: "cannot_look", problem: "the job's history is kept for a day" };
const away: StartLook = { kind: "away", problem: "it answered 503" };
const calm = { isRepeatable: true, doubt: null, isLate: false };

test.each([
  ["nothing was begun, and a crash was all", { ...calm, look: absent }, { kind: "start" }],
  [
    "nothing was begun, since the start failed",
    { ...calm, look: absent, doubt: "it answered 503" },
    { kind: "wait", why: "the start failed and is tried again: it answered 503" },
  ],
  [
    "nothing was begun for too long",
    { ...calm, look: absent, doubt: "it answered 503", isLate: true },
    { kind: "fail", why: "it could not be started: it answered 503" },
  ],
  [
    "nothing was begun for too long, and nobody knows why",
    { ...calm, look: absent, isLate: true },
    { kind: "fail", why: "it could not be started: no answer" },
  ],
  [
    "a second start would be a second rollout",
    { ...calm, look: absent, isRepeatable: false },
    { kind: "ask", why: "the bot stopped while it was starting it" },
  ],
  [
    "a second start would be a second rollout, and the first failed",
    { ...calm, look: absent, isRepeatable: false, doubt: "the connection broke" },
    { kind: "ask", why: "the connection broke" },
  ],
  ["it cannot look", { ...calm, look: cannotLook }, { kind: "ask", why: cannotLook.problem }],
  [
    "it is away",
    { ...calm, look: away },
    { kind: "wait", why: `${backend} cannot be asked whether it started: it answered 503` },
  ],
  [
    "it is away for too long",
    { ...calm, look: away, isLate: true },
    { kind: "ask", why: `${backend} cannot be asked: it answered 503` },
  ],
] as const)("%s", (_, inDoubt, recovery) => {
  expect(recoverStart(inDoubt, backend)).toEqual(recovery);
});

test("a second start is made only where the backend looked, found nothing, and takes one", () => {
  const inDoubt = fc.record({
    look: fc.constantFrom<StartLook>(absent, cannotLook, away),
    isRepeatable: fc.boolean(),
    doubt: fc.option(fc.string()),
    isLate: fc.boolean(),
  });
  fc.assert(
    fc.property(inDoubt, (given) => {
      const { kind } = recoverStart(given, backend);
      const isSafe = given.look.kind === "absent" && given.isRepeatable;
      if (kind === "start" || kind === "fail") expect(isSafe).toBe(true);
      if (kind === "wait") expect(given.isLate).toBe(false);
    }),
  );
});
